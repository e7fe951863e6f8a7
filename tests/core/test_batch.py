"""`emotalk batch`: folders, and what fails."""

from __future__ import annotations

import errno
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import audio, cli
from emotalk_core.cli.animate import Job, Outcome, print_outcome
from tests.core.wav_bytes import wav

GOOD = {"audio": "one.wav", "output": "good.csv"}


def run_batch(jobs: Path, output: Path, *flags: str) -> int:
    return cli.main(["batch", str(jobs), "-o", str(output), *flags])


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.mark.usefixtures("engine")
def test_batch_does_a_folder_and_lists_what_failed(
    folder: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_batch(folder, output)

    told = capsys.readouterr()
    assert code == 3
    assert set(tree(output)) == {"one.csv", "act2/two.csv", "batch_report.json"}
    assert "2 of 3 done" in told.out
    assert "failed: " in told.err
    entries = json.loads((output / "batch_report.json").read_text())
    assert [Path(e["audio"]).name for e in entries if e["error"]] == ["broken.wav"]


@pytest.mark.usefixtures("engine")
def test_linked_folders_are_gone_into_and_circles_are_not(folder: Path, output: Path) -> None:
    (folder / "broken.wav").unlink()
    (folder / "act2").rename(folder.parent / "elsewhere")
    (folder / "act2").symlink_to(folder.parent / "elsewhere")
    (folder.parent / "elsewhere" / "back").symlink_to(folder)
    (folder / "itself").symlink_to(".")
    (folder / "up").symlink_to(folder.parent)

    assert run_batch(folder, output) == 0

    assert set(tree(output)) == {"one.csv", "act2/two.csv", "batch_report.json"}


@pytest.mark.usefixtures("engine")
def test_a_link_to_nothing_is_a_job_that_fails_and_a_folder_is_none(
    folder: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gone.wav").symlink_to(folder / "nothing.wav")
    (folder / "folder.wav").mkdir()
    (folder / "broken.wav").unlink()

    code = run_batch(folder, output)

    entries = json.loads((output / "batch_report.json").read_text())
    assert code == 3
    assert [Path(e["audio"]).name for e in entries if e["error"]] == ["gone.wav"]
    assert "gone.wav'. Mend the link, which leads nowhere." in capsys.readouterr().err
    assert set(tree(output)) == {"one.csv", "act2/two.csv", "batch_report.json"}


@pytest.mark.usefixtures("engine")
def test_what_macos_writes_beside_a_sound_is_no_sound(folder: Path, output: Path) -> None:
    (folder / "broken.wav").unlink()
    (folder / "._one.wav").write_bytes(b"\0\5\x16\7" + bytes(60))

    assert run_batch(folder, output) == 0
    assert set(tree(output)) == {"one.csv", "act2/two.csv", "batch_report.json"}


@pytest.mark.usefixtures("engine")
def test_a_folder_that_cannot_be_read_is_told_before_anything_is_done(
    folder: Path, output: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("act2"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    assert run_batch(folder, output) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert f"Folder cannot be read: '{folder / 'act2'}'. Permission denied: see" in line
    assert not output.exists()


@pytest.mark.usefixtures("engine")
def test_a_file_where_a_folder_should_be_fails_one_job(folder: Path, output: Path) -> None:
    output.mkdir()
    (output / "act2").write_text("a file")

    code = run_batch(folder, output)

    entries = json.loads((output / "batch_report.json").read_text())
    assert code == 3
    assert "Folder cannot be made" in entries[0]["error"]
    assert (output / "one.csv").is_file()


@pytest.mark.usefixtures("engine")
def test_two_sounds_of_one_file_are_both_named_and_the_others_made(
    folder: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.wav").unlink()
    (folder / "one.flac").write_bytes(b"fLaC")

    code = run_batch(folder, output)

    told = capsys.readouterr().err.splitlines()
    assert code == 3
    assert set(tree(output)) == {"act2/two.csv", "batch_report.json"}
    both = f"{folder / 'one.flac'}, {folder / 'one.wav'}"
    assert told[0] == (
        f"emotalk: Two sounds would make one file (one.csv): '{both}'. "
        "Give one of them another name."
    )
    assert [line.split()[1] for line in told[2:]] == ["failed:", "failed:"]
    entries = json.loads((output / "batch_report.json").read_text())
    assert [Path(e["audio"]).name for e in entries if e["error"]] == ["one.flac", "one.wav"]


@pytest.mark.usefixtures("engine")
def test_two_jobs_of_one_file_in_a_list_are_left_out(folder: Path, output: Path) -> None:
    jobs = folder / "jobs.csv"
    jobs.write_text("audio,output\none.wav,a.csv\none.wav,b/../a.csv\none.wav,c.csv\n")

    assert run_batch(jobs, output) == 3

    assert set(tree(output)) == {"c.csv", "batch_report.json"}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("jobs.csv", "audio,output\n", "Nothing to do"),
        ("jobs.csv", "audio,nose\none.wav,1\n", "No such control"),
        ("jobs.csv", "audio,jaw\none.wav,big\n", "Not a value for jaw of one.wav: 'big'"),
        ("jobs.csv", "audio,output\n,a.csv\n", "A job without a sound"),
        ("jobs.csv", "file,emotion\none.wav,sad\n", "No column `audio`"),
        ("jobs.csv", "audio\temotion\none.wav\tsad\n", "Name the columns in the first line"),
        ("jobs.csv", "audio,jaw,jaw\none.wav,1,0\n", "Two columns of one name: 'jaw'"),
        ("jobs.csv", 'audio,emotion\none.wav,"sad\ntwo.wav,sad\n', "Close its quotes"),
        ("jobs.csv", "", "Nothing to do"),
        ("jobs.json", '[{"output": "a.csv"}]', "A job without a sound"),
        ("jobs.json", '[{"audio": ["one.wav"]}]', "Not a value for audio"),
        ("jobs.wav", "RIFF", "Use `emotalk animate`"),
        ("jobs.csv", "audio,emotion\none.wav,\none.wav,happy=0.5,sad=0.5\n", "in line 3"),
        ("jobs.csv", "audio,emotion\none.wav,happy=0.5,sad=0.5\n", "Quote the list"),
        ("jobs.json", '[{"audio": "one.wav", "seed": 1.7}]', "seed of one.wav: 1.7"),
        ("jobs.json", '[{"audio": "one.wav", "seed": true}]', "Not a value for seed"),
        ("jobs.json", '[{"audio": "one.wav", "style": 1e999}]', "Not a value for style"),
        ("jobs.json", '[{"audio": "one.wav", "mix": [1]}]', "mix of one.wav: '[1]'"),
        ("jobs.json", '[{"audio": "one.wav", "mix": {"a": 1}}]', "Not a value for mix"),
        ("jobs.json", '[{"audio": "one.wav", "emotion": ["happy"]}]', "Write text"),
        ("jobs.json", '[{"audio": "one.wav", "mix": 1' + 400 * "0" + "}]", "Not a value for mix"),
        ("jobs.json", 99_999 * "[", "neither csv nor json"),
        ("jobs.csv", "audio\none.wav\n" + 131_073 * "a", "line 3: field larger than"),
        ("jobs.json", "{", "neither csv nor json"),
        ("jobs.json", '"one.wav"', "no list of objects"),
    ],
)
def test_a_bad_list_of_jobs_is_told_before_anything_is_done(
    folder: Path, name: str, content: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = folder / name
    jobs.write_text(content)

    code = run_batch(jobs, folder.parent / "out")

    assert code == 2
    assert words in capsys.readouterr().err
    assert not (folder.parent / "out").exists()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("flags", "lost"),
    [
        (("-o", "{folder}"), "one.csv"),
        (("-o", "{folder}/out", "--report", "{folder}/out/two.csv"), "two.csv"),
        (("-o", "{folder}/out", "--report", "{folder}/one.csv"), "one.csv"),
    ],
)
def test_batch_never_writes_over_its_own_list_or_report(
    folder: Path, flags: tuple[str, ...], lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = folder / "one.csv"  # curves of one.wav would be called so too
    jobs.write_text("audio,output\none.wav,\none.wav,two.csv\n")
    before = tree(folder)

    code = cli.main(["batch", str(jobs), *(flag.format(folder=folder) for flag in flags)])

    assert code == 2
    assert lost in capsys.readouterr().err
    assert tree(folder) == before


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("report", ["one.wav", "link.json", "act2/two.wav"])
def test_a_report_never_takes_the_place_of_a_sound(
    folder: Path, report: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "link.json").symlink_to(folder / "one.wav")
    before = tree(folder)

    code = run_batch(folder, folder.parent / "out", "--report", str(folder / report))

    assert code == 2
    assert "The report would overwrite" in capsys.readouterr().err
    assert tree(folder) == before
    assert not (folder.parent / "out").exists()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--report", "nowhere/report.json"), "No such folder"),
        (("--emotion", "hapy=1"), "No such emotion"),
        (("--mix", "7"), "Mix out of range"),
        (("--fps", "0"), "Not a frame rate"),
        (("--channel", "0"), "Channels count from 1"),
    ],
)
def test_a_bad_flag_of_all_jobs_is_told_before_the_first(
    folder: Path, flags: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_batch(folder, folder.parent / "out", *flags)

    told = capsys.readouterr()
    assert code == 2
    assert why in told.err
    assert told.err.count("\n") == 1
    assert not (folder.parent / "out").exists()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"audio": 300 * "a" + ".wav"}, "File name too long"),
        ({"audio": "a\0.wav"}, "No name of a file"),
        ({"audio": "a\ud800.wav"}, "No name of a file"),
        ({"audio": "circle.wav"}, "cannot be read"),
        ({"audio": "one.wav", "style": 1e30}, "Seed and style count from 0"),
        ({"audio": "one.wav", "output": "a\0/b.csv"}, "Folder cannot be made"),
        ({"audio": "one.wav", "output": "a\0.csv"}, "No name of a file"),
        ({"audio": "one.wav", "output": "circle/b.csv"}, "Folder cannot be made"),
        ({"audio": "one.wav", "fps": "1e-999999999"}, "Not a frame rate"),
    ],
)
def test_a_bad_job_of_a_list_fails_alone(
    folder: Path, bad: dict[str, object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "circle.wav").symlink_to("circle.wav")
    (folder / "out").mkdir()
    (folder / "out" / "circle").symlink_to("circle")
    jobs = folder / "jobs.json"
    jobs.write_text(json.dumps([bad | {"output": bad.get("output", "x.csv")}, GOOD]))

    code = run_batch(jobs, folder / "out")

    entries = json.loads((folder / "out" / "batch_report.json").read_text())
    told = capsys.readouterr().err
    assert code == 3
    assert words in entries[0]["error"]
    assert "unexpected" not in told
    assert (folder / "out" / "good.csv").is_file()


@pytest.mark.usefixtures("engine")
def test_whatever_is_told_of_a_job_names_its_sound_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two folders may have sounds of one name."""
    (folder / "one.wav").write_bytes(wav(np.zeros(8000)))
    jobs = folder / "jobs.csv"
    jobs.write_text("audio,emotion\none.wav,\nbroken.wav,\nact2/two.wav,hapy\n")

    run_batch(jobs, folder.parent / "out")

    told = capsys.readouterr().err.splitlines()
    assert f"emotalk: {folder / 'one.wav'}: The sound is silent" in told[0]
    assert told[1].count("broken.wav") == 1
    assert told[2].startswith(f"emotalk: {folder / 'act2/two.wav'}: No such emotion: 'hapy'")


@pytest.mark.usefixtures("engine")
def test_a_fault_of_ours_costs_one_job_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_sound(path: Path, **_: object) -> object:
        if path.name == "one.wav":
            raise LookupError("ours")
        return audio.open_sound(path)

    monkeypatch.setattr("emotalk_core.cli.animate.open_sound", open_sound)

    code = run_batch(folder, folder.parent / "out")

    entries = json.loads((folder.parent / "out" / "batch_report.json").read_text())
    assert code == 3
    told = "Unexpected LookupError: 'ours'. This is a bug in EmoTalk, not in your file."
    assert told in [entry["error"] for entry in entries]
    assert (folder.parent / "out" / "act2" / "two.csv").is_file()


@pytest.mark.usefixtures("engine")
def test_animate_tells_links_in_a_circle(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    circle = talk.with_name("circle.wav")
    circle.symlink_to(circle)

    assert cli.main(["animate", str(circle), "-o", str(talk.with_suffix(".csv"))]) == 2

    assert "unexpected" not in capsys.readouterr().err


def test_a_line_is_in_the_log_as_soon_as_its_job_is_done(
    talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(log))
    report = {"n_frames": 15, "seconds": 0.5, "fps": "30", "warnings": [], "said": ""}

    print_outcome(Outcome(Job(talk, Path("talk.csv")), report))

    assert log.getvalue().decode().rstrip() == "talk.csv: 15 frames, 0.50 s at 30 fps"

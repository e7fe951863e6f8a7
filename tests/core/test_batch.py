"""`emotalk batch`: folders and lists, failures, a kill in the middle."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.cli import animate, batch
from emotalk_core.clip_files import read_clip
from tests.core.fake_engine import FakeEngine
from tests.core.wav_bytes import wav


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sounds, one of them in a folder within, one broken, and a note."""
    sounds = tmp_path / "sounds"
    (sounds / "act2").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("one.wav", "act2/two.wav"):
        (sounds / name).write_bytes(wav(rng.uniform(-0.5, 0.5, 8000)))
    (sounds / "broken.wav").write_text("not a sound")
    (sounds / "notes.txt").write_text("notes")
    return sounds


def run_batch(jobs: Path, output: Path, *flags: str) -> int:
    return cli.main(["batch", str(jobs), "-o", str(output), *flags])


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.mark.usefixtures("engine")
def test_batch_does_a_folder_and_lists_what_failed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = folder.parent / "out"

    code = run_batch(folder, output)

    told = capsys.readouterr()
    assert code == 3
    assert set(tree(output)) == {"one.csv", "act2/two.csv", "batch_report.json"}
    assert "2 of 3 done" in told.out
    assert "failed: " in told.err
    entries = json.loads((output / "batch_report.json").read_text())
    assert [Path(e["audio"]).name for e in entries if e["error"]] == ["broken.wav"]


def test_batch_resumes_where_it_was_killed_and_ends_with_the_same_bytes(
    folder: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, killed = folder.parent / "a", folder.parent / "b"
    (folder / "broken.wav").unlink()
    run_batch(folder, undisturbed, "--no-cache")
    decode, n_calls = engine.decode, 0

    def die_at_the_second(*arguments: object) -> np.ndarray:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 2:
            raise KeyboardInterrupt
        return decode(*arguments)

    monkeypatch.setattr(engine, "decode", die_at_the_second)
    assert run_batch(folder, killed, "--no-cache") == 130
    monkeypatch.setattr(engine, "decode", decode)
    engine.n_encoded = 0

    assert run_batch(folder, killed, "--no-cache", "--resume") == 0

    expected = {
        name: content.replace(str(undisturbed).encode(), str(killed).encode())
        for name, content in tree(undisturbed).items()
    }
    assert tree(killed) == expected
    assert engine.n_encoded == 1


def test_resume_does_again_what_other_flags_would_change(folder: Path, engine: FakeEngine) -> None:
    (folder / "broken.wav").unlink()
    output = folder.parent / "out"
    run_batch(folder, output, "--no-cache")
    engine.n_encoded = 0

    run_batch(folder, output, "--no-cache", "--resume", "--emotion", "happy")

    assert engine.n_encoded == 2


def test_resume_does_again_what_has_a_newer_sound(folder: Path, engine: FakeEngine) -> None:
    (folder / "broken.wav").unlink()
    output = folder.parent / "out"
    run_batch(folder, output, "--no-cache")
    made_ns = (output / "one.csv").stat().st_mtime_ns
    os.utime(folder / "one.wav", ns=(made_ns + 10**9, made_ns + 10**9))
    engine.n_encoded = 0

    run_batch(folder, output, "--no-cache", "--resume")

    assert engine.n_encoded == 1


def test_a_resumed_batch_that_is_stopped_forgets_nothing(
    folder: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the stop the first is made again, and one is skipped: its entry must stay."""
    (folder / "broken.wav").unlink()
    (folder / "three.wav").write_bytes((folder / "one.wav").read_bytes())
    output = folder.parent / "out"
    run_batch(folder, output, "--no-cache")
    later_ns = (output / "three.csv").stat().st_mtime_ns + 10**9
    os.utime(folder / "three.wav", ns=(later_ns, later_ns))
    (output / "act2" / "two.csv").unlink()
    monkeypatch.setattr(batch, "run_job", stopped_at("three.wav"))
    assert run_batch(folder, output, "--no-cache", "--resume") == 130
    monkeypatch.undo()
    monkeypatch.setattr(batch, "read_engine", lambda _: engine)
    engine.n_encoded = 0

    run_batch(folder, output, "--no-cache", "--resume")

    assert engine.n_encoded == 1


def stopped_at(name: str) -> Callable[..., batch.Outcome]:
    """`run_job` with a Ctrl-C at the sound of that name."""

    def run_job(job: batch.Job, *others: Any) -> batch.Outcome:
        if job.audio.name == name:
            raise KeyboardInterrupt
        return animate.run_job(job, *others)

    return run_job


@pytest.mark.usefixtures("engine")
def test_a_report_lists_the_jobs_of_its_own_run(folder: Path) -> None:
    output = folder.parent / "out"
    run_batch(folder, output)
    (folder / "broken.wav").unlink()
    (folder / "one.wav").unlink()

    run_batch(folder, output, "--resume")

    entries = json.loads((output / "batch_report.json").read_text())
    assert [Path(entry["audio"]).name for entry in entries] == ["two.wav"]


def test_resume_does_again_what_has_another_sound(folder: Path, engine: FakeEngine) -> None:
    jobs, output = folder / "jobs.csv", folder.parent / "out"
    jobs.write_text("audio,output\none.wav,curves.csv\n")
    run_batch(jobs, output, "--no-cache")
    jobs.write_text("audio,output\nact2/two.wav,curves.csv\n")
    engine.n_encoded = 0

    run_batch(jobs, output, "--no-cache", "--resume")

    assert engine.n_encoded == 1


@pytest.mark.usefixtures("engine")
def test_resume_refuses_a_report_that_is_none_of_a_batch(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = folder.parent / "report.json"
    output = folder.parent / "out" / "one.csv"
    report.write_text(json.dumps([{"output": str(output), "error": None, "report": {}}]))

    code = run_batch(folder, output.parent, "--resume", "--report", str(report))

    assert code == 2
    assert "Not a batch report" in capsys.readouterr().err


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("form", ["csv", "json"])
def test_jobs_in_a_list_have_controls_of_their_own(folder: Path, form: str) -> None:
    jobs = folder / f"jobs.{form}"
    if form == "csv":
        jobs.write_text("audio,output,emotion,jaw\none.wav,a.npz,happy=0.5,\none.wav,b.npz,,1.5\n")
    else:
        rows = [
            {"audio": "one.wav", "output": "a.npz", "emotion": "happy=0.5"},
            {"audio": "one.wav", "output": "b.npz", "jaw": 1.5},
        ]
        jobs.write_text(json.dumps(rows))
    output = folder.parent / "out"

    code = run_batch(jobs, output)

    made = {name: read_clip(output / name).meta["controls"] for name in ("a.npz", "b.npz")}
    assert code == 0
    assert made["a.npz"]["emotions"]["happy"] == 0.5
    assert made["b.npz"]["jaw"] == 1.5
    assert made["b.npz"]["emotions"]["happy"] == 0.0


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("jobs.csv", "audio,output\n", "Nothing to do"),
        ("jobs.csv", "audio,nose\none.wav,1\n", "No such control"),
        ("jobs.csv", "audio,jaw\none.wav,big\n", "Not a value for jaw"),
        ("jobs.csv", "output\na.csv\n", "A job without a sound"),
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

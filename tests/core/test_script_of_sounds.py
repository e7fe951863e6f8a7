"""`--script`: one text for many sounds, each of which says some of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.clip_files import read_clip
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.speech.phone_files import read_phones
from tests.core.wav_bytes import wav

MORE = "s_i_s_i_f_u_ʃ_i_k_u"


@pytest.fixture
def script(espeak: Path, papa: str, babbling: Path) -> Path:
    """What is babbled, between two words that are not; "nothing" is those two alone. Beside the
    program lies how often it has read a script.
    """
    cli.main(animate(babbling, "told.npz", "--text", papa, "--language", "de"))
    heard = read_phones(babbling.with_name("heard.csv"))
    said = "_".join(phone.symbol for phone in heard if phone.symbol != "_")
    espeak.write_text(
        "#!/bin/sh\nread -r text\n"
        f'[ "$text" = said ] && echo "{said}" && exit 0\n'
        f'echo read >> "{espeak}.log"\n'
        f'[ "$text" = nothing ] && echo "{MORE} {MORE}" && exit 0\n'
        f'echo "{MORE} {said} {MORE}"\n',
        encoding="utf-8",
    )
    path = babbling.with_name("lines.txt")
    path.write_text(_text(path), encoding="utf-8")
    return path


@pytest.fixture
def sounds(babbling: Path) -> Path:
    """A folder with the same two seconds twice, and a silence."""
    folder = babbling.parent / "sounds"
    folder.mkdir()
    for name in ("one", "two"):
        shutil.copy(babbling, folder / f"{name}.wav")
    (folder / "still.wav").write_bytes(wav(np.zeros(16_000)))
    return folder


def animate(sound: Path, output: str, *flags: str) -> list[str]:
    return ["animate", str(sound), "-o", str(sound.with_name(output)), *flags]


def batch(sounds: Path, script: Path, *flags: str) -> int:
    fixed = ["--format", "npz", "--language", "de", "--script", str(script)]
    return cli.main(["batch", str(sounds), "-o", str(sounds.parent / "out"), *fixed, *flags])


def entries(sounds: Path) -> dict[str, Any]:
    report = json.loads((sounds.parent / "out" / "batch_report.json").read_text(encoding="utf-8"))
    return {Path(entry["audio"]).stem: entry["report"] for entry in report}


def curves(path: Path) -> np.ndarray:
    return read_clip(path).values


def n_readings(espeak: Path) -> int:
    return len(Path(f"{espeak}.log").read_text().splitlines())


def test_animate_takes_the_words_that_are_said(
    babbling: Path, script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--script", str(script), "--language", "de"]
    assert cli.main(animate(babbling, "out.npz", *flags)) == 0

    told = capsys.readouterr()
    assert "; lines.txt: " in told.out
    assert "(1 word)" in told.out
    by_text = curves(babbling.with_name("told.npz"))
    np.testing.assert_array_equal(curves(babbling.with_name("out.npz")), by_text)


def test_phones_are_named_by_the_words_that_are_said(
    babbling: Path, script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = ["phones", str(babbling), "--language", "de", "-o"]
    for name, flags in (("by.csv", ["--script", str(script)]), ("own.csv", ["--text", "said"])):
        assert cli.main([*fixed, str(babbling.with_name(name)), *flags]) == 0

    assert "lines.txt: " in capsys.readouterr().out
    by_script, by_text = (babbling.with_name(name).read_text() for name in ("by.csv", "own.csv"))
    assert by_script == by_text != babbling.with_name("heard.csv").read_text()


def test_a_list_of_jobs_names_a_script_for_each_sound(sounds: Path, script: Path) -> None:
    other = sounds / "other.en.txt"
    other.write_text("none of it", encoding="utf-8")
    rows = [{"audio": "one.wav", "script": str(script)}, {"audio": "two.wav", "script": other.name}]
    jobs = sounds / "jobs.json"
    jobs.write_text(json.dumps(rows), encoding="utf-8")
    asked = ["batch", str(jobs), "-o", str(sounds.parent / "out"), "--language", "de"]

    assert cli.main(asked) == 0

    made = entries(sounds)
    assert made["one"]["said"].startswith(f"{script.name}: ")
    assert not made["two"]["said"]
    assert "other.en.txt" in made["two"]["warnings"][0]
    before = other.stat().st_mtime_ns
    rows[0]["output"] = str(other)
    jobs.write_text(json.dumps(rows), encoding="utf-8")
    assert cli.main(asked) == 2
    assert other.stat().st_mtime_ns == before


def test_a_batch_reads_the_script_once_and_finds_what_each_sound_says(
    sounds: Path, script: Path, espeak: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert batch(sounds, script) == 0

    made = entries(sounds)
    assert n_readings(espeak) == 1
    assert made["one"]["said"] == made["two"]["said"] != ""
    assert not made["still"]["said"]
    alone = "Heard without lines.txt: nothing in it is what is said in this sound"
    assert alone in made["still"]["warnings"]
    assert f"still.wav: {alone}" in capsys.readouterr().err


def test_a_text_of_its_own_goes_before_the_script(sounds: Path, script: Path) -> None:
    (sounds / "one.txt").write_text("said", encoding="utf-8")

    assert batch(sounds, script, "--texts") == 0

    made = entries(sounds)
    assert not made["one"]["said"]
    assert made["two"]["said"]
    out = sounds.parent / "out"
    np.testing.assert_array_equal(curves(out / "one.npz"), curves(out / "two.npz"))


def test_resume_makes_anew_what_has_another_script(sounds: Path, script: Path) -> None:
    batch(sounds, script)
    out = sounds.parent / "out"
    stamps = {path: path.stat().st_mtime_ns for path in out.glob("*.npz")}

    assert batch(sounds, script, "--resume") == 0
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
    script.write_text("nothing", encoding="utf-8")
    assert batch(sounds, script, "--resume") == 0

    assert all(path.stat().st_mtime_ns != stamp for path, stamp in stamps.items())
    assert not any(report["said"] for report in entries(sounds).values())


@pytest.mark.parametrize("text", [None, "", " [laughs]"], ids=["missing", "empty", "unsaid"])
def test_a_script_that_cannot_be_read_is_told_before_anything_is_heard(
    sounds: Path, tmp_path: Path, text: str | None,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    heard: list[object] = []
    monkeypatch.setattr(BuiltinEngine, "encode", lambda *_, **__: heard.append(1))
    path = tmp_path / "lines.txt"
    if text is not None:
        path.write_text(text)

    assert batch(sounds, path, "--language", "en") == 2

    (told,) = capsys.readouterr().err.splitlines()
    assert str(path) in told
    assert not heard


def test_curves_are_not_written_over_the_script(
    babbling: Path, script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = ["--report", str(script), "--script", str(script), "--language", "de"]

    assert cli.main(animate(babbling, "out.npz", *report)) == 2

    assert str(script) in capsys.readouterr().err
    assert script.read_text() == _text(script)


def test_a_folder_is_no_script(babbling: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(animate(babbling, "out.npz", "--script", str(babbling.parent))) == 2

    assert f"(a folder): '{babbling.parent}'. Name a file in it." in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--script", "--text"])
def test_phones_are_not_written_over_what_tells_them(
    flag: str, babbling: Path, script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [flag, str(script), "--language", "de"]

    assert cli.main(["phones", str(babbling), "-o", str(script), *told]) == 2

    assert str(script) in capsys.readouterr().err
    assert script.read_text() == _text(script)


def _text(script: Path) -> str:
    """Another one in each test: what was read is kept."""
    return f"all lines of {script}"

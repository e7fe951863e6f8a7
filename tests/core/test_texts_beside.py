"""`emotalk batch --texts`: the words of each sound lie beside it."""

from __future__ import annotations

import codecs
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.cli.tables import texts_beside
from emotalk_core.clip_files import read_clip
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.speech import transcript


@pytest.fixture
def sounds(babbling: Path, papa: str) -> Path:
    """A folder with the same two seconds three times: with its text, with another, without."""
    folder = babbling.parent / "sounds"
    folder.mkdir()
    for name in ("one", "two", "three"):
        shutil.copy(babbling, folder / f"{name}.wav")
    (folder / "one.lab").write_text(papa, encoding="utf-8")
    (folder / "two.txt").write_text("wrong", encoding="utf-8")
    return folder


def run(jobs: Path, *flags: str, language: str = "de") -> int:
    out = jobs.parent / "out"
    fixed = ["--format", "npz", "--language", language]
    return cli.main(["batch", str(jobs), "-o", str(out), *fixed, *flags])


def entries(sounds: Path) -> dict[str, Any]:
    report = json.loads((sounds.parent / "out" / "batch_report.json").read_text(encoding="utf-8"))
    return {Path(entry["audio"]).stem: entry for entry in report}


def curves(sounds: Path, name: str) -> np.ndarray:
    return read_clip(sounds.parent / "out" / f"{name}.npz").values


def test_each_sound_is_heard_in_the_light_of_its_own_text(
    sounds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sounds, "--texts") == 0

    told = capsys.readouterr()
    assert "2 of 3 sounds" in told.out
    assert np.abs(curves(sounds, "one") - curves(sounds, "three")).max() > 0.01
    assert len(told.err.splitlines()) == 1


def test_a_wrong_text_is_left_out_and_told_and_the_others_go_on(
    sounds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sounds, "--texts", "--no-cache") == 0

    made = entries(sounds)
    assert [name for name in made if made[name]["report"]["warnings"]] == ["two"]
    (warning,) = made["two"]["report"]["warnings"]
    assert "Heard without two.txt: The text is not what is said" in warning
    told = capsys.readouterr()
    assert f"two.wav: {warning}" in told.err
    assert "3 of 3 done, 1 with warnings; report: " in told.out
    assert np.array_equal(curves(sounds, "two"), curves(sounds, "three"))


def test_a_texts_name_may_tell_its_language(sounds: Path) -> None:
    assert run(sounds, "--texts", "--no-cache") == 0
    expected = curves(sounds, "one")
    (sounds / "one.lab").rename(sounds / "one.de.lab")
    (sounds / "one.en.srt").write_text("wrong", encoding="utf-8")

    assert run(sounds, "--texts", "--no-cache", language="de") == 0

    assert np.array_equal(curves(sounds, "one"), expected)
    (sounds / "one.en.srt").unlink()

    assert run(sounds, "--texts", "--no-cache", language="en") == 0

    assert np.array_equal(curves(sounds, "one"), expected)


def test_a_text_of_another_sounds_name_is_that_sounds_alone(
    sounds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(sounds / "two.wav", sounds / "one.de.wav")
    (sounds / "one.lab").rename(sounds / "one.de.lab")

    assert run(sounds, "--texts", "--no-cache") == 0

    assert "2 of 4 sounds" in capsys.readouterr().out
    assert np.abs(curves(sounds, "one.de") - curves(sounds, "one")).max() > 0.01
    assert np.array_equal(curves(sounds, "one"), curves(sounds, "three"))


def test_a_language_that_a_name_tells_and_nobody_reads_stops_no_other_sound(sounds: Path) -> None:
    (sounds / "one.lab").rename(sounds / "one.fr.lab")

    assert run(sounds, "--texts", "--no-cache") == 0

    (warning,) = entries(sounds)["one"]["report"]["warnings"]
    assert "Heard without one.fr.lab: espeak-ng does not read this language: 'fr-fr'" in warning
    assert np.array_equal(curves(sounds, "one"), curves(sounds, "three"))


def test_without_espeak_ng_a_batch_is_read_in_letters_of_another_kind(
    sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sounds / "one.lab").write_text("собака", encoding="utf-8")
    monkeypatch.setattr(transcript, "find_espeak", lambda: None)

    assert run(sounds, "--texts", language="ru") == 0

    (warning,) = entries(sounds)["one"]["report"]["warnings"]
    assert "not what is said" in warning


def test_endings_may_be_large(sounds: Path) -> None:
    assert run(sounds, "--texts", "--no-cache") == 0
    expected = curves(sounds, "one")
    (sounds / "one.lab").rename(sounds / "one.LAB")

    assert run(sounds, "--texts", "--no-cache") == 0

    assert np.array_equal(curves(sounds, "one"), expected)


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.", ".txt"), (".de", ".txt"), ("a.b.c.d", ".de.txt"), ("a.de", ".txt")],
)
def test_odd_names_have_their_texts(name: str, ending: str, tmp_path: Path) -> None:
    sound, text = tmp_path / f"{name}.wav", tmp_path / f"{name}{ending}"
    text.write_text("a", encoding="utf-8")

    assert texts_beside([sound, tmp_path / "b.wav"], "en") == {sound: text}


def test_without_espeak_ng_one_text_that_it_alone_reads_stops_no_other_sound(
    sounds: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(transcript, "find_espeak", lambda: None)
    (sounds / "one.lab").rename(sounds / "one.hi.lab")

    assert run(sounds, "--texts") == 0

    (warning,) = entries(sounds)["one"]["report"]["warnings"]
    assert "Heard without one.hi.lab: A text in this language is read by espeak-ng" in warning

    (sounds / "two.txt").unlink()
    capsys.readouterr()
    assert run(sounds, "--texts") == 2  # of all texts: told before the work

    assert capsys.readouterr().err.count("'hi'. Install it") == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("two.srt", "1\n00:00:01,000 --> 00:00:02,000\nwrong\n"),
        ("two.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>wrong\n"),
        ("two.fountain", "INT. HOUSE - DAY\n\nANNA\nwrong\n"),
        ("two.txt", "ANNA (quietly): wrong\n"),
    ],
)
def test_of_subtitles_and_scripts_what_is_said_alone_is_the_text(
    sounds: Path, name: str, text: str
) -> None:
    (sounds / "two.txt").unlink()
    (sounds / name).write_text(text, encoding="utf-8")

    assert run(sounds, "--texts") == 0

    # The stand-in for espeak-ng reads nothing but this word as another text than what is said.
    assert f"Heard without {name}" in entries(sounds)["two"]["report"]["warnings"][0]


def test_an_empty_text_says_that_there_are_no_words(
    sounds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sounds / "two.txt").write_bytes(b"")

    assert run(sounds, "--texts", "--script", str(sounds / "one.lab")) == 0

    told = capsys.readouterr()
    assert "Texts lie beside 2 of 3 sounds, 1 of them empty: no words\n" in told.out
    assert told.err == ""
    said = {name: entry["report"]["said"] for name, entry in entries(sounds).items()}
    assert said["three"].startswith("one.lab: ")
    assert not said["two"]


def test_an_empty_text_goes_behind_any_other(tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    for name, text in [("a.txt", "\n"), ("a.de.srt", "x"), ("a.fr.txt", "")]:
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "a.lab").write_bytes(codecs.BOM_UTF8)  # as some editors save it

    assert texts_beside([sound], "en") == {sound: tmp_path / "a.de.srt"}


def test_a_text_that_cannot_be_read_is_left_out_too(sounds: Path) -> None:
    (sounds / "two.txt").write_bytes(b"\xff\xfe\xff")

    assert run(sounds, "--texts") == 0

    told = entries(sounds)["two"]["report"]["warnings"][0]
    assert "Heard without two.txt" in told
    assert str(sounds / "two.txt") in told


def test_unasked_no_text_is_read(sounds: Path) -> None:
    assert run(sounds) == 0

    assert np.array_equal(curves(sounds, "one"), curves(sounds, "three"))
    assert not any(entry["report"]["warnings"] for entry in entries(sounds).values())


def test_resume_makes_anew_what_has_another_text(sounds: Path) -> None:
    run(sounds, "--texts")
    out = sounds.parent / "out"
    stamps = {path: path.stat().st_mtime_ns for path in out.glob("*.npz")}

    shutil.copy(sounds / "one.lab", sounds / "two.lab")
    (sounds / "three.txt").write_text("said", encoding="utf-8")
    assert run(sounds, "--texts", "--resume") == 0

    made = {path.stem for path in stamps if path.stat().st_mtime_ns != stamps[path]}
    assert made == {"two", "three"}
    assert np.array_equal(curves(sounds, "two"), curves(sounds, "one"))


def test_resume_makes_anew_what_somebody_else_reads_now(
    sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sounds / "one.lab").rename(sounds / "one.hi.lab")
    out = sounds.parent / "out"
    with monkeypatch.context() as without:
        without.setattr(transcript, "find_espeak", lambda: None)
        run(sounds, "--texts", language="en")
    (warning,) = entries(sounds)["one"]["report"]["warnings"]
    stamps = {path: path.stat().st_mtime_ns for path in out.glob("*.npz")}

    assert "espeak-ng, which is not there" in warning
    assert run(sounds, "--texts", "--resume", language="en") == 0

    made = {path.stem for path in stamps if path.stat().st_mtime_ns != stamps[path]}
    assert made == {"one"}
    assert "which is not there" not in str(entries(sounds)["one"]["report"]["warnings"])


def test_a_row_of_a_list_keeps_the_text_that_it_names(sounds: Path) -> None:
    jobs = sounds / "jobs.csv"
    jobs.write_text("audio,text\none.wav,wrong\ntwo.wav,\nthree.wav,one.lab\n")

    assert run(jobs, "--texts") == 3

    made = {Path(e["audio"]).stem: e["error"] for e in json.loads(
        (sounds / "out" / "batch_report.json").read_text(encoding="utf-8")
    )}  # fmt: skip
    assert [name for name in made if made[name]] == ["one"]


@pytest.mark.parametrize(("language", "why"), [("hi", "Install it"), ("klingon", "klingon")])
def test_what_no_text_can_do_without_is_told_once_before_anything_is_heard(
    sounds: Path, language: str, why: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    heard: list[object] = []
    monkeypatch.setattr(BuiltinEngine, "encode", lambda *_, **__: heard.append(1))
    if language == "hi":
        monkeypatch.setenv("PATH", "")

    assert run(sounds, "--texts", language=language) == 2

    told = capsys.readouterr().err
    assert why in told
    assert len(told.splitlines()) == 1
    assert not heard


def test_where_no_sound_has_a_text_nothing_is_heard(
    sounds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sounds / "one.lab").unlink()
    (sounds / "two.txt").unlink()

    assert run(sounds, "--texts") == 2

    assert "No text beside any" in capsys.readouterr().err
    assert not (sounds.parent / "out").exists()

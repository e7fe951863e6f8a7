"""Hear Words First: what is said is heard before a sound is animated."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from emotalk.addon.bridge.jobs import words_first
from emotalk.addon.ui import speech
from emotalk.emotalk_core.audio import ArraySound, SoundSource
from emotalk.emotalk_core.errors import SetupError
from emotalk.emotalk_core.progress import silent
from emotalk.emotalk_core.speech import heard_words, text_fit
from emotalk.emotalk_core.speech.heard_words import HeardWords, Hearing, Recogniser

from tests.addon.cast_scenes import cast_of
from tests.addon.hearing import of_length, stand_in
from tests.addon.lip_scenes import panel_of
from tests.addon.scenes import add_strip, keys_of, needs_sound, run, write_wav
from tests.addon.windows import Screen, start_in, to_its_end
from tests.core.babble import babble


@pytest.fixture
def ours(addon: Any, head: Any, tmp_path: Path) -> Any:
    """A panel with two seconds of babble, whose words are wanted."""
    ours = panel_of(head)
    ours.filepath = str(write_wav(tmp_path / "b.wav", babble(2.0)))
    ours.hear_words = True
    return ours


def test_lips_are_made_in_the_light_of_the_words_and_the_take_keeps_them(
    ours: Any, head: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, of_length)

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    (take,) = ours.takes
    keys = keys_of(head, "mouthClose")[1]
    assert (take.controls.text, take.controls.language) == ("small papa 2", "en")
    assert "Words heard: small papa 2 (3 words)" in take.summary
    assert not take.warnings
    ours.hear_words = False
    bpy.ops.emotalk.animate()
    assert np.array_equal(keys_of(head, "mouthClose")[1], keys)
    take.controls.text = take.controls.words = ""
    bpy.ops.emotalk.animate()
    assert np.abs(keys_of(head, "mouthClose")[1] - keys).max() > 0.01


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("self-made papa", "en", "self-made papa (3 words)"),
        ("\u5f00\u653e\u65f6\u95f4\u5f00\u653e\u65f6\u95f4", "cmn", "(8 words)"),
    ],
)
def test_words_are_counted_as_they_are_said_and_a_long_line_is_cut(
    text: str, language: str, shown: str, ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, lambda *_: HeardWords(text, language))

    bpy.ops.emotalk.animate()

    told = ours.takes[0].summary.partition("Words heard: ")[2]
    assert told.endswith(shown)
    assert (" ... " in told) == (language == "cmn")


def test_a_text_that_is_there_goes_before(ours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def hear(*_: Any) -> HeardWords:
        raise AssertionError("nobody asked for it")

    stand_in(monkeypatch, of_length)
    bpy.ops.emotalk.animate()
    stand_in(monkeypatch, hear)

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert ours.takes[0].controls.text == "small papa 2"


@pytest.mark.parametrize("why", ["It broke", "not what is said"])
def test_where_words_fail_the_voice_alone_counts_and_a_line_says_why(
    why: str, ours: Any, head: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours.hear_words = False
    bpy.ops.emotalk.animate()
    alone = keys_of(head, "mouthClose")[1]
    ours.hear_words = True

    def hear(*asked: Any) -> HeardWords:
        if why == "It broke":
            raise SetupError("The words were not heard", value="small", remedy="It broke.")
        return of_length(*asked)

    stand_in(monkeypatch, hear)
    monkeypatch.setattr(text_fit, "_LEAST_LIKE", 1.0)

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    (take,) = ours.takes
    assert "Heard without words: " in take.warnings
    assert why in take.warnings
    assert not take.controls.text
    assert np.array_equal(keys_of(head, "mouthClose")[1], alone)


def test_the_status_bar_keeps_what_went_wrong(ours: Any, screen: Screen) -> None:
    """It shows the line that was said last."""
    operator = start_in(screen)

    assert to_its_end(operator, screen) == {"FINISHED"}

    done, warning = operator.said
    assert done.startswith("Animated ")
    assert warning.startswith("Heard without words: ")
    assert len(ours.takes) == 1


def test_without_words_the_voice_alone_counts_and_a_line_says_so(
    ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, lambda *_: HeardWords("", ""))

    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    (take,) = ours.takes
    assert "Heard without words: none are heard" in take.warnings
    assert not take.controls.text


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("command", ["batch", "animate"])
def test_where_a_text_says_that_there_are_no_words_none_are_heard(
    command: str, sounds: Path, tmp_path: Path, done: list[str], capfd: Any
) -> None:
    texts = [sound.with_suffix(".txt") for sound in sounds.glob("*.wav")]
    for text in texts:
        text.write_text("", encoding="utf-8")
    (script := tmp_path / "script.txt").write_text("papa", encoding="utf-8")
    one = ["--sound", texts[0].with_suffix(".wav"), "--text", texts[0], "--target", "Head"]
    asked = {
        "batch": [sounds, "-o", tmp_path / "out", "--character", "Head", "--texts"],
        "animate": [*one, "-o", tmp_path / "out.blend"],
    }

    assert run(command, *asked[command], "--script", script) == 0

    assert done == []
    assert capfd.readouterr().err == ""


def test_without_a_recogniser_the_voice_alone_counts_and_a_line_says_what_to_do(ours: Any) -> None:
    assert bpy.ops.emotalk.animate() == {"FINISHED"}

    assert "Heard without words: Words are heard outside of Blender" in ours.takes[0].warnings


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What became of recognisers."""
    done = list[str]()

    @contextmanager
    def hearing(recogniser: Recogniser) -> Generator[Hearing]:
        with heard_words.hearing(recogniser) as opened:
            done.append("begun")
            yield opened
        done.append("ended")

    stand_in(monkeypatch, of_length)
    monkeypatch.setattr(words_first, "hearing", hearing)
    return done


@needs_sound
def test_one_recogniser_hears_all_strips_and_is_gone_with_the_job(
    ours: Any, head: Any, tmp_path: Path, done: list[str]
) -> None:
    for place in range(2):
        path = write_wav(tmp_path / f"{place}.wav", babble(1.0 + place))
        add_strip(path, frame=1 + 100 * place)
    cast_of(ours, head)

    assert bpy.ops.emotalk.animate_cast() == {"FINISHED"}

    assert [take.controls.text for take in ours.takes] == ["small papa 1", "small papa 2"]
    assert done == ["begun", "ended"]


@pytest.mark.usefixtures("ours")
def test_one_recogniser_hears_all_sounds_of_a_batch(
    sounds: Path, tmp_path: Path, done: list[str]
) -> None:
    assert run("batch", sounds, "-o", tmp_path / "out", "--character", "Head") == 0

    assert done == ["begun", "ended"]


@pytest.mark.usefixtures("ours")
def test_a_resumed_batch_makes_anew_what_a_recogniser_can_hear_by_now(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "base.blend"))
    batch = ["batch", sounds, "-o", tmp_path / "out", "--character", "Head", "--resume"]
    assert run(*batch) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "base.blend"))
    stand_in(monkeypatch, of_length)

    assert run(*batch) == 0

    said = [
        e["report"]["said"] for e in json.loads((tmp_path / "out/batch_report.json").read_text())
    ]
    assert said
    assert all(one.startswith("Words heard: ") for one in said)


def test_a_language_that_is_not_sure_goes_by_the_sounds_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {1: {"de": 0.95}, 2: {"nl": 0.6, "de": 0.3}}

    def hear(sound: SoundSource, _recogniser: Any, language: str, _progress: Any) -> HeardWords:
        likely = found[round(sound.n_samples / 16_000)]
        heard = language or max(likely, key=lambda one: likely[one])
        return HeardWords(heard, heard, {} if language else likely)

    stand_in(monkeypatch, hear)
    room, asked = words_first.WordsRoom(), words_first.WordsFirst(Recogniser())
    sounds = [ArraySound(np.zeros(n * 16_000, np.float32), 16_000) for n in (2, 1, 1, 1, 2)]

    heard = [room.words(sound, asked, silent).language for sound in sounds]

    assert heard == ["nl", "de", "de", "de", "de"]
    assert room.words(sounds[0], replace(asked, named="nl"), silent).language == "nl"


def test_words_stay_as_they_were_heard_first_where_hearing_them_again_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hear(_sound: SoundSource, _recogniser: Any, language: str, _progress: Any) -> HeardWords:
        if language:
            raise SetupError("The words were not heard", value="small", remedy="It broke.")
        return HeardWords("a", "nl", {"nl": 0.6, "de": 0.3})

    stand_in(monkeypatch, hear)
    sound = ArraySound(np.zeros(16_000, np.float32), 16_000)
    asked = words_first.WordsFirst(Recogniser(), named="de")

    assert words_first.WordsRoom().words(sound, asked, silent).language == "nl"


def test_the_panel_offers_it_where_it_can_be_had_or_is_asked_for(
    ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_offered() -> bool:
        shown = list[str]()
        layout = SimpleNamespace(prop=lambda _group, name: shown.append(name))
        speech.draw_words(layout, bpy.context)
        return shown == ["hear_words"]

    assert is_offered()
    ours.hear_words = False
    assert not is_offered()
    stand_in(monkeypatch, of_length)
    assert is_offered()

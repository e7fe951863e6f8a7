"""Hear Words: what a recogniser hears in takes becomes their text."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from emotalk.addon.bridge import compat
from emotalk.addon.bridge.jobs import settings
from emotalk.addon.bridge.take import live
from emotalk.addon.operators import texts
from emotalk.emotalk_core.audio import SoundSource
from emotalk.emotalk_core.errors import RecogniserError, SetupError
from emotalk.emotalk_core.other_python.interpreter import program_in
from emotalk.emotalk_core.progress import Progress
from emotalk.emotalk_core.speech import text_fit, transcript
from emotalk.emotalk_core.speech.heard_words import HeardWords, Recogniser

from tests.addon.hearing import Hear, of_length, stand_in
from tests.addon.scenes import write_wav
from tests.core.babble import babble

SAID_S = 4.0


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Hear], None]:
    """Let something stand for the recogniser, and all words for what is babbled."""
    return partial(stand_in, monkeypatch)


def test_what_is_heard_is_the_take_s_text(said: Any, hearing: Callable[[Hear], None]) -> None:
    hearing(of_length)

    assert bpy.ops.emotalk.hear_words() == {"FINISHED"}

    assert (said.controls.text, said.controls.language) == (f"small papa {SAID_S:.0f}", "en")
    assert said.controls.words.split()[1] == "P_AA_P_AH"
    assert live.is_stale(said)


def test_a_take_s_language_counts_where_none_is_named(
    said: Any, hearing: Callable[[Hear], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing(of_length)
    monkeypatch.setattr(transcript, "find_espeak", lambda: None)
    bpy.ops.emotalk.tell_text(text="", language="hi")

    with pytest.raises(RuntimeError, match="hi"):  # read by espeak-ng, which is not there
        bpy.ops.emotalk.hear_words()
    bpy.ops.emotalk.hear_words(language="en")

    assert said.controls.language == "en"


def test_every_take_without_a_text_is_heard(
    said: Any, hearing: Callable[[Hear], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hearing(of_length)
    ours = bpy.context.scene.emotalk
    said.controls.text = "mine"
    for number, seconds in enumerate((1.0, 2.0), start=2):
        ours.filepath = str(write_wav(tmp_path / f"{number}.wav", babble(seconds)))
        ours.start_frame = 200 * number
        bpy.ops.emotalk.animate()
    for take in ours.takes[1:]:
        take.controls.text = ""

    assert bpy.ops.emotalk.hear_words(every=True) == {"FINISHED"}

    assert [take.controls.text for take in ours.takes] == ["mine", "small papa 1", "small papa 2"]
    assert bpy.ops.emotalk.hear_words(every=True) == {"FINISHED"}
    assert "Info: Every take has its text" in capfd.readouterr().out


def test_of_several_one_that_fails_is_told_and_the_others_are_done(
    said: Any, hearing: Callable[[Hear], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def hear(sound: SoundSource, *asked: Any) -> HeardWords:
        if sound.n_samples < 2 * 16_000:
            raise SetupError("The words were not heard", value="1 s", remedy="It broke.")
        return of_length(sound, *asked)

    hearing(hear)
    ours = bpy.context.scene.emotalk
    ours.filepath, ours.start_frame = str(write_wav(tmp_path / "b.wav", babble(1.0))), 300
    bpy.ops.emotalk.animate()

    assert bpy.ops.emotalk.hear_words(every=True) == {"FINISHED"}

    assert [bool(take.controls.text) for take in ours.takes] == [True, False]
    assert f"{ours.takes[1].name}: The words were not heard" in capfd.readouterr().out


def test_takes_without_words_are_named_and_keep_their_text(
    said: Any, hearing: Callable[[Hear], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def hear(sound: SoundSource, *asked: Any) -> HeardWords:
        is_short = sound.n_samples < 2 * 16_000
        return HeardWords("", "") if is_short else of_length(sound, *asked)

    hearing(hear)
    ours = bpy.context.scene.emotalk
    ours.filepath, ours.start_frame = str(write_wav(tmp_path / "b.wav", babble(1.0))), 300
    bpy.ops.emotalk.animate()
    name = ours.takes[1].name

    assert bpy.ops.emotalk.hear_words(every=True) == {"FINISHED"}
    ours.takes[1].controls.text = "mine"
    assert bpy.ops.emotalk.hear_words() == {"FINISHED"}

    assert [take.controls.text for take in ours.takes] == [f"small papa {SAID_S:.0f}", "mine"]
    told = capfd.readouterr().out
    assert f"3 words heard in 1 take (en); none in {name}\n" in told
    assert f"No words are heard in {name}\n" in told


def test_of_several_one_whose_sound_is_missing_is_told_and_the_others_are_done(
    said: Any, hearing: Callable[[Hear], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hearing(of_length)
    ours, gone = bpy.context.scene.emotalk, write_wav(tmp_path / "gone.wav", babble(1.0))
    ours.filepath, ours.start_frame = str(gone), 300
    bpy.ops.emotalk.animate()
    gone.unlink()

    assert bpy.ops.emotalk.hear_words(every=True) == {"FINISHED"}

    assert [bool(take.controls.text) for take in ours.takes] == [True, False]
    assert f"{ours.takes[1].name}: " in capfd.readouterr().out


def test_of_several_one_that_is_removed_meanwhile_is_told_and_the_others_are_done(
    said: Any, hearing: Callable[[Hear], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ours = bpy.context.scene.emotalk
    second = write_wav(tmp_path / "second.wav", babble(1.0))
    ours.filepath, ours.start_frame = str(second), 300
    bpy.ops.emotalk.animate()

    def hear(sound: SoundSource, *asked: Any) -> HeardWords:
        if len(ours.takes) == 2:
            ours.takes.remove(0)
        return of_length(sound, *asked)

    hearing(hear)

    assert bpy.ops.emotalk.hear_words(every=True) == {"FINISHED"}

    assert [take.controls.text for take in ours.takes] == ["small papa 1"]
    assert "was removed meanwhile" in capfd.readouterr().out


def test_words_that_are_not_what_is_said_are_no_text(
    said: Any, hearing: Callable[[Hear], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing(of_length)
    monkeypatch.setattr(text_fit, "_LEAST_LIKE", 1.0)

    with pytest.raises(RuntimeError, match="not what is said"):
        bpy.ops.emotalk.hear_words()

    assert not said.controls.text


def test_of_several_what_every_take_would_meet_ends_it(
    said: Any, hearing: Callable[[Hear], None], tmp_path: Path
) -> None:
    asked = list[SoundSource]()

    def hear(sound: SoundSource, *_: Any) -> HeardWords:
        asked.append(sound)
        raise RecogniserError("The recogniser is not there", value="x", remedy="Get it.")

    hearing(hear)
    ours = bpy.context.scene.emotalk
    ours.filepath, ours.start_frame = str(write_wav(tmp_path / "b.wav", babble(1.0))), 300
    bpy.ops.emotalk.animate()

    with pytest.raises(RuntimeError, match="The recogniser is not there"):
        bpy.ops.emotalk.hear_words(every=True)

    assert len(asked) == 1


@pytest.mark.parametrize("language", ["", "qqq"])
def test_where_it_fails_the_text_stays(
    language: str, said: Any, hearing: Callable[[Hear], None]
) -> None:
    def hear(_sound: SoundSource, _recogniser: Recogniser, asked: str, _: Progress) -> HeardWords:
        if asked:
            return HeardWords("nuqneH", asked)
        raise SetupError("The words were not heard", value="small", remedy="It broke.")

    hearing(hear)
    said.controls.text = "mine"

    with pytest.raises(RuntimeError, match=language or "It broke"):
        bpy.ops.emotalk.hear_words(language=language)

    assert said.controls.text == "mine"


def preferences(**changes: Any) -> Any:
    """Those that matter here."""
    still = {"engine": "builtin", "python": "", "environment_folder": "", "recogniser": ""}
    return SimpleNamespace(**(still | changes))


def test_the_recogniser_runs_in_the_own_environment(
    addon: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = preferences(environment_folder=str(tmp_path), recogniser=str(tmp_path))
    monkeypatch.setattr(compat, "preferences", lambda: asked)
    monkeypatch.setattr(compat, "is_online_allowed", lambda: False)

    with pytest.raises(SetupError, match="Create the Own Environment"):
        settings.recogniser()
    asked.python = sys.executable
    assert settings.recogniser().python == Path(sys.executable)
    python = program_in(settings.environment_folder(asked))
    python.parent.mkdir(parents=True)
    python.touch()

    assert settings.recogniser() == Recogniser(str(tmp_path), python, is_online=False)
    asked.recogniser = ""
    assert settings.recogniser().model == "base"


def test_without_a_python_for_it_the_button_says_what_to_do(said: Any) -> None:
    assert not bpy.ops.emotalk.hear_words.poll()
    with pytest.raises(RuntimeError, match="outside of Blender's own Python"):
        bpy.ops.emotalk.hear_words()


def test_the_button_of_every_take_says_so(addon: Any) -> None:
    tell = texts.EMOTALK_OT_hear_words.description

    one, every = (tell(None, SimpleNamespace(every=every)) for every in (False, True))

    assert one.startswith("Let faster-whisper write")
    assert "all takes" not in one
    assert "all takes" in every

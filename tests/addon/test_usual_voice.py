"""The usual voice of a character: one take tells it, all of its takes are heard beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.copy_scenes import adopt, duplicate, of
from tests.addon.layouts import emotion_panel
from tests.addon.lip_scenes import panel_of
from tests.addon.scenes import brows_of, make_head, run, save
from tests.core.babble import babble
from tests.core.wav_bytes import wav


@pytest.fixture
def real(real: Any, tmp_path: Path) -> Any:
    """Two seconds of babble, and the model that ships."""
    real.filepath = str(_babble(tmp_path / "first.wav", 2.0))
    return real


def _babble(path: Path, seconds: float) -> Path:
    path.write_bytes(wav(babble(seconds)))
    return path


def test_the_button_moves_the_keys_and_the_x_takes_it_back(
    real: Any, head: Any, capfd: Any
) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    take, heard = real.takes[0], brows_of(head)
    shares = np.array(take.heard)

    capfd.readouterr()
    assert bpy.ops.emotalk.usual_voice() == {"FINISHED"}
    assert "% of the usual voice counts" in capfd.readouterr().out
    assert live.is_stale(take)
    assert take.controls.usual_from == take.name
    live._tick()
    beside = brows_of(head)
    assert not live.is_stale(take)

    bpy.ops.emotalk.usual_voice(forget=True)
    live._tick()
    assert np.abs(beside - heard).max() > 0.005
    np.testing.assert_array_equal(brows_of(head), heard)
    assert take.controls.usual_from == ""
    np.testing.assert_array_equal(np.array(take.heard), shares)


def test_it_is_every_takes_of_the_character_and_nobody_elses(
    real: Any, head: Any, tmp_path: Path
) -> None:
    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.usual_voice()
    other = make_head("Ben")
    real.filepath, real.start_frame = str(_babble(tmp_path / "second.wav", 3.0)), 200
    bpy.ops.emotalk.animate()
    panel_of(other).filepath = str(tmp_path / "second.wav")
    bpy.ops.emotalk.animate()

    first, second, of_ben = real.takes
    assert first.controls.usual
    assert second.controls.usual == first.controls.usual
    assert second.controls.usual_from == first.name
    assert json.loads(second.baked)[0]["usual"] == first.controls.usual
    assert of_ben.rig.character == other
    assert of_ben.controls.usual == ""

    real.take_index = 1
    bpy.ops.emotalk.usual_voice(forget=True)
    assert [take.controls.usual for take in real.takes] == ["", "", ""]


@pytest.mark.parametrize("has_keys", [False, True])  # of phrases, which are no other take's
def test_a_new_take_is_heard_beside_it_from_the_start(
    real: Any, head: Any, tmp_path: Path, *, has_keys: bool
) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.usual_voice()
    if has_keys:
        bpy.context.scene.frame_set(real.start_frame + 5)
        real.takes[0].controls.happy = 0.5
        bpy.ops.emotalk.feel_phrase()
    real.filepath, real.start_frame = str(_babble(tmp_path / "second.wav", 3.0)), 200
    bpy.ops.emotalk.animate()
    second = real.takes[1]
    assert not live.is_stale(second)
    began = np.array(second.heard)

    real.take_index = 1
    bpy.ops.emotalk.usual_voice(forget=True)
    live._tick()
    bpy.ops.emotalk.refresh()

    assert np.abs(np.array(second.heard) - began).max() > 0.01


def test_the_command_hears_it_in_a_sound_of_its_own(
    real: Any, head: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = _babble(tmp_path / "usual.wav", 3.0)
    out = tmp_path / "talks.blend"
    asked = ["animate", "--sound", real.filepath, "--target", head.name, "-o", out]

    assert run(*asked, "--usual", usual) == 0

    assert "of the usual voice counts" in capsys.readouterr().err
    controls = real.takes[0].controls
    assert (controls.usual_from, len(json.loads(controls.usual))) == ("usual.wav", 8)
    assert run(*asked, "--usual", tmp_path / "none.wav") == 2
    assert "none.wav" in capsys.readouterr().err


def test_what_the_command_heard_counts_for_phrases_and_stays(
    real: Any, head: Any, tmp_path: Path
) -> None:
    usual = _babble(tmp_path / "usual.wav", 30.0)
    asked = ["animate", "--sound", real.filepath, "--target", head.name]
    asked += ["-o", tmp_path / "talks.blend"]

    def heard() -> tuple[list[str], list[float]]:
        (take,) = real.takes
        return [phrase.heard for phrase in take.phrases], [*take.heard]

    assert run(*asked) == 0
    assert heard()[0] == ["calm"]
    assert run(*asked, "--usual", usual) == 0
    beside = heard()
    assert beside[0] == ["neutral"]  # as most readers are
    assert run(*asked) == 0
    np.testing.assert_allclose(heard()[1], beside[1], atol=1e-4)


@pytest.fixture
def batch(real: Any, head: Any, tmp_path: Path) -> list[Any]:
    """A command for two sounds; to be gone on with."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name in ("a.wav", "b.wav"):
        _babble(folder / name, 2.0)
    save(tmp_path / "base.blend")
    out = tmp_path / "out"
    return ["batch", folder, "-o", out, "--character", head.name, "--no-cache", "--usual"]


def test_a_batch_hears_it_once_for_all_shots(
    batch: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.emotalk_core.engine.streaming import StreamedEngine

    heard, encode = list[str](), StreamedEngine.encode

    def counted(self: Any, sound: Any, **more: Any) -> Any:
        heard.append(sound.key)
        return encode(self, sound, **more)

    monkeypatch.setattr(StreamedEngine, "encode", counted)

    assert run(*batch, _babble(tmp_path / "usual.wav", 3.0)) == 0

    assert len(heard) == 3
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out" / "b.blend"))
    assert bpy.context.scene.emotalk.takes[0].controls.usual_from == "usual.wav"


def test_a_wrong_one_of_a_batch_is_told_before_the_first_shot(
    batch: list[Any], tmp_path: Path, capfd: Any
) -> None:
    silent = tmp_path / "silent.wav"
    silent.write_bytes(wav(np.zeros(32_000)))

    assert run(*batch, silent) == 2

    assert capfd.readouterr().err.count("Hardly anybody speaks") == 1
    assert not [*(tmp_path / "out").rglob("*")]


def test_a_model_that_cannot_be_told_says_so_and_changes_nothing(ready: Any) -> None:
    bpy.ops.emotalk.animate()

    with pytest.raises(RuntimeError, match="cannot be told a usual voice"):
        bpy.ops.emotalk.usual_voice()

    assert ready.takes[0].controls.usual == ""


def test_the_panel_names_who_told_it(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    controls = ready.takes[0].controls
    assert not any("Usual voice" in label for label in emotion_panel(300).labels)

    controls.usual, controls.usual_from = "[0.5]", "Ada: line 1"

    assert "Usual voice: Ada: line 1" in emotion_panel(300).labels


def test_a_copy_says_what_its_keys_show_where_its_originals_have_not_followed(
    real: Any, head: Any
) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.usual_voice()
    (early,) = duplicate(head)
    adopt()
    live._tick()
    real.take_index = 0
    live._tick()
    bpy.ops.emotalk.usual_voice(forget=True)
    (late,) = duplicate(head)
    adopt()

    (before,), (after,) = of(real, early), of(real, late)
    assert (before.controls.usual, before.controls.usual_from) == ("", "")
    assert after.controls.usual
    real.take_index = len(real.takes) - 1
    assert "Usual voice: another take" in emotion_panel(300).labels


def test_takes_in_which_nobody_is_heard_have_none(real: Any, head: Any, tmp_path: Path) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    curves = tmp_path / "curves.csv"
    bpy.ops.emotalk.export_clip(filepath=str(curves))
    bpy.context.scene.frame_set(300)
    bpy.ops.emotalk.import_clip(filepath=str(curves))
    real.take_index = 0
    bpy.ops.emotalk.usual_voice()
    bpy.ops.emotalk.import_clip(filepath=str(curves))

    clips = [take for take in real.takes if take.source == "CLIP"]
    assert clips
    assert not any(live.is_stale(clip) or clip.controls.usual for clip in clips)


def test_deleted_characters_are_not_one(real: Any, head: Any, tmp_path: Path) -> None:
    other = make_head("Ben")
    for one in (head, other):
        panel_of(one)
        bpy.ops.emotalk.animate()
        real.take_index = len(real.takes) - 1
        bpy.ops.emotalk.usual_voice()
        bpy.data.objects.remove(one)

    bpy.ops.emotalk.usual_voice(forget=True)

    assert [bool(take.controls.usual) for take in real.takes] == [True, False]

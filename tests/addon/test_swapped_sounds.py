"""A take whose strip plays another sound by now: what was told of the old one is left out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest
from emotalk.addon.bridge.asked import phones
from emotalk.addon.bridge.jobs.session import SESSION
from emotalk.addon.bridge.take import live

from tests.addon.lip_scenes import FIRST, jaw, panel_of
from tests.addon.scenes import add_strip, fcurves, follow_to_the_end, needs_sound, tick, write_wav
from tests.core.babble import babble

pytestmark = needs_sound


@pytest.fixture
def strip(addon: Any, head: Any, tmp_path: Path) -> Any:
    """Four seconds of babble whose lips are told to meet at frame 40."""
    ours = panel_of(head)
    strip = add_strip(write_wav(tmp_path / "ada.wav", babble(4.0)), FIRST, 1)
    ours.source, ours.strip, ours.controls.surprised = "STRIP", strip.name, 1.0
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(40)
    bpy.ops.emotalk.tell_lips(mouth="m", length=5)
    bpy.ops.emotalk.refresh()
    return strip


def _take() -> Any:
    return bpy.context.scene.emotalk.takes[0]


def _swap(strip: Any, path: Path) -> None:
    strip.sound = bpy.data.sounds.load(str(path))


def test_another_sound_is_heard_alone_and_the_line_says_so(
    strip: Any, head: Any, tmp_path: Path
) -> None:
    met = jaw(head, 40)[0]
    _swap(strip, write_wav(tmp_path / "ben.wav", babble(4.0)[::-1]))

    bpy.ops.emotalk.refresh()

    told = "told of the sound ada are left out, as ben is another one: undo brings them back"
    assert told in _take().warnings
    assert not _take().controls.phones
    assert not live.is_stale(_take())
    again = jaw(head, 40)[0]
    bpy.ops.emotalk.refresh()
    assert jaw(head, 40)[0] == again != met
    assert told not in _take().warnings


def test_a_text_is_left_out_too(strip: Any, tmp_path: Path) -> None:
    group = _take().controls
    group.phones, group.text, group.words = "", "no words of it", "n_oʊ"
    _swap(strip, write_wav(tmp_path / "ben.wav", babble(4.0)[::-1]))

    bpy.ops.emotalk.refresh()

    assert "left out" in _take().warnings
    assert (group.text, group.words) == ("", "")


def test_the_same_sound_elsewhere_keeps_it(strip: Any, head: Any, tmp_path: Path) -> None:
    met, told = jaw(head, 40), _take().controls.phones
    _swap(strip, Path(shutil.copy(tmp_path / "ada.wav", tmp_path / "moved.wav")))

    bpy.ops.emotalk.refresh()

    assert _take().controls.phones == told
    assert jaw(head, 40) == pytest.approx(met)


def test_a_new_export_of_the_same_name_keeps_it(strip: Any, tmp_path: Path) -> None:
    told = _take().controls.phones
    write_wav(tmp_path / "ada.wav", 0.5 * babble(4.0))

    bpy.ops.emotalk.refresh()

    assert _take().controls.phones == told
    assert "left out" not in _take().warnings


def test_a_copy_with_another_sound_begins_without(strip: Any, tmp_path: Path) -> None:
    later = strip.split(frame=50, split_method="SOFT")
    _swap(later, write_wav(tmp_path / "ben.wav", babble(4.0)[::-1]))
    bpy.context.scene.emotalk.strip = later.name

    bpy.ops.emotalk.animate()

    assert len(bpy.context.scene.emotalk.takes) == 2
    assert not bpy.context.scene.emotalk.takes[1].controls.phones


def test_a_held_take_is_made_again_once_alone(strip: Any, head: Any, tmp_path: Path) -> None:
    curve = fcurves(head.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    curve.keyframe_points.insert(60, 0.9)
    told = _take().controls.phones
    _swap(strip, write_wav(tmp_path / "ben.wav", babble(4.0)[::-1]))
    _take().controls.jaw = 1.3
    tick()
    follower = SESSION.job
    assert isinstance(follower, live.Follower)
    follower.wait(60)
    SESSION.moved.clear()

    follow_to_the_end(follower)

    assert _take().is_held
    assert not SESSION.moved
    assert _take().controls.phones == told


def test_what_is_told_of_the_new_sound_before_its_keys_are_made_stays(
    strip: Any, tmp_path: Path
) -> None:
    _swap(strip, write_wav(tmp_path / "ben.wav", babble(4.0)[::-1]))
    table = tmp_path / "ben.csv"
    table.write_text("start_s,end_s,phone\n1.0,1.2,m\n", encoding="utf-8")

    bpy.ops.emotalk.load_phones(filepath=str(table))
    bpy.context.scene.frame_set(60)
    bpy.ops.emotalk.tell_lips(mouth="a", length=3)
    bpy.ops.emotalk.refresh()

    assert [phone.symbol for phone in phones.all_of(_take().controls)] == ["m", "a"]
    assert "left out" not in _take().warnings


def test_a_text_that_cannot_be_read_leaves_what_was_told(
    strip: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _take().controls.phones
    _swap(strip, write_wav(tmp_path / "ben.wav", babble(4.0)[::-1]))

    monkeypatch.setenv("PATH", "")

    with pytest.raises(RuntimeError, match="espeak-ng"):
        bpy.ops.emotalk.tell_text(text="hello", language="hi")

    assert _take().controls.phones == told

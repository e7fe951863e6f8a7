"""Sliders of every scene move its face, whichever scene is the current one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import happy_take, keys_of, make_head, tick


def _take_elsewhere(speech: Path) -> tuple[Any, Any]:
    """A take of a second scene, and its face."""
    first = bpy.context.scene
    scene = bpy.data.scenes.new("Elsewhere")
    head = make_head("Other")
    bpy.context.window.scene = scene
    scene.collection.objects.link(head)
    ours = scene.emotalk
    ours.source, ours.filepath, ours.start_frame = "FILE", str(speech), 5
    ours.rig.character = head
    bpy.ops.emotalk.animate()
    bpy.context.window.scene = first
    return ours.takes[0], head


def _smile(head: Any) -> float:
    return float(keys_of(head, "mouthSmileLeft")[1].mean())


def test_sliders_of_a_scene_in_another_window_move_its_face(ready: Any, speech: Path) -> None:
    from emotalk.addon.bridge.take import live

    take, head = _take_elsewhere(speech)
    before = _smile(head)

    take.controls.happy = 1.0
    tick()

    assert not live.is_stale(take)
    assert _smile(head) > before + 0.1


def test_sliders_of_both_scenes_are_followed_in_one_go(ready: Any, head: Any, speech: Path) -> None:
    from emotalk.addon.bridge.take import live

    mine = happy_take(ready)
    other, _ = _take_elsewhere(speech)

    mine.controls.happy = other.controls.happy = 0.3
    tick()

    assert not live.is_stale(mine)
    assert not live.is_stale(other)


def test_sliders_wait_while_something_is_animated(ready: Any) -> None:
    from emotalk.addon.bridge.jobs.job import Job
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import live

    take = happy_take(ready)
    SESSION.job = Job(lambda _progress: None)
    take.controls.happy = 0.3

    assert live._tick() is not None
    assert live.is_stale(take)

    SESSION.job = None
    tick()
    assert not live.is_stale(take)


def test_undo_looks_at_the_sliders_of_every_scene(ready: Any, speech: Path) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import live

    _take_elsewhere(speech)
    SESSION.moved.clear()

    live._after_undo()

    assert SESSION.moved == {scene.session_uid for scene in bpy.data.scenes}


def test_a_slider_reads_each_curve_once(ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time takes seconds of a take of an hour."""
    from emotalk.addon.bridge.faces import by_hand
    from emotalk.addon.bridge.keying import at_hand
    from emotalk.addon.bridge.take import live

    take = happy_take(ready)
    tick()
    read: list[int] = []
    read_keys = at_hand.read_keys

    def counted(curve: Any) -> Any:
        read.append(curve.as_pointer())
        return read_keys(curve)

    monkeypatch.setattr(at_hand, "read_keys", counted)
    monkeypatch.setattr(by_hand, "read_keys", counted)
    take.controls.happy = 0.2
    tick()

    assert len(read) == len(set(read)) == 52
    monkeypatch.undo()
    assert not live.is_stale(take)
    assert by_hand.changed_curves(take) == frozenset()

"""Sounds, heads and strips that the add-on's tests share."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

needs_sound = pytest.mark.skipif(
    bpy.app.version < (4, 4), reason="the 4.2 wheel has no sound: strips cannot be made in it"
)
needs_other_sequencer = pytest.mark.skipif(
    "sequencer_scene" not in bpy.types.WorkSpace.bl_rna.properties,
    reason="before 5.0 the sequencer shows the window's scene",
)

EASE_IN, EASE_OUT = 8, 15
"""Frames of a take's eases, as they come, at 24 frames a second: .3 and .6 s."""


def write_wav(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    """16-bit wav of float samples (n,) or (n, channels)."""
    samples = samples[:, None] if samples.ndim == 1 else samples
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def write_program(path: Path, line: str) -> str:
    """A program of one line for the shell."""
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)


def save(path: Path) -> Path:
    """The open file, saved under a name."""
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def run(*arguments: object) -> int:
    """A command, as Blender calls it."""
    from emotalk.addon.commands import main

    return main([str(argument) for argument in arguments])


def tick() -> None:
    """What happens a moment after a slider was moved."""
    from emotalk.addon.bridge.take import live

    assert live._tick() is None


def follow_to_the_end(follower: Any) -> None:
    """What the timer does with what follows sliders in the background."""
    follower.wait(60)
    while follower.look() is not None:
        pass


def write_in_slices(prepared: Any, outcome: Any, between: Callable[[], None] = lambda: None) -> Any:
    """Write a take's keys as a window does; `between` the slices something happens."""
    from emotalk.addon.bridge.take import takes

    draft = takes.begin(prepared, outcome)
    while not draft.is_complete:
        draft.advance(0.0)
        between()
    return takes.finish(prepared, outcome, draft)


def put_bones_under(head: Any) -> Any:
    """An armature with a head bone above the face."""
    bpy.ops.object.armature_add()
    armature = bpy.context.object
    armature.data.bones[0].name = "head"
    head.parent = armature
    return armature


def babble(seconds: float, rate: int = 16_000) -> np.ndarray:
    """Something like speech: a buzz that opens and closes four times a second, with pauses."""
    t = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 4 * t), 0, 1) * (np.sin(2 * np.pi * 0.4 * t) > -0.8)
    return (0.2 * buzz * syllables).astype(np.float32)


def make_head(name: str = "Head", keys: tuple[str, ...] | None = None) -> bpy.types.Object:
    """A small mesh with ARKit's keys; jawOpen and the smiles move vertices."""
    from emotalk.emotalk_core.arkit import CHANNELS

    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    head = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(head)
    head.shape_key_add(name="Basis")
    for key in keys or CHANNELS:
        block = head.shape_key_add(name=key)
        block.value = 0.0
        block.data[0].co.z = -1.0
    return head


def linked_duplicate(head: Any) -> Any:
    """As with Alt-D: another object, the same mesh."""
    twin = head.copy()
    twin.location.x = 10.0
    bpy.context.scene.collection.objects.link(twin)
    bpy.context.view_layer.update()
    return twin


def linked(library: Path, *things: Any) -> list[Any]:
    """Objects as another file's, in this scene."""
    names = [thing.name for thing in things]
    bpy.data.libraries.write(str(library), set(things))
    for thing in things:
        bpy.data.objects.remove(thing)
    with bpy.data.libraries.load(str(library), link=True) as (_, into):
        into.objects = names
    for thing in into.objects:
        bpy.context.scene.collection.objects.link(thing)
    return into.objects


def overridden(library: Path, head: Any) -> Any:
    """A head as another file's, in this file with it and its mesh overridden."""
    mesh = head.data
    thing = linked(library, head)[0].override_create(remap_local_usages=True)
    bpy.data.meshes.remove(mesh)
    thing.data.override_create(remap_local_usages=True)
    assert thing.data.override_library
    return thing


def add_strip(path: Path, frame: int = 10, channel: int = 1) -> Any:
    """A sound strip in the current scene."""
    editor = bpy.context.scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    return strips.new_sound(path.stem, str(path), channel, frame)


def trim_start(strip: Any, frames: int) -> None:
    """Pull the left handle to the right."""
    name = "left_handle_offset" if hasattr(strip, "left_handle_offset") else "frame_offset_start"
    setattr(strip, name, frames)


def trim_end(strip: Any, frames: int) -> None:
    """Pull the right handle to the left."""
    name = "right_handle_offset" if hasattr(strip, "right_handle_offset") else "frame_offset_end"
    setattr(strip, name, frames)


def trim_hard(strip: Any, frames: int) -> None:
    """Leave out the start of the file."""
    name = (
        "content_trim_start" if hasattr(strip, "content_trim_start") else "animation_offset_start"
    )
    setattr(strip, name, frames)


def fcurves(block: Any) -> dict[tuple[str, int], Any]:
    """F-curves of a data-block's active Action, by path and index."""
    from emotalk.addon.bridge.compat import fcurves_of
    from emotalk.addon.bridge.keying.curves import by_path

    return by_path(fcurves_of(block))


def keys_of(head: bpy.types.Object, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Frames and values of one shape key's keys."""
    curve = fcurves(head.data.shape_keys)[f'key_blocks["{name}"].value', 0]
    pairs = np.array([point.co for point in curve.keyframe_points])
    return pairs[:, 0], pairs[:, 1]


def voice_of(head: bpy.types.Object, name: str, number: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """The same of those in a take's own frames, without its eases; of the last one of the list."""
    take = bpy.context.scene.emotalk.takes[number]
    frames, values = keys_of(head, name)
    inside = (frames >= take.first_frame) & (frames <= take.last_frame)
    return frames[inside], values[inside]


def brows_of(head: bpy.types.Object) -> np.ndarray:
    """Values of three channels of the brows at the keys (3, K), eases left out."""
    brows = ("browInnerUp", "browDownLeft", "browOuterUpLeft")
    return np.stack([voice_of(head, name)[1] for name in brows])


def keys_in(path: Path) -> int:
    """How many keys of the jaw a file has."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return len(voice_of(bpy.data.objects["Head"], "jawOpen")[0])


def state() -> dict[str, Any]:
    """What a cancelled or failed run must leave as it was."""
    return {
        "actions": sorted((a.name, a.users, a.use_fake_user) for a in bpy.data.actions),
        "objects": sorted(o.name for o in bpy.data.objects),
        "scenes": sorted(s.name for s in bpy.data.scenes),
        "assigned": sorted(
            (key.name, key.animation_data.action.name if key.animation_data.action else "")
            for key in bpy.data.shape_keys
            if key.animation_data
        ),
        "values": sorted(
            (k.name, b.name, b.value) for k in bpy.data.shape_keys for b in k.key_blocks
        ),
        "takes": len(bpy.context.scene.emotalk.takes),
    }


def set_span(strip: Any, first: int, last: int) -> None:
    """Place both handles of a strip."""
    new = hasattr(strip, "left_handle")
    names = ("right_handle", "left_handle") if new else ("frame_final_end", "frame_final_start")
    setattr(strip, names[0], last)
    setattr(strip, names[1], first)


def happy_take(ours: Any) -> Any:
    """A take of the scene, three quarters happy."""
    bpy.ops.emotalk.animate()
    take = ours.takes[0]
    take.controls.happy = 0.75
    return take


def push_down(block: Any) -> None:
    """As the button in the NLA editor does."""
    from emotalk.addon.bridge.compat import set_strip_slot, slot_of

    data = block.animation_data
    action, slot = data.action, slot_of(data)
    strip = data.nla_tracks.new().strips.new(action.name, round(action.frame_range[0]), action)
    set_strip_slot(strip, slot)
    data.action = None


def users_action(block: Any, *paths: str, name: str = "Mine") -> Any:
    """An Action that a user has keyed by hand: 0 at frame 1, 1 at frame 50 on each path."""
    block.animation_data_create().action = bpy.data.actions.new(name)
    for path in paths:
        for frame, value in ((1, 0.0), (50, 1.0)):
            _set(block, path, value)
            block.keyframe_insert(path, frame=frame)
            _set(block, path, 0.0)
    return block.animation_data.action


def _set(block: Any, path: str, value: float) -> None:
    owner, _, name = path.rpartition(".")
    setattr(block.path_resolve(owner), name, value)

"""What somebody looks at while a take lasts: measured in the scene once, frame by frame, and kept
with the take, so that its sliders need not play the scene again.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Vector

from ....emotalk_core.errors import EmoTalkError, RigError
from ....emotalk_core.shaping.look import EyeTurns, Look
from .. import characters, compat
from ..keying import rigs
from ..keying.at_rest import alone, may_move, without_ours
from ..keying.eyes import Gazer, find_eyes, turns_of
from ..sounds import decode, sound

__all__ = ["Looked", "Seen", "is_own", "kept", "look_at"]

_FACES: Final = frozenset({"MESH", "ARMATURE"})
_FORMAT: Final = 1


@dataclass(frozen=True, eq=False)
class Seen:
    """Where a target is, seen from a head, in scene frames; plain data."""

    first_frame: int
    places: np.ndarray  # float32 (K, 3), frame by frame, as `Look` has them; one: it never moves
    eye_distance: float
    pivot: tuple[float, ...]
    turns: EyeTurns
    turns_head: bool

    def look(self, heard: sound.Heard) -> Look:
        """On the clock of the sound."""
        frames = self.first_frame + np.arange(len(self.places))
        times_s = (frames - heard.start_frame) / float(heard.rate)
        places, pivot = self.places.astype(np.float64), np.array(self.pivot)
        return Look(times_s, places, self.eye_distance, pivot, self.turns, self.turns_head)

    def text(self) -> str:
        """To be kept in a property."""
        turns = self.turns
        rest = {
            "format": _FORMAT,
            "first_frame": self.first_frame,
            "eye_distance": self.eye_distance,
            "pivot": self.pivot,
            "turns": [turns.inward, turns.outward, turns.up, turns.down],
            "turns_head": self.turns_head,
        }
        places = base64.b64encode(self.places.astype("<f4").tobytes()).decode("ascii")
        return json.dumps(rest | {"places": places})


@dataclass(frozen=True, eq=False)
class Looked:
    """What was measured anew for a take, and of what: both empty where it looks at nothing."""

    target: str
    seen: Seen | None


def kept(text: str) -> Seen | None:
    """What a take keeps; None where it keeps nothing, or what another version wrote."""
    try:
        told = json.loads(text)
        if told["format"] != _FORMAT:
            return None
        places = np.frombuffer(base64.b64decode(told["places"]), "<f4").reshape(-1, 3)
        return Seen(
            told["first_frame"],
            places,
            told["eye_distance"],
            tuple(told["pivot"]),
            EyeTurns(*told["turns"]),
            told["turns_head"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def look_at(
    scene: bpy.types.Scene,
    target: bpy.types.Object | None,
    face: tuple[Any, Sequence[bpy.types.Object], rigs.Rig],
    source: tuple[sound.Heard, Any | None],
) -> Looked:
    """What is seen of `target` while a sound lasts. Plays the scene's frames where anything moves,
    and leaves it as it was.

    Parameters
    ----------
    face :
        The character, its meshes and what drives them.
    source :
        What is heard, and its strip if it is one.

    Raises
    ------
    RigError
        The target is gone, or part of the character itself, or the character has no eyes that are
        known.
    """
    if target is None:
        return Looked("", None)
    character, meshes, rig = face
    if target not in scene.objects[:]:
        raise RigError(
            "What is looked at is not in this scene",
            value=target.name,
            remedy="Choose another Look At (panel Shaping), or none.",
        )
    if is_own(character, target):
        raise RigError(
            "A character cannot look at itself",
            value=target.name,
            remedy="Choose another Look At (panel Shaping, or Cast), or none.",
        )
    gazer = find_eyes(meshes, characters.armature_of(meshes, character), rig.binding)
    if gazer is None:
        raise RigError(
            "No eyes that could look at something",
            value=getattr(character, "name", ""),
            remedy="It needs eye bones or keys that blink, or no Look At (panel Shaping).",
        )
    frames = _frames(scene, *source)
    places = _places(scene, gazer, target, frames)
    seen = Seen(
        frames.start,
        places.astype(np.float32),
        gazer.eyes.distance,
        tuple(gazer.eyes.pivot_seen.tolist()),
        turns_of(meshes, rig.binding),
        _turns_head(rig),
    )
    return Looked(target.name, seen)


def is_own(character: Any, target: Any) -> bool:
    """Whether the target is the character's own face or armature."""
    if target.type not in _FACES:
        return False
    return target == character or characters.is_same(target, character)


def _turns_head(rig: rigs.Rig) -> bool:
    return any(channel == "headYaw" for row in rig.binding.driven for channel, _ in row.sources)


def _frames(scene: bpy.types.Scene, heard: sound.Heard, strip: Any | None) -> range:
    """The scene frames in which it is heard."""
    seconds = heard.duration_s
    if seconds is None and strip is None:
        seconds = decode.seconds_of(heard)
    if seconds is not None:
        end = heard.start_frame + seconds * float(heard.rate)
    else:  # a strip at another speed, mixed as far as it is seen; or a sound of unknown length
        end = float(compat.span(strip)[1]) if strip is not None else float(scene.frame_end)
    first = math.floor(heard.start_frame)
    return range(first, max(first, math.ceil(end)) + 1)


def _places(
    scene: bpy.types.Scene, gazer: Gazer, target: bpy.types.Object, frames: range
) -> np.ndarray:
    """float64 (K, 3): as `Seen` has them."""
    other = _gazer_of(target)
    carriers = [gazer.carrier, other.carrier if other is not None else target]
    if not any(may_move(thing) for thing in carriers):
        frames = frames[:1]
    layer = _view_layer(scene)
    points = []
    with without_ours(scene), alone(scene, carriers):
        for frame in frames:
            scene.frame_set(frame)
            depsgraph = layer.depsgraph
            if other is not None:
                point = other.world(depsgraph) @ Vector(other.eyes.middle)
            else:
                point = target.evaluated_get(depsgraph).matrix_world.translation
            points.append(gazer.world(depsgraph).inverted_safe() @ point)
    return gazer.eyes.seen(np.array(points, np.float64))


def _view_layer(scene: bpy.types.Scene) -> Any:
    now = bpy.context.view_layer
    return now if bpy.context.scene == scene else scene.view_layers[0]


def _gazer_of(target: bpy.types.Object) -> Gazer | None:
    """The eyes of somebody who is looked at; None of any other thing."""
    if target.type not in _FACES:
        return None
    meshes = characters.character_meshes(target)
    armature = characters.armature_of(meshes, target)
    try:
        rig = rigs.find_rig(meshes, armature, rigs.RigSettings())
    except EmoTalkError:  # a chair, or a face whose names nobody knows: where it is
        return None
    return find_eyes(meshes, armature, rig.binding)

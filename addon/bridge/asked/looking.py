"""What somebody looks at while a take lasts: measured in the scene once, frame by frame, and kept
with the take, so that its sliders need not play the scene again. It is played a frame a step, so
that a window can show how far it is and be told to stop.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Vector

from ....emotalk_core.errors import EmoTalkError, RigError
from ....emotalk_core.progress import Progress
from ....emotalk_core.shaping.look import EyeTurns, Look
from .. import characters, compat
from ..keying import rigs
from ..keying.at_rest import alone, may_move, without_ours
from ..keying.eyes import Gazer, find_eyes, turns_of
from ..sounds import decode, sound

__all__ = ["Looked", "Seen", "Sight", "is_own", "kept", "look_at"]

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


@dataclass(frozen=True, eq=False)
class Sight:
    """Who is to look at what, checked; where that is remains to be measured."""

    scene: bpy.types.Scene
    target: bpy.types.Object
    name: str  # of the target when it was checked
    gazer: Gazer
    other: Gazer | None  # the eyes of who is looked at, where the target has any
    frames: range  # one: nothing moves
    turns: EyeTurns
    turns_head: bool

    @property
    def carriers(self) -> list[bpy.types.Object]:
        """What is looked from and what is looked at."""
        return [self.gazer.carrier, self.other.carrier if self.other is not None else self.target]

    def measured(self, progress: Progress) -> Generator[None, None, Looked]:
        """What is seen, measured frame by frame with a pause before each. In a pause the scene is
        at another frame, with shapes switched off; it is as it was in the end, after an error (as
        of `progress`, to stop) and after `close`.

        Raises
        ------
        RigError
            Target or character were deleted in a pause.
        """
        with contextlib.suppress(ReferenceError):
            places = yield from self._places(progress)
            if self.target in self.scene.objects[:]:
                return Looked(self.name, self._seen(places.astype(np.float32)))
        raise RigError(
            "What is looked at, or who looks, was deleted meanwhile",
            value=self.name,
            remedy="Choose another Look At (panel Shaping, or Cast), or none.",
        )

    def _seen(self, places: np.ndarray) -> Seen:
        first, eyes = self.frames.start, self.gazer.eyes
        pivot = tuple(eyes.pivot_seen.tolist())
        return Seen(first, places, eyes.distance, pivot, self.turns, self.turns_head)

    def _places(self, progress: Progress) -> Generator[None, None, np.ndarray]:
        """float64 (K, 3): as `Seen` has them."""
        points, n = [], len(self.frames)
        with without_ours(self.scene), alone(self.scene, self.carriers):
            for number, frame in enumerate(self.frames):
                progress(number / n, f"Looking: frame {number + 1} of {n}")
                yield
                self.scene.frame_set(frame)
                points.append(self._point())
        return self.gazer.eyes.seen(np.array(points, np.float64))

    def _point(self) -> Vector:
        """Where the target is at the scene's frame, in the carrier's space."""
        depsgraph, other = _view_layer(self.scene).depsgraph, self.other
        if other is not None:
            point = other.world(depsgraph) @ Vector(other.eyes.middle)
        else:
            point = self.target.evaluated_get(depsgraph).matrix_world.translation
        return self.gazer.world(depsgraph).inverted_safe() @ point


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
) -> Looked | Sight:
    """What is to be measured of `target` for as long as a sound lasts: all frames where anything
    moves, else one. Without a target nothing is seen.

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
    _ensure_may_be_seen(scene, target, character)
    gazer = find_eyes(meshes, characters.armature_of(meshes, character), rig.binding)
    if gazer is None:
        raise RigError(
            "No eyes that could look at something",
            value=getattr(character, "name", ""),
            remedy="It needs eye bones or keys that blink, or no Look At (panel Shaping, or Cast).",
        )
    frames = _frames(scene, *source)
    other = _gazer_of(target)
    turns, turns_head = turns_of(meshes, rig.binding), _turns_head(rig)
    sight = Sight(scene, target, target.name, gazer, other, frames, turns, turns_head)
    is_still = not any(may_move(thing) for thing in sight.carriers)
    return replace(sight, frames=frames[:1]) if is_still else sight


def _ensure_may_be_seen(scene: bpy.types.Scene, target: bpy.types.Object, character: Any) -> None:
    if target not in scene.objects[:]:
        raise RigError(
            "What is looked at is not in this scene",
            value=target.name,
            remedy="Choose another Look At (panel Shaping, or Cast), or none.",
        )
    if is_own(character, target):
        raise RigError(
            "A character cannot look at itself",
            value=target.name,
            remedy="Choose another Look At (panel Shaping, or Cast), or none.",
        )


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

"""Pauses: where a face says nothing while the scene goes on, so that it can blink, look around and
feel there too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Final

import bpy

from ....emotalk_core.errors import EmoTalkError, InputError
from .. import characters, compat
from ..keying import rigs
from ..keying.plans import keyed_block
from .neighbours import blocks_of, takes_on

__all__ = ["Silent", "find_pauses"]

_SHORTEST_S: Final = 1.0
_Span = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Silent:
    """A pause of one face, in scene frames, and what it is like there."""

    first: int
    last: int
    rig: Any  # what is said of the character's rig, a property group
    character: Any
    controls: Any  # the sliders that it begins with; those of `take` where there is one
    look_at: Any | None
    take: Any | None  # that was made for a pause which lay here


@dataclass(frozen=True, eq=False)
class _Face:
    rig: Any
    character: Any
    blocks: set[int]  # what is keyed, as pointers
    takes: list[Any]
    role: Any | None  # of the cast


def find_pauses(scene: bpy.types.Scene) -> tuple[list[Silent], list[str]]:
    """The pauses of everybody who has a take in the scene or is one of its cast, and the uids of
    takes that were made for pauses which are no more.

    Raises
    ------
    InputError
        Nobody pauses for a second within the scene's frame range, nor did when it was asked last.
    """
    faces = _faces(scene)
    pauses = [pause for face in faces for pause in _of_face(face, scene)]
    kept = {pause.take.uid for pause in pauses if pause.take is not None}
    made = [take.uid for face in faces for take in face.takes if take.source == "PAUSE"]
    gone = [uid for uid in made if uid not in kept]
    if not pauses and not gone:
        raise InputError(
            "Nobody pauses for a second within the frame range",
            value=f"{scene.frame_start} to {scene.frame_end}",
            remedy="Animate first, or lengthen the range (Output properties).",
        )
    return pauses, gone


def _free_spans(
    taken: Sequence[_Span], first: int, last: int, shortest: float
) -> Iterator[tuple[int, int]]:
    """The whole frames of `first` to `last` that lie in none of `taken`, in stretches of at least
    `shortest` frames.
    """
    start = first
    for begins, ends in (*sorted(taken), (last + 1.0, last + 1.0)):
        end = min(ceil(begins) - 1, last)
        if end - start >= shortest:
            yield start, end
        start = max(start, floor(ends) + 1)


def _faces(scene: bpy.types.Scene) -> list[_Face]:
    faces: list[_Face] = []
    takes = [(take.rig, take, None) for take in scene.emotalk.takes]
    roles = [(role.rig, None, role) for role in scene.emotalk.cast]
    for rig, take, role in (*roles, *takes):
        character = rig.character
        if character is None or characters.is_deleted(character):
            continue
        blocks = blocks_of(take) if take is not None else _blocks(rig, character)
        face = next((face for face in faces if face.blocks & blocks), None)
        if face is None:
            face = _Face(rig, character, set(), [], role)
            faces.append(face)
        face.blocks.update(blocks)
        face.takes.extend([take] if take is not None else [])
    return faces


def _blocks(rig: Any, character: Any) -> set[int]:
    try:
        meshes, _ = rigs.rig_of(rig, character)
    except EmoTalkError:  # told when its pauses are prepared; the others have theirs
        return set()
    face = characters.face_of(meshes, character)
    return {keyed_block(part).as_pointer() for part in face}


def _of_face(face: _Face, scene: bpy.types.Scene) -> Iterator[Silent]:
    speaks = [take for take in face.takes if take.source != "PAUSE"]
    rate = float(compat.scene_rate(scene))
    ours = {take.uid for take in face.takes}
    elsewhere = [take for take in takes_on(face.blocks) if take.uid not in ours]  # another scene's
    spans = [(take.first_frame, take.last_frame) for take in (*speaks, *elsewhere)]
    left = [take for take in face.takes if take.source == "PAUSE"]
    for first, last in _free_spans(spans, scene.frame_start, scene.frame_end, _SHORTEST_S * rate):
        take = max(left, key=lambda one: _shared(one, first, last), default=None)
        if take is not None and _shared(take, first, last) <= 0.0:
            take = None
        if take is not None:
            left.remove(take)
        group = take.controls if take is not None else _like(speaks, first, scene)
        look_at = _look_at(face, group, scene)
        yield Silent(first, last, face.rig, face.character, group, look_at, take)


def _look_at(face: _Face, group: Any, scene: bpy.types.Scene) -> Any | None:
    """One of a cast looks at its own target, else at what its takes look at: the scene's sliders
    may have been set for another, who looks at this very character.
    """
    if face.role is not None and face.role.look_at is not None:
        return face.role.look_at
    return None if group == scene.emotalk.controls else group.look_at


def _shared(take: Any, first: float, last: float) -> float:
    return min(take.pause_end, last) - max(take.start_frame, first)


def _like(speaks: Sequence[Any], frame: int, scene: bpy.types.Scene) -> Any:
    """The sliders of the take before a frame, else of the next one; an imported clip has none of
    its own.
    """
    heard = [take for take in speaks if take.source != "CLIP"]
    before = [take for take in heard if take.last_frame < frame]
    if before:
        return max(before, key=lambda take: take.last_frame).controls
    after = min(heard, key=lambda take: take.first_frame, default=None)
    return after.controls if after is not None else scene.emotalk.controls

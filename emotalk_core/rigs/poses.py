"""Faces made of bones: poses with names that are known drive their bones as shape keys would."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from .binding import BONE_KINDS, BoneTarget, Driven
from .bones import BoneRest
from .matching import Matching, match_keys
from .rotation import Axis
from .visemes import felt_channels

__all__ = [
    "PosedBone",
    "Skeleton",
    "aim_driven",
    "match_poses",
    "match_skeleton",
    "moves_mouth",
    "pose_driven",
]

_OF_MOUTHS: Final = ("jaw", "mouth", "viseme.", "vowel.")
"""Beginnings of channels that move a mouth."""

_STILL: Axis = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class PosedBone:
    """What one pose does with one bone, from rest, in the bone's own space."""

    bone: str
    turn: Axis = _STILL  # rotation vector, radians
    move: Axis = _STILL  # in the armature's own unit of length
    scale: Axis = _STILL  # added to 1
    rotation_mode: str = "QUATERNION"  # the bone's own


@dataclass(frozen=True, eq=False)
class Skeleton:
    """An armature: its bones, the faces that somebody has posed with them, and those that are known
    without.
    """

    name: str = ""
    bones: Sequence[BoneRest] = ()
    poses: Mapping[str, Sequence[PosedBone]] = field(default_factory=dict)  # by name
    known: Mapping[str, Sequence[PosedBone]] = field(default_factory=dict)  # by channel
    label: str = ""  # of whose face is known
    aims: frozenset[str] = frozenset()  # bones of a known face that eyes are aimed at


def moves_mouth(channel: str) -> bool:
    """Whether a channel is one of those that open, shut and form a mouth."""
    return channel.startswith(_OF_MOUTHS)


def match_poses(names: Sequence[str], moved: Collection[str] = ()) -> Matching:
    """What drives the poses called `names`: as with shape keys, in any usual spelling.

    Parameters
    ----------
    moved : collection of str
        Channels that shape keys of the character move already. Poses do the others; they speak and
        feel only where no key does, or mouths would open twice and smile twice.
    """
    speaks = any(map(moves_mouth, moved))
    feels = any(channel in felt_channels() for channel in moved)

    def is_done(channel: str) -> bool:
        is_felt = feels and channel.startswith("feeling.")
        return channel in moved or is_felt or (speaks and moves_mouth(channel))

    return _without(_with_shut_jaw(match_keys(names)), is_done)


def match_skeleton(skeleton: Skeleton, moved: Collection[str] = ()) -> Matching:
    """What drives the poses of `skeleton`: those that are known do what none that somebody has made
    does. Visemes, vowels and faces of feelings that somebody has made stand for their channels.

    Parameters
    ----------
    moved : collection of str
        Channels that shape keys of the character move already, as in `match_poses`.
    """
    made = match_poses([*skeleton.poses], moved)
    speaks = any(name.startswith(("viseme.", "vowel.")) for name in made.channels)
    speaks = speaks or any(map(moves_mouth, moved))
    feels = any(name.startswith("feeling.") for name in made.channels)
    done = {*made.channels, *moved, *(felt_channels() if feels else ())}
    known = {
        channel: ((channel, 1.0),)
        for channel in skeleton.known
        if channel not in done and not (speaks and moves_mouth(channel))
    }
    return replace(
        made,
        label=made.label if made.channels else skeleton.label,
        channels={**made.channels, **known},
        missing=tuple(name for name in made.missing if name not in known),
    )


def _with_shut_jaw(matching: Matching) -> Matching:
    """With mouthClose taking back what jawOpen's pose opens, where it has no pose of its own."""
    jaw = matching.channels.get("jawOpen", ())
    if not jaw or "mouthClose" in matching.channels:
        return matching
    shut = {"mouthClose": tuple((key, -weight) for key, weight in jaw)}
    missing = tuple(name for name in matching.missing if name != "mouthClose")
    return replace(matching, channels={**matching.channels, **shut}, missing=missing)


def _without(matching: Matching, is_left_out: Callable[[str], bool]) -> Matching:
    kept = {name: keys for name, keys in matching.channels.items() if not is_left_out(name)}
    used = {key for keys in kept.values() for key, _weight in keys}
    dropped = [key for keys in matching.channels.values() for key, _weight in keys]
    unmatched = dict.fromkeys([*matching.unmatched, *(key for key in dropped if key not in used)])
    return replace(matching, channels=kept, unmatched=tuple(unmatched))


def pose_driven(skeleton: Skeleton, matching: Matching) -> Iterator[Driven]:
    """Rows for every bone of every pose that `matching` found; those of one bone add up."""
    poses = {**skeleton.known, **skeleton.poses}
    for name, sources, lower, upper in matching.recipes():
        for posed in poses[name]:
            for target in _targets(skeleton.name, posed):
                yield Driven(target, sources, lower=lower, upper=upper)


def aim_driven(skeleton: Skeleton, channels: Collection[str]) -> Iterator[Driven]:
    """Rows that aim the eyes of a known face, and leave its lids to what moves `channels` too."""
    for channel in sorted(channels):
        for posed in skeleton.known.get(channel, ()):
            if posed.bone in skeleton.aims:
                for target in _targets(skeleton.name, posed):
                    yield Driven(target, ((channel, 1.0),))


def _targets(armature: str, posed: PosedBone) -> Iterator[BoneTarget]:
    for kind in BONE_KINDS:
        axis = getattr(posed, kind)
        if any(axis):
            yield BoneTarget(armature, posed.bone, axis, posed.rotation_mode, kind=kind)

"""Faces of bones that a rig generator makes: their controls are known by name, and so is what each
channel does to them.

`bone_moves.json` says it once for all rigs, for points of a face, in the face's own directions and
sizes; a file for each rig says which bone is which point, and which bones take others along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np

from .bones import BoneRest, face_directions, match_bones
from .poses import PosedBone
from .rotation import Axis
from .tables import read_table

__all__ = ["FACE_FILES", "KnownFace", "known_face"]

FACE_FILES: Final = ("rigify", "rigify_skin")
"""Rigs whose faces are known, one file each."""

_CLOSED_AT: Final = 0.5
"""How far a jaw is open where lips that move straight make up exactly for its turn."""

_Row = Mapping[str, Any]  # of a point: three numbers, or one


@dataclass(frozen=True, eq=False)
class KnownFace:
    """What is known of an armature by the names of its bones."""

    label: str = ""
    poses: Mapping[str, Sequence[PosedBone]] = field(default_factory=dict)  # by channel
    eyes: Mapping[str, BoneRest] = field(default_factory=dict)  # left_eye, right_eye: the eyeballs
    aims: frozenset[str] = frozenset()  # bones that eyes are aimed at


def known_face(bones: Sequence[BoneRest]) -> KnownFace:
    """The face that these bones are the controls of; an empty one where that is not known.

    A pose leaves out bones that are not there.
    """
    by_name = {bone.name: bone for bone in bones}
    for name in FACE_FILES:
        table = read_table(name)
        if all(table["points"][mark] in by_name for mark in table["marks"]):
            face = _Face.of(table, by_name)
            poses = {channel: (*face.posed(kinds),) for channel, kinds in _both_sides().items()}
            poses = {channel: posed for channel, posed in poses.items() if posed}
            return KnownFace(table["label"], poses, face.eyes, face.aims)
    return KnownFace()


@dataclass(frozen=True, eq=False)
class _Face:
    """A rig's table with the bones that it names."""

    bones: Mapping[str, BoneRest]  # by point
    eyes: Mapping[str, BoneRest]
    axes: np.ndarray  # (3, 3), rows: the face's left, up and forward
    carried: Mapping[str, Mapping[str, float]]  # what a point takes over of others' moves
    with_jaw: Mapping[str, float]  # what it takes over of the jaw's turn

    @classmethod
    def of(cls, table: Mapping[str, Any], by_name: Mapping[str, BoneRest]) -> _Face:
        points = {**table["points"], **_mirrored_keys(table["points"])}
        carried = {**table["carried"], **_mirrored_keys(table["carried"])}
        eyes = {"left_eye": table["eye"], "right_eye": _mirrored(table["eye"])}
        return cls(
            {point: by_name[name] for point, name in points.items() if name in by_name},
            {role: by_name[name] for role, name in eyes.items() if name in by_name},
            np.stack(face_directions(match_bones([*by_name.values()]))),
            carried,
            {**table["with_jaw"], **_mirrored_keys(table["with_jaw"])},
        )

    @property
    def aims(self) -> frozenset[str]:
        """The bones that eyes are aimed at."""
        return frozenset(b.name for point, b in self.bones.items() if point.startswith("gaze."))

    def posed(self, kinds: Mapping[str, _Row]) -> Iterator[PosedBone]:
        """What one channel at 1 does, kind by kind."""
        wished = {**self._moved(kinds), **self._shut(kinds), **self._left_by_jaw(kinds)}
        own: dict[str, np.ndarray] = {}
        for point in wished:
            self._add_own(point, wished, own)
        turned = {p: np.array(axis) @ self.axes for p, axis in kinds.get("turn", {}).items()}
        for point in dict.fromkeys((*turned, *own)):
            if point in self.bones:
                bone = self.bones[point]
                turn, move = (_in_bone(bone, part.get(point)) for part in (turned, own))
                if any((*turn, *move)):
                    yield PosedBone(bone.name, turn, move, rotation_mode=bone.rotation_mode)

    def _add_own(
        self, point: str, wished: Mapping[str, np.ndarray], own: dict[str, np.ndarray]
    ) -> None:
        """What is left to do for a point where others take it along."""
        if point in own or point not in self.bones:
            return
        left = wished[point].copy()
        for other, share in self.carried.get(point, {}).items():
            if other in wished:
                self._add_own(other, wished, own)
                left -= share * own.get(other, np.zeros(3))
        own[point] = left

    def _moved(self, kinds: Mapping[str, _Row]) -> dict[str, np.ndarray]:
        return {
            point: unit * np.array(move) @ self.axes
            for point, move in kinds.get("move", {}).items()
            if (unit := self._unit(point)) > 0.0
        }

    def _shut(self, kinds: Mapping[str, _Row]) -> dict[str, np.ndarray]:
        """Lids go the share of the way to the other lid."""
        return {
            point: share * self._between(point, _other_lid(point))
            for point, share in kinds.get("shut", {}).items()
        }

    def _left_by_jaw(self, kinds: Mapping[str, _Row]) -> dict[str, np.ndarray]:
        """Moves that leave points where a jaw that is opened by the same amount would take them
        with the given share of its turn.
        """
        if "jaw" not in self.bones:
            return {}
        turn = np.array(_both_sides()["jawOpen"]["turn"]["jaw"]) @ self.axes
        hinge = self.bones["jaw"].head
        moves: dict[str, np.ndarray] = {}
        for point, share in kinds.get("with_jaw", {}).items():
            if point in self.bones:
                more = _CLOSED_AT * (share - self.with_jaw.get(point, 0.0))
                arm = self.bones[point].head - hinge
                moves[point] = (_turned(arm, more * turn) - arm) / _CLOSED_AT
        return moves

    def _unit(self, point: str) -> float:
        """The length that a point's moves are told in; 0 where the face does not have it."""
        unit = _units()[point]
        if unit == "mouth":
            return 0.5 * float(np.linalg.norm(self._between("corner.L", "corner.R")))
        if unit == "opening":
            return float(np.linalg.norm(self._between("lid_upper_mid.L", "lid_lower_mid.L")))
        eye = self.eyes.get("left_eye" if point.endswith(".L") else "right_eye")
        if eye is None or point not in self.bones:
            return 0.0
        return float(np.linalg.norm(self.bones[point].head - eye.head))

    def _between(self, point: str, other: str) -> np.ndarray:
        """(3,): from one point to another; 0 where one is missing."""
        if point in self.bones and other in self.bones:
            return np.asarray(self.bones[other].head - self.bones[point].head, np.float64)
        return np.zeros(3)


def _in_bone(bone: BoneRest, vector: np.ndarray | None) -> Axis:
    """A vector of the armature in the bone's own space."""
    if vector is None:
        return (0.0, 0.0, 0.0)
    x, y, z = (bone.rest.T @ vector).tolist()
    return (x, y, z)


def _turned(arm: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """`arm` (3,) turned by the rotation vector `turn` (3,) (Rodrigues)."""
    angle = float(np.linalg.norm(turn))
    if angle == 0.0:
        return arm
    axis = turn / angle
    along = axis * (axis @ arm)
    return along + np.cos(angle) * (arm - along) + np.sin(angle) * np.cross(axis, arm)


def _other_lid(point: str) -> str:
    swap = ("upper", "lower") if "upper" in point else ("lower", "upper")
    return point.replace(*swap)


def _mirrored(name: str) -> str:
    """`brow.T.L.001` is `brow.T.R.001`; what has no side is itself."""
    swap = (".L", ".R") if ".L" in name else (".R", ".L")
    return name.replace(*swap)


def _mirrored_keys(table: Mapping[str, Any]) -> dict[str, Any]:
    """The other side of a rig's table: names of points, and what they stand for."""

    def other(value: Any) -> Any:
        if isinstance(value, str):
            return _mirrored(value)
        return _mirrored_keys(value) if isinstance(value, dict) else value

    return {_mirrored(key): other(value) for key, value in table.items()}


@cache
def _units() -> Mapping[str, str]:
    """By point, what its moves are told in: half the `mouth`'s width, the `opening` of an eye, or
    how far off a `gaze` is aimed.
    """
    units = read_table("bone_moves")["units"].items()
    left = {point: unit for unit, row in units for point in row}
    return {**left, **{_mirrored(point): unit for point, unit in left.items()}}


@cache
def _both_sides() -> Mapping[str, Mapping[str, _Row]]:
    """The moves of all channels: those of the right from the left, those of both with both."""
    found: dict[str, Mapping[str, _Row]] = {}
    for channel, kinds in read_table("bone_moves")["channels"].items():
        other = {kind: _seen_in_mirror(kind, rows) for kind, rows in kinds.items()}
        if "Left" in channel:
            found[channel], found[channel.replace("Left", "Right")] = kinds, other
        else:
            found[channel] = {kind: {**other[kind], **rows} for kind, rows in kinds.items()}
    return found


def _seen_in_mirror(kind: str, rows: _Row) -> dict[str, Any]:
    signs = (1.0, -1.0, -1.0) if kind == "turn" else (-1.0, 1.0, 1.0)
    return {
        _mirrored(point): [s * v for s, v in zip(signs, value, strict=True)]
        if isinstance(value, list)
        else value
        for point, value in rows.items()
    }

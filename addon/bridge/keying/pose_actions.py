"""Actions that hold a face posed with bones: pose assets, and others with keys at one frame."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Final

import bpy
from mathutils import Euler, Quaternion, Vector

from ....emotalk_core.retarget import PosedBone
from ....emotalk_core.rigs.matching import is_known
from ....emotalk_core.rigs.poses import match_poses
from .. import compat

__all__ = ["as_read_before", "face_poses", "is_face_pose"]

_PATH: Final = re.compile(r'pose\.bones\["((?:[^"\\]|\\.)*)"\]\.(\w+)')
_NUMBER: Final = re.compile(r"\.\d{3,}$")  # Blender's own, where a name is there already
_TURNS: Final = {"rotation_quaternion": 4, "rotation_axis_angle": 4, "rotation_euler": 3}
_STILL: Final = 1e-5  # radians, or lengths, that nobody sees


@dataclass
class _State:
    """What was read last, and whether it may be used again."""

    may_reuse: bool = False
    asked: object = None
    poses: Mapping[str, Sequence[PosedBone]] = field(default_factory=dict)


_state: Final = _State()

_Values = dict[str, dict[int, float]]  # by property, then array index


@contextlib.contextmanager
def as_read_before() -> Generator[None]:
    """While this lasts poses are taken as they were read last, where bones and Actions have their
    names still: who drags a slider poses nothing meanwhile, and to read them all takes long.
    """
    _state.may_reuse = True
    try:
        yield
    finally:
        _state.may_reuse = False


def face_poses(armature: bpy.types.Object) -> Mapping[str, Sequence[PosedBone]]:
    """Of pose assets and other Actions of one frame whose names are known, by name."""
    modes = {bone.name: bone.rotation_mode for bone in armature.pose.bones}
    names = tuple(action.name for action in bpy.data.actions)
    asked = armature.session_uid, tuple(modes.items()), names
    if not (_state.may_reuse and _state.asked == asked):
        _state.asked, _state.poses = asked, _read_poses(armature, modes)
    return _state.poses


def _read_poses(
    armature: bpy.types.Object, modes: Mapping[str, str]
) -> Mapping[str, Sequence[PosedBone]]:
    poses = {}
    for name, (_action, curves) in _pose_actions(armature).items():
        bones = tuple(_posed_bones(curves, modes))
        if bones:
            poses[name] = bones
    return poses


def is_face_pose(armature: bpy.types.Object, action: Any) -> bool:
    """Whether an Action is no animation, but one of the poses that the face may speak by."""
    return any(action == pose for pose, _curves in _pose_actions(armature).values())


def _pose_actions(armature: bpy.types.Object) -> dict[str, tuple[Any, Sequence[Any]]]:
    """By name, with their curves. Those of other armatures are not asked what names mean: each
    character may follow a convention of its own, and Blender numbers the names that several have.
    """
    bones = armature.pose.bones
    found: dict[str, tuple[Any, Sequence[Any]]] = {}
    for action in sorted(bpy.data.actions, key=partial(_rank, armature)):
        name = _NUMBER.sub("", action.name)
        if name not in found and is_known(name):
            curves = compat.curves_of_poses(action)
            is_of_it = any(_place_in(curve.data_path)[0] in bones for curve in curves)
            if is_of_it and _is_pose(action, curves):
                found[name] = action, curves
    known = _known(tuple(found))
    return {name: found[name] for name in found if name in known}


def _rank(armature: bpy.types.Object, action: Any) -> tuple[bool, bool, bool]:
    """Those that came with the character go first: a local one of that name is another's. Then
    those of this file.
    """
    override = armature.override_library
    library = override.reference.library if override else armature.library
    is_linked = action.library is not None
    return action.library != library, is_linked, bool(_NUMBER.search(action.name))


@lru_cache(maxsize=8)
def _known(names: tuple[str, ...]) -> frozenset[str]:
    # Asked at every move of a slider, and always about the same names.
    return frozenset(key for key, *_ in match_poses(names).recipes())


def _is_pose(action: Any, curves: Sequence[Any]) -> bool:
    if action.asset_data is not None:
        return bool(curves)
    frames: set[float] = set()
    for curve in curves:
        frames |= {*curve.range()} if len(curve.keyframe_points) else set()
        if len(frames) > 1:  # most Actions move, and have curves by the hundred
            return False
    return bool(frames)


def _posed_bones(curves: Sequence[Any], modes: Mapping[str, str]) -> Iterator[PosedBone]:
    """What the curves do with the bones that are there, by name with their rotation modes."""
    values: dict[str, _Values] = {}
    for curve in curves:
        name, prop = _place_in(curve.data_path)
        if name in modes and len(curve.keyframe_points) and not curve.mute:
            value = curve.keyframe_points[0].co[1]
            values.setdefault(name, {}).setdefault(prop, {})[curve.array_index] = value
    for name, moved in values.items():
        posed = PosedBone(
            name,
            _turn(moved, modes[name]),
            _offsets(moved.get("location", {}), 0.0),
            _offsets(moved.get("scale", {}), 1.0),
            modes[name],
        )
        if any((*posed.turn, *posed.move, *posed.scale)):
            yield posed


@lru_cache(maxsize=4096)
def _place_in(path: str) -> tuple[str, str]:
    """Bone and property of a data path; empty where it is none of a bone's own."""
    found = _PATH.fullmatch(path)
    return (re.sub(r"\\(.)", r"\1", found[1]), found[2]) if found else ("", "")


def _turn(moved: _Values, mode: str) -> tuple[float, float, float]:
    """A rotation vector; of several properties the one of the bone's mode."""
    kinds = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    wanted = kinds.get(mode, "rotation_euler")
    name = next((name for name in (wanted, *_TURNS) if name in moved), None)
    if name is None:
        return (0.0, 0.0, 0.0)
    rest = 1.0 if name == "rotation_quaternion" else 0.0
    numbers = [moved[name].get(i, 0.0 if i else rest) for i in range(_TURNS[name])]
    if name == "rotation_euler":
        turn = Euler(numbers, mode if wanted == name else "XYZ").to_quaternion()
    elif name == "rotation_axis_angle":
        turn = Quaternion(numbers[1:], numbers[0])
    else:
        turn = Quaternion(numbers)
    turn.normalize()
    if turn.w < 0.0:  # the same turn the long way round
        turn.negate()
    return _visible(turn.to_exponential_map())


def _offsets(values: Mapping[int, float], rest: float) -> tuple[float, float, float]:
    return _visible(Vector([values.get(i, rest) - rest for i in range(3)]))


def _visible(vector: Vector) -> tuple[float, float, float]:
    x, y, z = vector if vector.length > _STILL else (0.0, 0.0, 0.0)
    return (x, y, z)

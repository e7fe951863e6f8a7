"""How an artist has posed the bones that we turn: what a head does comes on top of it."""

from __future__ import annotations

from typing import Any, Final

import bpy
from mathutils import Euler, Quaternion

from ....emotalk_core.keys.tables import escape
from ....emotalk_core.rigs.rotation import UNPOSED, Pose
from .. import compat
from . import before, own_actions

__all__ = ["poses_of"]

_NEARLY: Final = 1e-5  # radians that nobody sees
_KINDS: Final = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}


def poses_of(armature: bpy.types.Object) -> dict[str, Pose]:
    """Where bones are turned to by hand, by name: before our first take, or now. None that a body's
    animation turns: our keys are played on top of that.
    """
    data = armature.animation_data
    if data is not None and (len(data.nla_tracks) or _is_others(data.action)):
        return {}
    kept = before.kept_values(armature)
    driven = {curve.data_path for curve in compat.fcurves_of(armature)}
    poses = {}
    for bone in armature.pose.bones:
        kind = _KINDS.get(bone.rotation_mode, "rotation_euler")
        path = f'pose.bones["{escape(bone.name)}"].{kind}'
        values = [*getattr(bone, kind)]
        if path in driven:  # by us, so it is in the middle of a word now
            values = [kept.get((path, i)) for i in range(len(values))]
        if None not in values and (pose := _pose(bone.rotation_mode, values)) != UNPOSED:
            poses[bone.name] = pose
    return poses


def _is_others(action: Any) -> bool:
    return action is not None and not own_actions.is_ours(action)


def _pose(mode: str, values: list[Any]) -> Pose:
    if mode == "QUATERNION":
        turn = Quaternion(values)
    elif mode == "AXIS_ANGLE":
        turn = Quaternion(values[1:], values[0])
    else:
        turn = Euler(values, mode).to_quaternion()
    if turn.magnitude == 0.0 or turn.normalized().angle < _NEARLY:
        return UNPOSED
    w, x, y, z = turn.normalized()
    return (w, x, y, z)

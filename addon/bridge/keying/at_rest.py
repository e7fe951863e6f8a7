"""The scene without our own layer: heads and eyes as they are before anything of ours turns them.

What somebody looks at is measured there, so that it does not depend on what was keyed before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any, Final

import bpy
from mathutils import Matrix

from .. import compat
from . import before, own_actions

__all__ = ["may_move", "without_ours"]

_SAME: Final = 1e-6  # of a matrix: less has nobody moved


@contextlib.contextmanager
def without_ours(scene: bpy.types.Scene) -> Generator[None]:
    """While this lasts no bone is turned by keys of ours, and the scene's frame may be set; then
    all is as it was, changes without a key included.
    """
    frame, subframe = scene.frame_current, scene.frame_subframe
    things = [thing for thing in scene.objects if thing.animation_data is not None]
    bones = [bone for thing in things if thing.pose is not None for bone in thing.pose.bones]
    placed = [(owner, owner.matrix_basis.copy()) for owner in (*things, *bones)]
    muted = [curve for thing in things for curve in _put_to_rest(thing)]
    try:
        yield
    finally:
        for curve in muted:
            curve.mute = False
        scene.frame_set(frame, subframe=subframe)
        for owner, was in placed:
            if not _is_same(owner.matrix_basis, was):
                owner.matrix_basis = was


def _put_to_rest(thing: Any) -> list[Any]:
    """Mute the curves of ours that turn its bones, and turn these as they were before; the curves
    that were muted.
    """
    kept = before.kept_values(thing)
    curves = [curve for curve in _curves_of_ours(thing) if not curve.mute]
    for curve in curves:
        curve.mute = True
        path = curve.data_path, curve.array_index
        before.set_value(thing, path, kept[path])
    return curves


def _curves_of_ours(thing: Any) -> list[Any]:
    """Those of an armature's active Action that we have keyed: what was there before is kept."""
    if thing.type != "ARMATURE" or not own_actions.is_ours(thing.animation_data.action):
        return []
    kept = before.kept_values(thing)
    curves = compat.fcurves_of(thing) or ()
    return [curve for curve in curves if (curve.data_path, curve.array_index) in kept]


def _is_same(now: Matrix, was: Matrix) -> bool:
    rows = zip(now, was, strict=True)
    return all((one - other).length < _SAME for one, other in rows)


def may_move(thing: Any) -> bool:
    """Whether something but ours, and but a script, may move it from frame to frame."""
    while thing is not None:
        if _is_moved(thing) or len(thing.constraints) or thing.rigid_body is not None:
            return True
        if thing.type == "ARMATURE" and (
            _is_moved(thing.data) or any(len(bone.constraints) for bone in thing.pose.bones)
        ):
            return True
        thing = thing.parent
    return False


def _is_moved(block: Any) -> bool:
    data = block.animation_data
    if data is None:
        return False
    if len(data.drivers) or len(data.nla_tracks):
        return True
    curves = compat.fcurves_of(block) or ()
    is_thing = isinstance(block, bpy.types.Object)
    return len(curves) > (len(_curves_of_ours(block)) if is_thing else 0)

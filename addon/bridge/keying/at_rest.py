"""The scene without our own layer: heads and eyes as they are before anything of ours turns them.

What somebody looks at is measured there, so that it does not depend on what was keyed before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import bpy
from mathutils import Matrix

from .. import compat
from . import before, own_actions

__all__ = ["alone", "may_move", "without_ours"]

_SHAPES: Final = frozenset({"MESH", "CURVE", "CURVES", "SURFACE", "META", "FONT", "POINTCLOUD"})
"""What takes long to evaluate."""

_HIDDEN: Final = True

_SAME: Final = 1e-6  # of a matrix: less has nobody moved
_ITSELF: Final = ""  # no bone has that name

_T = TypeVar("_T")


@contextlib.contextmanager
def without_ours(scene: bpy.types.Scene) -> Generator[None]:
    """While this lasts no bone is turned by keys of ours, and the scene's frame may be set; then
    all is as it was, changes without a key included, but for what was deleted meanwhile.
    """
    frame, subframe = scene.frame_current, scene.frame_subframe
    things = [thing for thing in scene.objects if thing.animation_data is not None]
    placed = [(thing, _places(thing)) for thing in things]
    muted = [(thing, _put_to_rest(thing)) for thing in things]
    try:
        yield
    finally:
        for thing, paths in _still_there(muted):
            _unmute(thing, paths)
        with contextlib.suppress(ReferenceError):
            scene.frame_set(frame, subframe=subframe)
        for thing, places in _still_there(placed):
            _put_back(thing, places)


@contextlib.contextmanager
def alone(scene: bpy.types.Scene, things: Iterable[Any]) -> Generator[None]:
    """While this lasts `things` and what they hang on are evaluated, switched off or not, and no
    other shape unless one of them depends on it: two demo characters play forty times as fast.
    """
    things, top = [*things], scene.collection.objects
    needed = {above for thing in things for above in _chain(thing)}
    wanted = {thing: False for thing in needed if thing.hide_viewport}
    # Their collections may be switched off; the scene's own cannot be.
    lent = [thing for thing in dict.fromkeys(things) if thing not in top[:]]
    if scene.rigidbody_world is None:  # it falls with all of its bodies or with none
        others = (thing for thing in scene.objects if thing not in needed and _is_shape(thing))
        wanted |= dict.fromkeys(others, _HIDDEN)
    # Blender deselects what is hidden.
    selected = [
        (thing, layer.name)
        for layer in scene.view_layers
        for thing in layer.objects
        if thing in wanted and thing.select_get(view_layer=layer)
    ]
    for thing, is_hidden in wanted.items():
        thing.hide_viewport = is_hidden
    for thing in lent:
        top.link(thing)
    try:
        yield
    finally:
        with contextlib.suppress(ReferenceError):  # the scene was deleted
            _switch_back(scene, lent, wanted, selected)


def _switch_back(
    scene: bpy.types.Scene, lent: Sequence[Any], wanted: Mapping[Any, bool], selected: Sequence[Any]
) -> None:
    """As `alone` found everything that is still there."""
    top = scene.collection.objects
    for thing, _ in _still_there((thing, None) for thing in lent):
        if thing in top[:]:
            top.unlink(thing)
    for thing, is_hidden in _still_there(wanted.items()):
        thing.hide_viewport = not is_hidden
    for layer in scene.view_layers:
        layer.update()
    for thing, name in _still_there(selected):
        layer = scene.view_layers.get(name)
        if layer is not None and thing in layer.objects[:]:
            thing.select_set(state=True, view_layer=layer)


def _still_there(pairs: Iterable[tuple[Any, _T]]) -> list[tuple[Any, _T]]:
    """Those whose object nobody has deleted meanwhile."""
    return [(thing, what) for thing, what in pairs if _is_there(thing)]


def _is_there(thing: Any) -> bool:
    try:
        return bool(thing.session_uid)
    except ReferenceError:
        return False


def _is_shape(thing: Any) -> bool:
    is_free = thing.is_editable and thing.mode == "OBJECT" and not thing.hide_viewport
    return is_free and thing.type in _SHAPES


def _chain(thing: Any) -> Iterator[Any]:
    """It and what it hangs on."""
    while thing is not None:
        yield thing
        thing = thing.parent


def _places(thing: Any) -> dict[str, Matrix]:
    """Where it is, and each of its bones by name."""
    bones = thing.pose.bones if thing.pose is not None else ()
    return {_ITSELF: thing.matrix_basis.copy()} | {b.name: b.matrix_basis.copy() for b in bones}


def _put_back(thing: Any, places: Mapping[str, Matrix]) -> None:
    for name, was in places.items():
        owner = thing.pose.bones.get(name) if name != _ITSELF and thing.pose else thing
        if owner is not None and not _is_same(owner.matrix_basis, was):
            owner.matrix_basis = was


def _unmute(thing: Any, paths: Iterable[tuple[str, int]]) -> None:
    curves = compat.fcurves_of(thing)
    for path, index in paths if curves else ():
        curve = curves.find(path, index=index)
        if curve is not None:
            curve.mute = False


def _put_to_rest(thing: Any) -> list[tuple[str, int]]:
    """Mute the curves of ours that turn its bones, and turn these as they were before; data paths
    and array indices of the curves that were muted.
    """
    kept = before.kept_values(thing)
    curves = [curve for curve in _curves_of_ours(thing) if not curve.mute]
    for curve in curves:
        curve.mute = True
    paths = [(curve.data_path, curve.array_index) for curve in curves]
    for path in paths:
        before.set_value(thing, path, kept[path])
    return paths


def _curves_of_ours(thing: Any) -> list[Any]:
    """Those of an armature's active Action that we have keyed: what was there before is kept."""
    if thing.type != "ARMATURE" or not own_actions.is_ours(thing.animation_data.action):
        return []
    kept = before.kept_values(thing)
    curves = compat.fcurves_of(thing)
    return [curve for curve in curves if (curve.data_path, curve.array_index) in kept]


def _is_same(now: Matrix, was: Matrix) -> bool:
    rows = zip(now, was, strict=True)
    return all((one - other).length < _SAME for one, other in rows)


def may_move(thing: Any) -> bool:
    """Whether something but ours, and but a script, may move it from frame to frame."""
    return any(
        _is_moved(one)
        or len(one.constraints) > 0
        or one.rigid_body is not None
        or (one.type == "ARMATURE" and _has_moving_bones(one))
        for one in _chain(thing)
    )


def _has_moving_bones(armature: Any) -> bool:
    return _is_moved(armature.data) or any(len(bone.constraints) for bone in armature.pose.bones)


def _is_moved(block: Any) -> bool:
    data = block.animation_data
    if data is None:
        return False
    if len(data.drivers) or len(data.nla_tracks):
        return True
    curves = compat.fcurves_of(block)
    is_thing = isinstance(block, bpy.types.Object)
    return len(curves) > (len(_curves_of_ours(block)) if is_thing else 0)

"""Heads without shape keys, and a stand-in for what makes them: known shapes, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np

UP = np.array([0.0, 0.0, 0.25])
EYE_CHANNELS = ("eyeLookUpLeft", "eyeLookDownLeft")


class Maker:
    """In place of `make_shapes`: every channel moves the skin up, two move what comes next."""

    def __init__(self) -> None:
        self.meshes: Sequence[Any] = ()
        self.guides: Mapping[str, np.ndarray] = {}
        self.turn_eyes = True
        self.error: Exception | None = None

    def __call__(self, meshes: Any, guides: Any, progress: Any, *, turn_eyes: bool) -> Any:
        from emotalk.emotalk_core.arkit import CHANNELS
        from emotalk.emotalk_core.heads.new_shapes import NewShapes

        self.meshes, self.guides, self.turn_eyes = meshes, guides, turn_eyes
        progress(0.5, "Making shapes")
        if self.error is not None:
            raise self.error
        skin, *others = meshes
        shapes = [dict.fromkeys(CHANNELS, np.tile(UP, (len(skin.vertices), 1)))]
        for number, other in enumerate(others):
            names = EYE_CHANNELS if number == 0 else ()
            shapes.append(dict.fromkeys(names, np.tile(UP, (len(other.vertices), 1))))
        return NewShapes(tuple(shapes), ("The lips are shut",))


def add_ball(name: str, at: Sequence[float] = (0.0, 0.0, 0.0), radius: float = 1.0) -> Any:
    """A ball of quads and triangles in the scene, its origin in the world's, active."""
    rings, around = 5, 8
    tilt = np.pi * np.arange(1, rings + 1) / (rings + 1)
    turn = 2 * np.pi * np.arange(around) / around
    ring = [(np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)) for a in tilt for b in turn]
    points = radius * np.array([*ring, (0, 0, 1), (0, 0, -1)]) + at
    quads = [
        (i * around + j, (i + 1) * around + j, (i + 1) * around + k, i * around + k)
        for i in range(rings - 1)
        for j, k in zip(range(around), (*range(1, around), 0), strict=True)
    ]
    top, last = len(points) - 2, (rings - 1) * around
    caps = [
        face
        for j, k in zip(range(around), (*range(1, around), 0), strict=True)
        for face in ((top, j, k), (top + 1, last + k, last + j))
    ]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points.tolist(), [], [*quads, *caps])
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    bpy.context.view_layer.update()
    return thing


def guides_of(thing: Any) -> dict[str, Any]:
    """The empties that hang on it, by the name of the guide."""
    from emotalk.addon.bridge.characters import guided_by

    return {one["emotalk_guide"]: one for one in bpy.data.objects if guided_by(one) == thing}


def in_window(screen: Any, name: str, **properties: Any) -> Any:
    """An operator of this noun by hand in that window, at work. Blender makes operators itself, so
    this is its methods.
    """
    from emotalk.addon.operators import new_keys
    from emotalk.addon.operators.background import BackgroundOperator
    from emotalk.addon.operators.base import EmoTalkOperator

    methods: dict[str, Any] = {"said": [], **properties}
    methods["properties"] = SimpleNamespace(is_property_set=properties.__contains__)
    for cls in (EmoTalkOperator, BackgroundOperator, getattr(new_keys, f"EMOTALK_OT_{name}")):
        methods |= {n: v for n, v in vars(cls).items() if not n.startswith(("__", "bl_", "poll"))}
    methods["report"] = lambda self, _kind, text: self.said.append(text)
    operator = type("Operator", (), methods)()
    assert operator._start(screen) == {"RUNNING_MODAL"}
    return operator


def keys_on(thing: Any) -> list[str]:
    """Its shape keys, in order."""
    keys = thing.data.shape_keys
    return [block.name for block in keys.key_blocks] if keys else []


def moved_by(thing: Any, key: str) -> np.ndarray:
    """Deltas (N, 3) of a key, in the object's own coordinates."""
    block = thing.data.shape_keys.key_blocks[key]
    pairs = zip(block.points, block.relative_key.points, strict=True)
    return np.array([there.co - here.co for there, here in pairs])

"""Curves by channel become curves by key and bone, and these the keys of F-curves. No Blender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..rigs.binding import BoneId, BoneTarget, Driven
from ..rigs.parts import WHOLE_FACE, part_of_face
from ..rigs.rotation import UNPOSED, rotation_curves
from .thinning import thinned

__all__ = ["KeyTable", "driven_values", "escape", "key_tables"]


@dataclass(frozen=True, eq=False)
class KeyTable:
    """The keys of one F-curve."""

    object_name: str
    block: str  # "shape_keys": the object's Key data-block; "object": the object itself (bones)
    data_path: str  # from that data-block: key_blocks["jawOpen"].value
    array_index: int
    frames: np.ndarray  # float64 (K,), scene frames, rising
    values: np.ndarray  # float32 (K,)
    rest: float = 0.0  # of a face that says and feels nothing
    is_speech: bool = False  # it moves with what speaks alone
    parts_lips: bool = False  # it opens or shuts them besides
    part: str = WHOLE_FACE  # what it moves, in animators' words


def driven_values(
    sampled: np.ndarray, channels: Sequence[str], driven: Sequence[Driven]
) -> list[np.ndarray]:
    """One float32 (K,) for each of `driven`; equal recipes give the same array object."""
    column = {name: i for i, name in enumerate(channels)}
    known: dict[tuple[object, ...], int] = {}
    recipes: list[Driven] = []
    for item in driven:
        if known.setdefault(item.recipe, len(recipes)) == len(recipes):
            recipes.append(item)
    weights = np.zeros((len(channels), len(recipes)), np.float32)
    for number, item in enumerate(recipes):
        for channel, weight in item.sources:
            if channel in column:
                weights[column[channel], number] += weight * item.gain
    offsets, lower, upper = (
        np.array([getattr(item, name) for item in recipes], np.float32)
        for name in ("offset", "lower", "upper")
    )
    values = np.ascontiguousarray(np.clip(sampled @ weights + offsets, lower, upper).T)
    return [values[known[item.recipe]] for item in driven]


def key_tables(
    driven: Sequence[Driven],
    frames: np.ndarray,
    values: Sequence[np.ndarray],
    rests: Sequence[np.ndarray],
    max_error: float,
    *,
    is_held: bool = False,
) -> list[KeyTable]:
    """Keys of every target: shape keys in the order of `driven`, then bones. Curves with equal
    sources share their arrays.

    Parameters
    ----------
    frames : float64 (K,)
        Scene frames, rising.
    values, rests : sequence of float32 (K,) and (1,)
        For each of `driven`: its curve, and what a silent face gives.
    max_error : float
        Largest change that leaving out keys may make to what moves by 1; 0 keeps every key.
    is_held : bool
        Whether keys stay until the next one.
    """
    layout = partial(thinned, is_held=is_held)
    kept: dict[tuple[object, ...], tuple[np.ndarray, np.ndarray]] = {}
    tables: list[KeyTable] = []
    bones: dict[BoneId, list[tuple[BoneTarget, np.ndarray]]] = {}
    sources: dict[BoneId, list[tuple[str, float]]] = {}  # of bones
    felt: set[BoneId] = set()  # bones that do more than speak
    for item, curve, rest in zip(driven, values, rests, strict=True):
        if isinstance(item.target, BoneTarget):
            turn = item.target, np.concatenate([curve, rest])  # rest is turned as curves are
            bones.setdefault(item.target.bone_id, []).append(turn)
            sources.setdefault(item.target.bone_id, []).extend(item.sources)
            felt |= set() if item.is_speech else {item.target.bone_id}
            continue
        if item.recipe not in kept:
            kept[item.recipe] = layout(frames, curve, max_error=max_error)
        path, keys = f'key_blocks["{escape(item.target.key)}"].value', kept[item.recipe]
        name, end = item.target.object_name, (float(rest[0]), item.is_speech, item.parts_lips)
        part = part_of_face(item.sources)
        tables.append(KeyTable(name, "shape_keys", path, 0, *keys, *end, part))
    for bone_id, parts in bones.items():
        object_name, bone = bone_id[:2]
        path, curves = _bone_curves(parts)
        full = f'pose.bones["{escape(bone)}"].{path}'
        furthest = max(float(np.linalg.norm(target.axis)) for target, _curve in parts)
        for number, curve in curves:
            keys = layout(frames, curve[:-1], max_error=max_error * furthest)
            end = float(curve[-1]), bone_id not in felt, False, part_of_face(sources[bone_id])
            tables.append(KeyTable(object_name, "object", full, number, *keys, *end))
    return tables


def _bone_curves(
    parts: Sequence[tuple[BoneTarget, np.ndarray]],
) -> tuple[str, list[tuple[int, np.ndarray]]]:
    """Property of one bone, and the index and float32 (K,) values of each of its curves."""
    target, moves = parts[0][0], [(part.axis, curve) for part, curve in parts]
    if target.kind == "turn":
        # A pose says where its bones turn to from rest; a head that nods besides does so from where
        # somebody has put it.
        posed = next((part.posed for part, _curve in parts if part.posed != UNPOSED), UNPOSED)
        path, curves = rotation_curves(target.rotation_mode, moves, posed)
        return path, [*enumerate(curves)]
    axes = np.array([axis for axis, _curve in moves])
    vectors = np.column_stack([curve for _axis, curve in moves]) @ axes
    rest = 1.0 if target.kind == "scale" else 0.0
    moved = np.flatnonzero(axes.any(axis=0))  # the others stay as somebody has set them
    path = "scale" if target.kind == "scale" else "location"
    return path, [(int(i), (rest + vectors[:, i]).astype(np.float32)) for i in moved]


def escape(name: str) -> str:
    r"""`name` as Blender writes it between quotes in a data path.

    >>> escape('say "aah"')
    'say \\"aah\\"'
    """
    return name.replace("\\", "\\\\").replace('"', '\\"')

"""The skin: face with lids and lips, inner mouth, ears and neck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .base_head import BaseHead, neighbours, rings
from .part import Part, blend, bump, hex_colour, smoothstep
from .warp import EYE_CENTRE, EYE_RADIUS, EYE_SCALE, bend, eye_centre, mould

SOCKET_FLOOR = 3847  # vertex at the back of the left eye socket; the lids are rings around it
SOCKET_RINGS = 17  # rings that are hidden behind the eyeball
LID_RINGS = (18, 28)  # from the edge that touches the eyeball to the lids' outside
LID_CLEARANCE = 0.45  # mm between lid and eyeball

GAINS = {
    "brow": 1.45, "eyeWide": 1.4, "eyeSquint": 1.25, "mouthFrown": 1.45, "noseSneer": 1.35,
    "mouthUpperUp": 1.15, "mouthLowerDown": 1.25, "mouthStretch": 1.15,
}  # fmt: skip
SMILE_GAIN = 0.86
JAW_GAIN = 0.92

BASE = hex_colour("F0BE9C")
BLUSH = hex_colour("EE8A74")
LIPS = hex_colour("CC5F60")
LIDS = hex_colour("D99C84")
SHADE = hex_colour("DDA183")
NOSTRIL = hex_colour("7A3B33")
MOUTH_INSIDE = hex_colour("6E2129")


@dataclass(frozen=True, eq=False)
class Skin:
    """The skin, and what the parts that lie on it need to know of it."""

    part: Part
    lid_level: Mapping[int, np.ndarray]  # side -> ring number (N,) around that eye, -1 elsewhere


def build_skin(base: BaseHead) -> Skin:
    """The stylised skin with all its shapes."""
    rest = base.skin.vertices
    near = neighbours(base.skin.faces, len(rest))
    levels = {side: rings(near, _socket_floor(rest, side), 30) for side in (1, -1)}
    offsets = mould(rest)
    vertices = _clear_eyes(bend(rest) + offsets, levels)
    shapes = {
        name: _clear_eyes(bend(rest + delta * _gain(name)) + offsets, levels) - vertices
        for name, delta in base.skin.shapes.items()
    }
    hidden = (levels[1] >= 0) & (levels[1] < SOCKET_RINGS)
    hidden |= (levels[-1] >= 0) & (levels[-1] < SOCKET_RINGS)
    neck = smoothstep(585.0, 545.0, rest[:, 1]) * smoothstep(95.0, 60.0, rest[:, 2])
    part = Part(
        "Skin", "Skin", vertices, _visible_faces(base.skin.faces, hidden),
        _colours(rest, base.lip_mask, levels), shapes, {"head": 1.0 - neck, "neck": neck}, 1,
    )  # fmt: skip
    return Skin(part, levels)


def _gain(name: str) -> float:
    if name.startswith("mouthSmile"):
        return SMILE_GAIN
    if name in ("jawOpen", "mouthClose"):
        return JAW_GAIN
    return next((gain for start, gain in GAINS.items() if name.startswith(start)), 1.0)


def _socket_floor(rest: np.ndarray, side: int) -> int:
    mirrored = rest[SOCKET_FLOOR] * (side, 1.0, 1.0)
    return int(np.argmin(np.linalg.norm(rest - mirrored, axis=1)))


def _visible_faces(faces: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, ...]:
    faces = faces[~hidden[faces].any(axis=1)]
    triangles = faces[:, 3] < 0
    blocks = (faces[~triangles], faces[triangles][:, :3])
    return tuple(block for block in blocks if len(block))


def _clear_eyes(points: np.ndarray, levels: Mapping[int, np.ndarray]) -> np.ndarray:
    """The points with every lid vertex outside its eyeball."""
    cleared = points.copy()
    for side, level in levels.items():
        lid = np.flatnonzero((level >= LID_RINGS[0]) & (level < LID_RINGS[1]))
        centre = eye_centre(side)
        away = points[lid] - centre
        radius = np.linalg.norm(away, axis=1)
        # The ring at the edge goes in: it closes the slit between lid and eyeball.
        edge = level[lid] == LID_RINGS[0]
        least = EYE_RADIUS * EYE_SCALE + np.where(edge, -1.2, LID_CLEARANCE)
        wanted = np.where(edge, least, np.maximum(radius, least))
        cleared[lid] = centre + away * (wanted / radius)[:, None]
    return cleared


def _colours(
    rest: np.ndarray, lip_mask: np.ndarray, levels: Mapping[int, np.ndarray]
) -> np.ndarray:
    colours = np.tile(np.asarray(BASE), (len(rest), 1))
    colours = blend(colours, SHADE, 0.5 * smoothstep(600.0, 560.0, rest[:, 1]))
    for side in (1.0, -1.0):
        colours = blend(colours, BLUSH, 0.62 * bump(rest, (side * 45, 647, 118), (17, 14, 40)))
        colours = blend(colours, BLUSH, 0.5 * smoothstep(68.0, 80.0, side * rest[:, 0]))
    colours = blend(colours, BLUSH, 0.6 * bump(rest, (0.0, 648.0, 158.0), (13, 10, 16)))
    colours = blend(colours, BLUSH, 0.25 * bump(rest, (0.0, 580.0, 130.0), (18, 12, 25)))
    colours = blend(colours, LIDS, _lid_weight(rest, levels))
    colours = blend(colours, LIPS, lip_mask * _lip_weight(rest))
    depth = _depth(rest)
    inside = smoothstep(6.0, 14.0, depth)
    colours = blend(colours, NOSTRIL, smoothstep(4.0, 9.0, depth) * (rest[:, 1] > 632.0))
    return blend(colours, MOUTH_INSIDE, inside * (rest[:, 1] <= 634.0))


def _lid_weight(rest: np.ndarray, levels: Mapping[int, np.ndarray]) -> np.ndarray:
    weight = np.zeros(len(rest))
    for side, level in levels.items():
        upper = rest[:, 1] > EYE_CENTRE[1] - 3.0
        margin = (level >= LID_RINGS[0]) & (level < LID_RINGS[1])
        away = np.linalg.norm(rest - EYE_CENTRE * (side, 1, 1), axis=1)
        fade = smoothstep(25.0, 17.0, away)
        weight = np.maximum(weight, np.where(margin, fade * np.where(upper, 0.85, 0.45), 0.0))
    return weight


def _lip_weight(rest: np.ndarray) -> np.ndarray:
    return np.where(np.abs(rest[:, 0]) > 21.5, 0.55, 1.0)


def _depth(rest: np.ndarray) -> np.ndarray:
    """How far (N,) behind the face's front each vertex of mouth and nose lies, mm."""
    depth = np.zeros(len(rest))
    middle = np.flatnonzero(
        (np.abs(rest[:, 0]) < 36.0) & (rest[:, 2] > 40.0)
        & (rest[:, 1] > 575.0) & (rest[:, 1] < 662.0)
    )  # fmt: skip
    points = rest[middle]
    apart = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=-1)
    front = np.where(apart < 3.0, points[None, :, 2], -np.inf).max(axis=1)
    depth[middle] = front - points[:, 2]
    return depth

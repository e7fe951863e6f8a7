"""The charm: a smooth bending of space from the realistic head to the stylised one.

A point moves by where it is, not by which mesh it belongs to, so that the face, the teeth and
the tongue keep fitting each other in every shape.
"""

from __future__ import annotations

import numpy as np

from ...emotalk_core.heads.falloff import bump, smoothstep

EYE_CENTRE = np.array([28.81, 679.56, 111.50])  # left eyeball of the base head, mm
EYE_RADIUS = 15.2  # a little under the eyeball that the lids were made for: room for half blinks
EYE_SCALE = 1.54
EYE_SHIFT = np.array([4.5, -3.0, -4.0])
# Within the first radius everything is scaled alike, so that lids slide on the eye as before.
EYE_REACH = (19.0, 74.0)
MOUTH = (0.0, 618.3, 141.0)
# The slit between the base head's lips from the middle outwards: x, height, and how far each lip
# has to move for the two to touch (mm).
LIP_SLIT = np.array([
    [0.0, 618.35, 0.45], [6.0, 619.20, 0.60], [9.0, 619.55, 0.85], [12.0, 619.40, 1.00],
    [15.0, 618.60, 1.20], [18.0, 618.10, 1.35], [20.0, 617.75, 1.25], [22.0, 617.50, 0.70],
    [24.0, 617.40, 0.15], [27.0, 617.40, 0.0],
])  # fmt: skip


def eye_centre(side: int) -> np.ndarray:
    """Centre (3,) of the stylised eyeball; `side` is 1 for the left, -1 for the right."""
    return bend(np.array([EYE_CENTRE * (side, 1.0, 1.0)]))[0]


def bend(points: np.ndarray) -> np.ndarray:
    """Stylised places (N, 3) of points of the base head."""
    return _shorten_lower_face(_slim_neck(_narrow_jaw(_round_skull(_enlarge_eyes(points)))))


def _enlarge_eyes(points: np.ndarray) -> np.ndarray:
    moved = points.copy()
    for side in (1.0, -1.0):
        mirror = np.array([side, 1.0, 1.0])
        away = points - EYE_CENTRE * mirror
        weight = 1.0 - smoothstep(*EYE_REACH, np.linalg.norm(away, axis=-1))
        weight = weight * smoothstep(-12.0, 12.0, side * points[..., 0])
        moved += weight[..., None] * (away * (EYE_SCALE - 1.0) + EYE_SHIFT * mirror)
    return moved


def _round_skull(points: np.ndarray) -> np.ndarray:
    moved = points.copy()
    up = smoothstep(670.0, 760.0, points[..., 1])
    moved[..., 0] *= 1.0 + 0.05 * up
    cheeks = sum(bump(points, (side * 56.0, 640.0, 95.0), (26.0, 26.0, 34.0)) for side in (1, -1))
    moved[..., 0] += np.sign(points[..., 0]) * 1.0 * cheeks
    moved[..., 2] += 3.0 * cheeks
    jowls = sum(bump(points, (side * 52.0, 612.0, 88.0), (22.0, 24.0, 40.0)) for side in (1, -1))
    moved[..., 0] += np.sign(points[..., 0]) * 4.5 * jowls
    return moved


def _narrow_jaw(points: np.ndarray) -> np.ndarray:
    moved = points.copy()
    down = smoothstep(650.0, 570.0, points[..., 1])
    moved[..., 0] *= 1.0 - 0.04 * down
    return moved


def _slim_neck(points: np.ndarray) -> np.ndarray:
    moved = points.copy()
    weight = smoothstep(610.0, 555.0, points[..., 1]) * smoothstep(100.0, 55.0, points[..., 2])
    axis = np.array([0.0, 0.0, 14.0])
    for i, scale in ((0, 0.80), (2, 0.84)):
        moved[..., i] += weight * (scale - 1.0) * (points[..., i] - axis[i])
    return moved


def _shorten_lower_face(points: np.ndarray) -> np.ndarray:
    # Everything under the nose comes up, the chin by the most; below the chin all moves alike.
    moved = points.copy()
    below = np.clip(650.0 - points[..., 1], 0.0, None)
    moved[..., 1] += 0.10 * 75.0 * np.tanh(below / 75.0)
    return moved


def mould(rest: np.ndarray) -> np.ndarray:
    """Offsets (N, 3) for the skin alone, by each vertex's place at rest: nose, lips, brow, ears."""
    return (
        _smaller_nose(rest)
        + _fuller_lips(rest)
        + _raised_corners(rest)
        + _sealed_lips(rest)
        + _flat_ears(rest)
        + _soft_brow(rest)
        + _filled_sockets(rest)
    )


def _raised_corners(rest: np.ndarray) -> np.ndarray:
    sides = [bump(rest, (side * 24.0, 618.0, 128.0), (9.0, 8.0, 14.0)) for side in (1, -1)]
    return np.sum(sides, axis=0)[:, None] * np.array([0.0, 2.8, 0.6])


def _sealed_lips(rest: np.ndarray) -> np.ndarray:
    away = np.abs(rest[:, 0])
    over = rest[:, 1] - np.interp(away, LIP_SLIT[:, 0], LIP_SLIT[:, 1])
    reach = np.interp(away, LIP_SLIT[:, 0], LIP_SLIT[:, 2]) * (rest[:, 2] > 117.0)
    offsets = np.zeros_like(rest)
    offsets[:, 1] = -reach * np.tanh(over / 0.25) * np.exp(-((over / 7.0) ** 2))
    return offsets


def _filled_sockets(rest: np.ndarray) -> np.ndarray:
    # Deep inner corners make a face look tired.
    fill = sum(bump(rest, (side * 15.5, 688.0, 118.0), (9.0, 15.0, 20.0)) for side in (1, -1))
    offsets = np.zeros_like(rest)
    offsets[:, 2] = 2.6 * fill
    return offsets


def _smaller_nose(rest: np.ndarray) -> np.ndarray:
    tip = bump(rest, (0.0, 646.0, 150.0), (20.0, 15.0, 26.0))[:, None]
    bridge = bump(rest, (0.0, 668.0, 138.0), (20.0, 16.0, 30.0))[:, None]
    point = bump(rest, (0.0, 648.0, 158.0), (10.0, 9.0, 12.0))[:, None]
    return (
        tip * ((rest - (0.0, 651.0, 133.0)) * (0.0, -0.12, -0.28) + (0.0, 0.5, 0.0))
        + bridge * ((rest - (0.0, 668.0, 133.0)) * (0.55, 0.0, -0.15))
        + point * np.array([0.0, -2.0, 1.0])
    )


def _fuller_lips(rest: np.ndarray) -> np.ndarray:
    weight = bump(rest, MOUTH, (26.0, 12.0, 18.0))[:, None]
    upper = bump(rest, (0.0, 625.0, 147.0), (20.0, 7.0, 14.0))[:, None]
    lower = bump(rest, (0.0, 611.0, 141.0), (18.0, 7.0, 12.0))[:, None]
    chin = bump(rest, (0.0, 583.0, 131.0), (17.0, 13.0, 22.0))[:, None]
    return weight * ((rest - MOUTH) * (0.04, 0.14, 0.08) + (0.0, 0.0, 0.5)) + np.array(
        [0.0, 0.0, 1.0]
    ) * (1.2 * lower - 1.6 * upper + 3.0 * chin)


def _flat_ears(rest: np.ndarray) -> np.ndarray:
    # The ears lie under the hair.
    beyond = np.clip(np.abs(rest[:, 0]) - 70.0, 0.0, None)
    offsets = np.zeros_like(rest)
    offsets[:, 0] = -np.sign(rest[:, 0]) * 0.55 * beyond * smoothstep(640.0, 655.0, rest[:, 1])
    return offsets


def _soft_brow(rest: np.ndarray) -> np.ndarray:
    offsets = np.zeros_like(rest)
    offsets[:, 2] = 2.5 * bump(rest, (0.0, 735.0, 130.0), (45.0, 22.0, 40.0))
    return offsets

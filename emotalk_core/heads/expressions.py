"""What makes feelings readable, as smooth fields: a smile and puffed cheeks in place of the base
head's, which fold into whiskers, and more of what its brows, nose and cheeks do too timidly.

A field moves all that lies near a place alike, so lips that touch stay together and the cheek
swells instead of creasing.
"""

from __future__ import annotations

import numpy as np

from .falloff import bump, smoothstep

CORNER = (23.5, 618.0, 129.0)  # the left end of the lips on the base head, mm
CORNER_MOVES = np.array([10.0, 7.6, -4.2])  # outwards, up, back around the teeth
CHEEK = (43.0, 643.0, 116.0)
CHEEK_MOVES = np.array([1.8, 4.2, 4.0])
LOWER_LID = (32.0, 662.0, 120.0)
LOWER_LID_MOVES = np.array([0.0, 1.0, 0.8])
LIP_MIDDLE_MOVES = np.array([0.0, -0.5, -1.6])  # stretched lips lie closer to the teeth
# The fold from the nose's wing around the corner, x and y in mm, and how deep it is.
FOLD = np.array([[17.0, 641.0], [25.0, 636.0], [33.0, 627.0], [36.5, 617.0], [35.0, 608.0]])
FOLD_DEPTH, FOLD_WIDTH = 1.3, 4.6
PUFF = (6.5, 0.0, 8.0)  # outwards, up, forwards
INNER_BROW = (13.0, 704.0, 140.0)
MIDDLE_BROW = (37.0, 706.0, 130.0)
OUTER_BROW = (48.0, 701.0, 118.0)
NOSE_WING = (13.5, 647.0, 141.0)
NOSE_SIDE = (11.0, 666.0, 138.0)


def smile(rest: np.ndarray, side: int) -> np.ndarray:
    """Deltas (N, 3) of a full smile on one side (1: the character's left), by places on the base
    head.
    """
    mirror = np.array([side, 1.0, 1.0])
    points = rest * mirror
    moves = (
        _corner_weight(points)[:, None] * CORNER_MOVES
        + bump(points, CHEEK, (24.0, 19.0, 42.0))[:, None] * CHEEK_MOVES
        + bump(points, LOWER_LID, (16.0, 9.0, 24.0))[:, None] * LOWER_LID_MOVES
        + bump(points, (0.0, 617.0, 140.0), (15.0, 12.0, 16.0))[:, None] * LIP_MIDDLE_MOVES * 0.5
    )
    moves[:, 2] -= FOLD_DEPTH * _fold_weight(points)
    return moves * mirror


def puff(rest: np.ndarray) -> np.ndarray:
    """Deltas (N, 3) of both cheeks blown up with the lips shut."""
    moves = np.zeros_like(rest)
    for side in (1.0, -1.0):
        cheek = bump(rest, (side * 45.0, 621.0, 100.0), (24.0, 22.0, 40.0))
        moves += cheek[:, None] * (side * PUFF[0], *PUFF[1:])
    lips = bump(rest, (0.0, 618.0, 138.0), (24.0, 17.0, 20.0))
    moves[:, 2] += 1.6 * lips
    return moves


def sorrow(rest: np.ndarray) -> np.ndarray:
    """Deltas (N, 3) that slant both brows: inner ends up and together, outer ends down."""
    moves = np.zeros_like(rest)
    for side in (1.0, -1.0):
        mirror = np.array([side, 1.0, 1.0])
        points = rest * mirror
        inner = bump(points, INNER_BROW, (13.0, 17.0, 40.0))[:, None]
        outer = bump(points, OUTER_BROW, (16.0, 15.0, 40.0))[:, None]
        moves += (inner * np.array([-1.2, 6.0, 0.6]) + outer * np.array([0.0, -1.0, 0.0])) * mirror
    return moves


def arched_brow(rest: np.ndarray, side: int) -> np.ndarray:
    """Deltas (N, 3) that raise the middle of one brow, so that surprise is round, not sorrowful."""
    points = rest * np.array([side, 1.0, 1.0])
    return bump(points, MIDDLE_BROW, (15.0, 15.0, 40.0))[:, None] * np.array([0.0, 2.5, 0.0])


def sneer(rest: np.ndarray, side: int) -> np.ndarray:
    """Deltas (N, 3) of one side's nose: its wing goes up and out, its bridge creases across, the
    cheek beside it is drawn up and folds.
    """
    mirror = np.array([side, 1.0, 1.0])
    points = rest * mirror
    wing = bump(points, NOSE_WING, (9.0, 10.0, 22.0))[:, None]
    cheek = bump(points, (25.0, 651.0, 128.0), (13.0, 12.0, 30.0))[:, None]
    moves = wing * np.array([1.4, 3.2, 0.4]) + cheek * np.array([-0.6, 3.4, 2.2])
    beside = bump(points, NOSE_SIDE, (9.0, 13.0, 26.0))
    moves[:, 2] += 1.5 * beside * np.cos((points[:, 1] - NOSE_SIDE[1]) * (2.0 * np.pi / 8.0))
    moves[:, 2] -= 0.9 * _fold_weight(points)
    return moves * mirror


def raised_cheek(rest: np.ndarray, side: int) -> np.ndarray:
    """Deltas (N, 3) of one side's cheek that swells under the eye and pushes the lower lid up."""
    mirror = np.array([side, 1.0, 1.0])
    points = rest * mirror
    moves = (
        bump(points, (38.0, 650.0, 118.0), (20.0, 13.0, 40.0))[:, None] * np.array([1.0, 3.2, 3.4])
        + bump(points, LOWER_LID, (16.0, 9.0, 24.0))[:, None] * np.array([0.0, 1.6, 0.6])
    )  # fmt: skip
    return moves * mirror


def _corner_weight(points: np.ndarray) -> np.ndarray:
    """1 at the corner (N,), 0 at the lips' middle, fading over the cheek and towards the chin."""
    x, y = points[:, 0], points[:, 1]
    inner = np.clip(x / CORNER[0], 0.0, 1.0) ** 1.9
    outer = np.exp(-((np.clip(x - CORNER[0], 0.0, None) / 21.0) ** 2))
    tall = np.where(y > CORNER[1], 25.0, 21.0)
    upright = np.exp(-(((y - CORNER[1]) / tall) ** 2))
    return inner * outer * upright * smoothstep(70.0, 105.0, points[:, 2])


def _fold_weight(points: np.ndarray) -> np.ndarray:
    along = np.linspace(0.0, 1.0, 33)
    places = np.linspace(0.0, 1.0, len(FOLD))
    line = np.stack([np.interp(along, places, FOLD[:, i]) for i in (0, 1)], axis=-1)
    apart = np.linalg.norm(points[:, None, :2] - line[None], axis=-1)
    nearest = apart.argmin(axis=1)
    strength = np.sin(np.pi * np.clip(along[nearest] * 0.86 + 0.07, 0.0, 1.0))
    return np.exp(-((apart.min(axis=1) / FOLD_WIDTH) ** 2)) * strength * (points[:, 2] > 90.0)

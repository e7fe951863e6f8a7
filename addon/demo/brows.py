"""Brows: solid tapered shapes that lie on the skin."""

from __future__ import annotations

import numpy as np

from ...emotalk_core.heads.falloff import smoothstep
from .attach import follow, stand_on
from .part import Part, blend, grid_faces, hex_colour, join

# The middle line from the nose outwards, x and y in mm on the stylised face (left side).
MIDDLE_LINE = np.array([[14.0, 708.5], [24.0, 712.0], [36.0, 714.5], [48.0, 712.5], [60.0, 704.0]])
HALF_WIDTHS = np.array([2.6, 4.0, 3.9, 2.9, 0.5])  # mm, at the same places
THICKNESS = 2.3  # mm
SUNK = 0.5  # mm: the rim lies in the skin
STIFFNESS = 0.75  # 0 soft as the skin, 1 keeps its width
N_ALONG, N_ACROSS = 40, 13

DARK = hex_colour("4A281B")
LIGHT = hex_colour("6A3A27")


def build_brows(skin: Part) -> Part:
    """Both brows as one mesh that follows the skin."""
    return join("Brows", [_brow(skin, 1.0), _brow(skin, -1.0)])


def _brow(skin: Part, side: float) -> Part:
    along = np.linspace(0.0, 1.0, N_ALONG)
    across = np.linspace(-1.0, 1.0, N_ACROSS)
    line, width = _smooth_line(along)
    slope = np.gradient(line, axis=0)
    up = np.stack([-slope[:, 1], slope[:, 0]], axis=-1)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    feet = line[:, None] + up[:, None] * (width[:, None] * across[None, :])[..., None]
    feet = feet.reshape(-1, 2) * (side, 1.0)
    footing = stand_on(skin, feet, least_z=60.0)
    height = _height(along, across).ravel()
    points = footing.raised(skin, skin.vertices, height)
    faces = grid_faces(N_ALONG, N_ACROSS)
    share = smoothstep(-SUNK, THICKNESS, height) * 0.8
    colours = blend(np.tile(np.asarray(DARK), (len(points), 1)), LIGHT, share)
    shapes = {name: _held_in_form(delta) for name, delta in follow(skin, footing, height).items()}
    return Part("Brows", "Hair", points, (faces if side < 0 else faces[:, ::-1],), colours,
                shapes, {"head": np.ones(len(points))})  # fmt: skip


def _held_in_form(delta: np.ndarray) -> np.ndarray:
    """Skin stretches and hair does not: the brow goes mostly with its middle line."""
    grid = delta.reshape(N_ALONG, N_ACROSS, 3)
    middle = grid[:, N_ACROSS // 2 : N_ACROSS // 2 + 1]
    return (STIFFNESS * middle + (1.0 - STIFFNESS) * grid).reshape(-1, 3)


def _smooth_line(along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle line (N, 2) and half width (N,) through the given places, without corners."""
    places = np.linspace(0.0, 1.0, len(MIDDLE_LINE))
    fits = [np.polynomial.Polynomial.fit(places, MIDDLE_LINE[:, i], 4) for i in (0, 1)]
    line = np.stack([fit(along) for fit in fits], axis=-1)
    width = np.polynomial.Polynomial.fit(places, HALF_WIDTHS, 4)(along)
    rounded = np.sqrt(np.clip(1.0 - (1.0 - along / 0.06).clip(0.0, 1.0) ** 2, 0.05, 1.0))
    return line, np.clip(width, 0.5, None) * rounded


def _height(along: np.ndarray, across: np.ndarray) -> np.ndarray:
    dome = np.sqrt(np.clip(1.0 - across**2, 0.0, 1.0))[None, :]
    taper = (np.clip(along / 0.08, 0.0, 1.0) ** 0.5 * (1.0 - 0.55 * along**2))[:, None]
    # Slanting grooves, as if combed.
    comb = 1.0 + 0.05 * np.sin(along[:, None] * 52.0 + across[None, :] * 2.2)
    return THICKNESS * dome * taper * comb - SUNK

"""A knitted cap with a turned-up cuff: a dome of ribs around the skull."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...emotalk_core.heads.falloff import smoothstep
from .part import Part, blend, grid_faces, hex_colour, join

CENTRE = np.array([0.0, 716.0, 42.0])  # mm, of the skull that the cap sits on
RADII = np.array([90.0, 98.0, 110.0])
TILT = np.radians(20.0)  # the cuff is higher over the forehead than over the nape
CUFF_LOW = 4.0  # mm above the centre's plane
N_RIBS = 56
SAMPLES_PER_RIB = 8

WOOL = hex_colour("E9A43B")
WOOL_LIGHT = hex_colour("F6C566")
WOOL_DARK = hex_colour("B8701F")
LINING = hex_colour("4E2A18")  # in the shade of the hair


def build_hat() -> Part:
    """The cap, bound to the head."""
    cap = join("Hat", [_dome(), _cuff()])
    return Part(cap.name, "Wool", cap.vertices, cap.faces, cap.colours, {},
                {"head": np.ones(len(cap.vertices))})  # fmt: skip


def to_head(points: np.ndarray) -> np.ndarray:
    """Head coordinates of points (N, 3) in the cap's own, whose +Y is the cap's axis."""
    c, s = np.cos(-TILT), np.sin(-TILT)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    return points @ turn.T + CENTRE


def _around() -> tuple[np.ndarray, np.ndarray]:
    turn = np.linspace(0.0, 2.0 * np.pi, N_RIBS * SAMPLES_PER_RIB, endpoint=False)
    return turn, np.abs(np.cos(turn * N_RIBS / 2.0)) ** 0.7


def _dome() -> Part:
    turn, rib = _around()
    rise = np.linspace(0.0, 1.0, 40)
    angle = np.radians(8.0) + rise * np.radians(81.9)
    # Ribs run together towards the top, and fold a little where they meet.
    depth = 3.0 * np.cos(angle) ** 0.5 + 0.5
    slouch = 10.0 * smoothstep(0.35, 1.0, rise)
    ring = np.cos(angle)[:, None]
    bulge = 1.0 + 0.05 * np.sin(np.pi * rise)[:, None]
    offset = depth[:, None] * (rib - 1.0)[None, :]
    x = (RADII[0] * bulge + offset) * ring * np.sin(turn)[None, :]
    z = (RADII[2] * bulge + offset) * ring * np.cos(turn)[None, :] - slouch[:, None]
    y = np.broadcast_to((RADII[1] * 1.04 * np.sin(angle) + 0.3 * slouch)[:, None], x.shape)
    return _wool(np.stack([x, y, z], axis=-1), np.broadcast_to(rib, x.shape))


def _cuff() -> Part:
    turn, rib = _around()
    # The outline of the turned-up edge: from inside below, around the lip, up, and back in.
    profile = np.array([
        [-7.0, 6.0], [-3.0, 0.5], [1.0, -1.5], [5.0, -0.5], [8.0, 3.0], [9.4, 8.0], [9.8, 14.0],
        [9.8, 22.0], [9.6, 30.0], [9.0, 36.0], [7.0, 40.5], [4.0, 42.5], [1.0, 42.0], [-3.0, 39.0],
    ])  # fmt: skip
    out, height = profile[:, :1], profile[:, 1:] + CUFF_LOW
    lift = np.sqrt(np.clip(1.0 - (height / RADII[1]) ** 2, 0.2, 1.0))
    depth = np.where(out > 3.0, 2.6, 1.2)
    offset = out + depth * (rib - 1.0)[None, :]
    wave = 1.2 * np.sin(turn * 3.0 + 0.6)[None, :]
    x = (RADII[0] * lift + offset) * np.sin(turn)[None, :]
    z = (RADII[2] * lift + offset) * np.cos(turn)[None, :]
    y = np.broadcast_to(height, x.shape) + wave
    cuff = _wool(np.stack([x, y, z], axis=-1), np.broadcast_to(rib, x.shape))
    inside = np.broadcast_to(smoothstep(1.0, -4.0, out), x.shape).ravel()
    return replace(cuff, colours=blend(cuff.colours, LINING, inside))


def _wool(grid: np.ndarray, rib: np.ndarray) -> Part:
    rows, columns = grid.shape[:2]
    points = to_head(grid.reshape(-1, 3))
    colours = blend(np.tile(np.asarray(WOOL_DARK), (len(points), 1)), WOOL,
                    smoothstep(0.1, 0.6, rib.ravel()))  # fmt: skip
    colours = blend(colours, WOOL_LIGHT, 0.6 * smoothstep(0.75, 1.0, rib.ravel()))
    return Part("Hat", "Wool", points, (grid_faces(rows, columns, wrap=True),), colours)

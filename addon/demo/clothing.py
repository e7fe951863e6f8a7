"""A sweater: ribbed collar and soft shoulders."""

from __future__ import annotations

import numpy as np

from ...emotalk_core.heads.falloff import smoothstep
from .part import Part, blend, grid_faces, hex_colour, join

N_RIBS = 44
SAMPLES_PER_RIB = 8
WOOL = hex_colour("2E8B8B")
WOOL_DARK = hex_colour("17565B")
WOOL_LIGHT = hex_colour("55B3AC")

# From the neck down: height, half width, half depth, centre's depth (mm).
SHOULDERS = np.array([
    [566.0, 50.0, 52.0, 14.0], [556.0, 58.0, 56.0, 13.0], [546.0, 72.0, 60.0, 11.0],
    [534.0, 96.0, 66.0, 8.0], [520.0, 122.0, 74.0, 6.0], [502.0, 144.0, 82.0, 5.0],
    [478.0, 158.0, 90.0, 6.0], [448.0, 166.0, 96.0, 8.0], [410.0, 170.0, 100.0, 9.0],
    [360.0, 172.0, 103.0, 10.0], [300.0, 173.0, 105.0, 10.0],
])  # fmt: skip


def build_sweater() -> Part:
    """Collar and shoulders; the collar goes a little with the neck."""
    sweater = join("Sweater", [_shoulders(), _collar()])
    height = sweater.vertices[:, 1]
    neck = 0.6 * smoothstep(545.0, 600.0, height)
    return Part(sweater.name, "Sweater", sweater.vertices, sweater.faces, sweater.colours, {},
                {"neck": neck, "chest": 1.0 - neck})  # fmt: skip


def _shoulders() -> Part:
    turn = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
    fine = np.linspace(0.0, 1.0, 48)
    places = np.linspace(0.0, 1.0, len(SHOULDERS))
    height, width, depth, middle = (
        _rounded(np.interp(fine, places, SHOULDERS[:, i])) for i in range(4)
    )
    x = width[:, None] * np.sin(turn)[None, :]
    z = middle[:, None] + depth[:, None] * np.cos(turn)[None, :]
    y = np.broadcast_to(height[:, None], x.shape)
    points = np.stack([x, y, z], axis=-1)
    colours = np.tile(np.asarray(WOOL), (points.shape[0] * points.shape[1], 1))
    return Part("Sweater", "Sweater", points.reshape(-1, 3),
                (grid_faces(48, 96, wrap=True)[:, ::-1],), colours)  # fmt: skip


def _rounded(values: np.ndarray) -> np.ndarray:
    for _ in range(12):
        values[1:-1] = 0.5 * values[1:-1] + 0.25 * (values[:-2] + values[2:])
    return values


def _collar() -> Part:
    turn = np.linspace(0.0, 2.0 * np.pi, N_RIBS * SAMPLES_PER_RIB, endpoint=False)
    rib = np.abs(np.cos(turn * N_RIBS / 2.0)) ** 0.7
    profile = np.array([
        [-9.0, 575.0], [-7.0, 590.0], [-3.0, 597.0], [1.5, 599.0], [6.0, 596.0], [8.5, 589.0],
        [9.5, 579.0], [10.0, 568.0], [11.5, 557.0], [15.0, 547.0],
    ])  # fmt: skip
    out, height = profile[:, :1], profile[:, 1:]
    offset = out + np.where(out > 0.0, 2.2, 1.0) * (rib - 1.0)[None, :]
    x = (56.0 + offset) * np.sin(turn)[None, :]
    z = 16.0 + (55.0 + offset) * np.cos(turn)[None, :]
    # Lower in front, where the chin needs room.
    tilt = (z - 16.0) * -0.20
    y = np.broadcast_to(height, x.shape) + tilt * smoothstep(545.0, 575.0, height)
    points = np.stack([x, y, z], axis=-1)
    shade = np.broadcast_to(rib, x.shape).ravel()
    colours = blend(np.tile(np.asarray(WOOL_DARK), (len(shade), 1)), WOOL,
                    smoothstep(0.1, 0.6, shade))  # fmt: skip
    colours = blend(colours, WOOL_LIGHT, 0.5 * smoothstep(0.75, 1.0, shade))
    return Part("Sweater", "Sweater", points.reshape(-1, 3),
                (grid_faces(len(profile), len(turn), wrap=True),), colours)  # fmt: skip

"""Upper lashes: one dark wing along each upper lid, longest at the outer corner."""

from __future__ import annotations

import numpy as np

from ...emotalk_core.heads.falloff import smoothstep
from ...emotalk_core.heads.lids import Lids
from .part import Part, hex_colour, join, unit
from .skin import Skin
from .warp import eye_centre

N_ALONG = 28
CORNER_LEFT_OUT = 0.9  # of the rim: at the corner it turns under
HELD_FROM = 0.74  # of the rim
DARK = hex_colour("2A1613")


def build_lashes(skin: Skin) -> Part:
    """The lashes of both eyes as one mesh that turns with the lids."""
    return join("Lashes", [_lash(skin.part, lids) for lids in skin.lids])


def _lash(skin: Part, lids: Lids) -> Part:
    margin, side = lids.upper_rim(skin.vertices), lids.side
    rest = _wing(skin.vertices[margin], side)
    shapes = {}
    for name, delta in skin.shapes.items():
        moved = _wing((skin.vertices + delta)[margin], side) - rest
        if np.abs(moved).max() > 0.05:
            shapes[name] = moved
    faces = _faces()
    colours = np.tile(np.asarray(DARK), (len(rest), 1))
    return Part("Lashes", "Lashes", rest, (faces if side < 0 else faces[:, ::-1],), colours,
                shapes, {"head": np.ones(len(rest))})  # fmt: skip


def _wing(margin: np.ndarray, side: int) -> np.ndarray:
    """Points of the wing in a pose: three rows, root above, tip, root below."""
    along = np.linspace(0.0, 1.0, N_ALONG)
    reached = along * CORNER_LEFT_OUT
    places = np.linspace(0.0, 1.0, len(margin))
    line = np.stack([np.interp(reached, places, margin[:, i]) for i in range(3)], axis=-1)
    line = _relaxed(line)
    outward = unit(line - eye_centre(side))
    tangent = unit(np.gradient(line, axis=0))
    up = unit(np.cross(outward, tangent)) * side
    # At the corner the rim turns down; the lashes go on outwards and up.
    held = np.minimum(np.arange(N_ALONG), round(HELD_FROM * N_ALONG))
    tangent, up = tangent[held], up[held]
    length = 1.0 + 6.0 * along**2 * (1.0 - 0.2 * smoothstep(0.9, 1.0, along))
    sweep = tangent * (0.9 * along**3 * length)[:, None]
    thick = np.clip((1.0 - along) / 0.15, 0.0, 1.0)[:, None] ** 0.5
    root_above = line + up * 0.9 * thick + outward * 0.3
    root_below = line - up * 0.5 * thick + outward * 0.2
    tip = line + sweep + (outward * 0.75 + up * 0.62) * length[:, None]
    pointed = 0.94 * smoothstep(0.72, 1.0, along)[:, None]
    root_above, root_below = (root + pointed * (tip - root) for root in (root_above, root_below))
    return np.concatenate([root_above, tip, root_below])


def _relaxed(line: np.ndarray) -> np.ndarray:
    for _ in range(4):
        line = line.copy()
        line[1:-1] = 0.5 * line[1:-1] + 0.25 * (line[:-2] + line[2:])
    return line


def _faces() -> np.ndarray:
    start = np.arange(N_ALONG - 1)
    strips = [
        np.stack([a + start, a + start + 1, b + start + 1, b + start], axis=-1)
        for a, b in ((0, N_ALONG), (N_ALONG, 2 * N_ALONG))
    ]
    return np.concatenate(strips)

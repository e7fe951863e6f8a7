"""Hair as solid locks under the cap: a fringe swept aside and a bob around the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .part import Part, blend, grid_faces, hex_colour, join, smoothstep, unit

N_ALONG, N_AROUND = 26, 14
AXIS = np.array([0.0, 0.0, 40.0])  # locks are flat towards this upright axis

ROOT = hex_colour("4A241A")
MIDDLE = hex_colour("7C3F28")
TIP = hex_colour("9A5635")


@dataclass(frozen=True)
class Lock:
    """One lock: a curve through four places, its half width and half thickness in mm."""

    places: tuple[tuple[float, float, float], ...]
    width: float
    thickness: float
    shade: float = 0.0  # -1 darker .. 1 lighter
    twist: float = 0.0  # radians at the tip


def build_hair() -> Part:
    """All locks as one mesh, bound to the head."""
    locks = [*_fringe(), *_bob(), *_back()]
    hair = join("Hair", [_solid(lock) for lock in locks])
    return Part(hair.name, "Hair", hair.vertices, hair.faces, hair.colours, {},
                {"head": np.ones(len(hair.vertices))})  # fmt: skip


def _fringe() -> list[Lock]:
    """Locks from a parting on the right, over the forehead to the left temple."""
    start, end = np.array([-26.0, 765.0, 126.0]), np.array([80.0, 708.0, 88.0])
    locks = []
    for i, share in enumerate(np.linspace(0.0, 1.0, 5)):
        root = start + share * np.array([50.0, 2.0, 4.0])
        tip = end + (1.0 - share) * np.array([-34.0, 24.0, 28.0])
        middle = 0.55 * root + 0.45 * tip + (0.0, -2.0, 13.0)
        locks.append(Lock((tuple(root), tuple(middle), tuple(tip)), 12.0, 5.0, 0.3 * (i % 2)))
    other = [(-30.0, 765.0, 126.0), (-62.0, 744.0, 122.0), (-82.0, 704.0, 88.0)]
    locks.append(Lock(tuple(other), 14.0, 5.0, 0.2))
    for side in (1.0, -1.0):  # fills the temple between fringe and bob
        root, belly = (side * 48.0, 750.0, 104.0), (side * 70.0, 738.0, 98.0)
        temple = (root, belly, (side * 85.0, 690.0, 66.0))
        locks.append(Lock(temple, 17.0, 4.0, -0.5))
    return locks


def _bob() -> list[Lock]:
    locks = []
    for side in (1.0, -1.0):
        for i, turn in enumerate(np.radians([38.0, 56.0, 74.0, 92.0])):
            out = np.array([side * np.sin(turn), 0.0, np.cos(turn)])
            top = out * (80.0, 0.0, 90.0) + (0.0, 748.0 - 4 * i, 38.0)
            belly = out * (92.0, 0.0, 88.0) + (0.0, 660.0, 30.0)
            low = out * (84.0, 0.0, 78.0) + (0.0, 606.0 + 3 * i, 26.0)
            tip = out * (64.0, 0.0, 72.0) + (0.0, 580.0 + 3 * i, 34.0)
            places = tuple(tuple(p) for p in (top, belly, low, tip))
            locks.append(Lock(places, 17.0, 8.0, (-0.4, 0.3, -0.1, 0.2)[i]))
    return locks


def _back() -> list[Lock]:
    locks = []
    for i, turn in enumerate(np.radians(np.linspace(104.0, 256.0, 11))):
        out = np.array([np.sin(turn), 0.0, np.cos(turn)])
        top = out * (80.0, 0.0, 92.0) + (0.0, 722.0, 30.0)
        belly = out * (90.0, 0.0, 96.0) + (0.0, 650.0, 24.0)
        low = out * (82.0, 0.0, 84.0) + (0.0, 600.0, 24.0)
        tip = out * (62.0, 0.0, 62.0) + (0.0, 574.0, 28.0)
        places = tuple(tuple(p) for p in (top, belly, low, tip))
        locks.append(Lock(places, 20.0, 9.0, (-0.3, 0.2)[i % 2]))
    return locks


def _solid(lock: Lock) -> Part:
    along = np.linspace(0.0, 1.0, N_ALONG)
    line = _curve(np.array(lock.places), along)
    tangent = unit(np.gradient(line, axis=0))
    outward = (line - AXIS) * (1.0, 0.0, 1.0)
    outward = unit(outward - tangent * np.sum(outward * tangent, axis=1, keepdims=True))
    across = np.cross(tangent, outward)
    turn = lock.twist * along
    outward, across = (
        outward * np.cos(turn)[:, None] + across * np.sin(turn)[:, None],
        across * np.cos(turn)[:, None] - outward * np.sin(turn)[:, None],
    )
    swell = np.clip(along / 0.12, 0.25, 1.0) ** 0.5 * np.clip(1.0 - along**5, 0.0, 1.0) ** 0.75
    around = np.linspace(0.0, 2.0 * np.pi, N_AROUND, endpoint=False)
    ridge = 1.0 + 0.10 * np.cos(around * 5.0)
    wide, thick = np.cos(around) * ridge, np.sin(around) * ridge
    grid = (
        line[:, None]
        + across[:, None] * (swell[:, None] * lock.width * wide[None])[..., None]
        + outward[:, None] * (swell[:, None] * lock.thickness * thick[None])[..., None]
    )
    colours = _colours(along, lock.shade)
    faces = grid_faces(N_ALONG, N_AROUND, wrap=True)[:, ::-1]
    return Part("Hair", "Hair", grid.reshape(-1, 3), (faces,), colours)


def _colours(along: np.ndarray, shade: float) -> np.ndarray:
    share = np.repeat(along, N_AROUND)
    colours = blend(np.tile(np.asarray(ROOT), (len(share), 1)), MIDDLE, smoothstep(0, 0.45, share))
    colours = blend(colours, TIP, 0.8 * smoothstep(0.5, 1.0, share))
    return np.clip(colours * (1.0 + 0.16 * shade), 0.0, 1.0)


def _curve(places: np.ndarray, along: np.ndarray) -> np.ndarray:
    """A Bezier curve (N, 3) with the given control places."""
    points = np.repeat(places[None], len(along), axis=0)
    share = along[:, None, None]
    while points.shape[1] > 1:
        points = points[:, :-1] * (1.0 - share) + points[:, 1:] * share
    return points[:, 0]

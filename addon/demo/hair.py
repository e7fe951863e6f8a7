"""Hair under the cap: a fringe swept aside over a layered bob of pointed, grooved locks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...emotalk_core.heads.falloff import smoothstep
from .part import Part, blend, grid_faces, hex_colour, join, unit

N_ALONG, N_AROUND = 18, 12
AXIS = np.array([0.0, 0.0, 40.0])  # locks are flat towards this upright axis
MIDDLE_Z = 34.0  # mm, of the head that the bob goes around
N_GROOVES = 5
GOLDEN = 0.6180339887  # steps of this share never line up: hair without a pattern

ROOT = hex_colour("5A2C1E")
MIDDLE = hex_colour("84442B")
TIP = hex_colour("A9623C")
SHINE = hex_colour("C07A4C")

_Place = tuple[float, float, float]


@dataclass(frozen=True)
class Lock:
    """One lock: a curve through four places, its half width and half thickness in mm."""

    places: tuple[_Place, ...]
    width: float
    thickness: float
    shade: float = 0.0  # -1 darker .. 1 lighter
    blunt: float = 2.6  # the higher, the later the lock thins out towards its tip


@dataclass(frozen=True)
class Layer:
    """One layer of the bob, as rings around the head from the crown to the tips."""

    turns: tuple[float, float, int]  # degrees from the face, first and last, and how many
    rings: tuple[_Place, ...]  # half width, half depth, height in mm
    size: tuple[float, float]  # half width and thickness of a lock
    loose: float  # mm that tips may differ
    blunt: float


_INNER_RINGS = ((78.0, 74.0, 680.0), (86.0, 78.0, 646.0), (80.0, 74.0, 604.0), (62.0, 66.0, 578.0))

BOB = (
    # Behind the jaw on both sides: past the chin one would look into the collar.
    Layer((36.0, 54.0, 4), _INNER_RINGS, (12.0, 6.0), 3.0, 5.0),
    Layer((306.0, 324.0, 4), _INNER_RINGS, (12.0, 6.0), 3.0, 5.0),
    # Close to the head, nearly one surface: no gap may show the neck.
    Layer((56.0, 304.0, 31), ((80.0, 90.0, 744.0), (90.0, 92.0, 660.0), (82.0, 82.0, 604.0),
          (62.0, 66.0, 578.0)), (17.0, 7.0), 3.0, 5.0),
    Layer((60.0, 300.0, 25), ((84.0, 93.0, 742.0), (97.0, 97.0, 664.0), (89.0, 88.0, 616.0),
          (72.0, 74.0, 584.0)), (12.5, 6.0), 9.0, 3.6),
    # A few on top, shorter and turned out a little at the tips.
    Layer((58.0, 302.0, 15), ((86.0, 96.0, 738.0), (99.0, 101.0, 680.0), (97.0, 96.0, 636.0),
          (90.0, 88.0, 606.0)), (8.5, 5.0), 12.0, 2.8),
)  # fmt: skip


def build_hair() -> Part:
    """All locks as one mesh, bound to the head."""
    locks = [*_fringe(), *(lock for layer in BOB for lock in _around(layer))]
    hair = join("Hair", [_solid(lock, number) for number, lock in enumerate(locks)])
    return Part(hair.name, "Hair", hair.vertices, hair.faces, hair.colours, {},
                {"head": np.ones(len(hair.vertices))})  # fmt: skip


def _fringe() -> Iterator[Lock]:
    """Locks from a parting on the right, over the forehead to both temples."""
    start, end = np.array([-30.0, 768.0, 124.0]), np.array([84.0, 704.0, 84.0])
    for i, share in enumerate(np.linspace(0.0, 1.0, 9)):
        root = start + share * np.array([62.0, 0.0, 0.0])
        tip = end + (1.0 - share) * np.array([-34.0, 26.0, 30.0])
        tip += (0.0, 5.0 * _chance(i), 0.0)
        middle = 0.55 * root + 0.45 * tip + (0.0, -1.0, 14.0 + 2.0 * (i % 2))
        yield Lock((tuple(root), tuple(middle), tuple(tip)), 9.5, 4.2, 0.8 * _chance(i), 3.0)
    for i, share in enumerate(np.linspace(0.0, 1.0, 4)):
        root = np.array([-26.0 - 10.0 * share, 768.0, 125.0])
        belly = np.array([-58.0 - 8.0 * share, 750.0 - 2.0 * share, 124.0 - 6.0 * share])
        tip = np.array([-82.0 - 2.0 * share, 716.0 - 14.0 * share, 92.0 - 10.0 * share])
        yield Lock((tuple(root), tuple(belly), tuple(tip)), 9.0, 4.2, 0.7 * _chance(i + 5), 3.0)
    for side in (1.0, -1.0):  # fills the temple between fringe and bob
        for i in range(3):
            root = (side * (42.0 + 9.0 * i), 774.0 - 3.0 * i, 112.0 - 9.0 * i)
            belly = (side * (72.0 + 4.0 * i), 742.0 - 4.0 * i, 103.0 - 11.0 * i)
            tip = (side * (87.0 + 1.5 * i), 690.0 - 14.0 * i, 76.0 - 8.0 * i)
            yield Lock((root, belly, tip), 11.0, 4.5, 0.5 * _chance(i + 3), 2.6)
        for i in range(3):  # and frames the face
            root = (side * (50.0 + 6.0 * i), 776.0, 112.0 - 8.0 * i)
            temple = (side * (90.0 + 4.0 * i), 724.0, 106.0 - 12.0 * i)
            cheek = (side * (96.0 + 2.0 * i), 640.0 - 6.0 * i, 92.0 - 9.0 * i)
            tip = (side * (70.0 + 2.0 * i), 590.0 - 5.0 * i, 84.0 - 8.0 * i)
            yield Lock((root, temple, cheek, tip), 11.0, 5.0, 0.8 * _chance(i + 9), 3.2)
    # Across the parting, under the cuff: the cap's lining may not show.
    parting = ((-74.0, 742.0, 96.0), (-40.0, 766.0, 138.0), (36.0, 782.0, 126.0))
    yield Lock(parting, 16.0, 6.0, -0.4, 6.0)


def _around(layer: Layer) -> Iterator[Lock]:
    first, last, count = layer.turns
    for i, turn in enumerate(np.radians(np.linspace(first, last, count))):
        out = np.array([np.sin(turn), 0.0, np.cos(turn)])
        # Roots lie under the cap, which is higher over the forehead than over the nape.
        before, behind = smoothstep(0.1, 0.7, np.cos(turn)), smoothstep(0.2, -0.7, np.cos(turn))
        places = []
        for number, (wide, deep, height) in enumerate(layer.rings):
            lift = (
                30.0 * before - 26.0 * behind,
                -4.0 * behind,
                0.0,
                layer.loose * _chance(i + count),
            )[number]
            tucked = 1.0 - (0.12 * behind if number == 0 else 0.0)
            spot = (out[0] * wide, height + float(lift), MIDDLE_Z + out[2] * deep * float(tucked))
            places.append(spot)
        lean = 5.0 * _chance(3 * i + count)
        x, y, z = places[-1]
        places[-1] = (x + out[2] * lean, y, z - out[0] * lean)
        width = layer.size[0] * (1.0 + 0.18 * _chance(7 * i + count))
        yield Lock(tuple(places), width, layer.size[1], 0.9 * _chance(i + 2 * count), layer.blunt)


def _chance(number: int) -> float:
    """-1..1, the same every time, spread evenly."""
    return 2.0 * ((number * GOLDEN) % 1.0) - 1.0


def _solid(lock: Lock, number: int) -> Part:
    along = np.linspace(0.0, 1.0, N_ALONG)
    line = _curve(np.array(lock.places), along)
    tangent = unit(np.gradient(line, axis=0))
    outward = (line - AXIS) * (1.0, 0.0, 1.0)
    outward = unit(outward - tangent * np.sum(outward * tangent, axis=1, keepdims=True))
    across = np.cross(tangent, outward)
    swell = np.clip(along / 0.12, 0.25, 1.0) ** 0.5 * (1.0 - along**lock.blunt) ** 0.8
    swell = np.maximum(swell, 0.02)
    around = np.linspace(0.0, 2.0 * np.pi, N_AROUND, endpoint=False)
    groove = np.cos(around * N_GROOVES + number)
    wide = np.cos(around) * (1.0 + 0.04 * groove)
    thick = np.sin(around) * (1.0 + 0.16 * groove)
    grid = (
        line[:, None]
        + across[:, None] * (swell[:, None] * lock.width * wide[None])[..., None]
        + outward[:, None] * (swell[:, None] * lock.thickness * thick[None])[..., None]
    )
    colours = _colours(along, groove, lock.shade)
    faces = grid_faces(N_ALONG, N_AROUND, wrap=True)[:, ::-1]
    return Part("Hair", "Hair", grid.reshape(-1, 3), (faces,), colours)


def _colours(along: np.ndarray, groove: np.ndarray, shade: float) -> np.ndarray:
    """Dark roots, light tips, a band of shine where the bob bulges, streaks along the grooves."""
    share = np.repeat(along, N_AROUND)
    streak = np.tile(groove, len(along))
    colours = blend(np.tile(np.asarray(ROOT), (len(share), 1)), MIDDLE, smoothstep(0, 0.4, share))
    colours = blend(colours, TIP, 0.8 * smoothstep(0.5, 1.0, share))
    shine = np.exp(-(((share - 0.36 - 0.05 * shade) / 0.10) ** 2)) * (0.5 + 0.5 * streak)
    colours = blend(colours, SHINE, 0.5 * shine)
    return np.clip(colours * (1.0 + 0.14 * shade + 0.07 * streak)[:, None], 0.0, 1.0)


def _curve(places: np.ndarray, along: np.ndarray) -> np.ndarray:
    """A Bezier curve (N, 3) with the given control places."""
    points = np.repeat(places[None], len(along), axis=0)
    share = along[:, None, None]
    while points.shape[1] > 1:
        points = points[:, :-1] * (1.0 - share) + points[:, 1:] * share
    return points[:, 0]

"""Where a face's features probably are, before an artist puts the guides right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from ..errors import InputError
from ..progress import Progress, part_of, silent
from .eyeballs import EYE_SIDES
from .face import find_face
from .fitting import drawn_onto
from .guides import GUIDES, LEFT, MIRROR, twin
from .intake import HeadMesh, check_meshes, frame_around, surfaces_in
from .openings import eye_corners, mouth_corners
from .surface import Surface, nearest, without_loose
from .template import Template, read_template

SIZES = (1.0, 0.8, 0.62, 0.48, 0.36, 0.27, 0.2, 0.15, 0.11)  # a head's height, of the mesh's
BASE_TOP, BASE_CHIN = 786.4, 570.0  # mm
MOST_POINTS = 4000
STEPS = 14
KEPT = 0.8  # of the pairs: the nearest; hair and collars are none
FACING = 0.12  # head heights that a turned normal is away
WORST = 0.06  # head heights: what lies further from a head on average is none


def guess_guides(
    meshes: Sequence[HeadMesh],
    up: np.ndarray,
    ahead: np.ndarray | None = None,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """A place (3,) on the skin, the first mesh, for every guide.

    The base head is laid onto the top of the skin in several sizes, and where it fits best drawn
    onto it; eyeballs and a cut between the lips say more. `up` (3,) says where the head's top is,
    `ahead` (3,), where known, which way it looks. Raises InputError where no head is found.
    """
    check_meshes(meshes)
    frame = frame_around(meshes[0])
    surfaces = surfaces_in(frame, meshes)
    surface = without_loose(surfaces[0])
    template = read_template()
    ways = list(_directions(up, ahead))
    shares = np.linspace(0.05, 0.8, len(ways) + 1)
    tries = [
        _lay(template, surface, axes, part_of(progress, *stretch))
        for axes, stretch in zip(ways, pairwise(shares), strict=True)
    ]
    apart, axes, placed = min(tries, key=lambda found: found[0])
    if apart > WORST:
        raise InputError(
            "No head was found in this mesh", value=f"{apart:.2f} of its height away at best",
            remedy="Place the guides by hand, or choose the head's own mesh.",
        )  # fmt: skip
    progress(0.8, "Finding the features")
    guides = _features(template, surface, placed)
    progress(0.9, "Looking for eyes and lips")
    found = _evened(_by_openings(surfaces, guides), axes)
    return {name: frame.without(place) for name, place in found.items()}


def _by_openings(
    surfaces: Sequence[Surface], guides: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    face = find_face(surfaces, guides)[0]
    found = guides | mouth_corners(face)
    for lip in ("upper_lip", "lower_lip"):
        found[lip] = guides[lip] + found["mouth"] - guides["mouth"]
    for side in EYE_SIDES:
        found |= eye_corners(face, side)
    return found


def _evened(guides: dict[str, np.ndarray], axes: np.ndarray) -> dict[str, np.ndarray]:
    """Both sides alike: the mean of each pair, and the middle ones in between."""
    seen = {name: axes @ place for name, place in guides.items()}
    pairs = [(name, other) for name in seen if (other := twin(name)) and name.endswith(LEFT)]
    middle = float(np.median([0.5 * (seen[a][0] + seen[b][0]) for a, b in pairs]))
    for name, other in pairs:
        mean = 0.5 * (seen[name] + _mirrored(seen[other], middle))
        seen[name], seen[other] = mean, _mirrored(mean, middle)
    return {
        name: place @ axes if twin(name) else np.array([middle, *place[1:]]) @ axes
        for name, place in seen.items()
    }


def _mirrored(place: np.ndarray, middle: float) -> np.ndarray:
    return place * MIRROR + (2.0 * middle, 0.0, 0.0)


def _directions(up: np.ndarray, ahead: np.ndarray | None) -> Iterator[np.ndarray]:
    """Rows left, up, ahead (3, 3) of each way in which the head may look."""
    up = np.asarray(up, dtype=float) / np.linalg.norm(up)
    ways = [*np.eye(3), *-np.eye(3)] if ahead is None else [np.asarray(ahead, dtype=float)]
    for way in ways:
        level = way - up * (up @ way)
        if np.linalg.norm(level) > 0.5:
            level = level / np.linalg.norm(level)
            yield np.stack([np.cross(up, level), up, level])


def _lay(
    template: Template, surface: Surface, axes: np.ndarray, progress: Progress
) -> tuple[float, np.ndarray, np.ndarray]:
    """How far the template lies from the mesh at best, in head heights, and its vertices there."""
    seen = Surface(surface.vertices @ axes.T, surface.triangles)
    outer = _outer(template)
    found = []
    for number, size in enumerate(SIZES):
        progress(number / len(SIZES), "Looking for the head")
        found.append(_laid(template, seen, outer, size))
    apart, placed = min(found, key=lambda one: one[0])
    return apart, axes, placed @ axes


def _outer(template: Template) -> np.ndarray:
    points = template.skin.vertices
    whole = (template.is_outside | (points[:, 2] < 0.0)) & (points[:, 1] > BASE_CHIN)
    return np.flatnonzero(whole)[::5]


def _laid(
    template: Template, seen: Surface, outer: np.ndarray, size: float
) -> tuple[float, np.ndarray]:
    points, tall = seen.vertices, float(np.ptp(seen.vertices[:, 1]))
    height, top = size * tall, points[:, 1].max()
    head = np.flatnonzero(points[:, 1] > top - 1.1 * height)
    head = head[:: max(1, len(head) // MOST_POINTS)]
    crown = points[points[:, 1] > top - 0.25 * height]
    scale = height / (BASE_TOP - BASE_CHIN)
    rest = template.skin.vertices
    middle = 0.5 * (crown.max(axis=0) + crown.min(axis=0))
    start = np.array([0.0, BASE_TOP, 0.5 * (rest[:, 2].min() + 110.0)])
    placed = (rest - start) * scale + (middle[0], top, middle[2])
    features = np.concatenate([points[head], FACING * height * seen.normals[head]], axis=1)
    apart = np.inf
    for _ in range(STEPS):
        bent = Surface(placed, template.skin.triangles)
        own = np.concatenate([placed[outer], FACING * height * bent.normals[outer]], axis=1)
        at = head[nearest(own, features)]
        away = np.linalg.norm(points[at] - placed[outer], axis=1)
        turned = 1.0 - np.einsum("nd,nd->n", seen.normals[at], bent.normals[outer])
        cost = away / height + FACING * turned
        near = np.argsort(cost)[: int(KEPT * len(cost))]
        apart = float(cost[near].mean())
        placed = _moved(rest, outer[near], points[at[near]], middle[0])
    return apart, placed


def _moved(rest: np.ndarray, own: np.ndarray, onto: np.ndarray, middle: float) -> np.ndarray:
    """All of `rest` by the similarity that takes some of its points nearest to others (Umeyama,
    1991), to the plane `middle` alike on either side.
    """
    mirrored = onto * MIRROR + (2.0 * middle, 0.0, 0.0)
    a = np.concatenate([rest[own], rest[own] * MIRROR])
    b = np.concatenate([onto, mirrored])
    from_a, from_b = a - a.mean(axis=0), b - b.mean(axis=0)
    u, stretch, vt = np.linalg.svd(from_b.T @ from_a)
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = (stretch * flip).sum() / (from_a**2).sum()
    return scale * (rest - a.mean(axis=0)) @ (u * flip @ vt).T + b.mean(axis=0)


def _features(template: Template, surface: Surface, placed: np.ndarray) -> dict[str, np.ndarray]:
    warp = drawn_onto(surface, template, placed)
    found = {}
    for guide in GUIDES:
        place = np.asarray(guide.on_base)
        found[guide.name] = warp(place[None])[0]
        if other := twin(guide.name):
            found[other] = warp((place * MIRROR)[None])[0]
    return found

"""The eyes of a head: which pieces they are, how they turn, and lids that stay outside of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .guides import FaceAxes, Guides
from .surface import Surface, blurred, nearest

EYE_SIDES = ("Left", "Right")
LOOK_ANGLES = {"In": 22.0, "Out": 22.0, "Up": 18.0, "Down": 20.0}  # degrees at full weight
RADII = (0.3, 1.2)  # of an eyeball, in widths of its opening
EXTENT = 1.2  # radii: it is as wide and as tall, which lashes are not
ROUND = 0.06  # mean distance from the sphere, in radii, of what is one
INSIDE = 1.15  # radii: what lies within, all of it, turns along: iris, pupil, cornea
CLEARANCE = 0.02  # radii between lid and eyeball
EASED = 4  # steps along edges: what lies beside a vertex that is taken out of the eye goes along
HALF_WAY = 0.6  # of what a lid's straight way would cut off is added at its end


@dataclass(frozen=True, eq=False)
class Eyeball:
    """One eye."""

    side: str  # "Left" or "Right"
    centre: np.ndarray  # (3,)
    radius: float
    points: np.ndarray  # float (M, 3): its outer surface


def find_eyeball(
    pieces: Sequence[np.ndarray], guides: Guides, axes: FaceAxes, side: str
) -> Eyeball | None:
    """The largest piece (M, 3) behind one eye's opening that is part of a sphere."""
    suffix = side[0]
    inner, outer, upper, lower = (
        np.asarray(guides[f"{name}.{suffix}"], dtype=float)
        for name in ("eye_inner", "eye_outer", "upper_lid", "lower_lid")
    )
    width, middle = float(np.linalg.norm(outer - inner)), 0.5 * (upper + lower)
    found = []
    for points in pieces:
        if len(points) < 12:
            continue
        centre, radius, apart = _sphere_ahead(points, axes)
        behind = (middle - centre) @ axes.ahead
        beside = np.linalg.norm(middle - centre - behind * axes.ahead)
        extent = min(np.ptp(points @ way) for way in (axes.left, axes.up))
        is_round = apart < ROUND * radius and extent > EXTENT * radius
        is_there = beside < 0.45 * width and 0.2 * radius < behind < 1.5 * radius
        if is_round and is_there and RADII[0] * width < radius < RADII[1] * width:
            found.append(Eyeball(side, centre, radius, points))
    return max(found, key=lambda eye: (round(eye.radius / width, 1), len(eye.points)), default=None)


def turns_along(points: np.ndarray, eye: Eyeball) -> bool:
    """Whether a piece (M, 3) lies within the eyeball, or is it."""
    return bool((np.linalg.norm(points - eye.centre, axis=1) < INSIDE * eye.radius).all())


def looks(points: np.ndarray, eye: Eyeball, axes: FaceAxes) -> dict[str, np.ndarray]:
    """Deltas (N, 3) of what turns with the eye, by channel."""
    outward = axes.left if eye.side == "Left" else -axes.left
    towards = {"In": -outward, "Out": outward, "Up": axes.up, "Down": -axes.up}
    away = points - eye.centre
    found = {}
    for way, direction in towards.items():
        angle = np.radians(LOOK_ANGLES[way])
        ahead, aside = away @ axes.ahead, away @ direction
        turned_ahead = np.cos(angle) * ahead - np.sin(angle) * aside
        turned_aside = np.cos(angle) * aside + np.sin(angle) * ahead
        found[f"eyeLook{way}{eye.side}"] = np.outer(turned_ahead - ahead, axes.ahead) + np.outer(
            turned_aside - aside, direction
        )
    return found


def clear(skin: Surface, deltas: np.ndarray, eye: Eyeball) -> np.ndarray:
    """The deltas (N, 3) of lids that come to lie outside of the eyeball, and nearly so half way;
    what is behind its surface at rest may stay as deep.
    """
    is_moving = (np.linalg.norm(deltas, axis=1) > 1e-3 * eye.radius) & (
        np.linalg.norm(skin.vertices - eye.centre, axis=1) < 2.0 * eye.radius
    )
    if not is_moving.any():
        return deltas
    found = deltas.copy()
    for share, more in ((0.5, 2.0 * HALF_WAY), (1.0, 1.0)):
        towards, lift = np.zeros_like(found), np.zeros(len(found))
        towards[is_moving], lift[is_moving] = _outward(
            skin.vertices[is_moving], share * found[is_moving], eye
        )
        found += towards * (more * _eased(skin, lift))[:, None]
    return found


def _eased(skin: Surface, lift: np.ndarray) -> np.ndarray:
    """No less than a lift (N,), and no vertex far over those beside it: lids do not crumple."""
    for _ in range(EASED):
        lift = np.maximum(lift, blurred(skin, lift, 1))
    return lift


def _outward(start: np.ndarray, way: np.ndarray, eye: Eyeball) -> tuple[np.ndarray, np.ndarray]:
    """Directions (N, 3), and how far in them each end of a way (N, 3) is out of the eyeball."""
    away = start + way - eye.centre
    length = np.linalg.norm(away, axis=1)
    towards = away / np.maximum(length, 1e-9)[:, None]
    least = np.minimum(
        _height(towards, eye) + CLEARANCE * eye.radius, np.linalg.norm(start - eye.centre, axis=1)
    )
    return towards, np.clip(least - length, 0.0, None)


def _height(towards: np.ndarray, eye: Eyeball) -> np.ndarray:
    """How high the eyeball's surface is in each direction (N, 3)."""
    away = eye.points - eye.centre
    length = np.linalg.norm(away, axis=1)
    return length[nearest(towards, away / np.maximum(length, 1e-9)[:, None])]


def _sphere_ahead(points: np.ndarray, axes: FaceAxes) -> tuple[np.ndarray, float, float]:
    """The sphere of an eyeball's front where all of it is none: half balls have flat backs."""
    centre, radius, apart = _sphere(points)
    if apart < ROUND * radius:
        return centre, radius, apart
    depth = points @ axes.ahead
    return _sphere(points[depth >= np.median(depth)])


def _sphere(points: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Centre (3,), radius and mean distance of the sphere that fits best (least squares)."""
    middle = points.mean(axis=0)
    at = points - middle
    system = np.concatenate([2.0 * at, np.ones((len(at), 1))], axis=1)
    answer = np.linalg.lstsq(system, np.einsum("nd,nd->n", at, at), rcond=None)[0]
    radius = float(np.sqrt(max(answer[3] + answer[:3] @ answer[:3], 0.0)))
    apart = np.abs(np.linalg.norm(at - answer[:3], axis=1) - radius).mean()
    return middle + answer[:3], radius, float(apart)

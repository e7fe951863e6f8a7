"""Bends the template's space so that its head comes to lie on another one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .guides import check_guides
from .space_warp import SpaceWarp, fit_warp
from .surface import Surface, nearest
from .template import Template

N_CENTRES = 420  # points of the template's face that are drawn onto the other one
ROUNDS = ((0.6, 0.16), (0.3, 0.12), (0.12, 0.09), (0.06, 0.07))  # slack, reach of the head's size
GUIDE_SLACK = 0.01
MIN_ALIKE = 0.5  # cosine of two normals that may belong to one place


def fit(template: Template, target: Surface, guides: Mapping[str, np.ndarray]) -> SpaceWarp:
    """The bending from the template to the target's coordinates.

    First by the guides alone, then along the normals by what lies nearest: how features lie along
    the surface is for the guides to say.
    """
    check_guides(guides)
    names = sorted(template.guides)
    own = np.stack([template.guides[name] for name in names])
    places = np.stack([np.asarray(guides[name], dtype=float) for name in names])
    warp = fit_warp(own, places, np.full(len(own), GUIDE_SLACK))
    size = float(np.ptp(places, axis=0).max())
    start = warp(template.skin.vertices)
    return follow(template, target, own, places, spread_points(template, own), start, size)


def follow(
    template: Template, target: Surface, own: np.ndarray, places: np.ndarray,
    chosen: np.ndarray, moved: np.ndarray, size: float,
) -> SpaceWarp:  # fmt: skip
    """The bending that takes `own` points to their `places` (G, 3), and the `chosen` vertices,
    which begin where `moved` (N, 3) has them, onto the target.
    """
    centres = np.concatenate([own, template.skin.vertices[chosen]])
    held = np.full(len(own), GUIDE_SLACK)
    for slack, reach in ROUNDS:
        bent = Surface(moved, template.skin.triangles)
        pulls, is_near = _pulls(bent, chosen, target, reach * size)
        ends = np.concatenate([places, moved[chosen] + pulls])
        loose = np.where(is_near, slack, 20.0 * slack)
        warp = fit_warp(centres, ends, np.concatenate([held, loose]))
        moved = warp(template.skin.vertices)
    return warp


def spread_points(template: Template, apart_from: np.ndarray) -> np.ndarray:
    """Vertices (N_CENTRES,) that lie as far apart as can be, outside of the head alone."""
    candidates = np.flatnonzero(template.is_outside)
    points = template.skin.vertices[candidates]
    # Lips, lids and nose have more of them than cheeks and forehead.
    detail = np.min(np.linalg.norm(points[:, None] - apart_from[None], axis=-1), axis=1)
    away = detail.copy()
    weight = 1.0 / (1.0 + detail / 12.0)
    chosen = []
    for _ in range(N_CENTRES):
        k = int(np.argmax(away * weight))
        chosen.append(k)
        away = np.minimum(away, np.linalg.norm(points - points[k], axis=1))
    return candidates[np.array(chosen)]


def _pulls(
    bent: Surface, chosen: np.ndarray, target: Surface, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """For each chosen vertex the way (C, 3) along its normal to the target, and whether one was
    found (C,).
    """
    scale = 0.35 * reach
    features = np.concatenate([bent.vertices[chosen], scale * bent.normals[chosen]], axis=1)
    close = np.concatenate([target.vertices, scale * target.normals], axis=1)
    at = nearest(features, close)
    normals = target.normals[at]
    way = target.vertices[at] - bent.vertices[chosen]
    along = np.einsum("cd,cd->c", way, normals)
    alike = np.einsum("cd,cd->c", normals, bent.normals[chosen])
    found = (alike > MIN_ALIKE) & (np.linalg.norm(way, axis=1) < reach)
    return np.where(found[:, None], along[:, None] * normals, 0.0), found

"""Bends the template's space so that its head comes to lie on another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .eyeballs import EYE_SIDES
from .face import Face
from .guides import check_guides
from .openings import lid_rims, lip_rims
from .space_warp import SpaceWarp, fit_warp
from .surface import Surface, nearest
from .template import Template

N_CENTRES = 420  # points of the template's face that are drawn onto the other one
ROUNDS = ((0.6, 0.09), (0.3, 0.07), (0.12, 0.05), (0.06, 0.04))  # slack, reach of the head's size
GUIDE_SLACK = 0.01
MIN_ALIKE = 0.5  # cosine of two normals that may belong to one place


@dataclass(frozen=True, eq=False)
class Pairs:
    """Points of the template and where they have to come to lie."""

    own: np.ndarray  # float (G, 3)
    places: np.ndarray  # float (G, 3)


def fit(template: Template, face: Face) -> SpaceWarp:
    """The bending from the template to the face's coordinates.

    First by guides, lids and lips alone, then along the normals by what lies nearest: how features
    lie along the surface is for the guides to say. Raises InputError for guides that cannot be.
    """
    check_guides(face.guides)
    pairs = _features(template, face)
    warp = fit_warp(pairs.own, pairs.places, np.full(len(pairs.own), GUIDE_SLACK))
    return drawn_onto(face.skin, template, warp(template.skin.vertices), pairs)


def _features(template: Template, face: Face) -> Pairs:
    names = sorted(template.guides)
    own = [np.stack([template.guides[name] for name in names])]
    places = [np.stack([face.guide(name) for name in names])]
    seen = {side: lid_rims(face, side) for side in EYE_SIDES} | {"lips": lip_rims(face)}
    for name, rims in seen.items():
        both = rims.is_known & template.rims[name].is_known
        own.append(template.rims[name].places[both])
        places.append(rims.places[both])
    return Pairs(np.concatenate(own), np.concatenate(places))


def drawn_onto(
    target: Surface, template: Template, start: np.ndarray, held: Pairs | None = None
) -> SpaceWarp:
    """The bending that takes the template from where its vertices `start` (N, 3) onto the target,
    and the pairs that are held to their places.
    """
    held = held or Pairs(np.zeros((0, 3)), np.zeros((0, 3)))
    chosen = _spread(template, held.own)
    centres = np.concatenate([held.own, template.skin.vertices[chosen]])
    tight = np.full(len(held.own), GUIDE_SLACK)
    size = float(np.ptp(start, axis=0).max())
    moved, warp = start, None
    for slack, reach in ROUNDS:
        bent = Surface(moved, template.skin.triangles)
        pulls, is_near = _pulls(bent, chosen, target, reach * size)
        ends = np.concatenate([held.places, moved[chosen] + pulls])
        loose = np.where(is_near, slack, 20.0 * slack)
        warp = fit_warp(centres, ends, np.concatenate([tight, loose]))
        moved = warp(template.skin.vertices)
    assert warp is not None
    return warp


def _spread(template: Template, details: np.ndarray) -> np.ndarray:
    """Vertices (N_CENTRES,) that lie as far apart as can be, outside of the head alone."""
    candidates = np.flatnonzero(template.is_outside)
    points = template.skin.vertices[candidates]
    # Lips, lids and nose have more of them than cheeks and forehead.
    near = details if len(details) else np.stack(list(template.guides.values()))
    detail = np.min(np.linalg.norm(points[:, None] - near[None], axis=-1), axis=1)
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

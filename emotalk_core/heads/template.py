"""The base head as something to make other heads' shapes from: skin, shapes, guides, features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from .base_head import BaseHead, read_base_head
from .expressions import arched_brow, puff, raised_cheek, smile, sneer, sorrow
from .eyeballs import EYE_SIDES, Eyeball
from .face import Face
from .falloff import smoothstep
from .guides import base_guides, face_axes, head_size
from .lids import Lids, find_lids
from .openings import Rims, lid_rims, lip_rims
from .surface import Surface, triangulated

EYE_CENTRE, EYE_RADIUS = np.array([28.82, 679.58, 111.51]), 15.9  # of the left eye, mm
LID_FOLLOWS = 0.2  # share of a blink, or of wide eyes, in looking down or up
LIDS_OVERLAP = 0.5  # mm
MOST_INWARD = 0.4
GAINS = {
    "browDown": 1.2, "browOuterUp": 1.4, "browInnerUp": 1.1, "eyeWide": 1.2, "eyeSquint": 1.1,
    "cheekSquint": 0.6, "mouthFrown": 1.8, "noseSneer": 1.2, "mouthUpperUp": 1.1,
    "mouthLowerDown": 1.2, "mouthStretch": 1.2,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Template:
    """The base head, mm, +Y up, +Z ahead."""

    skin: Surface
    shapes: Mapping[str, np.ndarray]  # ARKit channel -> deltas (N, 3)
    guides: Mapping[str, np.ndarray]
    base: BaseHead  # its lower teeth and tongue
    is_outside: np.ndarray  # bool (N,): seen from without, neither mouth, nostril nor socket
    rims: Mapping[str, Rims]  # "Left", "Right", "lips"


@cache
def read_template() -> Template:
    """The template; read once."""
    base = read_base_head()
    skin = Surface(base.skin.vertices, triangulated(base.skin.faces))
    return Template(skin, face_shapes(base), base_guides(), base, _is_outside(skin), _rims(skin))


def face_shapes(base: BaseHead) -> dict[str, np.ndarray]:
    """The base head's shapes, as wide as ARKit's, with fields where its own fold or are meek."""
    rest, own = base.skin.vertices, base.skin.shapes
    shapes = {name: delta * _gain(name) for name, delta in own.items()}
    for name in shapes:
        if name.startswith("eye"):  # the base head's move the other socket's floor, too
            way = 1.0 if name.endswith("Left") else -1.0
            shapes[name] = shapes[name] * smoothstep(-6.0, 6.0, way * rest[:, :1])
    for eye in find_lids(base.skin):
        blink = "eyeBlinkLeft" if eye.side > 0 else "eyeBlinkRight"
        shapes[blink] = _meeting_lids(shapes[blink], eye, rest)
    shapes["cheekPuff"] = puff(rest)
    shapes["browInnerUp"] = shapes["browInnerUp"] + sorrow(rest)
    for side, number in (("Left", 1), ("Right", -1)):
        shapes[f"mouthSmile{side}"] = smile(rest, number)
        shapes[f"browOuterUp{side}"] = shapes[f"browOuterUp{side}"] + arched_brow(rest, number)
        shapes[f"noseSneer{side}"] = shapes[f"noseSneer{side}"] + sneer(rest, number)
        shapes[f"cheekSquint{side}"] = shapes[f"cheekSquint{side}"] + raised_cheek(rest, number)
        for way, lids in (("Down", "Blink"), ("Up", "Wide")):
            look = f"eyeLook{way}{side}"
            shapes[look] = shapes[look] + LID_FOLLOWS * shapes[f"eye{lids}{side}"]
    return {
        name: _uncrossed(delta, rest) if name.startswith("brow") else delta
        for name, delta in shapes.items()
    }


def _uncrossed(delta: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Deltas that take nothing on towards the middle by more than a share of the way to it: the
    base head's columns are wide there, and a finer mesh between them would fold.
    """
    room = MOST_INWARD * np.abs(rest[:, 0])
    inward = -np.sign(rest[:, 0]) * delta[:, 0]
    bound = np.where(inward > 0.0, room * np.tanh(inward / np.maximum(room, 1e-9)), inward)
    return np.concatenate([(-np.sign(rest[:, 0]) * bound)[:, None], delta[:, 1:]], axis=1)


def _meeting_lids(blink: np.ndarray, eye: Lids, rest: np.ndarray) -> np.ndarray:
    """The blink whose upper lid comes down to the lower one; the base head's goes on by 2 mm."""
    upper, lower = eye.upper_rim(rest), eye.lower_rim(rest)
    ends, floor = rest[upper] + blink[upper], rest[lower] + blink[lower]
    order = np.argsort(floor[:, 0])
    meets = np.interp(ends[:, 0], floor[order, 0], floor[order, 1]) - LIDS_OVERLAP
    travel = np.maximum(rest[upper, 1] - ends[:, 1], 1e-6)
    share = 1.0 - np.clip(meets - ends[:, 1], 0.0, None) / travel
    share[[0, -1]] = share[[1, -2]]  # corners hardly move
    order = np.argsort(rest[upper, 0])
    factor = np.interp(rest[:, 0], rest[upper, 0][order], share[order])
    return np.where(blink[:, 1:2] < 0.0, factor[:, None], 1.0) * blink


def _rims(skin: Surface) -> dict[str, Rims]:
    guides = base_guides()
    eyes = {
        side: Eyeball(side, EYE_CENTRE * (way, 1.0, 1.0), EYE_RADIUS, np.zeros((0, 3)))
        for side, way in zip(EYE_SIDES, (1.0, -1.0), strict=True)
    }
    face = Face(skin, guides, face_axes(guides), head_size(guides), eyes)
    return {side: lid_rims(face, side) for side in EYE_SIDES} | {"lips": lip_rims(face)}


def _gain(name: str) -> float:
    return next((gain for start, gain in GAINS.items() if name.startswith(start)), 1.0)


def _is_outside(skin: Surface) -> np.ndarray:
    """By how far behind what is in front of it a vertex lies, in view from ahead."""
    points, found = skin.vertices, np.ones(len(skin.vertices), dtype=bool)
    for rows in np.array_split(np.arange(len(points)), 16):
        apart = np.linalg.norm(points[rows, None, :2] - points[None, :, :2], axis=-1)
        front = np.where(apart < 2.5, points[None, :, 2], -np.inf).max(axis=1)
        found[rows] = front - points[rows, 2] < 3.0
    steep = smoothstep(40.0, 60.0, np.abs(points[:, 0])) > 0.5
    return (found | steep) & (points[:, 2] > 0.0) & (np.abs(points[:, 0]) < 66.0)

"""The skin: face with lids and lips, inner mouth, ears and neck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...emotalk_core.heads.base_head import BaseHead
from ...emotalk_core.heads.expressions import arched_brow, puff, raised_cheek, smile, sneer, sorrow
from ...emotalk_core.heads.falloff import bump, smoothstep
from ...emotalk_core.heads.lids import RIM, Lids, find_lids
from .part import Part, blend, hex_colour
from .warp import EYE_CENTRE, EYE_RADIUS, EYE_SCALE, bend, eye_centre, mould

LID_GROUPS = ("lids.L", "lids.R")  # vertex groups
LID_FOLLOWS = 0.2  # share of a blink, or of wide eyes, in looking down or up
SOFTENING_STEPS = 14
LID_CLEARANCE = 0.45  # mm between lid and eyeball
TUCKED = (-1.4, -0.3)  # mm: the two innermost loops go in and close the slit at the eyeball

GAINS = {
    "browDown": 1.75, "brow": 1.6, "eyeWide": 1.35, "eyeSquint": 1.1, "cheekSquint": 0.6,
    "mouthFrown": 2.1, "mouthRollLower": 1.6, "noseSneer": 1.35,
    "mouthUpperUp": 1.15, "mouthLowerDown": 1.25, "mouthStretch": 1.3,
}  # fmt: skip
# The neutral face is made friendlier: a little of these shapes is built into it.
REST_POSE = {"eyeWideLeft": 1.2, "eyeWideRight": 1.2, "browInnerUp": 0.15}
REST_SMILE = 0.12
SMILE_GAIN = 1.2
FROWNS = ("browDownLeft", "browDownRight")
FROWN_NARROWS = 0.55  # of the skin between the brows, at most
FROWN_SINKS = 0.52  # of the way down to the lashes, at most
FROWN_HOLLOW = 0.9  # mm on the midline, from each brow
LOWER_RIM = (30.0, 671.0, 124.0)  # of the left eye on the base head, mm
LID_SMILES = np.array([0.0, 3.8, 0.5])  # mm up
JAW_GAIN = 0.92
CLOSE_GAIN = 1.08  # more than the jaw's: the fuller lips have to stay together all the way down

BASE = hex_colour("F0BE9C")
BLUSH = hex_colour("EE8A74")
LIPS = hex_colour("DC7A72")
LIDS = hex_colour("F0B69C")
SHADE = hex_colour("DDA183")
LINER = hex_colour("3A1E1A")
SCALP = hex_colour("5A2C1E")
NOSTRIL = hex_colour("7A3B33")
MOUTH_INSIDE = hex_colour("6E2129")


@dataclass(frozen=True, eq=False)
class Skin:
    """The skin, and what the parts that lie on it need to know of it."""

    part: Part
    lids: tuple[Lids, Lids]  # left, right


def build_skin(base: BaseHead) -> Skin:
    """The stylised skin with all its shapes."""
    rest = base.skin.vertices
    lids = find_lids(base.skin)
    soft = _softened(rest, rest, base.skin.faces, lids)
    friendly = sum(base.skin.shapes[name] * share for name, share in REST_POSE.items())
    posed = soft + friendly
    moulded = bend(posed) + mould(rest) + REST_SMILE * (smile(rest, 1) + smile(rest, -1))
    # Smoothed once more: where the bending of the two eyes meets, a line would run up the forehead.
    offsets = _softened(moulded, rest, base.skin.faces, lids) - bend(posed)
    vertices = _clear_eyes(bend(posed) + offsets, lids)
    shapes = {
        name: _clear_eyes(bend(posed + delta) + offsets, lids) - vertices
        for name, delta in _deltas(base, lids).items()
    }
    shapes |= {name: _furrowed(shapes[name], vertices) for name in FROWNS}
    for name, moves in _fields(rest, shapes).items():
        shapes[name] = _clear_eyes(vertices + moves, lids) - vertices
    hidden = np.zeros(len(rest), dtype=bool)
    hidden[np.concatenate([eye.bag for eye in lids])] = True
    groups = _lid_groups(rest, lids)
    neck = smoothstep(585.0, 545.0, rest[:, 1]) * smoothstep(95.0, 60.0, rest[:, 2])
    part = Part(
        "Skin", "Skin", vertices, _visible_faces(base.skin.faces, hidden),
        _colours(rest, lids), shapes, {"head": 1.0 - neck, "neck": neck, **groups}, 1,
    )  # fmt: skip
    return Skin(part, lids)


def _fields(rest: np.ndarray, shapes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Deltas that need no bending, which would flatten them: the smiles and what is added to the
    base head's `shapes`.
    """
    fields = {"cheekPuff": puff(rest), "browInnerUp": shapes["browInnerUp"] + sorrow(rest)}
    for side, number in (("Left", 1), ("Right", -1)):
        nose, cheek, brow = f"noseSneer{side}", f"cheekSquint{side}", f"browOuterUp{side}"
        fields[f"mouthSmile{side}"] = SMILE_GAIN * smile(rest, number)
        fields[brow] = shapes[brow] + arched_brow(rest, number)
        fields[nose] = shapes[nose] + sneer(rest, number)
        fields[cheek] = shapes[cheek] + raised_cheek(rest, number) + _lower_lid(rest, number)
    return fields


def _lower_lid(rest: np.ndarray, side: int) -> np.ndarray:
    """Deltas (N, 3) of one eye's lower lid: the base head's cheek hardly moves that of so large an
    eye, and a smile is seen there.
    """
    near = bump(rest * np.array([side, 1.0, 1.0]), LOWER_RIM, (14.0, 9.0, 26.0))
    return near[:, None] * LID_SMILES


def _lid_groups(rest: np.ndarray, lids: tuple[Lids, Lids]) -> dict[str, np.ndarray]:
    """What must stay outside of each eyeball: everything in front of it but the tucked loops."""
    groups = {}
    for name, eye in zip(LID_GROUPS, lids, strict=True):
        away = rest - EYE_CENTRE * (eye.side, 1, 1)
        near = (np.linalg.norm(away, axis=1) < 27.0) & (away[:, 2] > 2.0)
        near[eye.bag] = False
        near[eye.loops[: len(TUCKED)]] = False
        groups[name] = near.astype(float)
    return groups


def _deltas(base: BaseHead, lids: tuple[Lids, Lids]) -> dict[str, np.ndarray]:
    """The base's shapes with the character's gains; blinks undo the widening built into rest."""
    deltas = {name: delta * _gain(name) for name, delta in base.skin.shapes.items()}
    # Anger is read from the inner ends of the brows.
    inner = 1.0 + 0.8 * bump(base.skin.vertices, (0.0, 700.0, 135.0), (20.0, 26.0, 60.0))
    for name, eye in zip(FROWNS, lids, strict=True):
        deltas[name] = _frown(deltas[name] * inner[:, None], base.skin.vertices, eye)
    for side in ("Left", "Right"):
        wide = f"eyeWide{side}"
        deltas[f"eyeBlink{side}"] = (
            deltas[f"eyeBlink{side}"] - REST_POSE[wide] * base.skin.shapes[wide]
        )
        # Lids go along with the eye.
        down, up = f"eyeLookDown{side}", f"eyeLookUp{side}"
        deltas[down] = deltas[down] + LID_FOLLOWS * deltas[f"eyeBlink{side}"]
        deltas[up] = deltas[up] + LID_FOLLOWS * deltas[wide]
    return deltas


def _frown(lowered: np.ndarray, rest: np.ndarray, lids: Lids) -> np.ndarray:
    """Of one brow, lowered: above the eye the skin gathers over the lashes and does not hang before
    them.
    """
    frown = lowered.copy()
    rim = rest[lids.upper_rim(rest)]
    rim = rim[np.argsort(rim[:, 0])]
    above = rest[:, 1] - np.interp(rest[:, 0], rim[:, 0], rim[:, 1])
    frown[:, 1] = _within(lowered[:, 1], np.where(above > 0.0, FROWN_SINKS * above, np.inf))
    return frown


def _furrowed(frown: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """Of one brow: the skin between both is narrowed, and never folds into a ridge that would run
    up the forehead.
    """
    furrowed = frown.copy()
    furrowed[:, 0] = _within(frown[:, 0], FROWN_NARROWS * np.abs(vertices[:, 0]))
    furrowed[:, 2] -= FROWN_HOLLOW * bump(vertices, (0.0, 708.0, 142.0), (6.0, 24.0, 60.0))
    return furrowed


def _within(moves: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Moves of at most so much either way; small ones stay as they are."""
    room = np.clip(most, 1e-6, 1e6)
    return room * np.tanh(moves / room)


def _softened(
    points: np.ndarray, rest: np.ndarray, faces: np.ndarray, lids: tuple[Lids, Lids]
) -> np.ndarray:
    """The points with cheeks, forehead and jaw smoothed; eyes, nose and lips stay."""
    keep = np.maximum(0.38 * bump(rest, (0.0, 642.0, 150.0), (26, 22, 60)),
                      bump(rest, (0.0, 616.0, 140.0), (34, 18, 60)))  # fmt: skip
    for eye in lids:
        keep = np.maximum(keep, bump(rest, EYE_CENTRE * (eye.side, 1, 1), (23, 17, 40)))
        keep[eye.loops] = 1.0
    keep = np.maximum(keep, smoothstep(62.0, 72.0, np.abs(rest[:, 0])))
    keep = np.maximum(keep, smoothstep(4.0, 12.0, _depth(rest)))
    free = np.clip(1.0 - 1.6 * keep, 0.0, 1.0)[:, None]
    a, b = _edges(faces).T
    degree = np.bincount(np.concatenate([a, b]), minlength=len(rest))[:, None]
    places = points.copy()
    for _ in range(SOFTENING_STEPS):
        total = np.zeros_like(places)
        np.add.at(total, a, places[b])
        np.add.at(total, b, places[a])
        places += 0.5 * free * (total / degree - places)
    return places


def _edges(faces: np.ndarray) -> np.ndarray:
    following = np.roll(faces, -1, axis=1)
    pairs = np.stack([faces, following], axis=-1).reshape(-1, 2)
    pairs = np.sort(pairs[(pairs >= 0).all(axis=1)], axis=1)
    return np.unique(pairs, axis=0)


def _gain(name: str) -> float:
    if name == "jawOpen":
        return JAW_GAIN
    if name == "mouthClose":
        return CLOSE_GAIN
    return next((gain for start, gain in GAINS.items() if name.startswith(start)), 1.0)


def _visible_faces(faces: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, ...]:
    faces = faces[~hidden[faces].any(axis=1)]
    triangles = faces[:, 3] < 0
    blocks = (faces[~triangles], faces[triangles][:, :3])
    return tuple(block for block in blocks if len(block))


def _clear_eyes(points: np.ndarray, lids: tuple[Lids, Lids]) -> np.ndarray:
    """The points with every lid vertex outside its eyeball."""
    cleared = points.copy()
    for eye in lids:
        centre, radius = eye_centre(eye.side), EYE_RADIUS * EYE_SCALE
        for number, loop in enumerate(eye.loops):
            away = points[loop] - centre
            distance = np.linalg.norm(away, axis=1)
            wanted = np.maximum(distance, radius + LID_CLEARANCE)
            if number < len(TUCKED):
                wanted = np.full_like(distance, radius + TUCKED[number])
            cleared[loop] = centre + away * (wanted / distance)[:, None]
    return cleared


def _colours(rest: np.ndarray, lids: tuple[Lids, Lids]) -> np.ndarray:
    colours = np.tile(np.asarray(BASE), (len(rest), 1))
    colours = blend(colours, SHADE, 0.5 * smoothstep(600.0, 560.0, rest[:, 1]))
    for side in (1.0, -1.0):
        colours = blend(colours, BLUSH, 0.62 * bump(rest, (side * 45, 647, 118), (17, 14, 40)))
        colours = blend(colours, BLUSH, 0.5 * smoothstep(68.0, 80.0, side * rest[:, 0]))
    colours = blend(colours, BLUSH, 0.6 * bump(rest, (0.0, 648.0, 158.0), (13, 10, 16)))
    colours = blend(colours, BLUSH, 0.25 * bump(rest, (0.0, 580.0, 130.0), (18, 12, 25)))
    colours = blend(colours, SCALP, _scalp_weight(rest))
    colours = blend(colours, LIDS, _lid_weight(rest, lids))
    colours = blend(colours, LINER, _liner_weight(rest, lids))
    colours = blend(colours, LIPS, _lip_weight(rest))
    depth, height = _depth(rest), rest[:, 1]
    nostrils = (height > 634.0) * (np.abs(rest[:, 0]) < 9.0)
    colours = blend(colours, NOSTRIL, smoothstep(7.0, 12.0, depth) * nostrils)
    mouth = (height <= 634.0) * smoothstep(589.0, 594.0, height)
    return blend(colours, MOUTH_INSIDE, smoothstep(6.0, 14.0, depth) * mouth)


def _lid_weight(rest: np.ndarray, lids: tuple[Lids, Lids]) -> np.ndarray:
    weight = np.zeros(len(rest))
    for eye in lids:
        away = np.linalg.norm(rest - EYE_CENTRE * (eye.side, 1, 1), axis=1)
        upper = np.where(rest[:, 1] > EYE_CENTRE[1] - 2.0, 0.7, 0.2)
        weight = np.maximum(weight, smoothstep(26.0, 16.5, away) * upper)
    return weight


def _liner_weight(rest: np.ndarray, lids: tuple[Lids, Lids]) -> np.ndarray:
    """Dark rims, mostly the upper ones: they let the eyes read from afar."""
    weight = np.zeros(len(rest))
    for eye in lids:
        for loop in eye.loops[:RIM]:
            weight[loop] = 0.3
            weight[loop[rest[loop, 1] > EYE_CENTRE[1] - 0.5]] = 0.9
    return weight


def _scalp_weight(rest: np.ndarray) -> np.ndarray:
    above = smoothstep(752.0, 760.0, rest[:, 1])
    behind = smoothstep(52.0, 44.0, rest[:, 2]) * smoothstep(595.0, 605.0, rest[:, 1])
    return np.maximum(above, behind)


def _lip_weight(rest: np.ndarray) -> np.ndarray:
    """1 on the red of the lips (N,), by their outline seen from the front."""
    x = np.clip(np.abs(rest[:, 0]) / 24.0, 0.0, 1.0)
    bow = 1.3 * np.exp(-((rest[:, 0] / 3.5) ** 2))
    top = 618.2 + 8.9 * (1.0 - x**2) ** 0.85 - bow
    bottom = 618.2 - 10.2 * (1.0 - x**2.4) ** 0.8
    inside = np.minimum(top - rest[:, 1], rest[:, 1] - bottom)
    return smoothstep(-0.7, 0.9, inside) * (rest[:, 2] > 116.0) * (np.abs(rest[:, 0]) < 24.0)


def _depth(rest: np.ndarray) -> np.ndarray:
    """How far (N,) behind the face's front each vertex of mouth and nose lies, mm."""
    depth = np.zeros(len(rest))
    middle = np.flatnonzero(
        (np.abs(rest[:, 0]) < 36.0) & (rest[:, 2] > 40.0)
        & (rest[:, 1] > 575.0) & (rest[:, 1] < 662.0)
    )  # fmt: skip
    points = rest[middle]
    apart = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=-1)
    front = np.where(apart < 3.0, points[None, :, 2], -np.inf).max(axis=1)
    depth[middle] = front - points[:, 2]
    return depth

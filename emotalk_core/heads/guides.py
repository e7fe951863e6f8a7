"""The guides: points of a face that say where on a head its features are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..errors import InputError
from .surface import nearest

LEFT, RIGHT = ".L", ".R"
MIRROR = np.array([-1.0, 1.0, 1.0])
UPWARDS = ("chin", "lower_lip", "upper_lip", "nose_base", "glabella")
OFF_SKIN = 0.3  # head sizes: a guide is not further from the skin
LEAN = np.arctan2(15.7, 58.4)  # of the way from the base head's mouth to its eyes


Guides = Mapping[str, np.ndarray]  # name -> place (3,)


@dataclass(frozen=True)
class Guide:
    """One point of a face; of a pair the one on the character's left."""

    name: str  # ends in LEFT where there is one on either side
    hint: str  # where on a face it belongs
    on_base: tuple[float, float, float]  # where it is on the base head, mm


GUIDES = (
    Guide("chin", "the chin's foremost point", (0.0, 586.0, 132.0)),
    Guide("lower_lip", "middle of the lower edge of the lower lip's red", (0.0, 609.0, 140.6)),
    Guide("mouth", "middle of the line where the lips meet", (0.0, 618.4, 140.4)),
    Guide("upper_lip", "middle of the upper edge of the upper lip's red", (0.0, 626.2, 147.8)),
    Guide("nose_base", "where the nose meets the upper lip", (0.0, 637.9, 146.4)),
    Guide("nose_tip", "tip of the nose", (0.0, 651.2, 159.0)),
    Guide("nose_bridge", "deepest point of the nose between the eyes", (0.0, 683.6, 141.4)),
    Guide("glabella", "between the brows", (0.0, 698.0, 141.8)),
    Guide("mouth_corner.L", "corner of the mouth", (23.0, 617.6, 130.0)),
    Guide("nose_wing.L", "outermost point of the nostril's wing", (16.2, 646.0, 136.0)),
    Guide("eye_inner.L", "inner corner of the eye", (14.5, 676.8, 124.7)),
    Guide("eye_outer.L", "outer corner of the eye", (41.8, 679.1, 122.2)),
    Guide("upper_lid.L", "middle of the upper lid's rim", (28.4, 683.5, 128.3)),
    Guide("lower_lid.L", "middle of the lower lid's rim", (28.4, 673.3, 126.7)),
    Guide("brow_inner.L", "inner end of the brow", (14.0, 698.0, 141.0)),
    Guide("brow_outer.L", "outer end of the brow", (46.0, 697.0, 123.9)),
    Guide("jaw.L", "angle of the jaw, below the ear", (50.0, 609.0, 58.0)),
    Guide("ear.L", "where the ear's front joins the cheek", (69.0, 658.0, 56.0)),
)


def twin(name: str) -> str | None:
    """The same point on the other side; None in the middle."""
    if name.endswith(LEFT):
        return name.removesuffix(LEFT) + RIGHT
    return name.removesuffix(RIGHT) + LEFT if name.endswith(RIGHT) else None


def base_guides() -> dict[str, np.ndarray]:
    """All guides of the base head, either side: name -> (3,), mm."""
    found = {guide.name: np.array(guide.on_base) for guide in GUIDES}
    for guide in GUIDES:
        if other := twin(guide.name):
            found[other] = found[guide.name] * MIRROR
    return found


def check_guides(guides: Guides) -> None:
    """InputError that names the first guide that is missing, nowhere, on another one, or on the
    wrong side of its twin or of what is below it.
    """
    names = sorted(base_guides())
    for name in names:
        if name not in guides:
            raise InputError("A guide is missing", value=name, remedy="Place the guides again.")
    points = np.array([guides[name] for name in names])
    if not np.isfinite(points).all():
        value = names[int(np.isfinite(points).all(axis=1).argmin())]
        raise InputError("A guide is nowhere", value=value, remedy="Place the guides again.")
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    first, second = np.unravel_index(apart.argmin(), apart.shape)
    if apart[first, second] <= 1e-3 * np.ptp(points, axis=0).max():
        value = f"{names[first]}, {names[second]}"
        raise InputError("Two guides stand on one point", value=value, remedy="Move one of them.")
    _check_order(guides)


def _check_order(guides: Guides) -> None:
    axes = face_axes(guides)
    sides = [(other, name) for name in guides if name.endswith(LEFT) and (other := twin(name))]
    lids = [(f"lower_lid{side}", f"upper_lid{side}") for side in (LEFT, RIGHT)]
    upwards = [*pairwise(UPWARDS), *lids]
    for lower, upper in [*sides, *upwards]:
        way = axes.left if twin(upper) == lower else axes.up
        if (guides[upper] - guides[lower]) @ way <= 0.0:
            is_pair = twin(upper) == lower
            raise InputError(
                "Left and right guides are swapped" if is_pair else "Two guides are swapped",
                value=f"{upper}, {lower}",
                remedy=f"Place {LEFT} on the character's own left." if is_pair
                else f"Place {upper} above {lower}.",
            )  # fmt: skip


def check_on_skin(guides: Guides, skin: np.ndarray) -> None:
    """InputError that names the guide that is furthest from the skin's vertices (N, 3), if that is
    too far.
    """
    names = sorted(guides)
    places = np.stack([guides[name] for name in names])
    apart = np.linalg.norm(places - skin[nearest(places, skin)], axis=1)
    if apart.max() > OFF_SKIN * head_size(guides):
        value = f"{names[int(apart.argmax())]}, {apart.max() / head_size(guides):.1f} heads away"
        raise InputError("A guide is not on the skin", value=value, remedy="Move it onto the skin.")


@dataclass(frozen=True, eq=False)
class FaceAxes:
    """The face's own directions, unit vectors (3,)."""

    left: np.ndarray
    up: np.ndarray
    ahead: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """All three (3, 3): `points @ axes.rows.T` are seen from the face."""
        return np.stack([self.left, self.up, self.ahead])


def face_axes(guides: Guides) -> FaceAxes:
    """By the eyes' corners and the way from mouth to eyes, which leans back as the base head's."""
    at = {name: np.asarray(place, dtype=float) for name, place in guides.items()}
    left = _unit(at["eye_outer.L"] - at["eye_outer.R"])
    rise = 0.5 * (at["eye_inner.L"] + at["eye_inner.R"]) - at["mouth"]
    rise = _unit(rise - left * (rise @ left))
    front = _unit(np.cross(left, rise))
    if front @ (at["nose_tip"] - 0.5 * (at["ear.L"] + at["ear.R"])) < 0.0:
        front = -front  # coordinates of the other hand
    c, s = np.cos(LEAN), np.sin(LEAN)
    return FaceAxes(left, c * rise + s * front, c * front - s * rise)


def head_size(guides: Guides) -> float:
    """From chin to glabella."""
    return float(np.linalg.norm(np.asarray(guides["glabella"]) - np.asarray(guides["chin"])))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-30)

"""Where a rig's eyes are, which way they look at rest, and how far its keys turn them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .bones import BoneRest, face_directions

__all__ = ["Eyes", "eyes_of_bones", "eyes_of_keys", "key_place", "key_turn"]

_FITS: Final = 4
_KEPT: Final = 0.8  # of the points, each time: a highlight on an eyeball turns less than the ball


@dataclass(frozen=True, eq=False)
class Eyes:
    """Two eyes in the space of what carries them: an armature at rest, or a mesh."""

    middle: np.ndarray  # (3,), between them
    axes: np.ndarray  # (3, 3), rows: the face's left, up and forward
    distance: float  # from `middle` to each
    pivot: np.ndarray  # (3,), what the head turns about

    def seen(self, points: np.ndarray) -> np.ndarray:
        """(K, 3): `points` (K, 3) of the same space, from between the eyes to the left, up and
        forward.
        """
        return (points - self.middle) @ self.axes.T

    @property
    def pivot_seen(self) -> np.ndarray:
        """(3,): the pivot, likewise."""
        return self.seen(self.pivot[None])[0]


def eyes_of_bones(roles: dict[str, BoneRest]) -> Eyes | None:
    """Those of an armature whose bones have these roles; None where it has not both eyes."""
    if "left_eye" not in roles or "right_eye" not in roles:
        return None
    left, right = roles["left_eye"].head, roles["right_eye"].head
    base = roles.get("head") or roles.get("neck")
    middle = 0.5 * (left + right)
    return Eyes(
        middle,
        np.stack(face_directions(roles)),
        float(0.5 * np.linalg.norm(left - right)),
        base.head if base is not None else middle,
    )


def eyes_of_keys(left: np.ndarray, right: np.ndarray, mouth: np.ndarray | None) -> Eyes:
    """Those of a mesh whose keys move its eyes and mouth at these places (3,).

    Faces are modelled along the axes of their space, so the nearest ones are taken: what lies
    between mouth and eyes leans back as the face does. Without a mouth +Z is up.
    """
    middle = 0.5 * (left + right)
    to_left = _nearest_axis(left - right, np.zeros(3))
    rising = middle - mouth if mouth is not None else np.array([0.0, 0.0, 1.0])
    up = _nearest_axis(rising, to_left)
    axes = np.stack([to_left, up, np.cross(to_left, up)])
    return Eyes(middle, axes, float(0.5 * np.linalg.norm(left - right)), middle)


def _nearest_axis(vector: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """(3,): the axis, either way, that `vector` points along most; not the one that is `taken`."""
    free = np.where(np.abs(taken) > 0.5, 0.0, vector)
    axis = np.zeros(3)
    axis[np.argmax(np.abs(free))] = 1.0
    return axis * (1.0 if free @ axis >= 0.0 else -1.0)


def key_place(rest: np.ndarray, moved: np.ndarray) -> np.ndarray | None:
    """(3,): the middle of what a key moves from `rest` (N, 3) to `moved` (N, 3); None where it
    moves nothing.
    """
    far = np.linalg.norm(moved - rest, axis=1)
    total = float(far.sum())
    return (far[:, None] * rest).sum(axis=0) / total if total > 1e-9 else None


def key_turn(rest: np.ndarray, moved: np.ndarray) -> float | None:
    """Radians by which a key turns an eyeball; None where it moves nothing.

    References
    ----------
    Kabsch, Acta Crystallographica A32 (1976): the rotation that fits best, here several times, of
    what fitted best before.
    """
    is_moved = np.linalg.norm(moved - rest, axis=1) > 1e-9
    if np.count_nonzero(is_moved) < 4:
        return None
    angle = 0.0
    for _ in range(_FITS):
        here, there = rest[is_moved].mean(axis=0), moved[is_moved].mean(axis=0)
        u, _sizes, vt = np.linalg.svd((rest[is_moved] - here).T @ (moved[is_moved] - there))
        flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        turn = u @ flip @ vt
        angle = float(np.arccos(np.clip(0.5 * (np.trace(turn) - 1.0), -1.0, 1.0)))
        misses = np.linalg.norm((rest - here) @ turn - (moved - there), axis=1)
        is_moved &= misses <= np.quantile(misses[is_moved], _KEPT) + 1e-12
        if np.count_nonzero(is_moved) < 4:
            break
    return angle

"""Lids that meet on one smooth line from corner to corner, just as far down as no eye is seen.

What a rim does is a few waves over its length, not each vertex's own way: carried from another
head, vertices of a lid of few do not agree, and a closed line of such ways is a zigzag.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .eyeballs import clear
from .face import Face
from .falloff import smoothstep
from .openings import lid_edges, lid_heights
from .settling import settled
from .surface import nearest

WAVES = 4  # from corner to corner
STIFFNESS = 0.02  # of the waves: short ones stay small where a lid has few vertices
OVERLAP = 0.1  # of the way to the lower lid: how much further than that the upper one goes
FACTORS = 0.4, 2.5  # of the carried way: what a whole lid may go
RIM = 0.04, 0.1  # eye widths from the edge that is seen: what lies there is the rim, and none of it
LID = 0.35  # eye widths: so far up the lid follows its rim where that leaves the carried way
FOLLOWS = 0.5  # trust in the lids' skin: by half it takes after what is beside it
ROUNDS = 6  # of looking whether any of the eye is seen


def closed(face: Face, blink: np.ndarray, upper: np.ndarray, side: str) -> np.ndarray:
    """The blink (N, 3) whose upper lid, where `upper` (N,) is above 0, goes just as far as is
    needed that nothing of the eye is seen from ahead, with the lids outside of the eye.
    """
    edges = lid_edges(face, side)
    if len(edges) < 2 * WAVES:
        return _outside(face, blink, side)
    lids = _Lids(face, side, blink, upper, edges)
    drop, weight = (1.0 + OVERLAP) * lids.tall, (lids.tall / lids.tall.max()) ** 2
    found = blink
    for _ in range(ROUNDS):
        found = lids.meeting(drop, weight)
        across, seen = lid_heights(face, side, found)
        if not seen.any():
            break
        more = _widened(np.interp(lids.across, across, seen))
        drop, weight = drop + more, np.where(more > 0.0, 1.0, weight)
    return found


@dataclass(frozen=True, eq=False)
class _Lids:
    """Both lids of one eye, whose edges are seen in columns."""

    face: Face
    side: str
    blink: np.ndarray  # float (N, 3): as it is carried
    upper: np.ndarray  # float (N,): 1 at the upper lid's guide, -1 at the lower one's
    edges: np.ndarray  # float (C, 2, 3): where they end at rest, upper and lower

    def meeting(self, drop: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """The blink (N, 3) whose upper rim, against the lower one, goes down by a drop (C,) at
        each column, as far as that weighs (C,), and for the rest as it is carried.
        """
        up, is_high = self.face.axes.up, self._apart[0] < self._apart[1]
        turn = self._turn(self.face.skin.vertices @ self.face.axes.left)
        waves, is_rim = _sines(turn), self._rim > 0.5
        on_high, on_low = is_rim & is_high, is_rim & ~is_high
        lower = _cosines(turn) @ _fitted(_cosines(turn[on_low]), self.blink[on_low])
        own = _fitted(waves[on_high], (self.blink - lower)[on_high])
        columns = _sines(self._turn(self.across))
        falls = -(columns @ own) @ up
        factor = np.clip(weight @ drop / max(weight @ falls, 1e-9), *FACTORS)
        more = -np.outer(_fitted(columns, drop - factor * falls, weight), up)
        rims = lower + is_high[:, None] * (waves @ (factor * own + more))
        share = np.clip(4.0 * self.upper, 0.0, 1.0)[:, None]
        near = np.exp(-((self._apart[0] / (LID * self._width)) ** 2))[:, None]
        lids = self.blink * (1.0 + share * (factor - 1.0)) + share * near * (waves @ more)
        return self._smooth(lids + self._rim[:, None] * (rims - lids))

    def _smooth(self, blink: np.ndarray) -> np.ndarray:
        """The lids' skin takes after their rims, and all of it stays outside of the eye."""
        is_still = np.linalg.norm(self.blink, axis=1) < 1e-3 * self.face.size
        is_lid = (np.abs(self.upper) > 0.05) & ~is_still
        trust = np.where(is_lid, np.maximum(FOLLOWS, self._rim), 1.0)
        found = settled({self.side: blink}, self.face.skin, trust)[self.side]
        return _outside(self.face, found.astype(float), self.side)

    @cached_property
    def across(self) -> np.ndarray:
        """Where (C,) each column lies, along the face's left."""
        return self.edges[:, 0] @ self.face.axes.left

    @cached_property
    def tall(self) -> np.ndarray:
        """How far (C,) the lids are apart at rest."""
        return (self.edges[:, 0] - self.edges[:, 1]) @ self.face.axes.up

    @cached_property
    def _width(self) -> float:
        return self.face.width_of_eye(self.side)

    @cached_property
    def _corners(self) -> np.ndarray:
        """The guides (2, 3) of the corners in the columns' order."""
        found = np.stack([self.face.guide(f"eye_{end}", self.side) for end in ("inner", "outer")])
        return found[np.argsort(found @ self.face.axes.left)]

    @cached_property
    def _apart(self) -> np.ndarray:
        """How far (2, N) each vertex is from the upper and from the lower edge, which go on to the
        corners behind which the eye is not seen.
        """
        points, ends = self.face.skin.vertices, self._corners @ self.face.axes.left
        along = np.linspace(0.0, 1.0, 16)[:, None]
        found = []
        for line in (self.edges[:, 0], self.edges[:, 1]):
            parts = [line]
            if ends[0] < self.across[0]:
                parts.append(self._corners[0] + along * (line[0] - self._corners[0]))
            if ends[1] > self.across[-1]:
                parts.append(self._corners[1] + along * (line[-1] - self._corners[1]))
            there = np.concatenate(parts)
            found.append(np.linalg.norm(points - there[nearest(points, there)], axis=1))
        return np.stack(found)

    @cached_property
    def _rim(self) -> np.ndarray:
        """1 on a rim (N,), 0 away from both."""
        return smoothstep(RIM[1] * self._width, RIM[0] * self._width, self._apart.min(axis=0))

    def _turn(self, left: np.ndarray) -> np.ndarray:
        """Half a circle's angle (N,) from corner to corner, where lids really end: an eye that is
        seen up to a tall column goes on behind the skin.
        """
        ends = self._corners @ self.face.axes.left
        first = min(self.across[0] - self.tall[0], ends[0])
        last = max(self.across[-1] + self.tall[-1], ends[1])
        return np.arccos(1.0 - 2.0 * np.clip((left - first) / (last - first), 0.0, 1.0))


def _outside(face: Face, blink: np.ndarray, side: str) -> np.ndarray:
    eye = face.eyes.get(side)
    return blink if eye is None else clear(face.skin, blink, eye)


def _sines(turn: np.ndarray) -> np.ndarray:
    """Waves (N, WAVES) that are 0 in the corners."""
    return np.sin(turn[:, None] * np.arange(1, WAVES + 1))


def _cosines(turn: np.ndarray) -> np.ndarray:
    """Waves (N, WAVES) that are free in the corners, the first of them the mean."""
    return np.cos(turn[:, None] * np.arange(WAVES))


def _fitted(waves: np.ndarray, values: np.ndarray, weight: np.ndarray | float = 1.0) -> np.ndarray:
    """Coefficients (WAVES, ...) of waves (M, WAVES) that come near to values (M, ...)."""
    each = np.broadcast_to(weight, len(waves))
    stiff = STIFFNESS * each.sum() * (np.arange(WAVES) / WAVES) ** 2 + 1e-9
    weighed = waves * each[:, None]
    return np.linalg.solve(weighed.T @ waves + np.diag(stiff), weighed.T @ values)


def _widened(seen: np.ndarray) -> np.ndarray:
    """The most of neighbouring columns: lids may overlap, but not gape."""
    padded = np.pad(seen, 2, mode="edge")
    return np.max([padded[i : i + len(seen)] for i in range(5)], axis=0)

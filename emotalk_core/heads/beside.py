"""What else moves in a face, once its skin does: eyes, mouth, lashes, brows, beards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..progress import Progress, silent
from .eyeballs import EYE_SIDES, looks, turns_along
from .face import Face, Piece
from .likeness import places_on
from .mouth_parts import MouthInside
from .openings import lid_rims
from .settling import Shapes, settled
from .surface import Surface, nearest

ROOTED = 0.02  # head sizes: what is so much further from the skin than its roots is a tip
LIES_ON = 0.05  # head sizes: brows and beards are not further from the skin
WIDE, HUGS = 0.7, 0.03  # head sizes: what is as wide, and not all on the skin, is stiff: glasses
TOUCHES, LEAST_SEAM = 1e-4, 12  # head sizes, vertices: a seam along the skin
LASHES = 0.3  # eye widths: lashes and tear lines are not further from the lids' rims
MOVES = 1e-3  # head sizes: skin that no shape moves by more is still


@dataclass(frozen=True, eq=False)
class Beside:
    """The pieces beside a face's skin."""

    face: Face
    mouth: MouthInside
    made: Shapes  # of the face's skin
    turn_eyes: bool = True

    def shapes(
        self, pieces: Sequence[Piece], progress: Progress = silent
    ) -> list[tuple[Piece, Shapes]]:
        """Each piece with its deltas: eyes turn, teeth and tongue go with the jaw, lashes with
        their lid, what lies on the skin with it.
        """
        found, in_mouth, on_skin = [], [], []
        for number, piece in enumerate(pieces):
            progress(number / len(pieces), "Turning eyes, moving teeth")
            points = piece.surface.vertices
            eye = next((eye for eye in self.face.eyes.values() if turns_along(points, eye)), None)
            if eye is not None:
                turned = looks(points, eye, self.face.axes) if self.turn_eyes else {}
                found.append((piece, turned))
            elif self._is_far(points):
                found.append((piece, {}))
            elif self.mouth.has(points):
                in_mouth.append(piece)
            elif moved := self._on_lids(points):
                found.append((piece, moved))
            else:
                on_skin.append(piece)
        for some, of in ((in_mouth, self.mouth.shapes), (on_skin, self._on_skin)):
            found += zip(some, of([piece.surface for piece in some]), strict=True)
        return found

    def _is_far(self, points: np.ndarray) -> bool:
        low, high = self._room
        return bool((points.max(axis=0) < low).any() or (points.min(axis=0) > high).any())

    @cached_property
    def _room(self) -> tuple[np.ndarray, np.ndarray]:
        """The box (3,), (3,) of all that moves, and what may lie on it."""
        moves = np.max([np.abs(delta).max(axis=1) for delta in self.made.values()], axis=0)
        points = self.face.skin.vertices[moves > MOVES * self.face.size]
        margin = LIES_ON * self.face.size
        low, high = points.min(axis=0, initial=np.inf), points.max(axis=0, initial=-np.inf)
        return low - margin, high + margin

    def _on_skin(self, pieces: Sequence[Surface]) -> list[Shapes]:
        """Tips go along with their roots, and more skin, whose seam lies on this one, with that."""
        points = np.concatenate([np.zeros((0, 3)), *(piece.vertices for piece in pieces)])
        ends = np.cumsum([len(piece.vertices) for piece in pieces], dtype=int)[:-1]
        places = (np.split(values, ends) for values in places_on(self.face.skin, points))
        return [self._along(piece, *of) for piece, *of in zip(pieces, *places, strict=False)]

    def _along(
        self, piece: Surface, corners: np.ndarray, shares: np.ndarray, apart: np.ndarray
    ) -> Shapes:
        """By the places of the skin that are nearest to a piece's vertices."""
        apart = apart / self.face.size
        lies_on = np.median(apart) < LIES_ON
        is_wide = np.ptp(piece.vertices, axis=0).max() > WIDE * self.face.size
        if is_wide and np.percentile(apart, 80) > HUGS:
            lies_on = False
        if not lies_on and np.count_nonzero(apart < TOUCHES) < LEAST_SEAM:
            return {}
        from_roots = np.clip(apart - np.percentile(apart, 10), 0.0, None) if lies_on else apart
        trust = 1.0 / (1.0 + (from_roots / ROOTED) ** 4)
        moved = {
            name: np.einsum("nk,nkd->nd", shares, delta[corners])
            for name, delta in self.made.items()
        }
        return settled(moved, piece, trust)

    def _on_lids(self, points: np.ndarray) -> Shapes:
        """Roots and tips alike go along with the nearest place of a lid's rim; none of what does
        not lie on rims.
        """
        if not len(self._rims):
            return {}
        at = nearest(points, self._rims)
        apart = np.linalg.norm(points - self._rims[at], axis=1)
        width = np.mean([self.face.width_of_eye(side) for side in EYE_SIDES])
        if np.median(apart) > LASHES * width:
            return {}
        return {name: delta[at] for name, delta in self._rim_shapes.items()}

    @cached_property
    def _rims(self) -> np.ndarray:
        return self._dense(np.concatenate([np.zeros((0, 3)), *self._lids]))

    @cached_property
    def _rim_shapes(self) -> Shapes:
        """Deltas of the rims: of the skin's vertices there, from sample to sample."""
        at = nearest(np.concatenate([np.zeros((0, 3)), *self._lids]), self.face.skin.vertices)
        return {name: self._dense(delta[at]) for name, delta in self.made.items()}

    @cached_property
    def _lids(self) -> list[np.ndarray]:
        """Samples (K, 3) along each lid, from corner to corner."""
        found = []
        for side in EYE_SIDES:
            rims = lid_rims(self.face, side)
            ends = self.face.guide("eye_inner", side), self.face.guide("eye_outer", side)
            for first in (0, 1):
                lid = rims.places[first::2][rims.is_known[first::2]]
                if len(lid):
                    found.append(np.stack([ends[0], *lid, ends[1]]))
        return found

    def _dense(self, samples: np.ndarray) -> np.ndarray:
        """Values (K, 3) of all lids' samples, and of places in between."""
        found, first = [np.zeros((0, 3))], 0
        for lid in self._lids:
            own = samples[first : first + len(lid)]
            at = np.linspace(0.0, len(lid) - 1.0, 8 * len(lid))
            found.append(
                np.stack([np.interp(at, np.arange(len(lid)), own[:, i]) for i in range(3)], axis=1)
            )
            first += len(lid)
        return np.concatenate(found)

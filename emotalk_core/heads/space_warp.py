"""A smooth bending of space that takes one set of points near another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SOFTNESS = 0.15  # of the centres' extent: within it the bending has no kink at a centre


@dataclass(frozen=True, eq=False)
class SpaceWarp:
    """Multiquadric radial functions on an affine map (Hardy, 1971)."""

    centres: np.ndarray  # float (C, 3)
    softness: float
    weights: np.ndarray  # float (C + 4, 3): radial functions, then 1, x, y, z

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Where `points` (..., 3) come to lie."""
        flat = points.reshape(-1, 3)
        return (self._basis(flat) @ self.weights).reshape(points.shape)

    def _basis(self, points: np.ndarray) -> np.ndarray:
        radial = _radial(points, self.centres, self.softness)
        return np.concatenate([radial, np.ones((len(points), 1)), points], axis=1)


def fit_warp(centres: np.ndarray, places: np.ndarray, slack: np.ndarray) -> SpaceWarp:
    """The warp that takes `centres` (C, 3) near `places` (C, 3): exactly where `slack` (C,) is 0,
    and the more freely the larger it is, for the sake of smoothness.
    """
    softness = SOFTNESS * float(np.ptp(centres, axis=0).max())
    affine = np.concatenate([np.ones((len(centres), 1)), centres], axis=1)
    n = len(centres)
    system = np.zeros((n + 4, n + 4))
    # The kernel is conditionally negative: slack lowers its diagonal.
    system[:n, :n] = _radial(centres, centres, softness) - np.diag(slack * softness)
    system[:n, n:], system[n:, :n] = affine, affine.T
    right = np.concatenate([places, np.zeros((4, 3))])
    return SpaceWarp(centres, softness, np.linalg.solve(system, right))


def _radial(points: np.ndarray, centres: np.ndarray, softness: float) -> np.ndarray:
    square = (
        np.einsum("pd,pd->p", points, points)[:, None]
        + np.einsum("cd,cd->c", centres, centres)[None]
        - 2.0 * points @ centres.T
    )
    return np.sqrt(np.maximum(square, 0.0) + softness**2)

"""The Clip: coefficient curves at one constant rate. Its files are in `clip_files`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from .errors import InputError

__all__ = ["Clip", "clips_equal"]


@dataclass(frozen=True, eq=False)  # arrays have no single truth value: compare with clips_equal()
class Clip:
    """Coefficient curves at one constant rate.

    Raises
    ------
    InputError
        Shapes and names do not fit each other, the rate is not positive, or a value is not finite.
    """

    # float32 (T, C); coefficients 0..1, head rotations in radians; row t is at start_s + t / fps
    values: np.ndarray
    channels: tuple[str, ...]  # C names, ARKit order first
    fps: Fraction  # frames per second, exact: 24000/1001 is not 23.976
    start_s: float = 0.0  # seconds on the sound's own clock
    meta: Mapping[str, object] = field(default_factory=dict)  # model, controls, seed: what made it

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise InputError(
                "Curves do not fit their channel names",
                value=f"{self.values.shape} for {len(self.channels)} names",
                remedy="Give one column for each name.",
            )
        if len(set(self.channels)) != len(self.channels):
            raise InputError(
                "A channel name appears twice", value=self.channels, remedy="Name each column once."
            )
        if self.fps <= 0:
            raise InputError(
                "Frame rate must be positive", value=self.fps, remedy="Use 24, 30, 24000/1001 ..."
            )
        if not np.isfinite(self.values).all():
            raise InputError(
                "Curves hold values that are no numbers",
                value="NaN or Inf",
                remedy="Make them again.",
            )

    @property
    def n_frames(self) -> int:
        """Number of rows."""
        return len(self.values)

    def times_s(self) -> np.ndarray:
        """float64 (T,): when each row is due, in seconds on the sound's clock."""
        return self.start_s + np.arange(self.n_frames) * (self.fps.denominator / self.fps.numerator)


def clips_equal(a: Clip, b: Clip, *, tolerance: float = 0.0) -> bool:
    """Whether two clips have the same names, rate, start, and values within `tolerance`."""
    return (
        a.channels == b.channels
        and a.fps == b.fps
        and a.start_s == b.start_s
        and a.values.shape == b.values.shape
        and bool(np.abs(a.values - b.values).max(initial=0.0) <= tolerance)
    )

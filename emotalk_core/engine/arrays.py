"""What numpy and torch have no common word for, so that one arithmetic serves both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

__all__ = ["NUMPY", "Array", "Library"]

Array: TypeAlias = Any
"""An array of numpy, or a tensor of torch."""


@dataclass(frozen=True)
class Library:
    """numpy or torch (`model.network.starter.TORCH`)."""

    of: Any
    """The module: functions that both have by one name."""
    sigmoid: Callable[[Array], Array]
    logit: Callable[[Array], Array]
    row: Callable[[np.ndarray, Array], Array]
    """A constant where a given array lies."""
    raised: Callable[[Array, int, Array, float], Array]
    """Values (..., width) with an amount (...) added to one column, of which one unit is worth so
    much. numpy's are changed in place.
    """


def _raised(values: np.ndarray, column: int, amount: np.ndarray, worth: float) -> np.ndarray:
    values[..., column] += amount / worth
    return values


NUMPY: Final = Library(
    of=np,
    sigmoid=lambda x: 1.0 / (1.0 + np.exp(-x)),
    logit=lambda share: np.log(share / (1.0 - share)),
    row=lambda row, _: row,
    raised=_raised,
)

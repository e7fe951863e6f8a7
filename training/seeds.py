"""Chance in training: what a step draws depends on numbers alone, never on the steps before it, so
that a run which was interrupted ends in the same weights.
"""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["seed_torch"]


def seed_torch(*parts: int) -> None:
    """Let noise and dropout be drawn from here on by several numbers, such as seed and step."""
    torch.manual_seed(int(np.random.SeedSequence(parts).generate_state(1)[0]))

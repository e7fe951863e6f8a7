"""FLAME heads: jaw, neck and eyes are bones; expression keys need a matrix that the user gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["flame_notes", "is_flame_key"]

_KEY: Final = re.compile(r"^(Exp|Shape|Pose)0*(\d+)$")


def is_flame_key(name: str) -> bool:
    """Whether `name` is a FLAME key: Exp1 … Exp100 (the official add-on), Exp000 … (SMPL-X importers)."""
    return _KEY.match(name) is not None


def flame_notes(names: Sequence[str]) -> tuple[str, ...]:
    """What the user should know about a FLAME head with these keys."""
    expressions = sum(name.startswith("Exp") for name in names if is_flame_key(name))
    return (
        f"FLAME head with {expressions} expression keys: without a 52 → expression matrix file only jaw, neck and eye "
        "bones are driven.",
    )

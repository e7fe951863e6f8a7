"""Where real recordings lie that may not be shipped, or are too large: EMOTALK_DATA, or a folder
`shared/data` beside the repository.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["DATA", "needs"]

DATA = Path(os.environ.get("EMOTALK_DATA") or Path(__file__).parents[3] / "shared" / "data")


def needs(name: str, why_not_shipped: str) -> pytest.MarkDecorator:
    """Skip, with the reason, where DATA does not hold `name`."""
    return pytest.mark.skipif(
        not (DATA / name).exists(), reason=f"{name} is not here: {why_not_shipped}"
    )

"""What every tier shares: seeded Hypothesis, and a clean end for processes that carry Blender."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("house")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave at once when Blender is inside: its module may hang or crash at exit (4.2, 4.5)."""
    session = config.stash.get(ENDED, None)
    if "bpy" in sys.modules and session is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(session))


ENDED = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember the result for the abrupt end."""
    session.config.stash[ENDED] = exitstatus

"""How slow work tells how far it is, and how it is told to stop."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "part_of", "silent"]

Progress = Callable[[float, str], None]
"""Called with the share done (0..1) and what is being done; raises `Cancelled` to stop the work."""


def silent(_share: float, _what: str) -> None:
    """Progress that nobody watches."""


def part_of(progress: Progress, start: float, stop: float) -> Progress:
    """Progress of a step that is the stretch `start`..`stop` of a larger job."""
    return lambda share, what: progress(start + (stop - start) * share, what)

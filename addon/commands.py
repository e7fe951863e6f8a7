"""`blender -b FILE --command emotalk …`: what the command line does to a scene."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Exit code: 0 done, 2 bad input, 3 some failed, 130 cancelled."""
    raise NotImplementedError

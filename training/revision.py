"""Which code a run was trained by."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["revision"]


def revision() -> str:
    """The commit of this checkout, "-dirty" behind it where files differ; "unknown" without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except OSError:  # no git on this machine
        return "unknown"
    return done.stdout.strip() or "unknown"

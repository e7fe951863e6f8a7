"""What a run goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from emotalk_core.atomic_file import atomic_file
from emotalk_core.errors import InputError

__all__ = ["read_state", "write_state"]


def write_state(state: Mapping[str, object], path: Path) -> None:
    """Whole or not at all."""
    with atomic_file(path) as file:
        torch.save(state, file)


def read_state(path: Path, device: torch.device | None = None) -> dict[str, Any]:
    """A checkpoint of this machine's own making, on a device or where it was.

    Raises
    ------
    InputError
        Cut short or no checkpoint.
    """
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(
            "Checkpoint cannot be read", value=path, remedy="Remove it to start the run anew."
        ) from error
    except Exception as error:
        raise InputError(
            "Not a checkpoint of a run", value=path, remedy="Remove it to start the run anew."
        ) from error

"""Whether this Python has PyTorch, without importing it (which takes seconds)."""

from __future__ import annotations

import importlib.util
import sys

from .errors import SetupError

__all__ = ["ensure_torch", "has_torch"]


def has_torch() -> bool:
    """Whether `import torch` has something to import."""
    try:
        return importlib.util.find_spec("torch") is not None
    except ValueError:  # switched off by None in sys.modules
        return False


def ensure_torch(what: str) -> None:
    """Raise SetupError if this Python has no PyTorch; `what` needs it."""
    if not has_torch():
        raise SetupError(
            f"{what} needs PyTorch, which this Python does not have",
            value=sys.executable,
            remedy="Run: pip install torch.",
        )

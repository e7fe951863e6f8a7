"""Where torch runs and how exactly; what running out of memory looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch

from ...errors import InputError, SetupError

__all__ = ["DEVICES", "PRECISIONS", "Settings", "choose_device", "choose_dtype", "is_out_of_memory"]

DEVICES: Final = ("auto", "cpu", "cuda", "mps")
PRECISIONS: Final = ("auto", "float32", "bfloat16")

_OUT_OF_MEMORY: Final = ("out of memory", "not enough memory", "can't allocate memory")


@dataclass(frozen=True)
class Settings:
    """What a user may choose."""

    device: str = "auto"
    precision: str = "auto"
    use_compiler: bool = False  # torch.compile: seconds at first, faster afterwards on a card


def choose_device(name: str) -> torch.device:
    """The device that is meant, `auto` the fastest that is there.

    Raises
    ------
    InputError
        No such name.
    SetupError
        PyTorch cannot use that device here.
    """
    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if has_cuda else "mps" if has_mps else "cpu")
    kind = name.partition(":")[0]
    if kind not in DEVICES:
        raise InputError("No such device", value=name, remedy=f"Use {', '.join(DEVICES)}.")
    if (kind == "cuda" and not has_cuda) or (kind == "mps" and not has_mps):
        raise SetupError(
            "PyTorch finds no such device here",
            value=name,
            remedy="Use --device cpu, or install a PyTorch that is built for it.",
        )
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise SetupError(
            "The device cannot be used", value=name, remedy=str(error).splitlines()[0]
        ) from error
    return torch.device(name)


def choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Of weights and arithmetic of the encoders: `auto` is bfloat16 on a CUDA card that has it."""
    if precision not in PRECISIONS:
        raise InputError(
            "No such precision", value=precision, remedy=f"Use {', '.join(PRECISIONS)}."
        )
    if precision == "auto":
        is_fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if is_fast else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def is_out_of_memory(error: BaseException) -> bool:
    """Whether less work at once could have gone well."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(part in text for part in _OUT_OF_MEMORY)

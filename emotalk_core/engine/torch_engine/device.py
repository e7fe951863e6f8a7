"""Where torch runs and how exactly; what running out of memory looks like."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import torch

from ...errors import InputError, SetupError
from .. import DEVICES, PRECISIONS, is_device

__all__ = ["Settings", "choose_device", "choose_dtype", "is_out_of_memory"]

_log = logging.getLogger(__name__)

_OUT_OF_MEMORY: Final = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "status_alloc_failed",  # cuBLAS and cuDNN have words of their own
)
_AMPERE: Final = (8, 0)  # older NVIDIA cards imitate bfloat16, slower than float32


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
        return _fastest("cuda" if has_cuda else "mps" if has_mps else "cpu")
    kind = name.partition(":")[0]
    if not is_device(name):
        raise InputError("No such device", value=name, remedy=f"Use {', '.join(DEVICES)}.")
    if (kind == "cuda" and not has_cuda) or (kind == "mps" and not has_mps):
        raise SetupError(
            "PyTorch finds no such device here",
            value=name,
            remedy="Use --device cpu, or install a PyTorch that is built for it.",
        )
    fault = _fault(name)
    if fault:
        raise SetupError(
            "The device cannot be used",
            value=f"{name}: {fault}",
            remedy="Close what else uses it, or use --device cpu.",
        )
    return _exact(torch.device(name))


def _fastest(name: str) -> torch.device:
    """A card is there: taken if it works. One too old for this PyTorch fails at its first sum."""
    fault = _fault(name)
    if fault:
        _log.warning("%s cannot be used: %s. Going on with the processor", name, fault)
        return torch.device("cpu")
    return _exact(torch.device(name))


def _fault(name: str) -> str:
    """Why a device cannot add two numbers, without a full stop; empty when it can."""
    try:
        return "" if (torch.ones(1, device=name) + 1.0).item() == 2.0 else "it cannot add"
    except (RuntimeError, AssertionError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        return lines[0].rstrip(".")


def _exact(device: torch.device) -> torch.device:
    """The device; float32 means float32 there: cuDNN's convolutions keep 10 bits of 23 as shipped.

    For the whole process: the switch that PyTorch has for one stretch of code sets others too.
    """
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False
    return device


def choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Of weights and arithmetic of the encoders: `auto` is bfloat16 on a CUDA card that has it."""
    if precision not in PRECISIONS:
        raise InputError(
            "No such precision", value=precision, remedy=f"Use {', '.join(PRECISIONS)}."
        )
    if precision == "auto":
        return torch.bfloat16 if _multiplies_bfloat16(device) else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def _multiplies_bfloat16(device: torch.device) -> bool:
    if device.type != "cuda":
        return False
    is_amd = torch.version.hip is not None
    return is_amd or torch.cuda.get_device_capability(device) >= _AMPERE


def is_out_of_memory(error: BaseException) -> bool:
    """Whether less work at once could have gone well."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(part in text for part in _OUT_OF_MEMORY)

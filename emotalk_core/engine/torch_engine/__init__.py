"""The torch engine: any model, on the processor, a CUDA or ROCm card, or Apple's."""

from __future__ import annotations

from ...model.folder import Model
from .device import Settings
from .published import PublishedEngine
from .starter import StarterEngine

__all__ = ["PublishedEngine", "Settings", "StarterEngine", "open_torch_engine"]


def open_torch_engine(model: Model, settings: Settings) -> StarterEngine | PublishedEngine:
    """The engine for that kind of model.

    Raises
    ------
    SetupError
        The device or its precision is not there.
    """
    if model.config.published is None:
        return StarterEngine(model, settings)
    return PublishedEngine(model, settings)

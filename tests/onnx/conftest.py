"""The shipped model on both engines, made once."""

from __future__ import annotations

import pytest

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: onnx extra")

from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.engine.onnx_engine import OnnxEngine
from emotalk_core.model.folder import Model, load_model, starter_folder


@pytest.fixture(scope="session")
def model() -> Model:
    """What ships."""
    return load_model(starter_folder())


@pytest.fixture(scope="session")
def builtin(model: Model) -> BuiltinEngine:
    """Our own numbers."""
    return BuiltinEngine(model, n_threads=2)


@pytest.fixture(scope="session")
def engine(model: Model) -> OnnxEngine:
    """The same model on ONNX Runtime."""
    return OnnxEngine(model, n_threads=2)

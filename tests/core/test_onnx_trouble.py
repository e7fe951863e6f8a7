"""ONNX Runtime missing, broken, too old, or no runtime at all: one line, and the built-in engine
goes on. The package is a fake in a folder, as another extension or system might leave it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emotalk_core import cli
from emotalk_core.engine import open_engine
from emotalk_core.errors import SetupError
from emotalk_core.model.folder import Model, load_model, starter_folder

BROKEN = {
    "made for another system": (
        "raise ImportError('DLL load failed while importing onnxruntime_pybind11_state')",
        "cannot be loaded.*DLL load failed",
    ),
    "made for another numpy": (
        "raise RuntimeError('module was compiled against NumPy 3')",
        "cannot be loaded.*compiled against NumPy",
    ),
    "hollow": ("", "cannot be loaded.*disable_telemetry_events"),
    "too old": (
        "__version__ = '1.9.0'\ndef disable_telemetry_events(): pass",
        "too old: '1.9.0'. Install 1.16",
    ),
}


@pytest.fixture(scope="module")
def model() -> Model:
    """What ships."""
    return load_model(starter_folder())


@pytest.fixture(params=BROKEN)
def fault(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """What the error must say of an `onnxruntime` with that fault, which can now be found."""
    code, message = BROKEN[request.param]
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    yield message
    sys.modules.pop("onnxruntime", None)


def test_asked_for_by_name_it_says_what_is_wrong(fault: str, model: Model) -> None:
    with pytest.raises(SetupError, match=fault) as caught:
        open_engine("onnx", model)

    assert "built-in engine" in caught.value.remedy


def test_auto_goes_on_without_it_and_says_so(
    fault: str, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        engine = open_engine("auto", model)

    assert engine.name == "builtin"
    assert caplog.messages[0].endswith("The built-in engine works instead")


def test_where_there_is_none_auto_says_nothing(
    model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    assert open_engine("auto", model).name == "builtin"
    assert caplog.messages == []
    with pytest.raises(SetupError, match=r"not installed.*pip install onnxruntime"):
        open_engine("onnx", model)


def test_doctor_says_what_is_wrong_with_it(fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor"])

    lines = [line for line in capsys.readouterr().out.splitlines() if "ONNX Runtime" in line]
    assert lines[0].startswith("--")
    assert "built-in engine" in lines[0]

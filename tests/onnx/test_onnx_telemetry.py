"""ONNX Runtime tells nobody anything: it keeps no identity of the machine and no queue of events.

Processes of their own, because it decides when it is imported for the first time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPEN = """
from emotalk_core.engine import open_engine
from emotalk_core.model.folder import load_model, starter_folder
open_engine("onnx", load_model(starter_folder()))
"""
LOOK = """
import sys
from pathlib import Path
from emotalk_core.other_python.interpreter import look_at
assert look_at(Path(sys.executable)).onnxruntime
"""


@pytest.mark.parametrize("code", [OPEN, LOOK])
def test_onnx_runtime_leaves_nothing_that_it_could_send(code: str, tmp_path: Path) -> None:
    homes = ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "TMPDIR", "LOCALAPPDATA")
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    variables = kept | dict.fromkeys(homes, str(tmp_path)) | {"PYTHONPATH": str(ROOT)}

    subprocess.run([sys.executable, "-B", "-c", code], env=variables, check=True)

    assert [str(path) for path in tmp_path.rglob("*")] == []

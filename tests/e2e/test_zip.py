"""The extension's zip, installed offline into each Blender line: the first click works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = ("4.2", "4.5", "5.0", "5.2")
MAX_ZIP_BYTES = 45_000_000

# Runs inside a Blender line: installs the zip, adds the character, animates a sound, tells.
FIRST_CLICK = """
import json, socket, sys

def refuse(*_arguments, **_keywords):
    raise OSError("the network is not to be used")

socket.socket.connect = socket.create_connection = refuse

import bpy

archive, sound = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(
    filepath=archive, repo="user_default", enable_on_install=True, overwrite=True
)
enabled = "bl_ext.user_default.emotalk" in bpy.context.preferences.addons.keys()
bpy.ops.emotalk.add_demo_character()
bpy.context.scene.emotalk.source = "FILE"
bpy.context.scene.emotalk.filepath = sound
result = bpy.ops.emotalk.animate()

keys = [key for key in bpy.data.shape_keys if key.animation_data and key.animation_data.action]
jaw = []
for frame in range(1, 40):
    bpy.context.scene.frame_set(frame)
    jaw.append(max(key.key_blocks["jawOpen"].value for key in keys if "jawOpen" in key.key_blocks))
loaded = sorted(name for name in ("torch", "soundfile", "scipy") if name in sys.modules)
print("FOUND", json.dumps({
    "enabled": enabled, "result": sorted(result), "meshes": len(keys),
    "jaw": max(jaw) - min(jaw), "loaded": loaded,
}), flush=True)
bpy.ops.preferences.addon_disable(module="bl_ext.user_default.emotalk")
sys.stdout.flush()
import os
os._exit(0)
"""


@pytest.fixture(scope="module")
def archive() -> Path:
    """The zip as `run.py package` writes it."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "package"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return ROOT / done.stdout.split(":")[0]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.5 s of a voice-like buzz in syllables of 0.25 s, 16-bit mono wav."""
    times_s = np.arange(int(1.5 * 16000)) / 16000
    buzz = sum(np.sin(2 * np.pi * 130 * n * times_s) / n for n in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 2 * times_s), 0, 1)
    path = tmp_path_factory.mktemp("sound") / "buzz.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.int16(9000 * buzz * syllables).tobytes())
    return path


def python_of(line: str) -> str:
    """Interpreter that carries a Blender line; the test is skipped by name where it is not made."""
    python = os.environ.get(f"EMOTALK_BLENDER_{line.replace('.', '_')}", "")
    if not python:
        pytest.skip(f"Blender {line} is not here: `python3 run.py test` makes it where it can")
    return python


def test_zip_is_small_and_carries_no_binaries(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    endings = {Path(name).suffix for name in names}

    assert archive.stat().st_size <= MAX_ZIP_BYTES
    assert not endings & {".so", ".pyd", ".dll", ".dylib", ".exe", ".whl", ".pyc"}
    assert not [name for name in names if name.startswith(("tests", "training", "docs", "."))]


@pytest.mark.parametrize("line", LINES)
def test_manifest_is_valid_for_blender(line: str, archive: Path) -> None:
    home = Path(python_of(line)).parents[1]
    tool = next(home.rglob("bl_pkg/cli/blender_ext.py"))

    done = subprocess.run(
        [python_of(line), str(tool), "validate", str(archive)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("line", LINES)
def test_first_click_after_installing(
    line: str, archive: Path, sound: Path, tmp_path: Path
) -> None:
    variables = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path), "PYTHONNOUSERSITE": "1"}
    variables.pop("PYTHONPATH", None)

    child = subprocess.run(
        [python_of(line), "-c", FIRST_CLICK, str(archive), str(sound)],
        cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    lines = [text for text in child.stdout.splitlines() if text.startswith("FOUND ")]
    assert lines, child.stdout[-2000:] + child.stderr[-4000:]
    found = json.loads(lines[-1].removeprefix("FOUND "))
    assert found["enabled"]
    assert found["result"] == ["FINISHED"]
    assert found["meshes"] >= 3
    assert found["jaw"] > 0.05
    assert found["loaded"] == []

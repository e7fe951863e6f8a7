"""What a new user does, in a Blender line of its own: install a zip, add the character, click."""

from __future__ import annotations

import json
import os
import subprocess
import wave
from pathlib import Path
from typing import Any

import pytest

__all__ = ["LINES", "blender", "click", "python_of", "write_speech"]

RECORDING = Path(__file__).resolve().parents[2] / "addon" / "demo" / "film" / "nerves_tonight.wav"
LINES = ("4.2", "4.5", "5.0", "5.2")

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
from bl_ext.user_default.emotalk.addon.bridge.jobs.session import SESSION
from bl_ext.user_default.emotalk.addon.bridge.jobs.settings import engine_settings
heavy = ("torch", "soundfile", "scipy", "onnxruntime")
loaded = sorted(name for name in heavy if name in sys.modules)
print("FOUND", json.dumps({
    "enabled": enabled, "result": sorted(result), "meshes": len(keys),
    "jaw": max(jaw) - min(jaw), "loaded": loaded,
    "engine": SESSION.room.engine(engine_settings()).name,
    "runtime": getattr(sys.modules.get("onnxruntime"), "__file__", ""),
}), flush=True)
bpy.ops.preferences.addon_disable(module="bl_ext.user_default.emotalk")
sys.stdout.flush()
import os
os._exit(0)
"""


def write_speech(path: Path, seconds: float) -> None:
    """So much of the demo's recording, from 2.4 s on, where somebody speaks without a pause."""
    with wave.open(str(RECORDING), "rb") as recording, wave.open(str(path), "wb") as file:
        recording.setpos(round(2.4 * recording.getframerate()))
        file.setparams(recording.getparams())
        file.writeframes(recording.readframes(round(seconds * recording.getframerate())))


def python_of(line: str) -> str:
    """Interpreter that carries a Blender line; the test is skipped by name where it is not made."""
    python = os.environ.get(f"EMOTALK_BLENDER_{line.replace('.', '_')}", "")
    if not python:
        pytest.skip(f"Blender {line} is not here: `python3 run.py test` makes it where it can")
    return python


def blender(
    line: str, script: str, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """A script in a Blender line, with nothing of the user's around it; `folder` is its home."""
    variables = {**os.environ, "BLENDER_USER_RESOURCES": str(folder), "PYTHONNOUSERSITE": "1"}
    variables.pop("PYTHONPATH", None)
    return subprocess.run(
        [python_of(line), "-c", script, *arguments],
        cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def click(line: str, archive: Path, sound: Path, folder: Path) -> dict[str, Any]:
    """What was found after the first click."""
    child = blender(line, FIRST_CLICK, folder, str(archive), str(sound))
    lines = [text for text in child.stdout.splitlines() if text.startswith("FOUND ")]
    assert lines, child.stdout[-2000:] + child.stderr[-4000:]
    return json.loads(lines[-1].removeprefix("FOUND "))

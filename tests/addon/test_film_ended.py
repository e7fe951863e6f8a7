"""What ends a film: whoever ends its command, and a machine that cannot draw."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.conftest import ROOT
from tests.addon.scenes import run

_FILM = """
import signal
import sys
import tempfile
from pathlib import Path

import bpy

import tests.addon.conftest
from emotalk.addon.bridge.command_line import films
from emotalk.emotalk_core.atomic_file import temporary_folder
from emotalk.emotalk_core.cli import ended_like_ctrl_c

scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 16
scene.frame_end = 1_000_000
scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
scene.collection.objects.link(scene.camera)
signal.signal(signal.SIGINT, signal.default_int_handler)
with ended_like_ctrl_c(), temporary_folder("base"):
    films.render(scene, Path(sys.argv[1]), "png")
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals for one child")
@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM"])
def test_a_film_that_is_ended_leaves_nothing_and_says_so(tmp_path: Path, ending: str) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", _FILM, str(tmp_path / "film")]

    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        while child.poll() is None and not [*tmp_path.glob("film.*.part/*.png")]:
            time.sleep(0.05)
        child.send_signal(getattr(signal, ending))
        try:
            _, told = child.communicate(timeout=60)
        finally:
            child.kill()

    assert child.returncode == 130
    assert told.endswith("emotalk: cancelled; unfinished files were not written\n")
    assert [*tmp_path.rglob("*")] == [temporary]


@pytest.mark.parametrize(
    ("system", "backend"), [("win32", "opengl"), ("darwin", "opengl"), ("linux", "vulkan")]
)
def test_a_machine_that_draws_by_other_means_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, system: str, backend: str
) -> None:
    from emotalk.addon.bridge.command_line import films

    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.render.engine = "BLENDER_WORKBENCH"
    monkeypatch.setattr(films, "run_program", lambda _command: pytest.fail("asked"))
    monkeypatch.setattr("sys.argv", ["blender", "--gpu-backend", backend])
    monkeypatch.setattr("sys.platform", system)

    films.ensure_ready(scene)


@pytest.mark.parametrize(("name", "is_left"), [("blender_a1B2c3", False), ("tmp", True)])
def test_the_folder_of_all_programs_is_not_blenders_own(
    tmp_path: Path, name: str, *, is_left: bool
) -> None:
    """Blender calls it so where it could not make one, as on a full disk."""
    from emotalk.addon.bridge.command_line import films

    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.txt").touch()

    films._clean(f"{tmp_path / name}{os.sep}")

    assert (tmp_path / name / "thesis.txt").exists() == is_left


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bring OpenGL along")
@pytest.mark.parametrize(("engine", "code"), [("BLENDER_WORKBENCH", 2), ("CYCLES", 0)])
def test_a_machine_without_opengl_is_told_before_the_first_sound(
    saved: Path, sounds: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, engine: str, code: int
) -> None:
    """Blender aborts there, at the first film of the night."""
    from emotalk.addon.bridge.command_line import films

    for name in ("__EGL_VENDOR_LIBRARY_DIRS", "LIBGL_DRIVERS_PATH"):
        monkeypatch.setenv(name, "/nowhere")  # of the second Blender: ours has looked before
    monkeypatch.setattr(films, "render", lambda _scene, film, _form: film.touch())
    scene, out = bpy.context.scene, sounds.parent / "out"
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.render.engine = engine

    assert run("batch", sounds, "--character", "Head", "-o", out, "--render") == code

    told = "emotalk: Blender cannot draw films here: there is no EGL or OpenGL"
    assert capfd.readouterr().err.startswith(told) == (code == 2)
    assert len([*out.glob("*.blend")]) == (0 if code else 2)

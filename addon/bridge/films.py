"""A scene as a film with sound, or as a folder of pictures; complete, or not there."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Final

import bpy

from ...emotalk_core.atomic_file import path_beside
from ...emotalk_core.cli import ended_with
from ...emotalk_core.errors import InputError
from . import compat

__all__ = ["ensure_camera", "place", "render"]

_CONTAINERS: Final = {"mp4": "MPEG4", "mkv": "MKV"}


def place(stem: Path, form: str) -> Path:
    """Where the film of a shot goes: a file, or the folder of its pictures."""
    return stem if form == "png" else stem.with_name(f"{stem.name}.{form}")


def ensure_camera(scene: bpy.types.Scene) -> None:
    """Raise InputError if the scene has no camera."""
    if scene.camera is None:
        raise InputError("Nothing to film with", value=scene.name, remedy="Add a camera.")


def render(scene: bpy.types.Scene, film: Path, form: str) -> None:
    """Render the scene's frames to where `place` says.

    Raises
    ------
    InputError
        There is no camera, or Blender cannot render.
    """
    ensure_camera(scene)
    part = path_beside(film, ".part")
    _remove(part)
    scene.render.use_file_extension = form == "png"
    if form == "png":
        compat.set_picture_output(scene)
        scene.render.filepath = str(part / "####")
    else:
        compat.set_video_output(scene, _CONTAINERS[form])
        scene.render.filepath = str(part)
    try:
        # No Python runs while Blender renders: SIGTERM would wait for the end of the film.
        with ended_with(signal.SIG_DFL):
            bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:
        _remove(part)
        raise InputError("The film failed", value=film.stem, remedy=str(error).strip()) from error
    if form == "png":
        _put_pictures(part, film)
    else:
        part.replace(film)


def _put_pictures(part: Path, folder: Path) -> None:
    """The pictures of `part` in `folder`, in place of those of an earlier film; what else lies
    there stays.

    Raises
    ------
    InputError
        Something that is no folder has its name.
    """
    if folder.exists() and not folder.is_dir():
        _remove(part)
        raise InputError(
            "No folder for the pictures", value=folder, remedy="Remove or rename this file."
        )
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        if old.stem.isdecimal():
            old.unlink()
    for new in part.iterdir():
        new.replace(folder / new.name)
    part.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

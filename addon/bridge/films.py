"""A scene as a film with sound, or as a folder of pictures; complete, or not there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import bpy

from ...emotalk_core.errors import InputError
from . import compat

__all__ = ["render"]

_CONTAINERS: Final = {"mp4": "MPEG4", "mkv": "MKV"}


def render(scene: bpy.types.Scene, stem: Path, form: str) -> Path:
    """Render the scene's frames; `stem` is the result's path without its ending.

    Raises
    ------
    InputError
        There is no camera, or Blender cannot render.
    """
    if scene.camera is None:
        raise InputError("Nothing to film with", value=scene.name, remedy="Add a camera.")
    part = stem.with_name(f"{stem.name}.part")
    _remove(part)
    scene.render.use_file_extension = form == "png"
    if form == "png":
        compat.set_picture_output(scene)
        scene.render.filepath = str(part / "####")
    else:
        compat.set_video_output(scene, _CONTAINERS[form])
        scene.render.filepath = str(part)
    try:
        bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:
        _remove(part)
        raise InputError("The film failed", value=stem.name, remedy=str(error).strip()) from error
    whole = stem if form == "png" else stem.with_name(f"{stem.name}.{form}")
    _remove(whole)
    part.replace(whole)
    return whole


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

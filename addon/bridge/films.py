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
    if form == "png":
        return _put_pictures(part, stem)
    whole = stem.with_name(f"{stem.name}.{form}")
    part.replace(whole)
    return whole


def _put_pictures(part: Path, folder: Path) -> Path:
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
    return folder


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

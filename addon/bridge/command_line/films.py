"""A scene as a film with sound, or as a folder of pictures; complete, or not there."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Final

import bpy

from ....emotalk_core.atomic_file import disk_error, growing_folder, patiently, remove_growing
from ....emotalk_core.audio.cut_short import is_cut_short
from ....emotalk_core.cli import ended_at_once
from ....emotalk_core.errors import InputError, SetupError
from ....emotalk_core.other_python.programs import run_program
from .. import compat

__all__ = ["ensure_ready", "place", "render"]

_CONTAINERS: Final = {"mp4": "MPEG4", "mkv": "MKV"}
_PICTURE: Final = """
import bpy
render = bpy.context.scene.render
render.engine = "BLENDER_WORKBENCH"  # EEVEE takes a minute where it was not used before
render.resolution_x = render.resolution_y = 8
bpy.ops.render.render()
"""


def place(stem: Path, form: str) -> Path:
    """Where the film of a shot goes: a file, or the folder of its pictures."""
    return stem if form == "png" else stem.with_name(f"{stem.name}.{form}")


def ensure_ready(scene: bpy.types.Scene) -> None:
    """Raise an error if the scene has no camera, or this machine cannot draw."""
    _ensure_camera(scene)
    _ensure_drawn(scene)


def _ensure_camera(scene: bpy.types.Scene) -> None:
    if scene.camera is None:
        raise InputError("Nothing to film with", value=scene.name, remedy="Add a camera.")


def _ensure_drawn(scene: bpy.types.Scene) -> None:
    """Raise SetupError if the scene's engine draws by OpenGL, and there is none: Blender would
    abort at the first film. Whether a second Blender does, tells; on other systems there is one.
    """
    asks = {*sys.argv, bpy.context.preferences.system.gpu_backend.lower()}
    is_blenders = scene.render.engine.startswith("BLENDER_")  # not Cycles
    if not is_blenders or sys.platform != "linux" or "vulkan" in asks:
        return
    blender = [compat.program(), "-b", "--factory-startup", "--python-expr"]
    command = blender if compat.program() else [sys.executable, "-c"]
    ended = run_program([*command, _PICTURE])
    if ended.code < 0:
        raise SetupError(
            "Blender cannot draw films here: there is no EGL or OpenGL",
            value=scene.render.engine,
            remedy="Install Mesa (libegl1, libgl1-mesa-dri), or let Cycles render the file.",
        )


def render(scene: bpy.types.Scene, film: Path, form: str) -> None:
    """Render the scene's frames to where `place` says.

    Raises
    ------
    InputError
        There is no camera, or Blender cannot render.
    SetupError
        The disk is full, or an older film is in use.
    """
    _ensure_camera(scene)
    scene.render.use_file_extension = form == "png"
    if form == "png":
        compat.set_render_output(scene)
    else:
        compat.set_render_output(scene, _CONTAINERS[form])
        scene.frame_step = 1  # a film of every other frame is over before its sound is
    with growing_folder(film) as part:  # a # in its name is no number of a frame
        scene.render.filepath = compat.render_path(part / ("####" if form == "png" else "film"))
        _render(scene, film)
        _ensure_whole(part, film)
        try:
            if form == "png":
                _put_pictures(part, film)
            else:
                patiently(partial((part / "film").replace, film))
        except OSError as error:  # Windows keeps a film that somebody looks at
            raise disk_error(error, film) from error


def _render(scene: bpy.types.Scene, film: Path) -> None:
    try:
        with ended_at_once(partial(_clean, bpy.app.tempdir)):
            bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:
        raise InputError("The film failed", value=film.stem, remedy=str(error).strip()) from error


def _clean(own: str) -> None:
    """Without what Blender itself would remove in the end, too: a folder of its own, or that of
    all programs, where it could not make one in there.
    """
    if Path(own).name.startswith("blender_"):
        shutil.rmtree(own, ignore_errors=True)
    remove_growing()  # last: Blender makes the folder anew for its next picture


def _ensure_whole(part: Path, film: Path) -> None:
    """Blender says that all went well when the disk was full: the ends of the files tell."""
    made = list(part.iterdir()) if part.is_dir() else []
    if not made or not all(map(_is_whole, made)):
        raise SetupError(
            "The film was not written to its end",
            value=film,
            remedy="Free disk space, or choose a folder that can be written to.",
        )


def _is_whole(path: Path) -> bool:
    if path.suffix == ".png":
        return path.read_bytes()[-8:-4] == b"IEND"  # the last chunk, before its checksum
    return not is_cut_short(path) and _n_frames(path) > 0


def _n_frames(film: Path) -> int:
    """Pictures of a film, 0 where none can be read."""
    try:
        clip = bpy.data.movieclips.load(str(film))
    except RuntimeError:
        return 0
    n_frames = int(clip.frame_duration)
    bpy.data.movieclips.remove(clip)
    return n_frames


def _put_pictures(part: Path, folder: Path) -> None:
    """The pictures of `part` in `folder`, in place of those of an earlier film; what else lies
    there stays.

    Raises
    ------
    InputError
        Something that is no folder has its name.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            "No folder for the pictures", value=folder, remedy="Remove or rename this file."
        )
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        if old.stem.isdecimal():
            old.unlink()
    for new in part.iterdir():
        patiently(partial(new.replace, folder / new.name))

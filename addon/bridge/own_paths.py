"""Paths in our settings that begin at the .blend file ("//"): Blender lets its own follow a file
that is saved in another folder, those of add-ons not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

__all__ = ["handlers"]

_before: dict[str, str] = {}
"""What was changed for the save that is going on: what a path is called in it, and what before. By
path, not by whose it is: another add-on may add or remove takes before ours are given back."""


def handlers() -> tuple[tuple[list[Any], Callable[..., None]], ...]:
    """Blender's lists of handlers, and what of ours belongs into each."""
    lists = bpy.app.handlers
    return (
        (lists.save_pre, _before_saving),
        (lists.save_post, _after_saving),
        (lists.save_post_fail, _after_saving),
    )


@persistent
def _before_saving(path: str, _none: object = None) -> None:
    _before.clear()
    folder = Path(path).parent
    if not bpy.data.filepath or Path(bpy.data.filepath).parent == folder:
        return
    for group, name in _properties():
        value = getattr(group, name)
        if value.startswith("//"):
            now = _from(folder, bpy.path.abspath(value))
            _before[now] = value
            setattr(group, name, now)


@persistent
def _after_saving(path: str, _none: object = None) -> None:
    """A copy was saved, or none: the open file lies where it lay."""
    if not bpy.data.filepath or Path(bpy.data.filepath) != Path(path):
        for group, name in _properties():
            value = getattr(group, name)
            if value in _before:
                setattr(group, name, _before[value])
    _before.clear()


def _properties() -> Iterator[tuple[Any, str]]:
    for scene in [scene for scene in bpy.data.scenes if scene.is_editable]:
        for holder in (scene.emotalk, *scene.emotalk.takes):
            yield holder, "filepath"
            yield holder.rig, "names_path"
            yield holder.rig, "matrix_path"


def _from(folder: Path, path: str) -> str:
    try:
        return bpy.path.relpath(path, start=str(folder))
    except ValueError:  # on another drive
        return path

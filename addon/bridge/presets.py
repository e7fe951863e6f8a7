"""Presets by name: those that ship, and one's own, which lie with Blender's other presets and
outlive the extension.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ...emotalk_core.controls import PRESETS, Controls
from ...emotalk_core.errors import InputError
from ...emotalk_core.preset_files import find_presets, preset_path, read_preset, write_preset

__all__ = ["own", "read", "remove", "same", "save"]


def _folder() -> Path:
    return Path(bpy.utils.user_resource("SCRIPTS", path="presets/emotalk"))


def own() -> list[str]:
    """Names of one's own presets, sorted; no file is opened."""
    return [*find_presets(_folder())]


def read(name: str) -> Controls:
    """The preset of this name.

    Raises
    ------
    InputError
        There is none, or its file is damaged.
    """
    return PRESETS[name] if name in PRESETS else read_preset(_path(name))


def same(name: str) -> str:
    """One's own preset that has this name but for the case of its letters, as Windows and macOS
    see it; empty where there is none.
    """
    typed = name.strip()
    alike = [one for one in own() if one.casefold() == typed.casefold()]
    return typed if typed in alike else next(iter(alike), "")


def save(controls: Controls, name: str) -> None:
    """Write a preset, in place of what has the `same` name.

    Raises
    ------
    EmoTalkError
        The name is none, or that of a preset that ships; the file cannot be written.
    """
    path, there = preset_path(_folder(), name), same(name)
    path = _path(there) if there else path
    path.parent.mkdir(parents=True, exist_ok=True)
    write_preset(controls, path)


def remove(name: str) -> None:
    """Delete one's own preset of this name.

    Raises
    ------
    InputError
        There is none.
    """
    _path(name).unlink()


def _path(name: str) -> Path:
    found = find_presets(_folder())
    if name not in found:
        have = ", ".join(found) or "none yet"
        raise InputError(
            "No preset of your own has this name", value=name, remedy=f"Yours: {have}."
        )
    return found[name]

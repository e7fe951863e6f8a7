"""The script of a scene: one text of which its sounds say some, chosen in Cast; a take without a
text of its own is heard in the light of its passage.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy

from ....emotalk_core.controls import ControlTrack
from ....emotalk_core.errors import InputError
from ....emotalk_core.rows import read_text
from ....emotalk_core.speech.passage import script_of
from ....emotalk_core.speech.transcript import ensure_read
from . import phones

__all__ = ["load", "obeyed"]

_FILE = "emotalk_file"
"""Of a text that we have made: the name of the file; Blender gives names a number, or cuts them."""
_REMEDY = "Use a starter model, or empty Script (panel Cast)."


def obeyed(track: ControlTrack, scene: bpy.types.Scene, take: Any | None) -> ControlTrack:
    """The same with the scene's script, if there is one; what was found in it before is looked for
    anew.

    Raises
    ------
    EmoTalkError
        The model that is chosen goes by no phones, or nobody reads its language.
    """
    ours = scene.emotalk
    if ours.script is None:
        return track
    phones.ensure_obeyed(_REMEDY)
    text = ours.script.as_string()
    if not text.strip():
        raise InputError(
            "The script is empty",
            value=ours.script.name,
            remedy="Write lines in it, or empty Script (panel Cast).",
        )
    language = ours.script_language.strip()
    _ensure_is_read(language)
    is_own = take is None or not take.controls.from_script
    script = script_of(text, language, ours.script.name)
    return replace(track, script=script, words=track.words if is_own else ())


def load(path: Path, language: str, scene: bpy.types.Scene) -> None:
    """Let a file be the scene's script, in place of what was read of a file of its name before;
    texts of the user's own stay.

    Raises
    ------
    InputError
        It cannot be read.
    """
    ours, text = scene.emotalk, read_text(path, "script")
    if ours.script is None or ours.script.get(_FILE) != path.name:
        ours.script = bpy.data.texts.new(path.name)
        ours.script[_FILE] = path.name
    ours.script.clear()
    ours.script.write(text)
    ours.script_language = language


@lru_cache(maxsize=4)
def _ensure_is_read(language: str) -> None:
    ensure_read(language)

"""Clips out of files onto characters: a take whose curves are a file's."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ..keying import bake
from . import takes, told

__all__ = ["onto_character"]


def onto_character(path: str, context: bpy.types.Context) -> bake.BakeResult:
    """Key the file onto the chosen character from the current frame on; a take of its own, which is
    made again where the same file lies there already.

    Raises
    ------
    EmoTalkError
        There is no character, it cannot be keyed, or the file cannot be read.
    """
    prepared = takes.prepare_clip(context, path)
    outcome = takes.remake(prepared)
    result = takes.finish(prepared, outcome)
    takes.make_active(prepared)
    take = takes.active_take(context.scene)
    if take is not None and not prepared.uid:
        take.filepath = path  # from the .blend file on, where it was given so
    notes = (*prepared.rig.warnings, *told.of_import(outcome.clip), *result.notes)
    return replace(result, notes=(*dict.fromkeys(notes),))

"""Clips out of files onto characters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy

from ....emotalk_core.clip import Clip
from ....emotalk_core.easing import table_ends
from ....emotalk_core.errors import RigError
from ....emotalk_core.retarget import retarget
from .. import compat
from ..keying import bake, rigs
from ..keying.curves import Stretch
from ..keying.plans import keyed_block
from . import by_hand, eases, told
from .neighbours import takes_on
from .stretches import layout_of

__all__ = ["onto_character"]


def onto_character(clip: Clip, scene: bpy.types.Scene, active: Any) -> bake.BakeResult:
    """Key the clip onto the chosen character from the current frame on.

    Raises
    ------
    RigError
        There is no character, or it cannot be keyed.
    """
    ours = scene.emotalk
    character = ours.rig.character or active
    if character is None:
        raise RigError("No character", value="nothing selected", remedy="Choose one first.")
    _meshes, rig = rigs.rig_of(ours.rig, character)
    options = layout_of(ours)
    start_frame = float(scene.frame_current)
    tables = retarget(
        clip, rig.binding, rate=compat.scene_rate(scene), start_frame=start_frame, options=options
    )
    span = table_ends(tables)
    with by_hand.knowing_what_was_changed(tables, span):
        result = bake.write(tables, rig.binding, Stretch(is_held=options.is_held))
    blocks = {keyed_block(bpy.data.objects[name]).as_pointer() for name in rig.objects}
    takes = takes_on(blocks)
    eases.settle(takes, [span])  # a take's ease gives way to it
    notes = (*rig.notes, *told.of_import(tables, clip, takes), *result.notes)
    return replace(result, notes=notes)

"""Find Rig: which meshes speak, and what of the 52 channels they have. Save Names: a file for keys
with names of their own.
"""

from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ExportHelper

from ...emotalk_core.errors import RigError
from ...emotalk_core.retarget import write_binding
from ..bridge import characters, compat
from ..bridge.counting import counted
from ..bridge.keying import rigs
from ..bridge.keying.still_keys import of_still_keys
from .base import OfCharacter

__all__ = ["CLASSES", "choose"]


def choose(group: Any, thing: bpy.types.Object) -> tuple[str, tuple[str, ...]]:
    """Make `thing` the character of a rig's settings and list its meshes; what was found, and what
    somebody should know. Errors as `rigs.find_rig`.
    """
    characters.check_is_there(thing)
    meshes = characters.character_meshes(thing)
    armature = characters.armature_of(meshes, thing)
    rig = rigs.find_rig(meshes, armature, rigs.RigSettings.of(group), thing.name)
    group.character = thing
    rigs.fill_list(group, meshes, rig)
    still = of_still_keys(meshes, rig.binding)
    group.notes = "\n".join((*still, *rig.notes))
    n_speaking = sum(mesh.name in rig.objects for mesh in meshes)
    of_meshes, missing = counted(len(meshes), "mesh"), counted(len(rig.missing), "channel")
    alone = counted(rig.n_poses, "pose") if rig.n_poses else rig.known or "Bones alone"
    who = f"{n_speaking} of {of_meshes} can speak" if meshes else alone
    return f"{who}, {missing} missing", (*rig.warnings, *still)


class EMOTALK_OT_find_rig(OfCharacter):
    """List the character's face meshes with what was found on each and what is missing"""

    bl_idname = "emotalk.find_rig"
    bl_label = "Find Face Meshes"

    def run(self, context: bpy.types.Context) -> str:
        """Fill the list."""
        group = context.scene.emotalk.rig
        told, warnings = choose(group, group.character or context.object)
        if warnings:
            self.warn("; ".join(warnings))
        return told


class EMOTALK_OT_save_names(OfCharacter, ExportHelper):
    """Write what drives each key and bone, and a row to fill in for every other key"""

    bl_idname = "emotalk.save_names"
    bl_label = "Save Names"
    bl_options: ClassVar[set[str]] = {"REGISTER"}

    filename_ext = ".json"
    filepath: StringProperty(subtype="FILE_PATH", options=compat.path_options())
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def run(self, context: bpy.types.Context) -> str:
        """Write the file."""
        group = context.scene.emotalk.rig
        thing = group.character or context.object
        characters.check_is_there(thing)
        meshes = characters.character_meshes(thing)
        try:
            armature = characters.armature_of(meshes, thing)
            rig = rigs.find_rig(meshes, armature, rigs.RigSettings.of(group), thing.name)
        except RigError:
            if not meshes or group.names_path:
                raise
            rig = None  # not a name is known: all of them are to be filled in
        binding, path = rigs.with_all_keys(rig, meshes), Path(bpy.path.abspath(self.filepath))
        write_binding(binding, path)
        n_empty = sum(not row.sources for row in binding.driven)
        return f"Wrote {counted(len(binding.driven), 'row')}, {n_empty} to fill in: {path.name}"


CLASSES = (EMOTALK_OT_find_rig, EMOTALK_OT_save_names)

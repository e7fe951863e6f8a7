"""Curves in files: Live Link Face csv, npz and json, out of a take and onto a character."""

from pathlib import Path

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from ...emotalk_core.clip_files import write_clip
from ...emotalk_core.errors import InputError
from ...emotalk_core.progress import Progress, part_of
from ..bridge import compat
from ..bridge.counting import counted
from ..bridge.faces import by_hand
from ..bridge.jobs import errand
from ..bridge.jobs.session import SESSION
from ..bridge.jobs.work import Outcome
from ..bridge.keying import bake
from ..bridge.take import clips, takes, told
from .base import OfCharacter, OfTake, WritesFile

__all__ = ["CLASSES"]


class EMOTALK_OT_export_clip(OfTake, WritesFile):
    """A file for other programs."""

    bl_idname = "emotalk.export_clip"
    bl_label = "Export Curves"
    bl_description = (
        "Write the active take's curves as csv (Live Link Face), npz or json, or its drawn mouths "
        "as tsv (Rhubarb), by the name's ending"
    )

    filename_ext = ".csv"
    filter_glob: StringProperty(default="*.csv;*.npz;*.json;*.tsv", options={"HIDDEN"})

    def run(self, context: bpy.types.Context) -> str:
        """Make the curves and write them."""
        take = takes.active_take(context.scene)
        prepared = takes.prepare_take(context.scene, take)
        path = Path(bpy.path.abspath(self.filepath))
        if path.suffix.lower() == ".dat":
            raise InputError(
                "Moho counts frames of its own rate",
                value=path.name,
                remedy="Write tsv here, or on the command line --fps 24 -o NAME.dat.",
            )
        did = told.what_hands_did(by_hand.hands_on(take, by_hand.changed_curves(take)))
        if did:
            self.warn(f"{did}: the file has what the sliders say")

        def work(progress: Progress) -> Outcome:
            outcome = takes.remake(prepared, part_of(progress, 0.0, 0.9))
            progress(0.9, "Writing the file")
            write_clip(outcome.clip, path)
            return outcome

        def keep(outcome: Outcome) -> str:
            if takes.take_of(takes.scene_of(prepared), prepared.uid) is not None:
                SESSION.keep(prepared.uid, prepared.request.heard, outcome.known)
            return f"Wrote {counted(outcome.clip.n_frames, 'frame')} to {path.name}"

        return errand.start("emotalk.export_clip", work, keep, must_wait=not self.by_hand)


class EMOTALK_OT_import_clip(OfCharacter, ImportHelper):
    """Key a csv (Live Link Face), npz or json file of curves onto the character"""

    bl_idname = "emotalk.import_clip"
    bl_label = "Import Curves"

    filepath: StringProperty(subtype="FILE_PATH", options=compat.path_options())
    filter_glob: StringProperty(default="*.csv;*.npz;*.json", options={"HIDDEN"})

    def run(self, context: bpy.types.Context) -> str:
        """Read the file, write keys from the current frame on."""
        with self.knowing_copies(context.scene):
            result = clips.onto_character(self.filepath, context)
        if result.notes:
            self.warn("; ".join(result.notes))
        return f"Wrote {bake.described(result)}"


CLASSES = (EMOTALK_OT_export_clip, EMOTALK_OT_import_clip)

"""Fit Expressions: a FLAME head's own keys learn what the 52 channels ask of them. Save Matrix: as
a file.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ExportHelper

from ...emotalk_core.errors import InputError
from ...emotalk_core.heads.expression_fit import FittedExpressions, fit_expressions
from ...emotalk_core.progress import Progress
from ...emotalk_core.rigs.flame import write_expression_matrix
from ..bridge import compat
from ..bridge.heads import guides, parts, statistical
from ..bridge.jobs.session import SESSION
from ..bridge.keying.kept_matrix import has_kept_matrix, keep_matrix, kept_matrix
from .background import BackgroundOperator
from .base import EmoTalkOperator
from .guided import (
    OfGuides,
    leave_mode,
    make_character,
    measured_with_guides,
    scene_of,
    select_alone,
    skin_of,
)

__all__ = ["CLASSES"]

_SUFFIXES = (".npz", ".csv")


class EMOTALK_OT_fit_expressions(OfGuides, BackgroundOperator):
    """The fit is made in the background, from where the guides are."""

    bl_idname = "emotalk.fit_expressions"
    bl_label = "Fit Expressions"
    bl_description = (
        "Find what the 52 channels ask of a FLAME head's own expression keys, so that it speaks. "
        "Esc stops, and nothing has changed"
    )

    _scene = 0  # Blender's number of it
    _part: parts.Part

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether the face has expressions to fit."""
        skin = skin_of(context)
        if skin is None or not parts.has_expressions(skin):
            return cls.refuse("The face has no expression keys: FLAME's are called Exp1, Exp2")
        return super().poll(context)

    def invoke(self, context: bpy.types.Context, _event: object) -> set[str]:
        """At once: nothing is to be asked."""
        self.by_hand = True
        return self.execute(context)

    def work(self, context: bpy.types.Context) -> Callable[[Progress], FittedExpressions]:
        """Measure head, expressions and jaw; then they are fitted."""
        skin, head, points = measured_with_guides(context)
        self._scene, self._part = context.scene.session_uid, head[0]
        return partial(
            fit_expressions,
            [part.mesh for part in head],
            points,
            statistical.expressions_of(skin, self._part),
            statistical.jaw_motion(skin, self._part),
        )

    def put(self, context: bpy.types.Context, result: FittedExpressions) -> str:
        """Keep it with the mesh; the character can speak then."""
        leave_mode(context)
        skin, scene = parts.thing_of(self._part), scene_of(self._scene)
        group, matrix = scene.emotalk.rig, result.matrix
        keep_matrix(skin.data, matrix)
        group.matrix_path = ""  # a file would be used in its place
        guides.remove(skin)
        notes = [*result.notes, *make_character(group, skin)]
        select_alone(context, skin)
        told = (
            f"{len(matrix.channels)} channels by {len(matrix.keys)} expressions of {skin.name}, "
            f"which make {result.explained:.0%} of their motion"
        )
        for note in notes:
            self.warn(note)
        SESSION.new_keys = (told, *notes)
        return told


class EMOTALK_OT_save_matrix(EmoTalkOperator, ExportHelper):
    """Write what was fitted to a FLAME head to a file, for other heads of that model"""

    bl_idname = "emotalk.save_matrix"
    bl_label = "Save Matrix"
    bl_options: ClassVar[set[str]] = {"REGISTER"}

    filename_ext = ".npz"
    check_extension = None  # any of `filter_glob`, as typed
    filepath: StringProperty(subtype="FILE_PATH", options=compat.path_options())
    filter_glob: StringProperty(default="*.npz;*.csv", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether something was fitted."""
        skin = skin_of(context)
        if skin is None or not has_kept_matrix(skin):
            return cls.refuse("Nothing was fitted to this face: press Fit Expressions first")
        return super().poll(context)

    def run(self, context: bpy.types.Context) -> str:
        """Write the file."""
        path = Path(bpy.path.abspath(self.filepath))
        if not path.name:
            raise InputError("No file", value=self.filepath, remedy="Give it a name.")
        if path.suffix.lower() not in _SUFFIXES:
            path = path.with_name(f"{path.name}{self.filename_ext}")
        write_expression_matrix(kept_matrix(skin_of(context)), path)
        return f"Wrote {path.name}"


CLASSES = (EMOTALK_OT_fit_expressions, EMOTALK_OT_save_matrix)

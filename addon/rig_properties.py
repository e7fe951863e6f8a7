"""What is saved of a rig: who speaks, and which of its parts move."""

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .bridge import compat
from .bridge.characters import guided_by

__all__ = ["CLASSES", "EMOTALK_PG_rig"]


class EMOTALK_PG_target(bpy.types.PropertyGroup):
    """One mesh of a character."""

    object: PointerProperty(type=bpy.types.Object, name="Mesh")
    use: BoolProperty(name="Animate", description="Give this mesh keys", default=True)
    label: StringProperty(name="Names", description="What its shape keys are called after")
    n_found: IntProperty(name="Found", description="Channels of the 52 that move this mesh")
    missing: StringProperty(name="Missing", description="Channels that move nothing on this mesh")
    looks: StringProperty()  # of its shape keys when they were counted; empty: not known


def _may_speak(_self: Any, thing: bpy.types.Object) -> bool:
    if thing.type == "MESH":
        return len(thing.data.polygons) > 0  # shape keys can be made for it
    return thing.type in {"ARMATURE", "EMPTY"} and guided_by(thing) is None


class EMOTALK_PG_rig(bpy.types.PropertyGroup):
    """Who speaks, and which of its parts move."""

    character: PointerProperty(
        type=bpy.types.Object, name="Character", poll=_may_speak,
        description="Any mesh of the face, or the armature or empty that it hangs on. "
        "Empty: the active object",
    )  # fmt: skip
    targets: CollectionProperty(type=EMOTALK_PG_target)
    target_index: IntProperty(name="Mesh")
    n_missing: IntProperty(name="Missing", description="Channels that move nothing at all")
    missing: StringProperty(name="Missing", description="Channels that move nothing at all")
    notes: StringProperty(name="Notes")
    use_head: BoolProperty(
        name="Turn Head Bone", default=True, description="Give the head and neck bones keys too"
    )
    use_poses: BoolProperty(
        name="Use Poses", default=True, description="Pose assets and other Actions of one frame, "
        "called as shape keys would be, move the face by its bones where no key does; a Rigify "
        "face needs none",
    )  # fmt: skip
    names_path: StringProperty(
        name="Names File", subtype="FILE_PATH", options=compat.path_options(),
        description="For keys with names of their own: a file that says what drives each of them. "
        "Save Names writes one to fill in",
    )  # fmt: skip
    matrix_path: StringProperty(
        name="FLAME Matrix", subtype="FILE_PATH", options=compat.path_options(),
        description="For FLAME heads: a csv or npz file with what each of the 52 channels does to "
        "the expression keys. Empty: what Fit Expressions has kept with the mesh, else only the "
        "jaw, neck and eye bones move",
    )  # fmt: skip


CLASSES = (EMOTALK_PG_target, EMOTALK_PG_rig)

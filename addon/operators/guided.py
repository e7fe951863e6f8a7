"""What operators share that work on a face with guides."""

from collections.abc import Iterable
from typing import Any

import bpy

from ...emotalk_core.errors import EmoTalkError, RigError
from ...emotalk_core.heads.guides import check_guides
from ..bridge.heads import guides, parts
from .base import WhenIdle
from .rig import choose

__all__ = [
    "OfGuides",
    "leave_mode",
    "make_character",
    "measured_with_guides",
    "scene_of",
    "select_alone",
    "show_in_view",
    "skin_of",
]


def skin_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """The mesh of the face that is meant, if that is clear."""
    return parts.skin_asked(context.scene.emotalk.rig.character, context.object)


class OfGuides(WhenIdle):
    """Needs guides on a face."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there are some."""
        skin = skin_of(context)
        if skin is None or not guides.are_there(skin):
            return cls.refuse("The face has no guides yet: place them first")
        return super().poll(context)


def measured_with_guides(
    context: bpy.types.Context,
) -> tuple[Any, list[parts.Part], dict[str, Any]]:
    """The skin that is meant, its head as the core sees it, and where on it the guides are.

    Raises RigError for a mesh that cannot be changed, InputError for guides that are no face's.
    """
    skin = skin_of(context)
    leave_mode(context)
    parts.check_can_get_keys(skin)
    head = parts.measured_head(skin)
    places = guides.both_sides(guides.there(skin))
    check_guides(places)
    return skin, head, guides.on_skin(skin, head[0], places)


def make_character(group: Any, skin: bpy.types.Object) -> list[str]:
    """Make a face that can speak now the character; what is wrong with that."""
    group.character = skin
    try:
        choose(group, skin)
    except EmoTalkError as error:  # a names file of another character, for instance
        return [str(error)]
    return []


def scene_of(number: int) -> bpy.types.Scene:
    """By Blender's number of it; RigError where it was deleted."""
    found = next((scene for scene in bpy.data.scenes if scene.session_uid == number), None)
    if found is None:
        remedy = "Try it again in another one."
        raise RigError("The scene was deleted meanwhile", value="Face Guides", remedy=remedy)
    return found


def leave_mode(context: bpy.types.Context) -> None:
    """What is edited is written into its mesh, and everything stands where it was moved to."""
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    context.view_layer.update()


def show_in_view(context: bpy.types.Context, things: Iterable[Any]) -> None:
    """In a view that shows some things alone, too."""
    view: Any = context.space_data
    if view is not None and view.type == "VIEW_3D" and view.local_view is not None:
        context.view_layer.update()
        for thing in things:
            thing.local_view_set(view, state=True)


def select_alone(
    context: bpy.types.Context, thing: bpy.types.Object, others: Iterable[bpy.types.Object] = ()
) -> None:
    """Select these alone, `thing` the active one."""
    layer = context.view_layer
    layer.update()  # it may be new
    if thing.name not in layer.objects:
        return
    for other in [*layer.objects.selected]:
        other.select_set(state=False)
    for one in (thing, *others):
        one.select_set(state=True)
    layer.objects.active = thing

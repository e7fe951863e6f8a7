"""Make Shape Keys: guides on a face that has none, then the keys."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import bpy
from bpy.props import BoolProperty

from ...emotalk_core.heads import new_shapes
from ...emotalk_core.heads.new_shapes import NewShapes
from ...emotalk_core.progress import Progress
from ..bridge.heads import guides, new_keys, parts
from ..bridge.jobs.session import SESSION
from ..languages import translated
from .background import BackgroundOperator
from .guided import (
    OfGuides,
    leave_mode,
    make_character,
    measured_with_guides,
    scene_of,
    select_alone,
    show_in_view,
    skin_of,
)

__all__ = ["CLASSES"]

_FIRST = "mouth"  # the guide that is active when guides have been placed
_WHERE = "Move guides that are not where they belong, then press {}"


class EMOTALK_OT_place_guides(BackgroundOperator):
    """Put guides onto a face without shape keys. From where they are its 52 keys are made"""

    bl_idname = "emotalk.place_guides"
    bl_label = "Place Guides"
    bl_options: ClassVar[set[str]] = {"UNDO"}  # F9 would guess again

    _part: parts.Part
    _scene = 0  # Blender's number of it

    symmetric: BoolProperty(
        name="Symmetric", default=True, options={"SKIP_SAVE"},
        description="Guides in the middle and on the left alone: the right ones are the left "
        "ones' mirror in the mesh's own X",
    )  # fmt: skip
    anew: BoolProperty(
        name="Guess Anew", options={"SKIP_SAVE"},
        description="Forget where the guides were, and guess again",
    )  # fmt: skip

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: "EMOTALK_OT_place_guides") -> str:
        """Its buttons do parts of it."""
        if properties.anew:
            return translated("Guess again where the face's features are")
        if properties.is_property_set("symmetric"):
            return translated(
                "Only the left is placed, the right mirrors it"
                if properties.symmetric
                else "Place the left and the right on their own"
            )
        return translated(cls.__doc__ or "")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether it is clear which face is meant."""
        if skin_of(context) is None:
            return cls.refuse("Choose the mesh of a face as the character, or select it")
        return super().poll(context)

    def invoke(self, context: bpy.types.Context, _event: object) -> set[str]:
        """At once; in the background where they have to be guessed."""
        self.by_hand = self.anew or not guides.known(skin_of(context))
        return self.execute(context)

    def work(self, context: bpy.types.Context) -> Callable[[Progress], guides.Guess | None]:
        """Guess where they may be, if nobody knows."""
        skin = skin_of(context)
        leave_mode(context)
        parts.check_can_get_keys(skin)
        head = parts.measured_head(skin)
        self._part, self._scene = head[0], context.scene.session_uid
        if guides.known(skin) and not self.anew:
            return lambda _progress: None
        turn = guides.upright_turn(skin)
        return partial(guides.guess, [part.mesh for part in head], turn)

    def put(self, context: bpy.types.Context, result: guides.Guess | None) -> str:
        """Where they were, else where they are guessed to be."""
        leave_mode(context)
        if result is not None:
            SESSION.new_keys = ()  # of another head, or of other guides
        skin, scene = parts.thing_of(self._part), scene_of(self._scene)
        places = guides.known(skin) if result is None else guides.places_of(skin, result)
        self._tell(result, skin, places)
        of_side = guides.without_right if self.symmetric else guides.both_sides
        made = guides.place(scene, skin, of_side(places))
        self._choose(scene.emotalk.rig, skin)
        show_in_view(context, made.values())
        select_alone(context, made.get(_FIRST, skin), made.values())
        if guides.is_posed(skin, places):
            self.warn("The face is posed: guides stand where it is at rest. Rest Position shows it")
        is_flame = parts.has_expressions(skin)
        return _WHERE.format("Fit Expressions" if is_flame else "Make Shape Keys")

    def _tell(
        self, result: guides.Guess | None, skin: bpy.types.Object, places: guides.Places
    ) -> None:
        """What was found, and so how many sides have guides, if that was not asked for."""
        if result is not None and not result.is_found:
            self.warn("No face was found: move every guide to where it belongs")
        if self.properties.is_property_set("symmetric"):
            return
        if result is None:
            there = guides.there(skin) or places
            self.symmetric = len(guides.without_right(there)) == len(there)
            return
        self.symmetric = guides.is_mirrored(places)
        if not self.symmetric:
            self.warn("The face does not mirror in the mesh's own X: both sides have guides")

    def _choose(self, group: Any, skin: bpy.types.Object) -> None:
        """What is said of another character is said no more."""
        if group.character != skin:
            group.character = skin
            group.targets.clear()
            group.notes = ""


class EMOTALK_OT_remove_guides(OfGuides):
    """Take the guides away. When they are placed again they stand where they were"""

    bl_idname = "emotalk.remove_guides"
    bl_label = "Remove Guides"

    def run(self, context: bpy.types.Context) -> str:
        """Away with them."""
        skin = skin_of(context)
        guides.remove(skin)
        select_alone(context, skin)
        return "Removed the guides"


class EMOTALK_OT_make_shape_keys(OfGuides, BackgroundOperator):
    """The shapes are made in the background, from where the guides are."""

    bl_idname = "emotalk.make_shape_keys"
    bl_label = "Make Shape Keys"
    bl_description = (
        "Give the face its 52 shape keys, and eyes, teeth, tongue, brows and lashes what they "
        "need of them. Keys that are there stay. Esc stops, and nothing has changed"
    )

    _scene = 0  # Blender's number of it
    _parts: Sequence[parts.Part] = ()

    def invoke(self, context: bpy.types.Context, _event: object) -> set[str]:
        """At once: nothing is to be asked."""
        self.by_hand = True
        return self.execute(context)

    def work(self, context: bpy.types.Context) -> Callable[[Progress], NewShapes]:
        """Measure the head; then its shapes are made."""
        skin, self._parts, points = measured_with_guides(context)
        self._scene = context.scene.session_uid
        return partial(
            new_shapes.make_shapes, [part.mesh for part in self._parts], points,
            turn_eyes=not parts.has_eye_bones(skin),
        )  # fmt: skip

    def put(self, context: bpy.types.Context, result: NewShapes) -> str:
        """Write all keys, or none; the character can speak then."""
        leave_mode(context)
        skin, scene = parts.thing_of(self._parts[0]), scene_of(self._scene)
        given = new_keys.give(self._parts, result.of_meshes)
        notes = [*result.notes, *new_keys.of_kept(given), *new_keys.of_raised_keys(given)]
        guides.remove(skin)
        notes += make_character(scene.emotalk.rig, skin)
        select_alone(context, skin)
        for note in notes:
            self.warn(note)
        told = new_keys.summary(given)
        SESSION.new_keys = (told, *notes)
        return told


CLASSES = (EMOTALK_OT_place_guides, EMOTALK_OT_remove_guides, EMOTALK_OT_make_shape_keys)

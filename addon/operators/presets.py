"""Presets: set all sliders at once, keep them as they stand, forget one."""

from typing import Any, ClassVar

import bpy
from bpy.props import StringProperty

from ...emotalk_core.controls import PRESETS
from ...emotalk_core.preset_files import with_preset
from ..bridge import presets
from ..bridge.asked import controls
from ..bridge.take import takes
from ..languages import translated
from .base import EmoTalkOperator

__all__ = ["CLASSES"]


def _all_names(_self: Any, _context: Any, _typed: str) -> list[str]:
    return [*PRESETS, *presets.own()]


def _own_names(_self: Any, _context: Any, _typed: str) -> list[str]:
    return presets.own()


class _OfSliders(EmoTalkOperator):
    """Works on the sliders that the panel shows."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is anything that a preset does."""
        take = takes.active_take(context.scene)
        if take is not None and take.source == "CLIP":
            return cls.refuse("Imported curves: nothing was heard that could be felt")
        return super().poll(context)


class EMOTALK_OT_preset(_OfSliders):
    """Set all sliders at once; sync, ease and seed stay"""

    bl_idname = "emotalk.preset"
    bl_label = "Preset"

    name: StringProperty(name="Preset", search=_all_names)

    def run(self, context: bpy.types.Context) -> str:
        """Set the sliders of the active take."""
        group = takes.shown_controls(context.scene)
        controls.apply(with_preset(presets.read(self.name), controls.read(group)), group)
        keyed = ", ".join(controls.moved_by_keys(group))
        if keyed:
            told = f"Keyframed sliders keep to their keys: {keyed}. Remove these to use the preset"
            self.warn(told)
        return ""


class EMOTALK_OT_save_preset(_OfSliders):
    """Keep the sliders as they stand, under a name, for other files too"""

    bl_idname = "emotalk.save_preset"
    bl_label = "Save Preset"
    bl_options: ClassVar[set[str]] = {"REGISTER"}

    name: StringProperty(
        name="Name", description="One that is there is replaced", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: Any) -> Any:
        """Ask for the name."""
        return context.window_manager.invoke_props_dialog(self, confirm_text="Save")

    def draw(self, _context: bpy.types.Context) -> None:
        """The name, ready to be typed, and what it would replace."""
        self.layout.activate_init = True
        self.layout.prop(self, "name")
        there = presets.same(self.name)
        text = translated("Replaces {name}", name=there) if there else ""
        self.layout.label(text=text, icon="ERROR" if there else "BLANK1", translate=False)

    def run(self, context: bpy.types.Context) -> str:
        """Write the file."""
        there = presets.same(self.name)
        presets.save(controls.read(takes.shown_controls(context.scene)), self.name)
        return f"Replaced preset {there}" if there else f"Saved preset {self.name.strip()}"


class EMOTALK_OT_remove_preset(EmoTalkOperator):
    """Delete a preset of your own; takes that were made with it stay as they are"""

    bl_idname = "emotalk.remove_preset"
    bl_label = "Remove Preset"
    bl_options: ClassVar[set[str]] = {"REGISTER"}

    name: StringProperty(name="Name", search=_own_names, options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: Any) -> Any:
        """Ask first: no undo brings a file back."""
        return context.window_manager.invoke_confirm(
            self, event, title=f"Remove preset {self.name}?", message="Undo does not bring it back",
            confirm_text="Remove", icon="WARNING",
        )  # fmt: skip

    def run(self, _context: bpy.types.Context) -> str:
        """Delete the file."""
        presets.remove(self.name)
        return f"Removed preset {self.name}"


CLASSES = (EMOTALK_OT_preset, EMOTALK_OT_save_preset, EMOTALK_OT_remove_preset)

"""The add-on's preferences: what belongs to this computer, not to a shot."""

from typing import ClassVar

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from .bridge import settings
from .bridge.counting import counted
from .identity import ROOT_PACKAGE

__all__ = ["CLASSES"]

_ENGINES = (
    ("auto", "Automatic", "The best engine that is there"),
    ("builtin", "Built-in", "Runs everywhere, with nothing installed"),
)


class EMOTALK_AP_preferences(bpy.types.AddonPreferences):
    """Engine, model and cache."""

    bl_idname = ROOT_PACKAGE

    engine: EnumProperty(name="Engine", items=_ENGINES, description="What runs the network")
    model: StringProperty(
        name="Model", subtype="DIR_PATH", description="A model folder. Empty: the one that ships"
    )
    use_cache: BoolProperty(
        name="Remember Sounds", default=True,
        description="Keep what was heard, so that a sound is heard only once",
    )  # fmt: skip
    cache_folder: StringProperty(
        name="Folder", subtype="DIR_PATH", description="Empty: the extension's own folder"
    )
    cache_mb: IntProperty(
        name="Size in MB", default=1000, min=10, max=100_000,
        description="The oldest sounds are forgotten beyond this. A minute takes about 2 MB",
    )  # fmt: skip

    def draw(self, _context: bpy.types.Context) -> None:
        """Two blocks."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "engine")
        layout.prop(self, "model")
        layout.separator()
        layout.prop(self, "use_cache")
        column = layout.column()
        column.active = self.use_cache
        column.prop(self, "cache_folder")
        column.prop(self, "cache_mb")
        column.operator(EMOTALK_OT_clear_cache.bl_idname, icon="TRASH")


class EMOTALK_OT_clear_cache(bpy.types.Operator):
    """Forget all sounds that were heard; they are heard again when needed"""

    bl_idname = "emotalk.clear_cache"
    bl_label = "Clear Cache"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Empty the folder."""
        self.report({"INFO"}, f"Removed {counted(settings.clear_cache(), 'sound')}")
        return {"FINISHED"}


CLASSES = (EMOTALK_AP_preferences, EMOTALK_OT_clear_cache)

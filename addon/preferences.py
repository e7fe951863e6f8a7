"""The add-on's preferences: what belongs to this computer, not to a shot."""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..emotalk_core.speech.heard_words import MODEL
from .bridge.jobs.session import SESSION
from .identity import ROOT_PACKAGE
from .languages import CONTEXT
from .ui.base import button_row
from .ui.doctor import draw_findings
from .ui.engine import draw_engine, draw_model, draw_words

__all__ = ["CLASSES"]

_ENGINES = (
    ("builtin", "Built-in", "Inside Blender, with nothing installed"),
    ("python", "Another Python", "A Python program that you choose; it may have PyTorch"),
    ("environment", "Own Environment", "A Python environment that EmoTalk makes, with PyTorch"),
)
_DEVICES = (
    ("auto", "Automatic", "The graphics card where it can be used, else the processor"),
    ("cpu", "Processor", "Works everywhere"),
    ("cuda", "CUDA or ROCm", "A graphics card by NVIDIA or AMD"),
    ("mps", "Metal", "Apple's graphics"),
)


def _changed(_self: Any, _context: bpy.types.Context) -> None:
    SESSION.told = None


class EMOTALK_AP_preferences(bpy.types.AddonPreferences):
    """Engine, model and cache."""

    bl_idname = ROOT_PACKAGE

    engine: EnumProperty(
        name="Engine", items=_ENGINES, description="Where the network runs", update=_changed
    )
    python: StringProperty(
        name="Python", subtype="FILE_PATH", update=_changed,
        description="A Python program, 3.11 or newer, or the folder of an environment",
    )  # fmt: skip
    environment_folder: StringProperty(
        name="Folder", subtype="DIR_PATH",
        description="Where the environment is put. Empty: the extension's own folder",
    )  # fmt: skip
    device: EnumProperty(
        name="Device", items=_DEVICES, description="What the network runs on there"
    )
    model: StringProperty(
        name="Model", subtype="DIR_PATH", description="A model folder. Empty: the one that ships"
    )
    recogniser: StringProperty(
        name="Recogniser", default=MODEL,
        description="A model of faster-whisper's (tiny, base, small, medium, large-v3, turbo), "
        "which it fetches once, or the folder of one. Larger ones hear better and take longer",
    )  # fmt: skip
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

    def draw(self, context: bpy.types.Context) -> None:
        """Engine, model, cache, check-up."""
        self.layout.use_property_split = True
        self.layout.use_property_decorate = False
        button_row(self.layout).operator("emotalk.manual", icon="HELP")
        for name, draw in _PARTS.items():
            header, body = self.layout.panel(f"emotalk_preferences_{name.lower()}")
            header.label(text=name, text_ctxt=CONTEXT)
            if body:
                draw(body, self, context)


def _draw_cache(layout: Any, preferences: Any, _context: bpy.types.Context) -> None:
    layout.prop(preferences, "use_cache")
    column = layout.column()
    column.active = preferences.use_cache
    column.prop(preferences, "cache_folder")
    column.prop(preferences, "cache_mb")
    button_row(column).operator("emotalk.clear_cache", icon="TRASH")


_PARTS = {
    "Engine": draw_engine,
    "Model": draw_model,
    "Words": draw_words,
    "Cache": _draw_cache,
    "Doctor": lambda layout, _preferences, context: draw_findings(layout, context),
}

CLASSES = (EMOTALK_AP_preferences,)

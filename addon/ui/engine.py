"""Where the engine runs, and which model: parts of the preferences."""

from typing import Any

import bpy

from ..bridge import compat
from ..bridge.jobs import environment, settings
from ..bridge.jobs.session import SESSION
from ..languages import CONTEXT
from ..languages.steps import step_told
from .base import button_row, draw_text

__all__ = ["draw_engine", "draw_errand", "draw_model", "draw_progress", "draw_words"]

_ABOUT = {
    "builtin": "Inside Blender, with nothing installed. Enough for the model that ships",
    "python": "In a Python that you have: 3.11 or newer, with numpy, and PyTorch for other models",
    "environment": "In a Python environment of EmoTalk's own, with PyTorch for your graphics card",
}

_OFFLINE = (
    "Online access is off: allow it in System > Network, or copy the commands and run them yourself"
)

_ABOUT_WORDS = (
    "Hear Words and Hear Words First need faster-whisper: Own Environment > Create "
    "Environment brings it along, or name a Python that has it"
)


def draw_engine(layout: Any, preferences: Any, context: bpy.types.Context) -> None:
    """The choice, and below it what belongs to it."""
    layout.row().prop(preferences, "engine", expand=True)
    draw_text(layout, _ABOUT[preferences.engine], "INFO", context)
    if preferences.engine == "python":
        _draw_python(layout, preferences, context)
    elif preferences.engine == "environment":
        _draw_environment(layout, preferences, context)
    if preferences.engine != "builtin":
        layout.prop(preferences, "device")


def _draw_python(layout: Any, preferences: Any, context: bpy.types.Context) -> None:
    layout.prop(preferences, "python")
    if draw_errand(layout, "emotalk.look_at_python", context):
        return
    found = SESSION.looked.get(preferences.python)
    if found is not None:
        draw_text(layout, found.detail, "CHECKMARK" if found.is_well else "ERROR", context)
    row = button_row(layout)
    row.enabled = bool(preferences.python)
    row.operator("emotalk.look_at_python", icon="VIEWZOOM")


def _draw_environment(layout: Any, preferences: Any, context: bpy.types.Context) -> None:
    found = environment.describe(settings.environment_folder(preferences))
    if found:
        draw_text(layout, found, "CHECKMARK", context)
    elif not compat.is_online_allowed():
        draw_text(layout, _OFFLINE, "ERROR", context)
        button_row(layout).operator("emotalk.copy_commands", icon="COPYDOWN")
    layout.prop(preferences, "environment_folder")
    names = ("emotalk.create_environment", "emotalk.remove_environment")
    if draw_errand(layout, names[0], context) or draw_errand(layout, names[1], context):
        return
    row = button_row(layout)
    row.operator(
        names[0], text="Create Again..." if found else "Create Environment...", icon="IMPORT"
    )
    if found:
        row.operator(names[1], text="Remove", text_ctxt=CONTEXT, icon="TRASH")


def draw_model(layout: Any, preferences: Any, context: bpy.types.Context) -> None:
    """Which model, and how the authors' own is had."""
    layout.prop(preferences, "model")
    if not draw_errand(layout, "emotalk.import_checkpoint", context):
        button_row(layout).operator(
            "emotalk.import_checkpoint", text="Import EmoTalk Checkpoint...", icon="IMPORT"
        )


def draw_words(layout: Any, preferences: Any, context: bpy.types.Context) -> None:
    """What hears what is said, for *Hear Words*."""
    draw_text(layout, _ABOUT_WORDS, "INFO", context)
    if preferences.engine != "python":
        layout.prop(preferences, "python")
    layout.prop(preferences, "recogniser")


def draw_errand(layout: Any, name: str, context: bpy.types.Context) -> bool:
    """Progress of the errand of this operator, or what its last one has told; whether it runs."""
    if draw_progress(layout, name):
        return True
    teller, text, is_well = SESSION.told or ("", "", True)
    if teller == name and text:
        draw_text(layout, text, "CHECKMARK" if is_well else "ERROR", context)
    return False


def draw_progress(layout: Any, name: str) -> bool:
    """Progress of the errand of this operator, with a button that stops it; whether it runs."""
    running = SESSION.errand
    if running is None or running.name != name:
        return False
    row = layout.row(align=True)
    row.progress(factor=running.job.share, text=step_told(running.job.what), translate=False)
    row.operator("emotalk.stop_errand", text="", icon="CANCEL")
    return True

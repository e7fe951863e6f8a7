"""Where the engine runs: look at another Python, make or remove EmoTalk's own environment, import
the authors' checkpoint.
"""

import textwrap
from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ...emotalk_core.doctor import about_looked_at
from ...emotalk_core.errors import EmoTalkError, SetupError
from ...emotalk_core.other_python.interpreter import Interpreter, find_python, look_at
from ...emotalk_core.speech.recognise import LIBRARY
from ..bridge import compat
from ..bridge.jobs import checkpoints, environment, errand, settings, torch_builds
from ..bridge.jobs.session import SESSION
from ..identity import ROOT_PACKAGE
from ..languages import translated
from .base import ErrandOperator

__all__ = ["CLASSES"]

_BUILDS = (
    ("auto", "Automatic", "What suits this computer's graphics card"),
    *((build.name, build.label, f"From {build.source}") for build in torch_builds.BUILDS),
)
_LETTERS = 30  # of a line beside the file list


def _preferences() -> Any:
    found = compat.preferences()
    if found is None:
        raise SetupError(
            "EmoTalk is not installed as an extension",
            value=ROOT_PACKAGE,
            remedy="Install its zip in Preferences > Get Extensions.",
        )
    return found


class EMOTALK_OT_look_at_python(ErrandOperator):
    """Look at the chosen Python: its version, numpy, PyTorch and graphics card"""

    bl_idname = "emotalk.look_at_python"
    bl_label = "Look at It"

    def run(self, _context: bpy.types.Context) -> str:
        """Start it and ask."""
        asked = _preferences().python
        program = find_python(Path(bpy.path.abspath(asked)))

        def keep(found: Interpreter) -> str:
            SESSION.looked[asked] = about_looked_at(found)
            return ""

        return errand.start(
            "emotalk.look_at_python",
            lambda progress: look_at(program, lambda: progress(0.5, "Looking at it")),
            keep,
        )


class EMOTALK_OT_create_environment(ErrandOperator):
    """Make a Python environment of EmoTalk's own with PyTorch in it: needs the network once"""

    bl_idname = "emotalk.create_environment"
    bl_label = "Create Environment"

    build: EnumProperty(name="PyTorch for", items=_BUILDS, default="auto")
    has_words: BoolProperty(
        name="Hear Words", default=True,
        description=f"With {LIBRARY}, which writes what is said, so that lips are surer",
    )  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where the network may be used."""
        if not compat.is_online_allowed():
            return cls.refuse("Online access is off: allow it in Preferences > System > Network")
        return super().poll(context)

    def invoke(self, context: bpy.types.Context, _event: Any) -> Any:
        """Ask first: what, from where, how much, and where to."""
        return context.window_manager.invoke_props_dialog(self, width=480, confirm_text="Create")

    def draw(self, _context: bpy.types.Context) -> None:
        """What would be done."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "build")
        layout.prop(self, "has_words")
        build, recipe, column = *self._wanted(), layout.column(align=True)
        source = translated(
            "{build}: PyTorch from {source}", build=translated(build.label), source=build.source
        )
        loaded = translated("About {size} MB to download", size=f"{recipe.download_mb:,}")
        kept = translated("About {size} MB on disk, in", size=f"{recipe.disk_mb:,}")
        column.label(text=source, icon="URL", translate=False)
        column.label(text=loaded, icon="IMPORT", translate=False)
        column.label(text=kept, icon="DISK_DRIVE", translate=False)
        column.label(text=str(_folder()), icon="BLANK1")
        column.label(text="Blender stays usable meanwhile; it can be stopped", icon="INFO")

    def run(self, _context: bpy.types.Context) -> str:
        """Make it; what was there stays until the new one works."""
        folder, (_build, recipe) = _folder(), self._wanted()
        SESSION.room.forget()  # a worker may be running in the old one
        return errand.start(
            "emotalk.create_environment",
            lambda progress: environment.make(folder, recipe, progress=progress),
            lambda found: f"The environment works: {found.summary}",
        )

    def _wanted(self) -> tuple[torch_builds.Build, environment.Recipe]:
        build = torch_builds.choose(self.build)
        return build, environment.recipe_for(build, has_words=self.has_words)


class EMOTALK_OT_remove_environment(ErrandOperator):
    """Delete EmoTalk's own environment and give its disk space back"""

    bl_idname = "emotalk.remove_environment"
    bl_label = "Remove Environment"

    def invoke(self, context: bpy.types.Context, event: Any) -> Any:
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def run(self, _context: bpy.types.Context) -> str:
        """Delete it; without it the built-in engine works on."""
        folder = _folder()
        SESSION.room.forget()

        def work(progress: Any) -> None:
            progress(0.5, "Removing the environment")
            environment.remove(folder)

        return errand.start("emotalk.remove_environment", work, lambda _none: _back_to_builtin())


class EMOTALK_OT_copy_commands(bpy.types.Operator):
    """Copy the commands that make the environment, to run them where the network may be used"""

    bl_idname = "emotalk.copy_commands"
    bl_label = "Copy Commands"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """To the clipboard."""
        recipe = environment.recipe_for(torch_builds.choose("auto"), has_words=True)
        context.window_manager.clipboard = environment.command_by_hand(_folder(), recipe)
        self.report({"INFO"}, "Copied: run it in a terminal, then choose Another Python")
        return {"FINISHED"}


class EMOTALK_OT_stop_errand(bpy.types.Operator):
    """Stop it; what was there before stays as it was"""

    bl_idname = "emotalk.stop_errand"
    bl_label = "Stop"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask it to stop."""
        errand.stop()
        return {"FINISHED"}


class EMOTALK_OT_import_checkpoint(ErrandOperator, ImportHelper):
    """Make the authors' EmoTalk.pth the model. Its weights are for non-commercial use only"""

    bl_idname = "emotalk.import_checkpoint"
    bl_label = "Import EmoTalk Checkpoint"

    filter_glob: StringProperty(default="*.pth;*.pt;*.bin", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Where there is a Python that can read it."""
        try:
            python = settings.helper_python(_preferences())
        except EmoTalkError as error:
            return cls.refuse(str(error))
        if python is None:
            return cls.refuse("Reading it takes PyTorch: create the environment first")
        return super().poll(context)

    def draw(self, _context: bpy.types.Context) -> None:
        """Beside the files: the licence, before anything is done."""
        column = self.layout.column(align=True)
        column.label(text="Licence of the weights", icon="INFO")
        for line in textwrap.wrap(checkpoints.LICENCE, _LETTERS):
            column.label(text=line)

    def run(self, _context: bpy.types.Context) -> str:
        """Convert it in the worker's Python."""
        python = settings.helper_python(_preferences())
        checkpoint = Path(bpy.path.abspath(self.filepath))
        if python is None:
            raise SetupError(
                "No Python with PyTorch", value="engine", remedy="Create the environment first."
            )
        folder = checkpoints.folder_for(checkpoint, settings.models_folder())

        def chosen(_lines: object) -> str:
            SESSION.room.forget()
            _preferences().model = str(folder)
            return f"Imported {checkpoint.name}. {checkpoints.LICENCE}"

        return errand.start(
            "emotalk.import_checkpoint",
            lambda progress: checkpoints.convert(checkpoint, folder, python, progress),
            chosen,
        )


def _folder() -> Path:
    return settings.environment_folder(_preferences())


def _back_to_builtin() -> str:
    preferences = _preferences()
    if preferences.engine == "environment":
        preferences.engine = "builtin"
    return "Removed the environment; the built-in engine works on"


CLASSES = (
    EMOTALK_OT_look_at_python,
    EMOTALK_OT_create_environment,
    EMOTALK_OT_remove_environment,
    EMOTALK_OT_copy_commands,
    EMOTALK_OT_stop_errand,
    EMOTALK_OT_import_checkpoint,
)

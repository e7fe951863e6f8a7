"""One of the doors at which errors are caught: they become one report each."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, ClassVar

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ExportHelper

from ...emotalk_core.errors import Cancelled, EmoTalkError
from ..bridge import compat
from ..bridge.jobs import errand
from ..bridge.jobs.session import SESSION
from ..bridge.take import takes
from ..bridge.take.adopted import Adoption, adopt
from ..languages import translated

__all__ = ["EmoTalkOperator", "ErrandOperator", "OfCharacter", "OfTake", "WhenIdle", "WritesFile"]

_log = logging.getLogger(__name__)


class EmoTalkOperator(bpy.types.Operator):
    """`run` does the work and returns what to tell; errors become a report and CANCELLED."""

    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    _warnings: tuple[str, ...] = ()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether what it changes can be saved with the scene."""
        if "UNDO" not in cls.bl_options or context.scene.is_editable:
            return True
        return cls.refuse("This scene is linked from another file: open that one")

    @classmethod
    def refuse(cls, why: str) -> bool:
        """False, for `poll`; Blender tells over the greyed button why."""
        cls.poll_message_set(translated(why))
        return False

    def run(self, context: bpy.types.Context) -> str:
        """The operator's work."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Blender's call."""
        return self.guarded(lambda: self.done(self.run(context)))

    def guarded(self, call: Any) -> set[str]:
        """What `call` returns; CANCELLED with a report when it fails."""
        try:
            return call()
        except Cancelled:
            self.report({"INFO"}, "Cancelled: nothing was changed")
        except EmoTalkError as error:
            for reason in error.reasons:
                self.report({"ERROR"}, reason)
        except OSError as error:
            where = f": '{error.filename}'" if error.filename else ""
            self.report({"ERROR"}, f"{error.strerror or error}{where}. Check disk and folder")
        except Exception as error:  # noqa: BLE001 - one of the doors
            _log.exception("%s failed", self.bl_idname)
            self.report({"ERROR"}, f"Unexpected {type(error).__name__}: {error}. See the console")
        return {"CANCELLED"}

    @contextmanager
    def knowing_copies(self, scene: bpy.types.Scene) -> Generator[None]:
        """Copies of animated characters have takes of their own before keys are written; when that
        fails, none.
        """
        adoption = adopt(scene)
        try:
            yield
        except BaseException:
            adoption.take_back()
            raise
        self.keep(adoption)

    def keep(self, adoption: Adoption) -> None:
        """Let copies have their takes, and tell it."""
        told = adoption.keep()
        if told:
            self.report({"INFO"}, told)

    def warn(self, text: str) -> None:
        """What the user should know besides; said last, because the status bar keeps the last."""
        self._warnings = (*self._warnings, text)

    def done(self, message: str) -> set[str]:
        """FINISHED, with one line for the user, then the warnings."""
        if message:
            self.report({"INFO"}, message)
        warnings, self._warnings = self._warnings, ()
        for warning in warnings:
            self.report({"WARNING"}, warning)
        return {"FINISHED"}


class OfCharacter(EmoTalkOperator):
    """Looks at the chosen character, else at the active object."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is someone to look at."""
        if context.scene.emotalk.rig.character is None and context.object is None:
            return cls.refuse("Choose a character or select one of its meshes")
        return super().poll(context)


class OfTake(EmoTalkOperator):
    """Works on the active take."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a take."""
        if takes.active_take(context.scene) is None:
            return cls.refuse("Nothing is animated yet: press Animate first")
        return super().poll(context)


class WhenIdle(EmoTalkOperator):
    """Greyed out while a face is animated."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether nothing else is at work."""
        if SESSION.job is not None:
            return cls.refuse("EmoTalk is at work. Press the x beside its progress to stop it")
        return super().poll(context)


class ErrandOperator(EmoTalkOperator):
    """Greyed out while another errand runs."""

    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One at a time, and not while a face is animated: that may be using what it changes."""
        reason = errand.reason_against()
        return cls.refuse(reason) if reason else True


class WritesFile(ErrandOperator, ExportHelper):
    """Hears what it writes, if that is not at hand; a script finds the file written in its next
    line.
    """

    bl_options: ClassVar[set[str]] = {"REGISTER"}

    check_extension = None  # any of `filter_glob`, as typed
    filepath: StringProperty(subtype="FILE_PATH", options=compat.path_options())

    by_hand = False

    def invoke(self, context: bpy.types.Context, event: Any) -> Any:
        """Ask where to."""
        self.by_hand = True
        return ExportHelper.invoke(self, context, event)

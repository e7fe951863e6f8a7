"""The check-up: look at everything, say what to do."""

from typing import ClassVar

import bpy

from ...emotalk_core.doctor import Finding
from ..bridge.jobs import doctor, errand
from ..bridge.jobs.session import SESSION
from ..languages import translated
from .base import ErrandOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_doctor(ErrandOperator):
    """Look at Blender, the model, the engine and its Python, and let the engine hear something"""

    bl_idname = "emotalk.doctor"
    bl_label = "Check Everything"

    def run(self, _context: bpy.types.Context) -> str:
        """Start it."""
        check_up, room = doctor.prepare(), SESSION.room

        def keep(findings: list[Finding]) -> str:
            SESSION.findings = findings
            return doctor.summary(findings)

        return errand.start("emotalk.doctor", lambda progress: check_up.run(room, progress), keep)


class EMOTALK_OT_copy_report(bpy.types.Operator):
    """Copy what was found as text, to send it to somebody"""

    bl_idname = "emotalk.copy_report"
    bl_label = "Copy Report"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Once something was found."""
        if not SESSION.findings:
            cls.poll_message_set(translated("Check everything first"))
        return bool(SESSION.findings)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """To the clipboard."""
        context.window_manager.clipboard = doctor.report(SESSION.findings)
        self.report({"INFO"}, "Copied")
        return {"FINISHED"}


CLASSES = (EMOTALK_OT_doctor, EMOTALK_OT_copy_report)

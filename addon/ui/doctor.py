"""The Doctor panel: what was found and what to do."""

from typing import Any, ClassVar

import bpy

from ..bridge.jobs import doctor
from ..bridge.jobs.session import SESSION
from .base import InView, draw_text
from .engine import draw_progress

__all__ = ["CLASSES", "draw_findings"]


def draw_findings(layout: Any, context: bpy.types.Context) -> None:
    """The button, then one line for each thing that was looked at, what is amiss on top."""
    if draw_progress(layout, "emotalk.doctor"):
        return
    teller, text, is_well = SESSION.told or ("", "", True)
    if teller == "emotalk.doctor" and not is_well:  # the check-up itself went wrong
        draw_text(layout, text, "ERROR", context)
    layout.operator("emotalk.doctor", icon="VIEWZOOM")
    if not SESSION.findings:
        return
    is_fine = doctor.n_amiss(SESSION.findings) == 0
    icon = "CHECKMARK" if is_fine else "ERROR"
    draw_text(layout, doctor.summary(SESSION.findings), icon, context)
    box = layout.box()
    for finding in sorted(SESSION.findings, key=lambda f: (f.is_well, not f.is_needed)):
        amiss = "ERROR" if finding.is_needed else "INFO"
        draw_text(box, finding.text, "CHECKMARK" if finding.is_well else amiss, context)
    layout.operator("emotalk.copy_report", icon="COPYDOWN")


class EMOTALK_PT_doctor(InView, bpy.types.Panel):
    """Is everything there that animating needs?."""

    bl_label = "Doctor"
    bl_options: ClassVar[set[str]] = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Button and findings; the manual."""
        draw_findings(self.layout, context)
        self.layout.operator("emotalk.manual", icon="HELP")


CLASSES = (EMOTALK_PT_doctor,)

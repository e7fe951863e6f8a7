"""The manual, in the browser."""

import webbrowser
from typing import ClassVar

import bpy

from ..manual.page import page_url
from .base import EmoTalkOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_manual(EmoTalkOperator):
    """Read the manual in a browser. It lies beside the add-on, so no network is needed"""

    bl_idname = "emotalk.manual"
    bl_label = "Manual"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    def run(self, _context: bpy.types.Context) -> str:
        """Write the page and open it."""
        address = page_url()
        return f"{'Opened' if webbrowser.open(address) else 'Open in a browser'}: {address}"


CLASSES = (EMOTALK_OT_manual,)

"""Clear Cache: forget what was heard."""

from typing import ClassVar

import bpy

from ...emotalk_core.cache import EncodingCache
from ..bridge.counting import counted
from ..bridge.jobs import settings
from .base import EmoTalkOperator

__all__ = ["CLASSES"]


class EMOTALK_OT_clear_cache(EmoTalkOperator):
    """Forget all sounds that were heard; they are heard again when needed"""

    bl_idname = "emotalk.clear_cache"
    bl_label = "Clear Cache"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    def run(self, _context: bpy.types.Context) -> str:
        """Empty the folder."""
        cleared = EncodingCache(settings.cache_folder()).clear()
        told = f"Removed {counted(cleared.n_removed, 'sound')} ({cleared.n_bytes / 1e6:.1f} MB)"
        if not cleared.n_kept:
            return told
        stays = "stays" if cleared.n_kept == 1 else "stay"
        return f"{told}; {counted(cleared.n_kept, 'sound')} in use {stays}"


CLASSES = (EMOTALK_OT_clear_cache,)

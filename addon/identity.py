"""The name of the extension, as Blender asks for it."""

from __future__ import annotations

from typing import Final

__all__ = ["ROOT_PACKAGE"]

ROOT_PACKAGE: Final = (__package__ or "addon").rpartition(".")[0]
"""`bl_ext.user_default.emotalk`: the name of the extension, its preferences and its folder."""

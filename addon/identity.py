"""The one prefix, and the package names that Blender asks for."""

from __future__ import annotations

from typing import Final

__all__ = ["PACKAGE", "PREFIX", "ROOT_PACKAGE"]

PREFIX: Final = "emotalk"
"""Operators, scene settings and the marks on our data-blocks all start with it."""

PACKAGE: Final = __package__ or "addon"
ROOT_PACKAGE: Final = PACKAGE.rpartition(".")[0]
"""`bl_ext.user_default.emotalk`: the name of the extension, its preferences and its folder."""

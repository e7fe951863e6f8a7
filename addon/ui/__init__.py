"""Panels, lists and menus: they draw, nothing else."""

from . import panels

CLASSES = (*panels.CLASSES,)

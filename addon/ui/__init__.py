"""Panels, lists and menus: they draw, nothing else."""

from . import (
    cast,
    doctor,
    emotion,
    files,
    lips,
    menus,
    presets,
    result,
    rig,
    shaping,
    speech,
    takes,
)

CLASSES = (
    *speech.CLASSES,
    *cast.CLASSES,
    *presets.CLASSES,
    *emotion.CLASSES,
    *lips.CLASSES,
    *shaping.CLASSES,
    *rig.CLASSES,
    *takes.CLASSES,
    *result.CLASSES,
    *doctor.CLASSES,
    *files.CLASSES,
    *menus.CLASSES,
)

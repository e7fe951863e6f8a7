"""What the buttons do: each polls, gathers, calls the bridge and reports."""

from . import (
    animate,
    cache,
    cast,
    clips,
    demo,
    doctor,
    engine,
    lips,
    manual,
    pauses,
    phrases,
    presets,
    rig,
    takes,
    texts,
    usual,
)

CLASSES = (
    *animate.CLASSES,
    *cast.CLASSES,
    *rig.CLASSES,
    *takes.CLASSES,
    *presets.CLASSES,
    *phrases.CLASSES,
    *lips.CLASSES,
    *texts.CLASSES,
    *usual.CLASSES,
    *pauses.CLASSES,
    *clips.CLASSES,
    *demo.CLASSES,
    *engine.CLASSES,
    *cache.CLASSES,
    *doctor.CLASSES,
    *manual.CLASSES,
)

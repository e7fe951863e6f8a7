"""Scenes in which the shipped model speaks, and a mouth's keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from tests.addon.scenes import keys_of, write_wav
from tests.core.babble import babble

FIRST = 5  # scene frame at which the sound starts, at 24 frames a second


def panel_of(head: Any) -> Any:
    """The panel's settings for a head."""
    ours = bpy.context.scene.emotalk
    ours.source, ours.start_frame, ours.rig.character = "FILE", FIRST, head
    ours.controls.asymmetry = 0.0  # so that a smile tells which slider it shows
    return ours


def surprised_babble(ours: Any, folder: Path) -> Any:
    """A take of four seconds of babble, felt as surprise: lips hardly meet."""
    ours.filepath = str(write_wav(folder / "babble.wav", babble(4.0)))
    ours.controls.surprised = 1.0
    bpy.ops.emotalk.animate()
    return ours.takes[0]


def jaw(head: Any, *frames: int) -> list[float]:
    """JawOpen at some frames."""
    at, values = keys_of(head, "jawOpen")
    return [float(values[np.abs(at - frame).argmin()]) for frame in frames]

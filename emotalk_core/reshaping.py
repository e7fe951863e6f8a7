"""Curves that are there already, an imported clip's: what of the shaping makes sense without their
sound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from . import arkit
from .clip import Clip
from .controls import Controls
from .retarget import faces_of
from .shaping.closure import keep_closed
from .shaping.gains import gain_regions
from .shaping.smoothing import smooth_regions

__all__ = ["AS_IT_IS", "RESHAPING", "reshaped"]

AS_IT_IS: Final = Controls(
    articulation=0.0, smoothing=0.0, lip_closure=0.0, blink=0.0, gaze=0.0, head=0.0, asymmetry=0.0
)
"""Sliders that leave a clip's curves alone."""

RESHAPING: Final = (
    "brows",
    "eyes",
    "mouth",
    "jaw",
    "smoothing",
    "upper_smoothing",
    "sync_offset_ms",
)
"""Those that do something to it; the others ask for what was heard."""


def reshaped(clip: Clip, controls: Controls) -> Clip:
    """The clip as the sliders in `RESHAPING` say; lips that met do so still."""
    moved = replace(clip, start_s=clip.start_s + controls.sync_offset_ms / 1000.0)
    faces = faces_of(clip)
    face = gain_regions(smooth_regions(faces, controls), controls)
    if face is faces:
        return moved
    # A file may go beyond 0..1, or where no face of ours does; smoothing takes it no further.
    face = np.clip(keep_closed(face, faces), faces.min(initial=0.0), faces.max(initial=1.0))
    values = np.array(clip.values)
    for column, name in enumerate(clip.channels):
        if name in arkit.CHANNELS:
            values[:, column] = face[:, arkit.index(name)]
    return replace(moved, values=values)

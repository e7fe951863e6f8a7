"""From what the network says to what a face does: pure functions on coefficient arrays at 30 fps.

Each part looks a fixed number of frames to each side and draws its chance from absolute time, so
that a long sound can be shaped stretch by stretch.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .. import arkit
from ..controls import Controls
from ..timing import NETWORK_FPS, frame_times
from . import accents, activity, asymmetry, blink, gaze, head
from .activity import rest_in_silence, speech_activity
from .articulation import Said, articulate
from .closure import keep_closed, press_lips
from .gains import gain_regions
from .limits import limit
from .look import Look, head_part, look_coefficients
from .smoothing import smooth_regions

__all__ = ["CHANNELS", "CONTEXT_FRAMES", "Look", "Said", "shape"]

CHANNELS: Final = arkit.CHANNELS + arkit.HEAD_CHANNELS
"""Columns of what `shape` returns."""

CONTEXT_FRAMES: Final = activity.CONTEXT_FRAMES + max(
    accents.CONTEXT_FRAMES, blink.CONTEXT_FRAMES, gaze.CONTEXT_FRAMES, head.CONTEXT_FRAMES
)
"""Frames on each side of a stretch that `shape` needs for the stretch to come out as in the
whole.
"""


def shape(
    values: np.ndarray,
    level: np.ndarray,
    controls: Controls,
    start_frame: int = 0,
    said: Said | None = None,
    look: Look | None = None,
) -> np.ndarray:
    """Curves ready for a face.

    Parameters
    ----------
    values : float32 (T, 52)
        As the network gives them, at 30 fps; may leave 0..1.
    level : float32 (T,)
        Of the Encoding, dB relative to the loudest band of the sound.
    start_frame : int
        Where in the sound the stretch begins: what is random depends on it.
    said : Said, optional
        Phones, where the network names them.
    look : Look, optional
        What the eyes rest on, with glances around it; without it they look straight ahead.

    Returns
    -------
    float32 (T, 55)
        The columns of `CHANNELS`: coefficients 0..1, then the head's rotation in radians.
    """
    speech = speech_activity(level, said.silence if said else None)
    face = _speaking(values, speech, controls, said)
    face, rotation = _alive(face, level, speech, controls, start_frame, look)
    return np.concatenate([face, rotation], axis=1).astype(np.float32, copy=False)


def _speaking(
    values: np.ndarray, speech: np.ndarray, controls: Controls, said: Said | None
) -> np.ndarray:
    """The face as it speaks and feels, at rest in silence."""
    mouth = limit(articulate(values, said, controls.articulation))
    # What the other sliders do to the shape of the motion, but never to lips that met.
    gained = gain_regions(smooth_regions(mouth, controls), controls)
    face = mouth if gained is mouth else keep_closed(gained, mouth)
    return press_lips(rest_in_silence(face, speech), controls.lip_closure)


def _alive(
    face: np.ndarray,
    level: np.ndarray,
    speech: np.ndarray,
    controls: Controls,
    start_frame: int,
    look: Look | None,
) -> tuple[np.ndarray, np.ndarray]:
    """The face with the life beside its speech, (T, 52), and how its head turns, (T, 3)."""
    place = {"seed": controls.seed, "start_frame": start_frame}
    face = blink.add_blinks(face, blink.blink_curve(speech, rate=controls.blink, **place))
    angles = gaze.gaze_angles(len(face), size=controls.gaze, **place)
    rotation = head.head_rotation(level, speech, size=controls.head, **place)
    if look is None:
        face = gaze.add_gaze(face, angles)
    else:
        times_s = _seen_at(len(face), start_frame, controls)
        rotation = rotation + head_part(look, times_s, size=controls.head)
        resting = look_coefficients(look, times_s, rotation)
        face = gaze.look_from(face, resting + angles[:, None])
    raised = accents.brow_accents(level, speech, size=controls.head * controls.brows, **place)
    leans = asymmetry.lean(len(face), size=controls.asymmetry, **place)
    return limit(asymmetry.share_out(accents.add_accents(face, raised), leans)), rotation


def _seen_at(n_frames: int, start_frame: int, controls: Controls) -> np.ndarray:
    """float64 (T,): when each frame is shown, in seconds of the sound: a face may come later."""
    return frame_times(n_frames, NETWORK_FPS, start_frame) + controls.sync_offset_ms / 1000.0

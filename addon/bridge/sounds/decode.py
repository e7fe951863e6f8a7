"""A heard stretch as 16 kHz core sound: wav by the core, the rest by Audaspace, else by what the
core finds.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ....emotalk_core.audio import ArraySound, SoundSource, open_sound
from ....emotalk_core.audio.cut_short import is_cut_short, samples_told
from ....emotalk_core.audio.decoders import no_such_channel, open_decoder, to_mono
from ....emotalk_core.errors import EmoTalkError, InputError
from ....emotalk_core.progress import Progress, silent
from ....emotalk_core.timing import SAMPLE_RATE
from .background import run_script
from .sound import Heard, Pause

__all__ = ["LONG_S", "seconds_of", "to_source"]

LONG_S = 60.0
"""Audaspace holds Python's lock while it decodes: about 1.5 ms for a second of stereo. Longer
sound goes to a child.
"""

_SHARE = 0.99  # of the samples: a stretch may begin and end between two


def to_source(heard: Heard, *, blender: str = "", progress: Progress = silent) -> SoundSource:
    """Core sound of what is heard; runs in a thread, no bpy.

    Parameters
    ----------
    blender : str
        Blender's own program, for long sound and for strips with speed changes in a background
        process; empty where there is none.

    Raises
    ------
    InputError
        The file is empty, damaged, or of a format that nobody here reads.
    """
    if isinstance(heard, Pause):
        return ArraySound(
            np.zeros(round((heard.duration_s or 0.0) * SAMPLE_RATE), np.float32), SAMPLE_RATE
        )
    if heard.path.suffix == ".blend":
        mixed = _mixed(heard, blender, progress)
        _ensure_channel(heard, lambda: open_decoder(mixed).n_channels)
        return open_sound(mixed, channel=heard.channel)
    aud = _audaspace()
    if aud is None or heard.path.suffix.lower() in (".wav", ".wave"):
        return open_sound(heard.path, heard.start_s, heard.duration_s, channel=heard.channel)
    _ensure_channel(heard, lambda: _n_channels(aud, heard.path))
    if blender and _may_be_long(heard):
        return _by_child(heard, blender, progress)
    samples, rate = _samples_by_aud(aud, heard.path, heard.start_s, heard.duration_s, heard.channel)
    return _array_sound(heard, samples, rate)


def seconds_of(heard: Heard) -> float | None:
    """How long a file is heard from where it starts, as far as its head tells; None where it does
    not.
    """
    aud = _audaspace()
    if aud is None or heard.path.suffix.lower() in (".wav", ".wave"):
        try:
            decoder = open_decoder(heard.path)
        except EmoTalkError:  # whoever decodes it says why; so below
            return None
        length, rate = decoder.n_samples, float(decoder.sample_rate)
    else:
        try:
            sound = aud.Sound(str(heard.path))
            length, rate = sound.length, float(sound.specs[0])
        except aud.error:
            return None
    return length / rate - heard.start_s if length is not None and length > 0 else None


def _array_sound(heard: Heard, samples: np.ndarray, rate: int) -> ArraySound:
    """What was decoded; Audaspace says nothing where a file has lost its end."""
    told = samples_told(heard.path) - round(heard.start_s * rate)
    if heard.duration_s is not None:
        told = min(told, round(heard.duration_s * rate))
    has_lost_some = len(samples) < _SHARE * told
    return ArraySound(samples, rate, is_cut_short=has_lost_some or is_cut_short(heard.path))


def _samples_by_aud(
    aud: Any, path: Path, start_s: float, duration_s: float | None, channel: int | None
) -> tuple[np.ndarray, int]:
    """float32 (n,) of one channel, or the mean of all, and the file's rate. `rechannel(1)` would
    add them up instead.
    """
    try:
        sound = aud.Sound(str(path))
        rate = round(sound.specs[0])
        if start_s > 0.0 or duration_s is not None:
            end_s = start_s + duration_s if duration_s is not None else 1e9
            sound = sound.limit(start_s, end_s)
        data = sound.data()
    except aud.error as error:
        raise _unreadable(path) from error
    if len(data) == 0:
        raise InputError(
            "The sound is empty", value=path.name, remedy="Use a recording with something in it."
        )
    return to_mono(data, channel), rate


def _ensure_channel(heard: Heard, count: Callable[[], int]) -> None:
    """`count`: tells how many channels there are; asked only where one of them is wanted."""
    if heard.channel is not None and heard.channel > (n_channels := count()):
        raise no_such_channel(heard.channel, n_channels, heard.label)


def _n_channels(aud: Any, path: Path) -> int:
    try:
        return int(aud.Sound(str(path)).specs[1])
    except aud.error as error:
        raise _unreadable(path) from error


def _audaspace() -> Any | None:
    try:
        import aud
    except ImportError:
        return None
    return aud


def _may_be_long(heard: Heard) -> bool:
    if heard.duration_s is not None:
        return heard.duration_s > LONG_S
    return (
        heard.path.stat().st_size > LONG_S * 4000
    )  # 32 kbit/s: whatever is smaller decodes quickly


def _by_child(heard: Heard, blender: str, progress: Progress) -> SoundSource:
    with tempfile.TemporaryDirectory(prefix="emotalk_") as folder:
        out = Path(folder) / "samples.npy"
        request = [str(heard.path), heard.start_s, heard.duration_s, heard.channel, str(out)]
        ended = run_script(blender, "decode_child.py", request, progress, "Decoding sound")
        if ended.code or not out.is_file():
            raise _unreadable(heard.path)
        rate, samples = int(np.load(out.with_suffix(".rate.npy"))), np.load(out)
    return _array_sound(heard, samples, rate)


def _mixed(heard: Heard, blender: str, progress: Progress) -> Path:
    """The wav of a strip that `mixdown.render` has put into a file of its own; mixed once."""
    out = heard.path.with_suffix(".wav")
    if not out.is_file():
        request = [str(heard.path), str(out)]
        ended = run_script(blender, "mix_child.py", request, progress, "Mixing speed changes")
        if ended.code or not out.is_file():
            raise InputError(
                "Blender could not play the speed changes",
                value=heard.label,
                remedy=f"Render the strip to a sound file, and use that. ({ended.last_line}.)",
            )
    return out


def _unreadable(path: Path) -> InputError:
    return InputError(
        "Cannot read this sound",
        value=path.name,
        remedy="Convert it to wav, flac, mp3, ogg or m4a.",
    )

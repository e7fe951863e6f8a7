"""The same speech as worse recordings have it: telephones, codecs, rooms, noise."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np
import soundfile

from emotalk_core.timing import SAMPLE_RATE

__all__ = ["RECORDED", "with_noise"]

_MU: Final = 255  # ITU-T G.711
_ROOM_S: Final = 0.6  # until its tail is 60 dB down
_TAIL: Final = 0.8  # of a room beside the direct sound's 1, both as energies' roots
_CLIPPED: Final = 0.97  # of the samples stay below what a clipped recording holds
_HUM_HZ: Final = (50, 100, 150, 250)


def with_noise(samples: np.ndarray, ratio_db: float) -> np.ndarray:
    """Samples in white noise whose power is `ratio_db` below that of the whole clip."""
    noise = np.random.default_rng(len(samples)).standard_normal(len(samples))
    return _beside(samples, noise, ratio_db)


def _beside(samples: np.ndarray, noise: np.ndarray, ratio_db: float) -> np.ndarray:
    power = np.sqrt(np.mean(samples**2) / np.mean(noise**2))
    return (samples + power * 10 ** (-ratio_db / 20) * noise).astype(np.float32)


def _between(samples: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """What is between two frequencies, with soft edges."""
    hz = np.fft.rfftfreq(len(samples), 1.0 / SAMPLE_RATE)
    gain = 1.0 / ((1.0 + np.exp((low_hz - hz) / 60.0)) * (1.0 + np.exp((hz - high_hz) / 100.0)))
    return np.fft.irfft(np.fft.rfft(samples) * gain, len(samples))


def _telephone(samples: np.ndarray) -> np.ndarray:
    """300 to 3,400 Hz in the eight bits of G.711's mu-law."""
    band = _between(samples, 300.0, 3400.0)
    most = max(float(np.abs(band).max()), 1e-6)
    squeezed = np.log1p(_MU * np.abs(band / most)) / np.log1p(_MU)
    steps = np.round(squeezed * 127) / 127
    return (np.sign(band) * most * np.expm1(steps * np.log1p(_MU)) / _MU).astype(np.float32)


def _at_8_khz(samples: np.ndarray) -> np.ndarray:
    return _between(samples, 0.0, 3800.0).astype(np.float32)


def _as_mp3(samples: np.ndarray) -> np.ndarray:
    """About 16 kbit/s, the worst of LAME's variable rates."""
    file = io.BytesIO()
    soundfile.write(
        file, samples, SAMPLE_RATE, format="MP3", bitrate_mode="VARIABLE", compression_level=0.99
    )
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0][: len(samples)]


def _in_a_hall(samples: np.ndarray) -> np.ndarray:
    t = np.arange(int(_ROOM_S * SAMPLE_RATE))
    tail = np.random.default_rng(len(samples)).standard_normal(len(t))
    tail *= 10.0 ** (-3.0 * t / len(t))
    tail[: SAMPLE_RATE // 500] = 0.0
    answer = _TAIL * tail / np.sqrt(np.sum(tail**2))
    answer[0] = 1.0
    return np.convolve(samples, answer)[: len(samples)].astype(np.float32)


def _clipped(samples: np.ndarray) -> np.ndarray:
    most = np.quantile(np.abs(samples), _CLIPPED)
    return np.clip(samples, -most, most).astype(np.float32)


def _with_hum(samples: np.ndarray) -> np.ndarray:
    t = np.arange(len(samples)) / SAMPLE_RATE
    hum = sum(np.sin(2 * np.pi * hz * t) * _HUM_HZ[0] / hz for hz in _HUM_HZ)
    return _beside(samples, np.asarray(hum), 6.0)


RECORDED: Final[Mapping[str, Callable[[np.ndarray], np.ndarray]]] = MappingProxyType(
    {
        "white noise, 10 dB": partial(with_noise, ratio_db=10),
        "white noise, 0 dB": partial(with_noise, ratio_db=0),
        "telephone": _telephone,
        "8 kHz": _at_8_khz,
        "mp3, 16 kbit/s": _as_mp3,
        "hall, 0.6 s": _in_a_hall,
        "clipped": _clipped,
        "mains hum": _with_hum,
    }
)
"""What a recording is called -> what becomes of samples (n,) at 16 kHz."""

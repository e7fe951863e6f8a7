"""Sounds joined to long streams at several speeds on the device that learns: a crop is a slice.

Speech played faster or slower is another voice: its formants move along. B crops, N samples,
S states of 320 samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from emotalk_core.audio.resampling import Ratio, resample_blocks
from emotalk_core.engine.frontend import HOP, N_FFT
from emotalk_core.timing import SAMPLE_RATE

from ..losses import UNKNOWN
from ..retold import OTHER_SPEEDS

__all__ = ["STATE_SAMPLES", "Clip", "Crop", "Streams", "believed"]

STATE_SAMPLES: Final = 2 * HOP
_FULL: Final = 32767  # sounds are kept as 16-bit numbers
_GAPS_S: Final = (0.02, 0.1)  # between clips, or anything up to the longest
_LONGEST_GAP_S: Final = 1.5
_LENGTHS: Final = (Ratio(1, 1), *OTHER_SPEEDS)
_AS_IT_IS: Final = 3.0  # how much likelier a sound's own speed is than each of the others
_SPREAD: Final = 5  # states around a loud one that are doubted with it
_TOO_LOUD_DB: Final = 18.0  # below a clip's loud parts: nobody is that loud in silence


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound to learn from."""

    samples: np.ndarray  # float32 (n,), 16 kHz
    phones: np.ndarray | None = None  # int (n // 320,), numbers in PHONES; None: not written down


@dataclass(frozen=True, eq=False)
class Crop:
    """What a batch starts from."""

    samples: Tensor  # (B, N), speech alone
    phones: Tensor  # (B, S), UNKNOWN where nobody wrote them down
    quiet: Tensor  # bool (B,): sounds without speech


def believed(clip: Clip) -> np.ndarray:
    """Phones (n // 320,) of a clip without "silences" that are loud: a transcript lacks words."""
    n = len(clip.samples) // STATE_SAMPLES
    if clip.phones is None or n < _SPREAD:
        return np.full(n, UNKNOWN)
    phones = np.zeros(n, np.int64)
    phones[: len(clip.phones)] = clip.phones[:n]
    blocks = clip.samples[: n * STATE_SAMPLES].reshape(n, STATE_SAMPLES)
    level = 10.0 * np.log10((blocks**2).mean(axis=1) + 1e-10)
    loud = level > np.percentile(level, 95) - _TOO_LOUD_DB
    doubtful = np.convolve(loud & (phones == 0), np.ones(_SPREAD), mode="same") > 0
    return np.where(doubtful & (phones == 0), UNKNOWN, phones)


class Streams:
    """All sounds, one after the other.

    Parameters
    ----------
    groups : mapping of a name to (clips, how often the group is drawn)
        The group `quiet` is sound without speech.
    size : int
        Samples of a crop.
    device : torch.device
    seed : int
    """

    QUIET: Final = "quiet"

    def __init__(
        self,
        groups: Mapping[str, tuple[Sequence[Clip], float]],
        size: int,
        device: torch.device,
        seed: int,
    ) -> None:
        self._size, self._device = size, device
        rng = np.random.default_rng(seed)
        sounds: list[Tensor] = []
        phones: list[Tensor] = []
        rows: list[tuple[float, int, int, int, int, float, bool]] = []
        for name, (clips, share) in groups.items():
            samples, numbers = _joined(clips, rng, speech=name != self.QUIET)
            first_phone = sum(map(len, phones))
            phones.append(torch.from_numpy(numbers))
            for length in _LENGTHS:
                sound = _stretched(samples, length, size)
                weight = share * (_AS_IT_IS if length.up == length.down else 1.0)
                start, speed = sum(map(len, sounds)), length.down / length.up
                is_quiet = name == self.QUIET
                rows.append((weight, start, len(sound), first_phone, len(numbers), speed, is_quiet))
                sounds.append(torch.from_numpy(sound))
        self._sound, self._phones = (torch.cat(x).to(device) for x in (sounds, phones))
        columns = list(zip(*rows, strict=True))
        self._weights = torch.tensor(columns[0], device=device)
        self._start, self._length, self._first_phone, self._n_phones = (
            torch.tensor(column, device=device) for column in columns[1:5]
        )
        self._speed = torch.tensor(columns[5], device=device, dtype=torch.float64)
        self._quiet = torch.tensor(columns[6], device=device)

    @property
    def has_quiet(self) -> bool:
        """Whether there are sounds without speech."""
        return bool(self._quiet.any())

    def draw(self, n: int, *, quiet: bool = False) -> Crop:
        """`n` crops of all sounds, or of those without speech."""
        weights = self._weights * self._quiet if quiet else self._weights
        row = torch.multinomial(weights, n, replacement=True)
        share = torch.rand(n, device=self._device, dtype=torch.float64)
        first = (share * (self._length[row] - self._size)).long()[:, None]
        inside = torch.arange(self._size, device=self._device)
        samples = self._sound[self._start[row][:, None] + first + inside].float() / _FULL
        states = torch.arange((self._size - N_FFT) // STATE_SAMPLES + 1, device=self._device)
        at = (first + states * STATE_SAMPLES + N_FFT // 2) * self._speed[row][:, None]
        number = (at / STATE_SAMPLES).long().minimum(self._n_phones[row][:, None] - 1)
        phones = self._phones[self._first_phone[row][:, None] + number]
        return Crop(samples, phones, self._quiet[row])


def _joined(
    clips: Sequence[Clip], rng: np.random.Generator, *, speech: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Samples and phones of clips in a random order with gaps; speech at a random level, and its
    loud silences doubted.
    """
    sounds: list[np.ndarray] = []
    phones: list[np.ndarray] = []
    for number in rng.permutation(len(clips)):
        clip = clips[number]
        gap_s = rng.choice([*_GAPS_S, rng.uniform(0.0, _LONGEST_GAP_S)])
        gap = int(gap_s * SAMPLE_RATE) // STATE_SAMPLES
        peak = max(float(np.abs(clip.samples).max(initial=0.0)), 1e-3)
        gain = 10 ** rng.uniform(-0.4, 0.0) / peak if speech else 1.0
        n = len(clip.samples) // STATE_SAMPLES
        sounds += [np.zeros(gap * STATE_SAMPLES), clip.samples[: n * STATE_SAMPLES] * gain]
        phones += [np.zeros(gap, np.int64), believed(clip) if speech else np.zeros(n, np.int64)]
    return np.concatenate(sounds).astype(np.float32), np.concatenate(phones)


def _stretched(samples: np.ndarray, length: Ratio, size: int) -> np.ndarray:
    """int16 samples, `length` times as many, at least `size` + 1 of them."""
    stretched = np.concatenate([*resample_blocks([samples], length)])
    short = max(0, size + 1 - len(stretched))
    return (np.pad(stretched, (0, short)).clip(-1.0, 1.0) * _FULL).astype(np.int16)

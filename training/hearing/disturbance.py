"""Rooms, microphones and noise for crops that lie on the device that learns. B crops, N samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from emotalk_core.timing import SAMPLE_RATE

from .streams import Crop, Streams

__all__ = ["Disturbance"]

_CLEAN_SHARE: Final = 0.18  # of crops: speech alone is not forgotten
_NOISY_SHARE: Final = 0.92  # of the others; the rest has its room and microphone alone
_WORST_DB, _BEST_DB = -4.0, 32.0  # of speech over noise
_SLOPES: Final = (0.0, 0.0, 0.0, 0.25, 0.5, 0.8)  # noise falls as f ** -slope: 0 white, 0.5 pink
_SWELLING_SHARE: Final = 0.3
_QUIET_SHARE, _BABBLE_SHARE = 0.12, 0.2  # of the noises: sounds without speech, other people
_PEOPLE: Final = 4
_ROOM_SHARE, _MICROPHONE_SHARE, _TELEPHONE_SHARE = 0.3, 0.4, 0.05
_ROOM_SAMPLES: Final = 8192
_DIRECT: Final = SAMPLE_RATE // 500  # samples after the first without a reflection
_LOWEST_HZ: Final = 30.0


class Disturbance:
    """Makes crops noisy.

    Parameters
    ----------
    streams : Streams
        Where other people and sounds without speech are drawn from.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def __call__(self, crop: Crop) -> Tensor:
        """The crops (B, N) as a microphone hears them."""
        alone = crop.samples
        disturbed = _chance(alone, 1.0 - _CLEAN_SHARE)
        heard = torch.where(disturbed, _through_a_room(alone), alone)
        noise = self._noise(alone)
        power = alone.square().mean(1, keepdim=True)
        size = (power / noise.square().mean(1, keepdim=True).clamp(min=1e-12)).sqrt()
        below = 10.0 ** (-_uniform(alone, _WORST_DB, _BEST_DB) / 20.0)
        return heard + (disturbed & _chance(alone, _NOISY_SHARE)) * noise * size * below

    def _noise(self, like: Tensor) -> Tensor:
        noise = _coloured(like)
        kind = torch.rand(len(like), device=like.device)
        people = (kind > 1.0 - _BABBLE_SHARE).nonzero()[:, 0]
        others = (kind < _QUIET_SHARE).nonzero()[:, 0]
        if len(people):
            voices = self._streams.draw(len(people) * _PEOPLE).samples
            noise[people] = voices.unflatten(0, (len(people), _PEOPLE)).sum(1)
        if len(others) and self._streams.has_quiet:
            noise[others] = self._streams.draw(len(others), quiet=True).samples
        return noise


def _uniform(like: Tensor, low: float, high: float) -> Tensor:
    """(B, 1)."""
    return torch.empty(len(like), 1, device=like.device).uniform_(low, high)


def _chance(like: Tensor, share: float) -> Tensor:
    """Bool (B, 1), true in a share of the crops."""
    return _uniform(like, 0.0, 1.0) < share


def _coloured(like: Tensor) -> Tensor:
    """Noise of unit deviation in several colours, steady or swelling."""
    n = like.shape[1]
    slopes = torch.tensor(_SLOPES, device=like.device)
    slope = slopes[torch.randint(len(slopes), (len(like), 1), device=like.device)]
    hz = torch.fft.rfftfreq(n, 1.0 / SAMPLE_RATE, device=like.device).clamp(min=_LOWEST_HZ)
    noise = torch.fft.irfft(torch.fft.rfft(torch.randn_like(like)) * hz**-slope, n)
    marks = torch.exp(0.7 * torch.randn(len(like), n // 3000 + 2, device=like.device))
    swell = torch.where(_chance(like, _SWELLING_SHARE), _between(marks, n), 1.0)
    return noise / noise.std(1, keepdim=True) * swell


def _between(marks: Tensor, n: int) -> Tensor:
    """Lines (B, n) through marks (B, few)."""
    return F.interpolate(marks[:, None], size=n, mode="linear", align_corners=True)[:, 0]


def _through_a_room(alone: Tensor) -> Tensor:
    """Some in a small room, some through a coloured microphone, a few through a telephone."""
    size = alone.shape[1] + _ROOM_SAMPLES
    hz = torch.fft.rfftfreq(size, 1.0 / SAMPLE_RATE, device=alone.device)
    gain = _microphones(alone, hz) * _telephones(alone, hz)
    spectrum = torch.fft.rfft(alone, size) * torch.fft.rfft(_rooms(alone), size) * gain
    return torch.fft.irfft(spectrum, size)[:, : alone.shape[1]]


def _rooms(like: Tensor) -> Tensor:
    """Impulse responses: the direct sound, then a tail that dies away; onsets stay in place."""
    t = torch.arange(_ROOM_SAMPLES, device=like.device)
    decay = SAMPLE_RATE * _uniform(like, 0.12, 0.5)
    tail = torch.randn(len(like), _ROOM_SAMPLES, device=like.device) * 10.0 ** (-3.0 * t / decay)
    tail[:, :_DIRECT] = 0.0
    tail = tail / tail.square().sum(1, keepdim=True).sqrt() * _uniform(like, 0.2, 0.6)
    tail = tail * _chance(like, _ROOM_SHARE)
    tail[:, 0] = 1.0
    return tail


def _microphones(like: Tensor, hz: Tensor) -> Tensor:
    """Gain (B, n): a few decibels up and down along the frequencies."""
    knots = 4.0 * torch.randn(len(like), 8, device=like.device)
    curve = _between(knots * _chance(like, _MICROPHONE_SHARE), 256)
    place = ((hz / (SAMPLE_RATE / 2)).sqrt() * 255).long().clamp(max=255)
    return 10.0 ** (curve[:, place] / 20.0)


def _telephones(like: Tensor, hz: Tensor) -> Tensor:
    """Gain (B, n): 300 to 3,500 Hz for a few, 1 for the others."""
    band: Callable[[Tensor], Tensor] = torch.sigmoid
    passed = band((hz - 300.0) / 60.0) * band((3500.0 - hz) / 150.0)
    return torch.where(_chance(like, _TELEPHONE_SHARE), passed, 1.0)

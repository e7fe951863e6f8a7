"""`emotalk_core.engine.frontend` and `windows.state_levels` in torch, for crops on a card; a test
holds them together. B crops, N samples, M mel frames, S = M / 2 states.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from emotalk_core.engine.frontend import HOP, LOG_RANGE, N_FFT, USUAL_TOP, mel_filters
from emotalk_core.engine.windows import LOUD_DB, QUIET_DB

__all__ = ["Heard", "LogMel", "crop_samples", "heard"]


def crop_samples(n_states: int) -> int:
    """Samples that a window of states is made of."""
    return (2 * n_states - 1) * HOP + N_FFT


@dataclass(frozen=True, eq=False)
class Heard:
    """What a network hears of a crop."""

    mel: Tensor  # (B, M, 80), normalised
    level: Tensor  # (B, S), dB below the top


class LogMel(nn.Module):
    """Log10 mel power (B, M, 80) of samples (B, N)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filters", torch.from_numpy(np.array(mel_filters(), np.float32)))
        self.register_buffer("window", torch.hann_window(N_FFT, periodic=True))

    def forward(self, samples: Tensor) -> Tensor:
        with torch.autocast(samples.device.type, enabled=False):
            waves = torch.stft(
                samples, N_FFT, HOP, window=self.window, center=False, return_complex=True
            )
            power = waves.abs().square().transpose(1, 2)
            return (power @ self.filters).clamp(min=1e-10).log10()


def heard(mel: Tensor, top: Tensor) -> Heard:
    """Normalised mel and level of log10 mel power (B, M, 80) under a top (B,)."""
    below = mel - top[:, None, None]
    power = (10.0 ** below.clamp(min=-10.0)).sum(-1)
    padded = torch.cat([power[:, :1], power[:, :1], power, power[:, -1:]], dim=1)
    around = padded.unfold(1, 4, 2).mean(-1)
    level = (10.0 * (around + 1e-10).log10()).clamp(QUIET_DB, LOUD_DB)
    return Heard((below.clamp(min=-LOG_RANGE) + USUAL_TOP + 4.0) / 4.0, level)

"""A small real engine for tests: deterministic arithmetic on the sound, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from emotalk_core import arkit
from emotalk_core.audio import SoundSource, read_samples
from emotalk_core.controls import EMOTIONS, FrameControls
from emotalk_core.engine import Encoding
from emotalk_core.model.config import ModelConfig
from emotalk_core.progress import Progress, silent
from emotalk_core.timing import frame_count

_STEP = 533  # samples of a frame, nearly


class FakeEngine:
    """Loudness opens the jaw, high frequencies spread the lips; the sliders smile."""

    name = "fake"
    key = "fake-1"
    context_frames = 2
    config = replace(ModelConfig(), kind="none of ours")

    def __init__(self) -> None:
        self.n_encoded = 0

    def encode(self, sound: SoundSource, *, progress: Progress = silent) -> Iterator[Encoding]:
        self.n_encoded += 1
        samples = read_samples(sound)
        n_frames = frame_count(len(samples))
        starts = (np.arange(n_frames) * 16_000) // 30
        padded = np.concatenate([samples, np.zeros(_STEP, np.float32)])
        frames = padded[starts[:, None] + np.arange(_STEP)]
        power = (frames**2).mean(axis=1)
        level = 10 * np.log10(power / max(float(power.max()), 1e-6) + 1e-8)
        tilt = np.abs(np.diff(frames, axis=1)).mean(axis=1)
        content = np.stack([np.sqrt(power), tilt], axis=1).astype(np.float32)
        heard = np.zeros((n_frames, len(EMOTIONS)), np.float32)
        heard[:, 0] = 1.0
        for a in range(0, n_frames, 100):
            part = slice(a, a + 100)
            progress(min(1.0, (a + 100) / n_frames), "Listening")
            yield Encoding(
                content[part], content[part], heard[part], level[part].astype(np.float32)
            )

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        values = np.zeros((encoding.n_frames, arkit.N_CHANNELS), np.float32)
        loud = encoding.content[:, 0]
        padded = np.concatenate([loud[:1], loud[:1], loud, loud[-1:], loud[-1:]])
        mean = sum(padded[i : i + len(loud)] for i in range(5)) / 5
        values[:, arkit.index("jawOpen")] = 2.0 * mean
        values[:, arkit.index("mouthClose")] = 0.2 * np.abs(loud - mean)
        happy = controls.weights[:, EMOTIONS.index("happy")] * controls.mix * controls.intensity
        values[:, arkit.index("mouthSmileLeft")] = happy
        values[:, arkit.index("mouthSmileRight")] = happy
        return values

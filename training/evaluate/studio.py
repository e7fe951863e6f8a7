"""Curves of recordings through the built-in engine and default shaping, each sound encoded once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from emotalk_core import pipeline
from emotalk_core.arkit import N_CHANNELS
from emotalk_core.audio import ArraySound
from emotalk_core.controls import Controls, ControlTrack, emotion_weights
from emotalk_core.engine import Encoding, open_engine
from emotalk_core.model.folder import load_model
from emotalk_core.speech.phones import Phone
from emotalk_core.timing import SAMPLE_RATE

from ..datasets import Recording, load_samples

__all__ = ["Studio", "bare", "slider"]


def bare(controls: Controls) -> Controls:
    """The same without seeded layers: what the network itself does."""
    return replace(controls, blink=0.0, gaze=0.0, head=0.0, asymmetry=0.0)


def slider(emotion: str) -> Controls:
    """One slider at 1, the voice not listened to."""
    return bare(Controls(emotions=emotion_weights({emotion: 1.0}), mix=1.0))


class Studio:
    """A model folder at work."""

    def __init__(self, model: Path) -> None:
        self.engine = open_engine("builtin", load_model(model))
        self._encodings: dict[str, Encoding] = {}

    def encode(self, recording: Recording) -> Encoding:
        """The recording's Encoding, kept."""
        if recording.name not in self._encodings:
            self._encodings[recording.name] = self.encode_samples(load_samples(recording.source))
        return self._encodings[recording.name]

    def encode_samples(self, samples: np.ndarray) -> Encoding:
        """Encoding of samples at 16 kHz."""
        return pipeline.encode(ArraySound(samples, SAMPLE_RATE), self.engine)

    def decode(
        self,
        encoding: Encoding,
        controls: Controls | None = None,
        phones: tuple[Phone, ...] = (),
    ) -> np.ndarray:
        """Shaped coefficients (T, 52) at 30 fps; `phones` are told in place of what is heard."""
        track = ControlTrack(controls or Controls(), phones=phones)
        return pipeline.decode(encoding, track, self.engine).values[:, :N_CHANNELS]

    def curves(
        self,
        recording: Recording,
        controls: Controls | None = None,
        phones: tuple[Phone, ...] = (),
    ) -> np.ndarray:
        """Shaped coefficients (T, 52) of a recording."""
        return self.decode(self.encode(recording), controls, phones)

"""Training of the emotion branch: what is heard, and where in the emotion latent space that voice
stands.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from emotalk_core.controls import EMOTIONS
from emotalk_core.model.network import Starter, pool_weights

from .datasets import Recording
from .features import FeatureSet

__all__ = ["ListenerSettings", "VoiceSet", "recalls", "train_listener"]

log = logging.getLogger(__name__)
_STATES = 250  # 5 s: more than one pooling window
_CENTRES = 6
_NEVER = 20.0  # logit of a share that rounds to nothing


@dataclass(frozen=True)
class ListenerSettings:
    """Length and pace."""

    steps: int = 1000
    clips: int = 20
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.1
    # Read speech makes neutral and calm more frequent than they are where a face is wanted: taken
    # off the logits after training.
    neutral_prior: float = 1.5
    calm_prior: float = 1.0
    shift: float = (
        0.3  # deviation of an offset that a whole clip gets: another voice, another microphone
    )


class VoiceSet:
    """Clips with an emotion label, drawn evenly by set and label."""

    def __init__(
        self, sets: Sequence[tuple[Sequence[Recording], FeatureSet, float]], seed: int
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self.entries: list[tuple[FeatureSet, int, Recording]] = []
        odds: list[float] = []
        for recordings, features, share in sets:
            found = [
                (features, int(row), r)
                for r in recordings
                if r.emotion is not None
                for row in np.flatnonzero(features.names == r.name)
            ]
            count: dict[tuple[float, ...], int] = {}
            for *_, r in found:
                assert r.emotion is not None
                count[r.emotion] = count.get(r.emotion, 0) + 1
            self.entries += found
            odds += [
                share / count[r.emotion] / len(count) for *_, r in found if r.emotion is not None
            ]
        self._odds = np.array(odds) / sum(odds)

    def draw(self, n: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """States (n, S, layers, width), pooling weights (n, S), labels (n, 8), trust (n,)."""
        rows = [
            self._clip(*self.entries[i])
            for i in self._rng.choice(len(self.entries), n, p=self._odds)
        ]
        states, level, inside, labels, trust = (
            torch.from_numpy(np.stack(c)) for c in zip(*rows, strict=True)
        )
        return states, pool_weights(level) * inside, labels, trust

    def _clip(self, features: FeatureSet, row: int, recording: Recording) -> tuple[np.ndarray, ...]:
        start, length = int(features.starts[row]), int(features.lengths[row])
        first = int(self._rng.integers(0, max(1, length - _STATES + 1)))
        n = min(_STATES, length - first)
        states = np.zeros((_STATES, *features.states.shape[1:]), np.float32)
        level, inside = np.full(_STATES, -60.0, np.float32), np.zeros(_STATES, np.float32)
        states[:n] = features.states[start + first : start + first + n]
        level[:n] = features.level[start + first : start + first + n]
        inside[:n] = 1.0
        label = np.array(recording.emotion, np.float32)
        return states, level, inside, label, np.array(recording.emotion_trust, np.float32)


def train_listener(network: Starter, voices: VoiceSet, settings: ListenerSettings) -> None:
    """Train `network.emotion`; everything else stays as it is."""
    branch = network.emotion
    branch.train()
    # The last layer serves the lips and may be bent towards them; voices are heard in those before.
    with torch.no_grad():
        branch.layers[-1] = -_NEVER
    optimiser = torch.optim.AdamW(
        branch.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps
    )
    total = 0.0
    for step in range(1, settings.steps + 1):
        states, weights, labels, trust = voices.draw(settings.clips)
        # Each clip as from another voice and another microphone; the branch's own dropout does the
        # rest.
        states = states + settings.shift * torch.randn(states.shape[0], 1, *states.shape[2:])
        longest = max(1, int((weights.sum(0) > 0).sum()))
        centres = torch.randint(0, longest, (_CENTRES,))
        loss = torch.zeros(())
        for logits in branch(states, weights, centres):
            smooth = 0.95 * labels + 0.05 / labels.shape[1]
            cross = -(smooth[:, None] * F.log_softmax(logits, dim=-1)).sum(-1).mean(1)
            loss = loss + (cross * trust).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(branch.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        total += loss.item()
        if step % 200 == 0:
            log.info("listener %5d loss %.3f", step, total / 200)
            total = 0.0
    prior = torch.zeros(len(EMOTIONS))
    prior[EMOTIONS.index("neutral")] = settings.neutral_prior
    prior[EMOTIONS.index("calm")] = settings.calm_prior
    with torch.no_grad():
        for head in (branch.heard, branch.voice):
            head.bias -= prior
    branch.eval()


def recalls(
    network: Starter, entries: Sequence[tuple[FeatureSet, int, Recording]]
) -> dict[int, float]:
    """Share of clips whose strongest label is also the strongest on average over the clip, by
    label.
    """
    hits: dict[int, list[bool]] = {}
    network.eval()
    with torch.no_grad():
        for features, row, recording in entries:
            start, length = int(features.starts[row]), int(features.lengths[row])
            states = torch.from_numpy(features.states[start : start + length].astype(np.float32))[
                None
            ]
            level = torch.from_numpy(features.level[start : start + length])[None]
            _, heard = network.emotion(states, pool_weights(level), torch.arange(0, length, 5))
            label = np.array(recording.emotion)
            best = int(heard.softmax(-1).mean((0, 1)).argmax())
            hits.setdefault(int(label.argmax()), []).append(bool(label[best] > 0))
    return {k: float(np.mean(v)) for k, v in sorted(hits.items())}

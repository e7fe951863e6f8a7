"""What is heard in a voice: a linear listener, fitted, then written into the emotion branch.

Acted speech with a free licence is short (ten German sentences by seven speakers, twelve English
ones by ninety). Whatever bends more than a plane learns those speakers: a listener with one hidden
layer had a recall of .84 on EMO-DB's unseen speakers, the mean of one layer's states through one
matrix .92. So the branch is one matrix.
What hundreds of readers differ in, none of them acting, is no feeling: the matrix is held back most
where they differ most (as in Hatch et al., "Within-class covariance normalization", Interspeech
2006).
The same matrix hears a voice alone and beside how its speaker sounds as usual, so it is fitted to
both: a matrix that knew voices alone would take much of what tells people apart for a feeling, and
miss it in the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy.optimize import minimize

from emotalk_core.controls import EMOTIONS
from emotalk_core.engine.starter import pool_weights, pooled_around, softmax
from emotalk_core.errors import InputError
from emotalk_core.model.config import FrontEndConfig
from emotalk_core.model.network import Starter

from .datasets import NOBODY, Recording
from .features import FeatureSet

__all__ = [
    "Listener",
    "ListenerSettings",
    "Voices",
    "fit_listener",
    "gather",
    "mixed",
    "recalls",
    "together",
    "write",
]


_NOTHING: Final = 1e-9  # a share that rounds to nothing
_NEUTRAL: Final = EMOTIONS.index("neutral")
_CAREFUL: Final = EMOTIONS.index("happy")  # from here on: what nobody should see by mistake


@dataclass(frozen=True)
class ListenerSettings:
    """How the matrix is fitted."""

    # Shares of the layers that are heard: the second knows the voice, the third the feelings.
    layers: tuple[float, ...] = (0.0, 0.3, 0.7)
    decay: float = 0.001
    held_back: float = 0.3  # how much more where readers differ as they do on average
    neutral_less: float = 0.8  # of its logit: boredom is called neutral too, so it counts double
    cremad: float = 0.7  # weight of CREMA-D's actors, where there are any, beside 1 for EMO-DB's
    by_rule: float = 0.15  # weight of readers who act by rule, beside 1 for actors
    reading: float = 0.07  # of readers as they read: neutral, and a little calm
    other_readers: float = 0.3  # of each other set of readers, beside 1 for open speech
    beside: float = 1.0  # weight of voices beside their usual ones, beside 1 for the same alone
    smoothing: float = 0.05  # of the labels
    quiet_share: float = 0.05  # weight of sounds that nobody speaks, beside 1 for actors
    every: int = 25  # states between two moments of a clip
    most_by_mistake: float = 0.05  # share of a feeling that read speech may show on average

    def __post_init__(self) -> None:
        n_layers = FrontEndConfig().n_layers
        are_shares = min(self.layers, default=-1.0) >= 0.0 and abs(sum(self.layers) - 1.0) < 1e-6
        if len(self.layers) != n_layers or not are_shares:
            raise InputError(
                "No shares of the layers",
                value=f"layers = {[*self.layers]}",
                remedy=f"Give {n_layers} numbers from 0 on that add up to 1.",
            )
        if self.every < 1:
            raise InputError("No step", value=f"every = {self.every}", remedy="Give it 1 or more.")


@dataclass(frozen=True, eq=False)
class Voices:
    """Moments of labelled clips: what surrounds them, pooled as the branch does."""

    pooled: np.ndarray  # float32 (N, width)
    labels: np.ndarray  # float64 (N, 8), each row sums to 1
    weights: np.ndarray  # float64 (N,), every label of a set weighs the same; sums to 1
    clips: np.ndarray  # int (N,), which clip
    usual: np.ndarray  # float32 (N, width): another clip of who speaks, felt nothing; NaN: none


def together(*sets: Voices, shares: Sequence[float] | None = None) -> Voices:
    """Several sets as one, each with its share; without `shares` they weigh the same."""
    parts = np.array(shares or [1.0] * len(sets)) / sum(shares or [len(sets)])
    first = np.cumsum([0, *(int(v.clips.max(initial=-1)) + 1 for v in sets)])
    return Voices(
        np.concatenate([v.pooled for v in sets]),
        np.concatenate([v.labels for v in sets]),
        np.concatenate([v.weights * part for v, part in zip(sets, parts, strict=True)]),
        np.concatenate([v.clips + n for v, n in zip(sets, first, strict=False)]),
        np.concatenate([v.usual for v in sets]),
    )


@dataclass(frozen=True, eq=False)
class Listener:
    """Logits of the emotions = pooled @ matrix + bias."""

    matrix: np.ndarray  # float64 (width, 8)
    bias: np.ndarray  # float64 (8,): what is reported as heard
    careful: np.ndarray  # float64 (8,): what the face shows; read speech stays calm under it
    layers: tuple[float, ...]  # shares of which the states are mixed
    usual: tuple[float, ...]  # as of `EmotionConfig`: what a usual voice is heard as

    def shares(self, pooled: np.ndarray) -> np.ndarray:
        """float64 (N, 8) of pooled states (N, width)."""
        return softmax(pooled @ self.matrix + self.bias)


def gather(
    recordings: Sequence[Recording],
    features: FeatureSet,
    settings: ListenerSettings,
    *,
    reach: int,
) -> Voices:
    """Pooled moments of every copy of the labelled clips."""
    pooled: list[np.ndarray] = []
    labels: list[tuple[float, ...]] = []
    said: list[tuple[str, str]] = []
    for recording in recordings:
        if recording.emotion is None:
            continue
        for row in np.flatnonzero(features.names == recording.name):
            start, length = int(features.starts[row]), int(features.lengths[row])
            states = mixed(features.states[start : start + length], settings.layers)
            level = features.level[start : start + length]
            pooled.append(_pool(states, level, reach, settings.every))
            labels.append(recording.emotion)
            said.append((recording.name, recording.speaker))
    counts = [len(p) for p in pooled]
    kinds: dict[tuple[float, ...], int] = {}
    for count, label in zip(counts, labels, strict=True):
        kinds[label] = kinds.get(label, 0) + count
    weights = [
        np.full(count, 1.0 / len(kinds) / kinds[label])
        for count, label in zip(counts, labels, strict=True)
    ]
    return Voices(
        np.concatenate(pooled),
        np.repeat(np.array(labels), counts, axis=0),
        np.concatenate(weights),
        np.repeat(np.arange(len(counts)), counts),
        np.repeat(_usual_voices(pooled, labels, said), counts, axis=0),
    )


def _usual_voices(
    pooled: Sequence[np.ndarray],
    labels: Sequence[tuple[float, ...]],
    said: Sequence[tuple[str, str]],
) -> np.ndarray:
    """Beside each clip the mean of another one in which the same person feels nothing, float32
    (clips, width), one after the other in turn; NaN where there is none. `said` has the names of
    recording and speaker: several copies of one recording are not each other's usual voice.
    """
    means = np.stack([p.mean(axis=0) for p in pooled])
    found = np.full_like(means, np.nan)
    felt_nothing = np.array([label[_NEUTRAL] > 0.5 for label in labels])
    names, speakers = np.array(said).T
    for speaker in {*speakers} - {NOBODY}:
        own = np.flatnonzero(speakers == speaker)
        usual = own[felt_nothing[own]]
        for turn, clip in enumerate(own):
            others = usual[names[usual] != names[clip]]
            if len(others):
                found[clip] = means[others[turn % len(others)]]
    return found


def mixed(states: np.ndarray, layers: Sequence[float]) -> np.ndarray:
    """What is heard of the states of all layers (n, layers, width), float32 (n, width)."""
    return np.einsum("nlw,l->nw", states.astype(np.float32), np.array(layers, np.float32))


def _pool(states: np.ndarray, level: np.ndarray, reach: int, every: int) -> np.ndarray:
    """Weighted means (M, width) of the states around every so many."""
    centres = np.arange(min(every, len(states) // 2), len(states), every)
    return pooled_around(states, pool_weights(level), centres, reach)


def fit_listener(
    actors: Voices, quiet: Voices, readers: Voices, settings: ListenerSettings
) -> Listener:
    """The matrix of the least cross-entropy with decay, of voices alone and beside their usual
    ones; `readers` say what differs without feeling, and what is careful.

    Where nobody is heard in two clips, one of them without feeling, it knows no usual voices.
    """
    heard = together(actors, quiet, shares=(1.0, settings.quiet_share))
    known = np.isfinite(heard.usual).all(axis=1)
    mean, deviation = heard.pooled.mean(axis=0), heard.pooled.std(axis=0) + 1e-6
    scale = 8.0 / np.sqrt(heard.pooled.shape[1]) / deviation
    axes = scale[:, None] * _axes(readers, scale, settings.held_back)
    of_known = heard.weights[known]
    alone, beside = heard.pooled - mean, (heard.pooled - heard.usual)[known]
    which = np.repeat(np.eye(2), (len(alone), len(beside)), axis=0)  # each has its own bias
    fitted = _of_least_entropy(
        np.concatenate([np.concatenate([alone, beside]) @ axes, which], axis=1),
        np.concatenate([heard.labels, heard.labels[known]]),
        np.concatenate([heard.weights, settings.beside * of_known / of_known.sum()]),
        settings,
    )
    matrix = axes @ fitted[:-2]
    bias, usual = fitted[-2] - mean @ matrix, fitted[-1]
    for one in (bias, usual):
        one[_NEUTRAL] -= settings.neutral_less
    careful = _careful(matrix, bias, readers, settings.most_by_mistake)
    of_usual = np.round(usual - usual.mean(), 3) if known.any() else np.zeros(len(EMOTIONS))
    return Listener(matrix, bias, careful, tuple(settings.layers), tuple(of_usual.tolist()))


def _of_least_entropy(
    x: np.ndarray, labels: np.ndarray, weights: np.ndarray, settings: ListenerSettings
) -> np.ndarray:
    """The matrix (columns of x, 8) whose shares are closest to the labels; the last two columns of
    x are biases, which do not decay.
    """
    n = labels.shape[1]
    wanted = (1.0 - settings.smoothing) * labels + settings.smoothing / n
    weights = weights / weights.sum()

    def cost(flat: np.ndarray) -> tuple[float, np.ndarray]:
        matrix = flat.reshape(-1, n)
        shares = softmax(x @ matrix)
        loss = -(weights[:, None] * wanted * np.log(shares + 1e-30)).sum()
        slope = x.T @ (weights[:, None] * (shares - wanted))
        slope[:-2] += 2.0 * settings.decay * matrix[:-2]
        return loss + settings.decay * (matrix[:-2] ** 2).sum(), slope.ravel()

    start = np.zeros(x.shape[1] * n)
    best = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return best.x.reshape(-1, n)


def _axes(readers: Voices, scale: np.ndarray, held_back: float) -> np.ndarray:
    """Directions (width, width), one a column, shorter the more readers' clips differ in them."""
    clips = [readers.pooled[readers.clips == c].mean(axis=0) for c in np.unique(readers.clips)]
    differ, directions = np.linalg.eigh(np.cov((np.stack(clips) * scale).T))
    differ = np.maximum(differ, 0.0)
    return directions / np.sqrt(1.0 + held_back * differ / differ.mean())


def _careful(matrix: np.ndarray, bias: np.ndarray, readers: Voices, most: float) -> np.ndarray:
    """The bias lowered until read speech shows no feeling by more than `most` on average."""
    bias, logits = bias.copy(), readers.pooled @ matrix
    for _ in range(30):
        shown = (readers.weights[:, None] * softmax(logits + bias)).sum(axis=0)
        excess = np.log(np.maximum(shown / readers.weights.sum() / most, 1.0))
        bias[_CAREFUL:] -= excess[_CAREFUL:]
    return bias


def write(listener: Listener, network: Starter) -> None:
    """Put the listener into `network.emotion`; everything else stays as it is."""
    branch = network.emotion
    with torch.no_grad():
        branch.layers.copy_(torch.tensor(listener.layers).clamp(min=_NOTHING).log())
        for head, bias in ((branch.heard, listener.bias), (branch.voice, listener.careful)):
            head.weight.copy_(torch.from_numpy(listener.matrix.T))
            head.bias.copy_(torch.from_numpy(bias - bias.max()))
    branch.eval()


def recalls(listener: Listener, voices: Voices) -> dict[int, float]:
    """Share of clips whose strongest share on average is one of its label's, by label."""
    hits: dict[int, list[bool]] = {}
    shares = listener.shares(voices.pooled)
    for clip in np.unique(voices.clips):
        own = voices.clips == clip
        label = voices.labels[own][0]
        best = int(shares[own].mean(axis=0).argmax())
        hits.setdefault(int(label.argmax()), []).append(bool(label[best] > 0))
    return {k: float(np.mean(v)) for k, v in sorted(hits.items())}

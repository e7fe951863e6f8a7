"""MeshTalk (Richard et al., ICCV 2021): a categorical code of sound and expression, learned first
from both, then guessed from the sound alone, frame by frame and head by head.

Adapted: features of the shipped front end, brought to 80 numbers, in place of 80 mel bands (at 50
Hz, so half the dilations: still one second is heard); 52 standardised coefficients; the person
enters through the neutral face; 8 heads of 64 classes in place of 16 of 128, which brings it to the
size of the others; the eye landmarks' loss is on the blink channels; the likeliest code in place of
a random one, so that results repeat; no smoothing at the end.
"""

from __future__ import annotations

import itertools
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from emotalk_core import arkit
from emotalk_core.arkit import N_CHANNELS

from ..paper.animator import (
    Features,
    Statistics,
    face_error,
    mix_layers,
    state_mask,
    swap_pairs,
    to_frames,
)
from ..paper.batches import Batch, Faces

__all__ = ["MeshTalk"]

_HEADS: Final = 8
_CLASSES: Final = 64
_SLOPE: Final = 0.2
_BANDS: Final = 80
_FIRST_PHASE: Final = 0.77  # of the steps: 50,000 of 65,000
_GROUP: Final = 32  # channels of each head in the second phase
_DILATIONS: Final = (1, 2, 4, 8)
_MOUTH: Final = (*arkit.JAW, *arkit.indices("mouth", "cheekPuff", "tongueOut"))
_BLINKS: Final = arkit.indices("eyeBlink")


class MeshTalk(nn.Module):
    """Two networks in one: `losses` trains the code for most of a run, then what guesses it."""

    def __init__(self, features: Features, persons: int, statistics: Statistics) -> None:
        super().__init__()
        self.register_buffer("mean", statistics.mean)
        self.register_buffer("deviation", statistics.deviation.clamp(min=0.01))
        self.register_buffer("neutral", statistics.neutral)
        self.audio = _AudioEncoder(features)
        self.expression = _ExpressionEncoder()
        self.fusion = nn.Sequential(
            nn.Linear(256, 256),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(256, 256),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(256, _HEADS * _CLASSES),
        )
        self.decoder = _Decoder()
        self.guesser = _Guesser()

    def losses(self, batch: Batch, done: float) -> dict[str, Tensor]:
        """First phase: reconstruction, blinks, cross-modality. Second: entropy of the code."""
        if done >= _FIRST_PHASE:
            return {"code": self._guess_loss(batch)}
        faces = batch.faces
        audio, expression = self.audio(batch), self._expression(faces)
        values = self._decode(batch, self._code(audio, expression, sample=self.training))
        blinks = _channel_mask(_BLINKS, faces)
        mouth = _channel_mask(_MOUTH, faces)
        # Sound of one row with the expression of its partner: the mouth must follow the sound, the
        # rest of the face the expression.
        both = faces.valid * swap_pairs(faces.valid)
        other = Faces(*(swap_pairs(x) for x in (faces.curves, faces.valid, faces.known)))
        crossed = self._decode(
            batch, self._code(audio, swap_pairs(expression), sample=self.training)
        )
        return {
            "self": face_error(values, faces).mean(),
            "blinks": face_error(values, faces, blinks).mean(),
            "cross_mouth": face_error(crossed, faces, mouth, both).mean(),
            "cross_upper": face_error(crossed, other, 1.0 - mouth, both).mean(),
        }

    def animate(self, batch: Batch) -> Tensor:
        """Curves (N, T, 52) from the likeliest code."""
        return self._decode(batch, self.guesser.guess(self.audio(batch)))

    def _guess_loss(self, batch: Batch) -> Tensor:
        with torch.no_grad():
            audio = self.audio(batch)
            code = self._code(audio, self._expression(batch.faces), sample=False)
        logits = self.guesser(code, audio).flatten(2).unflatten(2, (_HEADS, _CLASSES))
        cross = F.cross_entropy(
            logits.flatten(0, 2),
            code.unflatten(2, (_HEADS, -1)).argmax(-1).flatten(),
            reduction="none",
        )
        by_frame = cross.unflatten(0, logits.shape[:3]).mean(-1)
        valid = batch.faces.valid
        return ((by_frame * valid).sum(1) / valid.sum(1).clamp(min=1.0)).mean()

    def _expression(self, faces: Faces) -> Tensor:
        return self.expression((faces.curves - self.mean) / self.deviation)

    def _code(self, audio: Tensor, expression: Tensor, *, sample: bool) -> Tensor:
        """(N, T, heads * classes), one 1 in each head; gradients pass through."""
        logits = self.fusion(torch.cat([audio, expression], -1)).float()
        logits = logits.unflatten(-1, (_HEADS, _CLASSES)).log_softmax(-1)
        if sample:
            return F.gumbel_softmax(logits, tau=1.0, hard=True).flatten(2)
        return F.one_hot(logits.argmax(-1), _CLASSES).float().flatten(2)

    def _decode(self, batch: Batch, code: Tensor) -> Tensor:
        neutral = (self.neutral[batch.person] - self.mean) / self.deviation
        return (self.decoder(neutral, code) * self.deviation + self.mean).float()


def _channel_mask(channels: tuple[int, ...], faces: Faces) -> Tensor:
    mask = torch.zeros(N_CHANNELS, device=faces.curves.device)
    mask[list(channels)] = 1.0
    return mask


class _AudioEncoder(nn.Module):
    def __init__(self, features: Features) -> None:
        super().__init__()
        self.layers = nn.Parameter(torch.zeros(features.layers))
        self.bands = nn.Linear(features.width, _BANDS)
        self.first = nn.Conv1d(_BANDS, 128, 5, padding=2)
        self.rest = nn.ModuleList(
            nn.Conv1d(128, 128, 5, padding=2 * d, dilation=d) for d in (1, 2, 3, 1, 2, 3)
        )
        self.dropout = nn.Dropout(0.2)
        self.code = nn.Linear(128, 128)

    def forward(self, batch: Batch) -> Tensor:
        """(N, T, 128)."""
        x = self.bands(mix_layers(batch.states, self.layers)).transpose(1, 2)
        inside = state_mask(batch)
        x = F.leaky_relu(self.first(x * inside), _SLOPE) * inside
        for convolution in self.rest:
            x = 0.5 * (x + self.dropout(F.leaky_relu(convolution(x), _SLOPE))) * inside
        return self.code(to_frames(x.transpose(1, 2), batch.faces.valid.shape[1]))


class _ExpressionEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(N_CHANNELS, 256), nn.Linear(256, 128)
        self.memory = nn.LSTM(128, 128, batch_first=True)
        self.code = nn.Linear(128, 128)

    def forward(self, curves: Tensor) -> Tensor:
        """(N, T, 128)."""
        x = F.leaky_relu(self.second(F.leaky_relu(self.first(curves), _SLOPE)), _SLOPE)
        return self.code(self.memory(x)[0])


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        sizes = (N_CHANNELS, 512, 256, 128)
        self.down = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        self.fuse = nn.Linear(_HEADS * _CLASSES + 128, 128)
        self.memory = nn.LSTM(128, 128, num_layers=2, batch_first=True)
        self.up = nn.ModuleList(
            nn.Linear(b, a) for a, b in zip(sizes[-2::-1], sizes[:0:-1], strict=True)
        )
        self.bias = nn.Parameter(torch.zeros(N_CHANNELS))

    def forward(self, neutral: Tensor, code: Tensor) -> Tensor:
        """Standardised curves (N, T, 52) on a neutral face (N, 52)."""
        inputs = [neutral[:, None]]
        for linear in self.down:
            inputs.append(F.leaky_relu(linear(inputs[-1]), _SLOPE))
        still = inputs.pop().expand(-1, code.shape[1], -1)
        x = self.memory(self.fuse(torch.cat([code, still], -1)))[0]
        for linear, skipped in zip(self.up, reversed(inputs), strict=True):
            x = F.leaky_relu(linear(x), _SLOPE) + skipped
        return x + self.bias


class _Guesser(nn.Module):
    """Each head from the sound, all heads of earlier frames, and the heads before it in its own."""

    def __init__(self) -> None:
        super().__init__()
        width = _HEADS * _GROUP
        self.now = nn.Linear(_HEADS * _CLASSES, width)
        self.before = nn.Linear(_HEADS * _CLASSES, width)
        self.audio = nn.ModuleList(nn.Linear(128, width) for _ in _DILATIONS)
        self.here = nn.ModuleList(nn.Linear(width, width) for _ in _DILATIONS)
        self.back = nn.ModuleList(nn.Linear(width, width) for _ in _DILATIONS)
        self.output = nn.Linear(width, _HEADS * _CLASSES)
        head = torch.arange(_HEADS)
        earlier = (head[None] < head[:, None]).float()
        upto = (head[None] <= head[:, None]).float()
        self.register_buffer("mask_now", _blocks(earlier, _GROUP, _CLASSES), persistent=False)
        self.register_buffer("mask_here", _blocks(upto, _GROUP, _GROUP), persistent=False)
        self.register_buffer("mask_output", _blocks(upto, _CLASSES, _GROUP), persistent=False)

    def forward(self, code: Tensor, audio: Tensor) -> Tensor:
        """Logits (N, T, heads * classes), each from what comes before it."""
        x = self._masked(self.now, code, self.mask_now) + self.before(_later(code, 1))
        for k, dilation in enumerate(_DILATIONS):
            x = self._layer(k, x, _later(x, dilation), audio)
        return self._masked(self.output, x, self.mask_output)

    @torch.no_grad()
    def guess(self, audio: Tensor) -> Tensor:
        """The likeliest code, (N, T, heads * classes), head by head and frame by frame."""
        n, n_frames, _ = audio.shape
        width = _HEADS * _GROUP
        code = audio.new_zeros(n, n_frames, _HEADS * _CLASSES)
        kept = [audio.new_zeros(n, n_frames, width) for _ in _DILATIONS]
        nothing = audio.new_zeros(n, width)
        for t in range(n_frames):
            before = self.before(code[:, t - 1] if t else torch.zeros_like(code[:, 0]))
            for head in range(_HEADS):
                x = self._masked(self.now, code[:, t], self.mask_now) + before
                for k, dilation in enumerate(_DILATIONS):
                    kept[k][:, t] = x
                    back = kept[k][:, t - dilation] if t >= dilation else nothing
                    x = self._layer(k, x, back, audio[:, t])
                logits = self._masked(self.output, x, self.mask_output)
                chosen = logits.unflatten(-1, (_HEADS, _CLASSES))[:, head].argmax(-1)
                code[torch.arange(n), t, head * _CLASSES + chosen] = 1.0
        return code

    def _layer(self, k: int, x: Tensor, back: Tensor, audio: Tensor) -> Tensor:
        here = self._masked(self.here[k], x, self.mask_here)
        return x + F.leaky_relu(here + self.back[k](back) + self.audio[k](audio), _SLOPE)

    @staticmethod
    def _masked(linear: nn.Linear, x: Tensor, mask: Tensor) -> Tensor:
        return F.linear(x, linear.weight * mask, linear.bias)


def _blocks(heads: Tensor, rows: int, columns: int) -> Tensor:
    """A mask between heads, as a mask between their channels."""
    return heads.repeat_interleave(rows, 0).repeat_interleave(columns, 1)


def _later(x: Tensor, frames: int) -> Tensor:
    """(N, T, C) moved `frames` later, zeros before."""
    return F.pad(x, (0, 0, frames, 0))[:, : x.shape[1]]

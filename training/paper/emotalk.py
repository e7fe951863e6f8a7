"""EmoTalk at the front end's size: two branches on frozen states, the published decoder, and the
paper's four losses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from emotalk_core.arkit import CHANNELS
from emotalk_core.controls import EMOTIONS
from emotalk_core.model.config import ModelConfig, PublishedConfig
from emotalk_core.model.network import Published

from .animator import (
    Branch,
    Features,
    Statistics,
    at_positions,
    face_error,
    mean_motion,
    motion_error,
    stretched,
    swap_pairs,
)
from .batches import Batch

__all__ = ["EmoTalk", "EmoTalkSizes", "PaperLosses", "PaperNetwork", "decoder_config"]


@dataclass(frozen=True)
class PaperLosses:
    """Weights of the paper: L = L_cross + L_self + 0.5 L_vel + 0.1 L_cls."""

    cross: float = 1.0
    self: float = 1.0
    velocity: float = 0.5
    classification: float = 0.1


@dataclass(frozen=True)
class EmoTalkSizes:
    """Sizes at which the decoder stands on the front end; the published ones are 832 wide."""

    branch: int = 128
    content: int = 128
    emotion: int = 208
    told: int = 64
    level: int = 8
    style: int = 8
    # The ablations of the paper: one encoder for both, without the exchange; no emotion-guided
    # attention.
    disentangle: bool = True
    guided: bool = True


def decoder_config(sizes: EmoTalkSizes, persons: int) -> ModelConfig:
    """The network's own config: given features in place of encoders."""
    width = sizes.content + sizes.told + sizes.level + sizes.style
    published = PublishedConfig(
        encoder=None,
        content_features=sizes.branch,
        emotion_features=sizes.branch,
        content_width=sizes.content,
        emotion_width=sizes.emotion,
        told_width=sizes.told,
        level_width=sizes.level,
        style_width=sizes.style,
        feed_forward=width,
        n_classes=len(EMOTIONS),
    )
    return replace(
        ModelConfig(),
        name="emotalk",
        kind="published",
        n_styles=persons,
        channels=CHANNELS,
        published=published,
    )


class PaperNetwork(nn.Module):
    """The published network under the paper's losses; what hears the sound is a subclass's."""

    def __init__(self, network: Published, sizes: EmoTalkSizes, weights: PaperLosses) -> None:
        super().__init__()
        self.network, self.sizes, self.weights = network, sizes, weights
        if not sizes.guided:
            self.network.decoder.guide = _Unguided()

    def features(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the encoders of content and emotion say of each frame, (N, T, F) each."""
        raise NotImplementedError

    def animate(self, batch: Batch) -> Tensor:
        """Curves (N, T, 52) from each sound's own words and feeling."""
        content, emotion = self._maps(*self.features(batch))
        return self._decode(content, emotion, batch)

    def losses(self, batch: Batch, done: float) -> dict[str, Tensor]:
        """Cross- and self-reconstruction, velocity of both, classification; weighted."""
        said, felt = self.features(batch)
        content, emotion = self._maps(said, felt)
        weights = self.weights
        own = self._decode(content, emotion, batch)
        parts = {"self": weights.self * face_error(own, batch.faces).mean()}
        moved = motion_error(own, batch.faces)
        motion = moved.mean()
        if weights.cross > 0 and self.sizes.disentangle:
            crossed = self._decode(*self._exchanged(content, emotion, batch), batch)
            parts["cross"] = weights.cross * face_error(crossed, batch.cross).mean()
            motion = mean_motion(moved, motion_error(crossed, batch.cross), batch)
        parts["velocity"] = weights.velocity * motion
        parts["classification"] = weights.classification * self._sorted(felt, batch)
        return parts

    def _maps(self, said: Tensor, felt: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.content.map(said), self.network.emotion.map(felt)

    def _exchanged(self, content: Tensor, emotion: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Content at the places of the cross face, and the partner's emotion stretched over it."""
        length = batch.cross.valid.shape[1]
        lasts = batch.cross.valid.sum(1)
        felt = stretched(swap_pairs(emotion), swap_pairs(batch.n_frames), lasts, length)
        return at_positions(content, batch.position), felt

    def _decode(self, content: Tensor, emotion: Tensor, batch: Batch) -> Tensor:
        level = batch.level.float()[:, None].expand(-1, content.shape[1])
        return self.network.decode(content, level, emotion, batch.person).float()

    def _sorted(self, felt: Tensor, batch: Batch) -> Tensor:
        # With no label at all too: processes share the gradients of the same parameters.
        labelled = batch.emotion >= 0
        logits = self.network.emotion.sort(felt, batch.faces.valid.bool()).float()
        cross = F.cross_entropy(logits, batch.emotion.clamp(min=0), reduction="none")
        # Over all rows, labelled or not: the mean over processes is the mean over one large batch.
        return (cross * labelled).mean()


class EmoTalk(PaperNetwork):
    """Two branches on the states of the frozen front end."""

    def __init__(
        self,
        features: Features,
        persons: int,
        statistics: Statistics,
        sizes: EmoTalkSizes | None = None,
        weights: PaperLosses | None = None,
    ) -> None:
        del statistics
        sizes = sizes or EmoTalkSizes()
        network = Published(decoder_config(sizes, persons))
        super().__init__(network, sizes, weights or PaperLosses())
        self.content = Branch(features, sizes.branch)
        # With states on half a second to each side a feeling is heard over more than a word.
        self.emotion = Branch(features, sizes.branch, dilations=(1, 3, 9))
        if not sizes.disentangle:
            self.emotion = self.content

    def features(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """As the branches hear it; the same twice where one stands for both."""
        said = self.content(batch)
        return said, said if self.emotion is self.content else self.emotion(batch)


class _Unguided(nn.Module):
    """In place of the attention to the emotion: nothing is added."""

    def forward(self, emotion: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros((), device=emotion.device)

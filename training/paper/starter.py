"""The product's own network under the paper's losses: what a studio trains on its own takes, and
what every engine of EmoTalk runs. It starts from the weights that ship.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from emotalk_core.engine.frontend import STATE_RATE
from emotalk_core.engine.starter import pool_weights
from emotalk_core.errors import InputError
from emotalk_core.model.config import write_config
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.model.network import TORCH, Starter
from emotalk_core.model.tensors import write_tensors

from ..folders import copy_unchanged
from .animator import (
    Features,
    Statistics,
    at_positions,
    face_error,
    mean_motion,
    motion_error,
    state_mask,
    stretched,
    swap_pairs,
)
from .batches import Batch
from .emotalk import PaperLosses

__all__ = ["StarterAnimator", "export_starter"]

_CARD = """# {name}

Trained with `python3 run.py train paper train` from the starter weights that ship with EmoTalk
(CC BY 4.0); its front end derives from OpenAI's Whisper base (MIT). Takes: {takes} of {speakers}
speakers, {minutes:.1f} minutes. Settings and revision: `about.json` of the run.

Who trained it decides under which licence it is passed on, and must have the speakers' consent.
"""


class StarterAnimator(nn.Module):
    """Content, emotion and decoder of the starter, with the paper's four losses."""

    def __init__(
        self,
        features: Features,
        persons: int,
        statistics: Statistics,
        weights: PaperLosses | None = None,
    ) -> None:
        super().__init__()
        del persons, statistics
        model = load_model(starter_folder())
        front = model.config.front_end
        if (features.layers, features.width) != (front.n_layers, front.width):
            raise InputError(
                "Features are not the starter's front end's",
                value=f"{features.layers} x {features.width}",
                remedy=f"Train network = 'starter' on {front.n_layers} x {front.width}.",
            )
        self.weights = weights or PaperLosses()
        self.network = Starter.from_tensors(model.config, model.tensors)
        # Takes have no phones: a face's error alone would unlearn their names, which shut the lips
        # and tell silence.
        self.network.content.phones.requires_grad_(requires_grad=False)

    def animate(self, batch: Batch) -> Tensor:
        """Curves (N, T, 52) from each sound's own words and feeling."""
        content, level, latent, _ = self._hear(batch)
        return self._decode(content, level, latent, batch)

    def losses(self, batch: Batch, done: float) -> dict[str, Tensor]:
        """As EmoTalk's."""
        del done
        content, level, latent, heard = self._hear(batch)
        own = self._decode(content, level, latent, batch)
        weights = self.weights
        parts = {"self": weights.self * face_error(own, batch.faces).mean()}
        moved = motion_error(own, batch.faces)
        motion = moved.mean()
        if weights.cross > 0:
            crossed = self._crossed(content, level, latent, batch)
            parts["cross"] = weights.cross * face_error(crossed, batch.cross).mean()
            motion = mean_motion(moved, motion_error(crossed, batch.cross), batch)
        parts["velocity"] = weights.velocity * motion
        labelled = (batch.emotion >= 0).float()
        truth = F.one_hot(batch.emotion.clamp(min=0), heard.shape[-1])[:, None]
        entropy = -(truth * heard.log_softmax(-1)).sum(-1) * batch.faces.valid
        by_take = entropy.sum(1) / batch.faces.valid.sum(1).clamp(min=1.0)
        parts["classification"] = weights.classification * (by_take * labelled).mean()
        return parts

    def _hear(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Content (N, T, C), level (N, T), latent (N, T, E) and logits of what is heard."""
        network = self.network
        n_frames = batch.faces.valid.shape[1]
        inside = state_mask(batch)[:, 0]
        content = network.content(batch.states, batch.level_db)
        content, level = network.frames(content, batch.level_db, n_frames)
        centres = torch.arange(n_frames) * STATE_RATE // network.config.fps
        voice, heard = network.emotion(
            batch.states, pool_weights(batch.level_db, TORCH) * inside, centres
        )
        return content, level, voice.softmax(-1) @ network.prototypes, heard.float()

    def _crossed(self, content: Tensor, level: Tensor, latent: Tensor, batch: Batch) -> Tensor:
        length = batch.cross.valid.shape[1]
        told = stretched(
            swap_pairs(latent), swap_pairs(batch.n_frames), batch.cross.valid.sum(1), length
        )
        placed = at_positions(torch.cat([content, level[..., None]], -1), batch.position)
        return self._decode(placed[..., :-1], placed[..., -1], told, batch)

    def _decode(self, content: Tensor, level: Tensor, latent: Tensor, batch: Batch) -> Tensor:
        style = batch.person % self.network.config.n_styles
        return self.network.decode(content, level, latent, style)[0].float()


def export_starter(
    network: StarterAnimator, folder: Path, *, name: str, takes: int, speakers: int, minutes: float
) -> None:
    """A model folder that every engine and the add-on read."""
    folder.mkdir(parents=True, exist_ok=True)
    config = replace(network.network.config, name=name)
    write_tensors(folder / "model.safetensors", network.network.export(), {"name": name})
    write_config(config, folder / "config.json")
    copy_unchanged(starter_folder(), folder)
    card = _CARD.format(name=name, takes=takes, speakers=speakers, minutes=minutes)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    load_model(folder)

"""What a front end and its lips make of speech in noise becomes what they made of the same speech
alone; beside it phones are named, in noise too.

The teacher is the network as it was. States, content, contacts and faces count, all against the
teacher's: labels are asked for the phones alone, so nothing that the lips know is learnt anew.
What stays is a share of the change (Wortsman et al., "Robust fine-tuning", 2022): a part of it
serves noise as well and speech alone better. B crops, S states, T frames.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from emotalk_core.engine.frontend import STATE_RATE
from emotalk_core.engine.torch_engine.device import choose_device
from emotalk_core.model.folder import Model
from emotalk_core.model.network import Starter
from emotalk_core.model.network.front_end import Convolutions, Layers, student_tensors

from ..checkpoints import read_state, write_state
from ..losses import misnamed, probe_matrix
from ..pace import rise_under_fall
from ..precision import quick_numbers
from ..seeds import seed_torch
from .disturbance import Disturbance
from .sound import Heard, LogMel, crop_samples, heard
from .streams import Clip, Crop, Streams

__all__ = ["Ear", "HearingSettings", "Lesson", "hear"]

log = logging.getLogger(__name__)

_EDGE: Final = 25  # states at a window's ends that are not judged
_LAYER_WEIGHTS: Final = (0.5, 1.0, 1.0)
_CONTENT, _CONTACT, _FACE, _PROBES = 0.5, 3.0, 2.0, 2.0  # weights; the last of centimetres
_LOUDER_SHARE, _QUIET_BELOW = 0.35, 3.5  # of crops, log10 power: something louder is elsewhere
_WARMUP, _SAVE_EVERY, _REPORT_EVERY = 200, 250, 50  # steps
_AVERAGE: Final = 0.998


@dataclass(frozen=True)
class HearingSettings:
    """How long the lesson is, and how large its steps are."""

    steps: int = 2400  # 100 s of an NVIDIA H200; a core takes as long for 6 steps of 64
    batch: int = 64
    window: int = 250  # states, 5 s
    learning_rate: float = 1.5e-4
    phones_rate: float = 2e-3  # of the branch that names phones
    naming: float = 0.1  # how much of the phones' gradient reaches the front end
    share: float = 0.9  # of the change that stays
    device: str = "auto"
    seed: int = 0


@dataclass(frozen=True, eq=False)
class _Made:
    """What a network makes of a crop."""

    states: list[Tensor]  # (B, S, 512) of each layer
    content: Tensor  # (B, S, full_width)
    logits: Tensor  # (B, S, phones)
    contact: Tensor  # (B, T)
    face: Tensor  # (B, T, 52)


class Ear(nn.Module):
    """Front end, content and decoder of a model folder."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        front = model.config.front_end
        self.convolutions = Convolutions(model.encoder_tensors)
        self.layers = Layers(model.encoder_tensors, front.n_layers, front.reach)
        self.network = Starter.from_tensors(model.config, model.tensors).eval()
        self.requires_grad_(requires_grad=False)

    def learns(self) -> None:
        """Front end and content take gradients; the decoder, but for its contact, stays."""
        network = self.network
        for part in (self.convolutions, self.layers, network.content, network.decoder.contact):
            part.requires_grad_(requires_grad=True)
        network.content.phones.train()

    def forward(self, sound: Heard, feeling: Tensor, naming: float = 0.0) -> _Made:
        network = self.network
        states = [x.float() for x in self.layers(self.convolutions(sound.mel))]
        standardised = torch.stack(
            [(x - m) * s for x, m, s in zip(states, network.mean, network.scale, strict=True)], 2
        )
        content = network.content
        said, _ = content.said(content.projected(standardised), sound.level)
        for_phones = standardised.detach() + naming * (standardised - standardised.detach())
        logits = content.phones(content.phones.projected(for_phones)).float()
        full = content.full(said.float(), logits)
        n_frames = full.shape[1] * network.config.fps // STATE_RATE - 1
        rows, level = network.frames(full, sound.level, n_frames)
        latent = network.slider_latent(feeling, torch.ones_like(feeling[:, :1]))
        style = torch.zeros(len(feeling), dtype=torch.long, device=feeling.device)
        told = latent[:, None].expand(-1, n_frames, -1)
        face, _, contact = network.decode(rows, level, told, style)
        return _Made(states, full, logits, contact, face.float())


def hear(
    model: Model,
    groups: Mapping[str, tuple[Sequence[Clip], float]],
    settings: HearingSettings,
    checkpoint: Path,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Teach a model to hear in noise.

    Parameters
    ----------
    model : Model
        A starter.
    groups : mapping
        As `streams.Streams` wants them; no test splits.
    settings : HearingSettings
    checkpoint : Path
        Written every few hundred steps, and gone on from where it is.

    Returns
    -------
    dict, dict
        Tensors of `encoder.safetensors` and of `model.safetensors`.

    Raises
    ------
    InputError, SetupError
        A device that there is not.
    """
    torch.manual_seed(settings.seed)
    device = _device(settings.device)
    streams = Streams(groups, crop_samples(settings.window), device, settings.seed)
    lesson = Lesson(Ear(model).to(device), streams, settings)
    lesson.run(checkpoint)
    return lesson.kept()


def _device(name: str) -> torch.device:
    found = choose_device(name)
    # Where a crop lies is computed in float64, which Apple's cards do not have.
    return torch.device("cpu") if found.type == "mps" else found


class Lesson:
    """Teacher, learner and what must survive an interruption."""

    def __init__(self, teacher: Ear, streams: Streams, settings: HearingSettings) -> None:
        self._settings, self._streams = settings, streams
        self._teacher, self._learner = teacher, copy.deepcopy(teacher)
        self._learner.learns()
        self._device = teacher.network.mean.device
        self._log_mel = LogMel().to(self._device)
        self._disturb = Disturbance(streams)
        self._probes = _PROBES * probe_matrix().to(self._device)
        phones = {id(p) for p in self._learner.network.content.phones.parameters()}
        learning = [p for p in self._learner.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            [
                {
                    "params": [p for p in learning if id(p) not in phones],
                    "lr": settings.learning_rate,
                    "weight_decay": 0.0,
                },
                {
                    "params": [p for p in learning if id(p) in phones],
                    "lr": settings.phones_rate,
                    "weight_decay": 0.05,
                },
            ],
            betas=(0.9, 0.98),
        )
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, self._pace)
        self._averaged = torch.optim.swa_utils.AveragedModel(self._learner, avg_fn=_towards)
        self._scales = self._measured()

    def _pace(self, step: int) -> float:
        return rise_under_fall(step, self._settings.steps, warmup=_WARMUP, least=0.02)

    def run(self, checkpoint: Path) -> None:
        """All steps that are left."""
        first = self._resume(checkpoint)
        running: dict[str, float] = {}
        for step in range(first, self._settings.steps):
            seed_torch(self._settings.seed, step)
            parts = self._step()
            for name, part in parts.items():
                running[name] = running.get(name, part) * 0.97 + 0.03 * part
            if (step + 1) % _REPORT_EVERY == 0:
                told = {name: round(value, 4) for name, value in running.items()}
                log.info("hear: step %d, %s", step + 1, told)
            if (step + 1) % _SAVE_EVERY == 0:
                self._save(checkpoint, step + 1)

    def _step(self) -> dict[str, float]:
        parts = self._losses()
        self._optimiser.zero_grad()
        torch.stack([*parts.values()]).sum().backward()
        for group in self._optimiser.param_groups:
            nn.utils.clip_grad_norm_(group["params"], 1.0)
        self._optimiser.step()
        self._schedule.step()
        self._averaged.update_parameters(self._learner)
        return {name: part.item() for name, part in parts.items()}

    def _draw(self, n: int) -> tuple[Crop, Heard, Heard]:
        """Crops, how the learner hears them and how the teacher does."""
        crop = self._streams.draw(n)
        noisy, alone = (self._log_mel(x) for x in (self._disturb(crop), crop.samples))
        top_noisy, top_alone = noisy.amax((1, 2)), alone.amax((1, 2))
        chance, share = torch.rand(2, n, device=self._device)
        raised = share * (chance < _LOUDER_SHARE)
        # A sound without speech is what it is beside louder speech: for both.
        below = torch.where(crop.quiet, _QUIET_BELOW * share, raised)
        top_alone = torch.where(crop.quiet, top_alone + below, top_alone)
        return crop, heard(noisy, top_noisy + below), heard(alone, top_alone)

    def _feelings(self, n: int) -> Tensor:
        emotions = len(self._teacher.network.config.emotions)
        return F.one_hot(torch.randint(emotions, (n,), device=self._device), emotions).float()

    @torch.no_grad()
    def _measured(self) -> list[Tensor]:
        """1 / variance of each layer's states, then of the content."""
        found: list[list[Tensor]] = []
        for _ in range(6):
            _, _, alone = self._draw(min(self._settings.batch, 32))
            made = self._teacher(alone, self._feelings(len(alone.mel)))
            found.append([x.flatten(0, 1) for x in (*made.states, made.content)])
        return [1.0 / (torch.cat(x).var(0) + 1e-2) for x in zip(*found, strict=True)]

    def _losses(self) -> dict[str, Tensor]:
        crop, noisy, alone = self._draw(self._settings.batch)
        feelings = self._feelings(len(crop.quiet))
        with quick_numbers(self._device):
            with torch.no_grad():
                wanted = self._teacher(alone, feelings)
            made = self._learner(noisy, feelings, self._settings.naming)
        inner = slice(_EDGE, -_EDGE)
        frames = slice(_EDGE * 3 // 5 + 1, -(_EDGE * 3 // 5 + 1))
        *scales, of_content = self._scales
        layers = zip(made.states, wanted.states, scales, _LAYER_WEIGHTS, strict=True)
        states = [w * ((a - b).square() * s)[:, inner].mean() for a, b, s, w in layers]
        width = self._teacher.network.config.content.width
        content = ((made.content - wanted.content).square() * of_content)[:, inner, :width]
        sure = wanted.contact[:, frames].float().sigmoid()
        apart = F.binary_cross_entropy_with_logits(made.contact[:, frames].float(), sure)
        least = F.binary_cross_entropy(sure, sure)
        moved = (made.face - wanted.face)[:, frames]
        face = moved.square().sum(-1).mean() + (moved @ self._probes).square().sum(-1).mean()
        return {
            "states": torch.stack(states).sum(),
            "content": _CONTENT * content.mean(),
            "contact": _CONTACT * (apart - least),
            "face": _FACE * face,
            "phones": misnamed(made.logits[:, inner], crop.phones[:, inner]),
        }

    @torch.no_grad()
    def kept(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """The share of the change that stays, as tensors of both files."""
        before, after = self._teacher.cpu(), self._averaged.module.cpu()
        phones = {id(p) for p in after.network.content.phones.parameters()}
        for was, now in zip(before.parameters(), after.parameters(), strict=True):
            if id(now) not in phones:
                now.copy_(torch.lerp(was, now, self._settings.share))
        encoder = student_tensors(after.convolutions, after.layers)
        return encoder, after.network.export()

    def _save(self, checkpoint: Path, step: int) -> None:
        state = {
            "step": step,
            "learner": self._learner.state_dict(),
            "averaged": self._averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }
        write_state(state, checkpoint)

    def _resume(self, checkpoint: Path) -> int:
        if not checkpoint.is_file():
            return 0
        state = read_state(checkpoint, self._device)
        self._learner.load_state_dict(state["learner"])
        self._averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        return int(state["step"])


def _towards(mean: Tensor, now: Tensor, n: Tensor | int) -> Tensor:
    """A running mean over about the last 1 / (1 - _AVERAGE) steps, over fewer in the beginning."""
    return torch.lerp(now, mean, min(_AVERAGE, float(n) / (float(n) + 20.0)))

"""Training of content branch, decoder, prototypes, styles and the front end's last layer: plain
PyTorch, resumable.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from emotalk_core.model.network import Starter

from .batches import CONTEXT_FRAMES, Batch, Clips
from .checkpoints import read_state, write_state
from .front_end.last_layer import LastLayer
from .journal import Journal
from .losses import LossWeights, Predicted, face_loss, misnamed
from .pace import rise_then_fall
from .precision import quick_numbers
from .seeds import seed_torch

__all__ = ["PartsOf", "Pupil", "TrainSettings", "face_parts", "name_parts", "predict", "train"]


@dataclass(frozen=True)
class TrainSettings:
    """One run's length and pace."""

    steps: int = 6000
    pairs: int = 8
    frames: int = 96
    learning_rate: float = 2e-3
    warmup: int = 100
    last_layer_rate: float = 0.0  # of the front end's last layer; 0 leaves it as it is
    weight_decay: float = 0.02
    noise: float = 0.2  # deviation of noise on the standardised states
    shift: float = (
        0.2  # deviation of an offset that a whole clip gets: another voice, another microphone
    )
    dropout: float = 0.25  # in the content branch
    average: float = 0.995  # weights are averaged over about 200 steps: what is exported
    save_every: int = 250


class Pupil(nn.Module):
    """What is trained together.

    Parameters
    ----------
    network : Starter
    front : LastLayer, optional
        None: the front end stays as it is.
    """

    def __init__(self, network: Starter, front: LastLayer | None = None) -> None:
        super().__init__()
        self.network, self.front = network, front

    def groups(self, settings: TrainSettings) -> list[dict[str, object]]:
        """Parameters with their pace and decay."""
        groups: list[dict[str, object]] = [
            {
                "params": list(self.network.parameters()),
                "lr": settings.learning_rate,
                "weight_decay": settings.weight_decay,
            }
        ]
        if self.front is not None:
            own = list(self.front.layer.parameters())
            groups.append({"params": own, "lr": settings.last_layer_rate, "weight_decay": 0.0})
        return groups


def predict(pupil: Pupil, batch: Batch, settings: TrainSettings | None = None) -> Predicted:
    """The answer for the batch's stretches, context cut off; `settings` alter what is heard."""
    network, states = pupil.network, batch.states
    with quick_numbers(states.device, enabled=pupil.training):
        if pupil.front is not None:
            states = pupil.front(states)
        if settings is not None:
            states = _altered(states, settings)
        said, logits = network.content.said(network.content.projected(states), batch.level)
        content = network.content.full(said, logits)
        n_frames = batch.target.values.shape[1]
        content, level = network.frames(
            content.float(), batch.level, n_frames + 2 * CONTEXT_FRAMES - 1
        )
        latent = network.slider_latent(batch.weights, batch.intensity)[:, None].expand(
            -1, content.shape[1], -1
        )
        parts = network.decode(content, level, latent, batch.style)
    clip = torch.arange(len(states))[:, None]
    frame = CONTEXT_FRAMES + batch.lag[:, None] + torch.arange(n_frames)
    on_frames = (part.float()[clip, frame] for part in parts)
    return Predicted(*on_frames, phones=logits.float())


PartsOf = Callable[[Pupil, Batch, TrainSettings | None], dict[str, Tensor]]
"""Parts of the loss by name; with settings, of what is heard altered by them."""


def face_parts(weights: LossWeights) -> PartsOf:
    """Whole faces count."""
    return lambda pupil, batch, settings: face_loss(
        predict(pupil, batch, settings), batch.target, weights
    )


def name_parts(pupil: Pupil, batch: Batch, settings: TrainSettings | None) -> dict[str, Tensor]:
    """The names of the phones alone count."""
    content = pupil.network.content
    with quick_numbers(batch.states.device, enabled=pupil.training):
        states = batch.states if pupil.front is None else pupil.front(batch.states)
        if settings is not None:
            states = _altered(states, settings)
        logits = content.phones(content.phones.projected(states))
    return {"phones": misnamed(logits.float(), batch.target.phones)}


def _altered(states: Tensor, settings: TrainSettings) -> Tensor:
    # Noise from a short table, rolled: as good as fresh noise here, and a tenth of the time.
    noisy = states + settings.noise * _some_noise(states)
    return noisy + settings.shift * torch.randn(states.shape[0], 1, *states.shape[2:])


_REPORT_EVERY: Final = 50  # steps
_DEV_SEED: Final = 0
_NOISE: Final = torch.from_numpy(np.random.default_rng(0).standard_normal(1 << 20, np.float32))


def _some_noise(states: Tensor) -> Tensor:
    """Noise of unit deviation in the shape of `states`."""
    n = states.numel()
    starts = torch.randint(0, len(_NOISE) // 2, (-(-n // (len(_NOISE) // 2)),))
    joined = torch.cat([_NOISE[s : s + len(_NOISE) // 2] for s in starts.tolist()])
    return joined[:n].view_as(states)


class _Run:
    """A network in training with everything that must survive an interruption: what a step draws
    depends on its number alone.
    """

    def __init__(self, pupil: Pupil, settings: TrainSettings, folder: Path) -> None:
        self.pupil, self.settings, self.folder = pupil, settings, folder
        pupil.network.content.dropout.p = settings.dropout
        self.optimiser = torch.optim.AdamW(pupil.groups(settings), betas=(0.9, 0.98))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: _pace(step, settings)
        )
        self.averaged = torch.optim.swa_utils.AveragedModel(
            pupil, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average)
        )
        self.step, self.lowest = 0, float("inf")
        self._parts = ("pupil", "averaged", "optimiser", "schedule")
        if (folder / "state.pt").is_file():
            self._resume()

    def learn(self, parts: dict[str, Tensor]) -> None:
        """One step down the sum of the losses."""
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.pupil.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.averaged.update_parameters(self.pupil)
        self.step += 1

    def save(self, dev_loss: float) -> None:
        """Leave a state to go on from, and the averaged weights if they are the best so far."""
        if dev_loss < self.lowest:
            self.lowest = dev_loss
            best = {"step": self.step, "averaged": self.averaged.state_dict()}
            write_state(best, self.folder / "best.pt")
        state = {name: getattr(self, name).state_dict() for name in self._parts}
        state |= {"step": self.step, "lowest": self.lowest}
        write_state(state, self.folder / "state.pt")

    def _resume(self) -> None:
        state = read_state(self.folder / "state.pt")
        for name in self._parts:
            getattr(self, name).load_state_dict(state[name])
        self.step, self.lowest = int(state["step"]), float(state["lowest"])


def train(
    pupil: Pupil,
    clips: tuple[Clips, Clips],
    settings: TrainSettings,
    parts_of: PartsOf,
    folder: Path,
    *,
    seed: tuple[int, ...],
) -> None:
    """Train what takes gradients until `settings.steps`, on the first of `clips`, measured on the
    second; goes on from `folder/state.pt` when it is there, to the same weights.

    Leaves in `folder`: `best.pt` (averaged weights of the lowest dev loss) and `curve.jsonl`.
    """
    run = _Run(pupil, settings, folder)
    learnt, dev = clips
    journal = Journal(folder, first_step=run.step)
    sums: dict[str, float] = {}
    first, started = run.step, time.monotonic()
    while run.step < settings.steps:
        pupil.train()
        batch = learnt.batch(settings.pairs, settings.frames, (*seed, run.step))
        seed_torch(*seed, run.step)
        parts = parts_of(pupil, batch, settings)
        run.learn(parts)
        for name, part in parts.items():
            sums[name] = sums.get(name, 0.0) + part.item()
        if run.step % _REPORT_EVERY == 0:
            counted = min(_REPORT_EVERY, run.step - first)
            means = {name: total / counted for name, total in sums.items()}
            journal.write(run.step, "train", means, time.monotonic() - started)
            sums = {}
        if run.step % settings.save_every == 0 or run.step == settings.steps:
            found = measure(run.averaged.module, dev, settings, parts_of)
            journal.write(run.step, "dev", found, time.monotonic() - started)
            run.save(sum(found.values()))


def _pace(step: int, settings: TrainSettings) -> float:
    # The weights that ship came of a cosine in single precision.
    return rise_then_fall(
        step,
        settings.steps,
        warmup=settings.warmup,
        least=0.01,
        cos=lambda angle: torch.cos(torch.tensor(angle)).item(),
    )


def measure(
    pupil: Pupil, dev: Clips, settings: TrainSettings, parts_of: PartsOf
) -> dict[str, float]:
    """Parts of the loss on the same few dev batches each time."""
    pupil.eval()
    totals: dict[str, float] = {}
    n = 8
    with torch.no_grad():
        for number in range(n):
            batch = dev.batch(settings.pairs, settings.frames, (_DEV_SEED, number))
            for name, part in parts_of(pupil, batch, None).items():
                totals[name] = totals.get(name, 0.0) + part.item() / n
    return totals

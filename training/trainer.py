"""Training of content branch, decoder, prototypes and styles: plain PyTorch, resumable."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from emotalk_core.model.network import Starter

from .batches import CONTEXT_FRAMES, Batch, Clips
from .losses import LossWeights, Predicted, face_loss

__all__ = ["TrainSettings", "predict", "train_face"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainSettings:
    """One run's length and pace."""

    steps: int = 6000
    pairs: int = 8
    frames: int = 96
    learning_rate: float = 2e-3
    warmup: int = 100
    weight_decay: float = 0.02
    noise: float = 0.2  # deviation of noise on the standardised states
    shift: float = (
        0.2  # deviation of an offset that a whole clip gets: another voice, another microphone
    )
    dropout: float = 0.25  # in the content branch
    average: float = 0.995  # weights are averaged over about 200 steps: what is exported
    save_every: int = 250


def predict(network: Starter, batch: Batch, noise: float = 0.0, shift: float = 0.0) -> Predicted:
    """The network's answer for the batch's stretches, context cut off."""
    states = batch.states
    if noise > 0.0:
        # Noise from a short table, rolled: as good as fresh noise here, and a tenth of the time.
        states = states + noise * _some_noise(states)
    if shift > 0.0:
        states = states + shift * torch.randn(states.shape[0], 1, *states.shape[2:])
    with torch.autocast("cpu", torch.bfloat16, enabled=network.training):
        content = network.content(states, batch.level)
        n_frames = batch.target.values.shape[1]
        content, level = network.frames(
            content.float(), batch.level, n_frames + 2 * CONTEXT_FRAMES - 1
        )
        latent = network.slider_latent(batch.weights, batch.intensity)[:, None].expand(
            -1, content.shape[1], -1
        )
        parts = network.decode(content, level, latent, batch.style)
    middle = slice(CONTEXT_FRAMES, CONTEXT_FRAMES + n_frames)
    return Predicted(*(part.float()[:, middle] for part in parts))


_REPORT_EVERY: Final = 50  # steps
_NOISE: Final = torch.from_numpy(np.random.default_rng(0).standard_normal(1 << 20, np.float32))


def _some_noise(states: Tensor) -> Tensor:
    """Noise of unit deviation in the shape of `states`."""
    n = states.numel()
    starts = torch.randint(0, len(_NOISE) // 2, (-(-n // (len(_NOISE) // 2)),))
    joined = torch.cat([_NOISE[s : s + len(_NOISE) // 2] for s in starts.tolist()])
    return joined[:n].view_as(states)


class _Run:
    """A network in training with everything that must survive an interruption."""

    def __init__(self, network: Starter, settings: TrainSettings, folder: Path) -> None:
        self.network, self.settings, self.folder = network, settings, folder
        network.content.dropout.p = settings.dropout
        self.optimiser = torch.optim.AdamW(
            network.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            betas=(0.9, 0.98),
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: _pace(step, settings)
        )
        self.averaged = torch.optim.swa_utils.AveragedModel(
            network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average)
        )
        self.step, self.lowest = 0, float("inf")
        self._parts = ("network", "averaged", "optimiser", "schedule")
        if (folder / "state.pt").is_file():
            self._resume()

    def learn(self, parts: dict[str, Tensor]) -> None:
        """One step down the sum of the losses."""
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.averaged.update_parameters(self.network)
        self.step += 1

    def save(self, dev_loss: float) -> None:
        """Leave a state to go on from, and the averaged weights if they are the best so far."""
        if dev_loss < self.lowest:
            self.lowest = dev_loss
            self._write({"step": self.step, "averaged": self.averaged.state_dict()}, "best.pt")
        state = {name: getattr(self, name).state_dict() for name in self._parts}
        self._write(state | {"step": self.step, "lowest": self.lowest}, "state.pt")

    def _write(self, state: Mapping[str, object], name: str) -> None:
        torch.save(state, self.folder / f"{name}.part")
        (self.folder / f"{name}.part").replace(self.folder / name)

    def _resume(self) -> None:
        state = torch.load(self.folder / "state.pt", weights_only=True)
        for name in self._parts:
            getattr(self, name).load_state_dict(state[name])
        self.step, self.lowest = int(state["step"]), float(state["lowest"])


def train_face(
    network: Starter,
    clips: Clips,
    dev: Clips,
    settings: TrainSettings,
    weights: LossWeights,
    folder: Path,
) -> None:
    """Train until `settings.steps`; goes on from `folder/state.pt` when it is there.

    Leaves in `folder`: `best.pt` (averaged weights of the lowest dev loss) and `curve.jsonl`.
    """
    run = _Run(network, settings, folder)
    sums: dict[str, float] = {}
    started = time.monotonic()
    while run.step < settings.steps:
        network.train()
        batch = clips.batch(settings.pairs, settings.frames)
        predicted = predict(network, batch, settings.noise, settings.shift)
        parts = face_loss(predicted, batch.target, weights)
        run.learn(parts)
        for name, part in parts.items():
            sums[name] = sums.get(name, 0.0) + part.item() / _REPORT_EVERY
        if run.step % _REPORT_EVERY == 0:
            _record(folder, run.step, "train", sums, started)
            sums = {}
        if run.step % settings.save_every == 0 or run.step == settings.steps:
            found = measure(run.averaged.module, dev, settings, weights)
            _record(folder, run.step, "dev", found, started)
            run.save(sum(found.values()))


def _pace(step: int, settings: TrainSettings) -> float:
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return 0.01 + 0.99 * 0.5 * (1.0 + torch.cos(torch.tensor(min(done, 1.0) * torch.pi)).item())


def measure(
    network: Starter, dev: Clips, settings: TrainSettings, weights: LossWeights
) -> dict[str, float]:
    """Parts of the loss on a few dev batches."""
    network.eval()
    dev.start_anew()
    totals: dict[str, float] = {}
    n = 8
    with torch.no_grad():
        for _ in range(n):
            batch = dev.batch(settings.pairs, settings.frames)
            for name, part in face_loss(predict(network, batch), batch.target, weights).items():
                totals[name] = totals.get(name, 0.0) + part.item() / n
    return totals


def _record(folder: Path, step: int, kind: str, parts: dict[str, float], started: float) -> None:
    line = {
        "step": step,
        "kind": kind,
        "loss": sum(parts.values()),
        **parts,
        "seconds": time.monotonic() - started,
    }
    with (folder / "curve.jsonl").open("a", encoding="utf-8") as file:
        file.write(
            json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in line.items()})
            + "\n"
        )
    log.info("%5d %-5s %s", step, kind, "  ".join(f"{k} {v:.3f}" for k, v in parts.items()))

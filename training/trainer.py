"""Training of content branch, decoder, prototypes and styles: plain PyTorch on one core, resumable."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from emotalk_core.model.network import Starter

from .batches import CONTEXT_FRAMES, Batch, Clips
from .losses import LossWeights, face_loss

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
    shift: float = 0.2  # deviation of an offset that a whole clip gets: another voice, another microphone
    average: float = 0.995  # weights are averaged over about 200 steps: what is exported
    save_every: int = 250


def predict(network: Starter, batch: Batch, noise: float = 0.0, shift: float = 0.0) -> Tensor:
    """Coefficients (B, T, 52) of the batch's stretches, context cut off."""
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
        values = network.decode(content, level, latent, batch.style)
    return values.float()[:, CONTEXT_FRAMES : CONTEXT_FRAMES + n_frames]


_NOISE: Final = torch.randn(1 << 20, generator=torch.Generator().manual_seed(0))


def _some_noise(states: Tensor) -> Tensor:
    """Noise of unit deviation in the shape of `states`."""
    n = states.numel()
    starts = torch.randint(0, len(_NOISE) // 2, (-(-n // (len(_NOISE) // 2)),))
    joined = torch.cat([_NOISE[s : s + len(_NOISE) // 2] for s in starts.tolist()])
    return joined[:n].view_as(states)


def train_face(
    network: Starter,
    clips: Clips,
    dev: Clips,
    settings: TrainSettings,
    weights: LossWeights,
    folder: Path,
) -> None:
    """Train until `settings.steps`; goes on from `folder/state.pt` when it is there, leaves `folder/best.pt`."""
    optimiser = torch.optim.AdamW(
        network.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        betas=(0.9, 0.98),
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, settings))
    averaged = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average)
    )
    step = _resume(folder, network, averaged, optimiser, schedule)
    sums: dict[str, float] = {}
    started = time.monotonic()
    while step < settings.steps:
        network.train()
        batch = clips.batch(settings.pairs, settings.frames)
        parts = face_loss(predict(network, batch, settings.noise, settings.shift), batch.target, weights)
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(network)
        step += 1
        for name, part in parts.items():
            sums[name] = sums.get(name, 0.0) + part.item()
        if step % 50 == 0:
            _record(folder, step, "train", {k: v / 50 for k, v in sums.items()}, started)
            sums = {}
        if step % settings.save_every == 0 or step == settings.steps:
            _record(folder, step, "dev", measure(averaged.module, dev, settings, weights), started)
            _save(folder, step, network, averaged, optimiser, schedule)


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


def _save(folder: Path, step: int, network: Starter, averaged, optimiser, schedule) -> None:  # noqa: ANN001
    state = {
        "step": step,
        "network": network.state_dict(),
        "averaged": averaged.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
    }
    torch.save(state, folder / "state.pt.part")
    (folder / "state.pt.part").replace(folder / "state.pt")


def _resume(folder: Path, network: Starter, averaged, optimiser, schedule) -> int:  # noqa: ANN001
    if not (folder / "state.pt").is_file():
        return 0
    state = torch.load(folder / "state.pt", weights_only=True)
    network.load_state_dict(state["network"])
    averaged.load_state_dict(state["averaged"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["step"])

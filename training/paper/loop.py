"""Steps of training, the same for every network: batches by seed, precision, processes, states.

A step's chance (takes, dropout) comes from the run's seed and the step's number alone, so a run
that was interrupted goes on as if it had not been.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from emotalk_core.engine.torch_engine.device import choose_device
from emotalk_core.errors import InputError

from ..checkpoints import read_state, write_state
from ..journal import Journal
from ..pace import rise_then_fall
from ..seeds import seed_torch
from .batches import Batch, Faces, Pairs, collate
from .processes import Processes
from .run_folder import picture
from .settings import PaperRun
from .store import Store

__all__ = ["Takes", "chosen_device", "fit", "made_faces"]

log = logging.getLogger(__name__)

_BEST: Final = "best.pt"
_DEV_BATCHES: Final = 4
_DEV_SEED: Final = 0


@dataclass(frozen=True)
class Takes:
    """What a run learns from and what it is measured on."""

    store: Store
    train: Pairs
    dev: Pairs | None
    shown: int | None  # the take that is drawn


def fit(
    network: nn.Module,
    takes: Takes,
    run: PaperRun,
    folder: Path,
    group: Processes,
    *,
    until: int | None = None,
) -> None:
    """Train to the end of the run, or `until` a step; goes on from `folder/state.pt`.

    Leaves `network.pt`, the numbers, when the run is at its end: those of its last step, or with
    `pace.keep` "best" those with which the dev takes were made best.
    """
    state = _State(network, run, group)
    state.begin(folder)
    last = min(run.pace.steps, until or run.pace.steps)
    started = time.monotonic()
    pace = run.pace
    with Journal(
        folder, tensorboard=pace.tensorboard and group.is_first, first_step=state.step
    ) as j:
        while state.step < last:
            state.learn(takes.train)
            now = time.monotonic() - started
            if _due(state.step, pace.report_every, last):
                means = state.means()
                if group.is_first:
                    j.write(state.step, "train", means, now)
            if _due(state.step, pace.check_every, last) and group.is_first and takes.dev:
                found = measure(network, takes.dev, run, state.device)
                j.write(state.step, "dev", found, now)
                state.keep_best(sum(found.values()), folder)
            if _due(state.step, pace.save_every, last) and group.is_first:
                state.write(folder)
            if pace.sample_every and _due(state.step, pace.sample_every, last) and group.is_first:
                _draw(network, takes, folder, state)
    group.wait()
    if state.step >= pace.steps and group.is_first:
        state.take_best(folder)
        write_state({"network": _numbers(network), "settings": asdict(run)}, folder / "network.pt")


class _State:
    """A network in training with everything that must survive an interruption."""

    def __init__(self, network: nn.Module, run: PaperRun, group: Processes) -> None:
        self.network, self.run, self.group = network, run, group
        self.device = chosen_device(run.pace.device)
        network.to(self.device)
        learned = [p for p in network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(learned, lr=run.pace.learning_rate)
        self.step = 0
        self._least = math.inf  # loss on the dev takes so far
        self._sums: dict[str, float] = {}  # of the losses' parts since the last report
        self._counted = 0

    def learn(self, pairs: Pairs) -> None:
        """One step down the sum of the losses."""
        pace, group = self.run.pace, self.group
        seed = (self.run.seed, self.step)
        batch = moved(pairs.batch(pace.pairs, seed, group), self.device)
        seed_torch(*seed, group.rank)
        self.network.train(pace.dropout)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=pace.precision == "bf16"):
            parts = self.network.losses(batch, self.step / pace.steps)
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.stack(list(parts.values())).sum()
        if not bool(torch.isfinite(total)):
            raise InputError(
                "Training ran away",
                value=f"loss {float(total.detach())} at step {self.step}",
                remedy="Go on from the last checkpoint with a smaller pace.learning_rate.",
            )
        total.backward()
        group.share_gradients(self.network)
        if pace.clip > 0:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), pace.clip)
        for settings in self.optimiser.param_groups:
            settings["lr"] = pace.learning_rate * _speed(self.step, self.run)
        self.optimiser.step()
        self.step += 1
        means = group.mean(torch.stack([p.detach() for p in parts.values()]))
        for name, part in zip(parts, means.tolist(), strict=True):
            self._sums[name] = self._sums.get(name, 0.0) + part
        self._counted += 1

    def means(self) -> dict[str, float]:
        """Parts of the losses, means over all processes and the steps since this was last asked."""
        found = {name: total / self._counted for name, total in self._sums.items()}
        self._sums, self._counted = {}, 0
        return found

    def keep_best(self, loss: float, folder: Path) -> None:
        """Put the numbers aside where none so far made the dev takes better."""
        if self.run.pace.keep == "best" and loss < self._least:
            self._least = loss
            write_state({"network": _numbers(self.network), "step": self.step}, folder / _BEST)

    def take_best(self, folder: Path) -> None:
        """End with the numbers that were put aside, if any were."""
        if self.run.pace.keep == "best" and (folder / _BEST).is_file():
            best = read_state(folder / _BEST)
            self.network.load_state_dict(best["network"])
            log.info("the numbers are those of step %d, best on the dev takes", best["step"])

    def write(self, folder: Path) -> None:
        """What `read` needs."""
        state = {
            "step": self.step,
            "least": self._least,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "sums": self._sums,
            "counted": self._counted,
        }
        write_state(state, folder / "state.pt")

    def begin(self, folder: Path) -> None:
        """Go on from a folder's checkpoint; without one, what else a run left there goes."""
        if (folder / "state.pt").is_file():
            self.read(folder / "state.pt")
        elif self.group.is_first:
            for name in (_BEST, "figures.json"):
                (folder / name).unlink(missing_ok=True)

    def read(self, path: Path) -> None:
        """Go on from a checkpoint."""
        stored = read_state(path)
        try:
            self.network.load_state_dict(stored["network"])
            self.optimiser.load_state_dict(stored["optimiser"])
            self.step = int(stored["step"])
            self._least = float(stored.get("least", math.inf))
            self._sums, self._counted = dict(stored.get("sums", {})), int(stored.get("counted", 0))
        except (KeyError, RuntimeError, ValueError) as error:
            raise InputError(
                "Checkpoint is of another network",
                value=path,
                remedy="Give another --run folder, or remove it to start anew.",
            ) from error


def _numbers(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}


def _due(step: int, every: int, last: int) -> bool:
    return step % every == 0 or step == last


def _speed(step: int, run: PaperRun) -> float:
    """Share of the learning rate at a step."""
    pace = run.pace
    if step >= pace.warmup and not pace.decay:
        return 1.0
    return rise_then_fall(step, pace.steps, warmup=pace.warmup, least=0.01)


def chosen_device(name: str) -> torch.device:
    """The device of a name; `auto`: a card that works, but none of Apple's: nobody trained there.

    Raises
    ------
    InputError, SetupError
        No such name; asked for and not there.
    """
    found = choose_device(name)
    return torch.device("cpu") if name == "auto" and found.type == "mps" else found


def moved(batch: Batch, device: torch.device) -> Batch:
    """The batch on a device."""
    if device.type == "cpu":
        return batch
    parts: dict[str, Any] = {}
    for name, value in vars(batch).items():
        if isinstance(value, Faces):
            parts[name] = Faces(*(t.to(device) for t in vars(value).values()))
        else:
            parts[name] = value.to(device) if isinstance(value, Tensor) else value
    return Batch(**parts)


@torch.no_grad()
def measure(
    network: nn.Module, pairs: Pairs, run: PaperRun, device: torch.device
) -> dict[str, float]:
    """Parts of the loss on the same few dev batches each time; of cross faces if there are some."""
    network.eval()
    found: dict[str, list[float]] = {}
    for number in range(_DEV_BATCHES):
        batch = moved(pairs.batch(run.pace.pairs, (_DEV_SEED, number)), device)
        torch.manual_seed(number)
        for name, part in network.losses(batch, 0.0).items():
            if name != "cross" or batch.cross.valid.any():
                found.setdefault(name, []).append(float(part))
    return {name: sum(part / len(parts) for part in parts) for name, parts in found.items()}


@torch.no_grad()
def made_faces(
    network: nn.Module, store: Store, rows: Sequence[int], device: torch.device
) -> list[np.ndarray]:
    """Curves (T, 52) of takes, each T its own."""
    network.eval()
    batch = moved(collate(store, rows), device)
    curves: Tensor = network.animate(batch)
    return [c[: store.n_frames(k)].cpu().numpy() for c, k in zip(curves, rows, strict=True)]


def _draw(network: nn.Module, takes: Takes, folder: Path, state: _State) -> None:
    if takes.shown is None:
        return
    store, k = takes.store, takes.shown
    made = made_faces(network, store, [k], state.device)[0]
    wanted = store.takes[k].curves[: len(made)]
    title = f"{store.takes[k].name}, step {state.step}"
    picture(folder / "samples" / f"step_{state.step:06d}.png", made, wanted, title)

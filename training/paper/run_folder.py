"""What a run leaves behind, so that it explains itself.

about.json      settings, git revision, versions, machine
takes.csv       every take: speaker, split, words, feeling, length, hash of its sound
curve.jsonl     losses by step
samples/*.png   a dev take now and then: what was made beside what was wanted
state.pt        what a run goes on from; network.pt: the numbers alone
tensorboard/    when asked for
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import torch

from emotalk_core import arkit
from emotalk_core.controls import EMOTIONS
from emotalk_core.errors import InputError, SetupError

from ..data.takes import Take
from .settings import PaperRun, differences

__all__ = ["Journal", "explain", "picture"]

log = logging.getLogger(__name__)

_SHOWN: Final = ("jawOpen", "mouthClose", "mouthSmileLeft", "browInnerUp", "browDownLeft")


def explain(folder: Path, run: PaperRun, takes: Sequence[Take], encoder_key: str) -> None:
    """Leave settings, revision and takes beside the checkpoints.

    Raises
    ------
    InputError
        The folder holds a checkpoint of a run with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about = folder / "about.json"
    # What was never saved is nothing to go on from: other settings may take its place.
    if about.is_file() and any((folder / name).is_file() for name in ("state.pt", "network.pt")):
        _refuse_another(run, json.loads(about.read_text(encoding="utf-8"))["settings"], folder)
    facts = {
        "settings": asdict(run),
        "revision": _revision(),
        "front_end": encoder_key,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
    }
    about.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    with (folder / "takes.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(
            [
                "take",
                "speaker",
                "split",
                "sentence",
                "emotion",
                "level",
                "person",
                "frames",
                "sound",
            ]
        )
        rows.writerows(_row(t) for t in takes)


def _row(take: Take) -> list[object]:
    emotion = "" if take.emotion is None else EMOTIONS[take.emotion]
    key = _sound_key(take.source)
    head = [take.name, take.speaker, take.split, take.sentence, emotion]
    return [*head, take.level, take.person, len(take.curves), key]


def _sound_key(source: Path | np.ndarray) -> str:
    data = source.read_bytes() if isinstance(source, Path) else source.tobytes()
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _refuse_another(run: PaperRun, stored: Mapping[str, Any], folder: Path) -> None:
    changed = differences(run, stored)
    if changed:
        raise InputError(
            f"{folder} holds a run with other settings",
            value="; ".join(changed[:3]),
            remedy="Put them back to go on, or give another --run folder.",
        )


class Journal:
    """Losses by step, to a file of lines, the log and, when asked for, TensorBoard."""

    def __init__(self, folder: Path, *, tensorboard: bool, first_step: int) -> None:
        self._path = folder / "curve.jsonl"
        _cut(self._path, first_step)
        self._board: Any = _open_board(folder) if tensorboard else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._board is not None:
            self._board.close()

    def write(self, step: int, kind: str, parts: Mapping[str, float], seconds: float) -> None:
        """One line: the parts and their sum."""
        line = {"step": step, "kind": kind, "loss": sum(parts.values()), **parts}
        with self._path.open("a", encoding="utf-8") as file:
            rounded = {k: float(f"{v:.7g}") if isinstance(v, float) else v for k, v in line.items()}
            file.write(json.dumps(rounded | {"seconds": round(seconds, 2)}) + "\n")
        log.info("%6d %-5s %s", step, kind, "  ".join(f"{k} {v:.5f}" for k, v in parts.items()))
        if self._board is not None:
            for name, value in parts.items():
                self._board.add_scalar(f"{kind}/{name}", value, step)


def _cut(path: Path, first_step: int) -> None:
    """Drop lines of steps that will be taken again."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["step"] <= first_step]
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _open_board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard.writer import SummaryWriter
    except ImportError as error:
        raise SetupError(
            "TensorBoard is not installed",
            value="pace.tensorboard = true",
            remedy="pip install tensorboard, or set it to false: curve.jsonl has the same.",
        ) from error
    return SummaryWriter(str(folder / "tensorboard"))


def picture(path: Path, made: np.ndarray, wanted: np.ndarray, title: str) -> None:
    """A few channels of a dev take, (T, 52) each; nothing without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        log.info("matplotlib is not installed: no picture %s", path.name)
        return
    path.parent.mkdir(exist_ok=True)
    figure = Figure(figsize=(9, 8))
    times = np.arange(len(wanted)) / 30.0
    for row, (axis, name) in enumerate(
        zip(figure.subplots(len(_SHOWN), 1, sharex=True), _SHOWN, strict=True)
    ):
        channel = arkit.index(name)
        axis.plot(times, wanted[:, channel], "0.6", label="wanted")
        axis.plot(times, made[: len(times), channel], "C0", label="made")
        axis.set_ylabel(name, fontsize=8)
        if row == 0:
            axis.set_title(title, fontsize=9)
            axis.legend(fontsize=8)
    figure.savefig(path, dpi=80)

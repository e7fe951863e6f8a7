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
from typing import Any, Final

import numpy as np
import torch

from emotalk_core import arkit
from emotalk_core.controls import EMOTIONS
from emotalk_core.errors import InputError

from ..data.takes import Take
from .settings import PaperRun, differences

__all__ = ["explain", "picture"]

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

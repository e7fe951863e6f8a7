"""What a run leaves behind, so that it explains itself.

about.json      settings, git revision, versions, machine
takes.csv       every take: speaker, split, words, feeling, length, hashes of sound and curves
curve.jsonl     losses by step
figures.json    how far the held-out takes are met in the end (training/evaluate/held_out.py)
samples/*.png   a dev take now and then: what was made beside what was wanted
state.pt        what a run goes on from; network.pt: the numbers alone; best.pt: those of the step
                that made the dev takes best, where `pace.keep` asks for them
tensorboard/    when asked for
run.lock        held while a run is at work here
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from emotalk_core import arkit
from emotalk_core.atomic_file import atomic_file
from emotalk_core.controls import EMOTIONS
from emotalk_core.errors import InputError

from ..data.takes import Take
from ..revision import revision
from .settings import PaperRun, differences

__all__ = ["explain", "picture", "refuse_another"]

log = logging.getLogger(__name__)

_COLUMNS: Final = (
    "take", "speaker", "split", "sentence", "emotion", "level", "person", "frames", "sound",
    "curves",
)  # fmt: skip
_SHOWN: Final = ("jawOpen", "mouthClose", "mouthSmileLeft", "browInnerUp", "browDownLeft")


def explain(folder: Path, run: PaperRun, takes: Sequence[Take], encoder_key: str) -> None:
    """Leave settings, revision and takes beside the checkpoints; of a finished run they stay.

    Raises
    ------
    InputError
        The folder holds a checkpoint of a run with other settings, or on other takes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about, listed = folder / "about.json", folder / "takes.csv"
    rows = [_row(t) for t in takes]
    refuse_another(run, folder)
    if _has_checkpoint(folder) and listed.is_file():
        _refuse_other_takes(rows, listed, folder)
    if (folder / "network.pt").is_file():
        return
    facts = {
        "settings": asdict(run),
        "revision": revision(),
        "front_end": encoder_key,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
    }
    with atomic_file(about) as file:
        file.write(f"{json.dumps(facts, indent=2)}\n".encode())
    table = io.StringIO(newline="")
    csv.writer(table).writerows([_COLUMNS, *rows])
    with atomic_file(listed) as file:
        file.write(table.getvalue().encode())


def refuse_another(run: PaperRun, folder: Path) -> None:
    """Raise InputError when a folder's checkpoint is of a run with other settings."""
    about = folder / "about.json"
    # What was never saved is nothing to go on from: other settings may take its place.
    if not (_has_checkpoint(folder) and about.is_file()):
        return
    try:
        stored: Mapping[str, Any] = json.loads(about.read_text(encoding="utf-8"))["settings"]
    except (ValueError, KeyError, TypeError) as error:
        raise _foreign(about) from error
    changed = differences(run, stored)
    if changed:
        raise InputError(
            f"{folder} holds a run with other settings",
            value="; ".join(changed[:3]),
            remedy="Put them back to go on, or give another --run folder (table: --work).",
        )


def _foreign(path: Path) -> InputError:
    return InputError("Not what a run leaves", value=path, remedy="Give another --run folder.")


def _has_checkpoint(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("state.pt", "network.pt"))


def _row(take: Take) -> list[str]:
    emotion = "" if take.emotion is None else EMOTIONS[take.emotion]
    head = [take.name, take.speaker, take.split, take.sentence, emotion]
    numbers = [str(n) for n in (take.level, take.person, len(take.curves))]
    return [*head, *numbers, _sound_key(take.source), _key(take.curves.tobytes())]


def _sound_key(source: Path | np.ndarray) -> str:
    data = source.read_bytes() if isinstance(source, Path) else source.tobytes()
    return _key(data)


def _key(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _refuse_other_takes(rows: Sequence[Sequence[str]], listed: Path, folder: Path) -> None:
    with listed.open(newline="", encoding="utf-8") as file:
        columns, *stored = [row for row in csv.reader(file) if row] or [[]]
    if _COLUMNS[0] not in columns:
        raise _foreign(listed)
    shared = [_COLUMNS.index(name) for name in columns if name in _COLUMNS]
    now = {tuple(row[k] for k in shared) for row in rows}
    changed = sorted({row[0] for row in now ^ {tuple(row) for row in stored}})
    if changed:
        raise InputError(
            f"{folder} holds a run on other takes",
            value=f"{len(changed)} came, went or changed; first: {changed[0]}",
            remedy="Give those of its takes.csv to go on, or another --run folder.",
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

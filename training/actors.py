"""Feelings heard as a user's own actors play them: the listener of a finished model, fitted anew.

Front end, lips and face stay as they are; only the few numbers are changed that tell feelings.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotalk_core.controls import EMOTIONS, emotion_weights
from emotalk_core.engine.frontend import Encoder
from emotalk_core.errors import InputError
from emotalk_core.model.folder import Model, load_model
from emotalk_core.model.tensors import read_tensors, write_tensors

from .datasets import Recording, at_other_speeds, load_open_speech, make_quiet
from .features import CopyPlan, FeatureSet, FrontEnd, Standardise, extract
from .hearing import network_of
from .listener import ListenerSettings, Voices, fit_listener, gather, recalls, together, write

__all__ = ["Audition", "hear_actors", "load_actors"]

_READERS, _QUIET = 150, 120  # clips


@dataclass(frozen=True)
class Audition:
    """Whom to listen to, with what, and where to."""

    actors: Path  # folder with index.csv
    data: Path  # folder with open_speech: how people sound who do not act
    model: Path  # model folder to start from
    out: Path  # model folder to write


def load_actors(folder: Path) -> list[Recording]:
    """Recordings of `folder/index.csv`: columns `file`, `emotion` (one of the eight) and, where
    known, `speaker` and `split`; those of split "test" are not learnt from.

    Raises
    ------
    InputError
        No index, a column or file missing, or an emotion that there is not.
    """
    index = folder / "index.csv"
    try:
        with index.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise InputError("No list of actors", value=index, remedy=f"{error.strerror}.") from error
    return [_recording(folder, row, number) for number, row in enumerate(rows, 2)]


def _recording(folder: Path, row: dict[str, str], line: int) -> Recording:
    where = f"{folder / 'index.csv'}, line {line}"
    missing = [name for name in ("file", "emotion") if not row.get(name)]
    if missing:
        raise InputError("A column is empty", value=f"{where}: {missing[0]}", remedy="Fill it in.")
    if row["emotion"] not in EMOTIONS:
        raise InputError(
            "No such emotion",
            value=f"{where}: {row['emotion']}",
            remedy=f"Use {', '.join(EMOTIONS)}.",
        )
    source = folder / row["file"]
    if not source.is_file():
        raise InputError("Recording not found", value=source, remedy=f"See {where}.")
    return Recording(
        name=f"actors/{row['file']}",
        source=source,
        speaker=row.get("speaker") or row.get("actor") or "",
        split=row.get("split") or "train",
        emotion=tuple(emotion_weights({row["emotion"]: 1.0})),
    )


def hear_actors(audition: Audition, settings: ListenerSettings) -> dict[str, float]:
    """Write a model folder that hears what its actors play; recall by emotion on their test split.

    Raises
    ------
    InputError
        As `load_actors`; nobody to learn from; a model of another kind.
    """
    recordings = load_actors(audition.actors)
    learnt = [r for r in recordings if r.split != "test"]
    if not learnt:
        raise InputError(
            "Nobody to learn from", value=audition.actors, remedy="Give clips of another split."
        )
    model = load_model(audition.model)
    if model.config.kind != "starter":
        raise InputError(
            "This model has no listener to fit", value=audition.model, remedy="Take the starter."
        )
    readers = [r for r in load_open_speech(audition.data) if r.split == "train"][:_READERS]
    unseen = [r for r in recordings if r.split == "test"]
    with tempfile.TemporaryDirectory() as folder:
        ear = _Ear(model, Path(folder))
        actors = together(ear.voices("actors", learnt), ear.voices("sped", at_other_speeds(learnt)))
        quiet = ear.voices("quiet", make_quiet(_QUIET, 0))
        fitted = fit_listener(actors, quiet, ear.voices("readers", readers), settings)
        found = recalls(fitted, ear.voices("unseen", unseen)) if unseen else {}
    network = network_of(model)
    write(fitted, network)
    audition.out.mkdir(parents=True, exist_ok=True)
    _, about = read_tensors(audition.model / "model.safetensors")
    write_tensors(audition.out / "model.safetensors", network.export(), about)
    for name in ("encoder.safetensors", "config.json"):
        shutil.copyfile(audition.model / name, audition.out / name)
    return {EMOTIONS[number]: share for number, share in found.items()}


class _Ear:
    """The front end of a model, and a folder for what it says."""

    def __init__(self, model: Model, folder: Path) -> None:
        self._config, self._folder = model.config, folder
        front = model.config.front_end
        mean, scale = (np.asarray(model.tensors[f"standardise.{n}"]) for n in ("mean", "scale"))
        encoder = Encoder(model.encoder_tensors, front.n_layers)
        self._front_end = FrontEnd(encoder, Standardise(mean, scale), front)

    def voices(self, name: str, recordings: Sequence[Recording]) -> Voices:
        """Moments of `recordings`."""
        plan, front = CopyPlan(copies=1, clean=1, seed=0), self._config.front_end
        extract(recordings, front_end=self._front_end, folder=self._folder, name=name, plan=plan)
        features = FeatureSet.open(self._folder, name, front)
        every = ListenerSettings().every
        return gather(recordings, features, reach=self._config.emotion.reach, every=every)

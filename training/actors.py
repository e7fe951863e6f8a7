"""Feelings heard as a user's own actors play them: the listener of a finished model, fitted anew.

Front end, lips and face stay as they are; only the few numbers are changed that tell feelings.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from emotalk_core.controls import EMOTIONS, emotion_weights
from emotalk_core.engine.frontend import Encoder
from emotalk_core.errors import InputError
from emotalk_core.model.config import write_config
from emotalk_core.model.folder import Model, load_model
from emotalk_core.model.network import Starter
from emotalk_core.model.tensors import read_tensors, write_tensors
from emotalk_core.rows import Form, csv_rows, read_text

from .datasets import SPLITS, Recording, load_open_speech, make_quiet
from .features import CopyPlan, FeatureSet, FrontEnd, Standardise, extract
from .folders import copy_unchanged, ready_folder
from .listener import ListenerSettings, Voices, fit_listener, gather, recalls, together, write
from .retold import at_other_speeds

__all__ = ["Audition", "hear_actors", "load_actors"]

_LIST: Final = Form("list of actors", ("file", "emotion"), "file,emotion,speaker,split")
_READERS, _FEWEST, _QUIET = 150, 3, 120  # clips


@dataclass(frozen=True)
class Audition:
    """Whom to listen to, with what, and where to."""

    actors: Path  # folder with index.csv
    data: Path  # folder with open_speech: how people sound who do not act
    model: Path  # model folder to start from
    out: Path  # model folder to write


def load_actors(folder: Path) -> list[Recording]:
    """Recordings of `folder/index.csv`: columns `file`, `emotion` (one of the eight) and, where
    known, `speaker` (or `actor`) and `split` (train, dev, test); test clips are not learnt from.

    Raises
    ------
    InputError
        No index, a column missing, a sound that cannot be read or is empty, an emotion or split
        that there is not, a file twice.
    """
    index = folder / "index.csv"
    rows = csv_rows(read_text(index, _LIST.what), _LIST)
    found = [_recording(folder, row, f"{index}, line {n}") for n, row in enumerate(rows, 2)]
    _refuse_twice(index, [r.name.removeprefix("actors/") for r in found])
    return found


def _refuse_twice(index: Path, files: Sequence[str]) -> None:
    """A clip of two feelings teaches neither; one of two splits is judged by what it taught."""
    first: dict[str, int] = {}
    for number, file in enumerate(files, 2):
        if first.setdefault(file, number) != number:
            raise InputError(
                "Listed twice",
                value=f"{index}, lines {first[file]} and {number}: {file}",
                remedy="Keep one row of each clip.",
            )


def _recording(folder: Path, row: dict[str, str], where: str) -> Recording:
    file, emotion = row.get("file", ""), row.get("emotion", "")
    split = row.get("split") or "train"
    for name, value, known in (("emotion", emotion, EMOTIONS), ("split", split, SPLITS)):
        if value not in known:
            raise InputError(
                f"No such {name}", value=f"{where}: {value}", remedy=f"Use {', '.join(known)}."
            )
    source = folder / file
    try:
        n_samples = soundfile.info(source).frames
    except (OSError, soundfile.LibsndfileError) as error:
        raise InputError(
            "Not a sound that can be read", value=source, remedy=f"See {where}; use wav or flac."
        ) from error
    if n_samples == 0:
        raise InputError("A sound of no length", value=source, remedy=f"See {where}; leave it out.")
    return Recording(
        name=f"actors/{file}",
        source=source,
        speaker=row.get("speaker") or row.get("actor") or file,  # unnamed: nobody else
        split=split,
        emotion=emotion_weights({emotion: 1.0}),
    )


def hear_actors(audition: Audition, settings: ListenerSettings) -> dict[str, float]:
    """Write a model folder that hears what its actors play; recall by emotion on their test split.

    Raises
    ------
    InputError
        As `load_actors`; nobody to learn from; no readers; a model of another kind; something else
        lies where the model should.
    """
    recordings = load_actors(audition.actors)
    learnt = [r for r in recordings if r.split != "test"]
    unseen = [r for r in recordings if r.split == "test"]
    model = _checked(audition, learnt)
    readers = _readers(audition.data)
    ready_folder(audition.out)
    with tempfile.TemporaryDirectory() as folder:
        ear = _Ear(model, Path(folder), settings)
        actors = together(ear.voices("actors", learnt), ear.voices("sped", at_other_speeds(learnt)))
        quiet = ear.voices("quiet", make_quiet(_QUIET, 0))
        fitted = fit_listener(actors, quiet, ear.voices("readers", readers), settings)
        found = recalls(fitted, ear.voices("unseen", unseen)) if unseen else {}
    network = Starter.from_tensors(model.config, model.tensors)
    write(fitted, network)
    _, about = read_tensors(audition.model / "model.safetensors")
    about["name"] = audition.out.name
    about["listener"] = f"fitted to {len(learnt)} clips of {audition.actors.name}"
    copy_unchanged(audition.model, audition.out)
    write_tensors(audition.out / "model.safetensors", network.export(), about)
    emotion = replace(model.config.emotion, usual=fitted.usual)
    config = replace(model.config, name=audition.out.name, emotion=emotion)
    write_config(config, audition.out / "config.json")
    return {EMOTIONS[number]: share for number, share in found.items()}


def _checked(audition: Audition, learnt: Sequence[Recording]) -> Model:
    """The model to start from, when everything else is in order too."""
    if not learnt:
        raise InputError(
            "Nobody to learn from", value=audition.actors, remedy="Give clips of another split."
        )
    if audition.out.exists() and (audition.out.is_file() or any(audition.out.iterdir())):
        raise InputError(
            "Something lies there already", value=audition.out, remedy="Give a new --out."
        )
    model = load_model(audition.model)
    if model.config.kind != "starter":
        raise InputError(
            "This model has no listener to fit", value=audition.model, remedy="Take the starter."
        )
    return model


def _readers(data: Path) -> list[Recording]:
    """People who read and do not act, drawn once and for all."""
    if not (data / "open_speech").is_dir():
        raise InputError("No recordings", value=data, remedy="Give --data DIR with open_speech.")
    found = sorted(
        (r for r in load_open_speech(data) if r.split == "train"), key=lambda reader: reader.seed
    )
    if len(found) < _FEWEST:
        raise InputError(
            "Too few readers", value=len(found), remedy=f"open_speech needs {_FEWEST} train clips."
        )
    return found[:_READERS]


class _Ear:
    """The front end of a model, and a folder for what it says."""

    def __init__(self, model: Model, folder: Path, settings: ListenerSettings) -> None:
        self._config, self._folder, self._settings = model.config, folder, settings
        front = model.config.front_end
        mean, scale = (np.asarray(model.tensors[f"standardise.{n}"]) for n in ("mean", "scale"))
        encoder = Encoder(model.encoder_tensors, front.n_layers)
        self._front_end = FrontEnd(encoder, Standardise(mean, scale), front)

    def voices(self, name: str, recordings: Sequence[Recording]) -> Voices:
        """Moments of `recordings`."""
        plan, front = CopyPlan(copies=1, clean=1, seed=0), self._config.front_end
        extract(recordings, front_end=self._front_end, folder=self._folder, name=name, plan=plan)
        features = FeatureSet.open(self._folder, name, front)
        reach = self._config.emotion.reach
        return gather(recordings, features, self._settings, reach=reach)

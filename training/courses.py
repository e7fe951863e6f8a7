"""What lips are taught from and how: features of every set, clips of it, courses that end in a
mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from emotalk_core.engine.frontend import Encoder
from emotalk_core.model.config import FrontEndConfig
from emotalk_core.model.tensors import read_tensors

from .batches import Clips
from .checkpoints import read_state
from .config import Course, SetShares
from .features import CopyPlan, FrontEnd, Standardise, estimate_standardise, extract
from .sets import SETS
from .trainer import PartsOf, Pupil, TrainSettings, train
from .work import Work, made

__all__ = ["Weights", "extract_sets", "lip_clips", "lip_sets", "take_course", "weights_in"]

Weights = Mapping[str, torch.Tensor]

_MODULE: Final = "module."  # how torch's averaging names what it averages
_WARMUP, _AVERAGE = 30, 0.99  # of later courses, which are short


def lip_sets(work: Work, shares: SetShares) -> dict[str, float]:
    """How often each set that there is is drawn."""
    return {n: s for n, s in asdict(shares).items() if s > 0.0 and n in work.sets}


def lip_clips(work: Work, features: Path, shares: SetShares) -> tuple[Clips, Clips]:
    """Everything that lips learn from, to train on and to measure by (dev), with its features in
    the folder `features`.

    Raises
    ------
    SetupError
        A set has no features yet.
    """
    sets = [
        (recordings, work.feature_set(made(features / f"{n}.npz", "features").stem, features), s)
        for n, s in lip_sets(work, shares).items()
        if (recordings := work.recordings(n))
    ]

    def clips(split: str) -> Clips:
        own = [([r for r in rs if r.split == split], f, s) for rs, f, s in sets]
        return Clips(own, n_styles=work.model_config.n_styles)

    return clips("train"), clips("dev")


def extract_sets(work: Work, encoder_file: Path, folder: Path, names: Sequence[str]) -> None:
    """Features of the sets `names` through an encoder, but of empty ones; what is there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    front = work.model_config.front_end
    encoder = Encoder(read_tensors(encoder_file)[0], front.n_layers)
    front_end = FrontEnd(encoder, _standardise(work, encoder, front), front)
    for number, name in enumerate(SETS):
        if name not in names or name not in work.sets or (folder / f"{name}.npz").is_file():
            continue
        if recordings := work.recordings(name):
            plan = CopyPlan(
                copies=getattr(work.config.features, name),
                clean=SETS[name].clean_copies,
                seed=work.config.seed + number,
            )
            extract(recordings, front_end=front_end, folder=folder, name=name, plan=plan)


def _standardise(work: Work, encoder: Encoder, front: FrontEndConfig) -> Standardise:
    path = work.features / "standardise.npz"
    if not path.is_file():
        chosen = [r for r in work.recordings("open_speech") if r.split == "train"][:200]
        found = estimate_standardise(chosen, encoder, front, work.config.seed)
        np.savez(path, mean=found.mean, scale=found.scale)
    stored = np.load(path)
    return Standardise(stored["mean"], stored["scale"])


def take_course(  # noqa: PLR0913 - who, from what, how, and where to
    pupil: Pupil,
    kept: Weights,
    clips: tuple[Clips, Clips],
    *,
    course: Course,
    parts_of: PartsOf,
    settings: TrainSettings,
    folder: Path,
    seed: tuple[int, ...],
) -> Weights:
    """The mean of the weights `kept` and of what `course` makes of them.

    `clips` are for training and for measuring; `settings` those of the first course.
    """
    if not course.steps:
        return kept
    pupil.load_state_dict(kept)
    paced = replace(
        settings,
        steps=course.steps,
        learning_rate=course.learning_rate,
        last_layer_rate=settings.last_layer_rate / 2,
        warmup=_WARMUP,
        average=_AVERAGE,
    )
    folder.mkdir(parents=True, exist_ok=True)
    train(pupil, clips, paced, parts_of, folder, seed=seed)
    taught = weights_in(folder / "best.pt")
    return {n: torch.lerp(kept[n], taught[n], course.share) for n in kept}


def weights_in(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The averaged weights of a checkpoint."""
    averaged = read_state(checkpoint)["averaged"]
    return {n.removeprefix(_MODULE): v for n, v in averaged.items() if n.startswith(_MODULE)}

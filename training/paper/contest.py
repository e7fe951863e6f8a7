"""The runs behind the table: EmoTalk, its four ablations and three baselines, each with some seeds,
on the same takes and features, for the same number of steps.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..features import FrontEnd
from ..folders import held, ready_folder
from ..synthesis.parallel import ParallelPlan, make_parallel_shards
from .run_folder import explain
from .settings import PaperRun, read_run
from .steps import train
from .store import Store, front_end_key

__all__ = [
    "FACES",
    "PARALLEL",
    "VARIANTS",
    "Contest",
    "make_parallel_sets",
    "run_contest",
]

log = logging.getLogger(__name__)

FACES: Final = 12
"""Persons of the parallel set; its voices share them."""

# Those of the first fifty whose engine's voice is none of the held-out ones.
_TRAIN_VOICES: Final = (
    *range(13), 14, 16, 19, 21, 23, 24, 25, 26, 29, 30, 31, 32, 33, 37, 38, 40, 41,
)  # fmt: skip
PARALLEL: Final[Mapping[str, ParallelPlan]] = {
    # Many voices with four sentences each: twelve voices with ten each were known by heart, and
    # feelings in a new voice not heard (cross-entropy 1.5 on them, 2.0 on new ones; chance 2.1).
    "train": ParallelPlan(1, _TRAIN_VOICES, (*range(10), *range(20, 50)), each=4),
    "dev": ParallelPlan(1, (13, 15), (10, 11, 12)),
    "test": ParallelPlan(1, (17, 18, 22, 28), (14, 15, 16, 17)),
}

VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "emotalk": (),
    "faceformer": ("network=faceformer", "pace.precision=fp32"),
    "meshtalk": ("network=meshtalk",),
    "voca": ("network=voca", "pace.precision=fp32"),
    "no-disentangling": ("sizes.disentangle=false",),
    "no-guidance": ("sizes.guided=false",),
    "no-classification": ("losses.classification=0",),
    "no-velocity": ("losses.velocity=0",),
}
"""Name in the table -> changes to the contest's settings."""


def make_parallel_sets(folder: Path) -> None:
    """Synthesise the three sets where they are not there."""
    for split, plan in PARALLEL.items():
        make_parallel_shards(
            folder / split, plan, lambda done, what: log.info("%3.0f %% %s", 100 * done, what)
        )


@dataclass(frozen=True)
class Contest:
    """The runs behind one table: where they lie, and how they are trained."""

    runs: Path  # gets a folder for each run
    config: Path
    seeds: tuple[int, ...]
    changes: tuple[str, ...] = ()  # to the config, as `group.field=value`

    def folder(self, variant: str, seed: int) -> Path:
        """Where a run lies."""
        return self.runs / f"{variant}-{seed}"

    def settings(self, variant: str, seed: int) -> PaperRun:
        """How a run is trained.

        Raises
        ------
        InputError
            As `read_run`.
        """
        run = read_run(self.config, [*self.changes, *VARIANTS[variant], f"seed={seed}"])
        return replace(run, name=variant)


def run_contest(contest: Contest, store: Store, front_end: FrontEnd) -> None:
    """Train what is not trained yet: all variants with the first seed, then with the next.

    Raises
    ------
    InputError
        A run that is there was trained with other settings, or on other takes, or is being trained
        by somebody else.
    """
    for seed in contest.seeds:
        for variant in VARIANTS:
            path, run = contest.folder(variant, seed), contest.settings(variant, seed)
            if (path / "network.pt").is_file():
                explain(path, run, store.takes, front_end_key(front_end))
                continue
            ready_folder(path)
            started, cpu = time.monotonic(), time.process_time()
            with held(path):
                train(run, store, path, front_end)
            took = time.monotonic() - started, time.process_time() - cpu
            log.info("%s: %.0f s, %.0f of them on the processor", path.name, *took)
            (path / "took.txt").write_text(f"wall {took[0]:.1f} s, processor {took[1]:.1f} s\n")

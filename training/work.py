"""Where a run's parts lie, and the recordings that it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from emotalk_core.errors import SetupError
from emotalk_core.model.config import ModelConfig
from emotalk_core.model.folder import starter_folder

from .config import RunConfig
from .cremad import load_cremad
from .datasets import (
    Recording,
    load_emodb,
    load_facegood,
    load_german,
    load_grid,
    load_open_speech,
    load_synth,
    load_voices,
    make_quiet,
)
from .features import FeatureSet
from .retold import acted_by_rule, at_other_speeds, in_other_voices

__all__ = ["SETS", "Work", "made"]

SETS: Final = (
    "open_speech", "read", "grid", "facegood", "synth", "kokoro", "quiet", "emodb", "german",
    "german_voiced", "sped", "voiced", "acted", "cremad",
)  # fmt: skip


def made(path: Path, step: str) -> Path:
    """A file that an earlier step leaves."""
    if not path.is_file():
        raise SetupError(
            "An earlier step has not been run", value=path, remedy=f"Run `{step}` first."
        )
    return path


@dataclass(frozen=True)
class Work:
    """Where a run's parts lie."""

    config: RunConfig
    data: Path  # recordings, read only
    folder: Path  # everything made on the way
    shipped_front_end: bool = False  # take the encoder that ships in place of distilling it anew

    @property
    def encoder(self) -> Path:
        """The front end as distilled and steadied: lips are trained on it."""
        own = self.folder / "front_end" / "encoder.safetensors"
        return starter_folder() / "encoder.safetensors" if self.shipped_front_end else own

    @property
    def sets(self) -> list[str]:
        """What has features: neural voices where the config asks for them, German and CREMA-D where
        they are.
        """
        missing = set() if self.config.synthesis.kokoro_minutes > 0 else {"kokoro"}
        if not self.told.is_file():
            missing |= {"german", "german_voiced"}
        if not (self.data / "cremad").is_dir():
            missing.add("cremad")
        return [name for name in SETS if name not in missing]

    @property
    def synth(self) -> Path:
        """Shards of synthesised speech."""
        return self.folder / "synth"

    @property
    def kokoro(self) -> Path:
        """Shards of speech by neural voices."""
        return self.folder / "kokoro"

    @property
    def aligned(self) -> Path:
        """Phones of recordings that came without."""
        return self.folder / "aligned.csv"

    @property
    def told(self) -> Path:
        """Phones of recordings whose text is known."""
        return self.folder / "told.csv"

    @property
    def features(self) -> Path:
        """Hidden states."""
        return self.folder / "features"

    @property
    def run(self) -> Path:
        """Checkpoints, curves and what explains them."""
        return self.folder / "run"

    @property
    def model_config(self) -> ModelConfig:
        """Sizes of the network that is trained."""
        return ModelConfig(name=self.config.name, version=self.config.version)

    def recordings(self, name: str) -> list[Recording]:
        """A set without its test split."""
        sizes = self.config.features
        if name == "quiet":
            return make_quiet(sizes.quiet_clips, self.config.seed)
        load = {
            "synth": lambda: load_synth(self.synth, "synth"),
            "kokoro": lambda: load_synth(self.kokoro, "kokoro"),
            "emodb": lambda: load_emodb(self.data),
            "cremad": lambda: load_cremad(self.data),
            "sped": lambda: at_other_speeds(self.recordings("emodb")),
            "voiced": lambda: in_other_voices(self.recordings("emodb")),
            "acted": lambda: acted_by_rule(
                [r for r in self.recordings("open_speech") if r.split == "train"],
                sizes.acting_readers,
            ),
            "german": lambda: _german(self.data, self.told),
            "german_voiced": lambda: _voiced(self.data, self.told),
            "grid": lambda: load_grid(self.data),
            "facegood": lambda: load_facegood(self.data),
            "voices": lambda: load_voices(self.data),
        }.get(name, lambda: self._read_aloud(name))
        return [r for r in load() if r.split != "test"]

    def _read_aloud(self, name: str) -> list[Recording]:
        """Open speech by what is known of it: phones that came with it, phones found, nothing."""
        given = {r.name: r for r in load_open_speech(self.data)}
        found = load_open_speech(self.data, self.aligned)
        chosen = {
            "open_speech": [r for r in found if given[r.name].phones],
            "read": [r for r in found if r.phones and not given[r.name].phones],
            "plain": [r for r in found if not r.phones],
        }[name]
        return chosen[: self.config.features.plain_clips] if name == "plain" else chosen

    @property
    def trained(self) -> Path:
        """A model folder: lips as trained, before they hear in noise."""
        return self.folder / "trained"

    @property
    def heard(self) -> Path:
        """The same after the lesson in noise, with features of its own for what comes after."""
        return self.folder / "heard"

    @property
    def finished(self) -> Path:
        """The same with the last courses of its phones and its decoder."""
        return self.folder / "finished"

    @property
    def model(self) -> Path:
        """The model folder that comes of it."""
        return self.folder / "model"

    def feature_set(self, name: str, folder: Path | None = None) -> FeatureSet:
        """Extracted features of a set."""
        return FeatureSet.open(folder or self.features, name, self.model_config.front_end)


def _german(data: Path, told: Path) -> list[Recording]:
    return [r for r in load_german(data, told) if r.phones]


@cache
def _voiced(data: Path, told: Path) -> list[Recording]:
    """Kept, because a core speaks a minute again in ten seconds."""
    return in_other_voices(_german(data, told), copies=1)

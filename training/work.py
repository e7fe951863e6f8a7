"""Where a run's parts lie, and the recordings that it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emotalk_core.errors import SetupError
from emotalk_core.model.config import ModelConfig
from emotalk_core.model.folder import starter_folder

from .config import RunConfig
from .datasets import Recording
from .features import FeatureSet
from .sets import SETS

__all__ = ["Work", "made"]


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
        """What has features, of the sets that are there and wanted."""
        return [name for name, one in SETS.items() if one.has_features and one.is_wanted(self)]

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
        return [r for r in SETS[name].read(self) if r.split != "test"]

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

    def feature_set(self, name: str, folder: Path) -> FeatureSet:
        """Extracted features of a set."""
        return FeatureSet.open(folder, name, self.model_config.front_end)

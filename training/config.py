"""A training run's settings: one toml file, every field checked by name."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from emotalk_core.errors import InputError

from .hearing import HearingSettings
from .listener import ListenerSettings
from .losses import LossWeights
from .trainer import TrainSettings

__all__ = [
    "Course",
    "FeatureSettings",
    "HeardShares",
    "RunConfig",
    "SetShares",
    "SynthesisSettings",
    "built",
    "read_run_config",
    "read_toml",
]


T = TypeVar("T")


@dataclass(frozen=True)
class SynthesisSettings:
    """How much speech is made by code."""

    minutes: int = 60
    kokoro_minutes: int = 0  # by neural voices; a core makes about a minute in a minute


@dataclass(frozen=True)
class FeatureSettings:
    """Copies of each set, and sizes of the sets that are made or cut."""

    open_speech: int = 3
    read: int = 3
    grid: int = 2
    facegood: int = 3
    synth: int = 1
    kokoro: int = 1
    emodb: int = 3
    sped: int = 1  # EMO-DB at other speeds
    voiced: int = 1  # EMO-DB in other voices
    cremad: int = 1
    german: int = 2
    german_voiced: int = 1  # the same in other voices
    acted: int = 1  # readers who act by rule
    quiet: int = 2
    quiet_clips: int = 120
    acting_readers: int = 90
    german_clips: int = 800
    plain_clips: int = 160


@dataclass(frozen=True)
class SetShares:
    """How often a set is drawn in training lips."""

    open_speech: float = 1.0
    read: float = 0.6
    grid: float = 0.35
    facegood: float = 0.2
    synth: float = 0.5
    kokoro: float = 0.0
    german: float = 0.0
    german_voiced: float = 0.0
    quiet: float = 0.12


@dataclass(frozen=True)
class HeardShares:
    """How often a set is drawn in the lesson in noise; `voices` where there are some."""

    open_speech: float = 1.0
    read: float = 0.5
    grid: float = 0.4
    facegood: float = 0.15
    synth: float = 0.4
    emodb: float = 0.55
    plain: float = 0.2
    voices: float = 0.7
    quiet: float = 0.15


@dataclass(frozen=True)
class Course:
    """A later stretch of training, from the weights so far; what stays is a mean of both.

    Means of neighbouring runs are often better than either (Wortsman et al., "Model soups", 2022).
    """

    steps: int = 0  # none
    learning_rate: float = 5e-4
    share: float = 0.5  # of this course's weights in the mean
    losses: LossWeights = field(default_factory=LossWeights)


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run, besides the data."""

    name: str = "starter"
    version: str = "1"
    seed: int = 1
    synthesis: SynthesisSettings = field(default_factory=SynthesisSettings)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    shares: SetShares = field(default_factory=SetShares)
    face: TrainSettings = field(default_factory=TrainSettings)
    losses: LossWeights = field(default_factory=LossWeights)
    second: Course = field(default_factory=Course)
    third: Course = field(default_factory=Course)
    hearing: HearingSettings = field(default_factory=HearingSettings)
    heard_shares: HeardShares = field(default_factory=HeardShares)
    naming: Course = field(default_factory=Course)
    naming_shares: SetShares = field(default_factory=lambda: SetShares(synth=0.3, kokoro=1.4))
    drawing: Course = field(default_factory=Course)
    listener: ListenerSettings = field(default_factory=ListenerSettings)


def read_run_config(path: Path) -> RunConfig:
    """Settings from a toml file; what it leaves out has its default.

    Raises
    ------
    InputError
        The file is missing or no toml; a field or type that there is not; a number below 0.
    """
    config = built(RunConfig(), read_toml(path), "")
    _check_numbers(config)
    return config


def read_toml(path: Path) -> dict[str, Any]:
    """What stands in a run config; InputError when it cannot be read or is no toml."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "Run config cannot be read", value=path, remedy=f"{error.strerror}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("Run config is no toml", value=path, remedy=f"{error}.") from error


def built(default: T, given: Mapping[str, Any], where: str) -> T:
    """`default` with what a toml table says in its place; InputError names what does not fit."""
    assert is_dataclass(default)
    known = {f.name: getattr(default, f.name) for f in fields(default)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise InputError(
                "No such setting", value=where + name, remedy=f"Use {', '.join(known)}."
            )
        values[name] = _fitting(known[name], value, where + name)
    return type(default)(**(known | values))


def _fitting(default: Any, value: Any, name: str) -> Any:
    """`value` as a setting whose kind is that of `default`."""
    if is_dataclass(default):
        if isinstance(value, Mapping):
            return built(default, value, f"{name}.")
        inner = ", ".join(f.name for f in fields(default))
        remedy = f"{name} is a group: write {name}.FIELD=VALUE with one of {inner}."
    elif isinstance(value, Mapping):
        remedy = f"{name} has no fields: write {name}=VALUE."
    elif type(value) is type(default):
        return value
    elif isinstance(default, float) and type(value) is int:
        return float(value)
    elif isinstance(default, tuple) and isinstance(value, list) and _are_numbers(value):
        return tuple(float(number) for number in value)
    else:
        remedy = f"Give it like {default!r}."
    raise InputError("Wrong kind of setting", value=f"{name} = {value!r}", remedy=remedy)


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(type(value) in (int, float) for value in values)


def _check_numbers(settings: object, where: str = "") -> None:
    """Nothing is negative, endless or no number."""
    assert is_dataclass(settings)
    for part in fields(settings):
        value, name = getattr(settings, part.name), where + part.name
        if is_dataclass(value):
            _check_numbers(value, f"{name}.")
        elif isinstance(value, (int, float)) and not 0 <= value < math.inf:
            raise InputError(
                "Setting out of range", value=f"{name} = {value}", remedy="Give it 0 or more."
            )

"""A run's settings: one toml file, every field checked by name, and changes to it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from emotalk_core.errors import InputError

from ..config import read_toml
from .batches import Alignment
from .emotalk import EmoTalkSizes, PaperLosses
from .full_size import Encoders

__all__ = ["Pace", "PaperRun", "Precision", "differences", "read_run"]

Precision = Literal["fp32", "bf16"]
T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """Length, speed and machinery of a run; defaults: the paper's where it states them."""

    steps: int = 80_000
    pairs: int = 4  # of takes a step and process: 8 sounds
    learning_rate: float = 1e-4
    warmup: int = 0
    decay: bool = False  # the rate falls to a hundredth along half a cosine
    clip: float = 1.0  # largest norm of the gradient
    dropout: bool = True  # off: the network is in evaluation mode throughout
    precision: Precision = "fp32"
    device: str = "auto"
    report_every: int = 50
    check_every: int = 500  # steps between measurements on the dev takes
    save_every: int = 500
    sample_every: int = 1000  # steps between pictures of a dev take; 0 none
    tensorboard: bool = False


@dataclass(frozen=True)
class PaperRun:
    """Everything that decides a run, besides the takes."""

    name: str = "emotalk"
    network: str = "emotalk"  # or emotalk-full, starter, faceformer, meshtalk, voca
    seed: int = 1
    persons: int = 24
    align: Alignment = "dtw"
    sizes: EmoTalkSizes = field(default_factory=EmoTalkSizes)
    losses: PaperLosses = field(default_factory=PaperLosses)
    encoders: Encoders = field(default_factory=Encoders)  # of emotalk-full
    pace: Pace = field(default_factory=Pace)


_MACHINERY = {"device", "report_every", "check_every", "save_every", "sample_every", "tensorboard"}
"""Fields of `Pace` that change nothing about what is learned."""


def read_run(path: Path | None, changes: Sequence[str] = ()) -> PaperRun:
    """Settings from a toml file, then from `group.field=value` texts; what is left out is default.

    Raises
    ------
    InputError
        No toml, or a field or a type that there is not.
    """
    given = {} if path is None else read_toml(path)
    for change in changes:
        _change(given, change)
    run = _built(PaperRun(), given, "")
    for name, value, choices in (
        ("align", run.align, get_args(Alignment)),
        ("pace.precision", run.pace.precision, get_args(Precision)),
    ):
        if value not in choices:
            raise InputError(
                "No such choice", value=f"{name} = {value}", remedy=f"Use {' or '.join(choices)}."
            )
    return run


def differences(run: PaperRun, stored: Mapping[str, Any]) -> list[str]:
    """Settings that decide what is learned and are not as in a stored run: `name was 1, is 2`."""
    now, then = _flat(asdict(run)), _flat(stored)
    names = [n for n in now | then if n.removeprefix("pace.") not in _MACHINERY]
    return [
        f"{n} was {then.get(n)!r}, is {now.get(n)!r}" for n in names if now.get(n) != then.get(n)
    ]


def _flat(table: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{where}{name}.")
        else:
            flat[where + name] = value
    return flat


def _change(given: dict[str, Any], change: str) -> None:
    name, equals, text = change.partition("=")
    if not equals:
        raise InputError("Not a setting", value=change, remedy="Write it as pace.steps=1000.")
    *groups, last = name.split(".")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    for group in groups:
        given = given.setdefault(group, {})
    given[last] = value


def _built(default: T, given: Mapping[str, Any], where: str) -> T:
    assert is_dataclass(default)
    known = {f.name: getattr(default, f.name) for f in fields(default)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise InputError(
                "No such setting", value=where + name, remedy=f"Use {', '.join(known)}."
            )
        if is_dataclass(known[name]) and isinstance(value, Mapping):
            values[name] = _built(known[name], value, f"{where}{name}.")
        elif type(value) is type(known[name]):
            values[name] = value
        elif isinstance(known[name], float) and type(value) is int:
            values[name] = float(value)
        else:
            raise InputError(
                "Wrong kind of setting",
                value=f"{where}{name} = {value!r}",
                remedy=f"Give it like {known[name]!r}.",
            )
    return type(default)(**(known | values))

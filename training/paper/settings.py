"""A run's settings: one toml file, every field checked by name, and changes to it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from emotalk_core.errors import InputError

from ..config import built, read_toml
from .batches import Alignment
from .emotalk import EmoTalkSizes, PaperLosses
from .full_size import Encoders

__all__ = ["Kept", "Network", "Pace", "PaperRun", "Precision", "differences", "read_run"]

Network = Literal["emotalk", "emotalk-full", "starter", "faceformer", "meshtalk", "voca"]
Precision = Literal["fp32", "bf16"]
Kept = Literal["last", "best"]


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
    keep: Kept = "last"  # of which step the numbers are; best: lowest on the dev takes
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
    network: Network = "emotalk"
    seed: int = 1
    persons: int = 24
    align: Alignment = "dtw"
    sizes: EmoTalkSizes = field(default_factory=EmoTalkSizes)
    losses: PaperLosses = field(default_factory=PaperLosses)
    encoders: Encoders = field(default_factory=Encoders)  # of emotalk-full
    pace: Pace = field(default_factory=Pace)


_MAY_BE_NONE: Final = {"seed", "pace.warmup", "pace.sample_every"}
"""Whole numbers that may be 0."""
_MOST: Final = 2**63  # torch takes no larger seed
_MOST_WIDE: Final = 2**16
"""Of what takes memory with its number: persons, pairs at once, widths of layers."""
_MACHINERY = {"device", "report_every", "check_every", "save_every", "sample_every", "tensorboard"}
"""Fields of `Pace` that change nothing about what is learned."""


def read_run(path: Path | None, changes: Sequence[str] = ()) -> PaperRun:
    """Settings from a toml file, then from `group.field=value` texts; what is left out is default.

    Raises
    ------
    InputError
        No toml; a field, type or choice that there is not; a number out of its range.
    """
    run = PaperRun() if path is None else built(PaperRun(), read_toml(path), "")
    for change in changes:
        run = built(run, _tables(change), "")
    _check_choices(run)
    _check_numbers(run)
    return run


def _check_choices(run: PaperRun) -> None:
    if run.name in {"", ".."} or Path(run.name).name != run.name:
        raise InputError(
            "Not a name for a run", value=f"name = {run.name}", remedy="It names a folder: studio."
        )
    for name, value, choices in (
        ("network", run.network, get_args(Network)),
        ("align", run.align, get_args(Alignment)),
        ("pace.precision", run.pace.precision, get_args(Precision)),
        ("pace.keep", run.pace.keep, get_args(Kept)),
    ):
        if value not in choices:
            raise InputError(
                f"No such {name.removeprefix('pace.')}",
                value=f"{name} = {value}",
                remedy=f"Use {', '.join(choices)}.",
            )


def _check_numbers(run: PaperRun) -> None:
    """Nothing is negative or endless, and what is counted or divided by is there."""
    for name, value in _flat(asdict(run)).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        takes_memory = name in ("persons", "pace.pairs") or name.startswith("sizes.")
        most = math.inf if isinstance(value, float) else _MOST_WIDE if takes_memory else _MOST
        least, remedy = 0.0, "Give it 0 or more."
        if name == "pace.learning_rate":
            least, remedy = math.ulp(0.0), "Give it more than 0, as 1e-4."
        elif isinstance(value, int) and name not in _MAY_BE_NONE:
            least, remedy = 1, "Give it 1 or more."
        if value >= most:
            remedy = f"Give it less than {most}."
        if not least <= value < most:  # as NaN is not
            raise InputError("Setting out of range", value=f"{name} = {value}", remedy=remedy)


def differences(run: PaperRun, stored: Mapping[str, Any]) -> list[str]:
    """Settings that decide what is learned and are not as in a stored run: `name was 1, is 2`."""
    now, then = _flat(asdict(run)), _flat(asdict(PaperRun())) | _flat(stored)
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


def _tables(change: str) -> dict[str, Any]:
    """What a toml file would hold for `group.field=value`."""
    name, equals, text = change.partition("=")
    if not equals:
        raise InputError("Not a setting", value=change, remedy="Write it as pace.steps=1000.")
    *groups, last = name.split(".")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    tables = {last: value}
    for group in reversed(groups):
        tables = {group: tables}
    return tables

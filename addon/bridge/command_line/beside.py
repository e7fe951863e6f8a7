"""Files beside the sounds of a cast: what is felt and said in its takes, as in a batch's shots."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from ....emotalk_core.cli.felt_table import read_feelings
from ....emotalk_core.cli.options import control_files
from ....emotalk_core.cli.tables import TABLES, tables_beside
from ....emotalk_core.cli.texts import find_texts, read_words, said_or_heard
from ....emotalk_core.controls import ControlTrack
from ....emotalk_core.errors import InputError
from ....emotalk_core.progress import Progress
from ....emotalk_core.speech.phone_files import read_phones
from ....emotalk_core.speech.phones import Phone
from ..asked import phones
from ..asked.prepared import Prepared
from ..jobs.session import SESSION
from ..jobs.work import Outcome, Request, animate
from ..sounds.sound import Heard
from ..take import takes
from ..take.several import Made
from . import by_flags

__all__ = ["Beside"]

_T = TypeVar("_T")


class Beside:
    """What lies beside the sounds of some takes, and what of it was obeyed."""

    def __init__(self, prepared: Sequence[Prepared], arguments: argparse.Namespace) -> None:
        """Look for it; says beside how many sounds there are texts.

        Raises
        ------
        InputError
            --texts finds none, has no such --language, or the model goes by none.
        SetupError
            --texts, and espeak-ng is not installed.
        """
        self._arguments = arguments
        sounds = [*dict.fromkeys(one.request.heard.file for one in prepared)]
        self._texts = find_texts(sounds, arguments)
        if self._texts:
            phones.ensure_obeyed()
        self.files = [file for sound in sounds for file in control_files(vars(self._flags(sound)))]
        self._obeyed: dict[Prepared, tuple[ControlTrack, argparse.Namespace]] = {}

    def work(self, prepared: Prepared) -> Callable[[Progress], Outcome]:
        """What makes a take in the light of its files; in the main thread."""
        return partial(self._animate, prepared)

    def record(self, made: Made) -> None:
        """Let a take's sliders say what its keys show."""
        asked, flags = self._obeyed[made.prepared]
        take = takes.take_of(takes.scene_of(made.prepared), made.uid)
        by_flags.record(take, asked, flags, made.prepared.request.heard)

    def _animate(self, prepared: Prepared, progress: Progress) -> Outcome:
        request = prepared.request
        flags, left_out = _on_clock(self._flags(request.heard.file), request.heard)
        flags, kept = _beside_own(flags, request, is_new=not prepared.uid)

        def make(flags: argparse.Namespace) -> Outcome:
            asked = _asked(flags, request)
            if asked.phones:
                phones.ensure_obeyed()
            self._obeyed[prepared] = asked, flags
            return animate(by_flags.obeyed(asked, request, flags), SESSION.room, progress)

        outcome, unheard = said_or_heard(make, flags)
        warnings = (*outcome.report.warnings, *filter(None, (unheard, left_out, kept)))
        return replace(outcome, report=replace(outcome.report, warnings=warnings))

    def _flags(self, sound: Path) -> argparse.Namespace:
        """The command's, with those of one sound."""
        own = tables_beside(sound) | {"text_beside": self._texts.get(sound)}
        return argparse.Namespace(**(vars(self._arguments) | own))


def _on_clock(flags: argparse.Namespace, heard: Heard) -> tuple[argparse.Namespace, str]:
    """The same without tables whose seconds are not those of what is heard, and a line on them."""
    tables = [Path(table).name for name in TABLES if (table := getattr(flags, name)) is not None]
    if heard.mixed_from is None or not tables:
        return flags, ""
    without = argparse.Namespace(**(vars(flags) | dict.fromkeys(TABLES)))
    return without, f"{' and '.join(tables)} left out: the strip plays the sound at another speed"


def _beside_own(
    flags: argparse.Namespace, request: Request, *, is_new: bool
) -> tuple[argparse.Namespace, str]:
    """The same without tables in whose place a take that is there has phones or keyed sliders of
    its own, as they may be work by hand; and a line on them, but where it has the same phones.
    """
    own, left_out, told = request.track, dict[str, None](), list[str]()
    if flags.phones is not None and own.phones:
        left_out["phones"] = None
        beside = phones.on_sound(_read(flags.phones, read_phones), request.heard)
        told += [] if _rounded(beside) == _rounded(own.phones) else [flags.phones]
    if flags.feelings is not None and own.keys and not is_new:
        left_out["feelings"] = None
        told.append(flags.feelings)
    names = " and ".join(Path(name).name for name in told)
    line = f"{names} left out: the take keeps what it has of its own (remove that, or the take)"
    return argparse.Namespace(**(vars(flags) | left_out)), line if told else ""


def _rounded(said: Sequence[Phone]) -> list[tuple[float, float, str]]:
    return sorted((round(one.start_s, 4), round(one.end_s, 4), one.symbol) for one in said)


def _asked(flags: argparse.Namespace, request: Request) -> ControlTrack:
    """What the files say."""
    own = request.track
    asked = ControlTrack(own.base)
    if flags.feelings is not None:
        felt = _read(flags.feelings, partial(read_feelings, base=own.base))
        times_s = [second - request.heard.from_s for second in felt.times_s]
        asked = replace(felt, times_s=times_s)
    if flags.phones is not None:
        asked = replace(asked, phones=_read(flags.phones, read_phones))
    return replace(asked, words=read_words(flags))


def _read(table: str, read: Callable[[Path], _T]) -> _T:
    """What a table says; an error tells which it is of many."""
    path = Path(table)
    try:
        return read(path)
    except InputError as error:
        problem = f"{path.name}: {error.problem}"
        raise InputError(problem, value=error.value, remedy=error.remedy) from error

"""`emotalk animate`: sound files to curves."""

from __future__ import annotations

import argparse
import functools
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..atomic_file import ensure_writable
from ..audio import open_sound
from ..cache import EncodingCache
from ..clip_files import FORMATS
from ..controls import ControlTrack
from ..engine import Engine
from ..errors import Cancelled, EmoTalkError, InputError, unexpected
from ..pipeline import animate_to_file
from ..progress import Progress, part_of
from .options import (
    add_control_flags,
    add_engine_flags,
    add_progress_flag,
    add_table_flags,
    add_visemes_flag,
    control_files,
    ensure_fits,
    read_cache,
    read_channel,
    read_engine,
    read_fps,
    read_track,
    refuse_visemes,
)
from .places import ensure_places, refuse_overwriting, shared_places
from .progress import progress_for
from .reports import with_sound, write_report
from .streams import say, tell
from .tables import TABLES
from .usual import UsualVoices, usual_progress

__all__ = [
    "Job",
    "Outcome",
    "add_command",
    "attempted",
    "print_outcome",
    "run_job",
    "warned",
    "with_faults",
]

_log = logging.getLogger(__name__)


def add_command(commands: Any) -> None:
    """`emotalk animate AUDIO... -o OUT`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "animate", help="sound to curves (npz, csv, json) or drawn mouths (tsv, dat)"
    )
    parser.add_argument("audio", nargs="+", type=Path, metavar="AUDIO", help="sound or film files")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="a file; of several, or with a slash at the end: a folder",
    )
    parser.add_argument("--format", choices=FORMATS, help="of files in a folder (default: csv)")
    add_visemes_flag(parser)
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write what was heard and made as json"
    )
    add_control_flags(parser)
    add_table_flags(parser)
    add_engine_flags(parser)
    add_progress_flag(parser)
    parser.set_defaults(run=_run)


@dataclass(frozen=True)
class Job:
    """One sound and where its curves go."""

    audio: Path
    output: Path
    channel: int | None = None  # the one that speaks, from 1; None: the mean of all
    visemes: bool = False  # the 15 in place of the 52 channels
    fault: EmoTalkError | None = None  # why nobody does it


@dataclass(frozen=True)
class Outcome:
    """What became of a job: a report, or the error in words."""

    job: Job
    report: dict[str, Any] | None
    error: str | None = None
    options: Mapping[str, Any] | None = None  # what was asked for, where jobs differ

    def to_dict(self) -> dict[str, Any]:
        """Plain values for json."""
        plain = {
            "audio": str(self.job.audio),
            "output": str(self.job.output),
            "error": self.error,
            "report": self.report,
        }
        return plain if self.options is None else plain | {"options": dict(self.options)}


def _run(arguments: argparse.Namespace) -> int:
    output = Path(arguments.output)
    is_folder = len(arguments.audio) > 1 or _names_folder(arguments.output)
    jobs = _jobs(arguments.audio, output, arguments.format, is_folder=is_folder)
    _refuse_own_input(jobs, arguments.report, control_files(vars(arguments)))
    _refuse_shared_tables(jobs, vars(arguments))
    track, fps, channel = read_track(arguments), read_fps(arguments), read_channel(arguments)
    engine, cache = read_engine(arguments), read_cache(arguments)
    ensure_fits(track, engine.config)
    if is_folder and arguments.visemes:
        refuse_visemes(job.output for job in jobs)
    if is_folder:
        ensure_places(output, arguments.report)
    elif arguments.report is not None:
        ensure_writable(arguments.report)
    outcomes = []
    asked = {"channel": channel, "visemes": arguments.visemes}
    track = UsualVoices(engine, cache).told(track, arguments.usual, usual_progress(arguments))
    for job in (replace(job, **asked) for job in jobs):
        progress = progress_for(arguments.progress, label=job.audio.name if len(jobs) > 1 else "")
        work = functools.partial(run_job, job, track, fps, engine, cache, progress)
        outcome = work() if len(jobs) == 1 else attempted(job, work)
        outcomes.append(outcome)
        print_outcome(outcome)
    if arguments.report is not None:
        write_report(arguments.report, [outcome.to_dict() for outcome in outcomes])
    return 3 if any(o.error for o in outcomes) else 0


def run_job(
    job: Job,
    track: ControlTrack,
    fps: Fraction,
    engine: Engine,
    cache: EncodingCache | None,
    progress: Progress,
) -> Outcome:
    """Animate one sound."""
    sound = open_sound(job.audio, channel=job.channel, progress=part_of(progress, 0.0, 0.1))
    report = animate_to_file(
        sound,
        track,
        job.output,
        engine=engine,
        fps=fps,
        cache=cache,
        visemes=job.visemes,
        progress=part_of(progress, 0.1, 1.0),
    )
    return Outcome(job, report.to_dict())


def attempted(job: Job, work: Callable[[], Outcome]) -> Outcome:
    """What became of one job of several: whatever happens to it, the others have their turn."""
    try:
        if job.fault is not None:
            raise job.fault
        return work()
    except EmoTalkError as error:
        why = str(error)
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 - one of the doors
        _log.exception("This is a bug in EmoTalk, not in your file")
        why = str(unexpected(error))
    return Outcome(job, None, why)


def warned(outcome: Outcome, warning: str) -> Outcome:
    """The same with one more warning, if there is one."""
    if not warning or outcome.report is None:
        return outcome
    warnings = [*outcome.report["warnings"], warning]
    return replace(outcome, report=outcome.report | {"warnings": warnings})


def print_outcome(outcome: Outcome) -> None:
    """One line on stdout for a result; errors and warnings on stderr, each with its sound."""
    sound = outcome.job.audio
    if outcome.report is None:
        tell(f"emotalk: {with_sound(sound, outcome.error or '')}")
        return
    report = outcome.report
    said = f"; {report['said']}" if report["said"] else ""
    say(
        f"{outcome.job.output}: {report['n_frames']} frames, {report['seconds']:.2f} s "
        f"at {report['fps']} fps{said}"
    )
    for warning in report["warnings"]:
        tell(f"emotalk: {sound}: {warning}")


def with_faults(jobs: Iterable[Job]) -> list[Job]:
    """The same, those that would make one file marked: the others have their turn."""
    jobs = [*jobs]
    shared = shared_places([job.audio for job in jobs], [job.output for job in jobs])
    return [replace(job, fault=shared.get(i)) for i, job in enumerate(jobs)]


def _names_folder(output: str) -> bool:
    """`out/` is one before it is there: a shell's loop over sounds would write one file again and
    again.
    """
    return output.endswith(("/", os.sep)) or Path(output).is_dir()


def _jobs(audio: Sequence[Path], output: Path, form: str | None, *, is_folder: bool) -> list[Job]:
    if not is_folder:
        return [Job(audio[0], output if output.suffix else output.with_suffix(f".{form or 'csv'}"))]
    is_file = output.exists() and not output.is_dir()
    if is_file or output.suffix.lower()[1:] in FORMATS:
        raise InputError(
            "Several sounds need a folder", value=output, remedy="Name a folder with -o."
        )
    return with_faults(Job(path, output / f"{path.stem}.{form or 'csv'}") for path in audio)


def _refuse_shared_tables(jobs: Sequence[Job], options: Mapping[str, Any]) -> None:
    for name in (*TABLES, "text"):
        if options[name] is not None and len(jobs) > 1:
            raise InputError(
                f"--{name} is for one sound",
                value=options[name],
                remedy=f"Use `emotalk batch` with a list of jobs that has a column `{name}`.",
            )


def _refuse_own_input(jobs: Sequence[Job], report: Path | None, asked: Sequence[Path]) -> None:
    """No curves in place of a sound or of the files `asked` for, no report in place of any."""
    read, outputs = [*(job.audio for job in jobs), *asked], [job.output for job in jobs]
    refuse_overwriting("The curves", outputs, read)
    if report is not None:
        refuse_overwriting("The report", [report], [*read, *outputs])

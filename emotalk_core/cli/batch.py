"""`emotalk batch`: a folder of sounds, or a list of jobs, to curves; goes on after failures and
after a kill.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..cache import EncodingCache
from ..clip_files import FORMATS
from ..decoders import AUDIBLE_SUFFIXES
from ..engine import Engine
from ..errors import EmoTalkError, InputError
from ..progress import part_of
from ..together import HearAhead, hears_together
from .animate import Job, Outcome, print_outcome, run_job
from .options import (
    CONTROL_FLAGS,
    add_control_flags,
    add_engine_flags,
    add_progress_flag,
    read_cache,
    read_engine,
    read_fps,
    read_track,
)
from .progress import progress_for
from .reports import BatchReport

__all__ = ["add_command"]

_REPORT: Final = "batch_report.json"


def add_command(commands: Any) -> None:
    """`emotalk batch FOLDER|JOBS.csv|JOBS.json -o OUT`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "batch",
        help="a folder of sounds, or a list of jobs, to curves",
        description="JOBS is a csv file with a header, or a json list of objects. `audio` is "
        "required, relative to it; `output`, relative to OUT, and every control (emotion, mix, "
        "fps ...) may follow and go before the flags.",
    )
    parser.add_argument(
        "jobs", type=Path, metavar="FOLDER|JOBS", help="a folder, a .csv or a .json"
    )
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="OUT", help="folder for the curves"
    )
    parser.add_argument("--format", choices=FORMATS, default="csv", help="(default: csv)")
    parser.add_argument(
        "--resume", action="store_true", help="keep what an earlier run has finished"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help=f"(default: {_REPORT} in OUT)")
    add_control_flags(parser)
    add_engine_flags(parser)
    add_progress_flag(parser)
    parser.set_defaults(run=_run)


@dataclass(frozen=True)
class _Task:
    """A job and the controls that are its own."""

    job: Job
    options: Mapping[str, str | float]


def _run(arguments: argparse.Namespace) -> int:
    tasks = _read_tasks(arguments)
    try:
        arguments.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "Folder cannot be made", value=arguments.output, remedy=f"{error.strerror}."
        ) from error
    report = BatchReport(
        arguments.report or arguments.output / _REPORT,
        "output",
        [str(task.job.output) for task in tasks],
        resumes=arguments.resume,
    )
    engine = read_engine(arguments)
    with tempfile.TemporaryDirectory(prefix="emotalk-batch-") as scratch:
        cache = read_cache(arguments)
        if cache is None and hears_together(engine):
            cache = EncodingCache(Path(scratch))  # where what was heard ahead waits for its turn
        _run_tasks(tasks, arguments, engine, cache, report)
    report.write()
    failed = [entry for entry in report.entries if entry["error"] is not None]
    print(f"{len(tasks) - len(failed)} of {len(tasks)} done; report: {report.path}")
    for entry in failed:
        print(f"emotalk: failed: {entry['audio']}", file=sys.stderr)
    return 3 if failed else 0


def _run_tasks(
    tasks: Sequence[_Task],
    arguments: argparse.Namespace,
    engine: Engine,
    cache: EncodingCache | None,
    report: BatchReport,
) -> None:
    """Everything that the report does not have yet."""
    asked = [_asked(task, arguments, engine) for task in tasks]
    todo = [i for i, task in enumerate(tasks) if not _is_done(task.job, asked[i], report)]
    ahead = HearAhead([tasks[i].job.audio for i in todo], engine, cache)
    for n_done, i in enumerate(todo):
        job, options = tasks[i].job, _options(tasks[i], arguments)
        progress = progress_for(arguments.progress, label=f"{i + 1}/{len(tasks)} {job.audio.name}")
        try:
            job.output.parent.mkdir(parents=True, exist_ok=True)
            ahead.hear(n_done, part_of(progress, 0.0, 0.1))
            done = run_job(job, read_track(options), read_fps(options), engine, cache, progress)
            outcome = Outcome(job, done.report, None, asked[i])
        except EmoTalkError as error:
            outcome = Outcome(job, None, str(error), asked[i])
        print_outcome(outcome)
        report.add(outcome.to_dict())  # after each: a kill loses the job it hits and no other


def _options(task: _Task, arguments: argparse.Namespace) -> argparse.Namespace:
    """The flags of this run, but for what the task has of its own."""
    return argparse.Namespace(**(vars(arguments) | dict(task.options)))


def _asked(task: _Task, arguments: argparse.Namespace, engine: Engine) -> dict[str, Any]:
    """What the curves depend on besides the sound."""
    options = _options(task, arguments)
    return {name: getattr(options, name) for name in CONTROL_FLAGS} | {"engine": engine.key}


def _is_done(job: Job, asked: Mapping[str, Any], report: BatchReport) -> bool:
    """Whether the curves of this sound are there, and it has not been changed since."""
    earlier = report.finished(str(job.output), asked)
    if earlier is None or earlier.get("audio") != str(job.audio):
        return False
    try:
        return job.output.stat().st_mtime_ns >= job.audio.stat().st_mtime_ns
    except OSError:
        return False


def _read_tasks(arguments: argparse.Namespace) -> list[_Task]:
    source: Path = arguments.jobs
    if source.is_dir():
        tasks = _tasks_of_folder(source, arguments.output, arguments.format)
    else:
        rows = _read_rows(source)
        tasks = [_task(row, source.parent, arguments.output, arguments.format) for row in rows]
    if not tasks:
        raise InputError(
            "Nothing to do", value=source, remedy="Put sound files into it, or name them in it."
        )
    outputs = [task.job.output for task in tasks]
    twice = {path for path in outputs if outputs.count(path) > 1}
    if twice:
        raise InputError(
            "Two sounds would make one file", value=min(twice), remedy="Give them other names."
        )
    _refuse_own_input(tasks, source, arguments.report or arguments.output / _REPORT)
    return tasks


def _refuse_own_input(tasks: Sequence[_Task], source: Path, report: Path) -> None:
    """No curves in place of the list of jobs, of a sound or of the report."""
    kept = {path.resolve() for path in (source, report, *(task.job.audio for task in tasks))}
    lost = next((task.job.output for task in tasks if task.job.output.resolve() in kept), None)
    if lost is not None:
        raise InputError(
            "The curves would overwrite what this run reads or reports",
            value=lost,
            remedy="Choose another folder with -o, or another output name.",
        )
    if report.resolve() == source.resolve():
        raise InputError(
            "The report would overwrite the list of jobs", value=report, remedy="Name another."
        )


def _tasks_of_folder(folder: Path, output: Path, form: str) -> list[_Task]:
    sounds = sorted(
        p for p in folder.rglob("*") if p.suffix.lower() in AUDIBLE_SUFFIXES and p.is_file()
    )
    return [
        _Task(Job(p, (output / p.relative_to(folder)).with_suffix(f".{form}")), {}) for p in sounds
    ]


def _read_rows(path: Path) -> Sequence[Mapping[str, Any]]:
    """The rows of a csv or json list of jobs."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(
            "No such folder or list of jobs", value=path, remedy="Check the name."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "List of jobs cannot be read", value=path, remedy="Save it as UTF-8."
        ) from error
    if path.suffix.lower() == ".csv":
        return list(csv.DictReader(text.splitlines()))
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise InputError(
            "List of jobs is neither csv nor json", value=path, remedy=f"{error}."
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(
            "List of jobs is no list of objects", value=path, remedy='Write [{"audio": "a.wav"}].'
        )
    return rows


def _task(row: Mapping[str, Any], base: Path, output: Path, form: str) -> _Task:
    given = {k.strip(): v for k, v in row.items() if k and v not in (None, "")}
    audio = given.pop("audio", None)
    if not audio:
        raise InputError("A job without a sound", value=dict(row), remedy="Fill in `audio`.")
    name = given.pop("output", None) or f"{Path(str(audio)).stem}.{form}"
    options: dict[str, Any] = {}
    for key, value in given.items():
        kind = CONTROL_FLAGS.get(key)
        if kind is None:
            raise InputError(
                "No such control", value=key, remedy=f"Use {', '.join(CONTROL_FLAGS)}."
            )
        try:
            options[key] = kind(value)
        except ValueError as error:
            raise InputError(
                f"Not a value for {key}", value=value, remedy="Write a number."
            ) from error
    return _Task(Job(base / str(audio), output / str(name)), options)

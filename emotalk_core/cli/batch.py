"""`emotalk batch`: a folder of sounds, or a list of jobs, to curves; goes on after failures and
after a kill.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ..atomic_file import remove_leftovers, temporary_folder
from ..audio import open_sound
from ..cache import EncodingCache
from ..clip_files import FORMATS
from ..engine import Engine
from ..progress import Progress, part_of, silent
from ..speech.phones import ensure_names_phones
from ..together import HearAhead, hears_together
from .animate import Job, Outcome, attempted, print_outcome, run_job, warned
from .jobs import Task, read_tasks
from .options import (
    CONTROL_FLAGS,
    add_control_flags,
    add_engine_flags,
    add_progress_flag,
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
from .places import ensure_places, ensure_still_there, make_folder, refuse_overwriting, resolved
from .progress import progress_for
from .reports import BatchReport, file_stamp, file_stamps, summed_up, telling_how_far
from .tables import TABLES
from .texts import add_texts_flag, find_texts, readers, said_or_heard
from .usual import UsualVoices, usual_progress

__all__ = ["add_command"]

_REPORT: Final = "batch_report.json"


def add_command(commands: Any) -> None:
    """`emotalk batch FOLDER|JOBS.csv|JOBS.json -o OUT`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "batch",
        help="a folder of sounds, or a list of jobs, to curves",
        description="JOBS is a csv file with a header (commas or semicolons), or a json list of "
        "objects. `audio` is required, relative to it; `output`, relative to OUT, and every "
        "control (emotion, mix, fps ...) may follow and go before the flags; `feelings`, `phones` "
        "are files as `emotalk feelings` and `emotalk phones` write them, `text` (or a .txt) with "
        "`language` is what is said, `script` a file in which it is, `usual` a sound of the "
        "speaker without feeling. Of a folder's sounds "
        "NAME.feelings.csv and NAME.phones.csv (or NAME.phones.TextGrid) beside one are its own.",
    )
    parser.add_argument(
        "jobs", type=Path, metavar="FOLDER|JOBS", help="a folder, a .csv or a .json"
    )
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="OUT", help="folder for the curves"
    )
    parser.add_argument("--format", choices=FORMATS, default="csv", help="(default: csv)")
    add_visemes_flag(parser)
    parser.add_argument(
        "--resume", action="store_true", help="keep what an earlier run has finished"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help=f"(default: {_REPORT} in OUT)")
    add_texts_flag(parser)
    add_control_flags(parser)
    add_engine_flags(parser)
    add_progress_flag(parser)
    parser.set_defaults(run=_run, **dict.fromkeys((*TABLES, "text", "text_beside")))


def _run(arguments: argparse.Namespace) -> int:
    tasks = _with_texts(read_tasks(arguments.jobs, arguments.output, arguments.format), arguments)
    place = arguments.report or arguments.output / _REPORT
    _refuse_own_input(tasks, [arguments.jobs, *control_files(vars(arguments))], place)
    track = read_track(
        arguments
    )  # a flag of all jobs that is wrong is told once, not by each of them
    read_fps(arguments)
    read_channel(arguments)
    if arguments.visemes:
        refuse_visemes(task.job.output for task in tasks)
    engine = read_engine(arguments)
    ensure_fits(track, engine.config)
    if arguments.texts:
        ensure_names_phones(engine.config)
    ensure_places(arguments.output, place)
    made = [place, *(task.job.output for task in tasks)]
    remove_leftovers(made)
    names = [_name(task) for task in tasks]
    report = BatchReport(place, ("audio", "output"), names, resumes=arguments.resume)
    with temporary_folder("batch") as scratch:
        cache = read_cache(arguments)
        if cache is None and (arguments.texts or hears_together(engine)):
            # Where what was heard ahead waits for its turn, or for its turn without a text.
            cache = EncodingCache(scratch)
        usual = UsualVoices(engine, cache)
        if arguments.usual is not None:  # one that is none is told once, too
            usual.told(track, arguments.usual, usual_progress(arguments))
        with telling_how_far(report, len(tasks)):
            _run_tasks(tasks, arguments, usual, report)
            report.write()
    remove_leftovers(made)  # of a run that was killed shortly before this one began
    return summed_up(report, len(tasks))


def _name(task: Task) -> tuple[Path, Path]:
    return task.job.audio, task.job.output


def _with_texts(tasks: Sequence[Task], arguments: argparse.Namespace) -> list[Task]:
    """With the text that lies beside each sound, where that is asked for and it names none."""
    found = find_texts([task.job.audio for task in tasks], arguments)
    return [
        replace(task, options={**task.options, "text_beside": found[task.job.audio]})
        if task.job.audio in found and "text" not in task.options
        else task
        for task in tasks
    ]


def _run_tasks(
    tasks: Sequence[Task],
    arguments: argparse.Namespace,
    usual: UsualVoices,
    report: BatchReport,
) -> None:
    """Everything that the report does not have yet."""
    engine, cache = usual.engine, usual.cache
    asked = [_asked(task, arguments, engine) for task in tasks]
    todo = [
        i
        for i, task in enumerate(tasks)
        if not report.finished(_name(task), asked[i], [task.job.output])
    ]
    opened = [
        functools.partial(open_sound, tasks[i].job.audio, channel=asked[i]["channel"]) for i in todo
    ]
    ahead = HearAhead(opened, engine, cache)
    for n_done, i in enumerate(todo):
        job, options = tasks[i].job, _options(tasks[i], arguments)
        progress = progress_for(arguments.progress, label=f"{i + 1}/{len(tasks)} {job.audio.name}")
        hear = functools.partial(ahead.hear, n_done, part_of(progress, 0.0, 0.1))
        work = functools.partial(_do, job, options, hear, usual, progress)
        ensure_still_there(arguments.output)
        report.begin(_name(tasks[i]))
        outcome = replace(attempted(job, work), options=asked[i])
        print_outcome(outcome)
        ensure_still_there(arguments.output)
        # After each: a kill loses the job it hits and no other.
        places = {"audio": str(job.audio.absolute()), "output": str(job.output.absolute())}
        report.add(outcome.to_dict() | places)


def _do(
    job: Job,
    options: argparse.Namespace,
    hear: Callable[[], None],
    usual: UsualVoices,
    progress: Progress,
) -> Outcome:
    engine, cache = usual.engine, usual.cache
    job = replace(job, channel=read_channel(options), visemes=options.visemes)

    def make(options: argparse.Namespace) -> Outcome:
        track = read_track(options)
        ensure_fits(track, engine.config)
        make_folder(job.output.parent)
        hear()
        track = usual.told(track, options.usual, silent)
        return run_job(job, track, read_fps(options), engine, cache, progress)

    return warned(*said_or_heard(make, options))


def _options(task: Task, arguments: argparse.Namespace) -> argparse.Namespace:
    """The flags of this run, but for what the task has of its own."""
    return argparse.Namespace(**(vars(arguments) | dict(task.options)))


def _asked(task: Task, arguments: argparse.Namespace, engine: Engine) -> dict[str, Any]:
    """What the curves depend on."""
    options = _options(task, arguments)
    asked = {name: getattr(options, name) for name in CONTROL_FLAGS}
    return asked | {
        "visemes": options.visemes,
        "engine": engine.key,
        "audio": str(resolved(task.job.audio)),
        "sound": file_stamp(task.job.audio),
        "files": file_stamps(control_files(vars(options))),
        "readers": readers(vars(options)),
    }


def _refuse_own_input(tasks: Sequence[Task], asked: Sequence[Path], report: Path) -> None:
    """No curves in place of a sound, of the list of jobs or of what they or the flags name, no
    report in place of any.
    """
    outputs = [task.job.output for task in tasks]
    named = [file for task in tasks for file in control_files(task.options)]
    read = [*asked, *(task.job.audio for task in tasks), *named]
    refuse_overwriting("The curves", outputs, read)
    refuse_overwriting("The report", [report], [*read, *outputs])

"""`emotalk calibrate`: emotion sliders for an imported checkpoint, from labelled clips."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..calibration import calibrate, find_clips
from ..engine import open_engine
from ..model.folder import load_model
from .options import add_progress_flag, add_torch_flags, read_cache, read_torch_flags
from .progress import progress_for
from .streams import say, tell

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """`emotalk calibrate MODEL CLIPS`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "calibrate",
        help="emotion sliders for an imported checkpoint",
        description="CLIPS is a folder of RAVDESS recordings (named 03-01-05-01-02-01-12.wav), a "
        "folder with folders named after emotions, or a csv file with the columns path,emotion.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder of import-checkpoint")
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="a folder or a csv")
    add_torch_flags(parser.add_argument_group("engine"))
    add_progress_flag(parser)
    parser.set_defaults(run=_run, cache=None, no_cache=False)


def _run(arguments: argparse.Namespace) -> int:
    model = load_model(arguments.model)
    clips = find_clips(arguments.clips)
    engine = open_engine("auto", model, **read_torch_flags(arguments))
    progress = progress_for(arguments.progress)
    made = calibrate(model, clips, engine, cache=read_cache(arguments), progress=progress)
    for line in made.failed:
        tell(f"emotalk: {line}")
    for emotion, count in made.counts.items():
        if not count:
            tell(f"emotalk: no clip of {emotion}: its slider does nothing")
    say(f"{model.path}: " + ", ".join(f"{e} {n}" for e, n in made.counts.items() if n))
    return 3 if made.failed else 0

"""`emotalk import-checkpoint`: the authors' file to a model folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ..torch_here import ensure_torch
from .options import add_progress_flag
from .progress import progress_for
from .streams import say, tell

__all__ = ["add_command"]

_SHOWN: Final = 3  # names; the authors' file lacks a dozen of a kind


def add_command(commands: Any) -> None:
    """`emotalk import-checkpoint FILE -o DIR`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "import-checkpoint", help="the authors' EmoTalk.pth to a model folder"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the authors' checkpoint")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="DIR", help="a new model folder"
    )
    parser.add_argument(
        "--ignore-left-over",
        action="store_true",
        help="import although the file holds tensors that the network does not have",
    )
    add_progress_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    ensure_torch("Importing a checkpoint")
    from ..model.checkpoint import LICENCE, import_checkpoint

    tell(f"emotalk: {LICENCE}")
    about = import_checkpoint(
        arguments.file,
        arguments.output,
        ignore_left_over=arguments.ignore_left_over,
        progress=progress_for(arguments.progress),
    )
    for what, names in (
        ("not in the file, and not needed for curves", about.missing),
        ("left out", about.left_over),
    ):
        if names:
            tell(f"emotalk: {what}: {_listed(names)}")
    say(f"{about.folder}: {about.n_tensors} tensors, {about.n_parameters:,} numbers")
    return 0


def _listed(names: Sequence[str]) -> str:
    """How many tensors, and the first of them."""
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{len(names)} tensor{'s' if len(names) > 1 else ''} ({shown})"

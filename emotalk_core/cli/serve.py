"""`emotalk serve`: the worker, for programs that talk to it over its standard streams."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from .. import worker
from ..errors import InputError

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """`emotalk serve`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve", help="run an engine for another program (messages over stdin and stdout)"
    )
    parser.set_defaults(run=_run)


def _run(_arguments: argparse.Namespace) -> int:
    if sys.stdin.isatty():
        raise InputError(
            "serve talks to a program, not to a person",
            value="a terminal",
            remedy="Use emotalk animate, or start it from a program with pipes.",
        )
    worker.main()

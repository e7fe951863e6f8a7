"""`emotalk doctor`: what is installed, what works, what to do."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..cache import default_folder
from ..doctor import examine
from ..model.folder import starter_folder

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """`emotalk doctor`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "doctor", help="what is installed, what works, what to do"
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="model folder to check (default: the one that ships)",
    )
    parser.add_argument(
        "--python", type=Path, metavar="PATH", help="look at this Python too, for the worker"
    )
    parser.add_argument("--json", action="store_true", help="as one JSON list")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    model = arguments.model or starter_folder()
    findings = list(examine(model, default_folder(), arguments.python))
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            mark = "ok" if finding.is_well else ("MISSING" if finding.is_needed else "--")
            print(f"{mark:<8}{finding.text}")
    return 0 if all(finding.is_well for finding in findings if finding.is_needed) else 2

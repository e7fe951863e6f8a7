"""`emotalk export-onnx`: a model as ONNX files for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..engine.onnx_export import export_onnx
from ..model.folder import load_model, starter_folder
from .options import add_progress_flag
from .progress import progress_for
from .streams import say

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """`emotalk export-onnx [MODEL] -o DIR`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export-onnx", help="a model as ONNX files for other programs"
    )
    parser.add_argument(
        "model", nargs="?", type=Path, metavar="MODEL", help="model folder (default: what ships)"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="DIR",
        help="a new or empty folder, or an earlier export, which is written over",
    )
    add_progress_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    progress = progress_for(arguments.progress)
    model = load_model(arguments.model or starter_folder())
    record = export_onnx(model, arguments.output, progress=progress)
    for name, file in record["files"].items():
        say(
            f"{arguments.output / name}: {file['bytes'] / 1e6:.1f} MB, "
            f"differs from our own numbers by {file['difference']:.1e}"
        )
    return 0

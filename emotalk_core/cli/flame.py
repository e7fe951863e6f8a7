"""`emotalk fit-flame`: what the 52 channels ask of FLAME's expressions. `emotalk flame`: curves as
FLAME's own numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..atomic_file import ensure_writable
from ..clip_files import read_clip
from ..flame_motion import flame_motion, write_flame_motion
from ..heads.flame_model import fit_model, read_flame_model
from ..rigs.flame import check_matrix_name, read_expression_matrix, write_expression_matrix
from .options import add_progress_flag
from .places import refuse_overwriting
from .progress import progress_for
from .streams import say, tell

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """`emotalk fit-flame MODEL -o MATRIX` and `emotalk flame CLIP --matrix MATRIX -o OUT`."""
    fit: argparse.ArgumentParser = commands.add_parser(
        "fit-flame", help="a matrix by which a FLAME head follows the 52 channels"
    )
    fit.add_argument(
        "model", type=Path, metavar="MODEL",
        help="an npz file with FLAME's v_template, f, shapedirs, posedirs, weights, J_regressor",
    )  # fmt: skip
    fit.add_argument("-o", "--output", required=True, type=Path, metavar="MATRIX", help="npz, csv")
    add_progress_flag(fit)
    fit.set_defaults(run=_fit)
    flame: argparse.ArgumentParser = commands.add_parser(
        "flame", help="curves as FLAME's own numbers: expr, jaw_pose, neck_pose, eyes_pose"
    )
    flame.add_argument("clip", type=Path, metavar="CLIP", help="what animate wrote: npz, csv, json")
    flame.add_argument("--matrix", required=True, type=Path, help="what fit-flame wrote: npz, csv")
    flame.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="npz")
    flame.set_defaults(run=_convert)


def _fit(arguments: argparse.Namespace) -> int:
    output = arguments.output
    check_matrix_name(output)
    refuse_overwriting("The matrix", [output], [arguments.model])
    model = read_flame_model(arguments.model)
    ensure_writable(output)
    progress = progress_for(arguments.progress)
    found = fit_model(model, progress)
    write_expression_matrix(found.matrix, output)
    progress(1.0, "Done")
    for note in found.notes:
        tell(f"emotalk: {note}")
    say(
        f"{output}: {len(found.matrix.channels)} channels by {len(found.matrix.keys)} expressions, "
        f"which make {found.explained:.0%} of their motion"
    )
    return 0


def _convert(arguments: argparse.Namespace) -> int:
    output = arguments.output
    refuse_overwriting("FLAME's numbers", [output], [arguments.clip, arguments.matrix])
    matrix = read_expression_matrix(arguments.matrix)
    motion = flame_motion(read_clip(arguments.clip), matrix)
    write_flame_motion(motion, output)
    n_frames, n_expressions = motion.expr.shape
    say(f"{output}: {n_frames} frames of {n_expressions} expressions, {float(motion.fps):g} fps")
    return 0

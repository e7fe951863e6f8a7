"""`emotalk doctor`: what is installed, what works, what to do."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..cache import default_folder
from ..decoders import readable_formats
from ..engine import onnx_engine
from ..engine.onnx_check import SHORT, check_graphs
from ..engine.onnx_starter import starter_graphs
from ..engine.product import has_blas
from ..errors import EmoTalkError
from ..model.folder import load_model, starter_folder

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
    parser.add_argument("--json", action="store_true", help="as one JSON list")
    parser.set_defaults(run=_run)


@dataclass(frozen=True)
class _Finding:
    """One thing that was looked at."""

    what: str
    is_well: bool
    detail: str
    remedy: str = ""
    is_needed: bool = True


def _run(arguments: argparse.Namespace) -> int:
    findings = list(_findings(arguments.model or starter_folder()))
    if arguments.json:
        print(json.dumps([asdict(f) for f in findings]))
    else:
        for f in findings:
            mark = "ok" if f.is_well else ("MISSING" if f.is_needed else "--")
            print(
                f"{mark:<8}{f.what}: {f.detail}"
                + (f". {f.remedy}" if f.remedy and not f.is_well else "")
            )
    return 0 if all(f.is_well for f in findings if f.is_needed) else 2


def _findings(model: Path) -> Iterator[_Finding]:
    yield _Finding(
        "Python",
        is_well=True,
        detail=f"{platform.python_version()} on {platform.platform(terse=True)}",
    )
    yield _Finding("numpy", is_well=True, detail=np.__version__)
    yield _Finding(
        "BLAS",
        is_well=has_blas(),
        detail="matrix products are fast"
        if has_blas()
        else "none in this numpy: animating takes three times as long",
        remedy="Nothing needs it; PyPI's numpy 2 has it.",
        is_needed=False,
    )
    for name, is_here in readable_formats().items():
        package = name.partition("(")[2].rstrip(")")
        detail = "readable" if is_here else "not readable"
        yield _Finding(name, is_here, detail, f"pip install {package}", is_needed=False)
    yield _checked("model", lambda: _model_detail(model))
    yield _cache_finding(default_folder())
    yield _onnx_finding(model)
    has_torch = importlib.util.find_spec("torch") is not None
    detail = "installed" if has_torch else "not installed"
    yield _Finding(
        "torch",
        has_torch,
        detail,
        "Only other models than the one that ships need it.",
        is_needed=False,
    )


def _onnx_finding(folder: Path) -> _Finding:
    """Whether ONNX Runtime is there and gives our own numbers on this machine."""
    if not onnx_engine.is_installed():
        return _Finding(
            "ONNX Runtime",
            is_well=False,
            detail="not installed",
            remedy="Nothing needs it; with it animating is faster, most of all without BLAS:"
            " pip install onnxruntime, in Blender the zip with onnx in its name.",
            is_needed=False,
        )
    try:
        version = onnx_engine.import_runtime().__version__
        model = load_model(folder)
        apart = max(check_graphs(starter_graphs(model), model, (SHORT,)).values())
    except EmoTalkError as error:
        return _Finding(
            "ONNX Runtime",
            is_well=False,
            detail=f"{error.problem}: {error.value}",
            remedy=error.remedy,
            is_needed=False,
        )
    detail = f"{version} works, its numbers differ from the built-in engine's by {apart:.0e}"
    return _Finding("ONNX Runtime", is_well=True, detail=detail)


def _checked(what: str, look: Callable[[], str]) -> _Finding:
    try:
        return _Finding(what, is_well=True, detail=look())
    except EmoTalkError as error:
        return _Finding(
            what, is_well=False, detail=f"{error.problem}: {error.value}", remedy=error.remedy
        )


def _model_detail(folder: Path) -> str:
    model = load_model(folder)  # every tensor present and of its size
    bad = [
        n
        for n, t in (*model.tensors.items(), *model.encoder_tensors.items())
        if not np.isfinite(t).all()
    ]
    if bad:
        raise EmoTalkError(
            "Damaged tensor", value=bad[0], remedy="Copy the model folder again from where it came."
        )
    return f"{folder.name}, whole, key {model.key}"


def _cache_finding(folder: Path) -> _Finding:
    probe = folder / f"probe-{secrets.token_hex(4)}"
    remedy = "Give another with --cache, or use --no-cache."
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(os.urandom(16))
        probe.unlink()
    except OSError as error:
        return _Finding("cache", False, f"{folder}: {error.strerror}", remedy, is_needed=False)  # noqa: FBT003
    return _Finding("cache", is_well=True, detail=f"{folder} can be written to")

"""A model as ONNX files for other programs, checked against our own numbers before any is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ..atomic_file import atomic_file, disk_error
from ..errors import InputError, ModelFolderError
from ..model.folder import Model
from ..progress import Progress, silent
from .onnx_check import check_graphs
from .onnx_engine import import_runtime
from .onnx_graph import OPSET
from .onnx_starter import feature_graph, starter_graphs

__all__ = ["export_onnx", "is_export", "read_export"]

_RECORD: Final = "export.json"
_FORMAT: Final = 1
_GUIDE: Final = Path(__file__).with_name("onnx_export.md")
_PAPERS: Final = ("MODEL_CARD.md", "NOTICE*", "LICENSE*")  # the weights' papers go where they go
_REMEDY: Final = "Run emotalk export-onnx again."


def export_onnx(model: Model, folder: Path, *, progress: Progress = silent) -> dict[str, Any]:
    """Write the model's graphs, what they need to be known, and a guide into `folder`.

    Returns
    -------
    dict
        What `export.json` holds: the files with their hashes, how far each was from our numbers.

    Raises
    ------
    InputError
        The folder holds something else.
    SetupError
        ONNX Runtime is missing, its numbers differ, or the folder cannot be written to.
    """
    _refuse_strangers(folder)
    runtime = import_runtime()
    progress(0.0, "Making graphs")
    graphs = {"features": feature_graph(), **starter_graphs(model)}
    progress(0.3, "Checking them")
    differences = check_graphs(graphs, model)
    progress(0.8, "Saving")
    record = _record(model, graphs, differences, f"onnxruntime {runtime.__version__}")
    files = {f"{name}.onnx": graph for name, graph in graphs.items()}
    for pattern in _PAPERS:
        files |= {path.name: path.read_bytes() for path in model.path.glob(pattern)}
    files["README.md"] = _GUIDE.read_bytes()
    files[_RECORD] = json.dumps(record, indent=1).encode() + b"\n"
    _write(folder, files)
    progress(1.0, "Done")
    return record


def _record(
    model: Model, graphs: Mapping[str, bytes], differences: Mapping[str, float], judge: str
) -> dict[str, Any]:
    config = model.config
    return {
        "format": _FORMAT,
        "model": {"name": config.name, "version": config.version, "key": model.key},
        "opset": OPSET,
        "checked_with": judge,
        "grid": asdict(config.front_end) | {"hop": config.front_end.hop},
        "fps": config.fps,
        "channels": config.channels,
        "emotions": config.emotions,
        "files": {
            f"{name}.onnx": {
                "bytes": len(graph),
                "sha256": hashlib.sha256(graph).hexdigest(),
                "difference": differences[name],
            }
            for name, graph in graphs.items()
        },
    }


def is_export(folder: Path) -> bool:
    """Whether `export_onnx` made this folder."""
    return (folder / _RECORD).is_file()


def read_export(folder: Path) -> dict[str, Any]:
    """What `export.json` says, once every file was found to be as it was written.

    Raises
    ------
    ModelFolderError
        A file is missing, cut short or changed.
    """
    try:
        record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        hashes = {folder / name: str(entry["sha256"]) for name, entry in record["files"].items()}
        known = record["format"] == _FORMAT and bool(record["model"]["key"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFolderError(
            "The record of an export cannot be read", value=folder / _RECORD, remedy=_REMEDY
        ) from error
    if not known:
        raise ModelFolderError(
            "Unknown format of an export", value=record["format"], remedy=_REMEDY
        )
    for path, sha256 in hashes.items():
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise ModelFolderError(
                "An exported file is missing, cut short or changed", value=path, remedy=_REMEDY
            )
    return record


def _refuse_strangers(folder: Path) -> None:
    """Only an earlier export is written over."""
    if folder.exists() and not folder.is_dir():
        raise InputError("The export needs a folder", value=folder, remedy="Name a new one.")
    if folder.is_dir() and any(folder.iterdir()) and not is_export(folder):
        raise InputError("The folder holds other files", value=folder, remedy="Name a new one.")


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """The record comes last: without it the folder is no export."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, folder) from error
    for name, content in files.items():
        with atomic_file(folder / name) as file:
            file.write(content)

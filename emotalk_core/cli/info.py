"""`emotalk info`: what a model folder, a clip or a sound file is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import open_sound
from ..audio.decoders import open_decoder
from ..clip_files import CLIP_FORMATS, read_clip
from ..engine.onnx_export import is_export, read_export
from ..errors import InputError
from ..model.folder import load_model, starter_folder
from ..shaping.closure import count_closures
from ..timing import SAMPLE_RATE

__all__ = ["add_command"]


def add_command(commands: Any) -> None:
    """`emotalk info PATH`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "info", help="what a model, clip or sound file is"
    )
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    facts = _facts(arguments.path)
    if arguments.json:
        print(json.dumps(facts))
        return 0
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:<{width}}  {value}")
    return 0


def _facts(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise InputError("No such file or folder", value=path, remedy="Check the name.")
    if path.is_dir():
        return _model_facts(path)
    return _clip_facts(path) if path.suffix.lower()[1:] in CLIP_FORMATS else _sound_facts(path)


def _export_facts(path: Path) -> dict[str, Any]:
    record = read_export(path)
    key = record["model"]["key"]
    shipped = load_model(starter_folder()).key
    return {
        "kind": "ONNX export, every file as it was written",
        "model": record["model"]["name"],
        "key": key,
        "weights": "those that ship" if key == shipped else "not those that ship",
        "opset": record["opset"],
        "checked_with": record["checked_with"],
        "files": ", ".join(record["files"]),
    }


def _model_facts(path: Path) -> dict[str, Any]:
    if is_export(path):
        return _export_facts(path)
    model = load_model(path)
    n_numbers = sum(t.size for t in (*model.tensors.values(), *model.encoder_tensors.values()))
    return {
        "kind": "model folder",
        "name": model.config.name,
        "model": model.config.kind,
        "parameters": int(n_numbers),
        "styles": model.config.n_styles,
        "key": model.key,
    }


def _clip_facts(path: Path) -> dict[str, Any]:
    clip = read_clip(path)
    moving = int(np.count_nonzero(np.ptp(clip.values, axis=0) > 1e-6)) if clip.n_frames else 0
    is_face = "jawOpen" in clip.channels and clip.values.shape[1] >= 52
    return {
        "kind": "clip",
        "frames": clip.n_frames,
        "fps": str(clip.fps),
        "seconds": round(float(clip.n_frames / clip.fps), 3),
        "start_s": clip.start_s,
        "channels": len(clip.channels),
        "moving_channels": moving,
        "closures": count_closures(clip.values, was_closed=True)
        if is_face and clip.n_frames
        else 0,
        "meta": dict(clip.meta),
    }


def _sound_facts(path: Path) -> dict[str, Any]:
    decoder, sound = open_decoder(path), open_sound(path)
    peak = max((float(np.abs(block).max()) for block in sound.blocks()), default=0.0)
    return {
        "kind": "sound",
        "seconds": round(sound.n_samples / SAMPLE_RATE, 3),
        "sample_rate": decoder.sample_rate,
        "peak": round(peak, 4),
        "channels": decoder.n_channels,
        "cut_short": getattr(sound, "is_cut_short", False),
    }

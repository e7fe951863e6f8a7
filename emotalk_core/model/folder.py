"""A model folder: `config.json`, `model.safetensors`, `encoder.safetensors`. Loading is strict."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import ModelFolderError
from .config import ModelConfig, read_config
from .published_shapes import published_encoder_shapes, published_model_shapes
from .tensors import is_finite, read_tensors, release_pages

__all__ = [
    "DIGEST",
    "PROTOTYPES",
    "Model",
    "encoder_shapes",
    "load_model",
    "model_shapes",
    "starter_folder",
]

_REMEDY = "Copy the model folder again from where it came."
_TOLD = 8  # faults that a message names
_HASH_BLOCK = 1 << 20
_ENCODER = "encoder.safetensors"

PROTOTYPES = "prototypes.safetensors"
"""Where a published network's emotions stand in its latent space: made by `calibrate`."""

DIGEST = "digest"
"""Metadata of `encoder.safetensors`: hash of its tensors, if it was known at writing."""


@dataclass(frozen=True, eq=False)
class Model:
    """A network as it lies on disk: its sizes and its numbers, which its repr leaves out."""

    config: ModelConfig
    # float16 or float32, names as in `model_shapes`
    tensors: Mapping[str, np.ndarray] = field(repr=False)
    encoder_tensors: Mapping[str, np.ndarray] = field(repr=False)  # names as in `encoder_shapes`
    path: Path
    key: str  # hash of everything else: changes when the network changes
    # float32 (8, E), of a published network that has been calibrated; the starter's are `tensors`
    prototypes: np.ndarray | None = field(default=None, repr=False)


def starter_folder() -> Path:
    """The model that ships with EmoTalk."""
    return Path(__file__).resolve().parent.parent / "models" / "starter"


def load_model(folder: Path | str) -> Model:
    """Read and check a model folder.

    Raises
    ------
    ModelFolderError
        A file is missing or damaged, the format version is unknown, or tensors are missing, left
        over, misshapen or not finite.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelFolderError(
            "No such model folder", value=folder, remedy="Give a folder with a config.json."
        )
    if (folder / "export.json").is_file():
        raise ModelFolderError(
            "An ONNX export is for other programs",
            value=folder,
            remedy="Give the model folder that it was made from.",
        )
    config = read_config(folder / "config.json")
    tensors, _ = read_tensors(folder / "model.safetensors")
    encoder, about_encoder = read_tensors(folder / _ENCODER)
    _check(tensors, model_shapes(config), "model.safetensors")
    _check(encoder, encoder_shapes(config), _ENCODER)
    key = _hash(folder, about_encoder.get(DIGEST, ""))
    return Model(config, tensors, encoder, folder, key, _read_prototypes(folder, config))


def _read_prototypes(folder: Path, config: ModelConfig) -> np.ndarray | None:
    path = folder / PROTOTYPES
    if config.published is None or not path.is_file():
        return None
    tensors, _ = read_tensors(path)
    shape = (len(config.emotions), config.published.emotion_width)
    _check(tensors, {"prototypes": shape}, PROTOTYPES)
    return np.array(tensors["prototypes"], np.float32)  # not mapped: calibrating anew replaces it


def _check(
    tensors: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]], file: str
) -> None:
    """Name every tensor that is missing, left over or misshapen."""
    faults = [f"{name} is missing" for name in shapes if name not in tensors]
    faults += [f"{name} is left over" for name in tensors if name not in shapes]
    faults += [
        f"{name} is {tensors[name].shape}, not {shape}"
        for name, shape in shapes.items()
        if name in tensors and tensors[name].shape != shape
    ]
    faults += [
        f"{name} holds {array.dtype}"
        for name, array in tensors.items()
        if name in shapes and array.dtype.name not in ("float16", "float32")
    ]
    if faults:
        told, n_more = faults[:_TOLD], len(faults) - _TOLD
        raise ModelFolderError(
            f"Tensors of {file} do not fit config.json",
            value="; ".join(told + ([f"and {n_more} more"] if n_more > 0 else [])),
            remedy=_REMEDY,
        )
    for name, array in tensors.items():
        if not is_finite(array):
            raise ModelFolderError(
                f"Numbers of {file} that are none (NaN or infinite)", value=name, remedy=_REMEDY
            )
        release_pages([array])  # gigabytes of an imported encoder come back when they are used


def _hash(folder: Path, encoder_digest: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    # Gigabytes of an imported encoder are hashed once, when they are written.
    names = ["config.json", "model.safetensors", *([] if encoder_digest else [_ENCODER])]
    if (folder / PROTOTYPES).is_file():
        names.append(PROTOTYPES)
    for name in names:
        with (folder / name).open("rb") as file:
            while block := file.read(_HASH_BLOCK):
                digest.update(block)
    digest.update(encoder_digest.encode())
    return digest.hexdigest()


def model_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of each trained tensor; matrices are (out, in), convolutions (out, in,
    kernel), as in torch.
    """
    if config.published is not None:
        return published_model_shapes(config)
    front, content, emotion, decoder = (
        config.front_end,
        config.content,
        config.emotion,
        config.decoder,
    )
    n_emotions, out = len(config.emotions), len(config.channels)
    shapes: dict[str, tuple[int, ...]] = {
        "standardise.mean": (front.n_layers, front.width),
        "standardise.scale": (front.n_layers, front.width),
        "content.layers": (front.n_layers,),
        "emotion.layers": (front.n_layers,),
        "prototypes": (n_emotions, emotion.latent),
        "styles": (config.n_styles, decoder.style_width),
    }

    def affine(name: str, rows: int, columns: int, kernel: int | None = None) -> None:
        shapes[f"{name}.weight"] = (rows, columns) if kernel is None else (rows, columns, kernel)
        shapes[f"{name}.bias"] = (rows,)

    affine("content.project", content.width, front.width)
    shapes["content.level"] = (content.width,)
    for i in range(len(content.dilations)):
        affine(f"content.blocks.{i}", content.width, content.width, content.kernel)
    shapes["content.phones.layers"] = (front.n_layers,)
    affine("content.phones.project", content.phones_width, front.width)
    for i in range(len(content.phones_dilations)):
        name = f"content.phones.blocks.{i}"
        affine(name, content.phones_width, content.phones_width, content.kernel)
    affine("content.phones.output", len(content.phones), content.phones_width)
    affine("emotion.heard", n_emotions, front.width)
    affine("emotion.voice", n_emotions, front.width)
    affine("decoder.input", decoder.width, content.full_width)
    shapes["decoder.level"] = (decoder.width,)
    for i in range(decoder.n_blocks):
        affine(f"decoder.blocks.{i}.film", 2 * decoder.width, emotion.latent + decoder.style_width)
        affine(f"decoder.blocks.{i}.conv", decoder.width, decoder.width, decoder.kernel)
        affine(f"decoder.blocks.{i}.point", decoder.width, decoder.width)
    affine("decoder.output", out, decoder.width)
    affine("decoder.contact", 1, content.width)
    return shapes


def encoder_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of each tensor of the frozen encoder: Whisper base's beginning, or both
    encoders of a published network.
    """
    if config.published is not None:
        return published_encoder_shapes(config)
    width, reach, mels, heads = config.front_end.width, config.front_end.reach, 80, 8
    shapes: dict[str, tuple[int, ...]] = {
        "conv1.weight": (width, mels, 3),
        "conv1.bias": (width,),
        "conv2.weight": (width, width, 3),
        "conv2.bias": (width,),
        "position": (width,),
    }
    for i in range(config.front_end.n_layers):
        block = f"blocks.{i}"
        for name in ("query", "key", "value", "out"):
            shapes[f"{block}.attn.{name}.weight"] = (width, width)
        shapes[f"{block}.attn.relative"] = (heads, 2 * reach + 1)
        for name in ("query", "value", "out"):  # Whisper's keys have no bias
            shapes[f"{block}.attn.{name}.bias"] = (width,)
        shapes |= {f"{block}.mlp.0.weight": (4 * width, width), f"{block}.mlp.0.bias": (4 * width,)}
        shapes |= {f"{block}.mlp.2.weight": (width, 4 * width), f"{block}.mlp.2.bias": (width,)}
        for name in ("attn_ln", "mlp_ln"):
            shapes |= {f"{block}.{name}.weight": (width,), f"{block}.{name}.bias": (width,)}
    return shapes

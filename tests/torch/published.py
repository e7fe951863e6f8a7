"""Made-up weights under the published names, and the network that they make.

The rule is that of `tests/golden/README.md`; it needs numpy alone.
"""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from emotalk_core.model.authors_file import (
    authors_shapes,
    encoder_tensors,
    model_tensors,
)
from emotalk_core.model.config import ModelConfig, PublishedConfig, Wav2Vec2Config
from emotalk_core.model.network import Published

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
FULL = ModelConfig("made-up", kind="published", n_styles=24, published=PublishedConfig())
SMALL = replace(
    FULL, published=PublishedConfig(encoder=Wav2Vec2Config(n_layers=2, feed_forward=512))
)

TINY = PublishedConfig(
    encoder=Wav2Vec2Config(
        conv_width=16,
        width=32,
        position_kernel=8,
        position_groups=2,  # 16 channels each: oneDNN errs below that (bfloat16, AMX processors)
        n_layers=2,
        n_heads=2,
        feed_forward=24,
    ),
    content_features=32,
    emotion_features=32,
    content_width=8,
    emotion_width=16,
    told_width=4,
    level_width=2,
    style_width=2,
    feed_forward=20,
)
"""The network's plan with few numbers, for tests that are not about the numbers."""


def tiny_weights() -> dict[str, torch.Tensor]:
    """A state dict under the published names at the size `TINY`, made up."""
    config = replace(FULL, published=TINY)
    return {n: torch.from_numpy(made_up(n, s)) for n, s in authors_shapes(config).items()}


def made_up(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """float32 values of one tensor of the authors' file, by its name."""
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    values = rng.standard_normal(shape, dtype=np.float32)
    gain, offset = 0.1, 0.0
    if name.endswith(".weight_g"):
        gain, offset = 0.5, 2.0
    elif name.startswith("obj_vector_") and len(shape) > 1:
        gain = 1.0
    elif len(shape) > 1:
        gain = (0.3 if name == "bs_map_r.weight" else 1.0) / np.prod(shape[1:]) ** 0.5
    elif name.endswith(".weight"):
        offset = 1.0
    values *= np.float32(gain)
    values += np.float32(offset)
    return values


def golden_shapes(size: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the authors' file, as their code gave them."""
    listed = json.loads((GOLDEN / f"{size}_tensors.json").read_text(encoding="utf-8"))
    return {name: tuple(shape) for name, shape in listed.items()}


def network(config: ModelConfig, shapes: Mapping[str, tuple[int, ...]]) -> Published:
    """The network with made-up weights."""
    assert config.published is not None

    def get(name: str) -> np.ndarray:
        return made_up(name, shapes[name])

    with torch.device("meta"):
        made = Published(config)
    found = dict(model_tensors(get)) | dict(encoder_tensors(get, config.published))
    state = {name: torch.from_numpy(array) for name, array in found.items()}
    made.load_state_dict(state, strict=True, assign=True)
    return made.eval()


@functools.cache
def small() -> Published:
    """Two layers in each encoder; made once, never changed."""
    return network(SMALL, golden_shapes("small"))


def samples(name: str) -> torch.Tensor:
    """A golden sound (1, n)."""
    raw = (GOLDEN / f"{name}.wav").read_bytes()
    at = raw.index(b"data") + 8
    return torch.from_numpy(np.frombuffer(raw[at:], "<i2").astype(np.float32) / 32768.0)[None]

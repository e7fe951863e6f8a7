"""The published network whole: two wav2vec2 encoders that hear the sound itself and are trained but
for their convolutions. They may start from checkpoint folders of `transformers`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from emotalk_core.controls import EMOTIONS
from emotalk_core.errors import InputError, SetupError
from emotalk_core.model.authors_file import encoder_tensors
from emotalk_core.model.config import ModelConfig, PublishedConfig, Wav2Vec2Config, write_config
from emotalk_core.model.folder import load_model
from emotalk_core.model.network import Published
from emotalk_core.model.network.published import published_rows
from emotalk_core.model.network.wav2vec2 import Between, interpolate
from emotalk_core.model.tensors import write_tensors

from .batches import Batch
from .emotalk import EmoTalkSizes, PaperLosses, PaperNetwork

__all__ = ["Encoders", "FullEmoTalk", "check_encoders", "export_full", "read_encoder"]

log = logging.getLogger(__name__)

_PREFIXES: Final = ("audio_encoder_cont.", "audio_encoder_emo.wav2vec2.")
_SIZES: Final = {  # theirs -> ours
    "hidden_size": "width",
    "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads",
    "intermediate_size": "feed_forward",
    "num_conv_pos_embeddings": "position_kernel",
    "num_conv_pos_embedding_groups": "position_groups",
}
_NORM_NAMES: Final = {  # older torch's weight norm, as the published file has it -> newer torch's
    "weight_g": "parametrizations.weight.original0",
    "weight_v": "parametrizations.weight.original1",
}


@dataclass(frozen=True)
class Encoders:
    """Checkpoint folders of `transformers` that the encoders start from; empty: random numbers."""

    content: str = ""  # the paper: jonatasgrosman/wav2vec2-large-xlsr-53-english
    emotion: str = ""  # the paper: r-f/wav2vec-english-speech-emotion-recognition


class FullEmoTalk(PaperNetwork):
    """Hears samples, not features."""

    def __init__(self, persons: int, encoders: Encoders, weights: PaperLosses) -> None:
        given = {b: read_encoder(Path(f)) for b, f in vars(encoders).items() if f}
        sizes = next((found for found, _ in given.values()), Wav2Vec2Config())
        for branch, (found, _) in given.items():
            if found != sizes:
                raise InputError(
                    "Encoders of different sizes",
                    value=f"encoders.{branch}",
                    remedy="Take two of one kind.",
                )
        network = Published(full_config(sizes, persons))
        super().__init__(network, EmoTalkSizes(), weights)
        for branch, (_, state) in given.items():
            _load(network, branch, sizes, state)
        for encoder in network.encoders:
            encoder.convolutions.requires_grad_(requires_grad=False)

    def features(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Rows of both encoders at the frames, (N, T, width) each."""
        assert batch.samples is not None, "the store gives no sounds"
        content, emotion = self.network.encoders
        n_states = [content.convolutions.n_states(int(n)) for n in batch.n_samples]
        places = _places(n_states, batch.n_frames.tolist(), batch.faces.valid.shape[1])
        at_frames, at_rows, rows_at_frames, is_row = (p.to(batch.samples.device) for p in places)
        is_frame = batch.faces.valid.bool()
        said = content(interpolate(content.convolutions(batch.samples), at_frames), is_frame)
        rows = interpolate(emotion.convolutions(batch.samples), at_rows)
        felt = interpolate(emotion(rows, is_row), rows_at_frames)
        return said, felt


def full_config(encoder: Wav2Vec2Config, persons: int) -> ModelConfig:
    """The published sizes over encoders of any size."""
    published = PublishedConfig(
        encoder=encoder,
        content_features=encoder.width,
        emotion_features=encoder.width,
        n_classes=len(EMOTIONS),
    )
    return replace(
        ModelConfig(), name="emotalk", kind="published", n_styles=persons, published=published
    )


def check_encoders(encoders: Encoders) -> None:
    """Look at what the encoders start from before anything slow; say which starts from nothing.

    Raises
    ------
    InputError
        No such folder, or a network of another kind.
    """
    for branch, folder in vars(encoders).items():
        if folder:
            _facts(Path(folder))
        else:
            what = "encoders.%s is not given: it starts from random numbers, convolutions stay so"
            log.warning(what, branch)


def read_encoder(folder: Path) -> tuple[Wav2Vec2Config, Mapping[str, np.ndarray]]:
    """Sizes and tensors of a wav2vec2 checkpoint folder, read by `transformers`.

    Raises
    ------
    InputError
        No such folder, or a network of another kind.
    SetupError
        `transformers` is not installed.
    """
    facts = _facts(folder)
    try:
        from transformers import Wav2Vec2Model
    except ImportError as error:
        raise SetupError(
            "transformers is not installed", value=folder, remedy="pip install transformers."
        ) from error
    model = Wav2Vec2Model.from_pretrained(str(folder), local_files_only=True)
    state = {name: tensor.float().numpy() for name, tensor in model.state_dict().items()}
    return _sizes(facts), state


def _facts(folder: Path) -> Mapping[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            "Not a checkpoint folder of transformers", value=folder, remedy="It has a config.json."
        ) from error
    if facts.get("model_type") != "wav2vec2" or not facts.get("do_stable_layer_norm"):
        raise InputError(
            "Not a wav2vec2 encoder of the large kind",
            value=folder,
            remedy="Take one with model_type wav2vec2 and do_stable_layer_norm true.",
        )
    return facts


def export_full(network: FullEmoTalk, folder: Path, name: str) -> None:
    """A model folder that the torch engine and the add-on read; sliders need `calibrate` first."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {n: t.detach().cpu().numpy() for n, t in network.network.state_dict().items()}
    encoder = {n: t for n, t in state.items() if ".encoder." in n}
    rest = {n: t for n, t in state.items() if n not in encoder}
    write_tensors(folder / "encoder.safetensors", encoder, {"name": name})
    write_tensors(folder / "model.safetensors", rest, {"name": name})
    write_config(replace(network.network.config, name=name), folder / "config.json")
    load_model(folder)


def _sizes(facts: Mapping[str, Any]) -> Wav2Vec2Config:
    found = {ours: int(facts[theirs]) for theirs, ours in _SIZES.items()}
    return Wav2Vec2Config(
        conv_width=int(facts["conv_dim"][0]),
        kernels=tuple(facts["conv_kernel"]),
        strides=tuple(facts["conv_stride"]),
        **found,
    )


def _load(
    network: Published, branch: str, sizes: Wav2Vec2Config, state: Mapping[str, np.ndarray]
) -> None:
    """Put a checkpoint's tensors into one encoder."""

    def get(name: str) -> np.ndarray:
        for prefix in _PREFIXES:  # either encoder's name is asked for: both have one checkpoint's
            name = name.removeprefix(prefix)
        stem, _, last = name.rpartition(".")
        return state[name] if name in state else state[f"{stem}.{_NORM_NAMES[last]}"]

    prefix = f"{branch}.encoder."
    mine = {
        name.removeprefix(prefix): torch.from_numpy(array.copy())
        for name, array in encoder_tensors(get, PublishedConfig(encoder=sizes))
        if name.startswith(prefix)
    }
    content, emotion = network.encoders
    (content if branch == "content" else emotion).load_state_dict(mine)


def _places(
    n_states: list[int], n_frames: list[int], longest: int
) -> tuple[Between, Between, Between, Tensor]:
    """Frames in states, rows of the emotion encoder in states, frames in those rows, which rows
    are there: each take over its own length.
    """
    n_rows = [max(1, published_rows(n)) for n in n_states]
    most = max(n_rows)
    is_row = torch.zeros(len(n_rows), most, dtype=torch.bool)
    for row, n in enumerate(n_rows):
        is_row[row, :n] = True
    return (
        Between.at(_spread(n_states, n_frames, longest)),
        Between.at(_spread(n_states, n_rows, most)),
        Between.at(_spread(n_rows, n_frames, longest)),
        is_row,
    )


def _spread(n_from: list[int], n_to: list[int], length: int) -> Tensor:
    """float64 (N, length): `n_to` places over 0..`n_from` - 1, ends aligned, then zeros."""
    out = torch.zeros(len(n_to), length, dtype=torch.float64)
    for row, (source, count) in enumerate(zip(n_from, n_to, strict=True)):
        out[row, :count] = torch.linspace(0.0, source - 1.0, count, dtype=torch.float64)
    return out

"""What stands in the authors' checkpoint of the published network: names, shapes, and how they
become ours.

Left out: what cannot change the output (masks of training, unused heads, queries and keys of an
attention that is allowed one key). Folded: weight norm; value and output map of that attention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from ..arkit import CHANNELS, EMOTALK_ORDER
from .config import ModelConfig, PublishedConfig, Wav2Vec2Config

__all__ = [
    "NOT_NEEDED",
    "authors_shapes",
    "encoder_tensors",
    "has_equal_convolutions",
    "model_tensors",
]

Get = Callable[[str], np.ndarray]
Shapes = dict[str, tuple[int, ...]]

_ENCODERS: Final = {"content": "audio_encoder_cont", "emotion": "audio_encoder_emo.wav2vec2"}
_N_LETTERS: Final = 32  # outputs of the unused speech recognition head

_TO_APPLE: Final = [EMOTALK_ORDER.index(channel) for channel in CHANNELS]

NOT_NEEDED: Final = (
    "masked_spec_embed",
    "lm_head.weight",
    "lm_head.bias",
    "k_proj.bias",
    "classifier.dense.weight",
    "classifier.dense.bias",
    "classifier.out_proj.weight",
    "classifier.out_proj.bias",
)
"""Endings of the names that may be missing: curves do not depend on them."""


def authors_shapes(config: ModelConfig) -> Shapes:
    """Name and shape of every tensor, in the order of the published state dict."""
    sizes = config.published
    assert sizes is not None
    assert sizes.encoder is not None
    width, encoder = sizes.width, sizes.encoder
    shapes = _encoder_shapes(_ENCODERS["content"], encoder)
    shapes |= _encoder_shapes(_ENCODERS["emotion"], encoder)
    _linear(shapes, "audio_encoder_emo.classifier.dense", encoder.width, encoder.width)
    _linear(shapes, "audio_encoder_emo.classifier.out_proj", sizes.n_classes, encoder.width)
    _linear(shapes, "audio_feature_map_cont", sizes.content_width, encoder.width)
    _linear(shapes, "audio_feature_map_emo", sizes.emotion_width, encoder.width)
    _linear(shapes, "audio_feature_map_emo2", sizes.told_width, sizes.emotion_width)
    _linear(shapes, "obj_vector_level", sizes.level_width, 2)
    _linear(shapes, "obj_vector_person", sizes.style_width, config.n_styles)
    layer = "transformer_decoder.layers.0"
    for name in ("self_attn", "multihead_attn"):
        shapes[f"{layer}.{name}.in_proj_weight"] = (3 * width, width)
        shapes[f"{layer}.{name}.in_proj_bias"] = (3 * width,)
        _linear(shapes, f"{layer}.{name}.out_proj", width, width)
    _linear(shapes, f"{layer}.linear1", sizes.feed_forward, width)
    _linear(shapes, f"{layer}.linear2", width, sizes.feed_forward)
    for number in (1, 2, 3):
        _norm(shapes, f"{layer}.norm{number}", width)
    _linear(shapes, "bs_map_r", len(config.channels), width)
    return shapes


def _linear(shapes: Shapes, name: str, rows: int, *columns: int) -> None:
    shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (rows, *columns), (rows,)


def _norm(shapes: Shapes, name: str, width: int) -> None:
    shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (width,)


def _encoder_shapes(name: str, config: Wav2Vec2Config) -> Shapes:
    width, conv = config.width, config.conv_width
    shapes: Shapes = {f"{name}.masked_spec_embed": (width,)}
    for number, kernel in enumerate(config.kernels):
        layer = f"{name}.feature_extractor.conv_layers.{number}"
        _linear(shapes, f"{layer}.conv", conv, conv if number else 1, kernel)
        _norm(shapes, f"{layer}.layer_norm", conv)
    _norm(shapes, f"{name}.feature_projection.layer_norm", conv)
    _linear(shapes, f"{name}.feature_projection.projection", width, conv)
    position, kernel = f"{name}.encoder.pos_conv_embed.conv", config.position_kernel
    shapes[f"{position}.bias"] = (width,)
    shapes[f"{position}.weight_g"] = (1, 1, kernel)
    shapes[f"{position}.weight_v"] = (width, width // config.position_groups, kernel)
    _norm(shapes, f"{name}.encoder.layer_norm", width)
    for number in range(config.n_layers):
        layer = f"{name}.encoder.layers.{number}"
        for part in ("k", "v", "q", "out"):
            _linear(shapes, f"{layer}.attention.{part}_proj", width, width)
        _norm(shapes, f"{layer}.layer_norm", width)
        _linear(shapes, f"{layer}.feed_forward.intermediate_dense", config.feed_forward, width)
        _linear(shapes, f"{layer}.feed_forward.output_dense", width, config.feed_forward)
        _norm(shapes, f"{layer}.final_layer_norm", width)
    _linear(shapes, f"{name}.lm_head", _N_LETTERS, width)
    return shapes


def has_equal_convolutions(get: Get, config: Wav2Vec2Config) -> bool:
    """Whether both encoders have the same convolutions, bit for bit: they then need to run once."""
    names = [
        name.removeprefix(_ENCODERS["content"])
        for name in _encoder_shapes(_ENCODERS["content"], config)
        if ".feature_extractor." in name
    ]
    return all(
        np.array_equal(get(_ENCODERS["content"] + name), get(_ENCODERS["emotion"] + name))
        for name in names
    )


def encoder_tensors(get: Get, sizes: PublishedConfig) -> Iterator[tuple[str, np.ndarray]]:
    """Tensors of `encoder.safetensors`, one by one; `get` gives one of the authors' by its name."""
    assert sizes.encoder is not None
    for branch, source in _ENCODERS.items():
        target = f"{branch}.encoder"
        for number in range(len(sizes.encoder.kernels)):
            if branch == "emotion" and sizes.share_convolutions:
                break
            layer = f"{source}.feature_extractor.conv_layers.{number}"
            yield from _copied(get, f"{layer}.conv", f"{target}.convolutions.layers.{number}")
            yield from _copied(get, f"{layer}.layer_norm", f"{target}.convolutions.norms.{number}")
        projection = f"{source}.feature_projection"
        yield from _copied(get, f"{projection}.layer_norm", f"{target}.input_norm")
        yield from _copied(get, f"{projection}.projection", f"{target}.input")
        position = f"{source}.encoder.pos_conv_embed.conv"
        yield f"{target}.position.weight", _without_weight_norm(get, position)
        yield f"{target}.position.bias", get(f"{position}.bias")
        for number in range(sizes.encoder.n_layers):
            yield from _layer(get, f"{source}.encoder.layers.{number}", f"{target}.layers.{number}")
        yield from _copied(get, f"{source}.encoder.layer_norm", f"{target}.norm")


def _copied(get: Get, source: str, target: str) -> Iterator[tuple[str, np.ndarray]]:
    for part in ("weight", "bias"):
        yield f"{target}.{part}", get(f"{source}.{part}")


def _layer(get: Get, source: str, target: str) -> Iterator[tuple[str, np.ndarray]]:
    """One transformer layer; query, key and value become one map."""
    for part in ("weight", "bias"):
        names = [f"{source}.attention.{p}_proj.{part}" for p in ("q", "k", "v")]
        yield f"{target}.qkv.{part}", np.concatenate([get(name) for name in names])
    for ours, theirs in (
        ("out", "attention.out_proj"),
        ("attention_norm", "layer_norm"),
        ("norm", "final_layer_norm"),
        ("up", "feed_forward.intermediate_dense"),
        ("down", "feed_forward.output_dense"),
    ):
        yield from _copied(get, f"{source}.{theirs}", f"{target}.{ours}")


def _without_weight_norm(get: Get, name: str) -> np.ndarray:
    """The kernel g v / |v|, the norm taken for each of its places."""
    v = get(f"{name}.weight_v").astype(np.float64)
    norm = np.sqrt((v * v).sum(axis=(0, 1), keepdims=True))
    return (get(f"{name}.weight_g") * v / norm).astype(np.float32)


def model_tensors(get: Get) -> Iterator[tuple[str, np.ndarray]]:
    """Tensors of `model.safetensors`, one by one; prototypes are not among them."""
    layer = "transformer_decoder.layers.0"
    for ours, theirs in (
        ("content.map", "audio_feature_map_cont"),
        ("emotion.map", "audio_feature_map_emo"),
        ("emotion.hidden", "audio_encoder_emo.classifier.dense"),
        ("emotion.classes", "audio_encoder_emo.classifier.out_proj"),
        ("decoder.told", "audio_feature_map_emo2"),
        ("decoder.level", "obj_vector_level"),
        ("decoder.style", "obj_vector_person"),
        ("decoder.attended", f"{layer}.self_attn.out_proj"),
        ("decoder.up", f"{layer}.linear1"),
        ("decoder.down", f"{layer}.linear2"),
        ("decoder.norms.0", f"{layer}.norm1"),
        ("decoder.norms.1", f"{layer}.norm2"),
        ("decoder.norms.2", f"{layer}.norm3"),
    ):
        yield from _copied(get, theirs, ours)
    for part in ("weight", "bias"):
        yield f"decoder.output.{part}", get(f"bs_map_r.{part}")[_TO_APPLE]
    for part in ("weight", "bias"):
        yield f"decoder.qkv.{part}", get(f"{layer}.self_attn.in_proj_{part}")
    yield from _guide(get, f"{layer}.multihead_attn")


def _guide(get: Get, source: str) -> Iterator[tuple[str, np.ndarray]]:
    """Attention with one allowed key is its value map, then its output map: one matrix."""
    wide = {
        name: get(f"{source}.{name}").astype(np.float64)
        for name in ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    }
    width, out = len(wide["out_proj.bias"]), wide["out_proj.weight"]
    value, bias = wide["in_proj_weight"][2 * width :], wide["in_proj_bias"][2 * width :]
    yield "decoder.guide.weight", (out @ value).astype(np.float32)
    yield "decoder.guide.bias", (out @ bias + wide["out_proj.bias"]).astype(np.float32)

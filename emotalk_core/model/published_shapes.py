"""Names and shapes of the published network's tensors in a model folder."""

from __future__ import annotations

from .config import ModelConfig, Wav2Vec2Config

__all__ = ["published_encoder_shapes", "published_model_shapes"]

Shapes = dict[str, tuple[int, ...]]


def published_model_shapes(config: ModelConfig) -> Shapes:
    """Of `model.safetensors`: what follows the encoders."""
    sizes = config.published
    assert sizes is not None
    shapes: Shapes = {}
    width, emotion = sizes.width, sizes.emotion_width
    for name, rows, columns in (
        ("content.map", sizes.content_width, sizes.content_features),
        ("emotion.map", emotion, sizes.emotion_features),
        ("emotion.hidden", sizes.emotion_features, sizes.emotion_features),
        ("emotion.classes", sizes.n_classes, sizes.emotion_features),
        ("decoder.told", sizes.told_width, emotion),
        ("decoder.level", sizes.level_width, 2),
        ("decoder.style", sizes.style_width, config.n_styles),
        ("decoder.qkv", 3 * width, width),
        ("decoder.attended", width, width),
        ("decoder.guide", width, emotion),
        ("decoder.up", sizes.feed_forward, width),
        ("decoder.down", width, sizes.feed_forward),
        ("decoder.output", len(config.channels), width),
    ):
        _affine(shapes, name, rows, columns)
    for number in range(3):
        _affine(shapes, f"decoder.norms.{number}", width)
    return shapes


def published_encoder_shapes(config: ModelConfig) -> Shapes:
    """Of `encoder.safetensors`: both wav2vec2 encoders."""
    sizes = config.published
    assert sizes is not None
    shapes: Shapes = {}
    if sizes.encoder is not None:
        _encoder(shapes, "content.encoder", sizes.encoder, is_deaf=False)
        _encoder(shapes, "emotion.encoder", sizes.encoder, is_deaf=sizes.share_convolutions)
    return shapes


def _affine(shapes: Shapes, name: str, rows: int, *columns: int) -> None:
    shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (rows, *columns), (rows,)


def _encoder(shapes: Shapes, name: str, config: Wav2Vec2Config, *, is_deaf: bool) -> None:
    width, conv = config.width, config.conv_width
    for number, kernel in enumerate(() if is_deaf else config.kernels):
        _affine(shapes, f"{name}.convolutions.layers.{number}", conv, conv if number else 1, kernel)
        _affine(shapes, f"{name}.convolutions.norms.{number}", conv)
    _affine(shapes, f"{name}.input_norm", conv)
    _affine(shapes, f"{name}.input", width, conv)
    group = width // config.position_groups
    _affine(shapes, f"{name}.position", width, group, config.position_kernel)
    for number in range(config.n_layers):
        layer = f"{name}.layers.{number}"
        _affine(shapes, f"{layer}.attention_norm", width)
        _affine(shapes, f"{layer}.qkv", 3 * width, width)
        _affine(shapes, f"{layer}.out", width, width)
        _affine(shapes, f"{layer}.norm", width)
        _affine(shapes, f"{layer}.up", config.feed_forward, width)
        _affine(shapes, f"{layer}.down", width, config.feed_forward)
    _affine(shapes, f"{name}.norm", width)

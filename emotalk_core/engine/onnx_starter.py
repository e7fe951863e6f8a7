"""The starter network as ONNX graphs: the same steps as `frontend`, `starter` and `contact`.

B sounds at once, M mel frames at 100 Hz, S = M / 2 states at 50 Hz, T frames at 30 fps; each may
differ from run to run.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ..errors import SetupError
from ..model.config import ModelConfig
from ..model.folder import Model
from .frontend import (
    HOP,
    LOG_RANGE,
    N_FFT,
    N_HEADS,
    N_MELS,
    UNHEARD,
    USUAL_TOP,
    mel_filters,
)
from .gates import JAW_SURE, TUCK_SURE
from .onnx_graph import Graph
from .onnx_layers import Net
from .onnx_lips import firmness, gate_logits, press, round_off, tuck
from .starter import (
    POOL_DB_PER_E,
    POOL_FLOOR,
    PROJECTED,
    layer_mix,
)
from .windows import LOUD_DB, QUIET_DB

__all__ = ["feature_graph", "starter_graphs"]

_PER_DB: Final = math.log(10.0) / 10.0


def starter_graphs(model: Model) -> dict[str, bytes]:
    """The files of a starter model by name: `encoder`, `branches` and `decoder`.

    The same weights give the same bytes.

    Raises
    ------
    SetupError
        A model of another kind.
    """
    if model.config.kind != "starter":
        raise SetupError(
            "Only models of the kind that ships run on ONNX Runtime",
            value=model.config.kind,
            remedy="Use --engine torch for this one.",
        )
    notes = {"model": model.key, "name": model.config.name}
    made = {"encoder": _encoder, "branches": _branches, "decoder": _decoder}
    return {name: make(model).to_bytes(notes) for name, make in made.items()}


def feature_graph() -> bytes:
    """`features`: sound to log mel power, for programs that have no `frontend.log_mel`.

    The Fourier transform of a frame is a product with cosines and sines, which a convolution over
    the sound makes of all frames.
    """
    net = Net("features", {})
    samples = net.add("Unsqueeze", net.input("samples", ("batch", "samples")), net.integers(1))
    angles = 2.0 * np.pi / N_FFT * np.outer(np.arange(N_FFT // 2 + 1), np.arange(N_FFT))
    window = np.hanning(N_FFT + 1)[:-1]
    waves = np.concatenate([np.cos(angles), np.sin(angles)]) * window
    kernels = net.constant(waves[:, None].astype(np.float32))
    parts = net.add("Conv", samples, kernels, kernel_shape=(N_FFT,), strides=(HOP,))
    power = net.add("Mul", parts, parts)
    bands = np.concatenate([mel_filters(), mel_filters()])
    mel = net.add("MatMul", net.add("Transpose", power, perm=(0, 2, 1)), net.constant(bands))
    log = net.add("Log", net.clip(mel, 1e-10, None))
    result = net.add("Div", log, net.number(math.log(10.0)))
    net.output(result, "mel", ("batch", "mel_frames", N_MELS))
    return net.to_bytes({})


def _encoder(model: Model) -> Graph:
    """One window: log mel power to what the two branches start from, and the level."""
    net = Net("encoder", model.encoder_tensors)
    mel = net.input("mel", ("batch", "mel_frames", N_MELS))
    top = net.add("Unsqueeze", net.input("top", ("batch",)), net.integers(1, 2))
    below = net.add("Sub", mel, top)
    states = _layers(net, _normalised(net, below), model.config)
    parts = [_project(net, states, model, branch) for branch in PROJECTED]
    parts.append(_mixed(net, states, model, "emotion"))
    width = model.config.content.projected_width + model.config.front_end.width
    net.output(net.add("Concat", *parts, axis=-1), "projected", ("batch", "states", width))
    net.output(_level(net, below), "level", ("batch", "states"))
    return net


def _normalised(net: Net, below: str) -> str:
    """As `frontend.normalise`, of mel power below the sound's top."""
    raised = net.add("Add", net.clip(below, -LOG_RANGE, None), net.number(USUAL_TOP + 4.0))
    return net.add("Div", raised, net.number(4.0))


def _level(net: Net, below: str) -> str:
    """As `windows.state_levels`."""
    bels = net.clip(below, -10.0, None)
    power = net.add("Exp", net.add("Mul", bels, net.number(math.log(10.0))))
    total = net.add("ReduceSum", power, net.integers(2), keepdims=0)
    row = net.add("Unsqueeze", total, net.integers(1))
    padded = net.add("Pad", row, net.integers(0, 0, 2, 0, 0, 1), mode="edge")
    mean = net.add("AveragePool", padded, kernel_shape=(4,), strides=(2,))
    around = net.add("Add", net.add("Squeeze", mean, net.integers(1)), net.number(1e-10))
    level = net.add("Div", net.add("Log", around), net.number(_PER_DB))
    return net.clip(level, QUIET_DB, LOUD_DB)


def _layers(net: Net, mel: str, config: ModelConfig) -> list[str]:
    """Hidden states (B, S, width) after each layer."""
    x = net.gelu(net.convolution(mel, "conv1"))
    x = net.gelu(net.convolution(x, "conv2", stride=2))
    x = net.add("Add", x, net.weight("position"))
    states = []
    for i, band in enumerate(_bands(net, x, config)):
        x = net.add("Add", x, _attend(net, net.norm(x, f"blocks.{i}.attn_ln"), i, band))
        hidden = net.gelu(net.affine(net.norm(x, f"blocks.{i}.mlp_ln"), f"blocks.{i}.mlp.0"))
        x = net.add("Add", x, net.affine(hidden, f"blocks.{i}.mlp.2"))
        states.append(x)
    return states


def _bands(net: Net, x: str, config: ModelConfig) -> list[str]:
    """For each layer (heads, S, S): what each query adds to the score of each key.

    All layers are looked up at once, a row of all heads for each pair of states.
    """
    front = config.front_end
    tables = [net.raw(f"blocks.{i}.attn.relative") for i in range(front.n_layers)]
    table = np.pad(
        np.concatenate(tables).astype(np.float32).T, ((1, 1), (0, 0)), constant_values=UNHEARD
    )
    n = net.add("Gather", net.add("Shape", x), net.constant(np.array(1, np.int64)))
    zero, one = (net.constant(np.array(value, np.int64)) for value in (0, 1))
    places = net.add("Range", zero, n, one)
    away = net.add(
        "Sub",
        net.add("Unsqueeze", places, net.integers(0)),
        net.add("Unsqueeze", places, net.integers(1)),
    )
    edge = front.reach + 1
    row = net.add("Max", net.add("Min", away, net.integers(edge)), net.integers(-edge))
    scores = net.add("Gather", net.constant(table), net.add("Add", row, net.integers(edge)))
    turned = net.add("Transpose", scores, perm=(2, 0, 1))
    sizes = net.integers(*[N_HEADS] * front.n_layers)
    return net.split("Split", turned, sizes, n_outputs=front.n_layers, axis=0)


def _attend(net: Net, x: str, i: int, band: str) -> str:
    """Self-attention over the whole window."""
    names = [f"blocks.{i}.attn.{part}" for part in ("query", "key", "value")]
    weight = np.concatenate([net.raw(f"{name}.weight") for name in names])
    query, value = net.raw(f"{names[0]}.bias"), net.raw(f"{names[2]}.bias")
    bias = np.concatenate([query, np.zeros_like(query), value])  # Whisper's keys have none
    qkv = net.add("Add", net.times(x, weight), net.constant(bias))
    size = len(query) // N_HEADS
    shape = net.integers(0, 0, N_HEADS, size)
    parts = net.split("Split", qkv, net.integers(*[len(query)] * 3), n_outputs=3, axis=-1)
    heads = [net.add("Reshape", part, shape) for part in parts]
    q, k, v = (
        net.add("Transpose", head, perm=perm)
        for head, perm in zip(heads, ((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3)), strict=True)
    )
    q = net.add("Mul", q, net.number(size**-0.5))
    scores = net.add("Add", net.add("MatMul", q, k), band)
    joined = net.add("MatMul", net.add("Softmax", scores, axis=-1), v)
    flat = net.add(
        "Reshape", net.add("Transpose", joined, perm=(0, 2, 1, 3)), net.integers(0, 0, len(query))
    )
    return net.affine(flat, f"blocks.{i}.attn.out")


def _project(net: Net, states: list[str], model: Model, branch: str) -> str:
    """The states as the input of a branch, as `Starter.project`."""
    weight, bias = (np.asarray(model.tensors[f"{branch}.project.{n}"]) for n in ("weight", "bias"))
    mixed = _mixed(net, states, model, branch)
    return net.add("Add", net.times(mixed, weight), net.constant(bias))


def _mixed(net: Net, states: list[str], model: Model, branch: str) -> str:
    """The states of all layers as one."""
    gains, offset = layer_mix(model.tensors, branch)
    mixed = net.add("Mul", states[0], net.constant(gains[0]))
    mixed = net.add("Add", mixed, net.constant(offset))
    for state, gain in zip(states[1:], gains[1:], strict=True):
        mixed = net.add("Add", mixed, net.add("Mul", state, net.constant(gain)))
    return mixed


def _branches(model: Model) -> Graph:
    """Joined windows to frames: what is said, how it is said, and how loud."""
    net, config = Net("branches", model.tensors), model.config
    width = config.content.projected_width + config.front_end.width
    projected = net.input("projected", ("batch", "states", width))
    level = net.input("level", ("batch", "states"))
    inside = net.input("inside", ("batch", "states"))
    before = net.input("before", ("frames",), "int64")
    share = net.input("share", ("frames",))
    sizes = net.integers(config.content.projected_width, config.front_end.width)
    said, how = net.split("Split", projected, sizes, n_outputs=2, axis=-1)
    content = _content(net, said, level, config)
    rows = net.add("Concat", content, net.column(level), axis=-1)
    rows = _between(net, rows, before, share)
    ends = net.integers(config.content.full_width, 1)
    content, loud = net.split("Split", rows, ends, n_outputs=2, axis=-1)
    emotion, heard = _emotion(net, how, _pool_weights(net, level, inside), before, config)
    frames = ("batch", "frames")
    net.output(content, "content", (*frames, config.content.full_width))
    net.output(emotion, "emotion", (*frames, config.emotion.latent))
    net.output(heard, "heard", (*frames, len(config.emotions)))
    net.output(net.add("Squeeze", loud, net.integers(2)), "frame_level", frames)
    return net


def _content(net: Net, projected: str, level: str, config: ModelConfig) -> str:
    """As `Starter.content`."""
    sizes = config.content
    widths = net.integers(sizes.width, sizes.phones_width)
    own, for_phones = net.split("Split", projected, widths, n_outputs=2, axis=-1)
    said = net.gelu(net.add("Add", own, net.level_feature(level, "content.level")))
    said = _residual(net, said, "content", sizes.dilations)
    x = _residual(net, net.gelu(for_phones), "content.phones", sizes.phones_dilations)
    shares = net.add("Softmax", net.affine(x, "content.phones.output"), axis=-1)
    return net.add("Concat", _smoothed(net, said), shares, axis=-1)


def _residual(net: Net, x: str, branch: str, dilations: tuple[int, ...]) -> str:
    for i, dilation in enumerate(dilations):
        step = net.gelu(net.convolution(x, f"{branch}.blocks.{i}", dilation=dilation))
        x = net.add("Add", x, step)
    return x


def _between(net: Net, rows: str, before: str, share: str) -> str:
    """Rows at frames that lie `share` of the way from state `before` to the next."""
    to_next = net.add("Unsqueeze", share, net.integers(1))
    first = net.add("Gather", rows, before, axis=1)
    second = net.add("Gather", rows, net.add("Add", before, net.integers(1)), axis=1)
    rest = net.add("Sub", net.number(1.0), to_next)
    return net.add("Add", net.add("Mul", first, rest), net.add("Mul", second, to_next))


def _pool_weights(net: Net, level: str, inside: str) -> str:
    quiet = net.add("Div", net.clip(level, None, 0.0), net.number(POOL_DB_PER_E))
    return net.column(net.add("Mul", net.add("Exp", quiet), inside))


def _emotion(net: Net, x: str, weights: str, centres: str, config: ModelConfig) -> tuple[str, str]:
    """As `Starter.emotion`: running sums in float64, because float32 would drift."""
    terms = net.add("Concat", weights, net.add("Mul", weights, x), axis=-1)
    sums = _window_sums(net, net.add("Cast", terms, to=11), centres, config.emotion.reach)
    parts = net.integers(1, config.front_end.width)
    total, weighted = net.split("Split", sums, parts, n_outputs=2, axis=-1)
    total = net.add("Add", total, net.constant(np.array(POOL_FLOOR)))
    pooled = net.add("Cast", net.add("Div", weighted, total), to=1)
    voice = net.add("Softmax", net.affine(pooled, "emotion.voice"), axis=-1)
    heard = net.add("Softmax", net.affine(pooled, "emotion.heard"), axis=-1)
    return net.add("MatMul", voice, net.weight("prototypes")), heard


def _window_sums(net: Net, terms: str, centres: str, reach: int) -> str:
    """Sums over `reach` states on each side of `centres`."""
    running = net.add("CumSum", terms, net.constant(np.array(1, np.int64)))
    running = net.add("Pad", running, net.integers(0, 1, 0, 0, 0, 0), net.constant(np.array(0.0)))
    n = net.add("Gather", net.add("Shape", terms), net.integers(1))
    first = net.add("Max", net.add("Sub", centres, net.integers(reach)), net.integers(0))
    last = net.add("Min", net.add("Add", centres, net.integers(reach + 1)), n)
    return net.add(
        "Sub", net.add("Gather", running, last, axis=1), net.add("Gather", running, first, axis=1)
    )


def _decoder(model: Model) -> Graph:
    """Frames and sliders to coefficients."""
    net, config = Net("decoder", model.tensors), model.config
    frames = ("batch", "frames")
    content = net.input("content", (*frames, config.content.full_width))
    level = net.input("frame_level", frames)
    voice = net.input("emotion", (*frames, config.emotion.latent))
    weights = net.input("weights", (*frames, len(config.emotions)))
    mix, intensity = (net.column(net.input(name, frames)) for name in ("mix", "intensity"))
    style = net.input("style", ("batch",), "int64")
    latent = _latent(net, voice, weights, mix, intensity)
    told = _told(net, latent, style)
    widths = net.integers(config.content.width, len(config.content.phones))
    said, shares = net.split("Split", content, widths, n_outputs=2, axis=-1)
    x = net.add(
        "Add", net.affine(content, "decoder.input"), net.level_feature(level, "decoder.level")
    )
    x = net.gelu(x)
    for i in range(config.decoder.n_blocks):
        x = net.add("Add", x, _block(net, x, told, f"decoder.blocks.{i}", config))
    firm = firmness(net, gate_logits(net, net.affine(said, "decoder.contact"), shares))
    lips, lip, _ = net.split("Split", firm, net.integers(1, 1, 1), n_outputs=3, axis=-1)
    slow = _smoothed(net, firm)
    parted, drawn, corners = net.split("Split", slow, net.integers(1, 1, 1), n_outputs=3, axis=-1)
    steady = _smoothed(net, net.affine(x, "decoder.output"))
    sure = net.add("Pow", lip, net.number(float(TUCK_SURE)))
    free = tuck(net, round_off(net, steady, corners), net.add("Max", drawn, lip), sure)
    jaw = _smoothed(net, net.add("Pow", lips, net.number(float(JAW_SURE))))
    values = press(net, free, lips, parted, jaw)
    net.output(values, "coefficients", (*frames, len(config.channels)))
    return net


def _smoothed(net: Net, rows: str) -> str:
    """As `starter.smoothed`, of rows (B, n, width)."""
    padded = net.add("Pad", rows, net.integers(0, 1, 0, 0, 1, 0), mode="edge")
    sides = [
        net.add("Slice", padded, net.integers(start), net.integers(stop), net.integers(1))
        for start, stop in ((0, -2), (2, 2**31))
    ]
    both = net.add("Mul", net.add("Add", *sides), net.number(0.25))
    return net.add("Add", both, net.add("Mul", rows, net.number(0.5)))


def _latent(net: Net, voice: str, weights: str, mix: str, intensity: str) -> str:
    """As `Starter.latent`."""
    prototypes = net.raw("prototypes").astype(np.float32)
    neutral = net.constant(prototypes[0])
    total = net.add("ReduceSum", weights, net.integers(2), keepdims=1)
    shares = net.add("Div", weights, net.clip(total, 1.0, None))
    sliders = net.add("MatMul", shares, net.constant(prototypes - prototypes[0]))
    heard = net.add("Mul", net.add("Sub", net.number(1.0), mix), net.add("Sub", voice, neutral))
    away = net.add("Add", heard, net.add("Mul", mix, sliders))
    return net.add("Add", neutral, net.add("Mul", intensity, away))


def _told(net: Net, latent: str, style: str) -> str:
    """Latent and style side by side; styles beyond the last begin anew."""
    table = net.raw("styles")
    number = net.add("Mod", style, net.integers(len(table)))
    rows = net.add("Unsqueeze", net.add("Gather", net.weight("styles"), number), net.integers(1))
    lengths = net.add("Slice", net.add("Shape", latent), net.integers(0), net.integers(2))
    shape = net.add("Concat", lengths, net.integers(table.shape[1]), axis=0)
    return net.add("Concat", latent, net.add("Expand", rows, shape), axis=-1)


def _block(net: Net, x: str, told: str, name: str, config: ModelConfig) -> str:
    width = config.decoder.width
    gain, shift = net.split(
        "Split", net.affine(told, f"{name}.film"), net.integers(width, width), n_outputs=2, axis=-1
    )
    h = net.add("Mul", net.convolution(x, f"{name}.conv"), net.add("Add", gain, net.number(1.0)))
    return net.affine(net.gelu(net.add("Add", h, shift)), f"{name}.point")

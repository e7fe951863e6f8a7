"""Exported graphs beside our own numbers, on made-up sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from ..controls import EMOTIONS, FrameControls
from ..errors import SetupError
from ..model.folder import Model
from . import Encoding
from .builtin import NumpyNetwork
from .frontend import HOP, N_FFT, log_mel
from .onnx_engine import open_session
from .starter import frame_positions
from .streaming import Stretch

__all__ = ["SHORT", "TOLERANCE", "check_graphs"]

TOLERANCE: Final = 1e-4
"""Largest difference to the built-in engine's numbers, where a result's largest is above 1 as a
share of that: float32 through three layers measures 3e-6.
"""

SHORT: Final = 40
"""States of the shorter sounds; the longer ones fill a window."""

_SOUNDS: Final = 2  # given at once
_Arrays = dict[str, np.ndarray]


def check_graphs(
    graphs: Mapping[str, bytes], model: Model, lengths: Sequence[int] = ()
) -> dict[str, float]:
    """How far each graph is from our own numbers: two sounds at once, in each of some lengths.

    Parameters
    ----------
    graphs : mapping of bytes
        All of them, or some.
    model : Model
    lengths : sequence of int, optional
        In states; by default `SHORT` and a window.

    Raises
    ------
    SetupError
        Further than `TOLERANCE`, or ONNX Runtime does not take it.
    """
    sessions = {name: open_session(graph, name) for name, graph in graphs.items()}
    network, worst = NumpyNetwork(model), dict.fromkeys(graphs, 0.0)
    for n_states in lengths or (SHORT, model.config.front_end.window):
        cases = _cases(network, n_states)
        for name in graphs:
            given, wanted = cases[name]
            results = sessions[name].run([*wanted], given)
            apart = [_apart(*pair) for pair in zip(results, wanted.values(), strict=True)]
            worst[name] = max(worst[name], *apart)
    for name, difference in worst.items():
        if not difference <= TOLERANCE:  # not a number counts as too far
            raise SetupError(
                f"The graph {name} gives other numbers than ours",
                value=difference,
                remedy="Nothing was written. Try another release of onnxruntime.",
            )
    return worst


def _apart(result: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(result - wanted).max() / max(1.0, float(np.abs(wanted).max())))


def _cases(network: NumpyNetwork, n_states: int) -> dict[str, tuple[_Arrays, _Arrays]]:
    """For each graph what it is given and what must come back."""
    rng = np.random.default_rng(n_states)
    samples = _sounds(rng, (2 * n_states - 1) * HOP + N_FFT)
    mel = np.stack([log_mel(row) for row in samples])
    top = mel.max(axis=(1, 2))
    states = np.stack([network.project(m, float(t)) for m, t in zip(mel, top, strict=True)])
    joined = {"projected": states[..., :-1], "level": states[..., -1]}
    stretches = _stretches(states, network.config.fps)
    heard = [network.frames(stretch) for stretch in stretches]
    encoding = {name: np.stack([one.arrays[name] for one in heard]) for name in Encoding.FIELDS}
    encoding["frame_level"] = encoding.pop("level")
    sliders, faces = _faces(network, heard, rng)
    decoder = {name: encoding[name] for name in ("content", "emotion", "frame_level")}
    return {
        "features": ({"samples": samples}, {"mel": mel}),
        "encoder": ({"mel": mel, "top": top}, joined),
        "branches": (joined | _places(stretches), encoding),
        "decoder": (decoder | sliders, {"coefficients": faces}),
    }


def _sounds(rng: np.random.Generator, n_samples: int) -> np.ndarray:
    """Noise that comes and goes, float32 (sounds, n)."""
    loudness = rng.uniform(0.0, 0.5, (_SOUNDS, -(-n_samples // (2 * HOP))))
    noise = rng.standard_normal((_SOUNDS, n_samples))
    return (noise * np.repeat(loudness, 2 * HOP, axis=1)[:, :n_samples]).astype(np.float32)


def _stretches(states: np.ndarray, fps: int) -> list[Stretch]:
    """All frames of each sound; its first states lie before the sound."""
    n_states = states.shape[1]
    before, share = frame_positions(0, (n_states - 2) * fps // 50, fps)
    inside = np.arange(n_states) > n_states // 10
    return [Stretch(one, inside, before, share) for one in states]


def _places(stretches: list[Stretch]) -> _Arrays:
    return {
        "inside": np.stack([one.inside for one in stretches]).astype(np.float32),
        "before": stretches[0].before,
        "share": stretches[0].share,
    }


def _faces(
    network: NumpyNetwork, heard: list[Encoding], rng: np.random.Generator
) -> tuple[_Arrays, np.ndarray]:
    """Sliders that move, and what they make of each sound."""
    frames = (len(heard), heard[0].n_frames)
    sliders = {
        "weights": rng.uniform(0.0, 0.4, (*frames, len(EMOTIONS))).astype(np.float32),
        "mix": rng.uniform(0.0, 1.0, frames).astype(np.float32),
        "intensity": rng.uniform(0.0, 2.0, frames).astype(np.float32),
    }
    styles = np.arange(len(heard)) * (network.config.n_styles + 1)
    faces = [
        network.decode(one, FrameControls(*(s[i] for s in sliders.values()), style=int(styles[i])))
        for i, one in enumerate(heard)
    ]
    return sliders | {"style": styles}, np.stack(faces)

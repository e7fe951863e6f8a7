"""The published network on torch: windows of up to a minute, several at once where it pays."""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from ... import arkit
from ...controls import EMOTIONS, FrameControls
from ...errors import SetupError
from ...model.config import ModelConfig
from ...model.folder import Model
from ...model.network.published import Places, Published
from ...model.network.wav2vec2 import Between
from ...model.tensors import release_pages
from ...progress import Progress, part_of, silent
from ...timing import frame_count
from .. import Encoding
from ..emotion import emotion_latent
from ..measure import Measured, measure
from ..spans import CONTEXT, HOP, Joiner, Span, Whole, plan
from .device import Settings, choose_device, choose_dtype, is_out_of_memory
from .packed import can_pack, pack

if TYPE_CHECKING:
    from ...audio import SoundSource

__all__ = ["PublishedEngine", "build_network"]

_log = logging.getLogger(__name__)

_NUMERIC_VERSION: Final = 1  # raise it when encode's numbers change beyond rounding
_FIRST_PASS: Final = 0.02  # share of the time
_LONGEST: Final = 1800  # frames in one window, a minute: longer than any clip it was trained on
_SHORTEST: Final = 4 * CONTEXT  # frames: below this, memory is not what is wrong
_AT_ONCE: Final[Mapping[str, int]] = {"cuda": 5400}  # frames in one pass; elsewhere one window
_BLINKS: Final = list(arkit.indices("eyeBlink"))

# The classifier's own order (r-f/wav2vec-english-speech-emotion-recognition); calm is not in it.
_CLASSES: Final = {
    7: ("angry", "disgust", "fearful", "happy", "neutral", "sad", "surprised"),
    8: EMOTIONS,
}


@dataclass(frozen=True, eq=False)
class _Window:
    """A span and the normalised samples that it hears."""

    span: Span
    samples: np.ndarray


class PublishedEngine:
    """Runs an imported checkpoint.

    Parameters
    ----------
    model : Model
        Of kind "published".
    settings : Settings
    """

    name = "torch"

    def __init__(self, model: Model, settings: Settings) -> None:
        sizes = model.config.published
        assert sizes is not None
        self.config: ModelConfig = model.config
        self.context_frames = sizes.past
        self.device = choose_device(settings.device)
        self._dtype = choose_dtype(settings.precision, self.device)
        self._prototypes = model.prototypes
        release = functools.partial(release_pages, model.encoder_tensors.values())
        self._network = self._open(model, release)
        self.key = f"{model.key}-torch-{_NUMERIC_VERSION}-{self._dtype}".replace("torch.", "")
        self._longest, self._at_once = _LONGEST, _AT_ONCE.get(self.device.type, 0)
        if self.device.type == "cpu" and not settings.use_compiler and can_pack(self._dtype):
            for encoder in self._network.encoders:
                pack(encoder, release)
        self._watch = _Watch(self._network, use_compiler=settings.use_compiler)
        self._shares = _class_matrix(sizes.n_classes)

    @property
    def together_frames(self) -> int:
        """Frames of several sounds that `encode_together` may take at once; 0: it does not pay."""
        return self._at_once

    def encode(self, sound: SoundSource, *, progress: Progress = silent) -> Iterator[Encoding]:
        """Consecutive pieces of the sound's Encoding, together exactly T frames."""
        n_frames = frame_count(sound.n_samples)
        if n_frames == 0:
            return
        first_pass, rest = part_of(progress, 0, _FIRST_PASS), part_of(progress, _FIRST_PASS, 1)
        measured = measure(sound, fps=self.config.fps, progress=first_pass)
        whole = Whole.of(sound.n_samples, self.config.fps)
        joiner, reader = Joiner(n_frames, measured.level), _Reader(sound, measured)
        while joiner.done < n_frames:
            spans = plan(whole, joiner.done, self._longest)
            for group in self._groups(spans):
                until = min(group[-1].last, n_frames) / n_frames
                self._watch.progress = part_of(rest, joiner.done / n_frames, until)
                heard = self._try([reader.window(span) for span in group], rest)
                if heard is None:
                    break  # there was too little memory: planned anew with smaller windows
                for span, fields in zip(group, heard, strict=True):
                    following = spans[spans.index(span) + 1 :]
                    yield joiner.add(span, fields, following[0] if following else None)
                    reader.forget(following[0] if following else span)
        progress(1.0, "Listening")

    def encode_together(
        self, sounds: Sequence[SoundSource], *, progress: Progress = silent
    ) -> list[Encoding]:
        """Encodings of several sounds of a minute or less, heard in one pass."""
        windows, levels = [], []
        for number, sound in enumerate(sounds):
            measured = measure(sound, fps=self.config.fps)
            whole = Whole.of(sound.n_samples, self.config.fps)
            span = Span(whole, 0, whole.n_frames)
            windows.append(_Reader(sound, measured).window(span))
            levels.append(measured.level)
            progress(0.1 * (number + 1) / len(sounds), "Measuring the level")
        self._watch.progress = part_of(progress, 0.1, 1.0)
        heard = self._try(windows, progress) if len(sounds) > 1 else None
        if heard is None:
            return [Encoding.joined(self.encode(sound)) for sound in sounds]
        return [
            Encoding(content[: len(level)], emotion[: len(level)], shares[: len(level)], level)
            for (content, emotion, shares), level in zip(heard, levels, strict=True)
        ]

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52) in Apple's order, before shaping; may leave 0..1.

        Lids do not blink: the published program throws the network's blinks away, and ours come
        from a layer of their own.
        """
        latent = self._latent(np.asarray(encoding.emotion, np.float32), controls)
        level = np.clip(np.asarray(controls.intensity, np.float32), 0.0, 1.0)
        told, style = (encoding.content, level, latent), controls.style % self.config.n_styles
        values = self._decode(told, style)
        if values is None:
            _log.warning("Too little memory on %s: curves come from the processor", self.device)
            self._network.decoder.to("cpu")
            values = self._decode(told, style)
            assert values is not None
        values[:, _BLINKS] = 0.0
        return values

    def _decode(self, told: Sequence[np.ndarray], style: int) -> np.ndarray | None:
        """Curves; None when the card has too little memory even for them."""
        device = self._network.decoder.output.weight.device
        try:
            with torch.inference_mode():
                content, at, emotion = (
                    torch.from_numpy(np.array(a, np.float32))[None].to(device) for a in told
                )
                person = torch.tensor([style], device=device)
                return self._network.decode(content, at, emotion, person)[0].cpu().numpy()
        except RuntimeError as error:
            if device.type == "cpu" or not is_out_of_memory(error):
                raise
        return None

    def _latent(self, voice: np.ndarray, controls: FrameControls) -> np.ndarray:
        if self._prototypes is not None:
            return emotion_latent(voice, controls, self._prototypes)
        if np.any(np.asarray(controls.mix) > 0.0):
            raise SetupError(
                "This model's emotion sliders have not been calibrated",
                value=self.config.name,
                remedy="Run: emotalk calibrate MODEL CLIPS; or set the mix to 0 (from the voice).",
            )
        return voice

    def _groups(self, spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
        """Windows that are heard in one pass."""
        size = max(1, self.together_frames // max(spans[0].n_frames, 1))
        for start in range(0, len(spans), size):
            yield spans[start : start + size]

    def _try(self, windows: Sequence[_Window], progress: Progress) -> list[list[np.ndarray]] | None:
        """What windows heard; None when there was too little memory, and less is asked for now."""
        try:
            return self._hear(windows)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        # Outside the handler: the error holds on to the memory of what was going on.
        self._ask_for_less(len(windows), progress)
        return None

    def _ask_for_less(self, n_windows: int, progress: Progress) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if n_windows > 1:
            self._at_once //= 2
            said = "Too little memory: fewer windows at once"
        elif self._longest // 2 >= _SHORTEST:
            self._longest //= 2
            said = f"Too little memory: windows of {self._longest // self.config.fps} s"
        elif self.device.type != "cpu":
            said = f"Too little memory on {self.device}: going on with the processor, more slowly"
            self._place(self._network, torch.device("cpu"), torch.float32)
            self._longest, self._at_once = _LONGEST, 0
        else:
            raise SetupError(
                "Too little memory, even for the smallest windows",
                value=f"{_SHORTEST // self.config.fps} s",
                remedy="Close other programs, or use --precision bfloat16.",
            )
        _log.warning("%s", said)
        progress(0.0, said)

    def _hear(self, windows: Sequence[_Window]) -> list[list[np.ndarray]]:
        """Content, emotion and heard shares of each window, float32 (n, ...)."""
        longest = max(len(w.samples) for w in windows)
        samples = np.zeros((len(windows), longest), np.float32)
        for row, window in zip(samples, windows, strict=True):
            row[: len(window.samples)] = window.samples
        places = _places([w.span for w in windows]).to(self.device)
        with torch.inference_mode():
            given = torch.from_numpy(samples).to(self.device, self._dtype)
            heard = self._network.encode_at(given, places)
            content, emotion = heard.content.float().cpu(), heard.emotion.float().cpu()
            shares = heard.logits.float().softmax(dim=-1).cpu().numpy() @ self._shares
        return [
            [
                content[i, : w.span.n_frames].numpy(),
                emotion[i, : w.span.n_frames].numpy(),
                np.repeat(shares[i : i + 1], w.span.n_frames, axis=0),
            ]
            for i, w in enumerate(windows)
        ]

    def _open(self, model: Model, release: Callable[[], None]) -> Published:
        """The network where it shall run, or on the processor when the card has no room for it."""
        network = build_network(model)
        try:
            self._place(network, self.device, self._dtype, release)
            network.decoder.to(self.device, torch.float32)
        except RuntimeError as error:
            if self.device.type == "cpu" or not is_out_of_memory(error):
                raise
        else:
            return network
        _log.warning("Too little memory on %s: the network runs on the processor", self.device)
        network = build_network(model)  # what has been rounded to half the bits lets go of the card
        self._place(network, torch.device("cpu"), torch.float32, release)
        return network

    def _place(
        self,
        network: Published,
        device: torch.device,
        dtype: torch.dtype,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        """Move the branches; the decoder, small and in use by another thread, stays where it is."""
        left, self.device, self._dtype = self.device, device, dtype
        for encoder in network.encoders:
            for layer in encoder.layers:
                layer.to(device, dtype)
                release()
        network.content.to(device, dtype)
        network.emotion.to(device, dtype)
        release()
        if left.type == "cuda" and device.type != "cuda":
            torch.cuda.empty_cache()


def build_network(model: Model) -> Published:
    """The network on the folder's own memory-mapped numbers: no copy until one is needed."""
    with torch.device("meta"):
        network = Published(model.config)
    arrays = dict(model.tensors) | dict(model.encoder_tensors)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        state = {n: torch.from_numpy(a) for n, a in arrays.items()}
    state = {n: t if t.dtype == torch.float32 else t.float() for n, t in state.items()}
    network.load_state_dict(state, strict=True, assign=True)
    return network.requires_grad_(requires_grad=False).eval()


def _class_matrix(n_classes: int) -> np.ndarray:
    """float32 (classes, 8): which of the eight emotions each class is."""
    names = _CLASSES[n_classes]
    matrix = np.zeros((n_classes, len(EMOTIONS)), np.float32)
    matrix[np.arange(n_classes), [EMOTIONS.index(name) for name in names]] = 1.0
    return matrix


def _places(spans: Sequence[Span]) -> Places:
    """Where the frames and rows of several windows lie, the shorter ones filled up."""
    columns = list(zip(*(span.places() for span in spans), strict=True))
    content, rows, emotion = (Between.at(_stacked(column)) for column in columns)
    n_frames, n_rows = ([len(places) for places in columns[i]] for i in (0, 1))
    return Places(content, rows, emotion, _is_there(n_frames), _is_there(n_rows))


def _stacked(places: Sequence[np.ndarray]) -> Tensor:
    stacked = np.zeros((len(places), max(map(len, places))))
    for row, given in zip(stacked, places, strict=True):
        row[: len(given)] = given
    return torch.from_numpy(stacked)


def _is_there(lengths: Sequence[int]) -> Tensor | None:
    """True (B, longest) within each; None when equally long: attention without a mask is faster."""
    if len(set(lengths)) == 1:
        return None
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


class _Watch:
    """Tells progress from layer to layer: a window of a minute takes long on a processor.

    A layer that torch compiles cannot be watched.
    """

    def __init__(self, network: Published, *, use_compiler: bool) -> None:
        self.progress: Progress = silent
        layers = [layer for encoder in network.encoders for layer in encoder.layers]
        for number, layer in enumerate(layers):
            if use_compiler:
                layer.compile(dynamic=True)
            else:
                layer.register_forward_pre_hook(self._hook(number / len(layers)))

    def _hook(self, share: float) -> Callable[..., None]:
        return lambda *_: self.progress(share, "Listening")


class _Reader:
    """Normalised samples of windows that go forward; holds little more than one window."""

    def __init__(self, sound: SoundSource, measured: Measured) -> None:
        self._blocks, self._measured = iter(sound.blocks()), measured
        self._held: list[np.ndarray] = []
        self._first = self._behind = 0  # samples that are held

    def forget(self, span: Span) -> None:
        """Let go of what no window will hear that starts with `span` or replaces it."""
        before = Span(span.whole, max(0, span.first - CONTEXT), 1)
        needed = min(before.samples[0] - HOP, span.samples[0])
        while self._held and self._first + len(self._held[0]) <= needed:
            self._first += len(self._held.pop(0))

    def window(self, span: Span) -> _Window:
        """A window that starts no earlier than what was forgotten; silence behind the sound."""
        first, last = span.samples
        while self._behind < last:
            block = next(self._blocks, None)
            if block is None:
                block = np.zeros(last - self._behind, np.float32)
            else:
                block = (block - np.float32(self._measured.mean)) / np.float32(
                    self._measured.deviation
                )
            self._held.append(block)
            self._behind += len(block)
        joined = np.concatenate(self._held)
        return _Window(span, joined[first - self._first : last - self._first])

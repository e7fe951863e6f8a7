"""The built-in and other engines: what turns sound into an Encoding and an Encoding into curves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

import numpy as np

from ..controls import FrameControls
from ..errors import InputError, SetupError
from ..model.config import PHONES, ModelConfig
from ..model.folder import Model
from ..progress import Progress, silent
from ..shaping.articulation import Said
from ..torch_here import ensure_torch
from .gates import GATES, OPEN_VOWELS, columns_of

if TYPE_CHECKING:
    from ..audio import SoundSource

__all__ = [
    "DEVICES",
    "ENGINES",
    "PRECISIONS",
    "Encoding",
    "Engine",
    "is_device",
    "open_engine",
    "said_in",
]

_log = logging.getLogger(__name__)

ENGINES: Final[tuple[str, ...]] = ("auto", "builtin", "onnx", "torch")
DEVICES: Final = ("auto", "cpu", "cuda", "mps")
PRECISIONS: Final = ("auto", "float32", "bfloat16")
"""What the torch engine has to choose from; here, so that a wrong name is told without torch."""


@dataclass(frozen=True, eq=False)
class Encoding:
    """What the network heard, frame by frame at 30 fps: all that decoding needs."""

    content: np.ndarray  # float (T, C): what is said; of a starter's, then the share of each phone
    emotion: np.ndarray  # float (T, E): how it is said, as a point in the emotion latent space
    heard: np.ndarray  # float (T, 8): the same as shares of the eight emotions, each row sums to 1
    level: np.ndarray  # float (T,): dB relative to the loudest band of the whole sound

    FIELDS: ClassVar[tuple[str, ...]] = ("content", "emotion", "heard", "level")

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The fields by name, in their order."""
        return {name: getattr(self, name) for name in self.FIELDS}

    @property
    def n_frames(self) -> int:
        """Number of rows."""
        return len(self.content)

    @classmethod
    def joined(cls, pieces: Iterable[Encoding]) -> Encoding:
        """Consecutive pieces as one: for sounds that fit into memory."""
        columns = zip(*(piece.arrays.values() for piece in pieces), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def mapped(self, change: Callable[[np.ndarray], np.ndarray]) -> Encoding:
        """Every field as `change` makes it."""
        return Encoding(*map(change, self.arrays.values()))

    def __getitem__(self, frames: slice) -> Encoding:
        return self.mapped(lambda field: field[frames])


def said_in(encoding: Encoding, config: ModelConfig) -> Said | None:
    """Shares (T,) of the phones that a starter names; None for other kinds."""
    if config.kind != "starter":
        return None
    shares = encoding.content[:, config.content.width :]
    met, _, rounded = (gate.phones for gate in GATES)
    groups = (PHONES[:1], met, rounded, OPEN_VOWELS)
    return Said(*(shares[:, columns_of(phones)].sum(axis=1) for phones in groups))


class Engine(Protocol):
    """Runs one model."""

    name: str
    config: ModelConfig
    key: str  # model hash and numeric version: what a cached Encoding depends on
    context_frames: (
        int  # frames that decode needs on each side of a stretch for its middle to be exact
    )

    def encode(self, sound: SoundSource, *, progress: Progress = silent) -> Iterator[Encoding]:
        """Consecutive pieces of the sound's Encoding, together exactly T frames."""
        ...

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52) in Apple's order, before shaping; may leave 0..1."""
        ...


def is_device(name: str) -> bool:
    """Whether a device is called so; of several cards `cuda:1` is the second."""
    kind, colon, number = name.partition(":")
    return kind in DEVICES and (not colon or (kind != "auto" and number.isdecimal()))


def open_engine(
    name: str,
    model: Model,
    *,
    device: str = "auto",
    precision: str = "auto",
    use_compiler: bool = False,
) -> Engine:
    """The engine `name` for `model`; `auto` takes the best that is there and works.

    Parameters
    ----------
    device, precision, use_compiler
        Of the torch engine: auto, cpu, cuda, mps; auto, float32, bfloat16; torch.compile.

    Raises
    ------
    InputError
        No engine, device or precision of that name.
    SetupError
        The engine cannot run this model here.
    """
    _ensure_known(name, device, precision)
    is_torch_chosen = (device, precision, use_compiler) != ("auto", "auto", False)
    if name == "auto":
        if model.config.kind == "starter" and not is_torch_chosen:
            return _fastest(model) or _builtin(model)
        name = "torch"
    if name == "torch":
        ensure_torch(f"A model of kind {model.config.kind} in the torch engine")
        from .torch_engine import Settings, open_torch_engine

        return open_torch_engine(model, Settings(device, precision, use_compiler))
    if is_torch_chosen:
        raise InputError(
            "Only the torch engine has a choice of devices",
            value=f"{device}, {precision}",
            remedy="Leave --device, --precision and --compile out, or use --engine torch.",
        )
    if model.config.kind != "starter":
        raise SetupError(
            "This engine does not run this kind of model",
            value=f"{name}, {model.config.kind}",
            remedy="Use --engine torch.",
        )
    if name == "onnx":
        from .onnx_engine import OnnxEngine

        return OnnxEngine(model)
    return _builtin(model)


def _ensure_known(name: str, device: str, precision: str) -> None:
    if name not in ENGINES:
        raise InputError("No such engine", value=name, remedy=f"Use {', '.join(ENGINES)}.")
    if not is_device(device):
        raise InputError("No such device", value=device, remedy=f"Use {', '.join(DEVICES)}.")
    if precision not in PRECISIONS:
        raise InputError(
            "No such precision", value=precision, remedy=f"Use {', '.join(PRECISIONS)}."
        )


def _builtin(model: Model) -> Engine:
    from .builtin import BuiltinEngine

    return BuiltinEngine(model)


def _fastest(model: Model) -> Engine | None:
    """An accelerator, if one is installed; when it does not work a line says so."""
    from .onnx_engine import OnnxEngine, is_installed

    if not is_installed():
        return None
    try:
        return OnnxEngine(model)
    except SetupError as error:
        _log.warning("%s: %s. The built-in engine works instead", error.problem, error.value)
        return None

"""Sizes and names of a network: `config.json` of a model folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from ..arkit import CHANNELS
from ..controls import EMOTIONS
from ..errors import ModelFolderError

__all__ = [
    "FORMAT_VERSION",
    "ContentConfig",
    "DecoderConfig",
    "EmotionConfig",
    "FrontEndConfig",
    "ModelConfig",
    "read_config",
    "write_config",
]

FORMAT_VERSION: Final = 1
_REMEDY: Final = "Copy the model folder again from where it came."

T = TypeVar("T")


@dataclass(frozen=True)
class FrontEndConfig:
    """The frozen encoder and its window grid; all lengths in states at 50 Hz."""

    n_layers: int = 3
    width: int = 512
    reach: int = 40  # states on each side that attention hears, by distance
    window: int = 300  # 6 s
    context: int = 30  # on each side of a window, 0.6 s: the hop is window - 2 context
    fade: int = 30  # cross-fade between neighbours, in the middle of their overlap
    top_floor: float = -4.0  # log10 mel power: a sound without anything louder counts as this loud

    @property
    def hop(self) -> int:
        """States from one window to the next."""
        return self.window - 2 * self.context


@dataclass(frozen=True)
class ContentConfig:
    """What is said: residual convolutions at 50 Hz."""

    width: int = 192
    kernel: int = 5
    dilations: tuple[int, ...] = (1, 2, 1)

    @property
    def halo(self) -> int:
        """States on each side that one state of the content depends on."""
        return sum(d * (self.kernel // 2) for d in self.dilations)


@dataclass(frozen=True)
class EmotionConfig:
    """How it is said: pooled over a stretch of sound."""

    width: int = 8  # before pooling; the shipped listener is linear: a line for each emotion
    hidden: int = 8  # after pooling
    reach: int = 75  # states on each side, 1.5 s
    latent: int = 64


@dataclass(frozen=True)
class DecoderConfig:
    """From content and emotion to coefficients: residual convolutions at 30 fps."""

    width: int = 128
    kernel: int = 3
    n_blocks: int = 3
    style_width: int = 16

    @property
    def halo(self) -> int:
        """Frames on each side that one frame of the result depends on."""
        return self.n_blocks * (self.kernel // 2)


@dataclass(frozen=True)
class ModelConfig:
    """Everything that decides the shapes of a network's tensors."""

    name: str = "starter"
    kind: str = "starter"
    version: str = "1"
    format_version: int = FORMAT_VERSION
    fps: int = 30
    n_styles: int = 8
    channels: tuple[str, ...] = CHANNELS
    emotions: tuple[str, ...] = EMOTIONS
    front_end: FrontEndConfig = field(default_factory=FrontEndConfig)
    content: ContentConfig = field(default_factory=ContentConfig)
    emotion: EmotionConfig = field(default_factory=EmotionConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for `config.json`."""
        return asdict(self)


def read_config(path: Path) -> ModelConfig:
    """The config of a model folder.

    Raises
    ------
    ModelFolderError
        Missing, no JSON, of a format version or kind that this release does not know, or with
        fields missing or left over.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFolderError(
            "Model config cannot be read", value=path, remedy=f"{error.strerror}."
        ) from error
    except ValueError as error:
        raise ModelFolderError("Model config is no JSON", value=path, remedy=_REMEDY) from error
    if not isinstance(given, dict):
        raise ModelFolderError("Model config is no table", value=path, remedy=_REMEDY)
    found = given.get("format_version")
    if found != FORMAT_VERSION:
        raise ModelFolderError(
            "Unknown format version of a model folder",
            value=found,
            remedy=f"This release reads {FORMAT_VERSION}; update EmoTalk or take another model.",
        )
    config = _build(ModelConfig, given, "")
    if config.kind != "starter":
        raise ModelFolderError(
            "Unknown kind of model", value=config.kind, remedy="This release reads 'starter'."
        )
    if config.channels != CHANNELS or config.emotions != EMOTIONS:
        raise ModelFolderError("Channels or emotions in another order", value=path, remedy=_REMEDY)
    return config


def write_config(config: ModelConfig, path: Path) -> None:
    """Write `config.json`."""
    path.write_text(json.dumps(config.to_dict(), indent=2) + "\n", encoding="utf-8")


def _build(kind: type[T], given: Any, where: str) -> T:
    """A config dataclass from parsed JSON, every field checked by name and type."""
    if not isinstance(given, Mapping):
        raise ModelFolderError("Model config entry is no table", value=where, remedy=_REMEDY)
    defaults = kind()
    known = {f.name: getattr(defaults, f.name) for f in fields(kind)}  # type: ignore[arg-type]
    wrong = sorted(set(known) ^ set(given))
    if wrong:
        raise ModelFolderError(
            "Fields missing or left over in config.json",
            value=", ".join(where + n for n in wrong),
            remedy=_REMEDY,
        )
    return kind(
        **{name: _value(given[name], default, where + name) for name, default in known.items()}
    )


def _value(given: Any, default: Any, where: str) -> Any:
    if is_dataclass(default):
        return _build(type(default), given, f"{where}.")
    if isinstance(default, tuple):
        given = tuple(given) if isinstance(given, list) else given
        fits = isinstance(given, tuple) and all(type(v) is type(default[0]) for v in given)
    elif isinstance(default, float):
        fits = isinstance(given, (int, float)) and not isinstance(given, bool)
    else:
        fits = type(given) is type(default)
    if not fits:
        raise ModelFolderError(
            "Wrong value in config.json", value=f"{where} = {given!r}", remedy=_REMEDY
        )
    return given

"""Sizes and names of a network: `config.json` of a model folder."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from ..arkit import CHANNELS
from ..controls import EMOTIONS
from ..errors import ModelFolderError
from ..timing import NETWORK_FPS

__all__ = [
    "FORMAT_VERSION",
    "PHONES",
    "ContentConfig",
    "DecoderConfig",
    "EmotionConfig",
    "FrontEndConfig",
    "ModelConfig",
    "PublishedConfig",
    "Wav2Vec2Config",
    "read_config",
    "write_config",
]

FORMAT_VERSION: Final = 1
PHONES: Final = (
    "_", "i", "ɪ", "e", "ɛ", "æ", "a", "ɑ", "ʌ", "ɐ", "ə", "ɜ", "ɔ", "o", "ʊ", "u",
    "y", "ø", "œ", "ɨ", "ɯ", "w", "ɥ", "j", "ɹ", "p", "b", "m", "f", "v", "s", "z",
    "ʃ", "ʒ", "ɕ", "θ", "ð", "t", "d", "n", "l", "r", "k", "x", "h", "β",
)  # fmt: skip
"""Silence, and the phones that look different or might (IPA)."""

_REMEDY: Final = "Copy the model folder again from where it came."

_LARGEST: Final = 1 << 16
"""Of any size or count: far beyond every network, and what shapes are still made of in no time."""

_SHOWN: Final = 200  # letters of a wrong value

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
    """What is said: residual convolutions at 50 Hz, and others that name phones."""

    width: int = 192
    kernel: int = 5
    dilations: tuple[int, ...] = (1, 2, 1)
    phones: tuple[str, ...] = PHONES
    """Phones that a state is sorted into."""
    phones_width: int = 160
    phones_dilations: tuple[int, ...] = (1, 2)

    @property
    def projected_width(self) -> int:
        """Of what both start from."""
        return self.width + self.phones_width

    @property
    def full_width(self) -> int:
        """Of an Encoding's content: what is said, then the share of each phone."""
        return self.width + len(self.phones)

    @property
    def halo(self) -> int:
        """States on each side that one state of the content depends on."""
        deepest = max(sum(self.dilations), sum(self.phones_dilations))
        return deepest * (self.kernel // 2) + 1


@dataclass(frozen=True)
class EmotionConfig:
    """How it is said: pooled over a stretch of sound."""

    reach: int = 75  # states on each side, 1.5 s
    latent: int = 64
    # what is heard of a usual voice: logarithms of the shares, with a mean of 0; all 0: not known
    usual: tuple[float, ...] = (0.0,) * 8

    @property
    def knows_usual(self) -> bool:
        """Whether a usual voice can be told: imported models and older starters do without."""
        return any(self.usual)


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
        return self.n_blocks * (self.kernel // 2) + 1


@dataclass(frozen=True)
class Wav2Vec2Config:
    """One audio encoder of the published network: wav2vec2 large (Baevski et al., 2020)."""

    conv_width: int = 512
    kernels: tuple[int, ...] = (10, 3, 3, 3, 3, 2, 2)
    strides: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2)
    width: int = 1024
    position_kernel: int = 128
    position_groups: int = 16
    n_layers: int = 24
    n_heads: int = 16
    feed_forward: int = 4096


@dataclass(frozen=True)
class PublishedConfig:
    """Sizes of the network of Peng et al., "EmoTalk" (ICCV 2023), after its encoders."""

    encoder: Wav2Vec2Config | None = field(
        default_factory=Wav2Vec2Config
    )  # of each branch; None: features are given in place of sound
    content_features: int = 1024  # what the content encoder says of a frame
    emotion_features: int = 1024
    content_width: int = 512
    emotion_width: int = 832  # the emotion latent space
    told_width: int = 256  # the emotion as one part of the decoder's input
    level_width: int = 32
    style_width: int = 32
    n_heads: int = 4
    feed_forward: int = 832
    period: int = 30  # frames that cost attention one step of penalty
    past: int = 1800  # frames that attention looks back; the authors' 5000 is a limit on the clip
    n_classes: int = 7  # emotions that the voice is sorted into
    share_convolutions: bool = False  # whether both encoders have the same ones

    @property
    def width(self) -> int:
        """Of the decoder: its four inputs side by side."""
        return self.content_width + self.told_width + self.level_width + self.style_width


@dataclass(frozen=True)
class ModelConfig:
    """Everything that decides the shapes of a network's tensors.

    Kind "published" has its sizes in `published` alone; the four groups before it are the
    starter's.
    """

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
    published: PublishedConfig | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for `config.json`."""
        unused = _unused(self.kind)
        return {name: value for name, value in asdict(self).items() if name not in unused}


_SIZES: Final[Mapping[str, frozenset[str]]] = {
    "starter": frozenset({"front_end", "content", "emotion", "decoder"}),
    "published": frozenset({"published"}),
}
"""Kinds of models, and which fields hold the sizes of each."""

_TEMPLATES: Final[Mapping[str, ModelConfig]] = {
    "starter": ModelConfig(),
    "published": ModelConfig(kind="published", published=PublishedConfig()),
}


def _unused(kind: str) -> frozenset[str]:
    """Fields that a kind of model has no use for."""
    return frozenset[str]().union(*(names for k, names in _SIZES.items() if k != kind))


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
    except (ValueError, RecursionError) as error:
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
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in _SIZES:
        raise ModelFolderError(
            "Unknown kind of model",
            value=kind,
            remedy=f"This release reads {' and '.join(map(repr, _SIZES))}.",
        )
    config = _build(_TEMPLATES[kind], given, "", unused=_unused(kind))
    if config.fps != NETWORK_FPS:
        raise ModelFolderError(
            "Frame rate of another network", value=config.fps, remedy=f"It must be {NETWORK_FPS}."
        )
    if config.front_end.hop <= 0:
        raise ModelFolderError("Windows that do not go on", value=config.front_end, remedy=_REMEDY)
    orders = (config.channels, config.emotions, config.content.phones)
    if orders != (CHANNELS, EMOTIONS, PHONES):
        raise ModelFolderError(
            "Channels, emotions or phones in another order", value=path, remedy=_REMEDY
        )
    return config


def write_config(config: ModelConfig, path: Path) -> None:
    """Write `config.json`."""
    text = json.dumps(config.to_dict(), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _build(default: T, given: Any, where: str, unused: Collection[str] = ()) -> T:
    """A config dataclass like `default` from parsed JSON, every field checked by name and type."""
    if not isinstance(given, Mapping):
        raise ModelFolderError("Model config entry is no table", value=where, remedy=_REMEDY)
    known = {
        f.name: getattr(default, f.name)
        for f in fields(default)  # type: ignore[arg-type]
        if f.name not in unused
    }
    wrong = sorted(set(known) ^ set(given))
    if wrong:
        raise ModelFolderError(
            "Fields missing or left over in config.json",
            value=", ".join(where + n for n in wrong),
            remedy="It is damaged, or of another release: copy it again, or train it again here.",
        )
    values = {name: _value(given[name], value, where + name) for name, value in known.items()}
    return replace(default, **values)  # type: ignore[type-var]


def _value(given: Any, default: Any, where: str) -> Any:
    if is_dataclass(default):
        return _build(default, given, f"{where}.")
    if isinstance(default, tuple):
        given = tuple(given) if isinstance(given, list) else given
        fits = isinstance(given, tuple) and all(type(v) is type(default[0]) for v in given)
    elif isinstance(default, float):
        fits = isinstance(given, (int, float)) and not isinstance(given, bool)
    else:
        fits = type(given) is type(default)
    sizes = given if isinstance(given, tuple) else (given,)
    if not fits or any(type(size) is int and not 0 < size <= _LARGEST for size in sizes):
        shown = f"{where} = {given!r}"[:_SHOWN]
        raise ModelFolderError("Wrong value in config.json", value=shown, remedy=_REMEDY)
    return given

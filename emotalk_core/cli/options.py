"""Flags that several commands share, and what they mean: flags become `Controls` here and nowhere
else.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NoReturn, TypedDict

from ..cache import EncodingCache, default_folder
from ..controls import EMOTIONS, LIMITS, PRESETS, Controls, ControlTrack, emotion_weights
from ..engine import DEVICES, ENGINES, PRECISIONS, Engine, is_device, open_engine
from ..engine.remote import RemoteEngine
from ..errors import InputError
from ..model.config import ModelConfig
from ..model.folder import load_model, starter_folder
from ..other_python.interpreter import find_python
from ..preset_files import read_preset
from ..rows import read_number
from ..speech.phone_files import read_phones
from ..speech.phones import ensure_names_phones
from ..timing import exact_rate
from .felt_table import read_feelings
from .streams import on_one_line
from .tables import FILES, TABLES
from .texts import add_text_flags, is_text_file, read_script, read_words
from .usual import add_usual_flag

__all__ = [
    "CONTROL_FLAGS",
    "OneLineParser",
    "add_channel_flag",
    "add_control_flags",
    "add_engine_flags",
    "add_engine_place_flags",
    "add_progress_flag",
    "add_table_flags",
    "add_torch_flags",
    "add_visemes_flag",
    "control_files",
    "ensure_fits",
    "read_cache",
    "read_channel",
    "read_engine",
    "read_fps",
    "read_torch_flags",
    "read_track",
    "refuse_visemes",
]

_NUMBERS: Final = {
    "mix": "emotion from the voice (0) or from --emotion (1, the default when it is given)",
    "intensity": "how strong the emotion is: 0 none, 1 natural, 2 strongest",
    "contrast": "how far the strongest feeling in the voice stands for the others: 0 as heard, 1 "
    "nearly alone; starter models",
    "brows": "gain of the brows",
    "eyes": "gain of lids and cheeks",
    "mouth": "gain of lips and nose",
    "jaw": "gain of the jaw",
    "smoothing": "0 none to 1; lips still meet",
    "upper_smoothing": "more of it for brows, lids and cheeks, or less below 0",
    "lip_closure": "how firmly nearly closed lips are pressed together",
    "articulation": "how clearly vowels are spoken: 0 as heard, 1 theatre; starter models",
    "sync_offset_ms": "milliseconds that the face comes later",
    "blink": "rate of blinks, 0 none, 1 natural",
    "gaze": "size of the eyes' small movements",
    "head": "size of the head's small movements and of the brows' accents",
    "asymmetry": "how unlike the face's two sides feel: 0 alike",
}

_BETWEEN_WEIGHTS: Final = re.compile(r";|,(?!\d+\s*(?:[,;]|$))")  # no decimal comma
_MOST_CHANNELS: Final = 65_535  # 16 bits in the head of a wav
CONTROL_FLAGS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "channel": int,
    "fps": str,
    "preset": str,
    "emotion": str,
    **dict.fromkeys(_NUMBERS, float),
    "style": int,
    "seed": int,
    **dict.fromkeys(TABLES, str),
    "text": str,
    "script": str,
    "language": str,
    "usual": str,
}
"""Every flag of `add_control_flags`, files of one sound's own, and what makes each value from
text.
"""


_OF_VISEMES: Final = {".npz", ".json"}  # what names its columns itself
_LARGEST_COUNT: Final = 2**31 - 1  # what a slider of Blender holds


class OneLineParser(argparse.ArgumentParser):
    """Tells a wrong flag in one line, where argparse puts up to twenty of usage before it."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where help is; ends the program with exit code 2."""
        self.exit(2, f"{self.prog}: error: {on_one_line(message)} (see --help)\n")


class TorchChoice(TypedDict):
    """What `add_torch_flags` lets a user choose."""

    device: str
    precision: str
    use_compiler: bool


def add_engine_flags(parser: argparse.ArgumentParser) -> None:
    """Which network runs, where and how exactly, and where its Encodings are kept."""
    _add_exactness_flags(add_engine_place_flags(parser))


def add_engine_place_flags(parser: argparse.ArgumentParser) -> Any:
    """Which network runs, where, and where its Encodings are kept; their group of flags."""
    group = parser.add_argument_group("engine")
    group.add_argument(
        "--model", type=Path, metavar="DIR", help="model folder (default: the one that ships)"
    )
    group.add_argument(
        "--engine", choices=ENGINES, default="auto", help="what runs it (default: auto)"
    )
    _add_device_flag(group)
    group.add_argument(
        "--python",
        type=Path,
        metavar="PATH",
        help="run the engine in this Python, a program or an environment's folder",
    )
    group.add_argument(
        "--cache", type=Path, metavar="DIR", help="folder for what was heard in sounds before"
    )
    group.add_argument(
        "--no-cache", action="store_true", help="hear every sound anew, keep nothing"
    )
    return group


def add_torch_flags(group: Any) -> None:
    """Where and how exactly the torch engine runs."""
    _add_device_flag(group)
    _add_exactness_flags(group)


def _add_device_flag(group: Any) -> None:
    group.add_argument(
        "--device",
        type=_device,
        default="auto",
        metavar="NAME",
        help="of the torch engine: cpu, cuda, mps (default: auto)",
    )


def _device(name: str) -> str:
    if not is_device(name):
        raise argparse.ArgumentTypeError(f"no such device: {name!r} (use {', '.join(DEVICES)})")
    return name


def _add_exactness_flags(group: Any) -> None:
    group.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="of the torch engine: float32, bfloat16 (default: auto, the latter on CUDA cards)",
    )
    group.add_argument(
        "--compile", action="store_true", help="let torch compile the network: slow start, faster"
    )


def add_channel_flag(parser: Any) -> None:
    """Who speaks, where the channels of a sound are microphones."""
    parser.add_argument(
        "--channel", type=int, metavar="N",
        help="the one channel of the sound that speaks, from 1 (default: the mean of all)",
    )  # fmt: skip


def add_control_flags(parser: argparse.ArgumentParser) -> None:
    """Everything between the Encoding and the curves."""
    group = parser.add_argument_group("controls")
    add_channel_flag(group)
    group.add_argument(
        "--fps", default="30", help="frames per second: 24, 23.976, 30000/1001 (default: 30)"
    )
    names = ", ".join(PRESETS)
    group.add_argument(
        "--preset", metavar="NAME",
        help=f"where the other controls start from: {names}, or the json file of one that was "
        "saved in Blender",
    )  # fmt: skip
    group.add_argument("--emotion", metavar="NAME=WEIGHT,...", help=f"any of {', '.join(EMOTIONS)}")
    add_usual_flag(group)
    for name, text in _NUMBERS.items():
        _add_number(group, name, text)
    group.add_argument(
        "--style",
        type=int,
        metavar="N",
        help="speaking style, from 0; info says how many a model has",
    )
    group.add_argument(
        "--seed", type=int, metavar="N", help="of blinks, gaze, head, brows, sides (default: 0)"
    )


def _add_number(group: Any, name: str, text: str) -> None:
    low, high = LIMITS[name]
    flag = f"--{name.replace('_', '-')}"
    group.add_argument(
        flag, type=_number, metavar="X", dest=name, help=f"{text} ({low:g} to {high:g})"
    )


def _number(text: str) -> float:
    try:
        return read_number(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"no such number: {text!r} (write 0.5)") from error


def add_visemes_flag(parser: argparse.ArgumentParser) -> None:
    """What a face is told in."""
    parser.add_argument(
        "--visemes",
        action="store_true",
        help="how much of each of the 15 visemes (sil PP FF ... ou) is in the face, in place of "
        "the 52 channels; npz or json",
    )


def add_table_flags(parser: argparse.ArgumentParser) -> None:
    """What is felt and what is said when: files of one sound's own."""
    parser.add_argument(
        "--feelings", type=Path, metavar="TABLE",
        help="a csv of what is felt in which seconds, in place of --emotion there: start_s, end_s "
        "and any of the eight, mix, intensity (`emotalk feelings` writes one to fill in)",
    )  # fmt: skip
    parser.add_argument(
        "--phones", type=Path, metavar="FILE",
        help="what is said in which seconds, in place of what is heard there: a TextGrid as "
        "aligners write it, a csv of start_s, end_s, phone, or labels of Audacity; IPA, ARPABET "
        "or SAMPA (`emotalk phones` writes what it hears, to be mended)",
    )  # fmt: skip
    add_text_flags(parser)


def refuse_visemes(outputs: Iterable[Path]) -> None:
    """Raise InputError for the first of many files that has no room for visemes."""
    for output in outputs:
        if output.suffix.lower() not in _OF_VISEMES:
            raise InputError(
                "Visemes go into npz or json", value=output, remedy="Give --format json."
            )


def add_progress_flag(parser: argparse.ArgumentParser) -> None:
    """How progress is told."""
    parser.add_argument(
        "--progress",
        choices=("auto", "bar", "json", "none"),
        default="auto",
        help="on stderr: a bar (auto: on a terminal), or a JSON object a line",
    )


def read_track(arguments: argparse.Namespace) -> ControlTrack:
    """The controls that the flags ask for, and those of a table of feelings in its phrases."""
    controls = _read_preset(arguments.preset)
    given: dict[str, Any] = {
        n: v for n in (*_NUMBERS, "style", "seed") if (v := getattr(arguments, n)) is not None
    }
    if arguments.emotion is not None:
        weights = emotion_weights(_read_weights(arguments.emotion))
        given = {"emotions": weights, "mix": 1.0} | given
    for name in ("seed", "style"):
        if not 0 <= given.get(name, 0) <= _LARGEST_COUNT:
            raise InputError(
                "Seed and style count from 0",
                value=f"{name}={given[name]}",
                remedy=f"Use 0 to {_LARGEST_COUNT}.",
            )
    controls = replace(controls, **given)
    track = ControlTrack(controls)
    if arguments.feelings is not None:
        track = read_feelings(Path(arguments.feelings), controls)
    track = replace(track, words=read_words(arguments), script=read_script(arguments))
    if arguments.phones is not None:
        track = replace(track, phones=read_phones(Path(arguments.phones)))
    return track


def ensure_fits(track: ControlTrack, config: ModelConfig) -> None:
    """Raise InputError for a style that a model does not have, or phones that it does not name."""
    if track.phones or track.words or track.script is not None:
        ensure_names_phones(config)
    if track.base.style >= config.n_styles:
        raise InputError(
            "No such style",
            value=track.base.style,
            remedy=f"This model has {config.n_styles}, from 0.",
        )


def control_files(options: Mapping[str, Any]) -> list[Path]:
    """The files that flags, or what a job has of its own, take controls from: never to be written
    over.
    """
    preset, read = options.get("preset"), [options.get(name) for name in FILES]
    files = [preset] if preset and _is_preset_file(preset) else []
    told = (options.get("text"), options.get("text_beside"))
    texts = [text for text in told if text and is_text_file(text)]
    return [Path(file) for file in (*files, *filter(None, read), *texts)]


def _is_preset_file(name: str) -> bool:
    return Path(name).suffix.lower() == ".json"


def _read_preset(name: str | None) -> Controls:
    if name is None:
        return Controls()
    for known, controls in PRESETS.items():
        if known.lower() == name.lower():
            return controls
    if _is_preset_file(name):
        return read_preset(Path(name))
    have = ", ".join(PRESETS)
    raise InputError("No such preset", value=name, remedy=f"Use one of {have}, or a json file.")


def _read_weights(text: str) -> dict[str, float]:
    """`happy=0.8,sad=0.2`, or `happy=0,8,sad=0,2`, as a dict; `happy` alone is `happy=1`."""
    weights = {}
    for part in _BETWEEN_WEIGHTS.split(text):
        name, _, weight = part.strip().partition("=")
        try:
            weights[name.strip().lower()] = read_number(weight) if weight else 1.0
        except ValueError as error:
            raise InputError(
                "Not a weight", value=part, remedy="Write happy=0.8,sad=0.2."
            ) from error
    return weights


def read_channel(arguments: argparse.Namespace) -> int | None:
    """The channel that speaks; None: all of them."""
    channel: int | None = arguments.channel
    if channel is not None and not 1 <= channel <= _MOST_CHANNELS:
        raise InputError(
            "Channels count from 1",
            value=f"channel={channel}",
            remedy=f"Use 1 to {_MOST_CHANNELS}, or leave it out for all of them.",
        )
    return channel


def read_fps(arguments: argparse.Namespace) -> Fraction:
    """The exact frame rate."""
    return exact_rate(arguments.fps)


def read_engine(arguments: argparse.Namespace) -> Engine:
    """The engine for the model folder that is asked for, here or in another Python."""
    folder: Path = arguments.model or starter_folder()
    choice = read_torch_flags(arguments)
    if arguments.python is not None:
        python = find_python(arguments.python)
        return RemoteEngine(python, folder.absolute(), engine=arguments.engine, options=choice)
    return open_engine(arguments.engine, load_model(folder), **choice)


def read_torch_flags(arguments: argparse.Namespace) -> TorchChoice:
    """Arguments of `open_engine` that only the torch engine has."""
    return {
        "device": arguments.device,
        "precision": arguments.precision,
        "use_compiler": arguments.compile,
    }


def read_cache(arguments: argparse.Namespace) -> EncodingCache | None:
    """The cache, unless it is switched off."""
    return None if arguments.no_cache else EncodingCache(arguments.cache or default_folder())

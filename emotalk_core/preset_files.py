"""Presets of one's own: one json file each, called after the preset."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from .atomic_file import atomic_file
from .controls import LIMITS, PRESETS, Controls, emotion_weights
from .errors import InputError

__all__ = ["find_presets", "preset_path", "read_preset", "with_preset", "write_preset"]

_FORMAT: Final = 1
_LEFT_ALONE: Final = ("sync_offset_ms", "seed")  # a matter of one sound, not of a way to feel
_SLIDERS: Final = frozenset(f.name for f in fields(Controls))
_LAST_STYLE: Final = 99  # as far as the panel's goes
_NOT_PLAIN: Final = re.compile(r"[^\w \-]")  # in names of files: dots, slashes, what Windows lacks
_OF_WINDOWS: Final = re.compile(r"(?i)(con|prn|aux|nul|(com|lpt)\d)")  # devices, not files


def with_preset(preset: Controls, was: Controls) -> Controls:
    """`was` with all that a preset sets: sync and seed stay as they are."""
    return replace(preset, **{name: getattr(was, name) for name in _LEFT_ALONE})


def preset_path(folder: Path, name: str) -> Path:
    """Where the preset of this name lies: what is not plain in it is written as in a web address,
    so that no two names share a file.

    Raises
    ------
    InputError
        There is no name, or a preset that ships has it.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not name:
        raise InputError("A preset needs a name", value=name, remedy="Type one.")
    if name.casefold() in {known.casefold() for known in PRESETS}:
        raise InputError("EmoTalk has a preset of this name", value=name, remedy="Take another.")
    stem = _NOT_PLAIN.sub(lambda found: _escaped(found[0]), name)
    if _OF_WINDOWS.fullmatch(stem):
        stem = _escaped(stem[0]) + stem[1:]
    return folder / f"{stem}.json"


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode(errors="replace"))


def find_presets(folder: Path) -> dict[str, Path]:
    """The presets of a folder by their names, in the order of these; no file is opened. Those that
    begin with a dot are macOS's, beside copies from another disk.
    """
    found = {unquote(path.stem): path for path in folder.glob("[!.]*.json")}
    return dict(sorted(found.items(), key=lambda item: item[0].casefold()))


def write_preset(controls: Controls, path: Path) -> None:
    """Write a preset; an existing one is replaced only when the new one is whole."""
    values = {n: v for n, v in controls.to_dict().items() if n not in _LEFT_ALONE}
    text = json.dumps({"emotalk_preset": _FORMAT, "controls": values}, indent=1) + "\n"
    with atomic_file(path) as file:
        file.write(text.encode())


def read_preset(path: Path) -> Controls:
    """The preset in a file; sliders that it does not name are as they come.

    Raises
    ------
    InputError
        The file is missing, is no preset, is of another format version, or a value in it cannot
        be set: which.
    """
    try:
        return _controls(_values(json.loads(path.read_text(encoding="utf-8-sig"))))
    except OSError as error:
        raise InputError(
            "The preset cannot be read", value=path, remedy=f"{error.strerror}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError("The file is no preset", value=path, remedy="It is not JSON.") from error
    except InputError as error:
        raise InputError(
            f"{path.name}: {error.problem}", value=error.value, remedy=error.remedy
        ) from error


def _values(document: object) -> Mapping[str, Any]:
    version = document.get("emotalk_preset") if isinstance(document, dict) else None
    if version != _FORMAT:
        raise InputError(
            "No preset, or of another format version",
            value=version,
            remedy=f'This reads "emotalk_preset": {_FORMAT}.',
        )
    values = document.get("controls") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise InputError("No sliders", value=values, remedy='Give them under "controls".')
    return values


def _controls(values: Mapping[str, Any]) -> Controls:
    unknown = [name for name in values if name not in _SLIDERS]
    if unknown:
        raise InputError("No such slider", value=unknown[0], remedy=f"Use {', '.join(LIMITS)}.")
    emotions = values.get("emotions", {})
    if not isinstance(emotions, dict):
        raise InputError("No emotions", value=emotions, remedy='Write {"happy": 0.5}.')
    wanted = {n: _number(n, v) for n, v in values.items() if n not in ("emotions", *_LEFT_ALONE)}
    style = wanted.get("style", 0)
    if style not in range(_LAST_STYLE + 1):
        raise InputError("No such style", value=style, remedy=f"Use 0 to {_LAST_STYLE}.")
    weights = emotion_weights({name: _number(name, weight) for name, weight in emotions.items()})
    numbers: dict[str, Any] = wanted | {"style": int(style)}
    return Controls(emotions=weights, **numbers)


def _number(name: str, value: object) -> float | int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e9:
        raise InputError(f"Not a number for {name}", value=value, remedy="Mend the file.")
    return value

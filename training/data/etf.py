"""3D-ETF's layout: RAVDESS and HDTF, each with `audio/*.wav` and `blendshape/*.npy`.

Curves are (frames, 52) at 30 fps in alphabetical order. RAVDESS's file names tell feeling, level,
sentence and actor; of HDTF nothing but the speaker is known, so it has no pairs.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from emotalk_core.arkit import CHANNELS, EMOTALK_ORDER
from emotalk_core.audio import open_sound
from emotalk_core.errors import EmoTalkError, InputError
from emotalk_core.timing import frame_count

from .takes import Faults, Take

__all__ = ["load_etf"]

_PARTS: Final = ("RAVDESS", "HDTF")
_APPLE: Final = [EMOTALK_ORDER.index(name) for name in CHANNELS]
_DEV_SHARE: Final = 10
# modality-channel-emotion-intensity-statement-repetition-actor
_RAVDESS: Final = re.compile(r"\d\d-0([12])-0([1-8])-0([12])-(\d\d)-(\d\d)-(\d\d)")
_SONG: Final = 2  # of the channels: the same words as spoken, at another pace and pitch


def load_etf(folder: Path, *, skip: bool = False) -> list[Take]:
    """Takes of both parts, or of the one that is there.

    The paper does not say how it split them: of RAVDESS, actors 21 and 22 are dev, 23 and 24 test;
    of HDTF, a tenth of the speakers each, by a hash of the name.

    Raises
    ------
    InputError
        Neither part, or takes without sound or curves, or with curves that are no numbers (with
        `skip` those are left out).
    """
    parts = [folder / name for name in _PARTS if (folder / name).is_dir()]
    if not parts:
        raise InputError(
            "Not 3D-ETF's layout",
            value=folder,
            remedy="Expected RAVDESS or HDTF in it, each with audio and blendshape.",
        )
    faults = Faults(skip=skip)
    takes = [take for part in parts for take in _load_part(part, faults)]
    faults.settle(folder)
    if not takes:
        raise InputError("No takes", value=folder, remedy="Put audio/*.wav and blendshape/*.npy.")
    return takes


def _load_part(part: Path, faults: Faults) -> list[Take]:
    sounds = {p.stem: p for p in sorted((part / "audio").glob("*.wav"))}
    curves = {p.stem: p for p in sorted((part / "blendshape").glob("*.npy"))}
    for stem in sorted(set(sounds) ^ set(curves)):
        missing = f"blendshape/{stem}.npy" if stem in sounds else f"audio/{stem}.wav"
        faults.add(f"{part.name}/{missing} is missing")
    found = (
        _take(part, sounds[stem], curves[stem], faults)
        for stem in sorted(set(sounds) & set(curves))
    )
    return [take for take in found if take is not None]


def _take(part: Path, sound: Path, curves: Path, faults: Faults) -> Take | None:
    try:
        values = np.load(curves, allow_pickle=False)
        n_samples = open_sound(sound).n_samples
    except (ValueError, OSError, EOFError) as error:
        faults.add(f"{curves.name}: {error}")
        return None
    except EmoTalkError as error:
        faults.add_error(sound.name, error)
        return None
    if not faults.check_curves(values, curves.name, EMOTALK_ORDER):
        return None
    if not faults.check_lengths(len(values) / 30.0, frame_count(n_samples) / 30.0, curves.stem):
        return None
    bare = Take(
        name=f"{part.name}/{curves.stem}",
        source=sound,
        curves=np.ascontiguousarray(values[:, _APPLE], np.float32),
        speaker=curves.stem.rsplit("_", 1)[0],
    )
    return _told(bare, faults) if part.name == "RAVDESS" else _untold(bare)


def _told(take: Take, faults: Faults) -> Take | None:
    """With what a RAVDESS file name says."""
    stem = take.name.rpartition("/")[2]
    fields = _RAVDESS.fullmatch(stem)
    if fields is None:
        faults.add(f"{stem} is no RAVDESS file name, as 03-01-05-02-01-02-12")
        return None
    channel, emotion, intensity, statement, repetition, actor = map(int, fields.groups())
    sung = "sung " if channel == _SONG else ""
    return replace(
        take,
        speaker=f"actor{actor:02d}",
        split={21: "dev", 22: "dev", 23: "test", 24: "test"}.get(actor, "train"),
        sentence=f"{sung}{statement}-{repetition}",
        emotion=emotion - 1,
        level=intensity - 1,
    )


def _untold(take: Take) -> Take:
    """HDTF's clips are named after the speaker: WDA_Name_000, RD_Radio1_000."""
    number = zlib.crc32(take.speaker.encode()) % _DEV_SHARE
    return replace(take, split={0: "dev", 1: "test"}.get(number, "train"))

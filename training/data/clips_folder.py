"""Takes of a folder of sounds with curves beside them: Live Link Face csv, npz or json.

`NAME.wav` (flac, ogg, m4a, mov, mp4) stands beside `NAME.csv` (npz, json). `labels.csv`, if there,
has columns of: take, speaker, sentence, emotion, level (0 normal, 1 strong), split.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotalk_core.arkit import CHANNELS
from emotalk_core.audio import open_sound, read_samples
from emotalk_core.clip import Clip
from emotalk_core.clip_files import read_clip
from emotalk_core.clip_files.live_link import COLUMNS
from emotalk_core.controls import EMOTIONS
from emotalk_core.errors import EmoTalkError, InputError
from emotalk_core.retarget import faces_of
from emotalk_core.timing import SAMPLE_RATE

from ..datasets import SPLITS
from .takes import Faults, Take, on_frames

__all__ = ["load_clips_folder"]

_CURVES: Final = (".csv", ".npz", ".json")
_SOUNDS: Final = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mov", ".mp4", ".mkv", ".webm")
_LABELS: Final = "labels.csv"
_COLUMNS: Final = ("take", "speaker", "sentence", "emotion", "level", "split")
_KNOWN: Final = {"emotion": EMOTIONS, "level": ("0", "1"), "split": SPLITS}


def load_clips_folder(folder: Path, *, skip: bool = False) -> list[Take]:
    """Takes of a folder, in order of their names; every tenth is dev where no label says otherwise.

    Raises
    ------
    InputError
        A label that there is not, or twice; no takes, or some without their sound or curves, or
        with curves that are no numbers, or labels of none (with `skip` those are left out).
    """
    curves = _by_stem(folder, _CURVES)
    sounds = _by_stem(folder, _SOUNDS)
    curves.pop(Path(_LABELS).stem, None)
    faults = Faults(skip=skip)
    labels = _read_labels(folder / _LABELS, {*curves, *sounds}, faults)
    for stem in sorted(set(curves) ^ set(sounds)):
        faults.add(f"{stem} has no {'sound' if stem in curves else 'curves'}")
    takes = []
    for number, stem in enumerate(sorted(set(curves) & set(sounds))):
        take = _take(folder, [*sounds[stem], *curves[stem]], labels.get(stem, {}), faults)
        if take is not None and not take.split:
            take = replace(take, split="dev" if number % 10 == 9 else "train")
        if take is not None:
            takes.append(take)
    faults.settle(folder)
    if not takes:
        raise InputError(
            "No takes",
            value=folder,
            remedy="Put NAME.wav beside NAME.csv, .npz or .json, in no folder of their own.",
        )
    return takes


def _by_stem(folder: Path, suffixes: tuple[str, ...]) -> dict[str, list[Path]]:
    if not folder.is_dir():
        raise InputError("No such folder of takes", value=folder, remedy="Check the name.")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes:
            found.setdefault(path.stem, []).append(path)
    return found


def _take(
    folder: Path, files: Sequence[Path], label: dict[str, str], faults: Faults
) -> Take | None:
    """The take of a sound and its curves, which are all the files of one name."""
    sound, *_, curves = files
    if len(files) > 2:
        faults.add(f"{curves.stem} is there more than once: {', '.join(p.name for p in files)}")
        return None
    try:
        clip = read_clip(curves)
        samples = read_samples(open_sound(sound))
    except EmoTalkError as error:
        faults.add_error(curves.stem, error)
        return None
    known = np.array([name in clip.channels for name in CHANNELS], np.float32)
    if fault := _fault_of(clip, is_whole=bool(known.all())):
        faults.add(f"{curves.name} {fault}")
        return None
    samples = samples[round(clip.start_s * SAMPLE_RATE) :]
    values = on_frames(faces_of(clip), clip.fps)
    if not faults.check_curves(values, curves.name):
        return None
    if not faults.check_lengths(len(values) / 30.0, len(samples) / SAMPLE_RATE, curves.stem):
        return None
    emotion = label.get("emotion")
    return Take(
        name=f"{folder.name}/{curves.stem}",
        source=np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16),
        curves=values,
        speaker=label.get("speaker") or folder.name,
        split=label.get("split") or "",
        sentence=label.get("sentence") or "",
        emotion=EMOTIONS.index(emotion) if emotion else None,
        level=int(label.get("level") or 0),
        known=known,
    )


def _fault_of(clip: Clip, *, is_whole: bool) -> str:
    """What would make a clip's curves another thing than what they seem; `is_whole`: of all 52."""
    strange = [c for c in clip.channels if c not in COLUMNS]
    if not any(c in CHANNELS for c in clip.channels):
        return f"has none of ARKit's channels: {', '.join(clip.channels[:3])}"
    if strange and not is_whole:  # in another spelling, most likely: they would go unlearned
        return f"has names that ARKit does not know: {', '.join(strange[:3])}"
    return f"begins {-clip.start_s:.2f} s before its sound" if clip.start_s < 0 else ""


def _read_labels(path: Path, stems: Collection[str], faults: Faults) -> dict[str, dict[str, str]]:
    """Rows by take; a row of none of `stems` is a fault."""
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = [(reader.line_num, row) for row in reader]
            columns = reader.fieldnames or _COLUMNS
    except UnicodeDecodeError as error:
        raise InputError("Not a table of labels", value=path, remedy="Save it as UTF-8.") from error
    unknown = sorted(set(columns) - set(_COLUMNS))
    if unknown or "take" not in columns:
        raise InputError(
            "Columns of labels.csv",
            value=", ".join(unknown) or "no take",
            remedy=f"Use take and any of {', '.join(_COLUMNS[1:])}, between commas.",
        )
    labels: dict[str, dict[str, str]] = {}
    for number, row in rows:
        if not any(row.values()):  # spreadsheets end a table with rows of commas
            continue
        _check(row, f"{path}, line {number}")
        if row["take"] in labels:
            raise InputError(
                "Labelled twice",
                value=f"{path}, line {number}: {row['take']}",
                remedy="Keep one row of each take.",
            )
        if row["take"] not in stems:
            faults.add(f"{path.name}, line {number} names no take: {row['take'] or 'nothing'}")
        labels[row["take"]] = row
    return labels


def _check(row: dict[str, str], where: str) -> None:
    beyond: Any = row.get(None)  # type: ignore[call-overload] - where csv puts what is too much
    if beyond:
        raise InputError(
            "More cells than columns",
            value=f"{where}: {', '.join(beyond)}",
            remedy='Put "quotes" around a cell that holds a comma.',
        )
    for column, known in _KNOWN.items():
        value = row.get(column) or ""
        if value and value not in known:
            raise InputError(
                f"No such {column}", value=f"{where}: {value}", remedy=f"Use {', '.join(known)}."
            )

"""The gallery: the character speaks many recordings, each with its film, curves, phones, scores."""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from ....emotalk_core import arkit
from ....emotalk_core.audio import ArraySound, open_sound, read_samples
from ....emotalk_core.clip import Clip
from ....emotalk_core.controls import EMOTIONS, ControlTrack
from ....emotalk_core.engine import Engine, open_engine
from ....emotalk_core.errors import EmoTalkError, InputError
from ....emotalk_core.model.folder import load_model, starter_folder
from ....emotalk_core.pipeline import decode, encode
from ....emotalk_core.shaping.activity import speech_activity
from . import recordings
from .canvas import save_picture
from .gallery_page import write_page
from .movie import write_movie
from .recordings import Recording, find_recordings
from .scores import score
from .sheets import Take, contact_sheet, moments_to_show
from .stage import Stage
from .terminal import Steps, run_program

__all__ = ["main"]

_HERE: Final = Path(__file__).resolve().parent
_SHIPPED: Final = (_HERE.parents[2] / "docs" / "recordings", _HERE)
_N_STILLS: Final = 12
_RATE: Final = 16_000
_CUT_WITHIN: Final = 0.3  # of the wanted length: a recording may end this much earlier, in a pause


@dataclass(frozen=True)
class _Plan:
    out: Path
    folders: tuple[Path, ...]
    only: tuple[str, ...]
    fps: int
    side: int  # pixels
    seconds: float  # at most, of each recording
    is_film_wanted: bool
    is_fresh: bool  # render again what is there


@dataclass(frozen=True)
class _Tools:
    """What every recording needs, made once."""

    stage: Stage
    engine: Engine
    version: str  # of all that decides how a film looks


def main(argv: Sequence[str] | None = None) -> int:
    """Make the gallery; errors are one line."""
    plan = _plan(argv)
    return run_program("Gallery", lambda steps: _make(plan, steps))


def _plan(argv: Sequence[str] | None) -> _Plan:
    parser = argparse.ArgumentParser(prog="run.py gallery", description=__doc__)
    add = parser.add_argument
    add("--out", type=Path, default=Path("out/gallery"), help="folder for everything made")
    add("--recordings", type=Path, metavar="DIR", action="append", default=[],
        help="a folder with more sound files; NAME.phones.csv (start_s, end_s, phone) and "
             f"{recordings.LIST_NAME} (file, title, note, credit) are read")  # fmt: skip
    add("--only", metavar="NAME", action="append", default=[], help="only this recording")
    add("--fps", type=int, default=15, choices=(10, 15, 30), help="of the films")
    add("--side", type=int, default=288, help="width and height of the films")
    add("--seconds", type=float, default=9.0, help="of each recording, at most")
    add("--film", action=argparse.BooleanOptionalAction, default=True, help="or sheets alone")
    add("--fresh", action="store_true", help="make again what an earlier run has finished")
    given = parser.parse_args(argv)
    folders = [*(folder for folder in _SHIPPED if folder.is_dir()), *given.recordings]
    return _Plan(
        given.out.resolve(), tuple(folders), tuple(given.only), given.fps, given.side,
        given.seconds, given.film, given.fresh,
    )  # fmt: skip


def _make(plan: _Plan, steps: Steps) -> int:
    """Make one entry after the other; 3 where some failed."""
    if not plan.seconds > 0.0 or not 64 <= plan.side <= 2048:
        raise InputError(
            "Such films cannot be made",
            value=f"{plan.seconds} s, {plan.side} pixels",
            remedy="Give --seconds over 0 and --side between 64 and 2048.",
        )
    chosen = find_recordings(plan.folders, plan.only)
    order = [recording.name for recording in find_recordings(plan.folders)]
    plan.out.mkdir(parents=True, exist_ok=True)
    engine = open_engine("auto", load_model(starter_folder()))
    steps.say("Building the character")
    tools = _Tools(Stage.built(fps=plan.fps, side=plan.side), engine, _version())
    failed = []
    for number, recording in enumerate(chosen, 1):
        steps.say(f"{recording.name} ({number} of {len(chosen)})")
        try:
            _entry(plan, tools, recording, steps)
        except EmoTalkError as error:  # of this recording alone
            failed.append(recording.path.name)
            steps.say_on(f"{recording.path.name} failed: {error}")
        write_page(plan.out, order)
    told = f"; failed: {', '.join(failed)}" if failed else ""
    steps.say(
        f"Done: {plan.out / 'index.html'}, {len(chosen) - len(failed)} of {len(chosen)}{told}"
    )
    return 3 if failed else 0


def _entry(plan: _Plan, tools: _Tools, recording: Recording, steps: Steps) -> None:
    """Film, sheet and NAME.json; the last is written last and tells that the others are whole."""
    whole = read_samples(open_sound(recording.path))
    samples = _cut(whole, plan.seconds)
    sound, told = ArraySound(samples, _RATE), plan.out / f"{recording.name}.json"
    made_from = _made_from(plan, tools, recording, sound.key)
    if not plan.is_fresh and _reads_made_from(told) == made_from:
        steps.say_on("as it was")
        return
    if len(samples) < len(whole):
        of_all = f"{len(samples) / _RATE:.1f} of {len(whole) / _RATE:.1f} s"
        steps.say_on(f"the first {of_all}: --seconds makes it longer")
    encoding = encode(sound, tools.engine)
    clip = decode(encoding, ControlTrack(), tools.engine)
    level = np.asarray(encoding.level, np.float32)
    phones = tuple(p for p in recording.phones if p[0] < len(samples) / _RATE)
    take = Take(samples, clip.values[:, :52], np.asarray(encoding.heard, np.float32), phones=phones)
    _sheet(plan, tools.stage, take, clip, recording)
    if plan.is_film_wanted:
        _film(plan, tools.stage, take, clip, recording, steps)
    page = {
        "made_from": made_from, "title": recording.title, "note": recording.note,
        "credit": recording.credit, "seconds": round(take.seconds, 2),
        "film": f"{recording.name}.mp4" if plan.is_film_wanted else "",
        "sheet": f"{recording.name}.jpg", "heard": _heard(take, level), "fps": 30,
        "scores": [asdict(one) | {"text": one.text} for one in score(take.values, level, phones)],
        "phones": phones,
    }  # fmt: skip
    _write_json(told, page)


def _cut(samples: np.ndarray, seconds: float) -> np.ndarray:
    """The beginning of a sound, ended in its quietest moment near `seconds` and faded out."""
    if len(samples) <= seconds * _RATE:
        return samples
    last = round(seconds * _RATE)
    first = round(seconds * (1.0 - _CUT_WITHIN) * _RATE)
    hop = _RATE // 20
    loud = [float(np.abs(samples[at : at + 4 * hop]).mean()) for at in range(first, last, hop)]
    end = min(first + hop * int(np.argmin(loud)) + 3 * hop, last)
    out = samples[:end].copy()
    out[-hop:] *= np.linspace(1.0, 0.0, hop, dtype=np.float32)
    return out


def _sheet(plan: _Plan, stage: Stage, take: Take, clip: Clip, recording: Recording) -> None:
    rows = moments_to_show(take, _N_STILLS)
    stills = []
    for row in rows:
        stage.pose(clip, row)
        stills.append((row / take.fps, stage.portrait(None)))
    page = contact_sheet(take, stills, title=recording.title, credit=recording.credit)
    save_picture(page, plan.out / f"{recording.name}.jpg")


def _film(
    plan: _Plan, stage: Stage, take: Take, clip: Clip, recording: Recording, steps: Steps
) -> None:
    rows = range(0, len(take.values), round(take.fps / plan.fps))
    with tempfile.TemporaryDirectory(prefix="emotalk-film-") as folder:
        pictures = []
        for number, row in enumerate(rows):
            path = Path(folder) / f"{number:05d}.png"
            stage.pose(clip, row)
            stage.photograph(None, path)
            pictures.append(path)
            steps.share((number + 1) / len(rows), "Rendered")
        film = plan.out / f"{recording.name}.mp4"
        write_movie(pictures, take.samples, take.sample_rate, film, fps=Fraction(plan.fps))


def _heard(take: Take, level: np.ndarray) -> dict[str, float]:
    speech = speech_activity(level)[:, None]
    shares = (take.heard * speech).sum(0) / max(float(speech.sum()), 1e-6)
    return {name: round(float(share), 3) for name, share in zip(EMOTIONS, shares, strict=True)}


def _made_from(plan: _Plan, tools: _Tools, recording: Recording, key: str) -> str:
    parts = (
        key, tools.engine.key, tools.version, plan.fps, plan.side, plan.is_film_wanted,
        recording.title, recording.note, recording.credit, recording.phones,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _version() -> str:
    """Hash of the code that decides how a face moves and looks."""
    folders = (_HERE, _HERE.parent, Path(arkit.__file__).parent / "shaping")
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _reads_made_from(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["made_from"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _write_json(path: Path, page: dict[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(page, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)

"""What the demo does, step by step: build, listen, animate, save, film, compare feelings."""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from ...emotalk_core.audio import open_sound, read_samples
from ...emotalk_core.controls import EMOTIONS, Controls, ControlTrack, emotion_weights
from ...emotalk_core.engine import Encoding, Engine, open_engine
from ...emotalk_core.errors import Cancelled, EmoTalkError
from ...emotalk_core.model.folder import load_model, starter_folder
from ...emotalk_core.pipeline import decode, encode
from .movie import write_movie
from .sheets import Take, contact_sheet, emotion_sheet, telling_moments, telling_rows
from .stage import Stage

__all__ = ["main"]

RECORDING: Final = Path(__file__).with_name("nerves_tonight.wav")
PHONES: Final = RECORDING.with_suffix(".phones.csv")
_TITLE: Final = "One sentence, one click"
_CREDIT: Final = (
    "Voice: LibriSpeech ASR corpus, \u00a9 2014 Vassil Panayotov, CC BY 4.0, utterances "
    "533-1066-0005 and 0006, from a LibriVox recording. Face: EmoTalk, nothing corrected by hand."
)
_N_STILLS: Final = 12
_FACE: Final = (0.12, 0.10, 0.88, 0.86)  # what a sheet shows of a picture: left, top, right, bottom


@dataclass(frozen=True)
class _Plan:
    out: Path
    fps: int
    side: int  # pixels
    is_film_wanted: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; errors are one line."""
    plan = _plan(argv)
    try:
        with _quiet_blender():
            _perform(plan, _Steps())
    except EmoTalkError as error:
        _complain(str(error))
        return 2
    except OSError as error:
        _complain(f"cannot write ({error.strerror or error}): {error.filename}")
        return 2
    except (Cancelled, KeyboardInterrupt):
        _complain("stopped.")
        return 130
    return 0


def _complain(what: str) -> None:
    sys.stderr.write(f"Demo: {what}\n")


def _plan(argv: Sequence[str] | None) -> _Plan:
    parser = argparse.ArgumentParser(prog="emotalk demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for everything made")
    parser.add_argument("--fps", type=int, default=24, choices=(24, 25, 30), help="of the film")
    parser.add_argument("--side", type=int, default=512, help="width and height of the film")
    parser.add_argument(
        "--film", action=argparse.BooleanOptionalAction, default=True, help="render every frame"
    )
    given = parser.parse_args(argv)
    return _Plan(given.out.resolve(), given.fps, given.side, given.film)


class _Steps:
    """Progress for a person at a terminal: a line for each step, with the seconds since the
    start.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._told = -1.0

    def say(self, what: str) -> None:
        """A step begins."""
        self._told = -1.0
        self._tell(what)

    def share(self, done: float, what: str) -> None:
        """Progress within a step, told at every tenth."""
        if done - self._told >= 0.1 or done >= 1.0 > self._told:
            self._told = done
            self.say_on(f"{what}: {done:4.0%}")

    def say_on(self, what: str) -> None:
        """A line under the current step."""
        self._tell(f"  {what}")

    def _tell(self, what: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self._started:5.0f} s] {what}\n")
        sys.stdout.flush()


def _read_phones() -> tuple[tuple[float, float, str], ...]:
    """The recording's phones: start and end in seconds, ARPABET."""
    with PHONES.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return tuple((float(row["start_s"]), float(row["end_s"]), row["phone"]) for row in rows)


def _perform(plan: _Plan, steps: _Steps) -> None:
    plan.out.mkdir(parents=True, exist_ok=True)
    steps.say("Building the character")
    stage = Stage.built(fps=plan.fps, side=plan.side)
    steps.say(f"Listening to {RECORDING.name}")
    sound, engine = open_sound(RECORDING), open_engine("auto", load_model(starter_folder()))
    encoding = encode(sound, engine)
    steps.say("Animating, as the Animate button does")
    stage.put_sound(RECORDING, sound.n_samples / 16_000)
    clip = decode(encoding, ControlTrack(), engine)
    steps.say_on(stage.animate())
    stage.save(plan.out / "demo.blend")
    heard = np.asarray(encoding.heard, np.float32)
    take = Take(read_samples(sound), clip.values[:, :52], heard, phones=_read_phones())
    if plan.is_film_wanted:
        _film(plan, stage, take, steps)
    steps.say("Drawing the contact sheet")
    _contact_sheet(plan, stage, take)
    steps.say("The same sound under each of the eight sliders")
    _emotions(plan, stage, take, encoding, engine)
    steps.say(f"Done: {', '.join(sorted(path.name for path in plan.out.iterdir()))}")


def _film(plan: _Plan, stage: Stage, take: Take, steps: _Steps) -> None:
    n_frames = int(np.ceil(take.seconds * plan.fps))
    steps.say(f"Filming {n_frames} frames at {plan.side} x {plan.side}")
    with tempfile.TemporaryDirectory(prefix="emotalk-film-") as folder:
        pictures = []
        for number in range(n_frames):
            path = Path(folder) / f"{number:05d}.png"
            stage.photograph(stage.first_frame + number, path)
            pictures.append(path)
            steps.share((number + 1) / n_frames, "Rendered")
        film = plan.out / "demo.mp4"
        write_movie(pictures, take.samples, take.sample_rate, film, fps=Fraction(plan.fps))


def _contact_sheet(plan: _Plan, stage: Stage, take: Take) -> None:
    stills = []
    for row in telling_rows(take.values, _N_STILLS):
        frame = stage.first_frame + round(row / take.fps * plan.fps)
        stills.append((row / take.fps, _still(stage, frame)))
    _save(contact_sheet(take, stills, title=_TITLE, credit=_CREDIT), plan.out / "demo.png")


def _emotions(plan: _Plan, stage: Stage, take: Take, encoding: Encoding, engine: Engine) -> None:
    moments = telling_moments(take.values)
    stills: dict[str, list[Image.Image]] = {}
    for emotion in EMOTIONS:
        slider = Controls(emotions=emotion_weights({emotion: 1.0}), mix=1.0, blink=0.0, gaze=0.0)
        clip = decode(encoding, ControlTrack(replace(slider, head=0.0)), engine)
        stills[emotion] = []
        for row in moments.values():
            stage.pose(clip, row)
            stills[emotion].append(_still(stage, None))
    page = emotion_sheet(
        stills,
        list(moments),
        title="The same sound under each of the eight sliders",
        credit=_CREDIT,
    )
    _save(page, plan.out / "emotions.png")


def _still(stage: Stage, frame: int | None) -> Image.Image:
    """The face, close: on a sheet it is small."""
    with tempfile.TemporaryDirectory(prefix="emotalk-still-") as folder:
        path = Path(folder) / "still.png"
        stage.photograph(frame, path)
        with Image.open(path) as image:
            box = [round(share * image.width) for share in _FACE]
            return image.convert("RGB").crop((box[0], box[1], box[2], box[3]))


def _save(page: Image.Image, path: Path) -> None:
    part = path.with_name(path.name + ".part")
    page.save(part, format="PNG", optimize=True)
    part.replace(path)


@contextmanager
def _quiet_blender() -> Generator[None, None, None]:
    """Blender and its graphics library talk on the process's own output; ours goes around it.

    What they said is told when something breaks that nobody foresaw.
    """
    with tempfile.TemporaryFile() as noise, os.fdopen(os.dup(1), "w", encoding="utf-8") as ours:
        before, sys.stdout = sys.stdout, ours
        saved = [os.dup(stream) for stream in (1, 2)]
        for stream in (1, 2):
            os.dup2(noise.fileno(), stream)
        try:
            yield
        except (EmoTalkError, OSError, Cancelled, KeyboardInterrupt):
            raise
        except BaseException:
            noise.seek(0)
            os.write(saved[1], noise.read())
            raise
        finally:
            sys.stdout = before
            for stream, number in zip((1, 2), saved, strict=True):
                os.dup2(number, stream)
                os.close(number)

"""What the demo does, step by step: build, listen, animate, save, film, compare feelings."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from ....emotalk_core.audio import open_sound, read_samples
from ....emotalk_core.controls import EMOTIONS, Controls, ControlTrack, emotion_weights
from ....emotalk_core.engine import Encoding, Engine, open_engine
from ....emotalk_core.model.folder import load_model, starter_folder
from ....emotalk_core.pipeline import decode, encode
from .canvas import save_picture
from .movie import write_movie
from .recordings import phones_beside
from .sheets import Take, contact_sheet, emotion_sheet, moments_to_show, telling_moments
from .stage import Stage
from .terminal import Steps, run_program

__all__ = ["main"]

RECORDING: Final = Path(__file__).with_name("nerves_tonight.wav")
_TITLE: Final = "One sentence, one click"
_CREDIT: Final = (
    "Voice: LibriSpeech ASR corpus, \u00a9 2014 Vassil Panayotov, CC BY 4.0, utterances "
    "533-1066-0005 and 0006, from a LibriVox recording. Face: EmoTalk, nothing corrected by hand."
)
_N_STILLS: Final = 12


@dataclass(frozen=True)
class _Plan:
    out: Path
    fps: int
    side: int  # pixels
    is_film_wanted: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; errors are one line."""
    plan = _plan(argv)
    return run_program("Demo", lambda steps: _perform(plan, steps))


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


def _perform(plan: _Plan, steps: Steps) -> None:
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
    take = Take(read_samples(sound), clip.values[:, :52], heard, phones=phones_beside(RECORDING))
    if plan.is_film_wanted:
        _film(plan, stage, take, steps)
    steps.say("Drawing the contact sheet")
    _contact_sheet(plan, stage, take)
    steps.say("The same sound under each of the eight sliders")
    _emotions(plan, stage, take, encoding, engine)
    steps.say(f"Done: {', '.join(sorted(path.name for path in plan.out.iterdir()))}")


def _film(plan: _Plan, stage: Stage, take: Take, steps: Steps) -> None:
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
    for row in moments_to_show(take, _N_STILLS):
        frame = stage.first_frame + round(row / take.fps * plan.fps)
        stills.append((row / take.fps, stage.portrait(frame)))
    save_picture(contact_sheet(take, stills, title=_TITLE, credit=_CREDIT), plan.out / "demo.png")


def _emotions(plan: _Plan, stage: Stage, take: Take, encoding: Encoding, engine: Engine) -> None:
    moments = telling_moments(take.values)
    stills: dict[str, list[Image.Image]] = {}
    for emotion in EMOTIONS:
        slider = Controls(emotions=emotion_weights({emotion: 1.0}), mix=1.0, blink=0.0, gaze=0.0)
        clip = decode(encoding, ControlTrack(replace(slider, head=0.0)), engine)
        stills[emotion] = []
        for row in moments.values():
            stage.pose(clip, row)
            stills[emotion].append(stage.portrait(None))
    page = emotion_sheet(
        stills,
        list(moments),
        title="The same sound under each of the eight sliders",
        credit=_CREDIT,
    )
    save_picture(page, plan.out / "emotions.png")

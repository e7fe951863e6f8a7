"""Curves of any video of a face, by MediaPipe's face landmarker: an extra, used when asked for.

Every film becomes `NAME.npz` and `NAME.wav`, which `clips_folder` reads. MediaPipe has no tongueOut
and hardly moves funnel, cheeks and nose: these are no channels of the file, since as zeros they
would teach a network to leave them still.
"""

from __future__ import annotations

import logging
import wave
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotalk_core.arkit import CHANNELS, N_CHANNELS
from emotalk_core.atomic_file import atomic_file
from emotalk_core.audio import open_sound, read_samples
from emotalk_core.clip import Clip
from emotalk_core.clip_files import write_clip
from emotalk_core.errors import EmoTalkError, InputError, SetupError
from emotalk_core.timing import SAMPLE_RATE

from ..folders import ready_folder
from .takes import FPS, Faults

__all__ = ["Frame", "Landmarker", "convert_videos", "curves_of_frames", "mediapipe_landmarker"]

log = logging.getLogger(__name__)

Frame = tuple[float, np.ndarray]  # s, uint8 (H, W, 3) RGB
Landmarker = Callable[[np.ndarray], Mapping[str, float] | None]
"""Coefficients by ARKit name of the face in a picture, None without a face."""

_FILMS: Final = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
_LONGEST_GAP_S: Final = 0.3  # without a face: bridged; more is another shot
_LEAST_SEEN: Final = 90.0  # % of the frames
_UNSEEN: Final = (
    "mouthFunnel", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut",
)  # fmt: skip
_SEEN: Final = tuple(name for name in CHANNELS if name not in _UNSEEN)
_INSTALL: Final = "pip install mediapipe av, and download face_landmarker.task."


def convert_videos(
    videos: Path,
    out: Path,
    landmarker: Landmarker,
    *,
    skip: bool = False,
    read: Callable[[Path], Iterator[Frame]] | None = None,
) -> None:
    """Curves and sound of every film in a folder; films that are there already are passed over.

    Raises
    ------
    InputError
        No films, two of one name, or some without a face or a sound (with `skip` those last are
        left out).
    """
    films = [p for p in sorted(videos.glob("*")) if p.suffix.lower() in _FILMS]
    if not films:
        raise InputError("No films", value=videos, remedy=f"Expected {', '.join(_FILMS)}.")
    _refuse_namesakes(films)
    ready_folder(out)
    faults = Faults(skip=skip)
    for number, film in enumerate(films, start=1):
        target = out / f"{film.stem}.npz"
        if target.is_file():
            continue
        try:
            curves = curves_of_frames((read or film_frames)(film), landmarker, film.name)
            samples = read_samples(open_sound(film))
        except EmoTalkError as error:
            faults.add(f"{film.name}: {error}")
            continue
        _write_wav(out / f"{film.stem}.wav", samples)
        # The curves come last: their being there says that the film is done.
        seen = curves[:, [CHANNELS.index(name) for name in _SEEN]]
        write_clip(Clip(seen, _SEEN, Fraction(FPS)), target)
        log.info("%d of %d: %s, %.1f s", number, len(films), film.name, len(curves) / FPS)
    faults.settle(videos)


def _refuse_namesakes(films: Sequence[Path]) -> None:
    first: dict[str, Path] = {}  # by their name, as a disk compares it that knows no capitals
    for film in films:
        other = first.setdefault(film.stem.lower(), film)
        if other is not film:
            raise InputError(
                "Two films would make one take",
                value=f"{other.name}, {film.name}",
                remedy="Rename one of them.",
            )


def curves_of_frames(frames: Iterator[Frame], landmarker: Landmarker, name: str) -> np.ndarray:
    """float32 (T, 52) at 30 fps from pictures at any times; short gaps without a face are bridged.

    Raises
    ------
    InputError
        Hardly a face to see, or none for longer than `_LONGEST_GAP_S`.
    """
    times, rows = [], []
    for time_s, picture in frames:
        found = landmarker(picture)
        times.append(time_s)
        rows.append(np.full(N_CHANNELS, np.nan) if found is None else _row(found))
    values, at = np.array(rows).reshape(-1, N_CHANNELS), np.array(times)
    seen = np.array([bool(np.isfinite(row).all()) for row in rows], bool)
    share = 100.0 * float(seen.sum()) / max(len(rows), 1)
    if share < _LEAST_SEEN:
        raise InputError(
            "Hardly a face in the film",
            value=f"{name}: in {share:.0f} % of its frames",
            remedy="Use a film of one face from the front.",
        )
    _refuse_gaps(at, seen, name)
    wanted = np.arange(int(at[-1] * FPS + 1e-6) + 1) / FPS
    columns = [np.interp(wanted, at[seen], values[seen, k]) for k in range(N_CHANNELS)]
    return np.stack(columns, 1).astype(np.float32)


@contextmanager
def mediapipe_landmarker(model: Path) -> Generator[Landmarker]:
    """MediaPipe's landmarker, each frame by itself: the filter of its video mode delays the jaw.

    Raises
    ------
    SetupError
        MediaPipe or its model file is missing.
    """
    if not model.is_file():
        raise SetupError("Face landmarker's model not found", value=model, remedy=_INSTALL)
    try:
        import mediapipe
        from mediapipe.tasks import python as tasks
    except ImportError as error:
        raise SetupError(
            "MediaPipe is not installed", value="mediapipe", remedy=_INSTALL
        ) from error
    options = tasks.vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(model)), output_face_blendshapes=True
    )
    with tasks.vision.FaceLandmarker.create_from_options(options) as finder:

        def weights(picture: np.ndarray) -> dict[str, float] | None:
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
            found: list[Any] = finder.detect(image).face_blendshapes
            return {c.category_name: float(c.score) for c in found[0]} if found else None

        yield weights


def film_frames(path: Path) -> Iterator[Frame]:
    """Pictures of a film with their times, by PyAV."""
    try:
        import av
    except ImportError as error:
        raise SetupError("PyAV is not installed", value="av", remedy=_INSTALL) from error
    try:
        with av.open(str(path)) as film:
            if not film.streams.video:
                raise InputError("No pictures in the film", value=path, remedy="Use another one.")
            for frame in film.decode(video=0):
                yield float(frame.time or 0.0), frame.to_ndarray(format="rgb24")
    except (OSError, ValueError) as error:  # PyAV's errors derive from these
        raise InputError("Film cannot be read", value=path, remedy=f"{error}.") from error


def _row(weights: Mapping[str, float]) -> np.ndarray:
    return np.array([weights.get(name, 0.0) for name in CHANNELS])


def _refuse_gaps(times: np.ndarray, seen: np.ndarray, name: str) -> None:
    when = np.concatenate([[times[0]], times[seen], [times[-1]]])
    longest = int(np.argmax(np.diff(when)))
    gap = float(when[longest + 1] - when[longest])
    if gap > _LONGEST_GAP_S:
        raise InputError(
            "No face for too long",
            value=f"{name}: {gap:.1f} s from {when[longest]:.1f} s",
            remedy="Cut that part out.",
        )


def _write_wav(path: Path, samples: np.ndarray) -> None:
    data = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    with atomic_file(path) as whole, wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(data.tobytes())

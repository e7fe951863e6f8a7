"""Pictures and a sound become one mp4, the same way on every Blender line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

__all__ = ["write_movie"]

_SOUND_RATE: Final = 48_000  # every player takes it
_BLOCK: Final = 1024  # samples in an AAC frame


def write_movie(
    pictures: Sequence[Path],
    samples: np.ndarray,
    sample_rate: int,
    path: Path,
    *,
    fps: Fraction,
) -> None:
    """H.264 and AAC in `path`; it appears when it is whole. `samples` are float32 (n,), mono."""
    import av

    part = path.with_name(path.name + ".part")
    try:
        with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as film:
            video = film.add_stream("libx264", rate=fps, options={"crf": "20", "preset": "medium"})
            audio = film.add_stream("aac", rate=_SOUND_RATE, layout="mono", bit_rate=160_000)
            packets = list(_audio_packets(audio, samples, sample_rate))
            for number, picture in enumerate(pictures):
                frame = _frame(picture)
                if number == 0:
                    video.width, video.height, video.pix_fmt = frame.width, frame.height, "yuv420p"
                frame.pts, frame.time_base = number, 1 / fps
                packets += video.encode(frame)
            packets += video.encode(None)
            # In the order of time: players need sound and picture side by side in the file.
            for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
                film.mux(packet)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _frame(picture: Path) -> Any:
    import av

    with av.open(str(picture)) as file:
        return next(file.decode(video=0)).reformat(format="yuv420p")


def _audio_packets(stream: Any, samples: np.ndarray, sample_rate: int) -> Iterator[Any]:
    """The sound, encoded by an audio stream."""
    for block in _sound_frames(samples, sample_rate):
        yield from stream.encode(block)
    yield from stream.encode(None)


def _sound_frames(samples: np.ndarray, sample_rate: int) -> Iterator[Any]:
    """The sound at 48 kHz in encoder-sized frames."""
    import av

    whole = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, np.float32)[None], format="fltp", layout="mono"
    )
    whole.rate, whole.pts, whole.time_base = sample_rate, 0, Fraction(1, sample_rate)
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=_SOUND_RATE, frame_size=_BLOCK)
    yield from resampler.resample(whole)
    yield from resampler.resample(None)

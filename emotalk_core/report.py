"""What a user wants to know about one animated sound: length, heard emotions, closures, and what
looks wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, Final

import numpy as np

from .audio import SoundSource
from .controls import EMOTIONS
from .engine import Encoding
from .shaping.activity import speech_activity
from .shaping.aperture import CLOSED_MM, aperture_mm
from .shaping.articulation import Said
from .shaping.closure import count_closures

__all__ = ["Report", "ReportBuilder", "SoundTally"]

_FULL_SCALE: Final = 0.999
_QUIET_DBFS: Final = -45.0  # speech is recorded at -30 to -12
_CLIPPED_SHARE: Final = 1e-4
_SILENT_SHARE: Final = 0.05  # less speech than this is worth a word
_PAUSELESS_SHARE: Final = 0.985  # speech pauses for breath; music does not
_PAUSELESS_S: Final = 20.0
_CUT: Final = (
    "The file seems to be cut short or damaged: its end, or some of its middle, is missing. Export "
    "or copy it again."
)


@dataclass(frozen=True)
class Report:
    """One animated sound in numbers."""

    n_frames: int
    fps: str  # exact: "30", "24000/1001"
    seconds: float
    heard: Mapping[str, float]  # mean share of each emotion over speech
    speech_share: float  # of the frames
    n_closures: int  # times that the lips meet
    loudness_dbfs: float  # RMS of the whole sound
    clipped_share: float  # of the samples
    warnings: tuple[str, ...] = field(default=())
    said: str = ""  # the words that were taken from a script: the first, the last, how many

    def to_dict(self) -> dict[str, Any]:
        """Plain values for json."""
        return asdict(self) | {"warnings": list(self.warnings)}


class SoundTally:
    """A sound that counts while it is read for the first time; `notes` then holds what it
    learnt.
    """

    def __init__(self, sound: SoundSource) -> None:
        self._sound = sound
        self.notes: dict[str, float] = {}

    @property
    def n_samples(self) -> int:
        """Length in samples at 16 kHz."""
        return self._sound.n_samples

    @property
    def key(self) -> str:
        """Hash of the content."""
        return self._sound.key

    def blocks(self) -> Iterator[np.ndarray]:
        """The sound's own blocks."""
        if self.notes:
            yield from self._sound.blocks()
            return
        power, n_clipped, n_samples = 0.0, 0, 0
        for block in self._sound.blocks():
            power += float(np.dot(block, block))
            n_clipped += int(np.count_nonzero(np.abs(block) >= _FULL_SCALE))
            n_samples += len(block)
            yield block
        self.notes.update(power=power / max(n_samples, 1), clipped=n_clipped / max(n_samples, 1))
        if getattr(self._sound, "is_cut_short", False):  # only sounds from files can tell
            self.notes["cut"] = 1.0


class ReportBuilder:
    """Adds up the stretches of one sound, in order."""

    def __init__(self) -> None:
        self._n_closures = self._n_heard = 0
        self._heard = np.zeros(len(EMOTIONS))
        self._n_speech = 0.0
        self._was_closed = True  # a mouth at rest before the sound: closed, but no closure

    def add_heard(self, encoding: Encoding, said: Said | None = None) -> None:
        """What was heard in a stretch at 30 fps, and its phones where the model names them."""
        speech = speech_activity(
            np.asarray(encoding.level, np.float32), said.silence if said else None
        )
        self._n_heard += len(speech)
        self._n_speech += float(speech.sum())
        self._heard += (encoding.heard * speech[:, None]).sum(axis=0)

    def add_rows(self, values: np.ndarray) -> None:
        """A stretch of finished curves."""
        self._n_closures += count_closures(values, was_closed=self._was_closed)
        self._was_closed = bool(aperture_mm(values[-1:])[0] <= CLOSED_MM)

    def finish(
        self,
        n_frames: int,
        fps: Fraction,
        notes: Mapping[str, float],
        warnings: Sequence[str] = (),
        said: str = "",
    ) -> Report:
        """The report, with `warnings` and others in words."""
        share = self._n_speech / max(self._n_heard, 1)
        mean = self._heard / max(self._n_speech, 1e-9)
        loudness = 10.0 * float(np.log10(notes.get("power", 0.0) + 1e-12))
        seconds = float(n_frames / fps)
        clipped = float(notes.get("clipped", 0.0))
        return Report(
            n_frames=n_frames,
            fps=str(fps),
            seconds=round(seconds, 3),
            heard={name: round(float(m), 4) for name, m in zip(EMOTIONS, mean, strict=True)},
            speech_share=round(share, 4),
            n_closures=self._n_closures,
            loudness_dbfs=round(loudness, 1),
            clipped_share=round(clipped, 6),
            warnings=(
                *([_CUT] if notes.get("cut") else ()),
                *_warnings(loudness, share, clipped, seconds),
                *warnings,
            ),
            said=said,
        )


def _warnings(
    loudness_dbfs: float, speech_share: float, clipped: float, seconds: float
) -> Iterator[str]:
    if loudness_dbfs <= -110.0:
        yield "The sound is silent: the face rests."
        return
    if loudness_dbfs < _QUIET_DBFS:
        yield f"Very quiet ({loudness_dbfs:.0f} dBFS): background noise may move the lips."
    if speech_share < _SILENT_SHARE:
        yield f"Mostly silence: speech in {speech_share:.0%} of the time."
    if clipped > _CLIPPED_SHARE:
        yield f"Clipped: {clipped:.2%} of the samples are at full scale."
    if speech_share > _PAUSELESS_SHARE and seconds > _PAUSELESS_S:
        yield "No pause anywhere: music or noise under the voice keeps the mouth moving."

"""The demo's two sheets: what the face did beside what was heard, and one sound under eight
feelings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from PIL import Image

from ....emotalk_core import arkit
from ....emotalk_core.controls import EMOTIONS
from ....emotalk_core.shaping.aperture import REST_MM, aperture_mm
from ....emotalk_core.shaping.closure import met_lips
from .canvas import INK, MUTED, PAPER, Canvas, Colour
from .recordings import Phone
from .scores import SHUT, SILENT, sound_of, spelled

__all__ = [
    "Take",
    "contact_sheet",
    "emotion_sheet",
    "moments_to_show",
    "phone_moments",
    "telling_moments",
    "telling_rows",
]

EMOTION_COLOURS: Final[Mapping[str, Colour]] = {
    "neutral": (190, 190, 188),
    "calm": (132, 178, 160),
    "happy": (240, 186, 72),
    "sad": (94, 130, 184),
    "angry": (206, 84, 70),
    "fearful": (146, 112, 168),
    "disgust": (128, 150, 76),
    "surprised": (236, 140, 98),
}
_JAW, _LIPS, _BROW, _FROWN = (206, 84, 70), (60, 110, 160), (222, 150, 40), (110, 90, 150)

_MARGIN, _LABELS, _TRACKS_HEIGHT = 48, 150, 632
_JUDGED: Final = (
    SHUT,
    frozenset({"f", "v"}),
    frozenset({"aa", "ae", "ah", "ay", "aw", "a", "ɑ", "æ", "aɪ", "aː"}),
    frozenset({"uw", "ow", "w", "u", "o", "y", "uː", "oː", "ʊ"}),
    frozenset({"s", "z", "sh", "ch", "ʃ", "ts"}),
    frozenset({"iy", "ih", "ey", "i", "iː", "eː"}),
    SILENT,
)
_EDGE: Final[Colour] = (70, 84, 92)
_BAND: Final[Colour] = (232, 226, 216)
_PHONE_SIZE, _PHONE_ROWS = 11, 3
_PRESSED: Final = 0.75  # of the gap at rest: lips that are pressed on each other, as in p, b, m


@dataclass(frozen=True, eq=False)
class Take:
    """What one recording became."""

    samples: np.ndarray  # float32 (n,), 16 kHz
    values: np.ndarray  # float32 (T, 52), 30 frames per second
    heard: np.ndarray  # float32 (T, 8), EMOTIONS order
    fps: float = 30.0
    sample_rate: int = 16_000
    phones: tuple[Phone, ...] = ()  # start_s, end_s, ARPABET; none: not known

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.samples) / self.sample_rate


def telling_rows(values: np.ndarray, count: int) -> list[int]:
    """Rows worth a look, one from each of `count` stretches: in turn lips shut, wide open,
    rounded.
    """
    gap = aperture_mm(values)
    rounded = values[:, [arkit.index("mouthPucker"), arkit.index("mouthFunnel")]].sum(1)
    shut = np.where(met_lips(values), 0.0, gap)
    edges = np.linspace(0, len(values), count + 1).astype(int)
    rows = []
    for number, (start, stop) in enumerate(pairwise(edges)):
        wish = (-shut, gap, rounded + 0.02 * gap)[number % 3][start:stop]
        rows.append(int(start + wish.argmax()))
    return rows


def moments_to_show(take: Take, count: int) -> list[int]:
    """`count` rows for the stills of a sheet: middles of phones, and where a take has few of those
    what else its mouth does, spread over the take.
    """
    named = phone_moments(take, count)
    apart = len(take.values) / (2 * count)
    others = [
        row
        for row in telling_rows(take.values, count)
        if all(abs(row - other) > apart for other in named)
    ]
    chosen = set(named)
    for _ in range(min(count - len(named), len(others))):
        chosen.add(_farthest(others, chosen, len(take.values))[0])
    return sorted(chosen)


def phone_moments(take: Take, count: int) -> list[int]:
    """Rows in the middle of phones that a viewer judges by: shut, bitten, rounded, wide, hissed,
    silent in turn, spread over the take; nothing where phones are not known.
    """
    kinds = [_middles(take, kind) for kind in _JUDGED]
    kinds = [rows for rows in kinds if rows]
    if not kinds:
        return []
    chosen: set[int] = set()
    for number in range(count * 3):
        row, apart = _farthest(kinds[number % len(kinds)], chosen, len(take.values))
        if apart > 1:
            chosen.add(row)
        if len(chosen) == count:
            break
    return sorted(chosen)


def _farthest(rows: Sequence[int], chosen: Set[int], n_rows: int) -> tuple[int, int]:
    """The row that is farthest from those chosen so far, the first of several, and how far."""
    apart = [min((abs(row - other) for other in chosen), default=n_rows) for row in rows]
    place = int(np.argmax(apart))
    return rows[place], apart[place]


def _middles(take: Take, kind: frozenset[str]) -> list[int]:
    last = len(take.values) - 1
    return [
        min(round((start_s + end_s) / 2 * take.fps), last)
        for start_s, end_s, phone in take.phones
        if sound_of(phone) in kind
    ]


def telling_moments(values: np.ndarray) -> dict[str, int]:
    """Rows for comparing feelings, by what the mouth does there."""
    gap, met = aperture_mm(values), met_lips(values)
    rounded = values[:, [arkit.index("mouthPucker"), arkit.index("mouthFunnel")]].sum(1)
    spread = values[:, [arkit.index("mouthStretchLeft"), arkit.index("mouthSmileLeft")]].sum(1)
    middle = np.abs(np.linspace(-1, 1, len(values)))
    return {
        "lips shut": int((met - 0.5 * middle).argmax()),
        "open": int(gap.argmax()),
        "rounded": int(rounded.argmax()),
        "spread": int((spread + 0.02 * np.minimum(gap, 8.0)).argmax()),
    }


def contact_sheet(
    take: Take, stills: Sequence[tuple[float, Image.Image]], *, title: str, credit: str
) -> Image.Image:
    """Stills (at seconds) in rows of six, above waveform, lips, brows and the heard emotion."""
    width, columns, gutter = 1600, 6, 12
    side = (width - 2 * _MARGIN - (columns - 1) * gutter) / columns
    top = 120 + -(-len(stills) // columns) * (side + gutter) + 34
    page = Canvas(width, round(top + _TRACKS_HEIGHT))
    page.text((_MARGIN, 64), title, size=34)
    page.text((_MARGIN, 94), credit, size=15, fill=MUTED)
    for number, (at_s, image) in enumerate(stills):
        x = _MARGIN + (number % columns) * (side + gutter)
        y = 120 + (number // columns) * (side + gutter)
        page.picture((x, y), image, side)
        page.badge((x + 20, y + 20), str(number + 1))
        _still_labels(page, take, at_s, (x, y, side))
    tracks = _Tracks(page, _MARGIN + _LABELS, width - _MARGIN, take.seconds)
    _phones(tracks, take, top + 110, 172)
    for number, (at_s, _image) in enumerate(stills):
        page.rule(tracks.x(at_s), top, tracks.x(at_s), top + _TRACKS_HEIGHT - 60)
        page.badge((tracks.x(at_s), top - 12), str(number + 1), MUTED)
    _waveform(tracks, take, top, 96)
    _lips(tracks, take, top + 142, 150)
    _brows(tracks, take, top + 312, 110)
    _heard(tracks, take, top + 442, 120)
    _seconds(tracks, take.seconds, page.height - 34)
    return page.finished()


def _still_labels(page: Canvas, take: Take, at_s: float, box: tuple[float, float, float]) -> None:
    """Under a still its time and, where it is known, the phone beside the mouth."""
    x, y, side = box
    page.text(
        (x + side - 10, y + side - 12),
        f"{at_s:.2f} s",
        size=12,
        fill=PAPER,
        anchor="rs",
        edge=_EDGE,
    )
    now = [phone for start_s, end_s, phone in take.phones if start_s <= at_s < end_s]
    if now:
        words = "silence" if sound_of(now[0]) in SILENT else spelled(now[0])
        page.text((x + 12, y + side - 12), words, size=22, fill=PAPER, edge=_EDGE)


class _Tracks:
    """Curves over a common time axis."""

    def __init__(self, page: Canvas, left: float, right: float, seconds: float) -> None:
        self.page, self.left, self.right, self.seconds = page, left, right, seconds

    def x(self, at_s: float) -> float:
        return self.left + (self.right - self.left) * at_s / self.seconds

    def label(self, y: float, words: str, fill: Colour = INK) -> None:
        self.page.text((_MARGIN, y), words, size=15, fill=fill)

    def curve(self, values: np.ndarray, fps: float, box: tuple[float, float], fill: Colour) -> None:
        """Values 0..1 (T,) between the heights `box` (bottom, top)."""
        times_s = np.arange(len(values)) / fps
        x = self.left + (self.right - self.left) * times_s / self.seconds
        y = box[0] + (box[1] - box[0]) * np.clip(values, 0.0, 1.0)
        self.page.line(np.column_stack([x, y]), fill=fill, width=1.8)


def _waveform(tracks: _Tracks, take: Take, top: float, height: float) -> None:
    n_columns = int(tracks.right - tracks.left)
    edges = np.linspace(0, len(take.samples), n_columns + 1).astype(int)[:-1]
    high = np.maximum.reduceat(take.samples, edges)
    low = np.minimum.reduceat(take.samples, edges)
    loudest = max(float(np.abs(take.samples).max()), 1e-6)
    x, middle = tracks.left + np.arange(n_columns), top + height / 2
    tracks.page.area(
        x, middle - high / loudest * height / 2, middle - low / loudest * height / 2, INK
    )
    tracks.label(middle + 5, "Sound")


def _phones(tracks: _Tracks, take: Take, top: float, height: float) -> None:
    """Phones, one below the other where a row is too narrow; those that need shut lips stand in a
    band that runs down to the lips.
    """
    if take.phones:
        tracks.label(top + 10, "Phones; p b m grey")
    for start_s, end_s, phone in take.phones:
        if sound_of(phone) in SHUT:
            edges = np.array([tracks.x(start_s), tracks.x(end_s)])
            tracks.page.area(edges, np.full(2, top - 4), np.full(2, top + 14 + height), _BAND)
    ends = [0.0] * _PHONE_ROWS
    for start_s, end_s, phone in take.phones:
        if sound_of(phone) in SILENT:
            continue
        words, middle = spelled(phone), tracks.x((start_s + end_s) / 2)
        half = tracks.page.width_of(words, _PHONE_SIZE) / 2
        free = [row for row, end in enumerate(ends) if middle - half > end + 2]
        row = free[0] if free else int(np.argmin(ends))
        ends[row] = middle + half
        at, fill = (middle, top + 9 + _PHONE_SIZE * row), INK if sound_of(phone) in SHUT else MUTED
        tracks.page.text(at, words, size=_PHONE_SIZE, fill=fill, anchor="ms")


def _lips(tracks: _Tracks, take: Take, top: float, height: float) -> None:
    bottom = top + height
    aperture = aperture_mm(take.values)
    gap = np.maximum(aperture - REST_MM, 0.0)
    scale = max(float(np.ceil(gap.max() / 5.0) * 5.0), 5.0)
    tracks.curve(gap / scale, take.fps, (bottom, top), _LIPS)
    tracks.curve(take.values[:, arkit.index("jawOpen")], take.fps, (bottom, top), _JAW)
    tracks.page.rule(tracks.left, bottom, tracks.right, bottom)
    pressed = aperture < _PRESSED * REST_MM
    for row in np.flatnonzero(pressed[1:] & ~pressed[:-1]):
        tracks.page.disc((tracks.x((row + 1) / take.fps), bottom + 9), 3.2, INK)
    tracks.label(top + 30, f"Lip gap, 0 to {scale:.0f} mm", _LIPS)
    tracks.label(top + 54, "Jaw, 0 to 1", _JAW)
    tracks.label(bottom + 14, "Lips meet", INK)


def _brows(tracks: _Tracks, take: Take, top: float, height: float) -> None:
    bottom = top + height
    down = take.values[:, [arkit.index("browDownLeft"), arkit.index("browDownRight")]].mean(1)
    up = take.values[:, arkit.index("browInnerUp")]
    most = 0.5 if max(float(up.max()), float(down.max())) <= 0.5 else 1.0
    tracks.curve(up / most, take.fps, (bottom, top), _BROW)
    tracks.curve(down / most, take.fps, (bottom, top), _FROWN)
    tracks.page.rule(tracks.left, bottom, tracks.right, bottom)
    tracks.label(top + 50, f"Brows up, 0 to {most:g}", _BROW)
    tracks.label(top + 74, "Brows down", _FROWN)


def _heard(tracks: _Tracks, take: Take, top: float, height: float) -> None:
    shares = take.heard / np.maximum(take.heard.sum(1, keepdims=True), 1e-6)
    x = (
        tracks.left
        + (tracks.right - tracks.left) * np.arange(len(shares)) / take.fps / tracks.seconds
    )
    floor = np.zeros(len(shares))
    for number, emotion in enumerate(EMOTIONS):
        ceiling = floor + shares[:, number]
        bottom = top + height
        tracks.page.area(
            x, bottom - floor * height, bottom - ceiling * height, EMOTION_COLOURS[emotion]
        )
        floor = ceiling
    tracks.label(top + 14, "Heard emotion")
    for number, emotion in enumerate(EMOTIONS):
        at = (_MARGIN + 78 * (number % 2), top + 38 + 22 * (number // 2))
        tracks.page.disc((at[0] + 4, at[1] - 4), 4.5, EMOTION_COLOURS[emotion])
        tracks.page.text((at[0] + 13, at[1]), emotion, size=12, fill=MUTED)


def _seconds(tracks: _Tracks, seconds: float, y: float) -> None:
    for second in range(int(seconds) + 1):
        tracks.page.text((tracks.x(second), y), f"{second} s", size=12, fill=MUTED, anchor="ms")


def emotion_sheet(
    stills: Mapping[str, Sequence[Image.Image]], rows: Sequence[str], *, title: str, credit: str
) -> Image.Image:
    """A column for each slider, a row for each moment of the same sound."""
    columns, gutter, labels = len(stills), 10, 96
    width = 1600
    side = (width - 2 * _MARGIN - labels - (columns - 1) * gutter) / columns
    page = Canvas(width, round(168 + len(rows) * (side + gutter) + 30))
    page.text((_MARGIN, 64), title, size=34)
    page.text((_MARGIN, 94), credit, size=15, fill=MUTED)
    for column, (emotion, images) in enumerate(stills.items()):
        x = _MARGIN + labels + column * (side + gutter)
        page.disc((x + 6, 135), 6, EMOTION_COLOURS[emotion])
        page.text((x + 20, 141), emotion, size=18)
        for row, image in enumerate(images):
            page.picture((x, 158 + row * (side + gutter)), image, side)
    for row, words in enumerate(rows):
        page.text((_MARGIN, 158 + row * (side + gutter) + side / 2), words, size=15, fill=MUTED)
    return page.finished()

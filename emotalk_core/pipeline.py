"""From a sound to curves: encode once, decode many. What every front end calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from . import shaping
from .arkit import N_CHANNELS
from .audio import SoundSource
from .cache import EncodingCache, StoredEncoding
from .clip import Clip
from .clip_files import ClipWriter
from .controls import ControlTrack
from .engine import Encoding, Engine, said_in
from .engine.blas import one_blas_thread
from .model.config import PHONES, ModelConfig
from .progress import Progress, part_of, silent
from .report import Report, ReportBuilder, SoundTally
from .rigs.visemes import VISEMES, viseme_weights
from .shaping.closure import lip_channels, met_lips
from .speech.passage import Followed, Passage, followed
from .speech.phone_contents import typical_contents
from .speech.phones import ensure_names_phones, late_phones, misplaced_phones, with_phones
from .speech.transcript import with_shares, with_text
from .timing import NETWORK_FPS, frame_count, frame_times, resample
from .usual_voice import UsualVoice, ensure_knows_usual, heard_beside, usual_voice

__all__ = [
    "animate",
    "animate_to_file",
    "decode",
    "encode",
    "hear_shares",
    "hear_usual",
    "said_in_script",
]

_BLOCK_FRAMES: Final = 1800  # a minute: what is decoded at once, however long the sound
_HELD_FRAMES: Final = 10  # on each side of a stretch: whether lips met depends on frames around
_ENCODING_SHARE: Final = 0.9  # of the time that animate takes
_FOUND_SHARE: Final = 0.95  # until what is said in a script is found
_TEXT_SHARE: Final = 0.15  # of it where a text is followed
_FOLLOWING_SHARE: Final = 0.7  # of the time that decode takes then

_Read = Callable[[int, int], Encoding]  # frames start .. stop


def encode(
    sound: SoundSource,
    engine: Engine,
    *,
    cache: EncodingCache | None = None,
    progress: Progress = silent,
) -> Encoding:
    """What the network hears in `sound`, float16, 30 fps; from the cache when it is there.

    Without a cache the numbers are the same: float16 is part of the definition.
    """
    return _ensure_stored(sound, engine, cache, progress).load()


def hear_shares(
    sound: SoundSource,
    engine: Engine,
    *,
    cache: EncodingCache | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """The shares of phones that a starter hears in `sound`, float32 (T, 46): all else stays on
    disk, so an hour takes 20 MB.

    Raises
    ------
    InputError
        The model does not go by phones.
    """
    ensure_names_phones(engine.config)
    with closing(_ensure_stored(sound, engine, cache, progress)) as stored:
        return _shares(stored, engine.config)


def hear_usual(
    sound: SoundSource,
    engine: Engine,
    *,
    cache: EncodingCache | None = None,
    progress: Progress = silent,
) -> UsualVoice:
    """How the speaker of `sound` usually sounds: for a `ControlTrack`.

    Raises
    ------
    InputError
        As of `usual_voice`.
    """
    ensure_knows_usual(engine.config)
    with closing(_ensure_stored(sound, engine, cache, progress)) as stored:
        n = stored.n_frames
        pieces = (stored.read(a, min(a + _BLOCK_FRAMES, n)) for a in range(0, n, _BLOCK_FRAMES))
        return usual_voice(pieces, engine.config)


def decode(  # noqa: PLR0913 - what, how, and which part of it
    encoding: Encoding,
    track: ControlTrack,
    engine: Engine,
    *,
    fps: Fraction = NETWORK_FPS,
    meta: Mapping[str, object] | None = None,
    span: tuple[int, int] | None = None,
    progress: Progress = silent,
) -> Clip:
    """The curves of an Encoding under `track`: all 52 channels and the head, shaped, at `fps`; of
    a part of it where `span` says which frames at `fps`, the last one not included.
    """
    shaping_from = _FOLLOWING_SHARE if track.words else 0.0
    following = part_of(progress, 0.0, shaping_from)
    told = with_text(encoding, track.words, engine.config, following)
    rows: list[np.ndarray] = []
    n, part = encoding.n_frames, lambda start, stop: told[start:stop]
    for block in _shaped_blocks(part, n, track, engine, fps, span):
        rows.append(block)
        done = min(len(rows) * _BLOCK_FRAMES / n, 1.0)
        progress(shaping_from + (1.0 - shaping_from) * done, "Shaping the curves")
    values = np.concatenate(rows) if rows else np.zeros((0, len(shaping.CHANNELS)), np.float32)
    start_s = float(max(span[0], 0) / fps) if span else 0.0
    return Clip(values, shaping.CHANNELS, fps, start_s, _meta(track, engine) | dict(meta or {}))


def animate(
    sound: SoundSource,
    track: ControlTrack,
    *,
    engine: Engine,
    fps: Fraction = NETWORK_FPS,
    cache: EncodingCache | None = None,
    progress: Progress = silent,
) -> Clip:
    """Curves for `sound`, all in memory: for what fits on a timeline."""
    encoding = encode(sound, engine, cache=cache, progress=part_of(progress, 0.0, _ENCODING_SHARE))
    progress(_ENCODING_SHARE, "Shaping the curves")
    looking = part_of(progress, _ENCODING_SHARE, _FOUND_SHARE)
    track, _passage = said_in_script(encoding, track, engine.config, looking)
    meta, shaping_part = {"sound": sound.key}, part_of(progress, _FOUND_SHARE, 1.0)
    clip = decode(encoding, track, engine, fps=fps, meta=meta, progress=shaping_part)
    progress(1.0, "Done")
    return clip


def said_in_script(
    encoding: Encoding, track: ControlTrack, config: ModelConfig, progress: Progress = silent
) -> tuple[ControlTrack, Passage | None]:
    """The track with the words of its script's passage that is said in a whole sound, where it has
    no words of its own, and that passage; without any where there is none.

    Raises
    ------
    InputError
        The model goes by no phones, or as of `pronounced`.
    """
    alone = replace(track, script=None)
    if track.script is None or track.words:
        return alone, None
    ensure_names_phones(config)
    found = track.script.said_in(
        encoding.content[:, config.content.width :],
        lambda words, progress: with_text(encoding, words, config, progress),
        progress,
    )
    if found is None:
        return alone, None
    passage, _encoding = found  # which `decode` finds again at once
    return replace(alone, words=passage.words), passage


def animate_to_file(  # noqa: PLR0913 - what, how, where to, and three that have defaults
    sound: SoundSource,
    track: ControlTrack,
    path: Path,
    *,
    engine: Engine,
    fps: Fraction = NETWORK_FPS,
    cache: EncodingCache | None = None,
    visemes: bool = False,
    progress: Progress = silent,
) -> Report:
    """Curves for `sound` in the file `path`, block by block: three hours take the memory of a
    minute.

    The same numbers as `animate`; with `visemes` how much of each of the 15 is in them. The file
    appears when it is whole; until then an older one stays.
    """
    n_network = frame_count(sound.n_samples)
    n_frames = _frames_at(n_network, fps)
    meta = _meta(track, engine) | {"sound": sound.key}
    # Opened first: a folder that cannot be written to is told before the slow part, not after it.
    channels = VISEMES if visemes else shaping.CHANNELS
    with ClipWriter(path, channels, fps, n_frames, meta) as writer:
        is_told = track.words or track.script is not None
        heard_share = _ENCODING_SHARE - (_TEXT_SHARE if is_told else 0.0)
        stored = _ensure_stored(sound, engine, cache, part_of(progress, 0.0, heard_share))
        builder, done = ReportBuilder(), 0
        for start in range(0, n_network, _BLOCK_FRAMES):
            piece = stored.read(start, min(start + _BLOCK_FRAMES, n_network))
            piece = heard_beside(piece, track.usual, engine.config)
            builder.add_heard(piece, said_in(piece, engine.config))
        text = _follow(
            stored, track, engine.config, part_of(progress, heard_share, _ENCODING_SHARE)
        )
        read = _reader_by(stored, text)
        for rows in _shaped_blocks(read, n_network, track, engine, fps):
            writer.write(viseme_weights(rows[:, :N_CHANNELS]) if visemes else rows)
            builder.add_rows(rows)
            done += len(rows)
            progress(_ENCODING_SHARE + (1 - _ENCODING_SHARE) * done / n_frames, "Writing curves")
        late = late_phones(track.phones, float(n_network / NETWORK_FPS))
        misplaced = misplaced_phones(track.phones, stored.read, n_network, engine.config)
        warnings = [*filter(None, [late or misplaced]), *text.warnings]
        report = builder.finish(n_frames, fps, stored.notes, warnings, text.said)
        stored.close()
    progress(1.0, "Done")
    return report


def _ensure_stored(
    sound: SoundSource, engine: Engine, cache: EncodingCache | None, progress: Progress
) -> StoredEncoding:
    """The sound's Encoding as a file, made if it is not in the cache."""
    if cache is not None:
        found = cache.find(sound.key, engine.key)
        if found is not None and found.n_frames == frame_count(sound.n_samples):
            return found
    tally = SoundTally(sound)
    with one_blas_thread():
        stored = StoredEncoding.from_pieces(engine.encode(tally, progress=progress), tally.notes)
    assert stored.n_frames == frame_count(sound.n_samples), "the engine lost or made up frames"
    if cache is not None:
        cache.keep(sound.key, engine.key, stored)
    return stored


def _follow(
    stored: StoredEncoding, track: ControlTrack, config: ModelConfig, progress: Progress
) -> Followed:
    """What the text tells, if there is one; of what was heard the shares of phones alone are in
    memory.
    """
    if not track.words and track.script is None:
        return Followed()
    ensure_names_phones(config)
    return followed(_shares(stored, config), track.words, track.script, progress)


def _reader_by(stored: StoredEncoding, text: Followed) -> _Read:
    """Pieces in the light of the text."""
    told = text.told
    if told is None:
        return stored.read
    return lambda start, stop: with_shares(stored.read(start, stop), told.shares[start:stop])


def _shares(stored: StoredEncoding, config: ModelConfig) -> np.ndarray:
    """The shares of phones in a starter's Encoding, float32 (T, 46)."""
    n, width = stored.n_frames, config.content.width
    blocks = (
        stored.read(a, min(a + _BLOCK_FRAMES, n)).content[:, width:]
        for a in range(0, n, _BLOCK_FRAMES)
    )
    return np.concatenate([np.zeros((0, len(PHONES)), np.float32), *blocks])


def _frames_at(n_network: int, fps: Fraction) -> int:
    """Frames at `fps` that last as long as `n_network` frames at 30 fps."""
    return math.ceil(n_network * fps / NETWORK_FPS)


def _shaped_blocks(
    read: _Read,
    n_network: int,
    track: ControlTrack,
    engine: Engine,
    fps: Fraction,
    span: tuple[int, int] | None = None,
) -> Iterator[np.ndarray]:
    """Shaped rows (n, 55) at `fps`, in stretches of a minute whose joins do not show; those in
    `span` alone.
    """
    offset_s = track.base.sync_offset_ms / 1000.0
    size = _BLOCK_FRAMES if fps == NETWORK_FPS else _frames_at(_BLOCK_FRAMES, fps)
    n_frames = _frames_at(n_network, fps)
    begin, end = (max(span[0], 0), min(span[1], n_frames)) if span else (0, n_frames)
    for start in range(begin, end, size):
        stop = min(start + size, end)
        if fps == NETWORK_FPS and offset_s == 0.0:
            yield _shaped(read, n_network, track, engine, start, stop)
            continue
        times_s = frame_times(stop - start, fps, start) - offset_s
        first = min(max(0, int(times_s[0] * NETWORK_FPS) - _HELD_FRAMES), n_network - 1)
        last = min(max(first + 1, int(times_s[-1] * NETWORK_FPS) + _HELD_FRAMES), n_network)
        rows = _shaped(read, n_network, track, engine, first, last)
        from_first_s = times_s - float(first / NETWORK_FPS)
        yield resample(
            rows, NETWORK_FPS, from_first_s, held=met_lips(rows), held_columns=lip_channels()
        )


def _shaped(
    read: _Read, n_network: int, track: ControlTrack, engine: Engine, start: int, stop: int
) -> np.ndarray:
    """Rows `start` .. `stop` at 30 fps, decoded with context on both sides."""
    context = engine.context_frames + shaping.CONTEXT_FRAMES
    a, b = max(0, start - context), min(n_network, stop + context)
    heard = read(a, b).mapped(_as_float32)
    typical = typical_contents(engine.key) if track.phones else None
    piece = with_phones(heard, a, track.phones, engine.config, typical)
    with one_blas_thread():
        raw = engine.decode(piece, track.frames(frame_times(b - a, NETWORK_FPS, a)))
    said = said_in(piece, engine.config)
    shaped = shaping.shape(raw, piece.level, track.base, a, said, track.look)
    return shaped[start - a : stop - a]


def _as_float32(field: np.ndarray) -> np.ndarray:
    return np.asarray(field, np.float32)


def _meta(track: ControlTrack, engine: Engine) -> dict[str, object]:
    rows = {"keyed": list(track.keyed), "usual": list(track.usual)}
    counts = {"words": len(track.words), "phones": len(track.phones)}
    told = {name: value for name, value in (rows | counts).items() if value}
    return {
        "generator": "EmoTalk",
        "engine": engine.name,
        "model": engine.key,
        "controls": track.base.to_dict(),
        **told,
    }

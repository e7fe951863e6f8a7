"""What is heard: a sound strip, a Speaker or a file, as core sound and the scene frame at which
it starts.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy

from ....emotalk_core.atomic_file import atomic_file
from ....emotalk_core.errors import InputError
from .. import compat
from . import mixdown

__all__ = [
    "Heard",
    "Pause",
    "from_file",
    "from_speaker",
    "from_strip",
    "in_scene",
    "is_heard",
    "is_muted",
    "iter_metas",
    "looks_of",
    "pause",
    "visible_frames",
]

_LOOKED_AT = 65_536  # bytes from the middle of a file that tell it from another one


@dataclass(frozen=True)
class Heard:
    """One stretch of a sound file and its place on the scene's timeline; plain data, safe in a
    thread.
    """

    path: Path
    start_s: float  # first second of the file that is heard
    duration_s: float | None  # None: to the file's end
    start_frame: float  # scene frame of that first second
    rate: Fraction  # scene frames per second, exact
    label: str  # what the user calls it
    notes: tuple[str, ...] = field(default=())  # what the user should know: muted, retimed ...
    channel: int | None = None  # the one that speaks, from 1; None: the mean of all
    trimmed_s: float = 0.0  # of a mix of the strip: seconds of the whole strip before the first
    mixed_from: Path | None = None  # likewise: that file

    def __post_init__(self) -> None:
        _ensure_there(self.path, self.label)

    @property
    def from_s(self) -> float:
        """The first second that is heard, on a clock that trims and moves leave alone: the file's,
        of a strip at another speed its own.
        """
        return self.start_s + self.trimmed_s

    @property
    def file_start(self) -> float:
        """The scene frame at which that clock begins."""
        return self.start_frame - self.from_s * float(self.rate)

    def place(self, second: float) -> str:
        """Where on the scene's timeline a second of what is heard lies, in words."""
        return f"frame {round(self.start_frame + second * float(self.rate))}"

    @property
    def file(self) -> Path:
        """What is heard, as the user has it."""
        return self.mixed_from or self.path

    @property
    def key(self) -> tuple[object, ...]:
        """Equal keys, equal samples: the file as it is now, the stretch and the channel of it."""
        info = self.path.stat()
        file = str(self.path), info.st_size, info.st_mtime_ns
        return *file, self.start_s, self.duration_s, self.channel


@dataclass(frozen=True)
class Pause(Heard):
    """A stretch of the timeline in which the character says nothing: silence, of no file."""

    def __post_init__(self) -> None:
        pass  # there is no file

    @property
    def key(self) -> tuple[object, ...]:
        """As long, as silent."""
        return "pause", self.duration_s


def pause(first: float, end: float, scene: bpy.types.Scene) -> Pause:
    """Silence from one scene frame to another."""
    rate = compat.scene_rate(scene)
    return Pause(Path(), 0.0, (end - first) / float(rate), first, rate, "pause listening")


def _ensure_there(path: Path, label: str) -> None:
    if not path.is_file():
        raise InputError(
            f"Sound of {label} is missing",
            value=path,
            remedy="Relink or pack the file, or pick another.",
        )


def from_strip(strip: Any, scene: bpy.types.Scene) -> Heard:
    """What is heard of a sound strip: trims, metas, packing and retiming applied; a mute is
    noted, not obeyed.

    Raises
    ------
    InputError
        The file is missing, or nothing of the strip is visible.
    """
    rate = compat.scene_rate(scene)
    first, last = visible_frames(strip)
    if first >= last:
        raise InputError(
            "Nothing of the strip is visible", value=strip.name, remedy="Extend its handles."
        )
    label, notes = f"strip {strip.name}", _mute_notes(strip)
    left, _, content_start = compat.span(strip)
    if compat.is_retimed(strip):
        file = _sound_file(strip.sound, label)
        _ensure_there(file, label)
        return Heard(
            path=mixdown.render(strip, scene, first, last),
            start_s=0.0,
            duration_s=None,
            start_frame=float(first),
            rate=rate,
            label=label,
            notes=notes,
            trimmed_s=float((first - Fraction(content_start)) / rate),
            mixed_from=file,
        )
    # Blender leaves out whole frames: content that starts between two frames plays a little late.
    n_skipped = int(left - content_start + compat.hard_trim_frames(strip))
    zero = left - n_skipped + Fraction(compat.sound_offset_s(strip)) * rate  # the first sample's
    start = max(Fraction(first), zero)  # handles may be pulled out beyond the file
    if start >= last:
        raise InputError(
            "Nothing of the sound lies under the strip",
            value=strip.name,
            remedy="Move its handles.",
        )
    return Heard(
        path=_sound_file(strip.sound, label),
        start_s=float((start - zero) / rate),
        duration_s=float((last - start) / rate),
        start_frame=float(start),
        rate=rate,
        label=label,
        notes=notes,
    )


def in_scene(heard: Heard, scene: bpy.types.Scene, frames_later: float | None = None) -> Heard:
    """The same, for a scene whose frame rate may differ from that of the sequencer's scene, and
    which may be shown there by a Scene strip: that counts frames, whatever their rates.
    """
    rate = compat.scene_rate(scene)
    if frames_later is not None:
        heard = replace(heard, start_frame=heard.start_frame + frames_later)
    if rate == heard.rate:
        return heard
    ratio = float(rate / heard.rate) if frames_later is None else 1.0
    start_frame = heard.start_frame * ratio
    note = (
        f"The sequencer's scene has {float(heard.rate):.5g} frames a second, "
        f"this one {float(rate):.5g}: keys follow the seconds"
    )
    return replace(heard, rate=rate, start_frame=start_frame, notes=(*heard.notes, note))


def from_speaker(speaker: Any, scene: bpy.types.Scene) -> Heard:
    """What a Speaker object plays: from the start of its first sound strip in the NLA, else from
    the scene's first frame.

    Raises
    ------
    InputError
        It holds no sound, or the file is missing.
    """
    sound, label = speaker.data.sound, f"speaker {speaker.name}"
    if sound is None:
        raise InputError(
            "Speaker has no sound", value=speaker.name, remedy="Open one in its Sound panel."
        )
    starts = [
        s.frame_start for track in _nla_tracks(speaker) for s in track.strips if s.type == "SOUND"
    ]
    notes = ("The speaker is muted",) if speaker.data.muted else ()
    if speaker.data.pitch != 1.0:
        notes += (
            f"The speaker's Pitch of {speaker.data.pitch:.3g} changes its speed, and the face "
            "keeps that of the sound: set it to 1",
        )
    start = min(starts, default=float(scene.frame_start))
    return Heard(
        _sound_file(sound, label), 0.0, None, start, compat.scene_rate(scene), label, notes
    )


def from_file(path: str, start_frame: float, scene: bpy.types.Scene) -> Heard:
    """A sound file whose first sample is due at `start_frame`.

    Raises
    ------
    InputError
        No file was chosen, or it is missing.
    """
    if not path:
        raise InputError(
            "No sound chosen", value="", remedy="Pick a sound file, a strip or a speaker."
        )
    file = Path(bpy.path.abspath(path))
    return Heard(file, 0.0, None, float(start_frame), compat.scene_rate(scene), f"file {file.name}")


def _sound_file(sound: Any, label: str) -> Path:
    """The file of a Sound data-block; packed sound is written into Blender's temporary folder
    first.

    Raises
    ------
    InputError
        There is no sound at all, or its file is missing.
    """
    if sound is None:
        raise InputError(
            "There is no sound in it", value=label, remedy="Choose another strip or speaker."
        )
    path = Path(bpy.path.abspath(sound.filepath, library=sound.library))
    if sound.packed_file is None:
        return path
    data = sound.packed_file.data
    unpacked = (
        Path(bpy.app.tempdir)
        / f"emotalk_{hashlib.sha256(data).hexdigest()[:16]}{path.suffix.lower()}"
    )
    if not unpacked.is_file():
        with atomic_file(unpacked) as file:
            file.write(data)
    return unpacked


def looks_of(path: Path) -> tuple[str, str]:
    """By what a sound file is known again: its name, which an export leaves as it is, and what is
    in it, which a move does; empty where it cannot be read.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(size // 2)
            middle = zlib.crc32(file.read(_LOOKED_AT))
    except OSError:
        return path.stem, ""
    return path.stem, f"{size} {middle}"


def iter_metas(strip: Any) -> Iterator[Any]:
    """The meta strips around `strip`, innermost first."""
    meta = strip.parent_meta()
    while meta is not None:
        yield meta
        meta = meta.parent_meta()


def visible_frames(strip: Any) -> tuple[int, int]:
    """The first frame of a strip that the metas around it leave, and the one after the last."""
    spans = [compat.span(item) for item in (strip, *iter_metas(strip))]
    return max(first for first, _, _ in spans), min(last for _, last, _ in spans)


def is_heard(strip: Any) -> bool:
    """Whether the metas around a strip leave something of it, and nothing mutes it."""
    first, end = visible_frames(strip)
    return first < end and not is_muted(strip)


def is_muted(strip: Any) -> bool:
    """Whether the strip, one around it or their sequencer channel is muted."""
    return bool(_mute_notes(strip))


def _mute_notes(strip: Any) -> tuple[str, ...]:
    levels = [strip, *iter_metas(strip)]
    holders = [*levels[1:], strip.id_data.sequence_editor]
    silencers = (
        thing
        for level, holder in zip(levels, holders, strict=True)
        for thing in (level, holder.channels[level.channel])
    )
    muted = next((thing for thing in silencers if thing.mute), None)
    return (f"{muted.name} is muted: animated all the same",) if muted else ()


def _nla_tracks(holder: Any) -> Any:
    return holder.animation_data.nla_tracks if holder.animation_data else ()

"""Which sound strip is meant: by name, and for takes through renaming, by a mark on the strip."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy

from ....emotalk_core.errors import InputError
from .. import compat
from . import scene_strips, sound

__all__ = [
    "Trace",
    "again",
    "as_typed",
    "at_hand",
    "chosen",
    "every_sound",
    "find",
    "here",
    "is_of",
    "mark",
    "new",
    "of_take",
    "selected",
    "trace",
    "without_take",
]


@dataclass(frozen=True)
class Trace:
    """By what a strip is known again while a job runs that has not marked it yet."""

    scene: int
    name: str
    mark: str
    looks: tuple[object, ...]  # its sound, channel and frames


def chosen(context: bpy.types.Context) -> Any | None:
    """Of the selected sound strips the active one, else the first; with none selected the only one
    that is heard in the selected meta strips, else the active one, else the only one in the scene.
    """
    scene = compat.sequencer_scene(context)
    sounds = _sounds(scene)
    active = scene.sequence_editor.active_strip if scene.sequence_editor else None
    choice = [strip for strip in sounds if _is_selected(strip)] or _alone_in_metas(sounds) or sounds
    if active in choice:
        return here(active, context.scene)
    has_one = len(choice) == 1 or choice is not sounds
    return here(choice[0], context.scene) if has_one else None


def _is_selected(strip: Any) -> bool:
    """Blender leaves strips selected that a meta strip hides: they count with it, or in it."""
    opened = strip.id_data.sequence_editor.meta_stack if strip.select else ()
    return strip.select and all(m.select or m in [*opened] for m in sound.iter_metas(strip))


def _alone_in_metas(sounds: list[Any]) -> list[Any]:
    """The only one that is heard in the selected meta strips; none where there are several."""
    inside = [s for s in sounds if any(meta.select for meta in sound.iter_metas(s))]
    heard = [strip for strip in inside if sound.is_heard(strip)]
    return heard if len(heard) == 1 else []


def selected(context: bpy.types.Context) -> list[Any]:
    """The selected sound strips, as they follow in time."""
    return [here(strip, context.scene) for strip in _shown(context) if _is_selected(strip)]


def every_sound(context: bpy.types.Context) -> list[Any]:
    """The sound strips that the sequencer shows, as they follow in time."""
    return [here(strip, context.scene) for strip in _shown(context)]


def _shown(context: bpy.types.Context) -> list[Any]:
    sounds = _sounds(compat.sequencer_scene(context))
    return sorted(sounds, key=lambda strip: (compat.span(strip)[0], strip.channel, strip.name))


def here(strip: Any, scene: bpy.types.Scene) -> Any:
    """A sound strip's twin in `scene`, where that has one: in a full copy of its scene takes are of
    the copy's strips, and from Blender 5.0 on the sequencer shows the original's still. An edit
    that shows `scene` speaks with strips of its own.
    """
    if strip.id_data == scene or strip.type != "SOUND":
        return strip
    twin = _named(scene, strip.name)
    is_twin = twin is not None and trace(twin).looks == trace(strip).looks
    return twin if is_twin and scene_strips.showing(strip, scene) is None else strip


def find(name: str, *scenes: bpy.types.Scene) -> Any:
    """The sound strip called `name`, inside metas too; of the first of `scenes` that has one. Where
    none is called exactly so, é may be two letters, as in names of files on macOS.

    Raises
    ------
    InputError
        There is none of that name, or it holds no sound.
    """
    places = dict.fromkeys(scenes)
    there = [strip for scene in places for strip in _sounds(scene)]
    found = next(filter(None, (_named(scene, name) for scene in places)), None)
    found = found or next((s for s in there if as_typed(s.name) == as_typed(name)), None)
    if found is None:
        have = ", ".join(strip.name for strip in there[:5]) or "none"
        raise InputError(
            "No sound strip of this name", value=name, remedy=f"Sound strips in the scene: {have}."
        )
    return found


def as_typed(name: str) -> str:
    """In names of files, and so of strips, macOS has é as two letters, as nobody types it."""
    return unicodedata.normalize("NFC", name)


def of_take(take: Any, scene: bpy.types.Scene) -> Any:
    """The take's strip; its scene is `id_data`.

    Raises
    ------
    InputError
        It is gone.
    """
    own = _own(take, scene)
    if own is None:
        raise InputError("The take's strip is gone", value=take.strip, remedy="Animate again.")
    return own


def at_hand(take: Any) -> Any | None:
    """The take's strip, where it still has its name: found at once."""
    strip = _named(take.strip_scene or take.id_data, take.strip)
    return strip if strip is not None and strip.emotalk_uid == take.strip_uid else None


def is_of(take: Any, strip: Any) -> bool:
    """Whether a strip is the take's."""
    return _own(take, strip.id_data) == strip


def mark(take: Any) -> None:
    """Let the take know its strip again when it is renamed. A part that was split off or a copy
    has brought the mark of its original and gets its own.
    """
    strip = _by_name(take, None)
    if strip is None:
        return
    if not strip.emotalk_uid or _is_copy(strip):
        strip.emotalk_uid = uuid.uuid4().hex
    take.strip_uid = strip.emotalk_uid


def without_take(take: Any) -> list[Any]:
    """Strips that were cut off from a take's, or copied from it, and are no take's: one of a take
    has a mark of its own.
    """
    own = _own(take, take.id_data) if take.strip_uid else None
    beside = _sounds(own.id_data) if own is not None else []
    return [strip for strip in beside if strip != own and strip.emotalk_uid == take.strip_uid]


def new(path: str, scene: bpy.types.Scene, frame: int) -> Any | None:
    """A strip of a sound file, selected alone, on a channel that is free from `frame` on; None
    where this Blender cannot make one of it.

    Raises
    ------
    InputError
        Blender finds no sound in the file.
    """
    there = compat.strips_all(scene)
    taken = [strip.channel for strip in there if compat.span(strip)[1] > frame]
    made = compat.top_strips(scene)
    try:
        strip = made.new_sound(bpy.path.basename(path), path, max(taken, default=0) + 1, frame)
    except RuntimeError:
        return None
    if strip.sound.channels == "INVALID":
        _unmake(strip, made)
        raise InputError(
            "Blender finds no sound in this file",
            value=bpy.path.basename(path),
            remedy="Choose another.",
        )
    for other in there:
        other.select = False
    strip.select = True
    scene.sequence_editor.active_strip = strip
    return strip


def _unmake(strip: Any, owner: Any) -> None:
    """Take a new strip away, and its sound where that is of no other."""
    played = strip.sound
    owner.remove(strip)
    if not played.users:
        bpy.data.sounds.remove(played)


def trace(strip: Any) -> Trace:
    """The strip as it is now."""
    played = strip.sound.session_uid if strip.sound else 0
    looks = (played, strip.channel, *compat.span(strip))
    return Trace(strip.id_data.session_uid, strip.name, strip.emotalk_uid, looks)


def again(was: Trace) -> Any | None:
    """The strip that shares most with what it was, where it does so with anything; of equals the
    one in its old place: a name may be another's by now.
    """

    def likeness(strip: Any) -> tuple[int, bool]:
        now = trace(strip)
        is_marked = bool(was.mark) and now.mark == was.mark
        return (now.name == was.name) + is_marked + (now.looks == was.looks), now.looks == was.looks

    places = [scene for scene in bpy.data.scenes if scene.session_uid == was.scene]
    best = max((strip for place in places for strip in _sounds(place)), key=likeness, default=None)
    return best if best is not None and likeness(best)[0] else None


def _is_copy(strip: Any) -> bool:
    return any(
        take.strip_uid == strip.emotalk_uid and _own(take, take.id_data) not in {None, strip}
        for take in _all_takes()
    )


def _own(take: Any, scene: bpy.types.Scene) -> Any | None:
    """The take's strip: what bears its mark, of several (copies bring it along) what has its name
    in its place. A name alone, which may be another's by now, counts where no mark is.
    """
    place = take.strip_scene or scene
    marked = [s for s in _everywhere(place) if take.strip_uid and s.emotalk_uid == take.strip_uid]
    if marked:
        return max(marked, key=lambda s: (s.id_data == place, s.name == take.strip))
    named = _by_name(take, scene)
    if named is None and not take.strip_uid:
        named = next((s for s in _everywhere(scene) if s.name == take.strip), None)
    return None if named is None or _is_of_another(named, take) else named


def _is_of_another(strip: Any, take: Any) -> bool:
    """Whether a strip without the take's mark bears that of another take."""
    marks = {other.strip_uid for other in _all_takes() if other != take}
    return bool(take.strip_uid and strip.emotalk_uid) and strip.emotalk_uid in marks


def _all_takes() -> Iterator[Any]:
    for scene in bpy.data.scenes:
        yield from scene.emotalk.takes


def _by_name(take: Any, scene: bpy.types.Scene | None) -> Any | None:
    """What has the take's name in its strip's scene, in `scene` where that one is not known."""
    place = take.strip_scene or scene
    return _named(place, take.strip) if place is not None else None


def _everywhere(scene: bpy.types.Scene) -> list[Any]:
    """Sound strips of all scenes, those of `scene` first."""
    places = dict.fromkeys((scene, *bpy.data.scenes))
    return [strip for place in places for strip in _sounds(place)]


def _named(scene: bpy.types.Scene, name: str) -> Any | None:
    owner, kind = compat.strip_collection(scene)
    strip = getattr(owner, kind).get(name) if owner is not None else None
    return strip if strip is not None and strip.type == "SOUND" else None


def _sounds(scene: bpy.types.Scene) -> list[Any]:
    return [strip for strip in compat.strips_all(scene) if strip.type == "SOUND"]

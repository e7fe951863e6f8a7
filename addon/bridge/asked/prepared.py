"""What is asked of a job: sound, character and sliders of the panel, of a line or of a take become
a request, checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy

from ....emotalk_core.controls import EMOTIONS, Controls, ControlTrack
from ....emotalk_core.errors import EmoTalkError, RigError
from ....emotalk_core.keys.easing import frames_of
from ....emotalk_core.progress import Progress
from ....emotalk_core.reshaping import AS_IT_IS
from ....emotalk_core.speech.languages import of_file_name
from .. import characters
from ..faces.pauses import Silent
from ..faces.stretches import check_channel, check_range, layout_of
from ..jobs import settings
from ..jobs.words_first import WordsFirst
from ..jobs.work import Request
from ..keying import rigs
from ..keying.still_keys import of_still_keys
from ..sounds import sound, sources
from . import carried, controls, looking, phones, scripts, usual
from .cast import Line
from .known_again import Known
from .same_take import UNHEARD, Source, is_of_face, same_take

__all__ = [
    "LOOK_SHARE",
    "Prepared",
    "active_take",
    "controls_of_new",
    "measured",
    "measuring",
    "prepare",
    "prepare_clip",
    "prepare_line",
    "prepare_pause",
    "prepare_take",
    "shown_controls",
]

LOOK_SHARE = 0.1
"""Of progress, where something is looked at; then it is heard."""

_UNMOVED = (0.0,) * len(EMOTIONS)
_Face = tuple[Any, Sequence[Any], rigs.Rig]
"""The character, its meshes and what drives them."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A request, and what is needed to write its outcome; names and numbers only, so it outlives
    undo, deletion and, by `known`, renaming.
    """

    request: Request
    known: Known
    rig: rigs.Rig
    scene: str
    source: str  # of the sound: STRIP, SPEAKER or FILE; CLIP: curves of a file
    uid: str  # of the take that is made again; empty: a new one
    strip: str
    strip_scene: str  # whose sequencer holds it
    character: str
    meshes: tuple[str, ...]
    digest: str  # of the sliders when they were read; empty: a new clip's, its own from the start
    ease: tuple[int, int]  # frames in and out that they asked for then
    looked: looking.Looked | None  # what is seen, measured anew; None: what the take keeps
    sight: looking.Sight | None = None  # how to measure it, where that is still to be done
    of_new: Controls | None = None  # what a new take's sliders say; None: what the panel's do
    ease_s_of_new: float | None = None  # likewise
    usual_of_new: tuple[str, str] = ("", "")  # its character's usual voice, and who told it
    phones_of_new: str = ""  # what is told of a new take from the start, as its sliders keep it
    shift: carried.Shift | None = None  # by which keys of its sliders go along with its sound
    why_left: str = ""  # why they do not, where it has moved


def active_take(scene: bpy.types.Scene) -> Any | None:
    """The take that is chosen in the list."""
    ours = scene.emotalk
    return ours.takes[ours.take_index] if 0 <= ours.take_index < len(ours.takes) else None


def shown_controls(scene: bpy.types.Scene) -> Any:
    """The sliders that the panel shows: those of the active take, before the first take the
    scene's.
    """
    take = active_take(scene)
    return take.controls if take else scene.emotalk.controls


def controls_of_new(scene: bpy.types.Scene) -> Any:
    """The sliders that a new take begins with: those that are shown, but not an imported clip's,
    which keep voices still, nor a pause's.
    """
    takes = scene.emotalk.takes
    shown = active_take(scene)
    heard = [take for take in (*takes, *([shown] if shown else ())) if take.source not in UNHEARD]
    return heard[-1].controls if heard else scene.emotalk.controls


def prepare(context: bpy.types.Context, adjust: Callable[[Any], None] | None = None) -> Prepared:
    """Everything that Animate needs, checked.

    Parameters
    ----------
    adjust : callable, optional
        Given the group of sliders that counts, before it is read: that of the sound's own take, for
        a new take that of the panel.

    Raises
    ------
    EmoTalkError
        What is missing, and what to do.
    """
    ours = context.scene.emotalk
    character = ours.rig.character or context.object
    source = ours.source, *sources.of_panel(ours, context)
    return _asked(context.scene, ours.rig, character, source, adjust)


def prepare_line(scene: bpy.types.Scene, line: Line) -> Prepared:
    """The same for one of several lines: its strip, on the character who speaks it.

    Raises
    ------
    EmoTalkError
        What is missing, and what to do.
    """
    line.check_character()
    heard = sources.of_strip(line.strip, line.channel, scene)
    return _asked(scene, line.rig, line.character, ("STRIP", heard, line.strip), line=line)


def prepare_clip(context: bpy.types.Context, path: str) -> Prepared:
    """A file of curves, for the chosen character from the current frame on.

    Raises
    ------
    EmoTalkError
        What is missing, and what to do.
    """
    scene = context.scene
    character = scene.emotalk.rig.character or context.object
    heard = sources.of_clip(path, float(scene.frame_current), scene)
    prepared = _asked(scene, scene.emotalk.rig, character, ("CLIP", heard, None))
    if prepared.uid:
        return prepared
    request = replace(prepared.request, track=ControlTrack(AS_IT_IS))
    without = replace(prepared, request=request, ease=(0, 0), digest="")
    return replace(without, of_new=AS_IT_IS, ease_s_of_new=0.0)


def prepare_pause(scene: bpy.types.Scene, pause: Silent) -> Prepared:
    """A stretch in which one of the scene's faces says nothing.

    Raises
    ------
    EmoTalkError
        What is missing, and what to do.
    """
    face = pause.character, *rigs.rig_of(pause.rig, pause.character)
    heard = sound.pause(float(pause.first), float(pause.last), scene)
    found = looking.look_at(scene, pause.look_at, face, (heard, None))
    of = scene, pause.take, pause.controls
    prepared = _prepared(of, face, ("PAUSE", heard, None), found)
    if pause.take is not None:
        return prepared
    felt = controls.at(pause.controls, pause.first)  # keyed ones stand where the frame is
    calm = replace(felt, emotions=_UNMOVED, mix=1.0)
    request = replace(prepared.request, track=ControlTrack(calm))
    ease_s = controls.ease_of(pause.controls)
    return replace(prepared, request=request, digest="", of_new=calm, ease_s_of_new=ease_s)


def _asked(
    scene: bpy.types.Scene,
    group: Any,
    character: Any,
    source: Source,
    adjust: Callable[[Any], None] | None = None,
    line: Line | None = None,
) -> Prepared:
    """`group`: what is said of the character's rig."""
    if character is None:
        raise RigError(
            "No character",
            value="nothing selected",
            remedy="Choose one, or add the demo character.",
        )
    characters.check_is_there(character)
    meshes, rig = rigs.rig_of(group, character)
    kind, heard, strip = source
    seen = (*rigs.unlisted(group.targets, character), *of_still_keys(meshes, rig.binding))
    heard = replace(heard, notes=(*heard.notes, *seen))
    take = same_take(scene, source, character, meshes)
    if take is not None:
        check_range(scene.emotalk)
        check_channel(scene.emotalk, take, heard.channel)
    sliders = take.controls if take else controls_of_new(scene)
    if adjust is not None:
        adjust(sliders)
    wanted = controls.read(sliders) if adjust is not None else None
    face, target = (character, meshes, rig), _target(scene, take, character, line)
    found = _sight(scene, target, face, (kind, heard, strip))
    prepared = _prepared((scene, take, sliders), face, (kind, heard, strip), found)
    if take is None:
        prepared = _without_keys_elsewhere(prepared, sliders, wanted)
    if kind == "CLIP":
        return prepared
    track = scripts.obeyed(prepared.request.track, scene, take)
    request = replace(prepared.request, track=track, words_first=_words_first(scene, take, heard))
    return replace(prepared, request=request)


def _words_first(scene: bpy.types.Scene, take: Any | None, heard: sound.Heard) -> WordsFirst | None:
    if not scene.emotalk.hear_words:
        return None
    language = take.controls.language if take is not None else ""
    named = of_file_name(heard.file.name)
    try:
        return WordsFirst(settings.recogniser(), language, named)
    except EmoTalkError as error:  # told when the sound is heard without
        return WordsFirst(error, language, named)


def _without_keys_elsewhere(prepared: Prepared, group: Any, wanted: Controls | None) -> Prepared:
    """A new take begins with another one's sliders. Keys in frames of that one alone, those of its
    phrases perhaps, would only pin the new one's. `wanted`: what they were set to just now.
    """
    heard = prepared.request.heard
    if not controls.are_still(group, heard.start_frame, _end_frame(heard)):
        return prepared
    wanted = wanted or controls.at(group, heard.start_frame)
    own = prepared.request.track
    track = ControlTrack(wanted, phones=own.phones, usual=own.usual)
    request = replace(prepared.request, track=track)
    return replace(prepared, request=request, digest="", of_new=wanted)


def _target(
    scene: bpy.types.Scene, take: Any | None, character: Any, line: Line | None
) -> Any | None:
    """What the character looks at: one of a cast at its own, or as its take says; else what the
    sliders say. A new take's are another one's, who may look at this very character.
    """
    if line is not None and line.role:
        return line.look_at or (take.controls.look_at if take else None)
    target = take.controls.look_at if take else shown_controls(scene).look_at
    is_new_beside_others = take is None and active_take(scene) is not None
    if is_new_beside_others and target and looking.is_own(character, target):
        return None
    return target


def prepare_take(scene: bpy.types.Scene, take: Any, *, looks_anew: bool = False) -> Prepared:
    """The same for a take that is there already: its own sound, character and sliders.

    `looks_anew`: what it looks at is measured again, for which the scene may have to be played;
    else it is what the take keeps.
    """
    character = take.rig.character
    if character is None and not characters.chosen_meshes(take.rig.targets, None):
        remedy = "Undo that, or remove the take; Animate gives its sound to another one."
        raise RigError("The take's character is gone", value=take.name, remedy=remedy)
    face = character, *rigs.rig_of(take.rig, character)
    kind, heard, strip = take.source, *sources.of_take(take, scene)
    found = None
    if looks_anew:
        found = _sight(scene, take.controls.look_at, face, (kind, heard, strip))
    return _prepared((scene, take, take.controls), face, (kind, heard, strip), found)


def _sight(
    scene: bpy.types.Scene, target: Any | None, face: _Face, source: Source
) -> looking.Looked | looking.Sight:
    kind, heard, strip = source
    if kind == "CLIP":  # its eyes are the file's
        return looking.Looked(target.name if target is not None else "", None)
    return looking.look_at(scene, target, face, (heard, strip))


def measured(prepared: Prepared, progress: Progress) -> Prepared:
    """The same, what it looks at measured in one go; errors as `looking.Sight.measured`."""
    pauses = measuring(prepared, progress)
    while True:
        try:
            next(pauses)
        except StopIteration as done:
            return done.value


def measuring(prepared: Prepared, progress: Progress) -> Generator[None, None, Prepared]:
    """The same with what it looks at measured, with pauses: see `looking.Sight.measured`."""
    if prepared.sight is None:
        return prepared
    looked = yield from prepared.sight.measured(progress)
    request = prepared.request
    look = looked.seen.look(request.heard) if looked.seen is not None else None
    request = replace(request, track=replace(request.track, look=look))
    return replace(prepared, request=request, looked=looked, sight=None)


def _prepared(
    of: tuple[bpy.types.Scene, Any | None, Any],
    face: _Face,
    source: Source,
    found: looking.Looked | looking.Sight | None,
) -> Prepared:
    """`of`: scene, take if there is one, and the sliders that count. `found`: what it looks at;
    None: what the take keeps.
    """
    (scene, take, group), (thing, meshes, rig), (kind, heard, strip) = of, face, source
    character = thing.name if thing is not None else ""
    names = tuple(mesh.name for mesh in meshes)
    sight = found if isinstance(found, looking.Sight) else None
    looked = found if isinstance(found, looking.Looked) else None
    target = sight.name if sight is not None else looked.target if looked is not None else ""
    of_another = phones.of_another(take, heard) if take is not None else ""
    heard = replace(heard, notes=(*heard.notes, *filter(None, [of_another])))
    shift, why_left = carried.find_shift(take, heard) if take is not None else (None, "")
    clock = carried.clock(heard, _end_frame(heard), shift)
    request = _request(heard, rig, group, scene.emotalk, clock, is_clip=kind == "CLIP")
    if take is None:
        said, words = _told_before(scene, (strip, heard), thing, meshes), ()
    elif of_another:
        said, words = "", ()
    else:
        said, words = take.controls.phones, phones.words(take.controls)
    is_new_voice = take is None and kind not in UNHEARD
    of_new = usual.kept(scene, thing, meshes) if is_new_voice else ("", "")
    voice = of_new[0] if take is None else take.controls.usual
    known = {"phones": phones.told(said, heard), "usual": usual.told(voice)}
    request = replace(request, track=replace(request.track, words=words, **known))
    seen = looking.kept(take.seen) if found is None else None
    if seen is not None:
        request = replace(request, track=replace(request.track, look=seen.look(heard)))
    return Prepared(
        request=request,
        known=Known.of(scene, strip, (character, *names, *rig.objects, target)),
        rig=rig,
        scene=scene.name,
        source=kind,
        uid=take.uid if take else "",
        strip=strip.name if strip else "",
        strip_scene=strip.id_data.name if strip else "",
        character=character,
        meshes=names,
        digest=controls.digest(
            group, (said, "") if take is None or of_another else None, usual=voice
        ),
        ease=frames_of(controls.ease_of(group), heard.rate),
        looked=looked,
        sight=sight,
        usual_of_new=of_new,
        phones_of_new=said if take is None else "",
        shift=shift,
        why_left=why_left,
    )


def _request(
    heard: sound.Heard, rig: rigs.Rig, group: Any, ours: Any, clock: carried.Clock, *, is_clip: bool
) -> Request:
    track = controls.keyed_track(group, *clock)
    heard = replace(heard, notes=(*heard.notes, *controls.told_of(group), *rig.warnings))
    layout = layout_of(ours)
    return Request(heard, rig.binding, track, settings.engine_settings(), layout, is_clip=is_clip)


def _end_frame(heard: sound.Heard) -> float:
    """Infinite where only whoever hears it learns how long it is."""
    seconds = math.inf if heard.duration_s is None else heard.duration_s
    return heard.start_frame + seconds * float(heard.rate)


def _told_before(
    scene: bpy.types.Scene,
    of: tuple[Any | None, sound.Heard],
    character: Any,
    meshes: Sequence[Any],
) -> str:
    """What was told of the sound of a strip that was cut off from a take's, or is a copy of it.
    `of`: the strip, if it is one, and what it plays.
    """
    strip, heard = of
    mark = strip.emotalk_uid if strip is not None else ""
    takes = (take for take in scene.emotalk.takes if mark and take.strip_uid == mark)
    of_it = (take for take in takes if not phones.of_another(take, heard))
    return next((t.controls.phones for t in of_it if is_of_face(t, character, meshes)), "")

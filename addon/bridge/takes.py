"""Takes: the panel's settings become a request for a job, and what it brings back becomes keys."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import bpy

from ...emotalk_core.controls import EMOTIONS
from ...emotalk_core.easing import frames_of, table_ends
from ...emotalk_core.errors import RigError
from ...emotalk_core.progress import Progress, part_of, silent
from ...emotalk_core.retarget import KeyTable
from . import (
    bake,
    by_hand,
    characters,
    controls,
    eases,
    removal,
    rigs,
    sound,
    sources,
    strips,
    told,
)
from .counting import counted
from .curves import Stretch
from .draft import Draft
from .ease_keys import lost_by_hand
from .known_again import Known, by_names_now, name_now, scene_of, scene_there
from .leftovers import leave, sweep
from .neighbours import others_on
from .passages import Baked
from .session import SESSION
from .settings import engine_settings
from .stretches import check_range, layout_of, stretch_for
from .work import Outcome, Request, animate, redo

__all__ = [
    "Prepared",
    "active_take",
    "begin",
    "finish",
    "make_active",
    "name_now",
    "prepare",
    "prepare_take",
    "remake",
    "scene_of",
    "shown_controls",
    "stretch_of",
    "take_of",
]

_SOURCE_FIELDS = ("source", "strip", "speaker", "filepath", "start_frame")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A request, and what is needed to write its outcome; names and numbers only, so it outlives
    undo, deletion and, by `known`, renaming.
    """

    request: Request
    known: Known
    rig: rigs.Rig
    scene: str
    uid: str  # of the take that is made again; empty: a new one
    strip: str
    strip_scene: str  # whose sequencer holds it
    character: str
    meshes: tuple[str, ...]
    digest: str  # of the sliders when they were read
    ease: tuple[int, int]  # frames in and out that they asked for then


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


def prepare(
    context: bpy.types.Context, adjust: Callable[[Any], None] = lambda _group: None
) -> Prepared:
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
    scene, ours = context.scene, context.scene.emotalk
    heard, strip = sources.of_panel(ours, context)
    character = ours.rig.character or context.object
    if character is None:
        raise RigError(
            "No character",
            value="nothing selected",
            remedy="Choose one, or add the demo character.",
        )
    characters.check_is_there(character)
    meshes, rig = rigs.rig_of(ours.rig, character)
    heard = replace(heard, notes=(*heard.notes, *rigs.unlisted(ours.rig.targets, character)))
    take = _same_take(scene, strip, character, meshes)
    if take is not None:
        check_range(ours)
    group = take.controls if take else shown_controls(scene)
    adjust(group)
    return _prepared((scene, take, group), (character.name, meshes, rig), (heard, strip))


def prepare_take(scene: bpy.types.Scene, take: Any) -> Prepared:
    """The same for a take that is there already: its own sound, character and sliders."""
    meshes, rig = rigs.rig_of(take.rig, take.rig.character)
    source = sources.of_take(take, scene)
    character = take.rig.character.name if take.rig.character else ""
    return _prepared((scene, take, take.controls), (character, meshes, rig), source)


def _prepared(
    of: tuple[bpy.types.Scene, Any | None, Any],
    face: tuple[str, Sequence[Any], rigs.Rig],
    source: tuple[sound.Heard, Any | None],
) -> Prepared:
    """`of`: scene, take if there is one, and the sliders that count."""
    (scene, take, group), (character, meshes, rig), (heard, strip) = of, face, source
    names = tuple(mesh.name for mesh in meshes)
    return Prepared(
        request=_request(heard, rig, group, scene.emotalk),
        known=Known.of(scene, strip, (character, *names, *rig.objects)),
        rig=rig,
        scene=scene.name,
        uid=take.uid if take else "",
        strip=strip.name if strip else "",
        strip_scene=strip.id_data.name if strip else "",
        character=character,
        meshes=names,
        digest=controls.digest(group),
        ease=frames_of(controls.ease_of(group), heard.rate),
    )


def remake(prepared: Prepared, progress: Progress = silent) -> Outcome:
    """The keys of a take that is there; its sound is heard again only where what was heard is not
    at hand. Safe in a thread.

    Raises
    ------
    EmoTalkError
        Sound or model are no longer there.
    """
    request, room = prepared.request, SESSION.room
    known = SESSION.known(prepared.uid, request.heard)
    if known is None:
        return animate(request, room, progress)
    progress(0.0, "Loading the model")
    engine = room.engine(request.settings, part_of(progress, 0.0, 0.5))
    progress(0.5, "Shaping the curves")
    return redo(request, known, engine)


@by_names_now
def begin(prepared: Prepared, outcome: Outcome) -> Draft:
    """The outcome's keys, to be written in slices and then given to `finish`.

    Raises
    ------
    RigError
        The scene or the take was deleted meanwhile.
    """
    scene = scene_there(prepared)
    take = _its_take(scene, prepared)
    others = others_on(outcome.tables, take)
    stretch = stretch_for(scene, take, outcome.tables, others)
    tables = _eased(prepared, outcome, stretch, take, others)
    return Draft(tables, prepared.rig.binding, stretch)


@by_names_now
def finish(
    prepared: Prepared,
    outcome: Outcome,
    draft: Draft | None = None,
    changed: Set[by_hand.Address] | None = None,
) -> bake.BakeResult:
    """Write the keys, those of `draft` if they are written already, and the take's record.

    `changed`: the curves that somebody has changed, where that is known.

    Raises
    ------
    RigError
        The scene, the take or an object was deleted meanwhile, or cannot be written.
    """
    scene, options = scene_there(prepared), prepared.request.options
    take = _its_take(scene, prepared)
    others = others_on(outcome.tables, take)
    stretch = draft.stretch if draft else stretch_for(scene, take, outcome.tables, others)
    tables = draft.tables if draft else _eased(prepared, outcome, stretch, take, others)
    was = eases.room_of(take)
    if changed is None:
        changed = by_hand.changed_curves(take) if take else frozenset()
    n_lost = lost_by_hand(others, tables)
    besides = (prepared.scene, prepared.uid)
    with by_hand.knowing_what_was_changed(tables, _touched(tables, stretch), besides):
        if draft is not None:
            result = draft.commit()
        else:
            result = bake.write(tables, prepared.rig.binding, stretch)
    if take is None:
        take = _new_take(scene, prepared)
        others = others_on(outcome.tables, take)  # adding has moved them
    cut, left = frozenset[by_hand.Address](), list[str]()
    if stretch.only is None:
        cut = removal.cut_orphans(take, tables, others, left)
    _show_targets(take, prepared.meshes)
    by_hand.know_armature(take, tables)
    notes = (
        *told.of_hands(frozenset() if stretch.only else changed, changed & cut, n_lost),
        *told.of_cut(take, cut, prepared.meshes),
        *told.of_range(stretch, table_ends(tables)),
        *told.of_shared_frames(outcome.tables, options.every_n_frames, others),
        *left,
    )
    result = replace(result, notes=(*notes, *result.notes))
    if stretch.only is None:
        leave(take, table_ends(tables), others)
        take.first_frame, take.last_frame = table_ends(outcome.tables)
    _record(take, prepared, outcome, result)
    if stretch.part(table_ends(tables)) is not None:
        take.baked = prepared.digest  # else its keys are as they were
    asked = prepared.ease if stretch.only is None else None
    eases.remember(take, outcome.tables, tables, asked, options)
    by_hand.remember(take, tables, but=frozenset() if stretch.only is None else changed)
    sweep(take, others)
    eases.settle_around(Baked(take, prepared.request, outcome, stretch, changed), others, was)
    SESSION.keep(take.uid, prepared.request.heard, outcome.known)
    return result


def _eased(
    prepared: Prepared, outcome: Outcome, stretch: Stretch, take: Any | None, others: Sequence[Any]
) -> Sequence[KeyTable]:
    layout, is_part = prepared.request.options, bool(stretch.only)
    return eases.eased(outcome.tables, take, others, prepared.ease, layout, is_part=is_part)


@by_names_now
def stretch_of(prepared: Prepared, outcome: Outcome) -> Stretch:
    """What writing the outcome would change.

    Raises
    ------
    RigError
        The scene or the take was deleted meanwhile.
    """
    scene = scene_there(prepared)
    take = _its_take(scene, prepared)
    return stretch_for(scene, take, outcome.tables, others_on(outcome.tables, take))


def _show_targets(take: Any, names: Sequence[str]) -> None:
    """Meshes that were switched on or off since the take was made are so in it too."""
    there = [target.object for target in take.rig.targets]
    for target in take.rig.targets:
        target.use = target.object is not None and target.object.name in names
    for name in names:
        mesh = bpy.data.objects.get(name)
        if mesh not in there:
            target = take.rig.targets.add()
            target.object, target.use = mesh, True


def make_active(prepared: Prepared) -> None:
    """Choose the take that was made again in the list; a new one is chosen already."""
    scene = scene_of(prepared)
    for place, take in enumerate(scene.emotalk.takes if scene else ()):
        if take.uid == prepared.uid:
            scene.emotalk.take_index = place


def _touched(tables: Sequence[KeyTable], stretch: Stretch) -> tuple[float, float]:
    """First and last frame that a bake may write or clear."""
    (first, last), old = table_ends(tables), stretch.old or table_ends(tables)
    return min(first, old[0]), max(last, old[1])


def _request(heard: sound.Heard, rig: rigs.Rig, group: Any, ours: Any) -> Request:
    seconds = heard.duration_s if heard.duration_s is not None else 600.0
    end_frame = heard.start_frame + seconds * float(heard.rate)
    track = controls.keyed_track(group, heard.start_frame, end_frame, heard.rate)
    heard = replace(heard, notes=(*heard.notes, *controls.told_of(group), *rig.warnings))
    return Request(heard, rig.binding, track, engine_settings(), layout_of(ours))


def _same_take(
    scene: bpy.types.Scene, strip: Any | None, character: Any, meshes: Sequence[Any]
) -> Any | None:
    """The take of the panel's sound on the same character, whichever of its parts was chosen."""
    ours = scene.emotalk
    for take in ours.takes:
        parts = [*by_hand.parts_of(take).values()]
        is_same_face = bool(meshes) and all(mesh in parts for mesh in meshes)
        is_same_face = is_same_face and characters.is_same(character, take.rig.character)
        if take.source != ours.source or not (take.rig.character == character or is_same_face):
            continue
        same = {
            "STRIP": strip is not None and strips.is_of(take, strip),
            "SPEAKER": take.speaker == ours.speaker,
            "FILE": sources.is_same_file(take, ours),
        }
        if same[take.source]:
            return take
    return None


def take_of(scene: bpy.types.Scene | None, uid: str) -> Any | None:
    """The take with this uid, if it is still there."""
    if scene is None:
        return None
    return next((take for take in scene.emotalk.takes if uid and take.uid == uid), None)


def _its_take(scene: bpy.types.Scene, prepared: Prepared) -> Any | None:
    """The take that is made again; None where a new one is made."""
    take = take_of(scene, prepared.uid)
    if prepared.uid and take is None:  # undone or removed: nobody wants it back
        raise RigError(
            "The take was removed meanwhile", value=prepared.character, remedy="Animate again."
        )
    return take


def _new_take(scene: bpy.types.Scene, prepared: Prepared) -> Any:
    ours = scene.emotalk
    shown = shown_controls(scene)
    # Adding may move what `shown` is.
    was, ease_s, path = controls.read(shown), shown.ease_s, shown.path_from_id()
    take = ours.takes.add()
    take.uid = uuid.uuid4().hex
    for name in _SOURCE_FIELDS:
        setattr(take, name, getattr(ours, name))
    take.name = f"{prepared.character}: {prepared.request.heard.label.partition(' ')[2]}"
    take.rig.character = bpy.data.objects.get(prepared.character)
    controls.apply(was, take.controls)
    take.controls.ease_s = ease_s
    controls.copy_keys(scene.path_resolve(path), take.controls)
    ours.take_index = len(ours.takes) - 1
    return take


def _record(take: Any, prepared: Prepared, outcome: Outcome, result: bake.BakeResult) -> None:
    report = outcome.report
    take.strip, take.strip_scene = prepared.strip, bpy.data.scenes.get(prepared.strip_scene)
    strips.mark(take)
    prepared.rig.settings.put(take.rig)
    take.channel = prepared.request.heard.channel or 0
    take.is_held = False
    take.heard = [report.heard[name] for name in EMOTIONS]
    take.summary = f"{bake.described(result)}, lips met {counted(report.n_closures, 'time')}"
    notes = (*report.warnings, *prepared.request.heard.notes, *prepared.rig.notes, *result.notes)
    take.warnings = "\n".join(dict.fromkeys(notes))

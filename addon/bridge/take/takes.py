"""Takes: what a job brings back becomes keys, and a record in the scene."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from math import ceil
from typing import Any

import bpy

from ....emotalk_core.controls import EMOTIONS
from ....emotalk_core.errors import RigError
from ....emotalk_core.keys.easing import table_ends
from ....emotalk_core.progress import Progress, part_of, silent
from ....emotalk_core.retarget import KeyTable
from ....emotalk_core.speech.phones import Phone, heard_phones, with_phones
from ....emotalk_core.speech.transcript import with_text
from ..asked import carried, controls, phones, phrases
from ..asked.known_again import by_names_now, name_now, scene_of, scene_there
from ..asked.prepared import (
    Prepared,
    active_take,
    controls_of_new,
    measured,
    measuring,
    prepare,
    prepare_clip,
    prepare_line,
    prepare_pause,
    prepare_take,
    shown_controls,
)
from ..counting import counted
from ..faces import by_hand, eases, removal
from ..faces.ease_keys import lost_by_hand
from ..faces.leftovers import leave, sweep
from ..faces.neighbours import others_on
from ..faces.passages import Baked
from ..faces.stretches import stretch_for
from ..jobs.session import SESSION
from ..jobs.work import Outcome, animate, redo
from ..keying import bake
from ..keying.at_hand import KeysAtHand
from ..keying.curves import Stretch
from ..keying.draft import Draft
from ..sounds import strips
from ..sounds.sound import Pause
from . import moved, said, told, touched

__all__ = [
    "Prepared",
    "active_take",
    "begin",
    "finish",
    "last_frame",
    "make_active",
    "measured",
    "measuring",
    "name_now",
    "phones_in",
    "prepare",
    "prepare_clip",
    "prepare_line",
    "prepare_pause",
    "prepare_take",
    "remake",
    "scene_of",
    "shown_controls",
    "stretch_of",
    "take_of",
    "uid_of_made",
    "unless_changed",
]

_SOURCE_FIELDS = ("strip", "speaker", "filepath", "start_frame")
_OWNED = ": "  # in a take's name, between its character and its sound


def unless_changed(scene: bpy.types.Scene, prepare: Callable[[], Prepared]) -> Prepared:
    """What `prepare` returns, where no hand's work would be written over.

    Raises
    ------
    RigError
        Somebody has changed keys of the take.
    """
    prepared = prepare()
    take = take_of(scene, prepared.uid)
    changed = by_hand.changed_curves(take) if take is not None else None
    if changed:
        did = told.what_hands_did(by_hand.hands_on(take, changed))
        raise RigError(
            f"{did}, so this take stays as it is",
            value=take.name,
            remedy="To write it anew choose it in Takes and press Update Keys.",
        )
    return prepared


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
    return redo(request, known, engine, part_of(progress, 0.5, 1.0))


def phones_in(prepared: Prepared, progress: Progress = silent) -> tuple[Phone, ...]:
    """What is heard in a take, phone by phone, or told of it, in seconds of its sound file. Safe in
    a thread.

    Raises
    ------
    EmoTalkError
        Sound or model are no longer there, or the model does not go by phones.
    """
    request, outcome = prepared.request, remake(prepared, part_of(progress, 0.0, 0.8))
    assert outcome.known is not None, "a sound was heard"
    config = SESSION.room.engine(request.settings).config
    track = request.track
    told_by = with_text(outcome.known.encoding, track.words, config)
    told_by = with_phones(told_by, 0, track.phones, config)
    found = heard_phones(told_by, config, part_of(progress, 0.8, 1.0))
    return phones.on_file(found, request.heard)


@by_names_now
def begin(prepared: Prepared, outcome: Outcome) -> Draft:
    """The outcome's keys, to be written in slices and then given to `finish`.

    Raises
    ------
    RigError
        The scene or the take was deleted meanwhile.
    """
    scene, take, others = _surroundings(prepared, outcome)
    stretch = stretch_for(scene, take, outcome.tables, others)
    tables = _eased(prepared, outcome, stretch, take, others)
    return Draft(tables, prepared.rig.binding, stretch)


@by_names_now
def finish(
    prepared: Prepared,
    outcome: Outcome,
    draft: Draft | None = None,
    changed: Set[by_hand.Address] | None = None,
    at_hand: KeysAtHand | None = None,
) -> bake.BakeResult:
    """Write the keys, those of `draft` if they are written already, and the take's record.

    `changed`: the curves that somebody has changed, where that is known; `at_hand`: keys that have
    been read.

    Raises
    ------
    RigError
        The scene, the take or an object was deleted meanwhile, or cannot be written.
    """
    prepared = said.as_heard(prepared, outcome)
    (scene, take, others), options = _surroundings(prepared, outcome), prepared.request.options
    stretch = draft.stretch if draft else stretch_for(scene, take, outcome.tables, others)
    tables = draft.tables if draft else _eased(prepared, outcome, stretch, take, others)
    of_nobody = () if take or others else told.of_nobodys_keys(prepared.character, tables)
    was = eases.room_of(take)
    changed, hands = _by_hands(take, changed, stretch)
    wide, n_lost = _touched(tables, stretch), lost_by_hand(others, tables)
    with by_hand.knowing_what_was_changed(tables, wide, (prepared.scene, prepared.uid)):
        if draft is not None:
            result = draft.commit()
        else:
            result = bake.write(tables, prepared.rig.binding, stretch, at_hand)
    if take is None:
        take = _new_take(scene, prepared)
        others = others_on(outcome.tables, take)  # adding has moved them
    cut, left = frozenset[by_hand.Address](), list[str]()
    if stretch.only is None:
        cut = removal.cut_orphans(take, tables, others, left)
    _show_targets(take, prepared.meshes)
    by_hand.know_armature(take, tables)
    notes = (
        *told.of_hands(hands, cut, n_lost),
        *told.of_cut(take, cut, prepared.meshes),
        *told.of_range(stretch, table_ends(tables)),
        *told.of_shared_frames(take, outcome.tables, options.every_n_frames, others),
        *of_nobody,
        *told.of_strip(take, prepared.known.strip),
        *left,
        *_told_of_sliders(take, prepared, outcome),
    )
    result = replace(result, notes=(*notes, *result.notes))
    if stretch.only is None:
        leave(take, table_ends(tables), others)
        take.first_frame, take.last_frame = table_ends(outcome.tables)
    _record(take, prepared, outcome, result)
    moved.remember(take, is_part=stretch.only is not None)
    digest = _carry_sliders(take, prepared)
    if stretch.part(table_ends(tables)) is not None:
        # Else its keys are as they were.
        take.baked = digest
    asked = prepared.ease if stretch.only is None else None
    eases.remember(take, outcome.tables, tables, asked, options)
    by_hand.remember(take, tables, frozenset() if stretch.only is None else changed, at_hand)
    sweep(take, others)
    eases.settle_around(Baked(take, prepared.request, outcome, stretch, changed), others, was)
    SESSION.keep(take.uid, prepared.request.heard, outcome.known)
    touched.remember(take, prepared, outcome, stretch)
    return result


def _by_hands(
    take: Any | None, changed: Set[by_hand.Address] | None, stretch: Stretch
) -> tuple[Set[by_hand.Address], by_hand.Hands]:
    """Which curves somebody has changed, and what of that is told: with a range nothing is."""
    if take is None:
        return frozenset(), by_hand.Hands()
    if changed is None:
        changed = by_hand.changed_curves(take)
    return changed, by_hand.Hands() if stretch.only else by_hand.hands_on(take, changed)


def _told_of_sliders(take: Any, prepared: Prepared, outcome: Outcome) -> tuple[str, ...]:
    have_moved = phrases.have_moved(take, outcome, prepared.request.heard)
    have_left, why = have_moved and prepared.shift is None, prepared.why_left
    return told.of_sliders_left(take, why, have_left=have_left, digest=prepared.digest)


def _carry_sliders(take: Any, prepared: Prepared) -> str:
    """Let keys of its sliders go along with its sound; the digest of those that the keys show."""
    if prepared.shift is None:
        return prepared.digest or controls.digest(take.controls)
    is_as_read = controls.digest(take.controls) == prepared.digest
    carried.carry(take.controls, prepared.shift)
    return controls.digest(take.controls) if is_as_read else prepared.digest


def _surroundings(
    prepared: Prepared, outcome: Outcome
) -> tuple[bpy.types.Scene, Any | None, list[Any]]:
    """The scene, the take that is made again (None: a new one), other takes of its face."""
    scene = scene_there(prepared)
    take = _its_take(scene, prepared)
    return scene, take, others_on(outcome.tables, take)


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
    scene, take, others = _surroundings(prepared, outcome)
    return stretch_for(scene, take, outcome.tables, others)


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


def uid_of_made(prepared: Prepared) -> str:
    """Of the take whose keys were written just now; a new one is chosen in the list."""
    scene = scene_of(prepared)
    take = active_take(scene) if scene else None
    return prepared.uid or (take.uid if take else "")


def _touched(tables: Sequence[KeyTable], stretch: Stretch) -> tuple[float, float]:
    """First and last frame that a bake may write or clear."""
    (first, last), old = table_ends(tables), stretch.old or table_ends(tables)
    return min(first, old[0]), max(last, old[1])


def take_of(scene: bpy.types.Scene | None, uid: str) -> Any | None:
    """The take with this uid, if it is still there."""
    if scene is None:
        return None
    return next((take for take in scene.emotalk.takes if uid and take.uid == uid), None)


def last_frame(scene: bpy.types.Scene) -> int:
    """The frame in which the last of its takes ends."""
    return ceil(max(take.last_frame for take in scene.emotalk.takes))


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
    shown = controls_of_new(scene)
    # Adding may move what `shown` is.
    was, ease_s, path = controls.read(shown), shown.ease_s, shown.path_from_id()
    took_over = shown.took_over
    take = ours.takes.add()
    take.uid, take.source = uuid.uuid4().hex, prepared.source
    for name in _SOURCE_FIELDS:
        setattr(take, name, getattr(ours, name))
    if prepared.source == "CLIP":
        heard = prepared.request.heard
        take.filepath, take.start_frame = str(heard.path), heard.start_frame
    take.name = f"{prepared.character}{_OWNED}{prepared.request.heard.label.partition(' ')[2]}"
    take.rig.character = bpy.data.objects.get(prepared.character)
    controls.apply(prepared.of_new or was, take.controls)
    take.controls.phones = prepared.phones_of_new
    take.controls.usual, take.controls.usual_from = prepared.usual_of_new
    take.controls.ease_s = ease_s if prepared.ease_s_of_new is None else prepared.ease_s_of_new
    take.controls.took_over = took_over and prepared.of_new is None
    if prepared.of_new is None:
        controls.copy_keys(scene.path_resolve(path), take.controls)
    ours.take_index = len(ours.takes) - 1
    return take


def _call_after(take: Any, character: str) -> None:
    """Let its name begin with its own character's: a copied scene's begins with the original's."""
    owner, mark, label = take.name.partition(_OWNED)
    if mark and owner != character and owner in bpy.data.objects:
        take.name = f"{character}{_OWNED}{label}"


def _record(take: Any, prepared: Prepared, outcome: Outcome, result: bake.BakeResult) -> None:
    report = outcome.report
    _call_after(take, prepared.character)
    take.controls.name = take.name  # by which keys of its sliders are called in the Dope Sheet
    take.strip, take.strip_scene = prepared.strip, bpy.data.scenes.get(prepared.strip_scene)
    strips.mark(take)
    prepared.rig.settings.put(take.rig)
    heard = prepared.request.heard
    take.channel = heard.channel or 0
    if isinstance(heard, Pause):
        end = heard.start_frame + (heard.duration_s or 0.0) * float(heard.rate)
        take.start_frame, take.pause_end = heard.start_frame, end
    if prepared.looked is not None:
        target = prepared.looked.target
        if getattr(take.controls.look_at, "name", "") != target:  # a new take, or one of a cast
            take.controls.look_at = bpy.data.objects.get(target)
        take.looked_at = take.controls.look_at
        take.seen = prepared.looked.seen.text() if prepared.looked.seen else ""
    take.is_held = False
    take.heard = [report.heard[name] for name in EMOTIONS]
    phrases.remember(take, outcome, heard)
    phones.remember(take, heard)
    said.remember(take, outcome)
    taken = f"; {report.said}" if report.said else ""
    met = f"met {counted(report.n_closures, 'time')}" if report.n_closures else "never met"
    take.summary = f"{bake.described(result)}, lips {met}{taken}"
    notes = (*report.warnings, *heard.notes, *prepared.rig.notes, *result.notes)
    take.warnings = "\n".join(dict.fromkeys(notes))

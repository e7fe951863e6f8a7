"""What a user should know once a take's keys are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Any, Final

from ....emotalk_core.clip import Clip
from ....emotalk_core.keys.easing import Place, table_ends
from ....emotalk_core.keys.passage import ends_in
from ....emotalk_core.retarget import KeyTable, faces_of
from ..asked import controls
from ..counting import counted
from ..faces.by_hand import Address, Hands, parts_of
from ..faces.neighbours import place_of
from ..keying import own_actions
from ..keying.curves import Stretch
from ..keying.plans import keyed_blocks, value_path
from ..sounds import sound, strips

__all__ = [
    "of_cut",
    "of_hands",
    "of_import",
    "of_nobodys_keys",
    "of_range",
    "of_shared_frames",
    "of_sliders_left",
    "of_strip",
    "what_hands_did",
    "without_past",
]

_SHARES: Final = "Shares frames with "

_CUT_OFF: Final = ", cut off or copied from its strip, "

_MOST: Final = 2.0  # phones that were calibrated go a little beyond 1; percents go to 100


_CHANGED, _REMOVED, _ON_TRACKS = "changed by hand", "removed by hand", "on an NLA track by now"


def what_hands_did(hands: Hands) -> str:
    """In words; empty where they did nothing."""
    all_told = ((hands.changed, _CHANGED), (hands.removed, _REMOVED), (hands.on_tracks, _ON_TRACKS))
    return ", ".join(f"{counted(len(curves), 'curve')} {did}" for curves, did in all_told if curves)


def of_hands(hands: Hands, cut: Set[Address], n_beside: int) -> tuple[str, ...]:
    """Of keys by hand.

    Parameters
    ----------
    hands, cut : addresses
        What was done to curves, and which of them are gone with what was switched off.
    n_beside : int
        How many were written over in eases of other takes.
    """
    lost = hands.changed & cut
    them = "it" if len(lost) == 1 else "them"
    anew = "written anew: undo brings back what was there"
    all_told = (
        (len(hands.changed - cut), f"{_CHANGED}, {anew}"),
        (len(hands.removed - cut), f"{_REMOVED}, written anew"),
        (len(hands.on_tracks - cut), f"{_ON_TRACKS}, written anew above it"),
        (len(lost), f"{_CHANGED} removed with what was switched off: undo brings {them} back"),
        (
            n_beside,
            f"{_CHANGED} beside another take, written over: undo brings back what was there",
        ),
    )
    return tuple(f"{counted(n, 'curve')} {end}" for n, end in all_told if n)


def of_cut(take: Any, cut: Set[Address], meshes: Sequence[str]) -> tuple[str, ...]:
    """Of keys that stand still now on meshes that are animated: renamed to what nobody knows,
    perhaps.

    `cut`: the curves that the take has no more.
    """
    told = []
    for place, thing in parts_of(take).items():
        paths = {path for number, kind, path, _ in cut if (number, kind) == (place, "shape_keys")}
        still = [block.name for block in _keys_of(thing) if value_path(block.name) in paths]
        if still and thing.name in meshes:
            keys = counted(len(still), "shape key")
            told.append(f"{thing.name}: {keys} not driven any more, {still[0]} first")
    return tuple(told)


def of_sliders_left(take: Any, why: str, *, have_left: bool, digest: str) -> tuple[str, ...]:
    """Of keys on sliders that stand where the sound was.

    Parameters
    ----------
    why : str
        Why they were not carried along; empty: it is not known.
    have_left : bool
        Whether the same is said elsewhere than when the take was written, and keys stayed.
    digest : str
        Of its sliders now.
    """
    is_seen = have_left and digest == take.baked and bool(controls.playing(take.controls))
    if not why and not is_seen:
        return ()
    because = f", as {why}" if why else ""
    return (
        f"The sound has moved and the keys on its sliders have not{because}: move them along (Dope "
        "Sheet, the scene's Action)",
    )


def _keys_of(thing: Any) -> Sequence[Any]:
    key = thing.data.shape_keys if thing.type == "MESH" else None
    return key.key_blocks if key else ()


def of_range(stretch: Stretch, ends: tuple[float, float]) -> tuple[str, ...]:
    """Of a range in which nothing could be written of a take that has its keys between `ends`."""
    if stretch.part(ends) is not None:
        return ()
    start, end = stretch.only or ends
    if end < ends[0] or start > ends[1]:
        return ("Only a Range touches no frame of this take",)
    return ("Only a Range is shorter than the way from key to key, so nothing was written",)


def of_shared_frames(
    take: Any, tables: Sequence[KeyTable], step: int, others: Sequence[Any]
) -> tuple[str, ...]:
    """Of two voices that move one face: which one it follows. Last keys in frames of the next take,
    which has them, are no voice.

    `step`: scene frames from key to key.
    """
    over = [o for o in others if _share_frames(Place(*table_ends(tables)), step, o)]
    twins = [o.name for o in over if _is_of_twin(take, o)]
    own = [o.name for o in over if not _is_of_twin(take, o)]
    all_told = (
        (own, ": the take that is made last has them"),
        (
            twins,
            ", whose character has the same mesh data, so one take moves both: key it once, or "
            "give each its own (Object > Relations > Make Single User)",
        ),
    )
    return tuple(f"{_SHARES}{', '.join(on[:3])}{end}" for on, end in all_told if on)


def without_past(notes: Iterable[str], take: Any, others: Sequence[Any]) -> tuple[str, ...]:
    """`notes` on a take without those on shared frames, where it shares none with `others` any
    more: they were made again too, and have moved away; and without those on parts of its strip
    that have takes by now.
    """
    place, spoken = place_of(take), {one.strip for one in take.id_data.emotalk.takes}
    notes = tuple(note for note in notes if not _is_spoken(note, spoken))
    if any(_share_frames(place, take.ease_step, other) for other in others):
        return notes
    return tuple(note for note in notes if not note.startswith(_SHARES))


def _is_spoken(note: str, spoken: Set[str]) -> bool:
    names, is_of_parts, _ = note.partition(_CUT_OFF)
    return bool(is_of_parts) and spoken.issuperset(names.split(", "))


def _is_of_twin(take: Any, other: Any) -> bool:
    """Whether two takes move one mesh as that of different objects, as after Alt-D."""
    mine, its = ({t.object for t in one.rig.targets if t.object} for one in (take, other))
    return mine.isdisjoint(its) and bool({o.data for o in mine} & {o.data for o in its})


def of_nobodys_keys(character: str, tables: Sequence[KeyTable]) -> tuple[str, ...]:
    """Of keys of ours that no take here has written, where the first one of a face is about to be:
    a character that was appended has brought them along.
    """
    blocks = keyed_blocks(tables).values()
    datas = [block.animation_data for block in blocks if block and block.animation_data]
    if not any(own_actions.is_ours(data.action) for data in datas):
        return ()
    return (
        f"{character} had EmoTalk's keys of no take in this file, as of another shot: in these "
        "frames they were written over, others stay. Make Them Its Own (panel Takes) before "
        "Animate keeps them all",
    )


def of_strip(take: Any, was: strips.Trace | None) -> tuple[str, ...]:
    """Of what became of the take's strip; none of a sound that is no strip.

    `was`: as the job that made the keys has found it.
    """
    if was is None:
        return ()
    if strips.again(was) is None:
        return (
            f"{was.name} was removed while it was heard, and its keys are there all the same: "
            "Remove (panel Takes) takes them away",
        )
    return _of_parts(take)


def _of_parts(take: Any) -> tuple[str, ...]:
    """Of what was cut off from the take's strip: its keys went with it, and nobody speaks it."""
    parts = [s.name for s in strips.without_take(take) if not sound.is_muted(s)]
    has = "has" if len(parts) == 1 else "have"
    told = f"{', '.join(parts[:3])}{_CUT_OFF}{has} no take yet: select "
    return (f"{told}{'it' if len(parts) == 1 else 'them'} and press Animate",) if parts else ()


def of_import(clip: Clip) -> tuple[str, ...]:
    """Of values that are none of ours."""
    most = float(faces_of(clip).max(initial=0.0))
    return (f"Its values go up to {most:.3g}: they are cut off at 1",) if most > _MOST else ()


def _share_frames(place: Place, step: int, other: Any) -> bool:
    its, n_shared = place_of(other), max(1, step, other.ease_step)
    if its.first_frame >= place.last_frame or place.first_frame >= its.last_frame:
        return False
    return not (ends_in(place, its, n_shared) or ends_in(its, place, n_shared))

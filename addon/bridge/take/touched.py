"""The part of a long take that a change of its keyed sliders touches: that alone is made and
written again, in the Actions that are there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ....emotalk_core import shaping
from ....emotalk_core.keys.passage import passage_frames
from ....emotalk_core.progress import Progress, part_of, silent
from ....emotalk_core.retarget import KeyTable
from ....emotalk_core.timing import NETWORK_FPS
from ..asked.prepared import Prepared
from ..faces import by_hand, undone
from ..faces.neighbours import others_on
from ..jobs.session import SESSION
from ..jobs.work import Known, Outcome, redo_part
from ..keying.curves import NEAR, Stretch
from ..keying.patches import Patch, find_patches

__all__ = ["remake", "remember", "seconds_touched", "write"]

_Span = tuple[float, float]
_SAME: Final = 1e-5  # values: what rounding does


@dataclass(frozen=True, eq=False)
class _Shown:
    """What the keys of a take show, and what the take said of them."""

    prepared: Prepared
    known: Known
    tables: Sequence[KeyTable]  # without eases
    written: str
    seen: str
    warnings: str


def remember(take: Any, prepared: Prepared, outcome: Outcome, stretch: Stretch) -> None:
    """Have at hand what a take shows that has just been written."""
    shown = None
    if outcome.known is not None and stretch.only is None:
        texts = take.written, take.seen, take.warnings
        shown = _Shown(prepared, outcome.known, outcome.tables, *texts)
    SESSION.show(take.uid, shown)


def seconds_touched(prepared: Prepared, take: Any) -> _Span | None:
    """First and last second of the sound between which the sliders say something else than the keys
    of `take` show; None: all of it has to be made again, or it is not known what they show.
    """
    shown, request = SESSION.shown(prepared.uid), prepared.request
    if shown is None or not _can_be_patched(prepared, take):
        return None
    was = shown.prepared.request
    same = all(
        getattr(request, name) == getattr(was, name)
        for name in ("heard", "binding", "settings", "options")
    )
    if not same or prepared.ease != shown.prepared.ease or take.seen != shown.seen:
        return None
    if SESSION.known(prepared.uid, request.heard) is not shown.known:
        return None
    span = request.track.changed_from(was.track) or (0.0, 0.0)
    return span if all(map(math.isfinite, span)) else None


def _can_be_patched(prepared: Prepared, take: Any) -> bool:
    """Whether each frame has its own key, as it was written last: after undo it may be another."""
    shown, options = SESSION.shown(prepared.uid), prepared.request.options
    is_plain = options.max_error == 0.0 and not options.is_held
    return is_plain and not take.id_data.emotalk.use_range and take.written == shown.written


def remake(prepared: Prepared, span_s: _Span, progress: Progress = silent) -> list[KeyTable]:
    """The keys in which a change between two seconds of the sound may be seen. Safe in a thread.

    Raises
    ------
    EmoTalkError
        The model is no longer there.
    """
    shown, request = SESSION.shown(prepared.uid), prepared.request
    progress(0.0, "Loading the model")
    engine = SESSION.room.engine(request.settings, part_of(progress, 0.0, 0.5))
    progress(0.5, "Shaping the curves")
    context = engine.context_frames + shaping.CONTEXT_FRAMES + 1
    beside_s = context / float(NETWORK_FPS) + abs(request.track.base.sync_offset_ms) / 1000.0
    rate, start = float(request.heard.rate), request.heard.start_frame
    first, last = (start + rate * at for at in (span_s[0] - beside_s, span_s[1] + beside_s))
    frames = shown.tables[0].frames
    # Sliders have keys beyond a sound's end too: its last two frames show that nothing changes.
    a = max(0, min(int(np.searchsorted(frames, first)), len(frames) - 2))
    b = max(a + 2, int(np.searchsorted(frames, last, "right")))
    return redo_part(request, shown.known, engine, frames[a:b])


def write(prepared: Prepared, take: Any, tables: Sequence[KeyTable]) -> bool:
    """Write what `remake` has returned; False, and nothing is written, where that does not do:
    other keys are there than those that are known, or more than these change.

    Raises
    ------
    RigError
        An object or its keys are gone, linked, or in the NLA's tweak mode.
    """
    shown = SESSION.shown(prepared.uid)
    if shown is None or prepared.known.objects.now() or not _can_be_patched(prepared, take):
        return False
    place = int(np.searchsorted(shown.tables[0].frames, tables[0].frames[0]))
    inside = slice(place, place + len(tables[0].frames))
    was = [replace(t, frames=t.frames[inside], values=t.values[inside]) for t in shown.tables]
    tables = [_settled(new, old) for new, old in zip(tables, was, strict=True)]
    patches = find_patches(was, tables, by_hand.span_of(take))
    if patches is None or not _are_apart(take, patches, tables):
        return False
    for patch in patches:
        patch.write()
        patch.block.update_tag()
    by_hand.know_patches(take, patches)
    by_hand.tell_copies(take)
    take.baked, take.is_held, take.warnings = prepared.digest, False, shown.warnings
    now = [_with(table, inside, part) for table, part in zip(shown.tables, tables, strict=True)]
    shown = replace(shown, prepared=prepared, tables=now, written=take.written)
    SESSION.show(take.uid, shown)
    undone.keep(take)
    return True


def _settled(new: KeyTable, old: KeyTable) -> KeyTable:
    """Without what rounding alone has changed."""
    is_other = np.abs(new.values - old.values) > _SAME
    return replace(new, values=np.where(is_other, new.values, old.values))


def _are_apart(take: Any, patches: Sequence[Patch], tables: Sequence[KeyTable]) -> bool:
    """Whether what changes lies within `tables`, and apart from other takes and from the take's
    ends, to which eases and passages fit.
    """
    if not patches:
        return True
    first = min(patch.frames[0] for patch in patches)
    last = max(patch.frames[1] for patch in patches)
    start = take.first_frame + passage_frames(take.ease_asked[1]) + max(1, take.ease_step)
    low, high = max(start, tables[0].frames[0]), min(take.last_frame, tables[0].frames[-1])
    others = map(by_hand.span_of, others_on(tables, take))
    return (
        low + NEAR < first and last < high - NEAR and all(b < first or last < a for a, b in others)
    )


def _with(table: KeyTable, inside: slice, part: KeyTable) -> KeyTable:
    values = table.values.copy()
    values[inside] = part.values
    return replace(table, values=values)

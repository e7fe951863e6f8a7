"""Sliders that move the face at once: decode, shape, retarget and write the keys of the active
take.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Set
from functools import partial
from itertools import product
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ....emotalk_core.errors import Cancelled, EmoTalkError, RigError
from ..asked import controls
from ..faces import by_hand, undone
from ..faces.stretches import check_range
from ..jobs.job import Job
from ..jobs.panels import redraw_panels
from ..jobs.session import SESSION
from ..jobs.work import Outcome
from ..keying.at_hand import KeysAtHand
from ..keying.curves import Stretch
from ..keying.pose_actions import as_read_before
from . import adopted, takes, touched

__all__ = ["Follower", "is_coming", "is_stale", "schedule", "start", "stop"]

_log = logging.getLogger(__name__)

_SOON_S = 0.01
_LATER_S = 0.25
_POLL_S = 0.05
_SHORT_FRAMES = 600  # 20 s: with 2 ms for a second of sound the window does not stutter


def schedule(scene: Any) -> None:
    """Refresh the scene's active take as soon as Blender has a moment. Cheap; safe anywhere."""
    if not isinstance(scene, bpy.types.Scene):
        return
    SESSION.moved.add(scene.session_uid)
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_SOON_S)


def is_stale(take: Any) -> bool:
    """Whether the keys show something else than the sliders."""
    return bool(take.baked) and controls.digest(take.controls) != take.baked


def is_coming() -> bool:
    """Whether faces are about to follow sliders that have moved, or one is at work: keys that are
    set on sliders move none.
    """
    return SESSION.job is not None or bpy.app.timers.is_registered(_tick)


def start() -> None:
    """Watch undo and redo, which may leave keys and sliders apart, and files that come and go."""
    for handlers, watcher in _watchers():
        handlers.append(watcher)


def stop() -> None:
    """Stop watching."""
    for handlers, watcher in _watchers():
        handlers.remove(watcher)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


def _watchers() -> Iterator[tuple[list[Any], Callable[..., None]]]:
    ours = bpy.app.handlers
    yield from product((ours.undo_post, ours.redo_post), [_after_undo])
    yield from product((ours.undo_pre, ours.redo_pre, ours.save_pre), [_let_go])
    yield ours.load_pre, _before_load


@persistent
def _let_go(*_: object) -> None:
    """A scene that is played to see what is looked at is at another frame, with shapes switched
    off: a script or another window must not save it so, nor undo under it.
    """
    if SESSION.job is not None and not SESSION.job.is_started:
        SESSION.end_job()


@persistent
def _after_undo(*_: object) -> None:
    if isinstance(SESSION.job, Follower):  # it started from what has been undone
        SESSION.end_job()
    SESSION.new_keys = ()  # they may be what was undone
    undone.settle(is_stale)
    for scene in bpy.data.scenes:
        if scene.is_editable:
            schedule(scene)


@persistent
def _before_load(*_: object) -> None:
    # A new file ends modal operators and timers without a word to them.
    SESSION.end_job()
    SESSION.forget_results()
    SESSION.followed.clear()
    SESSION.forget_shown()


def _tick() -> float | None:
    """One look at the current scene and at those whose sliders have moved: another window may show
    them. The interval to the next one, or None.
    """
    for scene in _scenes_to_look_at():
        take = takes.active_take(scene)
        if take is not None and scene.emotalk.live and is_stale(take):
            if SESSION.job is not None or bpy.app.is_job_running("RENDER"):
                return _LATER_S
            SESSION.moved.discard(scene.session_uid)
            adopted.adopt(scene).keep()
            _follow(scene, takes.active_take(scene))  # a take that came has moved it
    SESSION.moved.clear()
    return None


def _scenes_to_look_at() -> list[bpy.types.Scene]:
    now = bpy.context.scene
    return [s for s in bpy.data.scenes if s == now or s.session_uid in SESSION.moved]


def _follow(scene: bpy.types.Scene, take: Any) -> None:
    """Let the take's keys show what its sliders say."""
    try:
        check_range(scene.emotalk)
        with as_read_before():
            prepared = takes.prepare_take(scene, take)
        _check_keys_stay(prepared, take)
        if _follows_at_once(prepared):
            _write(prepared, takes.remake(prepared), take)
        else:
            _follow_later(prepared, touched.seconds_touched(prepared, take))
    except EmoTalkError as error:
        _tell(take, error)
    except Exception:
        _log.exception("Live sliders stopped")
        raise


def _check_keys_stay(prepared: takes.Prepared, take: Any) -> None:
    """Keys of sliders are carried along in a step of its own for undo: one that took the keys back
    and not the take, or the other way round, would leave them apart.
    """
    if prepared.shift is not None:
        raise RigError(
            "The sound has moved, and keys on its sliders have to go along",
            value=take.name,
            remedy="Press Update Keys.",
        )


def _write(prepared: takes.Prepared, outcome: Outcome, take: Any | None) -> None:
    """The keys, in the Actions that are there, but where somebody has changed them."""
    changed, at_hand = frozenset[by_hand.Address](), KeysAtHand()
    if take is not None:
        by_hand.follow_renames(take)
        read = by_hand.read_curves(take)
        changed = by_hand.changed_curves(take, {a: keys for a, (_, keys) in read.items()})
        at_hand = KeysAtHand(read.values())
    if changed and _is_held(take, changed, takes.stretch_of(prepared, outcome)):
        return
    takes.finish(prepared, outcome, changed=changed, at_hand=at_hand)
    undone.keep(take)


def _is_held(take: Any, changed: Set[by_hand.Address], stretch: Stretch) -> bool:
    """Whether the sliders would write over keys that somebody changed; the take says so then. With
    a range the user has said which keys may go.
    """
    if stretch.only is not None or not changed:
        return False
    take.is_held = True
    redraw_panels()
    return True


def _follows_at_once(prepared: takes.Prepared) -> bool:
    """Whether the face can follow now: hearing, a worker that has to start first and a long take
    would stop the window.
    """
    request = prepared.request
    known = SESSION.known(prepared.uid, request.heard)
    if known is None or not SESSION.room.is_ready(request.settings):
        return False
    return known.encoding.n_frames <= _SHORT_FRAMES


def _follow_later(prepared: takes.Prepared, span_s: tuple[float, float] | None = None) -> None:
    follower = Follower(prepared, span_s)
    SESSION.job = follower
    follower.start()
    bpy.app.timers.register(follower.look, first_interval=_POLL_S)


class Follower(Job[Any]):
    """A take made again in a thread, or of one whose keyed sliders have changed what these touch.
    Its keys are then written in place, at once: Actions that are put in place of others after
    Blender has noted the slider's step for undo are gone after the next undo, and what plays them
    is not; Blender crashes. When it fails nothing is tried again until a slider moves.

    `span_s`: the seconds of sound that are touched; None: all.
    """

    def __init__(self, prepared: takes.Prepared, span_s: tuple[float, float] | None = None) -> None:
        work = partial(touched.remake, prepared, span_s) if span_s else None
        super().__init__(work or partial(takes.remake, prepared))
        self._prepared, self._is_part = prepared, span_s is not None
        self._shown = ""

    def look(self) -> float | None:
        """The timer: the interval to the next look, or None."""
        interval_s = None
        try:
            if SESSION.job is self:
                interval_s = self._go_on()
        finally:
            if interval_s is None:
                self._end()
        return interval_s

    def _end(self) -> None:
        if SESSION.job is self:
            SESSION.job = None
        redraw_panels()

    def _go_on(self) -> float | None:
        scene = takes.scene_of(self._prepared)
        if not self.is_done or bpy.app.is_job_running("RENDER"):
            self._show()
            return _POLL_S
        try:
            outcome = self.result()
            take = takes.take_of(scene, self._prepared.uid) if scene else None
            if not self._is_part:
                _write(self._prepared, outcome, take)
            elif take is not None and not touched.write(self._prepared, take, outcome):
                _follow_later(self._prepared)
        except Cancelled:
            return None
        except EmoTalkError as error:
            _tell(takes.take_of(scene, self._prepared.uid) if scene else None, error)
        except Exception:
            _log.exception("Live sliders stopped")
            raise
        else:
            self._follow_on(scene)
        return None

    def _follow_on(self, scene: Any) -> None:
        """Once more where the sliders have moved meanwhile: they alone, as what they say may lie
        outside of the range that may be written. A take that is held still says what was told of
        another sound than it was made of, and would be made again without end.
        """
        take = takes.take_of(scene, self._prepared.uid) if scene else None
        if take is None or take.is_held:
            return
        if controls.digest(take.controls) != self._prepared.digest:
            schedule(scene)

    def _show(self) -> None:
        """Progress, where it has moved."""
        text = f"{self.what} {self.share:.0%}"
        if text != self._shown:
            self._shown = text
            redraw_panels()


def _tell(take: Any | None, error: EmoTalkError) -> None:
    if take is not None:
        take.warnings = f"Sliders cannot move the face: {error}"

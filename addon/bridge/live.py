"""Sliders that move the face at once: decode, shape, retarget and write the keys of the active
take.
"""

from __future__ import annotations

import logging
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...emotalk_core.errors import Cancelled, EmoTalkError
from . import controls, takes
from .job import Job
from .session import SESSION
from .work import animate

__all__ = ["is_stale", "schedule", "start", "stop"]

_log = logging.getLogger(__name__)

_SOON_S = 0.01
_LATER_S = 0.25


def schedule(scene: Any) -> None:
    """Refresh the scene's active take as soon as Blender has a moment. Cheap; safe anywhere."""
    if bpy.app.background or not isinstance(scene, bpy.types.Scene):
        return
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_SOON_S)


def is_stale(take: Any) -> bool:
    """Whether the keys show something else than the sliders."""
    return bool(take.baked) and controls.digest(take.controls) != take.baked


def start() -> None:
    """Watch undo and redo, which may leave keys and sliders apart, and the loading of files."""
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.append(_after_undo)
    bpy.app.handlers.load_pre.append(_before_load)


def stop() -> None:
    """Stop watching."""
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.remove(_after_undo)
    bpy.app.handlers.load_pre.remove(_before_load)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


@persistent
def _after_undo(*_: object) -> None:
    schedule(bpy.context.scene)


@persistent
def _before_load(*_: object) -> None:
    # A new file ends modal operators and timers without a word to them.
    SESSION.end_job()


def _tick() -> float | None:
    """One look at the active take; the interval to the next one, or None."""
    scene = bpy.context.scene
    take = takes.active_take(scene) if scene else None
    if take is None or not scene.emotalk.live or not is_stale(take):
        return None
    if SESSION.job is not None or bpy.app.is_job_running("RENDER"):
        return _LATER_S
    try:
        prepared = takes.prepare_take(scene, take)
        if not _is_at_hand(prepared):
            _hear_again(prepared)
        else:
            takes.finish(prepared, takes.remake(prepared))
    except EmoTalkError as error:
        _tell(take, error)
    except Exception:
        _log.exception("Live sliders stopped")
        raise
    return None


def _is_at_hand(prepared: takes.Prepared) -> bool:
    """Whether the face can follow now: a worker that has to start first would stop the window."""
    request = prepared.request
    encoding = SESSION.encoding(prepared.uid, request.heard)
    return encoding is not None and SESSION.room.is_ready(request.settings)


def _hear_again(prepared: takes.Prepared) -> None:
    """After a file was opened, a strip trimmed or a worker ended: hear the sound in the background,
    then go on.
    """
    request, uid = prepared.request, prepared.uid

    def work(progress: Any) -> None:
        if SESSION.encoding(uid, request.heard) is None:
            SESSION.keep(uid, request.heard, animate(request, SESSION.room, progress).encoding)
        else:
            SESSION.room.engine(request.settings, progress)

    job = Job(work)
    SESSION.job = job
    job.start()
    bpy.app.timers.register(lambda: _heard_again(job), first_interval=0.05)


def _heard_again(job: Job[None]) -> float | None:
    """Look at the job; when it failed nothing is tried again until a slider moves."""
    if not job.is_done:
        return 0.05
    if SESSION.job is job:
        SESSION.job = None
    scene = bpy.context.scene
    try:
        job.result()
    except Cancelled:
        return None
    except EmoTalkError as error:
        _tell(takes.active_take(scene), error)
    else:
        schedule(scene)
    return None


def _tell(take: Any | None, error: EmoTalkError) -> None:
    if take is not None:
        take.warnings = f"Sliders cannot move the face: {error}"

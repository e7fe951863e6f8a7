"""Long work that changes no scene: making an environment, importing a checkpoint, exporting curves,
a check-up.

It goes on when its window is closed or another file is opened; one at a time. Where there is no
window whoever starts it waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import bpy

from ....emotalk_core.errors import Cancelled, EmoTalkError
from ....emotalk_core.progress import Progress
from ...languages import translated
from ...languages.steps import step_told
from .job import Job
from .panels import redraw_panels
from .session import SESSION

__all__ = ["Errand", "reason_against", "start", "stop"]

_log = logging.getLogger(__name__)

_POLL_S = 0.1

T = TypeVar("T")


@dataclass
class Errand:
    """One such piece of work."""

    name: str  # of the operator that started it: where its progress is drawn
    job: Job[Any]
    done: Callable[[Any], str]  # in the main thread: what to do with the result, what to tell


def reason_against() -> str:
    """Why none can be started now; empty when one can."""
    errand = SESSION.errand
    if errand is not None:
        return translated("Busy: {what}", what=step_told(errand.job.what))
    return "EmoTalk is at work" if SESSION.job is not None else ""


def start(
    name: str,
    work: Callable[[Progress], T],
    done: Callable[[T], str],
    *,
    must_wait: bool = False,  # for scripts, which use the result in their next line
) -> str:
    """Begin; what to tell the user now.

    Raises
    ------
    EmoTalkError
        Where it is waited for: what went wrong in it.
    """
    errand = Errand(name, Job(work), done)
    errand.job.start()
    if bpy.app.background or must_wait:
        errand.job.wait()
        told = done(errand.job.result())
        SESSION.told = (name, told, True)
        return told
    SESSION.errand, SESSION.told = errand, None
    bpy.app.timers.register(lambda: _look(errand), first_interval=_POLL_S, persistent=True)
    return ""


def stop() -> None:
    """Ask the running one to stop."""
    if SESSION.errand is not None:
        SESSION.errand.job.cancel()


def _look(errand: Errand) -> float | None:
    """The timer: redraw its progress, and see whether it is done."""
    if SESSION.errand is not errand:  # the add-on was disabled
        return None
    redraw_panels()
    if not errand.job.is_done:
        return _POLL_S
    SESSION.errand = None
    try:
        SESSION.told = (errand.name, errand.done(errand.job.result()), True)
    except Cancelled:
        SESSION.told = (errand.name, "Cancelled: nothing was changed", True)
    except EmoTalkError as error:
        SESSION.told = (errand.name, str(error), False)
    except Exception as error:  # noqa: BLE001 - a timer's error would reach nobody
        _log.exception("%s failed", errand.name)
        text = f"Unexpected {type(error).__name__}: {error}. See the console"
        SESSION.told = (errand.name, text, False)
    return None

"""A window as far as a job uses it, for operators that show progress."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import bpy


@dataclass
class Workspace:
    """One with its own status bar."""

    session_uid: int
    status: str | None = None

    def status_text_set(self, text: str | None) -> None:
        self.status = text


@dataclass
class Manager:
    """The window manager as far as a job uses it."""

    windows: tuple[Any, ...] = ()
    timers: list[object] = field(default_factory=list)
    is_busy: bool = False  # the cursor

    def progress_begin(self, _low: float, _high: float) -> None:
        self.is_busy = True

    def progress_update(self, share: float) -> None:
        assert self.is_busy
        assert 0.0 <= share <= 1.0

    def progress_end(self) -> None:
        self.is_busy = False

    def event_timer_add(self, _interval_s: float, *, window: object) -> object:
        self.timers.append(window)
        return window

    def event_timer_remove(self, timer: object) -> None:
        self.timers.remove(timer)

    def modal_handler_add(self, _operator: object) -> None:
        pass


class Screen:
    """A window's context: the scene is Blender's own, what is shown is recorded."""

    def __init__(self) -> None:
        self.window = "window"
        self.window_manager = Manager()
        self.layout, self.animation = Workspace(1), Workspace(2)
        self.workspace = self.layout

    def __getattr__(self, name: str) -> Any:
        return getattr(bpy.context, name)


def start_in(screen: Screen) -> Any:
    """Animate in that window, at work. Blender makes operators itself, so this is its methods."""
    from emotalk.addon.operators.animate import EMOTALK_OT_animate
    from emotalk.addon.operators.base import EmoTalkOperator
    from emotalk.addon.operators.watched import WatchedOperator

    methods: dict[str, Any] = {"said": []}
    for cls in (EmoTalkOperator, WatchedOperator, EMOTALK_OT_animate):
        methods |= {n: v for n, v in vars(cls).items() if not n.startswith(("__", "bl_", "poll"))}
    methods["bl_idname"] = EMOTALK_OT_animate.bl_idname
    methods["report"] = lambda self, _kind, text: self.said.append(text)
    operator = type("Operator", (), methods)()
    assert operator.invoke(screen, None) == {"RUNNING_MODAL"}
    return operator


def event(kind: str) -> Any:
    """A key that is pressed, or the timer."""
    return SimpleNamespace(type=kind, value="PRESS")


def is_quiet(screen: Screen) -> bool:
    """Whether nothing of a job is seen."""
    manager = screen.window_manager
    shown = [screen.layout.status, screen.animation.status]
    return shown == [None, None] and manager.timers == [] and not manager.is_busy


def to_its_end(operator: Any, screen: Screen) -> set[str]:
    """What the operator returns in the end."""
    for _ in range(1000):
        if operator._job.is_started:
            operator._job.wait(60.0)
        result = operator.modal(screen, event("TIMER"))
        if result != {"PASS_THROUGH"}:
            return result
    raise AssertionError("it does not end")

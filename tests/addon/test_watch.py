"""What Blender shows while a job runs is gone with it, whoever ends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests.addon.copy_scenes import duplicate
from tests.addon.scenes import add_strip, needs_sound


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


@pytest.fixture
def screen(addon: Any, monkeypatch: pytest.MonkeyPatch) -> Screen:
    from emotalk.addon.bridge.jobs import panels, watch

    screen = Screen()
    data = SimpleNamespace(workspaces=[screen.layout, screen.animation])
    monkeypatch.setattr(watch, "bpy", SimpleNamespace(context=screen, data=data))
    monkeypatch.setattr(panels, "bpy", SimpleNamespace(context=screen))
    return screen


@pytest.fixture
def started(ready: Any, screen: Screen) -> Any:
    """Animate in that window, at work."""
    return _started(screen)


def _started(screen: Screen) -> Any:
    """Blender makes operators itself, so this is its methods."""
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


def _event(kind: str) -> Any:
    return SimpleNamespace(type=kind, value="PRESS")


def _is_quiet(screen: Screen) -> bool:
    manager = screen.window_manager
    shown = [screen.layout.status, screen.animation.status]
    return shown == [None, None] and manager.timers == [] and not manager.is_busy


def _to_its_end(operator: Any, screen: Screen) -> set[str]:
    operator._job.wait(60.0)
    for _ in range(1000):
        result = operator.modal(screen, _event("TIMER"))
        if result != {"PASS_THROUGH"}:
            return result
    raise AssertionError("it does not end")


def test_progress_is_shown_until_it_is_done(started: Any, screen: Screen, ready: Any) -> None:
    started.modal(screen, _event("TIMER"))
    assert screen.layout.status is not None
    assert screen.layout.status.startswith("EmoTalk: ")
    assert screen.window_manager.is_busy
    assert len(screen.window_manager.timers) == 1

    assert _to_its_end(started, screen) == {"FINISHED"}

    assert _is_quiet(screen)
    assert len(ready.takes) == 1


def test_progress_stays_in_no_workspace_that_was_left_meanwhile(
    started: Any, screen: Screen
) -> None:
    started.modal(screen, _event("TIMER"))
    screen.workspace = screen.animation
    started.modal(screen, _event("TIMER"))
    assert screen.animation.status is not None

    _to_its_end(started, screen)

    assert _is_quiet(screen)


def test_esc_leaves_nothing_behind(started: Any, screen: Screen, ready: Any) -> None:
    started.modal(screen, _event("TIMER"))
    started.modal(screen, _event("ESC"))

    assert _to_its_end(started, screen) == {"CANCELLED"}

    assert _is_quiet(screen)
    assert started.said == ["Cancelled: nothing was changed"]
    assert len(ready.takes) == 0
    assert len(bpy.data.actions) == 0


@pytest.mark.parametrize(
    ("event", "n_takes", "action"),
    [("ESC", 1, "Head.emotalk.001"), ("TIMER", 2, "Head.001.emotalk")],
)
def test_a_copy_has_its_takes_only_if_the_work_is_done(
    ready: Any, head: Any, screen: Screen, event: str, n_takes: int, action: str
) -> None:
    bpy.ops.emotalk.animate()
    twin = ready.rig.character = duplicate(head)[0]
    operator = _started(screen)

    operator.modal(screen, _event(event))
    _to_its_end(operator, screen)

    assert len(ready.takes) == n_takes
    assert twin.data.shape_keys.animation_data.action.name == action


def test_disabling_the_add_on_leaves_nothing_behind(started: Any, screen: Screen) -> None:
    """Blender forgets the operator with no call to it."""
    from emotalk.addon.bridge.jobs.session import SESSION

    started.modal(screen, _event("TIMER"))

    SESSION.end()

    assert _is_quiet(screen)


def test_disabling_the_add_on_while_keys_are_written_leaves_no_action(
    started: Any, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import several

    monkeypatch.setattr(several, "SLICE_S", 0.0)  # a curve a slice
    started._job.wait(60.0)
    assert started.modal(screen, _event("TIMER")) == {"PASS_THROUGH"}
    assert len(bpy.data.actions) == 1

    SESSION.end()

    assert len(bpy.data.actions) == 0
    assert _is_quiet(screen)


def test_a_file_that_is_opened_ends_what_is_shown(started: Any, screen: Screen) -> None:
    from emotalk.addon.bridge.take import live

    started.modal(screen, _event("TIMER"))

    live._before_load()
    assert _is_quiet(screen)

    assert started.modal(screen, _event("TIMER")) == {"CANCELLED"}
    started.cancel(screen)
    assert _is_quiet(screen)


@needs_sound
def test_esc_between_two_takes_says_what_was_made(
    ready: Any, screen: Screen, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.take import several

    ready.source, lines = "STRIP", [add_strip(speech, frame) for frame in (1, 101)]
    for strip in lines:
        strip.select = True
    monkeypatch.setattr(several, "SLICE_S", 0.0)
    operator = _started(screen)
    operator._job.wait(60.0)
    while not len(ready.takes):
        assert operator.modal(screen, _event("TIMER")) == {"PASS_THROUGH"}
        assert operator.modal(screen, _event("G")) == {"RUNNING_MODAL"}  # the scene is held

    operator.modal(screen, _event("ESC"))

    assert _to_its_end(operator, screen) == {"FINISHED"}  # one step for undo
    assert operator.said[-1].endswith("Stopped there; one undo takes it back")
    assert len(ready.takes) == 1
    assert len(bpy.data.actions) == 1
    assert _is_quiet(screen)

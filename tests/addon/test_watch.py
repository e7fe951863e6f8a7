"""What Blender shows while a job runs is gone with it, whoever ends it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.copy_scenes import duplicate
from tests.addon.layouts import buttons_of
from tests.addon.scenes import add_strip, needs_sound
from tests.addon.windows import Screen, event, is_quiet, start_in, to_its_end


@pytest.fixture
def heard(fake_engine: Any, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until this is set a sound is listened to, on the fastest machine too."""
    done, encode = threading.Event(), fake_engine.encode

    def encode_slowly(sound: Any, *, progress: Any) -> Any:
        while not done.wait(0.001):
            progress(0.0, "Listening")
        yield from encode(sound, progress=progress)

    monkeypatch.setattr(fake_engine, "encode", encode_slowly)
    return done


@pytest.fixture
def started(ready: Any, screen: Screen, heard: threading.Event) -> Any:
    """Animate in that window, at work."""
    return start_in(screen)


def test_progress_is_shown_until_it_is_done(
    started: Any, screen: Screen, ready: Any, heard: threading.Event
) -> None:
    started.modal(screen, event("TIMER"))
    assert screen.layout.status is not None
    assert screen.layout.status.startswith("EmoTalk: ")
    assert screen.window_manager.is_busy
    assert len(screen.window_manager.timers) == 1

    heard.set()
    assert to_its_end(started, screen) == {"FINISHED"}

    assert is_quiet(screen)
    assert len(ready.takes) == 1


def test_the_cast_shows_progress_where_its_button_was(
    started: Any, screen: Screen, heard: threading.Event
) -> None:
    """The panel with the other button may be closed."""
    panel = bpy.types.EMOTALK_PT_cast

    assert buttons_of(panel)[-1] == "emotalk.stop"
    heard.set()
    to_its_end(started, screen)
    assert buttons_of(panel)[-1] == "emotalk.animate_cast"


def test_progress_stays_in_no_workspace_that_was_left_meanwhile(
    started: Any, screen: Screen, heard: threading.Event
) -> None:
    started.modal(screen, event("TIMER"))
    screen.workspace = screen.animation
    started.modal(screen, event("TIMER"))
    assert screen.animation.status is not None

    heard.set()
    to_its_end(started, screen)

    assert is_quiet(screen)


def test_esc_leaves_nothing_behind(started: Any, screen: Screen, ready: Any) -> None:
    started.modal(screen, event("TIMER"))
    job = started._job
    started.modal(screen, event("ESC"))
    assert job.what == "Stopping"

    assert to_its_end(started, screen) == {"CANCELLED"}

    assert is_quiet(screen)
    assert started.said == ["Cancelled: nothing was changed"]
    assert len(ready.takes) == 0
    assert len(bpy.data.actions) == 0


@pytest.mark.parametrize(
    ("kind", "n_takes", "action"),
    [("ESC", 1, "Head.emotalk.001"), ("TIMER", 2, "Head.001.emotalk")],
)
def test_a_copy_has_its_takes_only_if_the_work_is_done(
    ready: Any, head: Any, screen: Screen, kind: str, n_takes: int, action: str
) -> None:
    bpy.ops.emotalk.animate()
    twin = ready.rig.character = duplicate(head)[0]
    operator = start_in(screen)

    operator.modal(screen, event(kind))
    to_its_end(operator, screen)

    assert len(ready.takes) == n_takes
    assert twin.data.shape_keys.animation_data.action.name == action


def test_disabling_the_add_on_leaves_nothing_behind(started: Any, screen: Screen) -> None:
    """Blender forgets the operator with no call to it."""
    from emotalk.addon.bridge.jobs.session import SESSION

    started.modal(screen, event("TIMER"))

    SESSION.end()

    assert is_quiet(screen)


def test_disabling_the_add_on_while_keys_are_written_leaves_no_action(
    started: Any, screen: Screen, heard: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import several

    monkeypatch.setattr(several, "SLICE_S", 0.0)  # a curve a slice
    heard.set()
    started._job.wait(60.0)
    assert started.modal(screen, event("TIMER")) == {"PASS_THROUGH"}
    assert len(bpy.data.actions) == 1

    SESSION.end()

    assert len(bpy.data.actions) == 0
    assert is_quiet(screen)


def test_a_file_that_is_opened_ends_what_is_shown(started: Any, screen: Screen) -> None:
    from emotalk.addon.bridge.take import live

    started.modal(screen, event("TIMER"))

    live._before_load()
    assert is_quiet(screen)

    assert started.modal(screen, event("TIMER")) == {"CANCELLED"}
    started.cancel(screen)
    assert is_quiet(screen)


@needs_sound
def test_esc_between_two_takes_says_what_was_made(
    ready: Any, screen: Screen, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.take import several

    ready.source, lines = "STRIP", [add_strip(speech, frame) for frame in (1, 101)]
    for strip in lines:
        strip.select = True
    monkeypatch.setattr(several, "SLICE_S", 0.0)
    operator = start_in(screen)
    operator._job.wait(60.0)
    while not len(ready.takes):
        assert operator.modal(screen, event("TIMER")) == {"PASS_THROUGH"}
        assert operator.modal(screen, event("G")) == {"RUNNING_MODAL"}  # the scene is held
        assert operator._job.what == "1/2: Writing keys"
    operator.modal(screen, event("TIMER"))
    assert (operator._job.share, operator._job.what) == (0.5, "2/2: Writing keys")

    operator.modal(screen, event("ESC"))

    assert to_its_end(operator, screen) == {"FINISHED"}  # one step for undo
    assert operator.said[-1].endswith("Stopped there; one undo takes it back")
    assert len(ready.takes) == 1
    assert len(bpy.data.actions) == 1
    assert is_quiet(screen)

"""Esc, deleted objects, bad sounds and models: one line, and the scene as it was."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import happy_take, keys_of, make_head, state, tick


@pytest.mark.parametrize("stop_at", [0.0, 0.05, 0.1, 0.5, 0.9, 1.0])
def test_cancel_at_any_moment_leaves_the_scene_equal(ready: Any, stop_at: float) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes
    from emotalk.emotalk_core.errors import Cancelled

    before = state()

    def progress(share: float, _what: str) -> None:
        if share >= stop_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        takes.finish(*_run(takes.prepare(bpy.context), animate, SESSION.room, progress))
    assert state() == before


def _run(prepared: Any, animate: Any, room: Any, progress: Any) -> tuple[Any, Any]:
    return prepared, animate(prepared.request, room, progress)


def test_cancelled_job_gives_no_result(ready: Any) -> None:
    from emotalk.addon.bridge.jobs.job import Job
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes
    from emotalk.emotalk_core.errors import Cancelled

    request = takes.prepare(bpy.context).request
    job = Job(lambda progress: animate(request, SESSION.room, progress))
    job.cancel()
    job.start()
    job.wait(20)

    with pytest.raises(Cancelled):
        job.result()


def test_opening_a_file_ends_the_job(ready: Any) -> None:
    from emotalk.addon.bridge.jobs.job import Job
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.emotalk_core.errors import Cancelled

    job = SESSION.job = Job(lambda _progress: None)

    bpy.ops.wm.read_factory_settings(use_empty=True)

    job.start()
    job.wait(20)
    assert SESSION.job is None
    with pytest.raises(Cancelled):
        job.result()


def test_job_in_a_thread_brings_the_same_keys(ready: Any, head: Any) -> None:
    from emotalk.addon.bridge.jobs.job import Job
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes

    prepared = takes.prepare(bpy.context)
    job = Job(lambda progress: animate(prepared.request, SESSION.room, progress))
    job.start()
    job.wait(20)
    takes.finish(prepared, job.result())
    threaded = keys_of(head, "jawOpen")[1]
    bpy.ops.emotalk.clear()

    bpy.ops.emotalk.animate()

    np.testing.assert_array_equal(keys_of(head, "jawOpen")[1], threaded)


def test_object_deleted_during_the_run_is_a_clear_error(ready: Any, head: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes
    from emotalk.emotalk_core.errors import RigError

    prepared = takes.prepare(bpy.context)
    outcome = animate(prepared.request, SESSION.room)
    bpy.data.objects.remove(head)
    before = state()

    with pytest.raises(RigError, match=r"deleted meanwhile: 'Head'"):
        takes.finish(prepared, outcome)
    assert state() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "missing"), (b"", "empty|no sound|not a|damaged|samples"), (b"hello" * 99, "")],
)
def test_bad_sound_is_one_line_and_changes_nothing(
    ready: Any, tmp_path: Path, content: bytes | None, message: str
) -> None:
    bad = tmp_path / "bad.wav"
    if content is not None:
        bad.write_bytes(content)
    ready.filepath = str(bad)
    before = state()

    with pytest.raises(RuntimeError, match=f"(?i)error: .*({message}).*") as caught:
        bpy.ops.emotalk.animate()

    assert "bad.wav" in str(caught.value)
    assert "Unexpected" not in str(caught.value)
    assert state() == before


def test_mesh_without_known_keys_is_named(ready: Any) -> None:
    ready.rig.character = make_head("Rock", ("Key 1", "bulge"))
    before = state()

    with pytest.raises(RuntimeError, match="No shape key has a known name"):
        bpy.ops.emotalk.animate()

    assert state() == before


def test_what_has_no_shape_keys_is_named(ready: Any) -> None:
    light = bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    bpy.context.scene.collection.objects.link(light)
    ready.rig.character = light
    before = state()

    with pytest.raises(RuntimeError, match=r"Nothing here can speak: 'Lamp'\. Choose a face"):
        bpy.ops.emotalk.animate()

    assert state() == before


def test_a_take_of_a_deleted_character_says_so(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    with bpy.context.temp_override(selected_objects=[head]):
        bpy.ops.object.delete()

    with pytest.raises(RuntimeError, match=r"The character was deleted: 'Head'\. Undo that, or"):
        bpy.ops.emotalk.refresh()


def test_so_does_one_of_a_character_that_is_gone_and_can_be_removed(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.animate()
    bpy.data.objects.remove(head)

    told = r"The take's character is gone: 'Head: .*'\. Undo that, or remove the take"
    with pytest.raises(RuntimeError, match=told):
        bpy.ops.emotalk.refresh()
    ready.rig.character = make_head("Other")
    bpy.ops.emotalk.animate()
    ready.take_index = 0
    bpy.ops.emotalk.clear()

    assert [take.rig.character.name for take in ready.takes] == ["Other"]


def test_damaged_model_is_one_line(addon: ModuleType, head: Any, speech: Path) -> None:
    from emotalk.addon.bridge.jobs import work
    from emotalk.emotalk_core.errors import ModelFolderError

    settings = work.EngineSettings(speech.parent)

    with pytest.raises(ModelFolderError, match=r"config\.json"):
        work.EngineRoom().engine(settings)


def test_grey_button_says_why(addon: ModuleType) -> None:
    from emotalk.addon.operators.animate import reason_against

    assert "sound strip" in reason_against(bpy.context)
    with pytest.raises(RuntimeError, match="sound strip"):
        bpy.ops.emotalk.animate()


def test_failed_hearing_is_said_once_and_not_tried_again(
    ready: Any, head: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.take import takes
    from emotalk.emotalk_core.errors import ModelFolderError

    def no_model(*_: object) -> None:
        raise ModelFolderError("Model is damaged", value="config.json", remedy="Install it again.")

    take = happy_take(ready)
    SESSION.end()
    monkeypatch.setattr(takes, "animate", no_model)

    tick()
    job = SESSION.job
    job.wait(20)
    assert job.look() is None

    assert SESSION.job is None
    assert "Model is damaged: 'config.json'. Install it again." in take.warnings


def test_object_deleted_by_hand_during_the_run_is_a_clear_error(ready: Any, head: Any) -> None:
    """The settings point to it, so Blender keeps it in the file."""
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes
    from emotalk.emotalk_core.errors import RigError

    prepared = takes.prepare(bpy.context)
    outcome = animate(prepared.request, SESSION.room)
    bpy.ops.object.select_all(action="DESELECT")
    head.select_set(True)  # noqa: FBT003 - Blender's own
    bpy.ops.object.delete()
    assert "Head" in bpy.data.objects
    before = state()

    with pytest.raises(RigError, match=r"deleted meanwhile: 'Head'"):
        takes.finish(prepared, outcome)
    with pytest.raises(RuntimeError, match=r"The character was deleted: 'Head'"):
        bpy.ops.emotalk.animate()
    assert state() == before

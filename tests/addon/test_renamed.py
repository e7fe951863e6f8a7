"""What is renamed while a job runs is known again; what is gone is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest
from emotalk.addon.bridge.compat import top_strips

from tests.addon.scenes import (
    add_strip,
    fcurves,
    make_head,
    needs_sound,
    put_bones_under,
    state,
    voice_of,
    write_in_slices,
)


def made(ready: Any) -> tuple[Any, Any]:
    """Animate's work, done and not written yet."""
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.work import animate
    from emotalk.addon.bridge.take import takes

    prepared = takes.prepare(bpy.context)
    return prepared, animate(prepared.request, SESSION.room)


def write_at_once(prepared: Any, outcome: Any) -> Any:
    from emotalk.addon.bridge.take import takes

    return takes.finish(prepared, outcome)


@pytest.fixture
def armature(ready: Any, head: Any) -> Any:
    """What the head hangs on."""
    return put_bones_under(head)


@pytest.mark.parametrize("write", [write_at_once, write_in_slices])
def test_everything_renamed_while_it_works_still_gets_its_keys(
    ready: Any, head: Any, armature: Any, write: Any
) -> None:
    job = made(ready)
    head.name, head.data.name, head.data.shape_keys.name = "Ada", "Ada mesh", "Ada keys"
    armature.name, armature.data.name, bpy.context.scene.name = "Ada rig", "Bones", "SH030"

    result = write(*job)

    take = bpy.data.scenes["SH030"].emotalk.takes[0]
    assert len(voice_of(head, "jawOpen")[0]) == 73
    assert fcurves(armature)
    assert take.rig.character == head
    assert [item.object for item in take.rig.targets] == [head]
    assert "Ada.emotalk" in result.actions


def test_renamed_between_slices_it_still_gets_its_keys(ready: Any, head: Any) -> None:
    def rename() -> None:
        head.name = f"Ada {len(head.name)}"

    write_in_slices(*made(ready), between=rename)

    assert len(voice_of(head, "jawOpen")[0]) == 73
    assert ready.takes[0].rig.character == head
    assert not [action for action in bpy.data.actions if "emotalk_draft" in action]


def test_the_report_says_todays_name(ready: Any, head: Any) -> None:
    from emotalk.addon.operators.watched import WatchedOperator

    prepared, outcome = made(ready)
    head.name = "Ada"

    result = write_at_once(prepared, outcome)

    assert WatchedOperator.tell(WatchedOperator, prepared, result).startswith("Animated Ada: ")


def test_two_that_swap_names_do_not_swap_keys(ready: Any, head: Any) -> None:
    other = make_head("Other")
    job = made(ready)
    head.name, other.name = "Third", "Head"
    head.name = "Other"

    write_in_slices(*job)

    assert len(voice_of(head, "jawOpen")[0]) == 73
    assert other.data.shape_keys.animation_data is None


def test_undone_while_it_works_the_renaming_does_not_matter(ready: Any, head: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    job = made(ready)
    head.name, bpy.context.scene.name = "Ada", "SH030"
    bpy.ops.ed.undo_push(message="renamed")
    bpy.ops.ed.undo()

    write_in_slices(*job)

    assert len(voice_of(bpy.data.objects["Head"], "jawOpen")[0]) == 73
    assert len(bpy.context.scene.emotalk.takes) == 1


def test_deleted_after_it_was_renamed_is_told(ready: Any, head: Any) -> None:
    from emotalk.emotalk_core.errors import RigError

    job = made(ready)
    head.name = "Ada"
    bpy.data.objects.remove(head)
    before = state()

    with pytest.raises(RigError, match=r"deleted meanwhile: 'Head'"):
        write_at_once(*job)

    assert state() == before


def test_a_take_made_again_is_found_in_its_renamed_scene(ready: Any, head: Any) -> None:
    from emotalk.addon.bridge.take import takes

    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    take.controls.happy = 0.5
    prepared = takes.prepare_take(bpy.context.scene, take)
    outcome = takes.remake(prepared)
    bpy.context.scene.name, head.name = "SH030", "Ada"

    write_in_slices(prepared, outcome)
    takes.make_active(prepared)

    assert take.baked == prepared.digest
    assert len(ready.takes) == 1


@needs_sound
@pytest.mark.parametrize("is_swapped", [False, True])
def test_a_strip_renamed_while_it_works_is_the_takes(
    ready: Any, speech: Path, *, is_swapped: bool
) -> None:
    strip, other = add_strip(speech, 20), add_strip(speech, 200, channel=2)
    name, others_name = strip.name, other.name
    ready.source, ready.strip = "STRIP", name
    job = made(ready)
    strip.name = "line 7"
    if is_swapped:
        other.name = name
        strip.name = others_name

    write_at_once(*job)

    take = ready.takes[0]
    assert take.strip == strip.name
    assert take.strip_uid == strip.emotalk_uid


@needs_sound
def test_a_strip_removed_while_it_works_is_told_until_it_is_back(ready: Any, speech: Path) -> None:
    strip = add_strip(speech, 20)
    ready.source, ready.strip = "STRIP", strip.name
    job = made(ready)
    top_strips(bpy.context.scene).remove(strip)

    result = write_at_once(*job)

    take = ready.takes[0]
    assert "speech was removed while it was heard, and its keys" in take.warnings
    assert take.warnings.splitlines()[0] in result.notes
    add_strip(speech, 20)
    bpy.ops.emotalk.refresh()
    assert "removed" not in take.warnings

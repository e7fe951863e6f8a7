"""Takes on library overrides, of which a file forgets more than of what is local."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import fcurves, overridden, put_bones_under, users_action

JAW = 'key_blocks["jawOpen"].value'
MINE = 'key_blocks["!mine"].value'


@pytest.fixture
def library(head: Any, tmp_path: Path) -> Path:
    """Where a head lies whose jaw opens no further than .4, and that has a key of its own."""
    head.shape_key_add(name="!mine").value = 0.0
    head.data.shape_keys.key_blocks["jawOpen"].slider_max = 0.4
    return tmp_path / "library.blend"


def choose(thing: Any) -> Any:
    """Let the panel have it as its character."""
    bpy.context.scene.emotalk.rig.character = thing
    return thing


def opened_again(library: Path) -> Any:
    """The character's shape keys after the file was saved and opened."""
    path = str(library.with_name("shot.blend"))
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    return bpy.context.scene.emotalk.rig.character.data.shape_keys


def test_an_opened_file_gives_back_the_action_of_an_override(
    ready: Any, head: Any, library: Path
) -> None:
    users_action(head.data.shape_keys, JAW)
    choose(overridden(library, head))
    bpy.ops.emotalk.animate()

    key = opened_again(library)
    bpy.ops.emotalk.clear()

    assert key.animation_data.action.name == "Mine"


def test_an_opened_file_gives_back_the_values_of_an_override(
    ready: Any, head: Any, library: Path
) -> None:
    choose(overridden(library, head)).data.shape_keys.key_blocks["jawOpen"].value = 0.25
    bpy.ops.emotalk.animate()

    key = opened_again(library)
    bpy.ops.emotalk.clear()

    assert key.key_blocks["jawOpen"].value == pytest.approx(0.25)


def test_an_opened_file_layers_the_action_of_an_override_as_before(
    ready: Any, head: Any, library: Path
) -> None:
    users_action(head.data.shape_keys, JAW, MINE)
    choose(overridden(library, head))
    bpy.ops.emotalk.animate()

    key = opened_again(library)
    bpy.ops.emotalk.clear()

    assert key.animation_data.action.name == "Mine"
    assert key.animation_data.action_extrapolation == "HOLD"


def test_a_jaw_of_an_override_opens_as_far_in_the_opened_file(
    ready: Any, head: Any, library: Path
) -> None:
    choose(overridden(library, head))
    bpy.ops.emotalk.animate()

    jaw = opened_again(library).key_blocks["jawOpen"]
    widened = jaw.slider_max
    bpy.ops.emotalk.clear()

    assert widened == 1.0
    assert jaw.slider_max == pytest.approx(0.4)


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="earlier ones do not tell when it was read")
def test_a_library_that_is_read_again_costs_nothing(ready: Any, head: Any, library: Path) -> None:
    users_action(head.data.shape_keys, JAW)
    key = choose(overridden(library, head)).data.shape_keys
    bpy.ops.emotalk.animate()

    key.user.override_library.reference.library.reload()
    key = bpy.context.scene.emotalk.rig.character.data.shape_keys
    widened = key.key_blocks["jawOpen"].slider_max
    bpy.ops.emotalk.clear()

    assert widened == 1.0
    assert key.animation_data.action.name == "Mine"


def test_a_library_that_is_read_again_between_two_saves_costs_the_opened_file_nothing(
    ready: Any, head: Any, library: Path
) -> None:
    users_action(head.data.shape_keys, JAW)
    key = choose(overridden(library, head)).data.shape_keys
    bpy.ops.emotalk.animate()
    bpy.ops.wm.save_as_mainfile(filepath=str(library.with_name("shot.blend")))
    key.user.override_library.reference.library.reload()
    bpy.ops.emotalk.refresh()

    key = opened_again(library)
    bpy.ops.emotalk.clear()

    assert key.animation_data.action.name == "Mine"
    assert key.key_blocks["jawOpen"].slider_max == pytest.approx(0.4)


def test_a_linked_armature_does_not_turn_a_local_one_of_its_name(
    ready: Any, head: Any, library: Path
) -> None:
    mine = put_bones_under(head)  # stays in the file; the linked one has its name
    choose(overridden(library, head))

    with pytest.raises(RuntimeError, match="Linked data cannot be animated: 'Armature'"):
        bpy.ops.emotalk.animate()

    assert mine.animation_data is None


def test_what_an_action_carries_stays_in_the_file_alone(
    ready: Any, head: Any, library: Path
) -> None:
    choose(overridden(library, head))
    bpy.ops.emotalk.animate()

    key = opened_again(library)

    assert len(fcurves(key)) == 52
    assert [*key.animation_data.action.keys()] == ["emotalk_owner"]

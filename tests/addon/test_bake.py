"""Keys in Blender are what the core computed, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import fcurves, keys_of, linked, make_head, overridden, state, users_action

FRAMES = np.arange(10.0, 60.0)
WAVE = (0.5 + 0.5 * np.sin(FRAMES / 4)).astype(np.float32)
JAW, SMILE = 'key_blocks["jawOpen"].value', 'key_blocks["mouthSmileLeft"].value'


@pytest.fixture(autouse=True, params=["at once", "in slices"])
def _way(request: pytest.FixtureRequest, addon: ModuleType, monkeypatch: Any) -> None:
    """Every rule here holds for both ways of writing."""
    from emotalk.addon.bridge.keying import bake
    from emotalk.addon.bridge.keying.curves import Stretch
    from emotalk.addon.bridge.keying.draft import Draft

    def write_in_slices(tables: Any, binding: Any, stretch: Any = None) -> Any:
        draft = Draft(tables, binding, stretch or Stretch())
        while not draft.is_complete:
            draft.advance(0.0)
        return draft.commit()

    if request.param == "in slices":
        monkeypatch.setattr(bake, "write", write_in_slices)


def table(head: Any, key: str = "jawOpen", frames: Any = FRAMES, values: Any = WAVE) -> Any:
    from emotalk.emotalk_core.retarget import KeyTable

    return KeyTable(head.name, "shape_keys", f'key_blocks["{key}"].value', 0, frames, values)


def binding(head: Any, *keys: str, upper: float = 1.0) -> Any:
    from emotalk.emotalk_core.retarget import Binding, Driven, KeyTarget

    sources = (("jawOpen", 1.0),)
    rows = [Driven(KeyTarget(head.name, key), sources, upper=upper) for key in keys or ("jawOpen",)]
    return Binding(tuple(rows))


def write(head: Any, *tables: Any, **stretch: Any) -> Any:
    from emotalk.addon.bridge.keying import bake
    from emotalk.addon.bridge.keying.curves import Stretch

    return bake.write(tables or (table(head),), binding(head), Stretch(**stretch))


def value_at(head: Any, key: str, frame: int) -> float:
    """The evaluated value: after all Actions, tracks and drivers."""
    bpy.context.scene.frame_set(frame)
    evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return float(evaluated.data.shape_keys.key_blocks[key].value)


def test_keys_read_back_as_they_were_computed(head: Any) -> None:
    write(head)

    frames, values = keys_of(head, "jawOpen")
    np.testing.assert_array_equal(frames, FRAMES)
    np.testing.assert_array_equal(values.astype(np.float32), WAVE)


def test_keys_are_straight_lines(head: Any) -> None:
    write(head)

    points = fcurves(head.data.shape_keys)[JAW, 0].keyframe_points
    assert {point.interpolation for point in points} == {"LINEAR"}


def test_the_mesh_moves(head: Any) -> None:
    write(head)

    for frame in (10, 37, 59):
        assert value_at(head, "jawOpen", frame) == pytest.approx(WAVE[frame - 10], abs=1e-6)


def test_the_mesh_moves_at_once_when_keys_change(head: Any) -> None:
    """What a dragged slider needs: no change of frame in between."""
    write(head)
    bpy.context.scene.frame_set(20)

    write(head, table(head, values=np.full(len(FRAMES), 0.25, np.float32)))
    bpy.context.view_layer.update()

    evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert evaluated.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.25)


def test_baking_again_leaves_one_action(head: Any) -> None:
    write(head)
    write(head, table(head, values=WAVE * 0.5))

    assert [action.name for action in bpy.data.actions] == ["Head.emotalk"]
    np.testing.assert_allclose(keys_of(head, "jawOpen")[1], WAVE * 0.5)


def test_hand_made_keys_beside_the_take_stay(head: Any) -> None:
    write(head)
    fcurves(head.data.shape_keys)[JAW, 0].keyframe_points.insert(100, 0.75)

    write(head, table(head, values=WAVE * 0.5))

    frames, values = keys_of(head, "jawOpen")
    assert (frames[-1], values[-1]) == (100, 0.75)
    assert len(frames) == len(FRAMES) + 1


def test_corrections_below_an_added_take_outlive_its_bakes(head: Any) -> None:
    """What the manual tells those who correct a take by hand."""
    from emotalk.addon.bridge import compat

    keys = head.data.shape_keys
    mine = users_action(keys, JAW)
    strip = keys.animation_data.nla_tracks.new().strips.new("Mine", 1, mine)
    compat.set_strip_slot(strip, compat.slot_of(keys.animation_data))
    added = value_at(head, "jawOpen", 20)
    keys.animation_data.action = None
    write(head)
    keys.animation_data.action_blend_type = "ADD"

    write(head, table(head, values=WAVE * 0.25))

    assert 0.0 < added < 0.5
    expected = pytest.approx(added + WAVE[10] * 0.25, abs=1e-6)
    assert value_at(head, "jawOpen", 20) == expected


def test_a_take_that_moved_leaves_no_keys_behind(head: Any) -> None:
    write(head)

    write(head, table(head, frames=FRAMES + 200), old=(10.0, 59.0))

    np.testing.assert_array_equal(keys_of(head, "jawOpen")[0], FRAMES + 200)


def test_a_range_is_blended_into_the_rest(head: Any) -> None:
    write(head, table(head, values=np.zeros(len(FRAMES), np.float32)))

    write(head, table(head, values=np.ones(len(FRAMES), np.float32)), only=(20.0, 40.0))

    frames, values = keys_of(head, "jawOpen")
    np.testing.assert_array_equal(frames, FRAMES)
    assert not values[(frames < 20) | (frames > 40)].any()
    assert values[frames == 30] == 1.0
    assert np.abs(np.diff(values)).max() == pytest.approx(0.2)  # four frames of blending


def test_users_action_of_the_same_keys_and_frames_is_kept_in_the_file(head: Any) -> None:
    mine = users_action(head.data.shape_keys, JAW)

    result = write(head, table(head, frames=FRAMES - 9))

    assert mine.use_fake_user
    assert head.data.shape_keys.animation_data.action.name == "Head.emotalk"
    assert result.notes == ("Head: its Action Mine is kept: Remove brings it back",)
    assert value_at(head, "jawOpen", 28) == pytest.approx(WAVE[27], abs=1e-6)


@pytest.mark.skipif(bpy.app.version[:2] == (5, 0), reason="its NLA hides shape keys below ours")
@pytest.mark.parametrize(("later", "beyond"), [(0, 5), (-20, 45)])
def test_users_action_of_the_same_keys_plays_on_before_and_after_ours(
    head: Any, later: int, beyond: int
) -> None:
    users_action(head.data.shape_keys, JAW)
    before = value_at(head, "jawOpen", beyond)

    result = write(head, table(head, frames=FRAMES + later))

    assert "Mine went on, as an NLA track below ours" in result.notes[0]
    assert value_at(head, "jawOpen", beyond) == pytest.approx(before, abs=1e-6)
    assert value_at(head, "jawOpen", 37 + later) == pytest.approx(WAVE[27], abs=1e-6)


def test_users_action_of_other_keys_goes_on_below_ours(head: Any) -> None:
    users_action(head.data.shape_keys, JAW, SMILE)
    before = value_at(head, "mouthSmileLeft", 30)

    result = write(head)

    assert "went on, as an NLA track below ours" in result.notes[0]
    assert value_at(head, "mouthSmileLeft", 30) == pytest.approx(before, abs=1e-6)
    assert value_at(head, "jawOpen", 37) == pytest.approx(WAVE[27], abs=1e-6)


@pytest.mark.parametrize("paths", [(JAW,), (JAW, SMILE)])
def test_removing_ours_gives_the_users_action_back(head: Any, paths: tuple[str, ...]) -> None:
    from emotalk.addon.bridge.keying import own_actions

    users_action(head.data.shape_keys, *paths)
    before = [value_at(head, "jawOpen", frame) for frame in (1, 30, 50)]
    write(head)

    assert own_actions.clear([head], []) == 1

    assert head.data.shape_keys.animation_data.action.name == "Mine"
    assert [action.name for action in bpy.data.actions] == ["Mine"]
    assert len(head.data.shape_keys.animation_data.nla_tracks) == 0
    assert [value_at(head, "jawOpen", frame) for frame in (1, 30, 50)] == pytest.approx(before)


def test_removing_gives_back_the_values_from_before_the_first_bake(head: Any) -> None:
    from emotalk.addon.bridge.keying import own_actions

    blocks = head.data.shape_keys.key_blocks
    blocks["jawOpen"].value = 0.125
    write(head)
    bpy.context.scene.frame_set(30)
    write(head, table(head, values=WAVE * 0.5), table(head, "mouthSmileLeft"))
    bpy.context.scene.frame_set(35)

    own_actions.clear([head], [])
    bpy.context.view_layer.update()

    assert (blocks["jawOpen"].value, blocks["mouthSmileLeft"].value) == (0.125, 0.0)
    assert "emotalk_before" not in head.data.shape_keys


def test_removing_touches_no_action_but_ours(head: Any) -> None:
    from emotalk.addon.bridge.keying import own_actions

    users_action(head.data.shape_keys, JAW)

    assert own_actions.clear([head], []) == 0
    assert head.data.shape_keys.animation_data.action.name == "Mine"


def test_shared_action_is_copied_first_and_said(head: Any) -> None:
    write(head)
    twin = make_head("Twin")
    share_action(head.data.shape_keys, twin.data.shape_keys)

    result = write(head, table(head, values=WAVE * 0.5))

    np.testing.assert_array_equal(keys_of(twin, "jawOpen")[1].astype(np.float32), WAVE)
    np.testing.assert_allclose(keys_of(head, "jawOpen")[1], WAVE * 0.5)
    assert result.notes == ("Head: its Action Head.emotalk was shared, so it got a copy",)


def share_action(source: Any, target: Any) -> None:
    data = target.animation_data_create()
    data.action = source.animation_data.action
    if hasattr(data, "action_slot"):
        data.action_slot = source.animation_data.action_slot


def test_each_mesh_has_its_own_action(head: Any) -> None:
    teeth = make_head("Teeth", ("jawOpen",))

    write(head, table(head), table(teeth, values=WAVE * 0.5))

    np.testing.assert_allclose(keys_of(teeth, "jawOpen")[1], WAVE * 0.5)
    assert len(bpy.data.actions) == 2


def test_driven_values_are_left_to_their_drivers(head: Any) -> None:
    head.data.shape_keys.key_blocks["jawOpen"].driver_add("value")

    result = write(head, table(head), table(head, "mouthSmileLeft"))

    assert set(fcurves(head.data.shape_keys)) == {(SMILE, 0)}
    assert result.notes == ("Head: 1 driven value left to the drivers",)


def test_what_would_hide_the_motion_is_said(head: Any) -> None:
    head.data.shape_keys.key_blocks["jawOpen"].mute = True
    head.show_only_shape_key = True

    notes = write(head).notes

    assert any("1 shape key muted, jawOpen first" in note for note in notes)
    assert any("pinned" in note for note in notes)


def test_sliders_make_room_for_strong_values(head: Any) -> None:
    from emotalk.addon.bridge.keying import bake

    strong = np.full(len(FRAMES), 1.8, np.float32)
    bake.write((table(head, values=strong),), binding(head, upper=2.0))

    assert value_at(head, "jawOpen", 30) == pytest.approx(1.8)


def test_linked_mesh_is_refused_and_nothing_changes(head: Any, tmp_path: Path) -> None:
    from emotalk.emotalk_core.errors import RigError

    [theirs] = linked(tmp_path / "library.blend", head)
    local = make_head("Local")
    before = state()

    with pytest.raises(RigError, match=r"Linked data cannot be animated: 'Head'"):
        write(local, table(local), table(theirs))

    assert state() == before


def test_overridden_mesh_can_be_keyed(head: Any, tmp_path: Path) -> None:
    thing = overridden(tmp_path / "library.blend", head)

    write(thing)

    assert len(keys_of(thing, "jawOpen")[0]) == len(FRAMES)


def test_deleted_object_is_a_clear_error(head: Any) -> None:
    from emotalk.emotalk_core.errors import RigError

    gone = make_head("Gone")
    tables = (table(head), table(gone))
    bpy.data.objects.remove(gone)
    before = state()

    with pytest.raises(RigError, match=r"deleted meanwhile: 'Gone'"):
        write(head, *tables)

    assert state() == before


def test_bones_get_keys_on_the_armature() -> None:
    from emotalk.addon.bridge.keying import bake
    from emotalk.emotalk_core.retarget import Binding, KeyTable

    bpy.ops.object.armature_add()
    armature = bpy.context.object
    path = 'pose.bones["Bone"].rotation_quaternion'
    tables = [
        KeyTable(armature.name, "object", path, i, FRAMES, WAVE * (i == 1) + float(i == 0))
        for i in range(4)
    ]

    bake.write(tables, Binding(()))

    bpy.context.scene.frame_set(30)
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert evaluated.pose.bones["Bone"].rotation_quaternion.x == pytest.approx(WAVE[20], abs=1e-6)


def test_locked_curves_are_left_as_they_are(head: Any) -> None:
    write(head)
    before = keys_of(head, "jawOpen")[1]
    fcurves(head.data.shape_keys)[JAW, 0].lock = True

    result = write(head, table(head, values=np.zeros_like(WAVE)), table(head, "mouthSmileLeft"))

    np.testing.assert_array_equal(keys_of(head, "jawOpen")[1], before)
    assert result.notes == ("Head: 1 locked curve not touched",)
    assert len(keys_of(head, "mouthSmileLeft")[0])


def test_an_action_that_shows_in_part_is_told(head: Any) -> None:
    write(head)
    head.data.shape_keys.animation_data.action_influence = 0.5

    assert "influence shows 50% of the new keys" in write(head).notes[0]


def test_all_that_is_linked_is_named_at_once(head: Any, tmp_path: Path) -> None:
    """Each mesh of a face asks for a click of its own."""
    from emotalk.emotalk_core.errors import RigError

    heads = linked(tmp_path / "library.blend", head, make_head("Brows"))

    with pytest.raises(RigError, match=r"Linked data cannot be animated: 'Head, Brows'"):
        write(heads[0], *map(table, heads))

"""Keys in slices: until the last moment the scene is as it was, whatever happens."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import keys_of, make_head, state

FRAMES = np.arange(1.0, 31.0)


def draft_for(*heads: Any, keys: tuple[str, ...] = ("jawOpen", "mouthSmileLeft")) -> Any:
    from emotalk.addon.bridge.keying.curves import Stretch
    from emotalk.addon.bridge.keying.draft import Draft
    from emotalk.emotalk_core.retarget import Binding, KeyTable

    wave = (0.5 + 0.5 * np.sin(FRAMES)).astype(np.float32)
    paths = [f'key_blocks["{key}"].value' for key in keys]
    tables = [
        KeyTable(head.name, "shape_keys", path, 0, FRAMES, wave) for head in heads for path in paths
    ]
    return Draft(tables, Binding(()), Stretch())


def in_use() -> dict[str, Any]:
    """The scene's state without Actions that nothing uses."""
    return state() | {"actions": [a.name for a in bpy.data.actions if a.users]}


@pytest.mark.parametrize("n_slices", range(5))
def test_abandoned_after_any_slice_the_scene_is_as_it_was(
    addon: ModuleType, head: Any, n_slices: int
) -> None:
    other = make_head("Other")
    before = draft_for(head)
    while not before.is_complete:
        before.advance(0.0)
    before.commit()
    was, keys = state(), keys_of(head, "jawOpen")

    draft = draft_for(head, other)
    for _ in range(n_slices):
        draft.advance(0.0)
        assert in_use() == was | {"actions": [a[0] for a in was["actions"]]}
    draft.abandon()

    assert state() == was
    np.testing.assert_array_equal(keys_of(head, "jawOpen"), keys)


def test_slice_ends_when_its_time_is_over(addon: ModuleType, head: Any) -> None:
    draft = draft_for(head)

    n_slices = 0
    while not draft.is_complete:
        draft.advance(0.0)
        n_slices += 1

    assert n_slices == 3  # one for each curve; the last one finds that all is written


def test_object_deleted_between_slices_is_an_error_and_costs_nothing(
    addon: ModuleType, head: Any
) -> None:
    from emotalk.emotalk_core.errors import RigError

    draft = draft_for(head)
    draft.advance(0.0)
    bpy.data.objects.remove(head)

    with pytest.raises(RigError, match="deleted meanwhile: 'Head'"):
        draft.advance(0.0)
    draft.abandon()
    assert len(bpy.data.actions) == 0


def test_undo_between_slices_is_an_error(addon: ModuleType, head: Any) -> None:
    from emotalk.emotalk_core.errors import RigError

    draft = draft_for(head)
    draft.advance(0.0)
    for action in [*bpy.data.actions]:
        bpy.data.actions.remove(action)

    with pytest.raises(RigError, match="changed while keys were written: 'Head'"):
        draft.advance(0.0)


def test_what_a_user_added_to_our_action_outlives_a_second_bake(
    addon: ModuleType, head: Any
) -> None:
    def bake_it() -> None:
        draft = draft_for(head)
        while not draft.is_complete:
            draft.advance(1.0)
        draft.commit()

    bake_it()
    action = head.data.shape_keys.animation_data.action
    action.use_fake_user = True
    head.data.shape_keys.key_blocks["cheekPuff"].keyframe_insert("value", frame=5)

    bake_it()

    now = head.data.shape_keys.animation_data.action
    assert (now.name, now.use_fake_user, len(bpy.data.actions)) == ("Head.emotalk", True, 1)
    assert list(keys_of(head, "cheekPuff")[0]) == [5]
    assert "emotalk_draft" not in now


def test_key_that_is_changed_meanwhile_stops_the_draft(addon: ModuleType, head: Any) -> None:
    from emotalk.emotalk_core.errors import RigError

    before = draft_for(head)
    while not before.is_complete:
        before.advance(0.0)
    before.commit()
    draft = draft_for(head)
    draft.advance(0.0)
    head.data.shape_keys.key_blocks["browInnerUp"].keyframe_insert("value", frame=300)
    was = in_use()
    while not draft.is_complete:
        draft.advance(0.0)

    with pytest.raises(RigError, match="changed while"):
        draft.commit()
    draft.abandon()

    assert in_use() == was

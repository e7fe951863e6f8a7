"""Make Shape Keys: what is measured, what is written, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.bare_heads import (
    EYE_CHANNELS,
    UP,
    Maker,
    add_ball,
    guides_of,
    in_window,
    keys_on,
    moved_by,
)
from tests.addon.layouts import Layout, context_of
from tests.addon.scenes import keys_of, overridden, state
from tests.addon.windows import Screen, event, is_quiet, to_its_end


def eye() -> Any:
    return bpy.data.objects["Eye"]


def make() -> None:
    assert bpy.ops.emotalk.make_shape_keys() == {"FINISHED"}


def test_the_head_has_52_keys_and_the_eye_its_own(skin: Any) -> None:
    from emotalk.emotalk_core.arkit import CHANNELS

    make()

    assert keys_on(skin) == ["Basis", *CHANNELS]
    assert keys_on(eye()) == ["Basis", *sorted(EYE_CHANNELS, key=CHANNELS.index)]
    for key in skin.data.shape_keys.key_blocks[1:]:
        assert (key.value, key.slider_min, key.slider_max) == (0.0, 0.0, 1.0)
        assert key.relative_key.name == "Basis"
    np.testing.assert_allclose(moved_by(skin, "jawOpen"), np.tile(UP, (42, 1)), atol=1e-6)


def test_it_is_chosen_and_the_guides_are_gone(skin: Any) -> None:
    group = bpy.context.scene.emotalk.rig

    make()

    assert not guides_of(skin)
    assert group.character == bpy.context.object == skin
    assert [(item.name, item.n_found) for item in group.targets] == [("Head", 52), ("Eye", 2)]
    bpy.ops.emotalk.place_guides()
    assert len(guides_of(skin)) == 18


def test_the_result_says_what_was_made(skin: Any) -> None:
    make()

    layout = Layout()
    panel = bpy.types.EMOTALK_PT_result
    assert panel.poll(context_of(400))
    panel.draw(SimpleNamespace(layout=layout), context_of(400))
    assert layout.labels == ["52 shape keys on Head, 2 on Eye", "The lips are shut"]


@pytest.mark.usefixtures("fake_engine")
def test_what_was_made_is_said_until_another_head_has_guides(skin: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    make()
    bpy.ops.emotalk.place_guides()
    assert SESSION.new_keys  # of the same head

    bpy.context.scene.emotalk.rig.character = add_ball("Another", at=(9.0, 0.0, 0.0))
    bpy.ops.emotalk.place_guides()

    assert not SESSION.new_keys


def test_animate_moves_it_at_once(skin: Any, speech: Path) -> None:
    make()
    ours = bpy.context.scene.emotalk
    ours.source, ours.filepath = "FILE", str(speech)

    bpy.ops.emotalk.animate()

    assert len(keys_of(skin, "jawOpen")[0]) > 10
    assert len(keys_of(eye(), EYE_CHANNELS[0])[0]) > 10


def test_without_a_window_buttons_wait_for_the_work(skin: Any) -> None:
    bpy.ops.emotalk.place_guides("INVOKE_DEFAULT", anew=True)
    bpy.ops.emotalk.make_shape_keys("INVOKE_DEFAULT")

    assert len(keys_on(skin)) == 53


def test_one_undo_takes_all_of_it_back(skin: Any) -> None:
    bpy.ops.ed.undo_push(message="Before")
    make()
    bpy.ops.ed.undo_push(message="After")

    bpy.ops.ed.undo()

    assert keys_on(bpy.data.objects["Head"]) == keys_on(eye()) == []
    assert not bpy.types.EMOTALK_PT_result.poll(context_of(400))
    assert len(guides_of(bpy.data.objects["Head"])) == 18


def test_keys_that_are_there_stay(skin: Any) -> None:
    skin.shape_key_add(name="Rest", from_mix=False)
    for name, value in (("Fat", 0.5), ("JawOpen", 0.25)):
        key = skin.shape_key_add(name=name, from_mix=False)
        key.data[0].co.z, key.value, key.slider_max = 9.0, value, 2.0

    make()

    assert keys_on(skin)[:3] == ["Rest", "Fat", "JawOpen"]
    assert len(keys_on(skin)) == 3 + 51
    kept = skin.data.shape_keys.key_blocks["JawOpen"]
    assert (kept.data[0].co.z, kept.value, kept.slider_max) == (9.0, 0.25, 2.0)
    assert skin.data.shape_keys.key_blocks["mouthClose"].relative_key.name == "Rest"
    from emotalk.addon.bridge.jobs.session import SESSION

    assert SESSION.new_keys[0] == "51 shape keys on Head, 2 on Eye"
    assert "Head keeps its own jawOpen" in SESSION.new_keys
    assert any(note.startswith("Head: Fat, Head: JawOpen: not at 0") for note in SESSION.new_keys)


def share(thing: Any) -> None:
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Copy", thing.data))


def make_absolute(thing: Any) -> None:
    thing.shape_key_add(name="Basis")
    thing.data.shape_keys.use_relative = False


WHYS = [
    (lambda thing: thing.modifiers.new("Half", "MIRROR"), "Mirror modifier"),
    (share, "2 objects share the mesh"),
    (make_absolute, "absolute"),
]


@pytest.mark.parametrize("name", ["Head", "Eye"])
@pytest.mark.parametrize(("spoil", "why"), WHYS)
def test_a_mesh_that_cannot_get_keys_is_named_and_none_gets_any(
    skin: Any, name: str, spoil: Callable[[Any], object], why: str
) -> None:
    thing = bpy.data.objects[name]
    spoil(thing)
    n_keys, before = len(keys_on(thing)), state()

    with pytest.raises(RuntimeError, match=f"{why}.*: '{name}'"):
        bpy.ops.emotalk.make_shape_keys()

    assert state() == before
    assert len(keys_on(skin)) + len(keys_on(eye())) == n_keys
    assert len(guides_of(skin)) == 18


def test_a_linked_mesh_is_refused(addon: Any, head: Any, tmp_path: Path) -> None:
    thing = overridden(tmp_path / "library.blend", head)
    bpy.context.scene.emotalk.rig.character = thing

    with pytest.raises(RuntimeError, match=r"linked mesh.*'Head'. Make it local"):
        bpy.ops.emotalk.place_guides()


def test_a_face_that_has_all_of_them_is_refused(skin: Any) -> None:
    make()
    bpy.ops.emotalk.place_guides()

    with pytest.raises(RuntimeError, match="No new shape key is needed: 'Head'"):
        bpy.ops.emotalk.make_shape_keys()


def test_a_guide_that_is_missing_is_named(skin: Any) -> None:
    bpy.data.objects.remove(guides_of(skin)["nose_tip"])

    with pytest.raises(RuntimeError, match="A guide is missing: 'nose_tip'"):
        bpy.ops.emotalk.make_shape_keys()


def test_without_guides_the_button_is_off(skin: Any) -> None:
    bpy.ops.emotalk.remove_guides()

    assert not bpy.ops.emotalk.make_shape_keys.poll()
    assert not bpy.ops.emotalk.remove_guides.poll()


def test_guides_that_are_no_face_leave_the_scene_as_it_was(skin: Any, maker: Maker) -> None:
    from emotalk.emotalk_core.errors import InputError

    maker.error = InputError("No face has such guides", value="chin", remedy="Move it.")
    before = state()

    with pytest.raises(RuntimeError, match="No face has such guides: 'chin'"):
        bpy.ops.emotalk.make_shape_keys()

    assert state() == before
    assert keys_on(skin) == []


def test_shapes_of_another_size_are_written_nowhere(skin: Any, monkeypatch: Any) -> None:
    """What goes wrong at the second mesh leaves the first one alone."""
    from emotalk.emotalk_core.heads import new_shapes

    wrong = new_shapes.NewShapes(
        ({"jawOpen": np.zeros((42, 3))}, {"jawOpen": np.zeros((9, 3))}), ()
    )
    monkeypatch.setattr(new_shapes, "make_shapes", lambda *_, **_by_name: wrong)

    with pytest.raises(RuntimeError, match="Unexpected ValueError"):
        bpy.ops.emotalk.make_shape_keys()

    assert keys_on(skin) == []


def test_a_names_file_of_another_character_is_told_and_keys_are_made(
    skin: Any, tmp_path: Path
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    names = tmp_path / "names.json"
    row = {"object": "Ada", "key": "Wide", "sources": {"mouthStretchLeft": 1}}
    names.write_text(json.dumps({"emotalk_binding": 1, "label": "Ada", "driven": [row]}))
    bpy.context.scene.emotalk.rig.names_path = str(names)

    make()

    assert len(keys_on(skin)) == 53
    assert "The names file is of another character" in SESSION.new_keys[-1]


def test_in_a_window_it_is_made_in_the_background(skin: Any, screen: Screen) -> None:
    operator = in_window(screen, "make_shape_keys")

    assert to_its_end(operator, screen) == {"FINISHED"}

    assert operator.said == ["52 shape keys on Head, 2 on Eye", "The lips are shut"]
    assert is_quiet(screen)


def test_esc_leaves_the_scene_as_it_was(skin: Any, screen: Screen) -> None:
    before = state()
    operator = in_window(screen, "make_shape_keys")
    operator.modal(screen, event("ESC"))

    assert to_its_end(operator, screen) == {"CANCELLED"}

    assert state() == before
    assert keys_on(skin) == keys_on(eye()) == []
    assert is_quiet(screen)


def test_a_mesh_that_is_in_edit_mode_by_then_has_its_keys(skin: Any, screen: Screen) -> None:
    operator = in_window(screen, "make_shape_keys")
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="EDIT")

    assert to_its_end(operator, screen) == {"FINISHED"}

    assert skin.mode == "OBJECT"
    assert len(keys_on(skin)) == 53


def test_a_mesh_that_is_changed_meanwhile_is_named_and_none_gets_keys(
    skin: Any, screen: Screen
) -> None:
    operator = in_window(screen, "make_shape_keys")
    eye().data.vertices.add(1)

    assert to_its_end(operator, screen) == {"CANCELLED"}

    assert "A mesh was changed meanwhile: 'Eye'" in operator.said[0]
    assert keys_on(skin) == []

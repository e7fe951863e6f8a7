"""Guides on a face without shape keys: where they stand, and what the panel says of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Vector

from tests.addon.bare_heads import add_ball, guides_of, in_window
from tests.addon.layouts import Layout, buttons_of, context_of
from tests.addon.scenes import state
from tests.addon.windows import Screen, event, is_quiet, to_its_end


@pytest.fixture
def bare(no_face: None) -> Any:
    """A head without keys."""
    return add_ball("Ball", at=(3.0, 0.0, 0.0))


def place_of(thing: Any, name: str) -> np.ndarray:
    bpy.context.view_layer.update()
    return np.array(guides_of(thing)[name].matrix_world.translation)


def panel() -> Layout:
    layout = Layout()
    bpy.types.EMOTALK_PT_speech.draw(SimpleNamespace(layout=layout), context_of(400))
    return layout


def test_they_stand_in_the_middle_and_on_the_left(bare: Any) -> None:
    bpy.ops.emotalk.place_guides()

    there = guides_of(bare)
    assert len(there) == 18
    assert not [name for name in there if name.endswith(".R")]
    assert {empty.users_collection[0].name for empty in there.values()} == {"Face Guides"}
    assert all(empty.show_in_front for empty in there.values())
    assert bpy.context.object == there["mouth"]
    assert place_of(bare, "ear.L")[0] > place_of(bare, "mouth")[0]


def test_all_are_selected_so_that_the_view_can_be_moved_onto_the_face(bare: Any) -> None:
    bpy.ops.emotalk.place_guides()

    assert {*bpy.context.selected_objects} == {*guides_of(bare).values()}


def test_they_are_small_beside_the_head(bare: Any) -> None:
    bare.scale = (10.0, 10.0, 10.0)

    bpy.ops.emotalk.place_guides()

    shown = guides_of(bare)["mouth"]
    radius = shown.empty_display_size * shown.matrix_world.median_scale
    assert 0.005 < radius / 20.0 < 0.03


def test_where_the_face_is_found_they_stand_on_it(
    bare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.heads import guides
    from emotalk.emotalk_core.heads.guides import base_guides

    bare.location, bare.scale = (0.0, 5.0, 0.0), (2.0, 2.0, 2.0)
    found = base_guides()
    monkeypatch.setattr(guides, "guess_guides", lambda *_, **__: found)

    bpy.ops.emotalk.place_guides()

    np.testing.assert_allclose(place_of(bare, "nose_tip"), found["nose_tip"], rtol=1e-5)


@pytest.mark.parametrize("angle", [0.5, -2.0])
def test_a_face_is_looked_for_along_its_own_axes(
    bare: Any, monkeypatch: pytest.MonkeyPatch, angle: float
) -> None:
    """The core tries the world's; this head is turned, lies on import's side, and is mirrored."""
    from emotalk.addon.bridge.heads import guides

    bare.rotation_euler, bare.scale = (np.pi / 2, 0.0, angle), (-1.0, 2.0, 1.0)
    seen: list[np.ndarray] = []

    def find_first(meshes: Any, _up: Any, **_: Any) -> Any:
        seen.append(meshes[0].vertices)
        return dict(zip(("nose_tip", "mouth", "ear.L", "ear.R"), seen[0][:4], strict=True))

    monkeypatch.setattr(guides, "guess_guides", find_first)
    bpy.ops.emotalk.place_guides(symmetric=True)

    own = np.array([vertex.co for vertex in bare.data.vertices])
    laid = seen[0] - seen[0].mean(axis=0)
    for axis in np.eye(3):  # of the ball's own: along one of the world's again
        way = np.linalg.lstsq(own - own.mean(axis=0), laid, rcond=None)[0].T @ axis
        assert np.abs(way).max() / np.linalg.norm(way) > 1.0 - 1e-5
    first = bare.matrix_world @ bare.data.vertices[0].co
    np.testing.assert_allclose(place_of(bare, "nose_tip"), first, atol=1e-5)


def test_they_go_along_with_the_head_and_no_lines_hide_it(bare: Any) -> None:
    """Blender draws a line from every child to its parent's origin."""
    bpy.ops.emotalk.place_guides()
    before = bare.matrix_world.inverted() @ guides_of(bare)["mouth"].matrix_world.translation

    bare.location, bare.rotation_euler, bare.scale = (1.0, 2.0, 3.0), (0.1, 0.2, 0.3), (2.0,) * 3

    place = Vector(place_of(bare, "mouth"))
    after = bare.matrix_world.inverted() @ place
    np.testing.assert_allclose(after, before, atol=1e-5)
    assert not bare.children
    assert not any(empty.constraints[0].show_expanded for empty in guides_of(bare).values())


def test_the_right_ones_mirror_the_left_about_the_middle(bare: Any) -> None:
    """The head's origin is not in its middle."""
    bpy.ops.emotalk.place_guides()
    bpy.ops.emotalk.place_guides(symmetric=False)

    left, right = place_of(bare, "ear.L"), place_of(bare, "ear.R")
    middle = place_of(bare, "mouth")[0]
    assert len(guides_of(bare)) == 28
    np.testing.assert_allclose(right, [2 * middle - left[0], *left[1:]], atol=1e-5)

    bpy.ops.emotalk.place_guides(symmetric=True)
    assert len(guides_of(bare)) == 18


def test_a_face_that_looks_along_x_has_guides_on_both_sides(
    bare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.heads import guides
    from emotalk.emotalk_core.heads.guides import base_guides

    turned = {name: point[[2, 0, 1]] for name, point in base_guides().items()}
    monkeypatch.setattr(guides, "guess_guides", lambda *_, **__: turned)

    bpy.ops.emotalk.place_guides()

    assert len(guides_of(bare)) == 28


@pytest.mark.parametrize("sides", [1, 2])
def test_they_come_back_where_they_were(bare: Any, sides: int) -> None:
    bpy.ops.emotalk.place_guides(symmetric=sides == 1)
    guides_of(bare)["chin"].location = (3.0, -2.0, 0.125)
    bpy.context.view_layer.update()
    bpy.ops.emotalk.remove_guides()
    assert not guides_of(bare)
    assert "Face Guides" not in bpy.data.collections
    assert bpy.context.object == bare

    bpy.ops.emotalk.place_guides()

    np.testing.assert_allclose(place_of(bare, "chin"), (3.0, -2.0, 0.125), atol=1e-6)
    assert len(guides_of(bare)) == (18 if sides == 1 else 28)


def test_guess_anew_forgets_where_they_were(bare: Any) -> None:
    bpy.ops.emotalk.place_guides()
    was = place_of(bare, "chin")
    guides_of(bare)["chin"].location.z = 9.0

    bpy.ops.emotalk.place_guides(anew=True)

    np.testing.assert_allclose(place_of(bare, "chin"), was, atol=1e-6)


def test_one_that_was_deleted_comes_back(bare: Any) -> None:
    bpy.ops.emotalk.place_guides()
    was = place_of(bare, "chin")
    bpy.data.objects.remove(guides_of(bare)["chin"])

    bpy.ops.emotalk.place_guides()

    np.testing.assert_allclose(place_of(bare, "chin"), was, atol=1e-6)


def test_one_that_was_deleted_before_all_were_removed_comes_back(bare: Any) -> None:
    bpy.ops.emotalk.place_guides()
    bpy.data.objects.remove(guides_of(bare)["chin"])
    bpy.ops.emotalk.remove_guides()

    bpy.ops.emotalk.place_guides()

    assert len(guides_of(bare)) == 18


def test_a_collection_with_somebody_elses_things_stays(bare: Any) -> None:
    bpy.ops.emotalk.place_guides()
    bpy.data.collections["Face Guides"].objects.link(bare)

    bpy.ops.emotalk.remove_guides()

    assert "Face Guides" in bpy.data.collections


def test_guides_keep_nobody_from_finding_eyes_beside_a_loose_head(bare: Any) -> None:
    """What hangs on a head makes it no group."""
    from emotalk.addon.bridge.heads import parts

    collection = bpy.data.collections.new("Head")
    bpy.context.scene.collection.children.link(collection)
    eye = add_ball("Eye", at=(3.2, -0.8, 0.2), radius=0.2)
    for thing in (bare, eye):
        bpy.context.scene.collection.objects.unlink(thing)
        collection.objects.link(thing)
    bpy.context.view_layer.objects.active = bare

    bpy.ops.emotalk.place_guides()

    assert [part.name for part in parts.measured_head(bare)] == ["Ball", "Eye"]


def test_a_posed_face_is_told(bare: Any) -> None:
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    bare.vertex_groups.new(name="Bone").add(range(len(bare.data.vertices)), 1.0, "REPLACE")
    bare.modifiers.new("Rig", "ARMATURE").object = rig
    bpy.context.view_layer.objects.active = bare
    from emotalk.addon.bridge.heads import guides

    bpy.ops.emotalk.place_guides()
    places = guides.there(bare)
    assert not guides.is_posed(bare, places)

    rig.pose.bones[0].rotation_mode = "XYZ"
    rig.pose.bones[0].rotation_euler.x = 0.5
    bpy.context.view_layer.update()
    assert guides.is_posed(bare, places)


def test_the_panel_offers_it_where_nothing_can_speak(bare: Any, head: Any) -> None:
    panel_buttons = buttons_of(bpy.types.EMOTALK_PT_speech)
    assert "emotalk.place_guides" not in panel_buttons  # Head is active, and can speak

    bpy.context.view_layer.objects.active = bare

    layout = panel()
    assert "emotalk.place_guides" in layout.buttons
    assert "Make Shape Keys..." in layout.texts


def test_the_panel_leads_from_guide_to_guide(bare: Any) -> None:
    bpy.ops.emotalk.place_guides()

    layout = panel()

    text = " ".join(layout.labels)
    assert "Move guides that are not where they belong" in text
    assert "mouth: middle of the line where the lips meet" in text
    there = [name.removeprefix("emotalk.") for name in layout.buttons]
    assert {"make_shape_keys", "place_guides", "remove_guides"} <= {*there}
    assert "Symmetric" in layout.depressed
    bpy.context.view_layer.objects.active = bare
    assert "Select one to see what it stands for" in panel().labels


def test_an_armature_of_many_meshes_asks_which_is_the_face(bare: Any) -> None:
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    for thing in (bare, add_ball("Body")):
        thing.parent = rig
    bpy.context.view_layer.objects.active = rig
    bpy.context.scene.emotalk.rig.character = rig
    assert not bpy.ops.emotalk.place_guides.poll()
    assert "A face without shape keys? Select its mesh to make some" in " ".join(panel().labels)

    bpy.context.view_layer.objects.active = bare
    bpy.ops.emotalk.place_guides()

    assert guides_of(bare)


def test_a_rig_that_turns_its_head_alone_is_offered_keys(bare: Any) -> None:
    """Its bones were found; a face it has none."""
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    rig.data.bones[0].name = "Head"
    for thing in (bare, add_ball("Body")):
        thing.parent = rig
    bpy.context.scene.emotalk.rig.character = rig
    bpy.ops.emotalk.find_rig()
    bpy.context.view_layer.objects.active = bare

    layout = panel()

    assert "emotalk.place_guides" in layout.buttons
    assert "no mouth" in " ".join(layout.labels)
    assert "ERROR" in layout.icons


def test_a_guide_that_was_deleted_is_put_back_and_the_others_stay(bare: Any) -> None:
    bpy.ops.emotalk.place_guides()
    before = place_of(bare, "ear.L")
    assert "Place Missing Guides" not in panel().texts
    guides_of(bare)["chin"].location.x += 0.5
    bpy.data.objects.remove(guides_of(bare)["ear.L"])
    moved = place_of(bare, "chin")

    assert "Place Missing Guides" in panel().texts
    bpy.ops.emotalk.place_guides()

    assert len(guides_of(bare)) == 18
    np.testing.assert_allclose(place_of(bare, "ear.L"), before, atol=1e-6)
    np.testing.assert_allclose(place_of(bare, "chin"), moved, atol=1e-6)


def test_a_mesh_that_cannot_get_keys_gets_no_guides(bare: Any) -> None:
    bare.modifiers.new("Half", "MIRROR")
    before = state()

    with pytest.raises(RuntimeError, match=r"Mirror modifier.*'Ball'. Apply it first"):
        bpy.ops.emotalk.place_guides()

    assert state() == before


def test_in_a_window_the_face_is_looked_for_in_the_background(bare: Any, screen: Screen) -> None:
    operator = in_window(screen, "place_guides", anew=False)

    assert to_its_end(operator, screen) == {"FINISHED"}

    assert len(guides_of(bare)) == 18
    assert operator.said[1] == "No face was found: move every guide to where it belongs"
    assert is_quiet(screen)


def test_esc_while_it_is_looked_for_leaves_the_scene_as_it_was(
    bare: Any, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.heads import guides

    def find_slowly(*_: Any, progress: Any) -> Any:
        while True:  # until it is stopped
            progress(0.3, "Looking for the face")

    monkeypatch.setattr(guides, "guess_guides", find_slowly)
    before = state()
    operator = in_window(screen, "place_guides", anew=False)
    operator.modal(screen, event("ESC"))

    assert to_its_end(operator, screen) == {"CANCELLED"}

    assert state() == before
    assert "Face Guides" not in bpy.data.collections
    assert is_quiet(screen)


def test_a_head_that_goes_meanwhile_is_named(bare: Any, screen: Screen) -> None:
    operator = in_window(screen, "place_guides", anew=False)
    bpy.data.objects.remove(bare)

    assert to_its_end(operator, screen) == {"CANCELLED"}

    assert "A mesh was deleted meanwhile: 'Ball'" in operator.said[0]


def test_a_face_of_bones_is_offered_none(bare: Any) -> None:
    group = bpy.context.scene.emotalk.rig
    group.character, group.notes = bare, "2 poses: ARKit"

    assert "emotalk.place_guides" not in panel().buttons


def test_the_head_is_chosen_in_place_of_who_was(bare: Any, head: Any) -> None:
    group = bpy.context.scene.emotalk.rig
    bpy.ops.emotalk.find_rig()
    assert group.character == head
    group.character, bpy.context.view_layer.objects.active = None, bare

    bpy.ops.emotalk.place_guides()

    assert group.character == bare
    assert len(group.targets) == 0


def test_a_bare_head_can_be_chosen_and_no_guide(bare: Any) -> None:
    from emotalk.addon.rig_properties import _may_speak

    bpy.ops.emotalk.place_guides()

    assert _may_speak(None, bare)
    assert not _may_speak(None, guides_of(bare)["mouth"])

"""Add Demo Character: it stands where it can be seen, and the user's things stay where they are."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import bpy
import pytest
from mathutils import Vector


def add(*, at: tuple[float, float, float] = (0.0, 0.0, 0.0), size: Any = (2.0, 2.0, 2.0)) -> Any:
    bpy.ops.mesh.primitive_cube_add(size=1.0, location=at, scale=size)
    return bpy.context.object


def first_hit(source: Any, target: Any) -> str:
    """The first object on the straight line from one place to another."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    way = target - source
    scene = bpy.context.scene
    hit = scene.ray_cast(graph, source, way.normalized(), distance=way.length)
    return hit[4].name if hit[0] else ""


def face() -> Any:
    """The middle of the newest character's face."""
    return bpy.context.scene.emotalk.rig.character.location + Vector((0.0, 0.0, 0.318))


def test_in_the_factory_scene_nothing_stands_before_face_camera_and_light(
    addon: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=False)
    scene, things = bpy.context.scene, bpy.data.objects
    before = {thing.name: thing.matrix_world.copy() for thing in scene.objects}

    bpy.ops.emotalk.add_demo_character()

    assert scene.camera == things["Camera"]
    assert {name: things[name].matrix_world for name in before} == before
    for eye in ("Camera", "Wren Camera", "Wren Key"):
        assert first_hit(things[eye].location, face()).startswith("Wren")
    assert "beside what stands at the origin: make Wren Camera the active" in capfd.readouterr().out


def test_in_an_empty_scene_it_stands_at_the_origin_before_its_own_camera(
    addon: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.emotalk.add_demo_character()

    assert bpy.context.scene.camera == bpy.data.objects["Wren Camera"]
    assert tuple(bpy.context.scene.emotalk.rig.character.location) == (0.0, 0.0, 0.0)
    assert "Added the demo character: Wren Camera is the scene's" in capfd.readouterr().out


def test_a_second_one_stands_beside_the_first(addon: ModuleType) -> None:
    bpy.ops.emotalk.add_demo_character()
    first = bpy.context.scene.emotalk.rig.character

    bpy.ops.emotalk.add_demo_character()

    second = bpy.context.scene.emotalk.rig.character
    assert second.location.x - first.location.x > 0.5


def test_all_that_stands_in_a_row_is_passed(addon: ModuleType) -> None:
    for x in (0.0, 2.5, 5.0):
        add(at=(x, 0.0, 0.0))

    bpy.ops.emotalk.add_demo_character()

    assert bpy.context.scene.emotalk.rig.character.location.x > 6.0


@pytest.mark.parametrize(
    ("at", "size"),
    [
        pytest.param((0.0, 0.0, 0.0), (8.0, 8.0, 0.0), id="floor"),
        pytest.param((0.0, 0.0, 1.4), (6.0, 6.0, 2.8), id="room"),
        pytest.param((0.0, 0.0, 0.0), (900.0, 900.0, 900.0), id="sky"),
        pytest.param((0.0, 4.0, 0.0), (2.0, 2.0, 2.0), id="behind"),
    ],
)
def test_what_hides_nothing_moves_nothing(addon: ModuleType, at: Any, size: Any) -> None:
    add(at=at, size=size)

    bpy.ops.emotalk.add_demo_character()

    assert bpy.context.scene.emotalk.rig.character.location.x == 0.0


def test_what_is_hidden_is_no_obstacle(addon: ModuleType) -> None:
    add().hide_set(state=True)

    bpy.ops.emotalk.add_demo_character()

    assert bpy.context.scene.emotalk.rig.character.location.x == 0.0


def test_it_is_what_is_selected_then(addon: ModuleType) -> None:
    cube = add()

    bpy.ops.emotalk.add_demo_character()

    root = bpy.context.scene.emotalk.rig.character
    assert bpy.context.view_layer.objects.active == root
    assert [*bpy.context.selected_objects] == [root]
    assert not cube.select_get()


def test_from_edit_mode_it_is_added_in_object_mode(addon: ModuleType) -> None:
    cube = add()
    bpy.ops.object.mode_set(mode="EDIT")

    bpy.ops.emotalk.add_demo_character()

    assert (bpy.context.mode, cube.mode) == ("OBJECT", "OBJECT")
    assert len(bpy.context.scene.emotalk.rig.character.data.bones) == 5


def views() -> list[Any]:
    screens = bpy.data.screens
    areas = [area for screen in screens for area in screen.areas if area.type == "VIEW_3D"]
    return [area.spaces[0] for area in areas]


@pytest.mark.parametrize("through", ["PERSP", "CAMERA"])
def test_the_view_turns_to_it_but_not_where_it_looks_through_a_camera(
    addon: ModuleType, through: str
) -> None:
    from emotalk.addon.demo import view

    bpy.ops.wm.read_factory_settings(use_empty=False)
    bpy.ops.emotalk.add_demo_character()
    space = views()[0]
    space.region_3d.view_perspective = through
    before = space.region_3d.view_location.copy(), space.region_3d.view_distance

    bpy.context.view_layer.update()
    view.frame(space, space.region_3d, bpy.context.object)

    now, distance = space.region_3d.view_location, space.region_3d.view_distance
    if through == "CAMERA":
        assert (now, distance) == before
    else:
        assert (now - face()).length < 0.3
        assert 0.5 < distance < 2.0
        assert (space.region_3d.view_rotation @ Vector((0.0, 0.0, 1.0))).y < -0.8  # from her front

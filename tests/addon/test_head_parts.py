"""How a head's meshes are measured: in the world, at rest, without those of others."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.bare_heads import UP, Maker, add_ball, guides_of, keys_on, moved_by


def eye() -> Any:
    return bpy.data.objects["Eye"]


def make() -> None:
    assert bpy.ops.emotalk.make_shape_keys() == {"FINISHED"}


def test_right_guides_mirror_the_left_and_all_are_on_the_skin(skin: Any, maker: Maker) -> None:
    guides_of(skin)["nose_tip"].location = (0.0, -7.0, 0.0)  # in the air

    make()

    there = maker.guides
    assert len(there) == 28
    np.testing.assert_allclose(there["ear.R"], there["ear.L"] * (-1, 1, 1), atol=1e-5)
    np.testing.assert_allclose(there["nose_tip"], (0.0, -1.0, 0.0), atol=1e-5)


def test_meshes_are_measured_in_the_world_and_keys_written_in_their_own(
    skin: Any, maker: Maker
) -> None:
    skin.location, skin.scale = (1.0, 2.0, 3.0), (2.0, 2.0, 0.5)
    skin.rotation_euler.x = np.pi / 2

    make()

    there, world = maker.meshes[0].vertices, skin.matrix_world
    expected = np.array([world @ vertex.co for vertex in skin.data.vertices])
    np.testing.assert_allclose(there, expected, atol=1e-5)
    turned = np.array(world.to_3x3()) @ moved_by(skin, "jawOpen").T
    np.testing.assert_allclose(turned.T, np.tile(UP, (42, 1)), atol=1e-5)


def volume(mesh: Any) -> float:
    """Above 0 where the faces look outwards."""
    faces = np.concatenate([mesh.faces[:, :3], mesh.faces[mesh.faces[:, 3] >= 0][:, [0, 2, 3]]])
    a, b, c = (mesh.vertices[faces[:, i]] - mesh.vertices.mean(axis=0) for i in range(3))
    return float((np.cross(a, b) * c).sum() / 6.0)


@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_faces_look_outwards_under_a_negative_scale_too(
    skin: Any, maker: Maker, scale: float
) -> None:
    skin.scale.x = scale

    make()

    assert [volume(mesh) > 0.0 for mesh in maker.meshes] == [True, True]
    assert maker.meshes[0].faces.shape == (48, 4)


def test_a_face_of_many_corners_is_measured_as_triangles(maker: Maker) -> None:
    head = add_ball("Head")
    mesh = bpy.data.meshes.new("Five")
    mesh.from_pydata([(0, 0, 0), (2, 0, 0), (3, 1, 0), (1, 3, 0), (-1, 1, 0)], [], [range(5)])
    head.data = mesh
    bpy.ops.emotalk.place_guides()
    from emotalk.addon.bridge.heads import parts

    faces = parts.measured(head).mesh.faces

    assert faces.shape == (3, 4)
    assert (faces[:, 3] == -1).all()
    assert {*faces[:, :3].ravel().tolist()} == {0, 1, 2, 3, 4}


def test_an_eye_on_a_bone_is_measured_where_it_is_at_rest(skin: Any, maker: Maker) -> None:
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    skin.parent = rig
    eye().parent, eye().parent_type, eye().parent_bone = rig, "BONE", "Bone"
    bpy.context.view_layer.update()
    rest = np.array([eye().matrix_world @ vertex.co for vertex in eye().data.vertices])
    rig.pose.bones[0].location = (0.0, 0.1, 0.0)
    rig.pose.bones[0].rotation_quaternion = (0.9, 0.1, 0.0, 0.0)
    bpy.context.scene.emotalk.rig.character = skin
    bpy.context.view_layer.objects.active = skin

    make()

    np.testing.assert_allclose(maker.meshes[1].vertices, rest, atol=1e-5)


def test_a_modifier_that_bends_changes_nothing_that_is_measured(skin: Any, maker: Maker) -> None:
    skin.modifiers.new("Smooth", "SUBSURF")
    skin.modifiers.new("Bend", "SIMPLE_DEFORM").angle = 1.0

    make()

    assert len(maker.meshes[0].vertices) == 42
    np.testing.assert_allclose(np.linalg.norm(maker.meshes[0].vertices, axis=1), 1.0, atol=1e-5)


def test_what_is_anothers_or_never_rendered_is_left_alone(skin: Any, maker: Maker) -> None:
    spare, beside = add_ball("Spare"), add_ball("Beside", at=(9.0, 0.0, 0.0))
    hidden, anothers = add_ball("Hidden"), add_ball("Anothers")
    for thing in (spare, beside, hidden, anothers):
        thing.parent = skin
    spare.hide_render = True
    hidden.hide_set(state=True)
    anothers.modifiers.new("Rig", "ARMATURE").object = bpy.data.objects.new(
        "Rig", bpy.data.armatures.new("Rig")
    )
    bpy.context.scene.collection.objects.link(bpy.data.objects["Rig"])
    bpy.context.view_layer.objects.active = skin

    make()

    assert len(maker.meshes) == 3  # Head, Eye, Hidden
    assert [keys_on(thing) for thing in (spare, beside, anothers)] == [[], [], []]


def test_a_scale_of_nothing_is_refused(skin: Any, maker: Maker) -> None:
    eye().scale.z = 0.0
    make()
    assert len(maker.meshes) == 1  # nobody sees the eye

    head = add_ball("Flat")
    head.scale.y = 0.0
    bpy.context.scene.emotalk.rig.character = head
    with pytest.raises(RuntimeError, match="scaled to nothing: 'Flat'"):
        bpy.ops.emotalk.place_guides()


@pytest.mark.parametrize("names", [("eye.L", "eye.R"), ("eye.L", "hand.R")])
def test_eyes_that_bones_turn_are_left_to_them(
    skin: Any, maker: Maker, names: tuple[str, str]
) -> None:
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    for name in names:
        bone = rig.data.edit_bones.new(name)
        bone.tail = (0.0, -1.0, 0.0)
    bpy.ops.object.mode_set(mode="OBJECT")
    skin.modifiers.new("Armature", "ARMATURE").object = rig
    bpy.context.view_layer.objects.active = skin

    make()

    assert maker.turn_eyes is (names[1] != "eye.R")


def test_a_vertex_that_is_nowhere_is_named(no_face: None) -> None:
    head = add_ball("Head")
    head.data.vertices[3].co.x = float("nan")

    with pytest.raises(RuntimeError, match="A vertex is nowhere"):
        bpy.ops.emotalk.place_guides()


def test_loose_vertices_are_no_part_of_a_rough_head(no_face: None) -> None:
    from emotalk.addon.bridge.heads.parts import measured
    from emotalk.addon.bridge.heads.rough import rough_guides

    mesh = measured(add_ball("Head")).mesh
    loose = type(mesh)(np.concatenate([mesh.vertices, [[100.0, 0.0, 50.0]]]), mesh.faces)
    expected, found = rough_guides(mesh), rough_guides(loose)

    for name, place in expected.items():
        np.testing.assert_allclose(found[name], place)

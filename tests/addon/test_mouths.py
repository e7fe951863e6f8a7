"""Drawn mouths: a number of an object that switches drawings follows the sound."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.layouts import buttons_of

PROPERTY = '["mouth"]'


@pytest.fixture
def puppet(ready: Any) -> Any:
    """An active object with a number."""
    thing = bpy.data.objects.new("Puppet", None)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    thing["mouth"] = 0
    return thing


def keys_of(block: Any, path: str) -> list[tuple[float, float, str]]:
    """Frame, value and interpolation of each key."""
    from emotalk.addon.bridge.compat import fcurves_of

    points = fcurves_of(block).find(path).keyframe_points
    return [(*point.co, point.interpolation) for point in points]


def test_a_number_says_which_mouth_is_shown(
    ready: Any, puppet: Any, fake_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.emotalk_core import arkit

    def wide(_engine: Any, encoding: Any, _controls: Any) -> np.ndarray:
        faces = np.zeros((encoding.n_frames, arkit.N_CHANNELS), np.float32)
        faces[30:60, arkit.index("jawOpen")] = 1.0  # the second second
        return faces

    monkeypatch.setattr(type(fake_engine), "decode", wide)

    assert bpy.ops.emotalk.key_mouths(switch=PROPERTY, first=10) == {"FINISHED"}

    keys = keys_of(puppet, PROPERTY)
    assert keys[0][:2] == (5.0, 17.0)  # X at the sound's first frame
    assert keys[-1][:2] == (77.0, 17.0)  # and at its end, 3 s later
    assert {manner for *_, manner in keys} == {"CONSTANT"}
    wide_from = next(frame for frame, value, _ in keys if value == 13.0)  # D
    assert wide_from == pytest.approx(5 + 24, abs=3)
    assert not ready.takes


def test_the_order_says_which_number_a_mouth_has(ready: Any, puppet: Any) -> None:
    bpy.ops.emotalk.key_mouths(switch=PROPERTY, order="XABCDEFGH", first=0)

    assert keys_of(puppet, PROPERTY)[0][1] == 0.0


def test_keys_beside_the_sound_stay(ready: Any, puppet: Any) -> None:
    for frame in (1, 30, 200):
        puppet.keyframe_insert(PROPERTY, frame=frame)

    bpy.ops.emotalk.key_mouths(switch=PROPERTY)
    once = keys_of(puppet, PROPERTY)
    bpy.ops.emotalk.key_mouths(switch=PROPERTY)

    assert keys_of(puppet, PROPERTY) == once
    assert [once[0][:2], once[-1][:2]] == [(1.0, 0.0), (200.0, 0.0)]
    assert {value for frame, value, _ in once if 5 <= frame <= 77} <= {*range(1, 9)}


def test_an_order_that_lacks_a_mouth_is_told(ready: Any, puppet: Any) -> None:
    with pytest.raises(RuntimeError, match="must name each mouth once: 'ABC'"):
        bpy.ops.emotalk.key_mouths(switch=PROPERTY, order="ABC")

    assert puppet.animation_data is None


def test_a_number_with_a_driver_is_left_alone(ready: Any, puppet: Any) -> None:
    puppet.driver_add(PROPERTY)

    with pytest.raises(RuntimeError, match="A driver has it"):
        bpy.ops.emotalk.key_mouths(switch=PROPERTY)

    assert puppet.animation_data.action is None


def test_who_switches_nothing_is_told(ready: Any, head: Any) -> None:
    assert not bpy.ops.emotalk.key_mouths.poll()


def make_card(*materials: str) -> tuple[Any, list[Any]]:
    """An active plane with a sequence of pictures in each of its materials, and their nodes."""
    mesh = bpy.data.meshes.new("Card")
    mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [], [(0, 1, 2, 3)])
    card = bpy.data.objects.new("Card", mesh)
    bpy.context.scene.collection.objects.link(card)
    bpy.context.view_layer.objects.active = card
    return card, [_add_sequence(mesh, name) for name in materials]


def _add_sequence(mesh: Any, name: str) -> Any:
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # before Blender 5.0
        material.use_nodes = True
    mesh.materials.append(material)
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.new(f"{name}_001.png", 4, 4)
    node.image.source = "SEQUENCE"
    return node


def place_of(node: Any, slot: int = 0) -> str:
    """Which switch it is."""
    path = f'nodes["{node.name}"].image_user.frame_offset'
    return f"material_slots[{slot}].material.node_tree.{path}"


def picture_at(node: Any, frame: int) -> int:
    """The number of the picture that Blender shows (its `BKE_image_user_frame_get`)."""
    user = node.image_user
    assert user.frame_duration > 0
    assert not user.use_cyclic
    return min(max(frame - user.frame_start + 1, 0), user.frame_duration) + user.frame_offset


def test_image_sequences_show_the_picture_of_the_number(ready: Any) -> None:
    _card, (node,) = make_card("Mouth")

    bpy.ops.emotalk.key_mouths(switch=place_of(node))

    keys = keys_of(node.id_data, 'nodes["Image Texture"].image_user.frame_offset')
    for frame, number, _ in keys:
        bpy.context.scene.frame_set(int(frame))
        assert picture_at(node, int(frame)) == number
    assert {number for _, number, _ in keys} <= {*range(1, 9)}


def test_each_of_two_materials_can_be_chosen(ready: Any) -> None:
    _card, (eyes, mouth) = make_card("Eyes", "Mouth")

    bpy.ops.emotalk.key_mouths(switch=place_of(mouth, 1))

    assert mouth.id_data.animation_data is not None
    assert eyes.id_data.animation_data is None


def test_keys_beside_the_sound_keep_their_handles(ready: Any, puppet: Any) -> None:
    from emotalk.addon.bridge.compat import fcurves_of

    for frame in (-20, 1, 30, 200):
        puppet.keyframe_insert(PROPERTY, frame=frame)
    curve = fcurves_of(puppet).find(PROPERTY)
    curve.keyframe_points[0].interpolation = "BEZIER"
    curve.keyframe_points[0].handle_right_type = "FREE"
    curve.keyframe_points[0].handle_right = (-15.0, 3.0)

    bpy.ops.emotalk.key_mouths(switch=PROPERTY)

    first = fcurves_of(puppet).find(PROPERTY).keyframe_points[0]
    assert (*first.co, *first.handle_right) == (-20.0, 0.0, -15.0, 3.0)


def test_a_locked_curve_is_left_alone(ready: Any, puppet: Any) -> None:
    from emotalk.addon.bridge.compat import fcurves_of

    puppet.keyframe_insert(PROPERTY, frame=30)
    fcurves_of(puppet).find(PROPERTY).lock = True

    with pytest.raises(RuntimeError, match="No keys can be set: 'Property: mouth'"):
        bpy.ops.emotalk.key_mouths(switch=PROPERTY)

    assert [key[0] for key in keys_of(puppet, PROPERTY)] == [30.0]


def test_grease_pencil_shows_the_mouths_frames(ready: Any) -> None:
    if bpy.app.version < (4, 3):
        bpy.ops.object.gpencil_add(type="EMPTY")
        thing, kind = bpy.context.object, "grease_pencil_modifiers"
        modifier = thing.grease_pencil_modifiers.new("Offset", "GP_TIME")
    else:
        bpy.ops.object.grease_pencil_add(type="EMPTY")
        thing, kind = bpy.context.object, "modifiers"
        modifier = thing.modifiers.new("Offset", "GREASE_PENCIL_TIME")
    path = f'{kind}["Offset"].offset'

    bpy.ops.emotalk.key_mouths(switch=path)

    assert modifier.mode == "FIX"
    assert {value for _, value, _ in keys_of(thing, path)} <= {*range(1, 9)}
    bpy.context.scene.frame_set(5)
    assert modifier.offset == 8


def test_of_grease_pencil_the_one_button_is_that_of_drawn_mouths(ready: Any, head: Any) -> None:
    assert "emotalk.animate" in buttons_of(bpy.types.EMOTALK_PT_speech)
    if bpy.app.version < (4, 3):
        bpy.ops.object.gpencil_add(type="EMPTY")
    else:
        bpy.ops.object.grease_pencil_add(type="EMPTY")
    ready.rig.character = None
    buttons = buttons_of(bpy.types.EMOTALK_PT_speech)
    ready.rig.character = head

    assert "emotalk.key_mouths" in buttons
    assert "emotalk.animate" not in buttons
    assert "emotalk.animate" in buttons_of(bpy.types.EMOTALK_PT_speech)

"""What is told of a rig: what moves nothing, and what is missing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy

from tests.addon.layouts import Layout, context_of
from tests.addon.scenes import fcurves, make_head, put_bones_under


def name_bone(armature: Any, name: str) -> None:
    armature.data.bones[0].name = name


def test_a_face_whose_mouth_nobody_knows_is_told_and_its_head_turns(ready: Any) -> None:
    face = make_head("Face", ("Smile_big", "Ah", "Oh"))
    ready.rig.character = face
    armature = put_bones_under(face)

    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()

    assert ready.rig.notes.startswith("Nothing moves the mouth")
    assert ready.rig.n_missing == 52
    assert "Nothing moves the mouth" in ready.takes[0].warnings
    assert fcurves(armature)


def test_a_face_of_lids_alone_is_told(ready: Any) -> None:
    ready.rig.character = make_head("Lids", ("eyeBlinkLeft", "eyeBlinkRight"))

    bpy.ops.emotalk.animate()

    assert "Nothing moves the mouth" in ready.takes[0].warnings


def test_of_a_jaw_bone_it_is_told_that_lips_form_no_sounds(ready: Any) -> None:
    face = make_head("Lids", ("eyeBlinkLeft", "eyeBlinkRight"))
    name_bone(put_bones_under(face), "jaw")
    ready.rig.character = face

    bpy.ops.emotalk.find_rig()

    assert ready.rig.notes.startswith("Bones alone move the mouth")
    assert "jawOpen" not in ready.rig.missing.split(", ")
    assert "mouthPucker" in ready.rig.missing.split(", ")


def test_a_whole_face_is_told_nothing(ready: Any, head: Any) -> None:
    put_bones_under(head)

    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()

    assert (ready.rig.notes, ready.rig.missing, ready.takes[0].warnings) == ("", "", "")


def test_a_matrix_that_moves_nothing_is_told(ready: Any, head: Any, tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.csv"
    matrix.write_text("channel,Exp1,Exp2\njawOpen,1.0,-0.5\n")
    ready.rig.matrix_path = str(matrix)

    bpy.ops.emotalk.animate()

    assert "FLAME matrix moves nothing" in ready.takes[0].warnings


def test_a_mesh_that_came_after_the_list_is_told_until_it_is_listed(ready: Any, head: Any) -> None:
    lashes = make_head("Lashes", ("eyeBlinkLeft",))
    lashes.parent = head
    bpy.ops.emotalk.find_rig()
    ready.rig.targets["Lashes"].use = False
    for name, keys in (("Beard", ("jawOpen",)), ("Shoes", ("Heel",))):
        make_head(name, keys).parent = head

    bpy.ops.emotalk.animate()

    told = "Beard: not in the list of panel Rig. Find Face Meshes adds it"
    assert ready.takes[0].warnings == told
    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()
    assert ready.takes[0].warnings == ""
    assert fcurves(bpy.data.objects["Beard"].data.shape_keys)


def test_keys_that_all_end_alike_speak(ready: Any) -> None:
    face = make_head("Face", ("jawOpen.001", "mouthFunnel.001", "jawOpen_mouthFunnel.001"))
    ready.rig.character = face

    bpy.ops.emotalk.animate()

    moved = {path.split('"')[1] for path, _index in fcurves(face.data.shape_keys)}
    assert moved == {"jawOpen.001", "mouthFunnel.001"}


def labels_of_panel() -> list[str]:
    layout = Layout()
    bpy.types.EMOTALK_PT_speech.draw(SimpleNamespace(layout=layout), context_of(2000))
    return layout.labels


def test_keys_that_changed_since_they_were_counted_are_told(ready: Any, head: Any) -> None:
    told = "Shape keys have changed since: Find Face Meshes counts them again"
    bpy.ops.emotalk.find_rig()
    shown = [told in labels_of_panel()]
    head.shape_key_remove(head.data.shape_keys.key_blocks["jawOpen"])
    shown.append(told in labels_of_panel())
    bpy.ops.emotalk.find_rig()
    shown.append(told in labels_of_panel())
    head.data.shape_keys.key_blocks["mouthClose"].name = "mine"
    shown.append(told in labels_of_panel())

    assert shown == [False, True, False, True]
    assert "1 mesh, 51 of 52 channels" in labels_of_panel()


def test_keys_that_hold_no_change_are_told(ready: Any, head: Any) -> None:
    head.data.shape_keys.key_blocks["jawOpen"].data[0].co.z = 0.0

    bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()

    told = "Head: 1 shape key moves nothing, jawOpen"
    assert ready.rig.notes.startswith(told)
    assert told in ready.takes[0].warnings


def test_the_key_of_a_silent_mouth_may_hold_no_change(ready: Any) -> None:
    names = ("viseme_sil", "viseme_aa", "viseme_PP", "viseme_E", "viseme_U", "viseme_FF")
    face = make_head("Face", names)
    face.data.shape_keys.key_blocks["viseme_sil"].data[0].co.z = 0.0
    ready.rig.character = face

    bpy.ops.emotalk.find_rig()

    assert "moves nothing" not in ready.rig.notes


def test_keys_of_teeth_that_hold_no_change_are_not_told_where_the_face_moves(
    ready: Any, head: Any
) -> None:
    teeth = make_head("Teeth", ("jawOpen", "mouthPucker"))
    teeth.parent = head
    for thing, key in ((teeth, "jawOpen"), (teeth, "mouthPucker"), (head, "mouthPucker")):
        thing.data.shape_keys.key_blocks[key].data[0].co.z = 0.0

    bpy.ops.emotalk.find_rig()

    told = [line for line in ready.rig.notes.split("\n") if "moves nothing" in line]
    assert sorted(told) == [
        f"{name}: 1 shape key moves nothing, mouthPucker" for name in ("Head", "Teeth")
    ]

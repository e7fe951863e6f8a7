"""Who belongs to a character, and who only stands beside it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import bpy
import pytest

from tests.addon.scenes import fcurves, keys_of, make_head, put_bones_under


def together(*objects: Any) -> None:
    """Put objects into one collection."""
    collection = bpy.data.collections.new("Cast")
    bpy.context.scene.collection.children.link(collection)
    for thing in objects:
        bpy.context.scene.collection.objects.unlink(thing)
        collection.objects.link(thing)
    bpy.context.view_layer.update()


def teeth(name: str, x: float = 0.2) -> Any:
    """A small mesh within a head that stands at `x` - 0.2."""
    made = make_head(name, ("jawOpen", "jawLeft"))
    made.location.x, made.scale = x, (0.1, 0.1, 0.1)
    return made


def rigged(name: str) -> tuple[Any, Any]:
    """A head below an armature of its own."""
    bpy.ops.object.armature_add()
    armature, head = bpy.context.object, make_head(name)
    head.parent = armature
    return armature, head


def names_of(thing: Any) -> set[str]:
    """Names of the meshes of a character."""
    from emotalk.addon.bridge.characters import character_meshes

    return {mesh.name for mesh in character_meshes(thing)}


def test_loose_heads_of_one_collection_are_two_characters(addon: ModuleType) -> None:
    ada, bob = make_head("Ada"), make_head("Bob")
    bob.location.x = 5
    together(ada, bob, teeth("Ada teeth"), teeth("Bob teeth", 5.2))

    assert names_of(ada) == {"Ada", "Ada teeth"}
    assert names_of(bob) == {"Bob", "Bob teeth"}


def test_a_loose_part_with_all_keys_within_the_head_belongs_to_it(addon: ModuleType) -> None:
    head, tongue = make_head(), make_head("Tongue")
    tongue.scale = (0.2, 0.2, 0.2)
    together(head, tongue)

    assert names_of(head) == {"Head", "Tongue"}


def test_what_lies_within_a_head_belongs_to_it_without_a_collection(addon: ModuleType) -> None:
    head, bob = make_head(), make_head("Bob")
    bob.location.x = 5
    teeth("Teeth"), teeth("Bob teeth", 5.2)
    make_head("Copy")
    bpy.context.view_layer.update()

    assert names_of(head) == {"Head", "Teeth"}
    assert names_of(bob) == {"Bob", "Bob teeth"}


def test_two_rigs_in_one_car_are_two_characters(addon: ModuleType) -> None:
    car = bpy.data.objects.new("Car", None)
    bpy.context.scene.collection.objects.link(car)
    for name in ("Ada", "Bob"):
        armature, _head = rigged(name)
        armature.name, armature.parent = f"{name} Rig", car
        teeth(f"{name} teeth").parent = armature

    for name in ("Ada", "Bob"):
        for thing in (name, f"{name} Rig", f"{name} teeth"):
            assert names_of(bpy.data.objects[thing]) == {name, f"{name} teeth"}
    assert len(names_of(car)) == 4


def test_a_loose_head_leaves_a_rigged_one_alone(addon: ModuleType) -> None:
    ada, (_armature, bob) = make_head("Ada"), rigged("Bob")
    together(ada, bob)

    assert names_of(ada) == {"Ada"}


def test_teeth_of_a_second_armature_belong_to_the_face(addon: ModuleType) -> None:
    (armature, _head), (other, _) = rigged("Ada"), (None, None)
    bpy.ops.object.armature_add()
    other = bpy.context.object
    other.parent = armature
    teeth("Ada teeth").parent = other

    assert names_of(armature) == {"Ada", "Ada teeth"}


def test_a_list_made_for_another_does_not_speak_for_it(ready: Any, head: Any) -> None:
    bob = make_head("Bob")
    bob.location.x = 5
    together(head, bob)
    bpy.ops.emotalk.find_rig()

    ready.rig.character = bob
    bpy.ops.emotalk.animate()

    assert fcurves(bob.data.shape_keys)
    assert not fcurves(head.data.shape_keys)


def test_a_list_with_all_switched_off_drives_nothing(ready: Any, head: Any) -> None:
    bpy.ops.emotalk.find_rig()
    ready.rig.targets[0].use = False

    with pytest.raises(RuntimeError, match=r"switched off: 'Head'. Switch one on"):
        bpy.ops.emotalk.animate()


def test_one_of_a_group_is_another_take_than_the_group(ready: Any, head: Any) -> None:
    car = bpy.data.objects.new("Car", None)
    bpy.context.scene.collection.objects.link(car)
    for name in ("Ada", "Bob"):
        armature, _head = rigged(name)
        armature.parent = car
    ready.rig.character = car
    bpy.ops.emotalk.animate()

    ready.rig.character = bpy.data.objects["Bob"]
    bpy.ops.emotalk.animate()

    assert len(ready.takes) == 2
    assert fcurves(bpy.data.objects["Ada"].data.shape_keys)


def listed(group: Any, **switches: bool) -> None:
    """The panel's list with these objects on or off."""
    group.targets.clear()
    for name, is_on in switches.items():
        item = group.targets.add()
        item.name, item.object, item.use = name, bpy.data.objects[name], is_on


@pytest.mark.parametrize(
    ("switches", "chosen"),
    [
        ({"Ada": False, "Bob": True}, ["Bob"]),  # as the list says: what is off stays off
        ({"Ada": True, "Bob": True}, ["Ada", "Bob"]),
        ({"Ada": False, "Bob": False}, []),
        ({"Bob": True}, ["Ada"]),  # made for Bob, before Ada was chosen
        ({"Bob": False}, ["Ada"]),
        ({}, ["Ada"]),
    ],
)
def test_the_list_is_obeyed_where_it_knows_the_character(
    addon: ModuleType, switches: dict[str, bool], chosen: list[str]
) -> None:
    from emotalk.addon.bridge import characters

    ada, bob = make_head("Ada"), make_head("Bob")
    bob.location.x = 10.0
    group = bpy.context.scene.emotalk.rig
    group.character = ada
    listed(group, **switches)

    assert [m.name for m in characters.chosen_meshes(group.targets, ada)] == chosen


def delete(thing: Any) -> None:
    """Press X: what a take points to stays in the file, in no collection."""
    bpy.ops.object.select_all(action="DESELECT")
    thing.select_set(state=True)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.delete()


@pytest.mark.parametrize("again", ["animate", "refresh"])
def test_a_face_whose_armature_was_deleted_speaks_on(ready: Any, head: Any, again: str) -> None:
    armature = put_bones_under(head)
    bpy.ops.emotalk.animate()
    delete(armature)
    assert bpy.data.objects.get(armature.name) is not None  # a ghost
    before = len(keys_of(head, "jawOpen")[0])
    ready.takes[0].controls.ease_s = 0.0

    getattr(bpy.ops.emotalk, again)()

    assert len(keys_of(head, "jawOpen")[0]) < before
    assert len(ready.takes) == 1


def test_parts_whose_armature_was_deleted_are_one_character_still(ready: Any, head: Any) -> None:
    armature, mouth = put_bones_under(head), teeth("Teeth")
    mouth.parent = armature
    bpy.ops.emotalk.animate()

    delete(armature)

    assert names_of(head) == {"Head", "Teeth"}


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_deleted_mesh_is_no_part_of_the_face(ready: Any, head: Any, *, is_listed: bool) -> None:
    mouth = teeth("Teeth")
    mouth.parent = head
    if is_listed:
        bpy.ops.emotalk.find_rig()
    bpy.ops.emotalk.animate()
    delete(mouth)
    ready.start_frame = 200

    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.find_rig()

    assert [take.first_frame for take in ready.takes] == [5.0, 200.0]
    assert [item.name for item in ready.rig.targets] == ["Head"]


def test_a_deleted_character_cannot_be_looked_at(ready: Any, head: Any) -> None:
    delete(head)

    for name in ("find_rig", "animate"):
        with pytest.raises(RuntimeError, match="The character was deleted: 'Head'"):
            getattr(bpy.ops.emotalk, name)()

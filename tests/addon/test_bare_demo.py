"""The whole way, without stand-ins: the demo character without its keys gets new ones."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.bare_heads import keys_on, moved_by

SPARED = ("Hair", "Hat", "Sweater", "Brows", "Lashes")  # nothing of them is looked at


@pytest.fixture
def made(addon: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """Her skin with new keys, from guides that are where its features are; what her own keys
    did.
    """
    from emotalk.addon.demo.warp import bend
    from emotalk.addon.demo.write_mesh import to_scene
    from emotalk.emotalk_core.heads.guides import base_guides

    bpy.ops.emotalk.add_demo_character()
    for name in SPARED:
        bpy.data.objects.remove(bpy.data.objects[f"Wren {name}"])
    skin = bpy.data.objects["Wren Skin"]
    own = {name: moved_by(skin, name) for name in ("jawOpen", "mouthSmileLeft", "mouthPucker")}
    for thing in bpy.data.objects:
        if thing.type == "MESH":
            thing.shape_key_clear()
    base = base_guides()
    places = to_scene(bend(np.array([*base.values()]))).tolist()
    skin["emotalk_guides"] = dict(zip(base, places, strict=True))
    bpy.context.scene.emotalk.rig.character = skin
    bpy.ops.emotalk.place_guides()
    bpy.ops.emotalk.make_shape_keys()
    return skin, own


def test_new_keys_do_what_her_own_did(made: tuple[Any, dict[str, np.ndarray]]) -> None:
    skin, own = made

    for name, before in own.items():
        now = moved_by(skin, name)
        likeness = (now * before).sum() / (np.linalg.norm(now) * np.linalg.norm(before))
        assert likeness > 0.9, name
    assert len(keys_on(skin)) >= 52  # a tongue sticks out by itself
    for side in "LR":  # her bones turn them
        assert keys_on(bpy.data.objects[f"Wren Eye.{side}"]) == []
    for part in ("Tongue", "Teeth.Lower"):
        assert "jawOpen" in keys_on(bpy.data.objects[f"Wren {part}"])
    rig = bpy.context.scene.emotalk.rig
    assert rig.n_missing == 0

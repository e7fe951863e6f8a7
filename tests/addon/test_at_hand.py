"""Keys that are not read again within one call."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest
from emotalk.addon.bridge.keying.at_hand import KeysAtHand
from emotalk.addon.bridge.keying.curves import Keys, read_keys

from tests.addon.scenes import fcurves


@pytest.fixture
def curve(addon: Any) -> Any:
    """Two keys that are bent."""
    thing = bpy.data.objects.new("Thing", None)
    for frame in (1, 9):
        thing.location.x = frame
        thing.keyframe_insert("location", index=0, frame=frame)
    return fcurves(thing)["location", 0]


def test_what_was_read_or_written_is_not_read_again(curve: Any) -> None:
    other = Keys(np.array([3.0]), np.array([0.5]))
    at_hand = KeysAtHand([(curve, other)])

    assert at_hand.of(curve) is other

    at_hand.put(curve, Keys(np.array([4.0]), np.array([0.5])))

    assert at_hand.of(curve).frames.tolist() == [4.0]


def test_bent_keys_are_read_as_blender_has_them(curve: Any) -> None:
    keys = read_keys(curve)
    at_hand = KeysAtHand([(curve, keys)])

    at_hand.put(curve, keys)
    curve.keyframe_points[0].handle_right.y = 7.0

    assert at_hand.of(curve).bends.handles[0, 3] == 7.0

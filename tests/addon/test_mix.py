"""The mix that the first raised slider takes over, and gives back."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from tests.addon.scenes import happy_take


def test_only_a_first_raised_slider_moves_the_mix(ready: Any) -> None:
    controls = happy_take(ready).controls
    controls.mix = 0.0

    controls.happy = 0.5
    assert controls.mix == 0.0
    controls.happy = 0.0
    assert controls.mix == 0.0
    controls.sad = 0.2
    assert controls.mix == 1.0


def test_the_voice_is_heard_again_when_the_drag_that_took_over_is_taken_back(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    controls = ready.takes[0].controls

    controls.sad = 0.2
    controls.happy = 0.1
    controls.sad = 0.0
    assert controls.mix == 1.0
    controls.happy = 0.0

    assert controls.mix == 0.0


def test_a_new_take_knows_that_its_mix_was_taken_over(ready: Any) -> None:
    ready.controls.sad = 0.2
    bpy.ops.emotalk.animate()
    controls = ready.takes[0].controls
    assert controls.mix == 1.0

    controls.sad = 0.0

    assert controls.mix == 0.0


def test_keyframes_of_a_slider_keep_the_mix_when_it_is_lowered_for_the_next_one(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    controls = ready.takes[0].controls

    for frame, value in ((10, 0.8), (50, 0.0)):
        controls.happy = value
        bpy.context.scene.keyframe_insert("emotalk.takes[0].controls.happy", frame=frame)

    assert controls.mix == 1.0


def test_a_mix_that_somebody_has_set_stays(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    controls = ready.takes[0].controls

    controls.sad = 0.2
    controls.mix = 0.8
    controls.sad = 0.0

    assert controls.mix == pytest.approx(0.8)

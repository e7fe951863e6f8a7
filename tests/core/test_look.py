"""The look at a target: eyes that rest on it, and a head that helps them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotalk_core import arkit, shaping
from emotalk_core.controls import Controls
from emotalk_core.rigs.bones import BoneAngles, BoneRest
from emotalk_core.rigs.eyes import eyes_of_bones, eyes_of_keys, key_place, key_turn
from emotalk_core.shaping.look import EyeTurns, Look, eye_angles, head_part, look_coefficients
from tests.core.talk import talk

STILL = Controls(blink=0.0, gaze=0.0, head=0.0, asymmetry=0.0)
NO_TURN = np.zeros((1, 3), np.float32)
LEFT, RIGHT, YAW, PITCH = 0, 1, 0, 1
Place = tuple[float, float, float]


def at(yaw: float, pitch: float = 0.0, distance: float = 100.0) -> np.ndarray:
    """The place (1, 3) seen at these degrees, for one whose eyes are .03 off the middle."""
    yaw, pitch = np.radians(yaw), np.radians(pitch)
    direction = [np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)]
    return distance * np.array([direction])


def resting(place: np.ndarray, **more: object) -> Look:
    """A look at what never moves."""
    return Look(np.zeros(1), place, 0.03, **more)  # type: ignore[arg-type]


def coefficients(look: Look, rotation: np.ndarray = NO_TURN) -> np.ndarray:
    return look_coefficients(look, np.zeros(len(rotation)), rotation)


# --- eyes


@pytest.mark.parametrize("degrees", [-20.0, -3.0, 0.0, 11.0, 20.0])
def test_eyes_turn_to_what_is_seen(degrees: float) -> None:
    turns = EyeTurns(inward=0.6, outward=0.5, up=0.5, down=0.45)

    sideways, upwards = (
        coefficients(resting(place, turns=turns))[0] for place in (at(degrees), at(0.0, degrees))
    )

    outward = np.radians(degrees) / (0.5 if degrees > 0 else 0.6)
    assert sideways[LEFT, YAW] == pytest.approx(outward, abs=2e-3)
    assert upwards[LEFT, PITCH] == pytest.approx(
        np.radians(degrees) / (0.5 if degrees > 0 else 0.45), abs=2e-3
    )


def test_eyes_meet_on_what_is_near_and_do_not_cross_for_a_fly_on_the_nose() -> None:
    hand, fly = (eye_angles(at(0.0, distance=d), 0.03)[0, :, YAW] for d in (0.4, 0.05))

    assert hand[LEFT] == pytest.approx(-np.arctan(0.03 / 0.4))
    assert hand[RIGHT] == -hand[LEFT]
    assert np.degrees(fly[RIGHT]) == pytest.approx(9.0)


@pytest.mark.parametrize("axis", [YAW, PITCH])
def test_eyes_reach_their_limit_softly_and_no_further(axis: int) -> None:
    degrees = np.linspace(0.0, 89.0, 300)
    places = np.concatenate([at(*((d, 0.0) if axis == YAW else (0.0, d))) for d in degrees])
    turns = EyeTurns(1.2, 1.2, 1.2, 1.2)  # a doll's

    turned = (
        1.2
        * look_coefficients(
            Look(degrees, places, 0.0, turns=turns), degrees, np.zeros((300, 3), np.float32)
        )[:, LEFT, axis]
    )

    assert np.degrees(turned.max()) <= 30.0
    assert np.degrees(turned[degrees < 22.0]) == pytest.approx(degrees[degrees < 22.0], abs=0.01)
    slope = np.diff(np.degrees(turned)) / np.diff(degrees)
    assert (slope > -1e-4).all()
    assert np.abs(np.diff(slope)).max() < 0.06  # no kink


def test_a_rig_whose_eyes_turn_less_is_not_asked_for_more_than_1() -> None:
    found = coefficients(resting(at(80.0, 20.0), turns=EyeTurns(0.38, 0.38, 0.31, 0.35)))

    assert found.max() <= 1.0
    assert found[0, :, YAW].min() > 0.95


def test_what_goes_round_behind_the_head_is_let_go_without_a_jump() -> None:
    around = np.linspace(0.0, 360.0, 721)
    places = np.concatenate([at(degrees) for degrees in around])

    found = look_coefficients(Look(around, places, 0.03), around, np.zeros((721, 3), np.float32))

    assert np.abs(found[np.abs(around - 180.0) < 45.0]).max() == 0.0
    assert found[around == 90.0][0, LEFT, YAW] > 0.9
    assert np.abs(np.diff(found, axis=0)).max() < 0.06


# --- head


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(8, 0, 0), (0, -6, 0), (5, 4, 3)])
def test_eyes_keep_to_the_target_while_the_head_moves(yaw: int, pitch: int, roll: int) -> None:
    rotation = np.radians([[yaw, pitch, roll]]).astype(np.float32)
    place = at(10.0, 5.0)

    found = coefficients(resting(place, turns_head=True), rotation)[0, LEFT]
    straight = coefficients(resting(place, turns_head=True))[0, LEFT]
    stiff = coefficients(resting(place), rotation)[0, LEFT]

    assert found == pytest.approx(
        straight - np.radians([yaw / 0.52, pitch / 0.44]), abs=0.02 if not roll else 0.05
    )
    np.testing.assert_array_equal(stiff, straight)  # nothing turns the head of this rig


def test_a_head_takes_a_modest_share_slowly() -> None:
    times_s = np.arange(90) / 30.0
    places = np.concatenate([at(0.0)] * 45 + [at(30.0)] * 45)
    look = Look(times_s, places, 0.03, turns_head=True)

    turned, half, none = (
        np.degrees(head_part(look, times_s, size=size)) for size in (1.0, 0.5, 0.0)
    )

    assert turned[-1, 0] == pytest.approx(0.35 * 30.0, abs=0.1)
    assert np.diff(turned[:, 0]).max() < 1.0  # degrees a frame
    assert half[-1, 0] == pytest.approx(0.5 * turned[-1, 0], abs=0.1)
    assert not none.any()
    assert not head_part(replace(look, turns_head=False), times_s, size=1.0).any()


# --- all together


def moving(n_frames: int, *, turns_head: bool = True) -> Look:
    """Somebody who walks to and fro."""
    times_s = np.arange(n_frames) / 24.0
    x, y = np.sin(times_s), 0.3 * np.sin(0.7 * times_s)
    places = np.stack([x, y, np.full(n_frames, 1.5)], axis=1)
    return Look(times_s, places, 0.03, np.array([0.0, -0.1, -0.05]), turns_head=turns_head)


def test_only_eyes_and_head_look() -> None:
    values, level = talk(300)

    plain = shaping.shape(values, level, Controls())
    looking = shaping.shape(values, level, Controls(), look=moving(300))

    changed = {shaping.CHANNELS[i] for i in np.flatnonzero((plain != looking).any(axis=0))}
    assert {name for name in arkit.CHANNELS if name.startswith("eyeLook")} <= changed
    assert all(name.startswith(("eyeLook", "head")) for name in changed)


def test_glances_go_on_around_the_target_and_what_the_network_looked_at_is_left() -> None:
    values, level = talk(900)
    values[:, arkit.index("eyeLookInLeft")] = 0.4  # a network's squint
    look = resting(at(12.0))

    still, alive = (
        shaping.shape(values, level, replace(STILL, gaze=size), look=look) for size in (0.0, 1.0)
    )

    out, inward = arkit.index("eyeLookOutLeft"), arkit.index("eyeLookInLeft")
    assert still[:, out] == pytest.approx(np.radians(12.0) / 0.52, abs=2e-3)
    assert not still[:, inward].any()
    around = alive[:, out] - alive[:, inward] - still[:, out]
    assert 0.02 < around.std() < 0.15


def test_a_face_that_comes_later_sees_what_is_there_then() -> None:
    values, level = talk(60)
    look = moving(120, turns_head=False)

    plain, late = (
        shaping.shape(values, level, replace(STILL, sync_offset_ms=ms), look=look)
        for ms in (0.0, 500.0)
    )

    column = arkit.index("eyeLookOutLeft")
    np.testing.assert_allclose(late[:45, column], plain[15:, column], atol=1e-5)


@settings(max_examples=15)
@given(start=st.integers(0, 700), size=st.integers(1, 300))
def test_stretches_join(start: int, size: int) -> None:
    values, level = talk(1000)
    stop, context = start + size, shaping.CONTEXT_FRAMES
    first, last = max(0, start - context), min(1000, stop + context)
    look = moving(1000)

    part = shaping.shape(values[first:last], level[first:last], Controls(), first, look=look)

    whole = shaping.shape(values, level, Controls(), look=look)
    np.testing.assert_allclose(part[start - first : stop - first], whole[start:stop], atol=1e-5)


# --- a rig's eyes


def turned_ball(degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """An eyeball, and where a key that turns it by `degrees` has it; its highlight turns less."""
    points = np.random.default_rng(0).standard_normal((200, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    angles = np.radians(np.where(np.arange(200) < 30, 0.5 * degrees, degrees))
    c, s = np.cos(angles), np.sin(angles)
    x, y, z = points.T
    moved = np.stack([c * x + s * y, -s * x + c * y, z], axis=1)
    return points + 5.0, moved + 5.0


@pytest.mark.parametrize("degrees", [6.0, 22.0, 45.0])
def test_a_key_tells_how_far_it_turns_an_eyeball(degrees: float) -> None:
    assert key_turn(*turned_ball(degrees)) == pytest.approx(np.radians(degrees), abs=1e-3)


def test_a_key_that_moves_nothing_tells_nothing() -> None:
    points = np.ones((10, 3))

    assert key_turn(points, points) is None
    assert key_place(points, points) is None


def test_a_key_is_where_it_moves_most() -> None:
    rest = np.array([[0.0, 0, 0], [1, 0, 0], [9, 9, 9]])
    moved = rest + np.array([[0.0, 0, 1], [0, 0, 3], [0, 0, 0]])

    np.testing.assert_allclose(key_place(rest, moved), [0.75, 0, 0])


@pytest.mark.parametrize(
    ("left", "right", "mouth", "forward"),
    [
        ((3, -8, 9), (-3, -8, 9), (0, -10, 2), (0, -1, 0)),  # Blender's own
        ((3, 9, 8), (-3, 9, 8), (0, 2, 10), (0, 0, 1)),  # +Y up
        ((-3, 8, 9), (3, 8, 9), (0, 10, 2), (0, 1, 0)),  # looks along +Y
        ((3, -8, 9), (-3, -8, 9), None, (0, -1, 0)),
    ],
)
def test_a_mesh_tells_which_way_its_face_looks(
    left: Place, right: Place, mouth: Place | None, forward: Place
) -> None:
    below = None if mouth is None else np.array(mouth, float)

    eyes = eyes_of_keys(np.array(left, float), np.array(right, float), below)

    np.testing.assert_array_equal(eyes.axes[2], forward)
    assert eyes.distance == pytest.approx(3.0)
    seen = eyes.seen(np.array([forward]) * 5.0 + eyes.middle)
    np.testing.assert_allclose(seen, [[0, 0, 5]], atol=1e-12)


def test_bones_tell_where_eyes_are() -> None:
    def bone(name: str, *head: float) -> BoneRest:
        return BoneRest(name, np.array(head), np.eye(3))

    roles = {
        "head": bone("head", 0, 0, 1.5),
        "left_eye": bone("eye.L", 0.03, -0.1, 1.6),
        "right_eye": bone("eye.R", -0.03, -0.1, 1.6),
    }
    eyes = eyes_of_bones(roles)

    assert eyes is not None
    np.testing.assert_allclose(eyes.pivot_seen, [0.0, -0.1, -0.1], atol=1e-12)
    assert eyes_of_bones({"head": roles["head"]}) is None


def test_eyes_turn_as_far_as_bones_do_where_nothing_tells() -> None:
    turns, bones = EyeTurns(), BoneAngles()

    assert (turns.inward, turns.outward) == (bones.eye_side, bones.eye_side)
    assert (turns.up, turns.down) == (bones.eye_up_down, bones.eye_up_down)

"""Shapes for faces that are not like the base head's: tall eyes, wide mouths, lips that touch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from emotalk_core.heads.base_head import read_base_head
from emotalk_core.heads.blinking import closed
from emotalk_core.heads.eyeballs import find_eyeball
from emotalk_core.heads.face import Face
from emotalk_core.heads.guides import base_guides, face_axes, head_size
from emotalk_core.heads.lids import find_lids
from emotalk_core.heads.new_shapes import HeadMesh, make_shapes
from emotalk_core.heads.openings import lid_heights
from emotalk_core.heads.template import read_template
from tests.core.heads import (
    EYE_CENTRE,
    EYE_RADIUS,
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    ball,
    grid,
    rims,
)

Bend = Callable[[np.ndarray], np.ndarray]
Made = dict[str, np.ndarray]


def made_of(bend: Bend, radius: float = EYE_RADIUS) -> tuple[np.ndarray, Made]:
    """The bent skin's vertices, mm, and its shapes."""
    base = read_base_head().skin
    eyes = [ball(EYE_CENTRE * (side, 1, 1), radius) for side in (1, -1)]
    meshes = [HeadMesh(bend(base.vertices), base.faces), *(HeadMesh(*eye) for eye in eyes)]
    names, places = list(base_guides()), np.stack(list(base_guides().values()))
    guides = dict(zip(names, bend(places), strict=True))
    return meshes[0].vertices, make_shapes(meshes, guides).of_meshes[0]


def stretched(points: np.ndarray, centre: np.ndarray, by: tuple[float, float, float]) -> np.ndarray:
    """Points that are stretched around a place, less and less away from it."""
    away = points - centre
    weight = np.exp(-(((away / (32.0, 24.0, 50.0)) ** 2).sum(axis=1)))[:, None]
    return points + away * (np.array(by) - 1.0) * weight


def tall_eyes(points: np.ndarray) -> np.ndarray:
    for side in (1, -1):
        points = stretched(points, EYE_CENTRE * (side, 1, 1), (1.0, 1.4, 1.0))
    return points


def wide_lips(points: np.ndarray) -> np.ndarray:
    return stretched(points, np.array([0.0, 612.0, 135.0]), (1.5, 1.6, 1.0))


def gap(skin: np.ndarray) -> float:
    return float(skin[INNER_UPPER_LIP, 1] - skin[INNER_LOWER_LIP, 1])


def test_tall_eyes_close() -> None:
    skin, made = made_of(tall_eyes)
    upper, lower = rims(skin + made["eyeBlinkLeft"])
    order = np.argsort(lower[:, 0])
    left = upper[4:-4, 1] - np.interp(upper[4:-4, 0], lower[order, 0], lower[order, 1])
    assert left.max() < 2.4  # lids are 2 mm thick, and stretched


def test_wide_mouth_shuts_again() -> None:
    skin, made = made_of(wide_lips)
    assert gap(skin + made["jawOpen"]) > 25.0
    assert abs(gap(skin + made["jawOpen"] + made["mouthClose"]) - gap(skin)) < 0.6


@pytest.mark.parametrize("name", ["eyeBlinkLeft", "eyeLookDownLeft", "eyeSquintLeft"])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_lids_stay_outside_of_a_large_eye(name: str, share: float) -> None:
    radius = 15.9
    skin, made = _large_eyed(radius)
    at = find_lids(read_base_head().skin)[0].loops[4:7].ravel()
    rest = np.linalg.norm(skin[at] - EYE_CENTRE, axis=1)
    away = np.linalg.norm((skin + share * made[name])[at] - EYE_CENTRE, axis=1)
    assert (away - np.minimum(rest, radius)).min() > -0.1


_MADE: dict[float, tuple[np.ndarray, Made]] = {}


def _large_eyed(radius: float) -> tuple[np.ndarray, Made]:
    if radius not in _MADE:
        _MADE[radius] = made_of(lambda points: points, radius)
    return _MADE[radius]


def test_lips_that_touch_part() -> None:
    pairs = _touching()
    assert len(pairs) > 10

    def bend(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        if len(points) == len(read_base_head().skin.vertices):
            for a, b in pairs:
                moved[[a, b]] = 0.5 * (moved[a] + moved[b])
        return moved

    skin, made = made_of(bend)
    assert gap(skin + made["jawOpen"]) > 20.0


def _touching() -> list[tuple[int, int]]:
    """Vertices of the upper and the lower lip that are nearest to each other."""
    template = read_template()
    rest, jaw = template.skin.vertices, template.skin.vertices + template.shapes["jawOpen"]
    is_lip = (np.abs(rest[:, 0]) < 26.0) & (np.abs(rest[:, 1] - 618.5) < 7.0)
    lips = np.flatnonzero(is_lip & (rest[:, 2] > 110.0))
    shut = np.linalg.norm(rest[lips, None] - rest[None, lips], axis=-1)
    parted = np.linalg.norm(jaw[lips, None] - jaw[None, lips], axis=-1)
    shut[parted - shut < 3.0] = np.inf  # both of one lip
    other = shut.argmin(axis=1)
    return [
        (int(lips[i]), int(lips[k]))
        for i, k in enumerate(other)
        if other[k] == i and i < k and shut[i, k] < 4.0
    ]


def _open_eyed() -> Face:
    template, guides = read_template(), base_guides()
    axes = face_axes(guides)
    points = ball(EYE_CENTRE, EYE_RADIUS)[0]
    eye = find_eyeball([points], guides, axes, "Left")
    assert eye is not None
    return Face(template.skin, guides, axes, head_size(guides), {"Left": eye})


@pytest.mark.parametrize("share", [0.55, 1.0, 1.6])
def test_blink_goes_just_as_far_as_is_needed(share: float) -> None:
    face, template = _open_eyed(), read_template()
    blink = share * template.shapes["eyeBlinkLeft"]
    upper = np.where(blink[:, 1] < 0.0, 1.0, -1.0)
    found = closed(face, blink, upper, "Left")
    assert lid_heights(face, "Left")[1].max() > 5.0
    assert lid_heights(face, "Left", found)[1].max() == 0.0
    lid = rims(template.skin.vertices + found)[0][7, 1] - rims(template.skin.vertices)[0][7, 1]
    assert -13.0 < lid < -8.0


def _turning(line: np.ndarray) -> float:
    """By how many degrees a line (K, 3) turns from end to end, to and fro."""
    way = np.diff(line, axis=0)
    return float(np.degrees(np.abs(np.diff(np.arctan2(way[:, 1], way[:, 0])))).sum())


def test_lids_of_few_vertices_close_on_a_smooth_line() -> None:
    base = read_base_head().skin
    onto = np.arange(len(base.vertices))
    for eye in find_lids(base):
        onto[eye.loops[:, 1::2]] = eye.loops[:, ::2]
    faces = np.where(base.faces >= 0, onto[base.faces], -1)
    eyes = [HeadMesh(*ball(EYE_CENTRE * (side, 1, 1), 15.0)) for side in (1, -1)]
    found = make_shapes([HeadMesh(base.vertices, faces), *eyes], base_guides()).of_meshes[0]
    rim = find_lids(base)[0].upper_rim(base.vertices)
    rim = rim[onto[rim] == rim]
    at_rest, half, shut = (
        _turning((base.vertices + share * found["eyeBlinkLeft"])[rim]) for share in (0.0, 0.5, 1.0)
    )
    assert len(rim) < 8
    assert half < at_rest
    assert shut < 1.2 * at_rest


def test_ways_that_do_not_agree_make_one_smooth_line() -> None:
    face, template = _open_eyed(), read_template()
    rest, blink = template.skin.vertices, template.shapes["eyeBlinkLeft"].copy()
    upper = np.where(blink[:, 1] < 0.0, 1.0, -1.0)
    eye = find_lids(read_base_head().skin)[0]
    smooth = closed(face, blink, upper, "Left")
    blink[eye.loops[:, ::2]] *= 0.6
    rough = closed(face, blink, upper, "Left")
    rim = eye.upper_rim(rest)[4:-4]
    assert _turning((rest + blink)[rim]) > 3.0 * _turning(rest[rim])
    assert _turning((rest + rough)[rim]) < 1.5 * _turning((rest + smooth)[rim])


def test_lids_that_meet_in_the_middle_close_beside_it() -> None:
    face, template = _open_eyed(), read_template()
    blink = template.shapes["eyeBlinkLeft"]
    upper = np.where(blink[:, 1] < 0.0, 1.0, -1.0)
    aside = (template.skin.vertices[:, 0] - EYE_CENTRE[0]) / EYE_RADIUS
    slack = blink * np.clip(1.2 - 3.0 * aside**2, 0.1, None)[:, None]
    open_after = lid_heights(face, "Left", slack)[1]
    assert open_after.max() > 1.0
    assert open_after[len(open_after) // 2] == 0.0
    assert lid_heights(face, "Left", closed(face, slack, upper, "Left"))[1].max() == 0.0


def test_eyes_that_bones_turn_get_no_keys() -> None:
    base = read_base_head().skin
    eyes = [HeadMesh(*ball(EYE_CENTRE * (side, 1, 1), EYE_RADIUS)) for side in (1, -1)]
    meshes = [HeadMesh(base.vertices, base.faces), *eyes]
    found = make_shapes(meshes, base_guides(), turn_eyes=False).of_meshes
    assert found[1] == found[2] == {}
    assert "eyeLookUpLeft" in found[0]


def test_glasses_do_not_bend() -> None:
    base = read_base_head().skin
    across = np.linspace(-75.0, 75.0, 40)
    frame = [np.stack([across, 0.0 * across + y, 150.0 - 0.011 * across**2], 1) for y in (672, 684)]
    glasses = HeadMesh(np.concatenate(frame), grid(2, len(across)))
    found = make_shapes([HeadMesh(base.vertices, base.faces), glasses], base_guides())
    assert found.of_meshes[1] == {}

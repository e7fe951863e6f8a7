"""Shape keys for a head that has none: its lips and lids meet, its eyes turn, its teeth follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emotalk_core.arkit import CHANNELS
from emotalk_core.errors import InputError
from emotalk_core.heads.guides import GUIDES, base_guides, face_axes, head_size, twin
from emotalk_core.heads.new_shapes import HeadMesh, NewShapes, make_shapes
from emotalk_core.heads.template import read_template
from tests.core.heads import (
    EYE_RADIUS,
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    TURN,
    MadeHead,
    other_head,
    rims,
)

MM = 0.001


@pytest.fixture(scope="module")
def head() -> MadeHead:
    return other_head()


@pytest.fixture(scope="module")
def made(head: MadeHead) -> dict[str, dict[str, np.ndarray]]:
    found = make_shapes(head.as_list(), head.guides)
    assert found.notes == ()
    return dict(zip(head.meshes, found.of_meshes, strict=True))


def posed(head: MadeHead, made: dict[str, dict[str, np.ndarray]], *names: str) -> np.ndarray:
    """The skin under some shapes, seen upright: left, up, ahead."""
    points = head.meshes["skin"].vertices + sum(made["skin"][name] for name in names)
    return (points - (3.0, 0.0, -1.0)) @ TURN


def gap(skin: np.ndarray) -> float:
    return float(skin[INNER_UPPER_LIP, 1] - skin[INNER_LOWER_LIP, 1])


def test_every_channel_moves_something(made: dict[str, dict[str, np.ndarray]]) -> None:
    assert set().union(*made.values()) == set(CHANNELS)
    for shapes in made.values():
        assert all(np.isfinite(delta).all() for delta in shapes.values())


def test_head_like_the_base_head_gets_its_shapes() -> None:
    head = other_head(is_bent=False)
    made = make_shapes(head.as_list(), head.guides).of_meshes[0]
    for name, expected in read_template().shapes.items():
        found = made[name] @ TURN / MM
        apart = np.linalg.norm(found - expected, axis=1)
        # Blinks go on until the lids meet over the eyeball.
        most = 0.45 if name.startswith("eye") else 0.2
        assert apart.max() < most * np.linalg.norm(expected, axis=1).max(), name


def test_lips_open_with_the_jaw_and_close_again(
    head: MadeHead, made: dict[str, dict[str, np.ndarray]]
) -> None:
    rest = gap(posed(head, made))
    assert gap(posed(head, made, "jawOpen")) > 20.0 * MM
    assert gap(posed(head, made, "jawOpen", "mouthClose")) == pytest.approx(rest, abs=0.6 * MM)


@pytest.mark.parametrize(
    ("name", "vertex", "way"),
    [
        ("mouthSmileLeft", 3874, (1.0, 1.0, 0.0)),
        ("mouthFrownLeft", 3874, (0.0, -1.0, 0.0)),
        ("mouthLowerDownLeft", INNER_LOWER_LIP, (0.0, -1.0, 0.0)),
        ("mouthUpperUpLeft", INNER_UPPER_LIP, (0.0, 1.0, 0.0)),
        ("jawForward", 1593, (0.0, 0.0, 1.0)),
        ("jawLeft", 1593, (1.0, 0.0, 0.0)),
        ("browOuterUpLeft", 2442, (0.0, 1.0, 0.0)),
        ("browDownLeft", 2443, (0.0, -1.0, 0.0)),
    ],
)
def test_shapes_move_their_place_their_way(
    head: MadeHead,
    made: dict[str, dict[str, np.ndarray]],
    name: str,
    vertex: int,
    way: tuple[float, float, float],
) -> None:
    move = (posed(head, made, name) - posed(head, made))[vertex]
    assert move @ np.array(way) > 1.0 * MM


def test_lids_meet_and_stay_outside_of_the_eye(
    head: MadeHead, made: dict[str, dict[str, np.ndarray]]
) -> None:
    open_upper, open_lower = rims(posed(head, made))
    assert (open_upper - open_lower)[7, 1] > 8.0 * MM
    upper, lower = rims(posed(head, made, "eyeBlinkLeft"))
    order = np.argsort(lower[:, 0])
    floor = np.interp(upper[:, 0], lower[order, 0], lower[order, 1])
    # Their outer edges: lids are 2 mm thick, and their inner ones overlap.
    assert (upper[3:-3, 1] - floor[3:-3]).max() < 1.4 * MM
    eye = head.meshes["eye.L"].vertices
    centre = eye.mean(axis=0)
    for share in (0.5, 1.0):
        skin = head.meshes["skin"].vertices + share * made["skin"]["eyeBlinkLeft"]
        away = np.linalg.norm(rims(skin)[0] - centre, axis=1)
        assert away.min() > 0.93 * EYE_RADIUS * MM


def test_one_eye_s_lids_leave_the_other_alone(
    head: MadeHead, made: dict[str, dict[str, np.ndarray]]
) -> None:
    is_right = posed(head, made)[:, 0] < -8.0 * MM
    assert np.abs(made["skin"]["eyeBlinkLeft"][is_right]).max() < 0.1 * MM


def test_eyes_turn_about_their_middle(
    head: MadeHead, made: dict[str, dict[str, np.ndarray]]
) -> None:
    points = (head.meshes["eye.L"].vertices - (3.0, 0.0, -1.0)) @ TURN
    front = np.argmax(points[:, 2])
    for name, way in (
        ("eyeLookUpLeft", (0.0, 1.0, 0.0)),
        ("eyeLookDownLeft", (0.0, -1.0, 0.0)),
        ("eyeLookInLeft", (-1.0, 0.0, 0.0)),
        ("eyeLookOutLeft", (1.0, 0.0, 0.0)),
    ):
        move = made["eye.L"][name] @ TURN
        assert move[front] @ np.array(way) > 0.25 * EYE_RADIUS * MM
        after = points + move
        radii = np.linalg.norm(after - after.mean(axis=0), axis=1)
        assert np.ptp(radii) < np.ptp(np.linalg.norm(points - points.mean(axis=0), axis=1)) + 1e-4
    assert not any(name.endswith("Right") for name in made["eye.L"])


def test_lower_teeth_and_tongue_go_with_the_jaw_and_upper_teeth_stay(
    made: dict[str, dict[str, np.ndarray]],
) -> None:
    assert made["upper teeth"] == {}
    jaw = made["lower teeth"]["jawOpen"]
    assert (jaw @ TURN)[:, 1].max() < -5.0 * MM
    assert set(made["lower teeth"]) == {"jawOpen", "jawForward", "jawLeft", "jawRight"}
    out = made["tongue"]["tongueOut"] @ TURN
    assert out[:, 2].max() > 15.0 * MM


def test_lashes_go_with_their_lid_tips_and_roots_alike(
    head: MadeHead, made: dict[str, dict[str, np.ndarray]]
) -> None:
    move = made["lashes"]["eyeBlinkLeft"] @ TURN
    roots, tips = np.split(move, 2)
    lid = (rims(posed(head, made, "eyeBlinkLeft"))[0] - rims(posed(head, made))[0])[2:-2]
    assert np.abs(roots - lid).max() < 3.0 * MM
    assert np.linalg.norm(tips - roots, axis=1).max() < 4.0 * MM


def test_vertices_that_a_seam_has_doubled_stay_together(head: MadeHead) -> None:
    skin = head.meshes["skin"]
    middle = read_template().skin.vertices[skin.faces.clip(0)][..., 0].mean(axis=1)
    cut = np.flatnonzero((middle > 11.0) & (skin.faces[:, 3] >= 0))
    faces, vertices = skin.faces.copy(), skin.vertices
    faces[cut] += len(vertices)
    torn = HeadMesh(np.concatenate([vertices, vertices]), faces)
    made = make_shapes([torn], head.guides).of_meshes[0]
    n = len(vertices)
    used = np.intersect1d(np.delete(faces, cut, axis=0), faces[cut] - n)
    assert len(used) > 50
    for delta in (made["jawOpen"], made["mouthSmileLeft"]):
        assert np.linalg.norm(delta[used] - delta[used + n], axis=1).max() < 0.01 * MM


def test_without_eyes_and_tongue_it_is_told(head: MadeHead) -> None:
    found = make_shapes(head.as_list()[:1], head.guides)
    assert "eyeLook keys move lids alone" in found.notes[0]
    assert "tongueOut is missing" in found.notes[1]
    assert len(found.of_meshes[0]) == 51


def test_lips_of_one_surface_are_told(head: MadeHead) -> None:
    found = _sealed(head)
    assert any("The lips are one surface" in note for note in found.notes)


def test_lips_that_stand_apart_are_told(head: MadeHead) -> None:
    skin, rest = head.meshes["skin"], read_template()
    parted = skin.vertices + 0.15 * (rest.shapes["jawOpen"] @ TURN.T) * MM
    guides = head.guides | {
        name: place + np.array([0.0, -0.003, 0.0])
        for name, place in head.guides.items()
        if name in ("mouth", "lower_lip")
    }
    found = make_shapes([HeadMesh(parted, skin.faces)], guides)
    assert any("The lips stand apart at rest" in note for note in found.notes)


def _sealed(head: MadeHead) -> NewShapes:
    """Lips that share their vertices, as those of a statue."""
    skin, rest = head.meshes["skin"], read_template().skin.vertices
    near = (np.abs(rest[:, 0]) < 30.0) & (np.abs(rest[:, 1] - 618.5) < 6.0) & (rest[:, 2] > 110.0)
    upper = np.flatnonzero(near & (rest[:, 1] >= 618.3))
    lower = np.flatnonzero(near & (rest[:, 1] < 618.3))
    apart = np.linalg.norm(rest[lower, None] - rest[None, upper], axis=-1)
    onto = np.arange(len(rest))
    onto[lower[apart.min(axis=1) < 3.0]] = upper[apart.argmin(axis=1)][apart.min(axis=1) < 3.0]
    faces = np.where(skin.faces >= 0, onto[skin.faces], -1)
    return make_shapes([HeadMesh(skin.vertices, faces)], head.guides)


def test_same_input_gives_the_same_shapes(head: MadeHead) -> None:
    one, two = (make_shapes(head.as_list("eye.L"), head.guides) for _ in range(2))
    for shapes, again in zip(one.of_meshes, two.of_meshes, strict=True):
        assert all(np.array_equal(delta, again[name]) for name, delta in shapes.items())


def test_progress_goes_on_to_the_end(head: MadeHead) -> None:
    seen: list[float] = []
    make_shapes(head.as_list("eye.L"), head.guides, lambda share, _: seen.append(share))
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] < seen[-1] <= 1.0


def test_missing_guide_is_named(head: MadeHead) -> None:
    guides = {name: place for name, place in head.guides.items() if name != "nose_wing.R"}
    with pytest.raises(InputError, match=r"guide is missing: 'nose_wing\.R'"):
        make_shapes(head.as_list("eye.L"), guides)


def test_two_guides_on_one_point_are_named(head: MadeHead) -> None:
    guides = head.guides | {"mouth": head.guides["upper_lip"]}
    with pytest.raises(InputError, match="Two guides stand on one point: 'mouth, upper_lip'"):
        make_shapes(head.as_list("eye.L"), guides)


def test_guides_come_in_pairs_and_say_where_they_belong() -> None:
    names = base_guides()
    assert len(names) == 2 * len(GUIDES) - sum(twin(guide.name) is None for guide in GUIDES)
    assert all(twin(other) == name for name in names if (other := twin(name)))
    assert all(guide.hint for guide in GUIDES)


def test_axes_are_the_base_head_s_own() -> None:
    axes = face_axes(base_guides())
    assert np.allclose(axes.rows, np.eye(3), atol=0.05)
    assert head_size(base_guides()) == pytest.approx(112.4, abs=1.0)


def test_template_leaves_no_fold_in_the_middle() -> None:
    template = read_template()
    rest = template.skin.vertices
    both = template.shapes["browDownLeft"] + template.shapes["browDownRight"]
    brows = (rest[:, 1] > 685.0) & (rest[:, 2] > 100.0) & (np.abs(rest[:, 0]) > 0.5)
    assert (np.sign(rest[brows, 0]) * (rest + both)[brows, 0]).min() > 0.0


def test_meshes_are_left_as_they_were(head: MadeHead) -> None:
    meshes = [replace(mesh, vertices=mesh.vertices.copy()) for mesh in head.as_list("eye.L")]
    make_shapes(meshes, head.guides)
    for mesh, before in zip(meshes, head.as_list("eye.L"), strict=True):
        assert np.array_equal(mesh.vertices, before.vertices)

"""Heads as they come from elsewhere: right shapes, or one line that says what to do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from emotalk_core.errors import Cancelled, InputError
from emotalk_core.heads.guessing import guess_guides
from emotalk_core.heads.guides import head_size, twin
from emotalk_core.heads.new_shapes import HeadMesh, make_shapes
from tests.core.heads import TURN, MadeHead, ball, grid, other_head

Shapes = dict[str, np.ndarray]
SIZE = 0.12  # metres, chin to glabella
ALONG = ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft", "browInnerUp")
UP, AHEAD = np.array([0.0, 1.0, 0.0]), TURN @ np.array([0.0, 0.0, 1.0])
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def head() -> MadeHead:
    return other_head()


@pytest.fixture(scope="module")
def skin(head: MadeHead) -> HeadMesh:
    return head.meshes["skin"]


@pytest.fixture(scope="module")
def usual(head: MadeHead) -> Shapes:
    return make_shapes(head.as_list("eye.L"), head.guides).of_meshes[0]


def made(head: MadeHead, skin: HeadMesh) -> Shapes:
    return make_shapes([skin, head.meshes["eye.L"]], head.guides).of_meshes[0]


def off(found: Shapes, usual: Shapes, rows: np.ndarray | slice = slice(None)) -> float:
    """The largest share of some shapes' motion that is another one."""
    return max(
        float(np.linalg.norm(found[name][rows] - usual[name]) / np.linalg.norm(usual[name]))
        for name in ALONG
    )


def turned(faces: np.ndarray) -> np.ndarray:
    """Faces that look the other way."""
    triangles = faces[:, 3] < 0
    back = faces[:, [0, 3, 2, 1]]
    back[triangles] = faces[triangles][:, [0, 2, 1, 3]]
    return back


def doubled(skin: HeadMesh) -> np.ndarray:
    return np.concatenate([skin.faces, turned(skin.faces)])


def flat(skin: HeadMesh) -> np.ndarray:
    a, b = skin.faces[:, :2].T
    return np.concatenate([skin.faces, np.stack([a, b, b, -np.ones_like(a)], axis=1)])


@pytest.mark.parametrize("faces", [doubled, flat, lambda skin: turned(skin.faces)])
def test_faces_that_are_doubled_flat_or_inside_out_change_little(
    head: MadeHead, skin: HeadMesh, usual: Shapes, faces: Callable[[HeadMesh], np.ndarray]
) -> None:
    assert off(made(head, HeadMesh(skin.vertices, faces(skin))), usual) < 0.02


def test_loose_vertices_change_nothing(head: MadeHead, skin: HeadMesh, usual: Shapes) -> None:
    loose = np.concatenate([np.full((500, 3), 1e5), np.zeros((500, 3)), skin.vertices])
    faces = np.where(skin.faces < 0, -1, skin.faces + 1000)
    found = made(head, HeadMesh(loose, faces))
    assert off(found, usual, slice(1000, None)) < 1e-6
    assert not any(delta[:1000].any() for delta in found.values())


def test_a_vertex_that_has_flown_away_spoils_its_faces_alone(
    head: MadeHead, skin: HeadMesh, usual: Shapes
) -> None:
    points = skin.vertices.copy()
    points[np.argmin(points[:, 1])] = 1e6
    assert off(made(head, HeadMesh(points, skin.faces)), usual) < 0.02


def test_triangles_without_shared_vertices_are_one_skin(
    head: MadeHead, skin: HeadMesh, usual: Shapes
) -> None:
    quads = skin.faces[skin.faces[:, 3] >= 0]
    corners = np.concatenate([skin.faces[:, :3], quads[:, [0, 2, 3]]])
    own = np.arange(corners.size).reshape(-1, 3)
    soup = HeadMesh(
        skin.vertices[corners.ravel()], np.pad(own, ((0, 0), (0, 1)), constant_values=-1)
    )
    found = made(head, soup)
    at = {name: delta[corners.ravel()] for name, delta in usual.items()}
    assert off({name: found[name] for name in ("jawOpen", *ALONG)}, at) < 0.3
    place = np.argsort(corners.ravel(), kind="stable")
    jaw, vertex = found["jawOpen"][place], corners.ravel()[place]
    tears = np.linalg.norm(np.diff(jaw, axis=0), axis=1)[np.diff(vertex) == 0]
    assert np.mean(tears > 0.01 * SIZE) < 0.002


@pytest.mark.parametrize(("unit", "offset"), [(1e3, 0.0), (1e-3, 0.0), (1e6, 0.0), (1.0, 1e5)])
def test_unit_and_place_do_not_matter(
    head: MadeHead, skin: HeadMesh, usual: Shapes, unit: float, offset: float
) -> None:
    meshes = [HeadMesh(mesh.vertices * unit + offset, mesh.faces) for mesh in head.as_list("eye.L")]
    guides = {name: place * unit + offset for name, place in head.guides.items()}
    found = make_shapes(meshes, guides).of_meshes[0]
    assert off({name: delta / unit for name, delta in found.items()}, usual) < 0.02


def test_mirrored_coordinates_get_mirrored_shapes(head: MadeHead, usual: Shapes) -> None:
    mirror = np.array([-1.0, 1.0, 1.0])
    meshes = [HeadMesh(mesh.vertices * mirror, mesh.faces) for mesh in head.as_list("eye.L")]
    guides = {name: place * mirror for name, place in head.guides.items()}
    found = make_shapes(meshes, guides).of_meshes[0]
    assert off({name: delta * mirror for name, delta in found.items()}, usual) < 1e-4


def test_hair_of_many_cards_is_no_part_of_the_face(
    head: MadeHead, skin: HeadMesh, usual: Shapes
) -> None:
    rng = np.random.default_rng(0)
    roots = skin.vertices[rng.integers(len(skin.vertices), size=800)]
    card = np.array([[0.0, 0, 0], [0.002, 0, 0], [0.002, 0.02, 0], [0, 0.02, 0]])
    points = (roots[:, None] + card + rng.normal(size=(800, 4, 3)) * 0.02).reshape(-1, 3)
    faces = np.arange(3200).reshape(-1, 4) + len(skin.vertices)
    hairy = HeadMesh(
        np.concatenate([skin.vertices, points]), np.concatenate([skin.faces, faces])
    )  # fmt: skip
    assert off(made(head, hairy), usual, slice(len(skin.vertices))) < 1e-6


def test_skin_of_another_mesh_goes_on_from_its_seam(head: MadeHead, skin: HeadMesh) -> None:
    heights = skin.vertices[np.where(skin.faces < 0, skin.faces[:, :1], skin.faces), 1].mean(axis=1)
    is_neck = heights < head.guides["chin"][1] - 0.05 * SIZE
    face, neck = (HeadMesh(skin.vertices, skin.faces[rows]) for rows in (~is_neck, is_neck))
    upper, lower = make_shapes([face, neck], head.guides).of_meshes
    seam = np.intersect1d(face.faces, neck.faces[neck.faces >= 0])
    assert np.linalg.norm(upper["jawOpen"][seam], axis=1).max() > 0.05 * SIZE
    tears = np.linalg.norm((upper["jawOpen"] - lower["jawOpen"])[seam], axis=1)
    assert tears.max() < 0.01 * SIZE


def half_ball(head: MadeHead) -> HeadMesh:
    points, faces = ball(np.zeros(3), 1.0)
    eye = head.meshes["eye.L"]
    ahead = head.guides["nose_tip"] - 0.5 * (head.guides["ear.L"] + head.guides["ear.R"])
    front = (eye.vertices - eye.vertices.mean(axis=0)) @ ahead > -1e-4
    assert len(points) == len(eye.vertices)
    return HeadMesh(eye.vertices, eye.faces[front[faces].all(axis=1)])


def flat_backed(head: MadeHead) -> HeadMesh:
    """A ball whose back half is pressed flat, as game characters have them."""
    eye = head.meshes["eye.L"]
    middle = eye.vertices.mean(axis=0)
    ahead = head.guides["nose_tip"] - 0.5 * (head.guides["ear.L"] + head.guides["ear.R"])
    ahead /= np.linalg.norm(ahead)
    depth = (eye.vertices - middle) @ ahead
    return HeadMesh(eye.vertices - np.outer(np.minimum(depth, 0.0), ahead), eye.faces)


def both_eyes(head: MadeHead) -> HeadMesh:
    left, right = head.meshes["eye.L"], head.meshes["eye.R"]
    faces = np.concatenate([left.faces, right.faces + len(left.vertices)])
    return HeadMesh(np.concatenate([left.vertices, right.vertices]), faces)


def nested(head: MadeHead) -> HeadMesh:
    eye = head.meshes["eye.L"]
    middle = eye.vertices.mean(axis=0)
    inner = middle + 0.9 * (eye.vertices - middle)
    faces = np.concatenate([eye.faces, eye.faces + len(eye.vertices)])
    return HeadMesh(np.concatenate([eye.vertices, inner]), faces)


@pytest.mark.parametrize(
    ("eye", "n_channels"), [(half_ball, 4), (flat_backed, 4), (both_eyes, 8), (nested, 4)]
)
def test_eyes_turn_however_they_are_made(
    head: MadeHead, eye: Callable[[MadeHead], HeadMesh], n_channels: int
) -> None:
    mesh = eye(head)
    found = make_shapes([head.meshes["skin"], mesh], head.guides).of_meshes[1]
    assert len([name for name in found if name.startswith("eyeLook")]) == n_channels
    used = np.unique(mesh.faces)
    moved = np.any([np.abs(delta[used]).max(axis=1) > 1e-4 for delta in found.values()], axis=0)
    assert moved.mean() > 0.95


def test_a_mesh_without_faces_beside_changes_nothing(head: MadeHead, usual: Shapes) -> None:
    nothing = HeadMesh(np.zeros((0, 3)), np.zeros((0, 4), dtype=int))
    found = make_shapes([*head.as_list("eye.L"), nothing], head.guides).of_meshes
    assert found[2] == {}
    assert off(found[0], usual) == 0.0


def test_meshes_that_are_none_are_told(head: MadeHead, skin: HeadMesh) -> None:
    points = skin.vertices.copy()
    points[7, 1] = np.nan
    cases = {
        "has no faces: 0": [],
        "vertex is nowhere: 'vertex 7 of mesh 0": [HeadMesh(points, skin.faces)],
        "corner that is no vertex: 'mesh 0'": [HeadMesh(points[:7], skin.faces)],
    }
    for told, meshes in cases.items():
        with pytest.raises(InputError, match=told):
            make_shapes(meshes, head.guides)
        with pytest.raises(InputError, match=told):
            guess_guides(meshes, UP)


def swapped(one: str, other: str) -> Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]:
    return lambda guides: guides | {one: guides[other], other: guides[one]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda g: {name: g[twin(name) or name] for name in g}, "Left and right guides are"),
        (swapped("mouth_corner.L", "mouth_corner.R"), "'mouth_corner.L, mouth_corner.R'"),
        (swapped("upper_lid.R", "lower_lid.R"), "Place upper_lid.R above lower_lid.R"),
        (swapped("upper_lip", "lower_lip"), "Place upper_lip above lower_lip"),
        (lambda g: {name: place + 3.0 for name, place in g.items()}, "not on the skin"),
        (lambda g: {name: g["mouth"] + (g[name] - g["mouth"]) * 0.01 for name in g}, "not on the"),
        (lambda g: dict.fromkeys(g, g["mouth"]), "Two guides stand on one point"),
        (lambda g: g | {"chin": g["chin"] * np.nan}, "A guide is nowhere: 'chin'"),
    ],
)
def test_guides_that_cannot_be_are_named(
    head: MadeHead,
    change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    told: str,
) -> None:
    with pytest.raises(InputError, match=told) as error:
        make_shapes(head.as_list("eye.L"), change(head.guides))
    assert "\n" not in str(error.value)


def test_guides_on_one_line_are_told(head: MadeHead) -> None:
    way = np.array([0.1, 0.2, 0.05])
    guides = {name: head.guides["mouth"] + k * 0.01 * way for k, name in enumerate(head.guides)}
    with pytest.raises(InputError, match=r"guides? (are swapped|is not on)"):
        make_shapes(head.as_list("eye.L"), guides)


def test_guesses_stand_where_they_were_on_a_rough_skin(head: MadeHead, skin: HeadMesh) -> None:
    stray = np.concatenate([skin.vertices, np.full((9, 3), 50.0)]) * 1000.0
    rough = guess_guides([HeadMesh(stray, turned(doubled(skin)))], UP, AHEAD)
    smooth = guess_guides([skin], UP, AHEAD)
    away = [np.linalg.norm(rough[name] / 1000.0 - place) for name, place in smooth.items()]
    assert max(away) < 0.02 * head_size(smooth)


@pytest.mark.parametrize("share", [0.3, 0.45, 0.6, 0.95])
def test_it_stops_wherever_it_is_told(head: MadeHead, share: float) -> None:
    seen: list[float] = []

    def stop(done: float, _what: str) -> None:
        seen.append(done)
        if done >= share:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_shapes(head.as_list(), head.guides, stop)
    assert seen[-1] < share + 0.1


def test_a_plane_of_a_grid_has_no_mouth_to_open(head: MadeHead) -> None:
    y, x = np.meshgrid(np.linspace(-1, 1, 12), np.linspace(-1, 1, 12), indexing="ij")
    plane = np.stack([x.ravel(), y.ravel(), np.zeros(144)], axis=1) + head.guides["mouth"]
    with pytest.raises(InputError, match="not on the skin"):
        make_shapes([HeadMesh(plane, grid(12, 12))], head.guides)

"""Guides that are guessed lie near where an artist would put them."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core.errors import Cancelled, InputError
from emotalk_core.heads.guessing import guess_guides
from emotalk_core.heads.guides import base_guides, head_size
from emotalk_core.heads.new_shapes import HeadMesh
from tests.core.heads import TURN, MadeHead, ball, grid, other_head

UP, AHEAD = np.array([0.0, 1.0, 0.0]), TURN @ np.array([0.0, 0.0, 1.0])
EXACT = ("eye_outer.L", "upper_lid.L", "lower_lid.L", "mouth", "mouth_corner.L")


@pytest.fixture(scope="module")
def head() -> MadeHead:
    return other_head()


def apart(found: dict[str, np.ndarray], head: MadeHead) -> dict[str, float]:
    """Distances in head sizes."""
    size = head_size(head.guides)
    return {
        name: float(np.linalg.norm(found[name] - place)) / size
        for name, place in head.guides.items()
    }


def test_features_are_found(head: MadeHead) -> None:
    found = guess_guides(head.as_list("eye.L", "eye.R"), UP, AHEAD)
    away = apart(found, head)
    assert set(found) == set(base_guides())
    assert np.mean(list(away.values())) < 0.04
    assert max(away.values()) < 0.12
    assert max(away[name] for name in EXACT) < 0.04


def test_way_in_which_it_looks_is_found(head: MadeHead) -> None:
    # Turned by a right angle's share that no axis has: the nearest one is taken.
    upright = MadeHead(
        {name: HeadMesh(mesh.vertices @ TURN, mesh.faces) for name, mesh in head.meshes.items()},
        {name: place @ TURN for name, place in head.guides.items()},
    )
    away = apart(guess_guides(upright.as_list("eye.L", "eye.R"), UP), upright)
    assert np.mean(list(away.values())) < 0.05


def test_head_on_a_body_is_found(head: MadeHead) -> None:
    skin = head.meshes["skin"]
    floor, neck = skin.vertices[:, 1].min() - 1.3, skin.vertices[:, 1].min()
    turns, heights = np.linspace(0, 2 * np.pi, 40, endpoint=False), np.linspace(floor, neck, 60)
    h, t = np.meshgrid(heights, turns, indexing="ij")
    middle = skin.vertices.mean(axis=0)
    body = np.stack([middle[0] + 0.2 * np.cos(t), h, middle[2] + 0.13 * np.sin(t)], axis=-1)
    n = len(skin.vertices)
    whole = HeadMesh(
        np.concatenate([skin.vertices, body.reshape(-1, 3)]),
        np.concatenate([skin.faces, grid(60, 40, wrap=True) + n]),
    )
    found = guess_guides([whole, *head.as_list("eye.L", "eye.R")[1:]], UP, AHEAD)
    assert np.mean(list(apart(found, head).values())) < 0.06


def test_progress_goes_on_to_the_end_and_stops_where_it_is_told(head: MadeHead) -> None:
    seen: list[float] = []

    def watch(share: float, _what: str) -> None:
        seen.append(share)
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        guess_guides(head.as_list("eye.L"), UP, progress=watch)
    assert seen == sorted(seen)
    assert len(seen) > 10
    assert seen[-1] < 0.6


def test_both_sides_are_alike(head: MadeHead) -> None:
    found = guess_guides(head.as_list(), UP, AHEAD)
    middle = found["mouth"]
    for name in ("eye_outer", "mouth_corner", "jaw"):
        left, right = (np.linalg.norm(found[f"{name}.{side}"] - middle) for side in "LR")
        assert left == pytest.approx(right, rel=1e-6)


def test_no_head_in_a_plank_and_nothing_in_nothing() -> None:
    faces = np.array([[0, 1, 2, 3]])
    plank = np.array([[0.0, 0, 0], [1, 0, 0], [1, 2, 0], [0, 2, 0]])
    with pytest.raises(InputError, match="No head was found"):
        guess_guides([HeadMesh(plank, faces)], UP)
    with pytest.raises(InputError, match="has no faces"):
        guess_guides([HeadMesh(plank, np.zeros((0, 4), dtype=int))], UP)


def test_a_ball_has_no_nose() -> None:
    points, faces = ball(np.zeros(3), 1.0)
    with pytest.raises(InputError, match="No head was found"):
        guess_guides([HeadMesh(points, faces)], UP)

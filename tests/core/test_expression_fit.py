"""A FLAME-like head: its own expressions learn what each channel asks of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotalk_core.errors import Cancelled, InputError
from emotalk_core.heads.expression_fit import (
    FittedExpressions,
    Lips,
    fit_expressions,
    lay_into,
)
from emotalk_core.heads.new_shapes import make_shapes
from emotalk_core.rigs.flame import (
    SLIDER_RANGE,
    ExpressionMatrix,
    read_expression_matrix,
    write_expression_matrix,
)
from tests.core.heads import INNER_LOWER_LIP, INNER_UPPER_LIP, TURN, MadeHead, other_head

BY_JAW = ("jawOpen", "jawLeft", "jawRight")
Deltas = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def head() -> MadeHead:
    return other_head()


@pytest.fixture(scope="module")
def shapes(head: MadeHead) -> Deltas:
    return make_shapes(head.as_list(), head.guides).of_meshes[0]


@pytest.fixture(scope="module")
def lips(head: MadeHead) -> Lips:
    return Lips.of(head.as_list(), head.guides)


def expressions_of(shapes: Deltas, n: int, *parts: str) -> Deltas:
    """The principal components of faces drawn at random, as FLAME's are of scans: what starts with
    one of `parts`, but the jaw.
    """
    rng = np.random.default_rng(0)
    names = [name for name in shapes if name.startswith(parts) and name not in BY_JAW]
    drawn = rng.random((300, len(names))) * (rng.random((300, len(names))) < 0.2)
    faces = np.tensordot(drawn - drawn.mean(axis=0), np.stack([shapes[x] for x in names]), 1)
    _, sizes, ways = np.linalg.svd(faces.reshape(300, -1), full_matrices=False)
    steps = ways[:n] * sizes[:n, None] / np.sqrt(300)
    return {f"Exp{k}": step.reshape(-1, 3) for k, step in enumerate(steps, 1)}


def done_by(found: FittedExpressions, expressions: Deltas, channel: str) -> np.ndarray:
    """What a channel moves (N, 3)."""
    matrix = found.matrix
    if channel not in matrix.channels:
        return np.zeros_like(next(iter(expressions.values())))
    row = matrix.values[matrix.channels.index(channel)]
    return sum(w * expressions[key] for w, key in zip(row, matrix.keys, strict=True))


def gap(head: MadeHead, delta: np.ndarray) -> float:
    """Between the lips, in mm."""
    points = (head.meshes["skin"].vertices + delta) @ TURN
    return float(points[INNER_UPPER_LIP, 1] - points[INNER_LOWER_LIP, 1]) * 1000.0


def test_expressions_that_can_do_it_make_the_same_faces(shapes: Deltas, lips: Lips) -> None:
    expressions = expressions_of(shapes, 48, "")

    found = lay_into(expressions, shapes, lips, shapes["jawOpen"])

    assert found.notes == ()
    assert found.explained > 0.9
    for name, row in zip(found.matrix.channels, found.matrix.values, strict=True):
        share = 0.3 if name == "mouthClose" else 1.0  # as far as speech shuts lips over a jaw
        assert np.abs(share * row).max() <= SLIDER_RANGE + 1e-4, name
    for name in ("mouthSmileLeft", "mouthPucker", "browInnerUp", "eyeBlinkLeft", "noseSneerRight"):
        now, wanted = done_by(found, expressions, name), shapes[name]
        likeness = (now * wanted).sum() / (np.linalg.norm(now) * np.linalg.norm(wanted))
        assert likeness > 0.75, name


def test_left_and_right_stay_apart(shapes: Deltas, lips: Lips, head: MadeHead) -> None:
    expressions = expressions_of(shapes, 48, "")

    found = lay_into(expressions, shapes, lips, shapes["jawOpen"])

    left = (head.meshes["skin"].vertices - (3.0, 0.0, -1.0)) @ TURN @ (1.0, 0.0, 0.0) > 0.0
    smile = np.linalg.norm(done_by(found, expressions, "mouthSmileLeft"), axis=1)
    assert smile[left].sum() > 3.0 * smile[~left].sum()


def test_lips_meet_over_the_jaw_as_its_bone_opens_it(
    shapes: Deltas, lips: Lips, head: MadeHead
) -> None:
    expressions, jaw = expressions_of(shapes, 48, "mouth"), 1.3 * shapes["jawOpen"]

    found = lay_into(expressions, shapes, lips, jaw)

    assert not {*found.matrix.channels} & {*BY_JAW}  # the bone's
    closing = done_by(found, expressions, "mouthClose")
    for share in (0.1, 0.3):
        opened = gap(head, share * jaw) - gap(head, 0.0 * jaw)
        left = gap(head, share * (jaw + closing)) - gap(head, 0.0 * jaw)
        assert opened > 40.0 * share
        assert abs(left) < 0.2 * opened


def test_without_a_jaw_bone_expressions_open_it(shapes: Deltas, lips: Lips, head: MadeHead) -> None:
    with_jaw = expressions_of(shapes, 48, "") | {"Exp100": shapes["jawOpen"]}

    found = lay_into(with_jaw, shapes, lips)

    opened, closing = (done_by(found, with_jaw, name) for name in ("jawOpen", "mouthClose"))
    rest = gap(head, 0.0 * opened)
    assert gap(head, opened) - rest > 20.0
    assert abs(gap(head, 0.3 * (opened + closing)) - rest) < 2.0


def test_expressions_that_cannot_shut_lips_leave_that_to_the_jaw(
    shapes: Deltas, lips: Lips
) -> None:
    brows_alone = expressions_of(shapes, 5, "brow")

    found = lay_into(brows_alone, shapes, lips, shapes["jawOpen"])

    assert "mouthClose" not in found.matrix.channels
    assert "browInnerUp" in found.matrix.channels
    assert "do not shut the lips" in " ".join(found.notes)


def test_the_whole_way_from_guides_tells_how_far_it_is(head: MadeHead, shapes: Deltas) -> None:
    told: list[float] = []
    still = {"Exp49": np.zeros_like(shapes["jawOpen"])}  # as importers leave unused ones
    expressions = expressions_of(shapes, 12, "mouth", "brow")

    found = fit_expressions(
        head.as_list(), head.guides, expressions | still, shapes["jawOpen"],
        lambda share, _text: told.append(share),
    )  # fmt: skip

    assert found.matrix.keys == (*expressions, "Exp49")  # others are counted by it
    assert not found.matrix.values[:, -1].any()
    assert {"mouthSmileLeft", "mouthPucker", "mouthClose"} <= {*found.matrix.channels}
    assert told == sorted(told)
    assert told[-1] >= 0.9


def test_it_can_be_stopped(head: MadeHead, shapes: Deltas) -> None:
    def stop(share: float, _text: str) -> None:
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit_expressions(head.as_list(), head.guides, {"Exp1": shapes["jawOpen"]}, None, stop)


def test_what_no_expression_moves_is_not_counted(shapes: Deltas, lips: Lips) -> None:
    expressions, n_body = expressions_of(shapes, 12, "mouth"), 50_000

    def with_body(delta: np.ndarray) -> np.ndarray:
        return np.concatenate([delta, np.zeros((n_body, 3))])

    counting, closing = (np.append(w, np.ones(n_body)) for w in (lips.counting, lips.closing))
    n = len(lips.counting)
    with_it = Lips(counting, closing, lambda delta: lips.apart(delta[:n]))

    alone = lay_into(expressions, shapes, lips, shapes["jawOpen"])
    found = lay_into(
        {name: with_body(delta) for name, delta in expressions.items()},
        {name: with_body(delta) for name, delta in shapes.items()},
        with_it,
        with_body(shapes["jawOpen"]),
    )

    assert found.matrix.channels == alone.matrix.channels
    np.testing.assert_allclose(found.matrix.values, alone.matrix.values, atol=1e-4)
    assert found.explained == pytest.approx(alone.explained, abs=1e-6)


def test_a_shape_of_no_numbers_does_not_hold_it_up(shapes: Deltas, lips: Lips) -> None:
    broken = shapes | {"cheekPuff": np.full_like(shapes["cheekPuff"], np.nan)}

    found = lay_into(expressions_of(shapes, 12, "mouth"), broken, lips, shapes["jawOpen"])

    assert "cheekPuff" not in found.matrix.channels
    assert "mouthPucker" in found.matrix.channels


def test_a_head_without_expressions_is_one_line(head: MadeHead) -> None:
    still = {"Exp1": np.zeros_like(head.meshes["skin"].vertices)}

    with pytest.raises(InputError, match=r"no expressions.*Exp1, Exp2"):
        fit_expressions(head.as_list(), head.guides, still)


@pytest.mark.parametrize("name", ["matrix.npz", "matrix.csv"])
def test_what_was_fitted_is_read_back(tmp_path: Path, name: str) -> None:
    values = np.array([[0.5, -1.25, 0.0], [0.0, 3.0, 0.123]], np.float32)
    matrix = ExpressionMatrix(("mouthPucker", "eyeBlinkLeft"), ("Exp1", "Exp2", "Exp9"), values)

    write_expression_matrix(matrix, tmp_path / name)

    back = read_expression_matrix(tmp_path / name)
    assert (back.channels, back.keys) == (matrix.channels, matrix.keys)
    np.testing.assert_allclose(back.values, values, atol=1e-4)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    matrix = ExpressionMatrix(("mouthPucker",), ("Exp1",), np.ones((1, 1), np.float32))

    with pytest.raises(InputError, match=r"csv or .npz"):
        write_expression_matrix(matrix, tmp_path / "matrix.txt")
    assert not [*tmp_path.iterdir()]

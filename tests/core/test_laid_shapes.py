"""Shapes laid into expressions: what counts, how far, and what is told, on a few vertices."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core.errors import InputError
from emotalk_core.heads.expression_fit import Lips, lay_into
from emotalk_core.heads.surface import triangulated
from emotalk_core.rigs.flame import SLIDER_RANGE
from tests.core.heads import TURN, other_head

LOWER, UPPER, CHEEK = range(3)  # vertices: two lips, and one elsewhere


def moved(**ways: tuple[float, float, float]) -> np.ndarray:
    """Deltas (3, 3) of these vertices."""
    names = ("lower", "upper", "cheek")
    return np.array([ways.get(name, (0.0, 0.0, 0.0)) for name in names])


def lips(counting: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Lips:
    """Lips that meet at rest; where they close the cheek counts nothing."""
    return Lips(
        np.array(counting),
        np.array([1.0, 1.0, 0.0]),
        lambda delta: float(delta[UPPER, 1] - delta[LOWER, 1]),
    )


def test_coefficients_stay_within_the_sliders_and_near_to_their_end() -> None:
    asked = moved(upper=(0.0, 1.0, 0.0))

    found = lay_into({"Exp1": 0.1 * asked}, {"mouthPucker": asked}, lips(), None)

    assert 0.5 * SLIDER_RANGE < found.matrix.values[0, 0] <= SLIDER_RANGE


def test_small_coefficients_are_left_out() -> None:
    shapes = {"mouthPucker": moved(lower=(0.05, 0.0, 0.0), upper=(0.01, 0.0, 0.0))}
    expressions = {"Exp1": moved(lower=(1.0, 0.0, 0.0)), "Exp2": moved(upper=(1.0, 0.0, 0.0))}

    found = lay_into(expressions, shapes, lips(), None)

    np.testing.assert_allclose(found.matrix.values, [[0.05, 0.0]], atol=0.002)


def test_what_counts_more_is_met_more_closely() -> None:
    shapes = {"mouthPucker": moved(lower=(1.0, 0.0, 0.0))}
    expressions = {"Exp1": moved(lower=(1.0, 0.0, 0.0), cheek=(1.0, 0.0, 0.0))}

    even, weighted = (lay_into(expressions, shapes, lips((w, 1.0, 1.0)), None) for w in (1.0, 9.0))

    assert even.matrix.values[0, 0] == pytest.approx(0.5, abs=0.01)
    assert weighted.matrix.values[0, 0] == pytest.approx(0.9, abs=0.01)
    assert even.explained == pytest.approx(0.5, abs=0.01)
    assert weighted.explained == pytest.approx(0.9, abs=0.01)


def test_lips_meet_where_the_shapes_have_them_as_far_as_this_jaw_opens() -> None:
    """Halfway down, over a jaw that opens twice as far; of the jaw only lips tell how far."""
    shapes = {
        "jawOpen": moved(lower=(0.0, -1.0, 0.0), cheek=(0.0, -1.0, 0.0)),
        "mouthClose": moved(lower=(0.0, 0.5, 0.0), upper=(0.0, -0.5, 0.0)),
    }
    expressions = {
        "Exp1": moved(lower=(0.0, 1.0, 0.0), cheek=(0.5, 0.0, 0.0)),
        "Exp2": moved(upper=(0.0, -1.0, 0.0)),
    }

    found = lay_into(expressions, shapes, lips(), moved(lower=(0.0, -2.0, 0.0)))

    assert found.matrix.channels == ("mouthClose",)
    np.testing.assert_allclose(found.matrix.values, [[1.0, 1.0]], rtol=0.02)


def test_lips_close_over_a_jaw_no_wider_than_speech_opens_it_within_the_sliders() -> None:
    shapes = {
        "jawOpen": moved(lower=(0.0, -1.0, 0.0)),
        "mouthClose": moved(lower=(0.0, 1.0, 0.0)),
    }

    found = lay_into({"Exp1": 0.09 * shapes["mouthClose"]}, shapes, lips(), shapes["jawOpen"])

    assert 0.6 * SLIDER_RANGE < 0.3 * found.matrix.values[0, 0] <= SLIDER_RANGE


@pytest.mark.parametrize(("aside", "shut"), [(0.35, ["mouthClose"]), (0.8, [])])
def test_lips_that_stay_open_by_more_than_a_quarter_are_left_to_the_jaw(
    aside: float, shut: list[str]
) -> None:
    shapes = {
        "jawOpen": moved(lower=(0.0, -1.0, 0.0)),
        "mouthClose": moved(lower=(0.0, 1.0, 0.0)),
        "mouthPucker": moved(lower=(1.0, 0.0, 0.0)),
    }

    found = lay_into({"Exp1": moved(lower=(aside, 1.0, 0.0))}, shapes, lips(), shapes["jawOpen"])

    assert [name for name in found.matrix.channels if name == "mouthClose"] == shut
    assert ("do not shut the lips" in " ".join(found.notes)) == (not shut)


def test_channels_that_no_expression_follows_count_as_missed() -> None:
    shapes = {"mouthPucker": moved(upper=(1.0, 0, 0)), "browInnerUp": moved(cheek=(1.0, 0, 0))}

    found = lay_into({"Exp1": moved(upper=(1.0, 0, 0))}, shapes, lips(), None)

    assert found.matrix.channels == ("mouthPucker",)
    assert found.explained == pytest.approx(0.5, abs=0.01)


def test_expressions_that_make_nothing_of_it_are_one_line() -> None:
    with pytest.raises(InputError, match="make none of the 52 faces: 1"):
        lay_into(
            {"Exp1": moved(cheek=(1.0, 0, 0))}, {"mouthPucker": moved(upper=(1.0, 0, 0))},
            lips(), None,
        )  # fmt: skip


def test_vertices_count_by_their_area_more_at_lips_and_eyes() -> None:
    head = other_head()
    skin = head.meshes["skin"]

    found = Lips.of(head.as_list(), head.guides)

    area = np.zeros(len(skin.vertices))
    for triangle in triangulated(skin.faces):
        a, b, c = skin.vertices[triangle]
        area[triangle] += np.linalg.norm(np.cross(b - a, c - a))
    shown, closing = found.counting / area, found.closing / area

    def between(*names: str) -> int:
        place = np.mean([head.guides[name] for name in names], axis=0)
        return int(np.argmin(np.linalg.norm(skin.vertices - place, axis=1)))

    lip = between("mouth_corner.L", "mouth_corner.R")
    eye = between("eye_inner.L", "eye_outer.L")
    crown = int(np.argmax(skin.vertices[:, 1]))
    behind = np.argsort(skin.vertices @ TURN[:, 2])[:100]  # far from all features
    assert np.ptp(area[behind]) > 0.2 * area[behind].mean()
    assert np.ptp(shown[behind]) < 0.01 * shown[behind].mean()
    assert shown[lip] > 5.0 * shown[crown]
    assert shown[eye] > 5.0 * shown[crown]
    assert closing[lip] > 5.0 * closing[eye]
    assert closing[eye] == pytest.approx(closing[crown], rel=0.2)

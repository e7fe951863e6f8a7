"""The table that holds made shapes against a head's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotalk_core.heads.template import read_template
from tests.core.heads import other_head
from training.faces import statistical_faces
from training.faces.new_heads import BESIDE, LANDMARKS, SKIN, compared, heads, main

MM = 1000.0


@pytest.fixture(scope="module")
def data() -> dict[str, np.ndarray]:
    """The base head as if it were somebody else's, whose shapes are the template's."""
    template = read_template()
    meshes = other_head(is_bent=False).meshes
    back = np.array([[0.8, 0.0, -0.6], [0.0, 1.0, 0.0], [0.6, 0.0, 0.8]]).T
    parts = [("skin", "face")]
    parts += zip(("tongue", "lower teeth", "eye.L", "eye.R"), BESIDE, strict=True)
    starts, points, faces = [], [], []
    for name, _ in parts:
        mesh = meshes[name]
        starts.append(sum(map(len, points)))
        points.append(MM * (mesh.vertices - (3.0, 0.0, -1.0)) @ back)
        faces.append(np.where(mesh.faces < 0, -1, mesh.faces + starts[-1]))
    vertices = np.concatenate(points)
    marks = np.zeros(68, dtype=int)
    for name, numbers in LANDMARKS.items():
        away = np.linalg.norm(vertices - template.guides[name], axis=1)
        marks[list(numbers)] = int(np.argmin(away))
    marks[[61, 62, 63]], marks[[65, 66, 67]] = 520, 523
    names = [name for _, name in parts]
    names += [name for name in SKIN if name not in names]
    ends = [*starts[1:], len(vertices)]
    empty = len(names) - len(starts)
    deltas = np.zeros((len(template.shapes), len(vertices), 3))
    deltas[:, : len(template.skin.vertices)] = np.stack(list(template.shapes.values()))
    return {
        "vertices": vertices, "faces": np.concatenate(faces), "deltas": deltas,
        "arkit_names": np.array(list(template.shapes)), "landmarks68": marks,
        "identity_deltas": 0.01 * np.stack([vertices]), "part_names": np.array(names),
        "part_start": np.array([*starts, *[0] * empty]),
        "part_end": np.array([*ends, *[0] * empty]),
    }  # fmt: skip


def test_shapes_of_the_base_head_are_its_own(data: dict[str, np.ndarray]) -> None:
    row = compared(data, data["vertices"])
    assert row.guides < 0.05
    assert row.open_mm[0] == pytest.approx(row.open_mm[1], rel=0.1)
    assert abs(row.shut_mm[0]) < 0.6
    assert row.cosine > 0.93
    assert row.size == pytest.approx(1.0, abs=0.08)


def test_identities_are_drawn_by_their_number(data: dict[str, np.ndarray]) -> None:
    drawn = list(heads(data, 2))
    again = list(heads(data, 1))
    assert len(drawn) == 3
    assert np.array_equal(drawn[0], data["vertices"])
    assert np.array_equal(drawn[1], again[1])
    assert not np.array_equal(drawn[1], drawn[2])


def test_table_has_a_line_for_each_head(
    data: dict[str, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "head.npz"
    np.savez(file, **data)
    assert main([str(file), "--identities", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("head  guides")
    assert len(lines) == 2


def test_a_statistical_face_does_by_its_matrix_what_is_asked(data: dict[str, np.ndarray]) -> None:
    few, many = statistical_faces.measured(data, (3, 40))

    assert few.explained < 0.5 < many.explained
    assert many.cosine > 0.9
    assert many.open_mm > 8.0
    assert abs(many.shut_mm) < 0.1 * many.open_mm
    assert many.most <= 3.0


def test_faces_are_drawn_by_their_seed(data: dict[str, np.ndarray]) -> None:
    shapes = {"jawOpen": data["deltas"][0], "mouthPucker": data["deltas"][1]}
    shapes |= {"mouthSmileLeft": data["deltas"][2], "mouthSmileRight": data["deltas"][3]}

    drawn, again = (statistical_faces.expressions_drawn(shapes, 3) for _ in range(2))

    assert [*drawn] == ["Exp1", "Exp2", "Exp3"]
    np.testing.assert_array_equal(drawn["Exp1"], again["Exp1"])
    other = statistical_faces.expressions_drawn(shapes, 3, seed=1)
    assert not np.allclose(drawn["Exp1"], other["Exp1"])


def test_statistical_table_has_a_line_for_each_number(
    data: dict[str, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(statistical_faces, "N_EXPRESSIONS", (5,))
    np.savez(tmp_path / "head.npz", **data)

    assert statistical_faces.main([str(tmp_path / "head.npz")]) == 0

    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "expressions"
    assert line.split()[0] == "5"

"""FLAME without Blender: its arrays to a matrix, curves to its own numbers."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotalk_core import arkit, cli
from emotalk_core.clip import Clip
from emotalk_core.clip_files import write_clip
from emotalk_core.heads.base_head import read_base_head
from emotalk_core.heads.flame_model import read_flame_model
from emotalk_core.heads.intake import HeadMesh
from emotalk_core.heads.surface import triangulated
from emotalk_core.heads.template import read_template
from emotalk_core.rigs.flame import read_expression_matrix
from tests.core.heads import EYE_CENTRE, EYE_RADIUS, ball

CHANNELS = (*arkit.CHANNELS, *arkit.HEAD_CHANNELS)
EARS = np.array([0.0, 655.0, 40.0])  # between them a jaw hangs, in mm of the base head
MM = 0.001


def model_arrays(n_expressions: int = 30) -> dict[str, np.ndarray]:
    """The base head and two eyes as FLAME's arrays: expressions drawn at random from its shapes."""
    base, template = read_base_head().skin, read_template()
    eyes = [ball(EYE_CENTRE * (side, 1, 1), EYE_RADIUS) for side in (1, -1)]
    points, triangles = base.vertices, [triangulated(base.faces)]
    for vertices, faces in eyes:
        triangles.append(triangulated(faces) + len(points))
        points = np.concatenate([points, vertices])
    n, n_skin = len(points), len(base.vertices)
    names = [name for name in template.shapes if not name.startswith("jaw")]
    rng = np.random.default_rng(0)
    mixes = rng.random((n_expressions, len(names))) * (
        rng.random((n_expressions, len(names))) < 0.3
    )
    shapedirs = np.zeros((n, 3, 300 + n_expressions), np.float32)
    deltas = np.tensordot(mixes, np.stack([template.shapes[name] for name in names]), 1)
    shapedirs[:n_skin, :, 300:] = np.moveaxis(deltas, 0, -1) * MM
    opened = np.linalg.norm(template.shapes["jawOpen"], axis=1)
    weights, regressor = np.zeros((n, 5)), np.zeros((5, n))
    weights[:n_skin, 2] = np.clip(opened / np.percentile(opened[opened > 0.0], 95), 0.0, 1.0)
    weights[:, 1] = 1.0 - weights[:, 2]
    near = np.argsort(np.linalg.norm(points - EARS, axis=1))[:50]
    regressor[2, near] = np.linalg.lstsq(
        np.vstack([points[near].T, np.ones(50)]), np.append(EARS, 1.0), rcond=None
    )[0]
    return {
        "v_template": points * MM,
        "f": np.concatenate(triangles),
        "shapedirs": shapedirs,
        "posedirs": np.zeros((n, 3, 36), np.float32),
        "weights": weights,
        "J_regressor": regressor,
    }


def small_arrays() -> dict[str, np.ndarray]:
    """Nine vertices with the shapes that FLAME's have."""
    return {
        "v_template": np.eye(9, 3),
        "f": np.arange(9).reshape(3, 3),
        "shapedirs": np.ones((9, 3, 301)),
        "posedirs": np.zeros((9, 3, 36)),
        "weights": np.zeros((9, 5)),
        "J_regressor": np.zeros((5, 9)),
    }


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    return model_arrays()


def saved(folder: Path, arrays: dict[str, Any]) -> Path:
    path = folder / "flame.npz"
    np.savez(path, **arrays)
    return path


def test_a_model_is_read_as_a_head_with_expressions_and_a_jaw(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    model = read_flame_model(saved(tmp_path, arrays))

    assert isinstance(model.mesh, HeadMesh)
    assert [*model.expressions] == [f"Exp{k}" for k in range(1, 31)]
    np.testing.assert_allclose(model.expressions["Exp2"], arrays["shapedirs"][..., 301], atol=1e-7)


def test_the_jaw_opens_about_its_joint_as_far_as_each_vertex_follows_it(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    model = read_flame_model(saved(tmp_path, arrays))

    share = arrays["weights"][:, 2]
    away = arrays["v_template"] - EARS * MM
    turned = (away[:, 1] + 1j * away[:, 2]) * np.exp(0.42j)  # +X: from up to ahead
    moved = np.stack([away[:, 0], turned.real, turned.imag], axis=1) - away
    np.testing.assert_allclose(model.jaw, share[:, None] * moved, atol=1e-7)
    assert model.jaw[share == 1.0, 1].mean() < -0.01  # down


def test_skin_is_corrected_under_the_jaw_before_it_turns(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    posedirs = arrays["posedirs"].copy()
    posedirs[:, 0, 9 + 7] = 0.01  # the jaw's, of the sine of how far it is open: to the left
    posedirs[:, 1, 7] = posedirs[:, 1, 18 + 7] = 1.0  # the neck's and an eye's

    plain = read_flame_model(saved(tmp_path, arrays))
    corrected = read_flame_model(saved(tmp_path, arrays | {"posedirs": posedirs}))

    wanted = np.tile([0.01 * np.sin(0.42), 0.0, 0.0], (len(plain.jaw), 1))
    np.testing.assert_allclose(corrected.jaw - plain.jaw, wanted, atol=1e-7)


def test_a_model_becomes_a_matrix(
    tmp_path: Path, arrays: dict[str, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    model, output = saved(tmp_path, arrays), tmp_path / "matrix.csv"

    assert cli.main(["fit-flame", str(model), "-o", str(output)]) == 0

    matrix = read_expression_matrix(output)
    assert {"mouthSmileLeft", "mouthClose", "eyeBlinkLeft"} <= {*matrix.channels}
    assert "jawOpen" not in matrix.channels  # its joint's
    told = capsys.readouterr().out
    assert told.startswith(f"{output}: ")
    assert "channels by 30 expressions" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"weights": np.zeros((3, 5))}, "weights has the wrong shape"),
        ({"J_regressor": np.array(3.0)}, "J_regressor has the wrong shape"),
        ({"J_regressor": np.zeros((55, 9))}, "J_regressor has the wrong shape"),  # SMPL-X
        ({"v_template": np.array(["a"] * 9)[:, None].repeat(3, 1)}, "v_template holds what is no"),
        ({"J_regressor": np.full((5, 9), np.nan)}, "no number: 'nan at (0, 0)'"),
        ({"weights": np.full((9, 5), np.inf)}, "no number: 'inf at (0, 0)'"),
        ({"f": np.full((4, 3), -1)}, "a corner that is no vertex"),
        ({"f": np.full((4, 3), 9)}, "a corner that is no vertex"),
        ({"shapedirs": np.zeros((9, 3, 300))}, "shapedirs has the wrong shape"),
        ({"posedirs": np.zeros((9, 3, 486))}, "posedirs has the wrong shape"),
        ({"J_regressor": None}, "is no npz file of arrays"),  # a pickle
    ],
)
def test_a_model_that_is_none_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    told: str,
) -> None:
    model = saved(tmp_path, small_arrays() | change)

    assert cli.main(["fit-flame", str(model), "-o", str(tmp_path / "matrix.npz")]) == 2

    line = capsys.readouterr().err
    assert told in line
    assert line.count("\n") == 1
    assert not (tmp_path / "matrix.npz").exists()


def test_a_missing_array_is_named(
    tmp_path: Path, arrays: dict[str, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    model = saved(tmp_path, {k: v for k, v in arrays.items() if k != "weights"})

    assert cli.main(["fit-flame", str(model), "-o", str(tmp_path / "matrix.npz")]) == 2

    assert "lacks an array" in (line := capsys.readouterr().err)
    assert "weights" in line


@pytest.mark.parametrize("name", ["matrix.txt", "flame.npz"])
def test_a_place_that_cannot_be_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    model = saved(tmp_path, {"v_template": np.zeros((3, 3))})
    before = model.read_bytes()

    assert cli.main(["fit-flame", str(model), "-o", str(tmp_path / name)]) == 2

    assert capsys.readouterr().err.count("\n") == 1
    assert model.read_bytes() == before


def clip_file(folder: Path, **channels: float) -> Path:
    values = np.zeros((3, len(CHANNELS)), np.float32)
    for name, value in channels.items():
        values[1, CHANNELS.index(name)] = value
    write_clip(Clip(values, CHANNELS, Fraction(24000, 1001), 0.5), folder / "talk.npz")
    return folder / "talk.npz"


def converted(folder: Path, matrix: str, **channels: float) -> Any:
    (folder / "matrix.csv").write_text(matrix)
    clip, output = clip_file(folder, **channels), folder / "flame.npz"
    command = ["flame", str(clip), "--matrix", str(folder / "matrix.csv"), "-o", str(output)]
    assert cli.main(command) == 0
    return np.load(output)


MATRIX = "channel,Exp1,Exp3\nmouthPucker,1.5,-2\nmouthClose,0,1\n"


def test_curves_become_flames_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = converted(
        tmp_path, MATRIX, mouthPucker=0.5, jawOpen=0.5, eyeLookDownLeft=1.0, eyeLookOutRight=1.0,
        headPitch=0.2, headYaw=0.3, headRoll=0.1,
    )  # fmt: skip

    assert found["expr"].shape == (3, 3)
    np.testing.assert_allclose(found["expr"][1], [0.75, 0.0, -1.0], atol=1e-6)
    np.testing.assert_allclose(found["jaw_pose"][1], [0.21, 0.0, 0.0], atol=1e-6)  # +X: it opens
    np.testing.assert_allclose(found["neck_pose"][1], [-0.2, 0.3, -0.1], atol=1e-6)
    np.testing.assert_allclose(found["eyes_pose"][1], [0.44, 0, 0, 0, -0.52, 0], atol=1e-6)
    for name in ("expr", "jaw_pose", "neck_pose", "eyes_pose"):
        assert not found[name][[0, 2]].any()
    assert found["fps"] == pytest.approx(23.976, abs=1e-3)
    assert found["start_s"] == 0.5
    assert "3 frames of 3 expressions, 23.976 fps" in capsys.readouterr().out


def test_a_jaw_closes_lips_that_no_expression_closes(tmp_path: Path) -> None:
    found = converted(tmp_path, "channel,Exp1\nmouthPucker,1\n", jawOpen=0.5, mouthClose=0.5)

    assert not found["jaw_pose"].any()


def test_numbers_counted_from_zero_stay_in_their_places(tmp_path: Path) -> None:
    matrix = "channel,Exp000,Exp002\nmouthPucker,1,2\n"

    found = converted(tmp_path, matrix, mouthPucker=1.0)

    np.testing.assert_allclose(found["expr"][1], [1.0, 0.0, 2.0], atol=1e-6)


def test_a_line_that_nobody_reads_fails_no_conversion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdout", nobody)

        found = converted(tmp_path, MATRIX, mouthPucker=0.5)

    assert found["expr"].shape == (3, 3)


def test_other_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "matrix.csv").write_text(MATRIX)
    clip = clip_file(tmp_path)

    command = ["flame", str(clip), "--matrix", str(tmp_path / "matrix.csv")]
    assert cli.main([*command, "-o", str(tmp_path / "flame.csv")]) == 2
    assert cli.main([*command, "-o", str(clip)]) == 2

    first, second = capsys.readouterr().err.splitlines()
    assert "npz file" in first
    assert "talk.npz" in second

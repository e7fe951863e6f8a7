"""`emotalk export-onnx`: files for other programs, their guide, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.audio import open_sound
from emotalk_core.controls import Controls
from emotalk_core.engine import onnx_export
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.engine.onnx_export import export_onnx, read_export
from emotalk_core.errors import ModelFolderError, SetupError
from emotalk_core.model.folder import Model
from tests.core.babble import RATE, babble, joined, told

FILES = ("features.onnx", "encoder.onnx", "branches.onnx", "decoder.onnx")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Path:
    """The shipped model, exported."""
    folder = tmp_path_factory.mktemp("out") / "starter"
    export_onnx(model, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_file_is_close_to_our_own_numbers(export: Path, model: Model) -> None:
    record = read_export(export)

    assert tuple(record["files"]) == FILES
    assert all(0.0 < file["difference"] < 1e-4 for file in record["files"].values())
    assert record["model"]["key"] == model.key


def test_the_weights_papers_go_along(export: Path) -> None:
    assert {"LICENSE-whisper", "NOTICE", "MODEL_CARD.md", "README.md"} <= set(contents(export))


def test_the_guides_program_gives_the_built_in_face(
    export: Path, builtin: BuiltinEngine, tmp_path: Path
) -> None:
    """A stranger's program, 12 s and three windows long, with nothing of ours imported."""
    code = re.search(r"```python\n(.*?)```", (export / "README.md").read_text(), re.DOTALL)
    assert code is not None
    with wave.open(str(tmp_path / "talk.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.int16(20000 * np.clip(babble(12.3), -1, 1)).tobytes())

    child = subprocess.run(
        [sys.executable, "-I", "-c", code[1], str(tmp_path / "talk.wav"), str(tmp_path / "a.npy")],
        cwd=export, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert child.returncode == 0, child.stderr
    encoding = joined(builtin.encode(open_sound(tmp_path / "talk.wav")))
    expected = builtin.decode(encoding, told(encoding.n_frames, Controls()))
    np.testing.assert_allclose(np.load(tmp_path / "a.npy"), expected, atol=1e-4)


def test_numbers_that_differ_are_refused_and_nothing_is_written(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = dict(model.tensors)
    changed["decoder.output.bias"] = model.tensors["decoder.output.bias"] + np.float16(0.01)
    other = Model(model.config, changed, model.encoder_tensors, model.path, model.key)
    graphs = onnx_export.starter_graphs(other)
    monkeypatch.setattr(onnx_export, "starter_graphs", lambda _model: graphs)

    with pytest.raises(SetupError, match="decoder gives other numbers"):
        export_onnx(model, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_a_model_of_another_kind_is_refused(model: Model, tmp_path: Path) -> None:
    config = replace(model.config, kind="published")
    other = Model(config, model.tensors, model.encoder_tensors, model.path, model.key)

    with pytest.raises(SetupError, match=r"'published'.*--engine torch"):
        export_onnx(other, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "novel.txt").write_text("chapter one")

    code = cli.main(["export-onnx", "-o", str(tmp_path)])

    assert code == 2
    assert contents(tmp_path) == {"novel.txt": b"chapter one"}
    assert "The folder holds other files" in capsys.readouterr().err


def test_an_earlier_export_is_made_anew(export: Path, model: Model) -> None:
    before = contents(export)

    export_onnx(model, export)

    assert contents(export) == before


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_short_is_named(export: Path, tmp_path: Path, name: str) -> None:
    for path in export.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_bytes((export / name).read_bytes()[:-10])

    with pytest.raises(ModelFolderError, match=rf"cut short.*{name}.*export-onnx again"):
        read_export(tmp_path)


def test_info_says_when_an_export_is_of_other_weights(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in export.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    record = json.loads((tmp_path / "export.json").read_text())
    record["model"]["key"] = "0" * 32
    (tmp_path / "export.json").write_text(json.dumps(record))

    for folder, word in ((export, "those that ship"), (tmp_path, "not those that ship")):
        assert cli.main(["info", str(folder), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["weights"] == word


def test_an_export_given_as_a_model_says_what_to_give(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", "--model", str(export)]) == 2
    assert "Give the model folder that it was made from" in capsys.readouterr().out

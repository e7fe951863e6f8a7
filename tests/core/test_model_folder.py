"""A model folder is read strictly: every fault is named, nothing is guessed."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.doctor import about_model
from emotalk_core.engine import open_engine
from emotalk_core.errors import InputError, ModelFolderError, SetupError
from emotalk_core.model.config import (
    ModelConfig,
    PublishedConfig,
    Wav2Vec2Config,
    read_config,
    write_config,
)
from emotalk_core.model.folder import encoder_shapes, load_model, model_shapes, starter_folder
from emotalk_core.model.tensors import read_tensors, write_tensors

SMALL = replace(
    ModelConfig(),
    front_end=replace(ModelConfig().front_end, n_layers=1, reach=2),
    content=replace(ModelConfig().content, width=4, dilations=(1,)),
    emotion=replace(ModelConfig().emotion, latent=8),
    decoder=replace(ModelConfig().decoder, width=4, n_blocks=1, style_width=2),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole model of few numbers."""
    write_config(SMALL, tmp_path / "config.json")
    for name, shapes in (("model", model_shapes(SMALL)), ("encoder", encoder_shapes(SMALL))):
        zeros = {key: np.zeros(shape, np.float16) for key, shape in shapes.items()}
        write_tensors(tmp_path / f"{name}.safetensors", zeros)
    return tmp_path


def change(folder: Path, **tensors: np.ndarray | None) -> None:
    """Replace tensors of model.safetensors; None takes one away."""
    path = folder / "model.safetensors"
    given = {name: np.array(array) for name, array in read_tensors(path)[0].items()}
    for name, array in tensors.items():
        key = name.replace("__", ".")
        if array is None:
            del given[key]
        else:
            given[key] = array
    write_tensors(path, given)


def test_the_shipped_model_is_whole() -> None:
    model = load_model(starter_folder())
    assert model.config.kind == "starter"
    assert all(np.isfinite(np.asarray(t, np.float32)).all() for t in model.tensors.values())


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("form", [np.float16, np.float32])
def test_numbers_that_are_none_are_refused(folder: Path, form: type, number: float) -> None:
    bad = np.zeros((8, 8), form)
    bad[5, 3] = number
    change(folder, prototypes=bad)

    with pytest.raises(ModelFolderError, match=r"model\.safetensors.*'prototypes'") as caught:
        load_model(folder)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["encoder", "prototypes"])
def test_every_file_of_a_published_model_is_looked_through(tmp_path: Path, file: str) -> None:
    ears = Wav2Vec2Config(4, (3,), (2,), 8, 2, 1, 1, 1, 4)
    sizes = PublishedConfig(ears, 8, 8, 4, 4, 4, 4, 4, 1, 4)
    config = replace(ModelConfig(), kind="published", published=sizes)
    write_config(config, tmp_path / "config.json")
    shapes = {
        "model": model_shapes(config),
        "encoder": encoder_shapes(config),
        "prototypes": {"prototypes": (8, 4)},
    }
    tensors = {
        name: {key: np.zeros(shape, np.float16) for key, shape in its.items()}
        for name, its in shapes.items()
    }
    tensors[file] = {key: array + np.float16(np.nan) for key, array in tensors[file].items()}
    for name, its in tensors.items():
        write_tensors(tmp_path / f"{name}.safetensors", its)

    with pytest.raises(ModelFolderError, match=rf"{file}\.safetensors that are none"):
        load_model(tmp_path)


def test_the_largest_numbers_are_numbers(folder: Path) -> None:
    change(folder, prototypes=np.full((8, 8), np.finfo(np.float16).min, np.float16))

    assert load_model(folder).tensors["prototypes"].min() == np.finfo(np.float16).min


def test_config_survives_a_round_trip(folder: Path) -> None:
    assert read_config(folder / "config.json") == SMALL


def test_a_folder_may_be_given_as_text(folder: Path) -> None:
    assert load_model(str(folder)).key == load_model(folder).key


def test_a_model_in_a_message_is_no_page_of_numbers(folder: Path) -> None:
    with pytest.raises(InputError) as error:
        open_engine(load_model(folder), "auto")  # type: ignore[arg-type] - the wrong way round
    assert "array" not in str(error.value)


def test_the_key_changes_with_the_numbers(folder: Path) -> None:
    before = load_model(folder).key
    change(folder, prototypes=np.ones((8, 8), np.float16))
    assert load_model(folder).key != before


def test_each_faulty_tensor_is_named(folder: Path) -> None:
    change(
        folder,
        prototypes=None,
        decoder__output__bias=np.zeros(51, np.float16),
        extra=np.zeros(1, np.float16),
    )
    with pytest.raises(ModelFolderError) as caught:
        load_model(folder)
    text = str(caught.value)
    assert "prototypes is missing" in text
    assert "extra is left over" in text
    assert "decoder.output.bias is (51,), not (52,)" in text


def test_a_missing_encoder_tensor_is_named(folder: Path) -> None:
    path = folder / "encoder.safetensors"
    tensors = {name: np.array(array) for name, array in read_tensors(path)[0].items()}
    del tensors["conv1.bias"]
    write_tensors(path, tensors)
    with pytest.raises(ModelFolderError, match=r"conv1\.bias is missing"):
        load_model(folder)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_other_format_versions_are_refused(folder: Path, version: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": version}))
    with pytest.raises(ModelFolderError, match="format version"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change_to", "named"),
    [
        ({"kind": "other"}, "other"),
        ({"surplus": 1}, "surplus"),
        ({"fps": "30"}, "fps"),
        ({"channels": ["jawOpen"]}, "Channels"),
        ({"decoder": 3}, "decoder"),
        ({"kind": ["starter"]}, "Unknown kind"),
        ({"fps": 0}, "fps = 0"),
        ({"fps": 60}, "Frame rate of another network: 60"),
        ({"n_styles": 0}, "n_styles = 0"),
        ({"decoder": asdict(SMALL.decoder) | {"n_blocks": 1_000_000_000}}, "n_blocks = 1000000000"),
        ({"content": asdict(SMALL.content) | {"dilations": [0]}}, "dilations"),
        ({"front_end": asdict(SMALL.front_end) | {"window": 60}}, "Windows that do not go on"),
        ({"decoder": asdict(SMALL.decoder) | {"n_blocks": 9999}}, "and [0-9]+ more"),
    ],
)
def test_wrong_configs_are_refused(folder: Path, change_to: dict[str, object], named: str) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change_to))
    with pytest.raises(ModelFolderError, match=named):
        load_model(folder)


HUGE = 10**400


@pytest.mark.parametrize(
    "header",
    [
        [],
        {"__metadata__": 5},
        {"__metadata__": "ab"},
        {"__metadata__": ["ab"]},
        {"a": 5},
        {"a": {"dtype": ["F16"], "shape": [1], "data_offsets": [0, 2]}},
        {"a": {"dtype": "F16", "shape": [HUGE], "data_offsets": [0, 2]}},
        {"a": {"dtype": "F16", "shape": [1 << 62, 4], "data_offsets": [0, 0]}},
        {"a": {"dtype": "F16", "shape": [0, HUGE], "data_offsets": [0, 0]}},
        {"a": {"dtype": "F16", "shape": [1] * 99, "data_offsets": [0, 2]}},
        {"a": {"dtype": "F16", "shape": [1], "data_offsets": [HUGE, HUGE + 2]}},
        {"a": {"dtype": "F16", "shape": [float("inf")], "data_offsets": [0, 2]}},
        {"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 1]}},
    ],
)
def test_damaged_headers_are_refused(folder: Path, header: object) -> None:
    text = json.dumps(header).encode()
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0\0")

    with pytest.raises(ModelFolderError, match="Damaged") as caught:
        load_model(folder)

    assert "\n" not in str(caught.value)


def test_json_without_a_bottom_is_refused_and_told_by_the_doctor(folder: Path) -> None:
    deep = b"[" * 200_000
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(deep)) + deep)
    assert "Damaged header" in about_model(folder).text
    (folder / "config.json").write_bytes(deep)
    assert "no JSON" in about_model(folder).text


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "encoder.safetensors"])
def test_missing_and_cut_files_are_refused(folder: Path, file: str) -> None:
    path = folder / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelFolderError):
        load_model(folder)
    path.unlink()
    with pytest.raises(ModelFolderError):
        load_model(folder)


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="No such model folder"):
        load_model(tmp_path / "nothing")


def test_a_full_disk_leaves_the_old_weights_and_no_debris(folder: Path, small_disk: None) -> None:
    path = folder / "model.safetensors"
    before, names = path.read_bytes(), sorted(folder.iterdir())

    with pytest.raises(SetupError, match=r"model\.safetensors.* Free disk space"):
        write_tensors(path, {"large": np.zeros(100_000, np.float32)})

    assert path.read_bytes() == before
    assert sorted(folder.iterdir()) == names

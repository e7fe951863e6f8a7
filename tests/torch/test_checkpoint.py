"""The authors' file becomes a model folder; a wrong one is named, a hostile one never runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.cli import main
from emotalk_core.errors import InputError, ModelFolderError, SetupError
from emotalk_core.model.folder import load_model

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.model import checkpoint  # noqa: E402
from emotalk_core.model.checkpoint import import_checkpoint  # noqa: E402
from tests.torch import published  # noqa: E402

Weights = dict[str, torch.Tensor]
DENSE = "audio_encoder_cont.encoder.layers.1.feed_forward.output_dense.weight"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Weights:
    """A checkpoint's table of few numbers, and an importer that expects such sizes."""
    monkeypatch.setattr(checkpoint, "USUAL", published.TINY)
    return published.tiny_weights()


@pytest.fixture
def save(tmp_path: Path) -> Callable[[object], Path]:
    """Writes what is given as a checkpoint."""

    def write(held: object) -> Path:
        torch.save(held, tmp_path / "EmoTalk.pth")
        return tmp_path / "EmoTalk.pth"

    return write


def test_an_imported_folder_holds_the_file_s_numbers(
    tiny: Weights, save: Callable[[object], Path], tmp_path: Path
) -> None:
    found = import_checkpoint(save(tiny), tmp_path / "model")

    model = load_model(tmp_path / "model")
    sizes = model.config.published
    assert found.missing == found.left_over == ()
    assert sizes is not None
    assert sizes.encoder is not None
    assert (sizes.encoder.n_layers, sizes.encoder.feed_forward) == (2, 24)
    assert model.config.n_styles == 24
    np.testing.assert_array_equal(
        model.encoder_tensors["content.encoder.layers.1.down.weight"], tiny[DENSE].numpy()
    )
    assert not sizes.share_convolutions


def test_equal_convolutions_are_kept_once(
    tiny: Weights, save: Callable[[object], Path], tmp_path: Path
) -> None:
    ours, other = "audio_encoder_cont.", "audio_encoder_emo.wav2vec2."
    equal = {n: tiny[n.replace(other, ours)] if "_extractor" in n else t for n, t in tiny.items()}

    found = import_checkpoint(save(equal), tmp_path / "model")

    assert found.config.published is not None
    assert found.config.published.share_convolutions
    tensors = load_model(tmp_path / "model").encoder_tensors
    assert "content.encoder.convolutions.layers.0.weight" in tensors
    assert "emotion.encoder.convolutions.layers.0.weight" not in tensors


def newer(weights: Weights) -> Weights:
    """Names as newer versions of PyTorch write them."""
    names = {"weight_g": "original0", "weight_v": "original1"}
    return {
        next(
            (
                name.replace(old, f"parametrizations.weight.{new}")
                for old, new in names.items()
                if name.endswith(old)
            ),
            name,
        ): tensor
        for name, tensor in weights.items()
    }


@pytest.mark.parametrize(
    "dressed",
    [
        newer,
        lambda w: {f"module.{name}": tensor for name, tensor in w.items()},
        lambda w: {"epoch": 80, "state_dict": w},
        lambda w: {"model": {f"module.{name}": t for name, t in newer(w).items()}, "loss": 0.1},
    ],
    ids=["newer names", "module.", "wrapped", "all at once"],
)
def test_other_ways_of_saving_make_the_same_model(
    tiny: Weights,
    save: Callable[[object], Path],
    tmp_path: Path,
    dressed: Callable[[Weights], object],
) -> None:
    import_checkpoint(save(tiny), tmp_path / "plain")
    import_checkpoint(save(dressed(tiny)), tmp_path / "dressed")

    plain, other = load_model(tmp_path / "plain"), load_model(tmp_path / "dressed")
    assert plain.key == other.key


def test_each_wrong_tensor_is_named(
    tiny: Weights, save: Callable[[object], Path], tmp_path: Path
) -> None:
    wrong = dict(tiny)
    del wrong["bs_map_r.bias"]
    wrong["PPE.pe"] = torch.zeros(1)
    wrong[DENSE] = torch.zeros(3, 4)
    wrong["obj_vector_level.bias"] = torch.full((2,), float("nan"))

    with pytest.raises(InputError) as caught:
        import_checkpoint(save(wrong), tmp_path / "model")

    for named in (
        "bs_map_r.bias is missing",
        "PPE.pe is left over",
        f"{DENSE} is (3, 4), not (32, 24)",
        "obj_vector_level.bias holds",
    ):
        assert named in str(caught.value)
    assert list(tmp_path.iterdir()) == [tmp_path / "EmoTalk.pth"]


def test_what_is_left_over_can_be_left_out(
    tiny: Weights, save: Callable[[object], Path], tmp_path: Path
) -> None:
    file = save(tiny | {"PPE.pe": torch.zeros(1)})

    with pytest.raises(InputError, match="--ignore-left-over"):
        import_checkpoint(file, tmp_path / "model")
    found = import_checkpoint(file, tmp_path / "model", ignore_left_over=True)

    assert found.left_over == ("PPE.pe",)


def test_what_curves_do_not_need_may_be_missing(
    tiny: Weights, save: Callable[[object], Path], tmp_path: Path
) -> None:
    unneeded = ("lm_head", "masked_spec_embed", "classifier", "k_proj.bias")
    kept = {n: t for n, t in tiny.items() if not any(part in n for part in unneeded)}

    found = import_checkpoint(save(kept), tmp_path / "model")

    assert len(found.missing) == len(tiny) - len(kept)
    load_model(tmp_path / "model")


def test_what_is_missing_is_told_in_one_line(
    tiny: Weights,
    save: Callable[[object], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = {n: t for n, t in tiny.items() if "lm_head" not in n and "k_proj.bias" not in n}
    n_missing = len(tiny) - len(kept)
    assert n_missing > 3

    assert main(["import-checkpoint", str(save(kept)), "-o", str(tmp_path / "model")]) == 0

    lines = [line for line in capsys.readouterr().err.splitlines() if "not needed" in line]
    assert len(lines) == 1
    assert f"curves: {n_missing} tensors (" in lines[0]
    assert lines[0].endswith(", ...)")


class Hostile:
    """Unpickling it makes a file: what it must never come to."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("wrapped", [False, True])
def test_code_in_a_checkpoint_never_runs(
    tiny: Weights,
    save: Callable[[object], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    wrapped: bool,
) -> None:
    hostile = Hostile(tmp_path / "ran")
    file = save({"state_dict": tiny, "args": hostile} if wrapped else hostile)

    code = main(["import-checkpoint", str(file), "-o", str(tmp_path / "model")])

    assert code == 2
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "model").exists()
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "holds code" in last
    assert "nothing of it was run" in last


@pytest.mark.parametrize("held", [{}, [1, 2], {"epoch": 3}, 7, {"weight": "text"}])
def test_a_checkpoint_of_something_else_is_refused(
    held: object, save: Callable[[object], Path], tmp_path: Path
) -> None:
    with pytest.raises(InputError):
        import_checkpoint(save(held), tmp_path / "model")


@pytest.mark.parametrize("cut", [0, 10, 5_000, 50_000])
def test_a_cut_checkpoint_is_refused(
    tiny: Weights, save: Callable[[object], Path], tmp_path: Path, cut: int
) -> None:
    file = save(tiny)
    os.truncate(file, cut)

    with pytest.raises(InputError, match=r"cut short|cannot be read"):
        import_checkpoint(file, tmp_path / "model")


def test_text_is_no_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "EmoTalk.pth"
    file.write_text("<html>Quota exceeded</html>")

    with pytest.raises(InputError):
        import_checkpoint(file, tmp_path / "model")


def test_a_folder_that_is_there_is_not_touched(
    tiny: Weights, save: Callable[[object], Path], tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")

    with pytest.raises(InputError, match="there already"):
        import_checkpoint(save(tiny), tmp_path / "model")

    assert [path.name for path in (tmp_path / "model").iterdir()] == ["mine.txt"]


def test_a_full_disk_leaves_nothing(
    tiny: Weights,
    save: Callable[[object], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_tensors", full)
    with pytest.raises(SetupError, match="No space left"):
        import_checkpoint(save(tiny), tmp_path / "model")

    assert list(tmp_path.iterdir()) == [tmp_path / "EmoTalk.pth"]


def test_the_command_shows_the_licence_and_keeps_it(
    tiny: Weights,
    save: Callable[[object], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["import-checkpoint", str(save(tiny)), "-o", str(tmp_path / "model")])

    assert code == 0
    assert "non-commercial" in capsys.readouterr().err
    for name in ("MODEL_CARD.md", "LICENSE-WEIGHTS.md"):
        assert "CC BY-NC 4.0" in (tmp_path / "model" / name).read_text(encoding="utf-8")


def test_a_cut_model_folder_is_refused(
    tiny: Weights, save: Callable[[object], Path], tmp_path: Path
) -> None:
    import_checkpoint(save(tiny), tmp_path / "model")
    path = tmp_path / "model" / "encoder.safetensors"
    os.truncate(path, path.stat().st_size // 2)

    with pytest.raises(ModelFolderError):
        load_model(tmp_path / "model")

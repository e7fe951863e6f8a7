"""Which device the torch engine takes, how exactly it works there, and cards that are full."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emotalk_core.engine import open_engine, streaming
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.errors import SetupError
from emotalk_core.model.folder import load_model, starter_folder

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.engine.torch_engine import PublishedEngine, Settings  # noqa: E402
from emotalk_core.engine.torch_engine import published as published_engine  # noqa: E402
from emotalk_core.engine.torch_engine.device import choose_device, choose_dtype  # noqa: E402
from tests.torch.test_torch_engine import (  # noqa: E402
    as_heard,
    babble,
    curves_of,
    tiny_model,
    whole,
)


def test_the_starter_in_half_precision_is_near() -> None:
    starter, sound = load_model(starter_folder()), babble(3.0)
    coarse = open_engine("torch", starter, device="cpu", precision="bfloat16")

    exact, near = (curves_of(e, sound) for e in (BuiltinEngine(starter, n_threads=1), coarse))

    assert np.abs(exact - near).mean() < 3e-3


def test_what_was_heard_by_earlier_numbers_is_heard_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    starter = load_model(starter_folder())
    earlier = open_engine("torch", starter, device="cpu").key

    monkeypatch.setattr(streaming, "_NUMERIC_VERSION", streaming._NUMERIC_VERSION + 1)

    assert open_engine("torch", starter, device="cpu").key != earlier


def test_a_starter_without_memory_gives_way_to_the_processor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no card here: its name is made up, and its memory always runs out."""
    starter, sound = load_model(starter_folder()), babble(1.0)
    engine = open_engine("torch", starter, device="cpu")
    expected = curves_of(engine, sound)
    first = engine._parts.network

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(first, "device", torch.device("mps"))
    for name in ("project_together", "decode"):
        monkeypatch.setattr(first, name, full)

    np.testing.assert_array_equal(curves_of(engine, sound), expected)
    assert engine.device.type == "cpu"
    assert caplog.text.count("Too little memory on mps") == 1


def test_a_card_without_room_for_the_weights_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model, real = tiny_model(tmp_path), PublishedEngine._place

    def place(
        engine: PublishedEngine, network: object, device: torch.device, *more: object
    ) -> None:
        if device.type == "mps":
            raise torch.OutOfMemoryError("MPS backend out of memory")
        real(engine, network, device, *more)

    monkeypatch.setattr(published_engine, "choose_device", torch.device)
    monkeypatch.setattr(PublishedEngine, "_place", place)

    engine = PublishedEngine(model, Settings("mps", "bfloat16"))

    assert whole(engine, babble(1.0)).n_frames == 30
    assert engine.device.type == "cpu"
    assert engine.key.endswith("float32")
    assert "Too little memory on mps" in caplog.text


def test_curves_that_find_no_memory_come_from_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = PublishedEngine(tiny_model(tmp_path), Settings("cpu", "float32"))
    encoding, real = whole(engine, babble(1.0)), engine._decode
    expected = engine.decode(encoding, as_heard(30))
    answers = [None, real]
    monkeypatch.setattr(engine, "_decode", lambda *told: (now := answers.pop(0)) and now(*told))

    np.testing.assert_array_equal(engine.decode(encoding, as_heard(30)), expected)
    assert "curves come from the processor" in caplog.text


def test_a_card_that_cannot_add_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As one that is too old for this PyTorch: it is seen, and fails at the first sum."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", lambda *_, device: _raise(RuntimeError("No kernel.\nHelp")))

    assert choose_device("auto").type == "cpu"
    assert "cuda cannot be used: No kernel. Going on with the processor" in caplog.text
    with pytest.raises(SetupError, match=r"'cuda: No kernel'\. Close .*--device cpu\.$"):
        choose_device("cuda")


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(("capability", "expected"), [((7, 5), "float32"), ((8, 0), "bfloat16")])
def test_half_precision_is_for_cards_that_have_it(
    capability: tuple[int, int], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)

    assert str(choose_dtype("auto", torch.device("cuda"))) == f"torch.{expected}"

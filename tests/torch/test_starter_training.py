"""The product's own network on one's own takes: the engine's numbers, a folder that it reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core import pipeline  # noqa: E402
from emotalk_core.audio import ArraySound  # noqa: E402
from emotalk_core.controls import Controls, ControlTrack  # noqa: E402
from emotalk_core.engine import open_engine  # noqa: E402
from emotalk_core.errors import InputError  # noqa: E402
from emotalk_core.model.folder import load_model, starter_folder  # noqa: E402
from emotalk_core.model.network import Starter  # noqa: E402
from tests.torch.paper_takes import heard_store, losses_of, made_store, settings  # noqa: E402
from tests.torch.test_paper import FRONT_END  # noqa: E402
from training.datasets import load_samples  # noqa: E402
from training.paper.batches import collate  # noqa: E402
from training.paper.starter import StarterAnimator, export_starter  # noqa: E402
from training.paper.steps import network_of, train  # noqa: E402

CHANGES = ("network=starter", "losses.cross=0", "pace.learning_rate=1e-3", "pace.pairs=1")


def test_a_trained_network_becomes_a_model_that_the_engine_runs_alike(tmp_path: Path) -> None:
    store = heard_store(tmp_path / "features")
    network = train(settings(*CHANGES, "pace.steps=8"), store, tmp_path / "run", FRONT_END).eval()
    assert isinstance(network, StarterAnimator)
    export_starter(network, tmp_path / "model", name="ours", takes=2, speakers=2, minutes=0.1)

    engine = open_engine("builtin", load_model(tmp_path / "model"))
    sound = ArraySound(load_samples(store.takes[0].source), 16_000)
    encoding = pipeline.encode(sound, engine)
    track = ControlTrack(Controls(mix=0.0, style=store.takes[0].person))
    made = engine.decode(encoding, track.frames(np.arange(30) / 30))
    with torch.no_grad():
        ours = network.animate(collate(store, [0]))[0].numpy()

    # float16 weights in the folder; the outer frames hear the engine's silence around the sound.
    np.testing.assert_allclose(made[2:22], ours[2:22], atol=0.02)
    assert engine.config.name == "ours"


def test_it_learns_from_the_weights_that_ship(tmp_path: Path) -> None:
    store = heard_store(tmp_path / "features")
    changes = (*CHANGES, "pace.steps=25", "pace.dropout=false")
    train(settings(*changes), store, tmp_path / "run", FRONT_END)
    losses = losses_of(tmp_path / "run")
    assert losses[-1] < 0.7 * losses[0]


def test_it_names_phones_as_the_weights_that_ship(tmp_path: Path) -> None:
    store = heard_store(tmp_path / "features")
    network = train(settings(*CHANGES, "pace.steps=4"), store, tmp_path / "run", FRONT_END)
    assert isinstance(network, StarterAnimator)
    shipped, trained = load_model(starter_folder()).tensors, network.network.export()
    for name in (n for n in shipped if n.startswith("content.phones.")):
        np.testing.assert_array_equal(trained[name], shipped[name], err_msg=name)
    for name in ("content.project.weight", "decoder.output.weight"):
        assert (trained[name] != shipped[name]).any()


def test_more_speakers_than_styles_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = heard_store(tmp_path / "features")
    takes = tuple(replace(store.takes[0], person=person) for person in range(9))
    crowd = replace(
        store,
        takes=takes,
        starts=np.arange(10) * store.starts[1],
        states=np.tile(store.states[: store.starts[1]], (9, 1, 1)),
        level=np.tile(store.level[: store.starts[1]], 9),
    )

    train(settings(*CHANGES, "persons=9"), crowd, tmp_path / "run", FRONT_END, until=1)

    assert "9 speakers share the network's 8 styles" in caplog.text


def test_features_of_another_front_end_are_refused() -> None:
    with pytest.raises(InputError, match="3 x 16"):
        network_of(settings(*CHANGES), made_store())


def test_a_rebuild_writes_beside_what_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import __main__, steps

    (tmp_path / "data" / "open_speech").mkdir(parents=True)
    written: list[Path] = []
    monkeypatch.setattr(steps, "export", lambda _work, folder: written.append(folder))
    places = ["--data", str(tmp_path / "data"), "--work", str(tmp_path / "work")]

    for more in ([], ["--out", str(tmp_path / "mine")]):
        assert __main__.main(["export", *places, *more]) == 0

    assert written == [tmp_path / "work" / "model", tmp_path / "mine"]


def test_what_ships_hears_the_same_while_it_is_trained() -> None:
    model = load_model(starter_folder())
    network = Starter.from_tensors(model.config, model.tensors)
    states = torch.randn(1, 120, model.config.front_end.n_layers, model.config.front_end.width)
    weights, centres = torch.ones(1, 120), torch.tensor([60])

    asked = [network.train(mode).emotion(states, weights, centres)[1] for mode in (True, False)]

    torch.testing.assert_close(*asked)

"""The whole network on sound: encoders from a checkpoint folder, each take over its own length."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.errors import InputError, SetupError  # noqa: E402
from emotalk_core.model.authors_file import authors_shapes  # noqa: E402
from emotalk_core.model.config import Wav2Vec2Config  # noqa: E402
from emotalk_core.model.folder import load_model  # noqa: E402
from tests.torch.paper_takes import made_store, settings  # noqa: E402
from tests.torch.test_paper import FRONT_END  # noqa: E402
from training.paper.batches import collate  # noqa: E402
from training.paper.emotalk import PaperLosses  # noqa: E402
from training.paper.full_size import (  # noqa: E402
    Encoders,
    FullEmoTalk,
    check_encoders,
    export_full,
    full_config,
    read_encoder,
)
from training.paper.steps import train  # noqa: E402

SMALL = Wav2Vec2Config(
    conv_width=8, width=16, position_kernel=4, position_groups=2, n_layers=2, n_heads=2,
    feed_forward=32,
)  # fmt: skip
FACTS = {
    "model_type": "wav2vec2", "do_stable_layer_norm": True, "hidden_size": 16,
    "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2, "conv_dim": [8] * 7,
    "conv_kernel": list(SMALL.kernels), "conv_stride": list(SMALL.strides),
}  # fmt: skip


def checkpoint_state() -> dict[str, torch.Tensor]:
    """A wav2vec2 checkpoint by transformers' names, as newer versions write weight norm."""
    rng, prefix, found = np.random.default_rng(0), "audio_encoder_cont.", {}
    for name, shape in authors_shapes(full_config(SMALL, 4)).items():
        if name.startswith(prefix) and not name.startswith(f"{prefix}lm_head"):
            bare = name.removeprefix(prefix)
            bare = bare.replace("weight_g", "parametrizations.weight.original0")
            bare = bare.replace("weight_v", "parametrizations.weight.original1")
            found[bare] = torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint folder, and a `transformers` that reads it."""
    path = tmp_path / "checkpoint"
    path.mkdir()
    (path / "config.json").write_text(json.dumps(FACTS))

    def from_pretrained(name: str, *, local_files_only: bool) -> SimpleNamespace:
        assert local_files_only
        assert name == str(path)
        return SimpleNamespace(state_dict=checkpoint_state)

    fake = SimpleNamespace(Wav2Vec2Model=SimpleNamespace(from_pretrained=from_pretrained))
    monkeypatch.setitem(sys.modules, "transformers", fake)
    return path


def test_both_encoders_start_from_the_folder_and_their_convolutions_stay(
    folder: Path, tmp_path: Path
) -> None:
    store = made_store()
    changes = (f"encoders.content={folder}", f"encoders.emotion={folder}")
    run = settings("network=emotalk-full", "pace.steps=2", "pace.pairs=1", *changes)
    network = train(run, store, tmp_path / "run", FRONT_END)

    assert isinstance(network, FullEmoTalk)
    state = checkpoint_state()
    first = state["feature_extractor.conv_layers.0.conv.weight"]
    for encoder in network.network.encoders:
        assert torch.equal(encoder.convolutions.layers[0].weight, first)
        assert not torch.equal(encoder.input.bias, state["feature_projection.projection.bias"])


def test_it_trains_and_becomes_a_model_folder(folder: Path, tmp_path: Path) -> None:
    network = FullEmoTalk(4, Encoders(str(folder), str(folder)), PaperLosses())
    export_full(network, tmp_path / "model", "ours")
    model = load_model(tmp_path / "model")
    assert model.config.kind == "published"
    name = "content.encoder.input.weight"
    np.testing.assert_array_equal(
        model.encoder_tensors[name], network.network.state_dict()[name].numpy()
    )


def test_a_take_sounds_the_same_alone_and_beside_a_longer_one(folder: Path) -> None:
    network = FullEmoTalk(4, Encoders(str(folder), str(folder)), PaperLosses()).eval()
    torch.nn.init.normal_(network.network.decoder.output.weight)
    store = replace(made_store(), sounds=True)
    rng = np.random.default_rng(1)
    for take in store.takes:
        take.source[:] = rng.integers(-9000, 9000, len(take.source))
    with torch.no_grad():
        alone = network.animate(collate(store, [0]))[0]
        beside = network.animate(collate(store, [0, 2]))[0, : len(alone)]
        whole = network.network.encode(collate(store, [0]).samples, len(alone))
        batch = collate(store, [0])
        published = network.network.decode(
            whole.content, torch.zeros(1, len(alone)), whole.emotion, batch.person
        )[0]
    torch.testing.assert_close(alone, published, atol=1e-5, rtol=0)  # the inference path's numbers
    torch.testing.assert_close(beside, alone, atol=1e-3, rtol=0)


def test_an_encoder_that_starts_from_random_numbers_is_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    check_encoders(Encoders(content=str(folder)))
    (said,) = caplog.messages
    assert said.startswith("encoders.emotion is not given")


def test_folders_that_are_none_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"config\.json"):
        read_encoder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(FACTS | {"do_stable_layer_norm": False}))
    with pytest.raises(InputError, match="do_stable_layer_norm"):
        read_encoder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(FACTS))
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(SetupError, match="pip install transformers"):
        read_encoder(tmp_path)

"""The linear listener: fitted on moments, written into the branch, careful with readers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emotalk_core.controls import EMOTIONS
from emotalk_core.engine.starter import pool_weights
from emotalk_core.errors import InputError
from emotalk_core.model.config import ModelConfig

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.model.network import TORCH, Starter  # noqa: E402
from training.listener import (  # noqa: E402
    Listener,
    ListenerSettings,
    Voices,
    fit_listener,
    mixed,
    recalls,
    write,
)

WIDTH = 16
CONFIG = replace(ModelConfig(), front_end=replace(ModelConfig().front_end, width=WIDTH))


def voices(seed: int, emotions: list[int], apart: float, n: int = 40) -> Voices:
    """Clouds of moments, one for each emotion, `apart` deviations from the middle."""
    rng = np.random.default_rng(seed)
    centres = apart * np.linalg.qr(np.random.default_rng(0).standard_normal((WIDTH, 8)))[0].T
    labels = np.repeat(np.eye(8)[emotions], n, axis=0)
    pooled = np.concatenate([centres[e] + rng.standard_normal((n, WIDTH)) for e in emotions])
    weights = np.full(len(pooled), 1.0 / len(pooled))
    clips = np.arange(len(pooled)) // 4
    return Voices(pooled.astype(np.float32), labels, weights, clips)


def fitted(readers: Voices | None = None, **settings: float) -> Listener:
    quiet = voices(5, [0], 0.0)
    return fit_listener(
        voices(1, list(range(8)), 4.0), quiet, readers or quiet, ListenerSettings(**settings)
    )


def test_hears_unseen_clips_of_what_it_was_taught() -> None:
    found = recalls(fitted(), voices(2, list(range(8)), 4.0))

    assert min(found.values()) >= 0.9


def test_readers_show_no_feeling_by_mistake_and_are_heard_all_the_same() -> None:
    readers = voices(3, [EMOTIONS.index("disgust")], 2.0)

    listener = fitted(readers, most_by_mistake=0.05)

    heard = listener.shares(readers.pooled).mean(axis=0)
    shown = replace(listener, bias=listener.careful).shares(readers.pooled).mean(axis=0)
    assert heard[EMOTIONS.index("disgust")] > 0.3
    assert shown[2:].max() < 0.06


def test_what_readers_sound_like_is_kept_beside_the_matrix() -> None:
    readers = voices(3, [EMOTIONS.index("disgust")] * 10, 1.0)
    listener = fitted(readers)

    heard = np.log(listener.shares(readers.pooled))
    expected = (heard - heard.mean(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(listener.readers, expected, atol=0.002)
    assert listener.readers[EMOTIONS.index("disgust")] > 1.0


@pytest.mark.parametrize("layers", [(), (1.0,), (0.5, 0.5, 0.5), (-1.0, 1.0, 1.0)])
def test_layers_that_are_no_shares_are_named(layers: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="add up to 1"):
        ListenerSettings(layers=layers)


def test_the_written_branch_is_the_fitted_matrix() -> None:
    rng = np.random.default_rng(4)
    network, matrix = Starter(CONFIG), rng.standard_normal((WIDTH, 8))
    bias, careful = rng.standard_normal((2, 8))
    listener = Listener(matrix, bias, careful, (0.0, 0.25, 0.75), (0.0,) * 8)
    write(listener, network)
    states = torch.from_numpy(rng.standard_normal((1, 200, 3, WIDTH)).astype(np.float32))
    level = torch.zeros(1, 200)

    voice, heard = network.emotion(states, pool_weights(level, TORCH), torch.tensor([100]))

    around = mixed(states[0, 25:176].numpy(), listener.layers)
    pooled = around.sum(axis=0, keepdims=True) / (len(around) + 1.0)
    shares = heard.softmax(-1)[0].detach().numpy()
    shown = voice.softmax(-1)[0].detach().numpy()
    np.testing.assert_allclose(shares, listener.shares(pooled), atol=2e-4)
    careful = replace(listener, bias=careful)
    np.testing.assert_allclose(shown, careful.shares(pooled), atol=2e-4)


def test_what_readers_differ_in_says_less_of_a_feeling() -> None:
    """Two dimensions tell sad from happy alike; readers, who feel nothing, differ in one."""
    rng = np.random.default_rng(6)
    sad, happy = EMOTIONS.index("sad"), EMOTIONS.index("happy")
    actors = voices(7, [sad, happy] * 10, 0.0)
    side = np.where(actors.labels[:, happy] > 0, 1.0, -1.0)[:, None]
    actors = replace(actors, pooled=(actors.pooled + side * np.eye(WIDTH)[:2].sum(0)).astype("f4"))
    readers = voices(8, [0] * 10, 0.0)
    readers = replace(
        readers,
        pooled=readers.pooled + np.repeat(rng.normal(0, 5, (100, 1)), 4, 0) * np.eye(WIDTH)[0],
    )

    def told(held_back: float) -> np.ndarray:
        settings = ListenerSettings(held_back=held_back)
        matrix = fit_listener(actors, voices(5, [0], 0.0), readers, settings).matrix
        return matrix[:2, happy] - matrix[:2, sad]

    free, held = told(0.0), told(20.0)
    assert free[0] == pytest.approx(free[1], rel=0.3)
    assert held[0] < 0.6 * held[1]


def test_neutral_is_heard_less_readily() -> None:
    moments = voices(9, [0], 1.0).pooled
    as_labelled, less = (fitted(neutral_less=x).shares(moments).mean(axis=0) for x in (0.0, 0.8))
    assert less[0] < as_labelled[0]
    assert (less[1:] > as_labelled[1:]).all()

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
    nobody = np.full_like(pooled, np.nan, np.float32)
    return Voices(pooled.astype(np.float32), labels, weights, clips, nobody)


def people(seed: int, emotions: list[int], apart: float, n: int = 40) -> Voices:
    """The same of as many people as there are clips, each of whom sounds unlike the others."""
    found = voices(seed, emotions, apart, n)
    rng = np.random.default_rng(seed + 100)
    own = np.repeat(rng.normal(0, 3.0, (len(found.pooled) // 4, WIDTH)), 4, axis=0)
    neutral = voices(seed, [0], apart, 400).pooled.mean(axis=0)
    usual = (neutral + own + rng.normal(0, 0.3, own.shape)).astype(np.float32)
    return replace(found, pooled=(found.pooled + own).astype(np.float32), usual=usual)


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


def test_a_voice_beside_its_usual_one_is_heard_by_the_same_matrix() -> None:
    quiet, every = voices(5, [0], 0.0), [*range(8)]
    listener = fit_listener(people(1, every, 4.0), quiet, quiet, ListenerSettings())
    unseen = people(2, every, 4.0)

    # as `usual_voice.heard_beside`: less of what is heard of the usual voice beside what it should
    usual = unseen.usual @ listener.matrix + listener.bias - np.array(listener.usual)
    hits = {
        name: np.mean(np.argmax(logits, axis=1) == np.argmax(unseen.labels, axis=1))
        for name, logits in {
            "alone": unseen.pooled @ listener.matrix + listener.bias,
            "beside": unseen.pooled @ listener.matrix + listener.bias - usual,
        }.items()
    }
    assert hits["alone"] < 0.6
    assert hits["beside"] > 0.9
    assert sum(listener.usual) == pytest.approx(0.0, abs=0.01)


def test_of_usual_voices_too_neutral_is_heard_less_readily_and_as_much_as_is_asked() -> None:
    quiet, actors = voices(5, [0], 0.0), people(1, [*range(8)], 4.0)

    def learnt(**settings: float) -> Listener:
        return fit_listener(actors, quiet, quiet, ListenerSettings(**settings))

    readily, less = learnt(neutral_less=0.0), learnt(neutral_less=0.8)
    hardly = learnt(beside=0.01)

    assert less.usual[0] < readily.usual[0] - 0.5
    apart = actors.pooled - actors.usual
    right = [
        np.mean(
            np.argmax(apart @ one.matrix + np.array(one.usual), axis=1) == actors.labels.argmax(1)
        )
        for one in (readily, hardly)
    ]
    assert right[0] > right[1] + 0.02


def test_where_nobody_is_heard_twice_no_usual_voice_is_known() -> None:
    assert fitted().usual == (0.0,) * 8


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

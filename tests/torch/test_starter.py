"""The torch network and the numpy engine are one network."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core.arkit import CHANNELS
from emotalk_core.controls import FrameControls
from emotalk_core.engine.contact import firmness, press, round_off, tuck
from emotalk_core.engine.starter import Starter as NumpyStarter
from emotalk_core.engine.starter import frame_positions, pool_weights
from emotalk_core.model.config import ContentConfig, ModelConfig
from emotalk_core.model.folder import load_model, model_shapes, starter_folder
from emotalk_core.shaping.aperture import aperture_mm

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.model.network import TORCH, Starter  # noqa: E402

S, T = 200, 100


@pytest.fixture(scope="module")
def pair() -> tuple[Starter, NumpyStarter]:
    """The shipped weights in both."""
    model = load_model(starter_folder())
    network = Starter(model.config)
    names = {"standardise.mean": "mean", "standardise.scale": "scale"}
    tensors = {n: np.asarray(t, np.float32) for n, t in model.tensors.items()}
    network.load_state_dict(
        {names.get(n, n): torch.from_numpy(t.copy()) for n, t in tensors.items()}
    )
    return network.eval(), NumpyStarter(model.config, tensors)


@pytest.fixture(scope="module")
def heard() -> tuple[np.ndarray, np.ndarray]:
    """Hidden states (S, layers, width) and levels as the encoder might give them."""
    rng = np.random.default_rng(0)
    states = rng.standard_normal((S, 3, 512)).astype(np.float32)
    return states, rng.uniform(-70, 10, S).astype(np.float32)


def standardised(network: Starter, states: np.ndarray) -> torch.Tensor:
    return (torch.from_numpy(states) - network.mean) * network.scale


def projected(engine: NumpyStarter, states: np.ndarray) -> np.ndarray:
    return engine.project([np.ascontiguousarray(states[:, i]) for i in range(3)])


def made_content(rng: np.random.Generator, sizes: ContentConfig) -> np.ndarray:
    """What the decoder might be told, float32 (T, told)."""
    shares = rng.dirichlet(np.full(len(sizes.phones), 0.1), T)
    said = rng.standard_normal((T, sizes.width))
    return np.concatenate([said, shares], axis=1).astype(np.float32)


def test_content_is_the_same(
    pair: tuple[Starter, NumpyStarter], heard: tuple[np.ndarray, np.ndarray]
) -> None:
    network, engine = pair
    states, level = heard
    with torch.no_grad():
        x = network.content(standardised(network, states)[None], torch.from_numpy(level)[None])
        theirs, levels = network.frames(x, torch.from_numpy(level)[None], T)
    at, share = frame_positions(0, T, 30)
    content = engine.content(projected(engine, states), level)
    ours = content[at] * (1 - share[:, None]) + content[at + 1] * share[:, None]
    np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-4)
    np.testing.assert_allclose(
        level[at] * (1 - share) + level[at + 1] * share, levels[0].numpy(), atol=1e-4
    )


def test_emotion_is_the_same(
    pair: tuple[Starter, NumpyStarter], heard: tuple[np.ndarray, np.ndarray]
) -> None:
    network, engine = pair
    states, level = heard
    centres = np.arange(0, S, 7)
    with torch.no_grad():
        voice, logits = network.emotion(
            standardised(network, states)[None],
            pool_weights(torch.from_numpy(level), TORCH)[None],
            torch.from_numpy(centres),
        )
        latent = voice.softmax(-1) @ network.prototypes
    ours, shares = engine.emotion(projected(engine, states), pool_weights(level), centres)
    np.testing.assert_allclose(ours, latent[0].numpy(), atol=1e-4)
    np.testing.assert_allclose(shares, logits.softmax(-1)[0].numpy(), atol=1e-4)


def test_decoder_is_the_same(pair: tuple[Starter, NumpyStarter]) -> None:
    network, engine = pair
    rng = np.random.default_rng(1)
    content = made_content(rng, network.config.content)
    level = rng.uniform(-70, 10, T).astype(np.float32)
    weights = rng.dirichlet(np.ones(8), T).astype(np.float32)
    intensity = rng.uniform(0, 2, T).astype(np.float32)
    latent = engine.latent(
        np.zeros((T, 64)), FrameControls(weights, np.ones(T, np.float32), intensity)
    )
    ours = engine.decode(content, level, latent, style=3)
    with torch.no_grad():
        told = network.slider_latent(
            torch.from_numpy(weights), torch.from_numpy(intensity)[:, None]
        )
        theirs, free, contact = network.decode(
            torch.from_numpy(content)[None],
            torch.from_numpy(level)[None],
            told[None],
            torch.tensor([3]),
        )
    np.testing.assert_allclose(latent, told.numpy(), atol=1e-4)
    np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-4)
    assert contact.shape == (1, T)
    assert free.shape == theirs.shape


def test_pressed_lips_are_the_same_and_meet() -> None:
    rng = np.random.default_rng(3)
    free = rng.uniform(0, 0.6, (T, 52)).astype(np.float32)
    free[:, CHANNELS.index("mouthClose")] = 0.0
    logits = np.linspace([-30, -12, -20], [12, 30, 20], T, dtype=np.float32)
    both = firmness(logits)
    theirs_both = firmness(torch.from_numpy(logits), TORCH)
    np.testing.assert_allclose(both, theirs_both.numpy(), atol=1e-6)
    ours = press(free.copy(), both[:, 0], 0.8 * both[:, 0], both[:, 0] ** 4)
    lips = theirs_both[:, 0]
    theirs = press(torch.from_numpy(free), lips, 0.8 * lips, lips**4, TORCH).numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(ours[0], free[0], atol=1e-3)
    assert aperture_mm(ours[-1:])[0] < 0.4
    assert aperture_mm(free[-1:])[0] > 5.0


def test_a_tucked_lip_is_the_same() -> None:
    free = np.random.default_rng(4).uniform(-0.05, 0.6, (T, 52)).astype(np.float32)
    firm = np.linspace(0.0, 1.0, T, dtype=np.float32)
    half = 0.5 * firm
    theirs = tuck(*map(torch.from_numpy, (free, firm, half)), TORCH).numpy()
    np.testing.assert_allclose(tuck(free, firm, half), theirs, atol=1e-6)


def test_corners_that_let_the_lips_round_are_the_same() -> None:
    free = np.random.default_rng(5).uniform(-0.05, 0.6, (T, 52)).astype(np.float32)
    firm = np.linspace(0.0, 1.0, T, dtype=np.float32)[:, None]
    theirs = round_off(torch.from_numpy(free), torch.from_numpy(firm), TORCH).numpy()
    np.testing.assert_allclose(round_off(free, firm), theirs, atol=1e-6)


def test_export_has_the_folder_s_tensors() -> None:
    config = ModelConfig()
    exported = Starter(config).export()
    assert {name: array.shape for name, array in exported.items()} == model_shapes(config)


def test_a_frame_depends_on_bounded_context_alone(pair: tuple[Starter, NumpyStarter]) -> None:
    _, engine = pair
    rng = np.random.default_rng(2)
    content = made_content(rng, engine.config.content)
    level, latent = np.zeros(T, np.float32), np.zeros((T, 64), np.float32)
    before = engine.decode(content, level, latent, 0)
    content[50] += 1.0
    moved = np.abs(engine.decode(content, level, latent, 0) - before).max(axis=1) > 1e-6
    halo = engine.config.decoder.halo
    assert set(np.flatnonzero(moved)) == set(range(50 - halo, 51 + halo))

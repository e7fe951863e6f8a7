"""The published network's numbers, as its authors' code gave them (tests/golden/README.md)."""

from __future__ import annotations

import os

import numpy as np
import pytest

from emotalk_core.arkit import CHANNELS, EMOTALK_ORDER
from emotalk_core.model.authors_file import authors_shapes
from emotalk_core.shaping.smoothing import smooth

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from emotalk_core.model.network.published import (  # noqa: E402
    Published,
    attention_bias,
    normalise,
    published_slopes,
    whole_places,
)
from emotalk_core.model.network.wav2vec2 import interpolate  # noqa: E402
from tests.torch import published  # noqa: E402

OUTPUT, INSIDE = (
    2e-5,
    1e-4,
)  # float32 through all layers: 3e-6 and 2.7e-5 measured by the golden's makers
WINDOW_5 = 0.25  # strength of `smooth` that fits parabolas to five frames
TO_APPLE = [EMOTALK_ORDER.index(channel) for channel in CHANNELS]
CASES = ["small_a", "small_b"]
SLOW = pytest.mark.skipif(
    "EMOTALK_SLOW_TESTS" not in os.environ,
    reason="2.5 GB of weights, a minute: set EMOTALK_SLOW_TESTS=1",
)


def golden(name: str) -> dict[str, np.ndarray]:
    """A case's arrays, coefficients in Apple's order."""
    with np.load(published.GOLDEN / f"{name}.npz") as arrays:
        return {
            key: array[:, TO_APPLE] if key.startswith("output") else array
            for key, array in arrays.items()
        }


def assert_close(ours: torch.Tensor, expected: np.ndarray, tolerance: float) -> None:
    """Whole arrays, without the batch; names the worst place."""
    away = np.abs(ours.numpy() - expected)
    worst = np.unravel_index(away.argmax(), away.shape)
    assert away[worst] <= tolerance, f"{away[worst]:.2e} at {worst}"


def curves(network: Published, sound: torch.Tensor, case: dict[str, np.ndarray]) -> torch.Tensor:
    """Coefficients (T, 52) of a normalised sound (1, n)."""
    n_frames = len(case["output"])
    with torch.no_grad():
        heard = network.encode(sound, n_frames)
        level = torch.full((1, n_frames), float(case["level"]))
        style = torch.tensor([int(case["person"])])
        return network.decode(heard.content, level, heard.emotion, style)[0]


@pytest.mark.parametrize("size", ["small", "full"])
def test_every_tensor_of_the_authors_file_is_known_in_its_order(size: str) -> None:
    config = {"small": published.SMALL, "full": published.FULL}[size]

    assert list(authors_shapes(config).items()) == list(published.golden_shapes(size).items())


@pytest.mark.parametrize("name", CASES)
def test_curves_are_the_published_ones(name: str) -> None:
    case, sound = golden(name), normalise(published.samples(name))

    found = curves(published.small(), sound, case)

    assert_close(found, case["output"], OUTPUT)
    assert_close(found.double(), case["output_f64"], OUTPUT)


@SLOW
def test_curves_of_the_full_size_are_the_published_ones() -> None:
    case, sound = golden("full_c"), normalise(published.samples("full_c"))
    network = published.network(published.FULL, published.golden_shapes("full"))

    found = curves(network, sound, case)

    assert_close(found, case["output"], OUTPUT)


@pytest.mark.parametrize("name", CASES)
def test_what_lies_between_is_the_published(name: str) -> None:
    case, sound, network = golden(name), normalise(published.samples(name)), published.small()
    n_frames = len(case["output"])
    rows = case.get("rows", np.arange(n_frames))
    found = steps_of(network, sound, n_frames, int(case["level"]), int(case["person"]))

    for key, values in found.items():
        kept = rows[: len(case[key])] if key == "emo_features" else rows
        chosen = values[0] if values.ndim == 2 else values[0, kept]
        assert_close(chosen, case[key], OUTPUT if key == "emotion_logits" else INSIDE)


def steps_of(
    network: Published, sound: torch.Tensor, n_frames: int, level: int, person: int
) -> dict[str, torch.Tensor]:
    """The network taken apart, under the golden files' keys."""
    content, emotion, decoder = network.content, network.emotion, network.decoder
    with torch.no_grad():
        states = content.encoder.convolutions(sound)
        places = whole_places(1, states.shape[1], n_frames)
        content_rows = interpolate(states, places.content)
        emotion_states = emotion.encoder.convolutions(sound)
        emotion_rows = interpolate(emotion_states, places.emotion_rows)
        content_hidden = content.encoder(content_rows)
        emotion_hidden = interpolate(emotion.encoder(emotion_rows), places.emotion)
        heard = network.listen(content_hidden, emotion_hidden)
        levels = torch.full((1, n_frames), float(level))
        style = torch.nn.functional.one_hot(torch.tensor([person]), 24)
        inputs = decoder.inputs(heard.content, levels, heard.emotion, style)
        return {
            "cont_features": content_rows,
            "emo_features": emotion_rows,
            "cont_hidden": content_hidden,
            "emo_hidden": emotion_hidden,
            "emotion_logits": heard.logits,
            "emo_832": heard.emotion,
            "decoder_in": inputs,
            "decoder_out": decoder.layer(inputs, heard.emotion),
        }


def test_content_of_one_and_emotion_of_another_give_the_published_curves() -> None:
    case, network = golden("small_pair"), published.small()
    ours, other = (normalise(published.samples(name)) for name in CASES)
    with torch.no_grad():
        for key, sound in (("output11", other), ("output12", ours)):
            n_frames = len(case[key])
            said, felt = network.encode(ours, n_frames), network.encode(sound, n_frames)
            level = torch.full((1, n_frames), float(case["level"]))
            style = torch.tensor([int(case["person"])])
            assert_close(
                network.decode(said.content, level, felt.emotion, style)[0], case[key], OUTPUT
            )
            if key == "output11":
                assert_close(felt.logits[0], case["emotion_logits"], OUTPUT)


def test_the_sound_is_normalised_as_published() -> None:
    case, sound = golden("small_a"), published.samples("small_a")

    assert_close(normalise(sound)[0, :64], case["input_normalised_head"], 1e-6)


def test_attention_is_biased_as_published() -> None:
    case = golden("small_a")
    bias = attention_bias(
        torch.from_numpy(case["mask_rows"]), torch.arange(400), published_slopes(4), period=30
    )

    np.testing.assert_array_equal(bias.numpy(), case["mask"])


def test_smoothing_can_be_the_published_one() -> None:
    case = golden("small_a")

    np.testing.assert_allclose(
        smooth(case["output"], WINDOW_5), case["output_savgol"], rtol=0, atol=1e-6
    )

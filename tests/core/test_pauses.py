"""Feelings last over pauses, and the first one is there before the first word."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.engine import Encoding
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.engine.pauses import ENOUGH_S, over_pauses
from emotalk_core.model.config import ModelConfig
from emotalk_core.model.folder import load_model, starter_folder
from tests.core.babble import RATE, babble, joined, largest_difference

HAPPY, SAD, FEARFUL = 2, 3, 5
FPS = 30


@pytest.fixture(scope="module")
def config() -> ModelConfig:
    return load_model(starter_folder()).config


def heard(config: ModelConfig, *parts: tuple[float, bool, int]) -> Encoding:
    """Seconds, whether somebody speaks in them, and the feeling that is heard there: that of the
    speech, as far as the listener reaches.
    """
    n_frames = [round(seconds * FPS) for seconds, _, _ in parts]
    silence = np.repeat([0.0 if spoken else 1.0 for _, spoken, _ in parts], n_frames)
    feeling = np.repeat([feeling for _, _, feeling in parts], n_frames)
    content = np.zeros((len(silence), config.content.full_width), np.float32)
    content[:, config.content.width] = silence
    content[:, config.content.width + 1] = 1.0 - silence
    shares = np.eye(8, dtype=np.float32)[feeling]
    emotion = np.zeros((len(silence), config.emotion.latent), np.float32)
    emotion[:, :8] = shares
    return Encoding(content, emotion, shares, np.zeros(len(silence), np.float32))


def settled(encoding: Encoding, config: ModelConfig, size: int = 10_000) -> Encoding:
    pieces = (encoding[i : i + size] for i in range(0, encoding.n_frames, size))
    return Encoding.joined(over_pauses(pieces, config))


def test_a_feeling_lasts_over_a_pause(config: ModelConfig) -> None:
    talk = heard(
        config, (3, True, HAPPY), (1.5, False, HAPPY), (3, False, FEARFUL), (1.5, False, SAD),
        (3, True, SAD),
    )  # fmt: skip
    shown = settled(talk, config)
    assert shown.heard[:, FEARFUL].max() < 0.01
    assert (shown.heard[: 6 * FPS, HAPPY] == 1.0).all()
    assert (shown.heard[-2 * FPS :, SAD] == 1.0).all()
    steps = np.abs(np.diff(shown.heard, axis=0))
    assert steps.max() < 0.05  # it goes over, and does not jump
    np.testing.assert_array_equal(shown.emotion[:, :8], shown.heard)
    np.testing.assert_allclose(shown.heard.sum(axis=1), 1.0, atol=1e-6)


def test_the_first_feeling_is_there_before_the_first_word(config: ModelConfig) -> None:
    talk = heard(
        config, (4, False, FEARFUL), (0.3, True, SAD), (1.7, False, SAD), (1.5, False, HAPPY),
        (4, True, HAPPY),
    )  # fmt: skip
    shown = settled(talk, config)
    assert (shown.heard[: 2 * FPS, HAPPY] == 1.0).all()
    word = shown.heard[4 * FPS]
    assert word[SAD] == pytest.approx((0.3 / ENOUGH_S) ** 2, abs=0.01)
    assert word[HAPPY] == pytest.approx(1.0 - (0.3 / ENOUGH_S) ** 2, abs=0.01)


def test_one_short_word_is_one_feeling(config: ModelConfig) -> None:
    talk = heard(
        config, (1.5, False, FEARFUL), (1.5, False, SAD), (0.5, True, SAD), (3, False, SAD),
        (2, False, FEARFUL),
    )  # fmt: skip
    shown = settled(talk, config)
    assert (shown.heard[:, SAD] > 0.99).all()


def test_speech_without_pauses_and_silence_alone_stay_as_they_were(config: ModelConfig) -> None:
    for spoken in (True, False):
        talk = heard(config, (4, spoken, HAPPY), (4, spoken, SAD))
        assert largest_difference(settled(talk, config), talk) == 0.0


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pieces_of_any_size_give_the_same(config: ModelConfig, size: int) -> None:
    talk = heard(
        config, (2, False, FEARFUL), (2, True, SAD), (5, False, FEARFUL), (1, True, HAPPY),
        (4, False, SAD),
    )  # fmt: skip
    whole = settled(talk, config)
    assert largest_difference(settled(talk, config, size), whole) < 1e-6


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pieces_of_any_size_wait_as_long_for_speech(config: ModelConfig, size: int) -> None:
    talk = heard(
        config, (29, False, FEARFUL), (0.5, True, SAD), (4, False, FEARFUL), (4, True, HAPPY)
    )  # fmt: skip
    whole = settled(talk, config)
    assert largest_difference(settled(talk, config, size), whole) < 1e-6


def test_half_a_minute_without_speech_is_not_waited_out(config: ModelConfig) -> None:
    silence = heard(config, (40, False, FEARFUL))
    pieces = (silence[i : i + 100] for i in range(0, silence.n_frames, 100))
    first = next(over_pauses(pieces, config))
    assert 30 * FPS <= first.n_frames < 36 * FPS


def test_a_face_does_not_jump_where_the_wait_for_speech_ends(config: ModelConfig) -> None:
    talk = heard(config, (40, False, FEARFUL), (1.5, False, HAPPY), (3, True, HAPPY))
    shown = settled(talk, config, size=100)
    assert np.abs(np.diff(shown.heard, axis=0)).max() < 0.1
    assert (shown.heard[-2 * FPS :, HAPPY] == 1.0).all()


def test_words_far_apart_are_felt_after_half_a_minute_as_before(config: ModelConfig) -> None:
    words = [(0.8, True, HAPPY), (1.2, False, FEARFUL)] * 40
    shown = settled(heard(config, *words), config, size=100)
    seconds = shown.heard[:, HAPPY].reshape(-1, 2 * FPS).mean(axis=1)
    assert np.ptp(seconds[1:-1]) < 0.05


def test_the_engine_hears_in_a_pause_what_it_heard_before() -> None:
    engine = BuiltinEngine(load_model(starter_folder()), n_threads=1)
    pause = np.zeros(4 * RATE, np.float32)
    encoding = joined(engine.encode(ArraySound(np.concatenate([pause, babble(4), pause]), RATE)))
    for quiet in (0, -1):
        assert np.abs(encoding.heard[quiet] - encoding.heard[6 * FPS]).max() < 0.1

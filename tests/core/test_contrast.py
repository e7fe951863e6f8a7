"""Contrast: the strongest feeling in the voice stands for the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emotalk_core import arkit
from emotalk_core.controls import EMOTIONS, Controls, ControlTrack, emotion_weights
from emotalk_core.engine import Encoding
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.engine.emotion import sharpened, with_contrast
from emotalk_core.model.folder import load_model, starter_folder
from tests.core.babble import told

HAPPY, SAD, ANGRY = (EMOTIONS.index(name) for name in ("happy", "sad", "angry"))
FEELINGS = slice(HAPPY, None)
EXPRESSIVE = [
    place
    for place, name in enumerate(arkit.CHANNELS)
    if name.startswith(("brow", "cheek", "nose", "mouthSmile", "mouthFrown", "eyeSquint"))
]

shares = arrays(np.float32, (3, 6), elements=st.floats(0, 1, width=32))


@pytest.fixture(scope="module")
def engine() -> BuiltinEngine:
    return BuiltinEngine(load_model(starter_folder()), n_threads=1)


def heard_as(mixed: np.ndarray, engine: BuiltinEngine, prototypes: np.ndarray) -> Encoding:
    """Something said in a voice of constant shares (8,), as files keep it."""
    n, rng = 40, np.random.default_rng(0)
    content = np.zeros((n, engine.config.content.full_width), np.float32)
    said = rng.standard_normal((1, engine.config.content.width))
    content[:, : said.shape[1]] = said
    rows = np.tile(np.asarray(mixed, np.float32), (n, 1))
    voice = (rows @ prototypes).astype(np.float16).astype(np.float32)
    return Encoding(content, voice, rows, np.full(n, -10.0, np.float32))


def blend(**felt: float) -> np.ndarray:
    """Shares (8,) of some feelings; what they leave is half neutral, half calm."""
    mixed = np.array(emotion_weights(felt))
    mixed[:2] = (1.0 - mixed.sum()) / 2
    return mixed


@given(felt=shares, contrast=st.floats(0, 1))
def test_sums_and_order_of_feelings_stay(felt: np.ndarray, contrast: float) -> None:
    found = sharpened(felt, contrast)

    np.testing.assert_allclose(found.sum(axis=1), felt.sum(axis=1), rtol=1e-5, atol=1e-6)
    assert (found >= 0.0).all()
    for was, now in zip(felt, found, strict=True):
        assert (np.diff(now[np.argsort(was)]) >= 0.0).all()


@given(felt=shares)
def test_the_strongest_share_grows_with_contrast(felt: np.ndarray) -> None:
    strongest = [sharpened(felt, contrast).max(axis=1) for contrast in (0.0, 0.3, 1.0)]

    np.testing.assert_allclose(strongest[0], felt.max(axis=1), rtol=1e-5, atol=1e-6)
    assert (np.diff(strongest, axis=0) >= -1e-6).all()


def test_neutral_and_calm_stay_and_the_voice_is_still_a_mixture(prototypes: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    mixed = rng.dirichlet(np.full(8, 0.4), 200)
    voice = (mixed @ prototypes).astype(np.float32)

    moved = with_contrast(voice, 1.0, prototypes) @ np.linalg.pinv(prototypes)

    np.testing.assert_allclose(moved[:, :HAPPY], mixed[:, :HAPPY], atol=1e-4)
    np.testing.assert_allclose(moved.sum(axis=1), 1.0, atol=1e-4)
    assert moved.min() > -1e-4
    assert (moved.argmax(axis=1)[mixed.argmax(axis=1) >= HAPPY] >= HAPPY).all()
    apart = moved[:, FEELINGS].max(axis=1) - mixed[:, FEELINGS].max(axis=1)
    assert apart.mean() > 0.05


@pytest.mark.parametrize("mixed", [blend(), blend(angry=0.6)])
def test_a_voice_with_no_feeling_or_one_stays(mixed: np.ndarray, prototypes: np.ndarray) -> None:
    voice = np.tile(mixed @ prototypes, (5, 1)).astype(np.float32)

    np.testing.assert_allclose(with_contrast(voice, 1.0, prototypes), voice, atol=1e-4)


def test_a_face_comes_nearer_to_the_strongest_feeling(
    engine: BuiltinEngine, prototypes: np.ndarray
) -> None:
    encoding = heard_as(blend(sad=0.4, happy=0.25, angry=0.2), engine, prototypes)
    alone = heard_as(blend(sad=0.85), engine, prototypes)
    wanted = engine.decode(alone, told(40))[:, EXPRESSIVE]

    away = [
        np.abs(engine.decode(encoding, told(40, Controls(contrast=c)))[:, EXPRESSIVE] - wanted)
        for c in (0.0, 0.5, 1.0)
    ]

    none, half, full = (one.mean() for one in away)
    assert full < 0.35 * none
    assert full < half < none


def test_without_contrast_every_byte_is_as_heard(
    engine: BuiltinEngine, prototypes: np.ndarray
) -> None:
    encoding = heard_as(blend(sad=0.4, happy=0.3), engine, prototypes)

    face = engine.decode(encoding, told(40, Controls(contrast=0.0)))

    np.testing.assert_array_equal(face, engine._network.decode(encoding, told(40)))


def test_what_was_heard_is_reported_as_it_was(
    engine: BuiltinEngine, prototypes: np.ndarray
) -> None:
    encoding = heard_as(blend(sad=0.4, happy=0.3), engine, prototypes)
    was = {name: array.copy() for name, array in encoding.arrays.items()}

    engine.decode(encoding, told(40, Controls(contrast=1.0)))

    for name, array in encoding.arrays.items():
        np.testing.assert_array_equal(array, was[name])


def test_sliders_alone_have_no_contrast(engine: BuiltinEngine, prototypes: np.ndarray) -> None:
    encoding = heard_as(blend(sad=0.4, happy=0.3), engine, prototypes)
    sliders = Controls(emotions=emotion_weights({"happy": 0.6, "angry": 0.3}), mix=1.0)

    faces = [engine.decode(encoding, told(40, replace(sliders, contrast=c))) for c in (0.0, 1.0)]

    np.testing.assert_array_equal(*faces)


def test_contrast_holds_for_a_whole_sound_whatever_is_keyed() -> None:
    keys = (Controls(contrast=0.2), Controls(contrast=0.4))

    track = ControlTrack(Controls(contrast=0.7), (0.0, 1.0), keys)

    assert track.frames(np.array([0.0, 0.5])).contrast == 0.7
    assert track.changed_from(ControlTrack(Controls(), (0.0, 1.0), keys)) is not None

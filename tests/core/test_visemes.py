"""Visemes and vowels fitted to the 52 curves."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.retarget import binding_of, match_keys, retarget
from emotalk_core.rigs.tables import read_table
from emotalk_core.rigs.visemes import (
    FEELINGS,
    VISEMES,
    VOWELS,
    feeling_weights,
    viseme_weights,
    vowel_weights,
)


def mouth(**stems: float) -> np.ndarray:
    """(1, 52): a face with these channels; "mouthPress" names both sides."""
    face = np.zeros((1, 52), np.float32)
    for stem, value in stems.items():
        names = [stem] if stem in arkit.CHANNELS else [f"{stem}Left", f"{stem}Right"]
        face[0, [arkit.index(name) for name in names]] = value
    return face


def taught(viseme: str) -> np.ndarray:
    return mouth(**read_table("viseme_mouths")["mix"][viseme])


@pytest.mark.parametrize("viseme", VISEMES[1:])
def test_each_mouth_is_its_own_viseme(viseme: str) -> None:
    weights = viseme_weights(taught(viseme))[0]

    assert VISEMES[int(weights.argmax())] == viseme
    assert weights.max() > 0.9


def test_a_face_at_rest_is_silence() -> None:
    assert viseme_weights(np.zeros((3, 52), np.float32))[:, 0].tolist() == [1.0, 1.0, 1.0]


def test_weights_are_shares() -> None:
    faces = np.random.default_rng(1).random((200, 52)).astype(np.float32)

    weights = viseme_weights(faces)

    assert weights.min() >= 0.0
    assert np.abs(weights.sum(1) - 1.0).max() < 1e-5


def test_half_a_mouth_is_half_a_viseme() -> None:
    weights = viseme_weights(0.5 * taught("aa"))[0]

    assert weights[VISEMES.index("aa")] == pytest.approx(0.5, abs=0.05)


def test_a_smile_does_not_speak() -> None:
    smiling = taught("aa") + mouth(mouthSmile=0.8)

    assert np.allclose(viseme_weights(smiling), viseme_weights(taught("aa")), atol=1e-6)


@pytest.mark.parametrize(
    ("vowel", "viseme"), [("aa", "aa"), ("ih", "ih"), ("ou", "ou"), ("ee", "E"), ("oh", "oh")]
)
def test_each_vowel_is_itself(vowel: str, viseme: str) -> None:
    weights = vowel_weights(taught(viseme))[0]

    assert VOWELS[int(weights.argmax())] == vowel
    assert weights.max() > 0.9


def test_at_most_two_vowels_speak_at_once_and_share_one_mouth() -> None:
    mouths = np.vstack([taught(viseme) for viseme in ("aa", "ih", "ou", "E", "oh")])
    mixtures = np.random.default_rng(2).random((300, 5)).astype(np.float32)

    weights = vowel_weights(mixtures @ mouths)

    assert ((weights > 0).sum(1) <= 2).all()
    assert weights.sum(1).max() <= 1.0 + 1e-6


def test_shut_lips_silence_the_vowels() -> None:
    assert vowel_weights(taught("PP")).max() < 0.05


def test_vowel_keys_are_keyed_through_the_binding() -> None:
    values = np.vstack([taught("aa"), taught("PP"), taught("ou")])
    binding = binding_of({"Face": match_keys(["aa", "ih", "ou", "ee", "oh", "blink"])})

    tables = retarget(
        Clip(values, arkit.CHANNELS, Fraction(30)), binding, rate=Fraction(30), start_frame=1
    )

    curves = {table.data_path: table.values for table in tables}
    assert curves['key_blocks["aa"].value'].round(1).tolist() == [1.0, 0.0, 0.0]
    assert curves['key_blocks["ou"].value'].round(1).tolist() == [0.0, 0.0, 1.0]


def emotion_face(feeling: str) -> np.ndarray:
    return mouth(**read_table("feeling_faces")["mix"][feeling])


@pytest.mark.parametrize("feeling", FEELINGS)
def test_each_face_is_its_own_feeling(feeling: str) -> None:
    weights = feeling_weights(emotion_face(feeling))[0]

    assert FEELINGS[int(weights.argmax())] == feeling
    assert weights.max() > 0.9


def test_speech_has_no_feeling() -> None:
    mouths = np.vstack([taught(viseme) for viseme in VISEMES[1:]])

    assert feeling_weights(mouths).max() < 0.05


def test_speaking_face_keeps_its_feeling() -> None:
    weights = feeling_weights(emotion_face("sad") + taught("aa"))[0]

    assert weights[FEELINGS.index("sad")] > 0.9


@pytest.mark.parametrize(
    ("names", "feeling", "key"),
    [
        (["a", "i", "u", "e", "o", "joy", "angry", "sorrow", "fun"], "happy", "joy"),
        (["a", "i", "u", "e", "o", "joy", "angry", "sorrow", "fun"], "sad", "sorrow"),
        (["aa", "ih", "ou", "ee", "oh", "happy", "angry", "sad", "surprised"], "angry", "angry"),
        (["あ", "い", "う", "え", "お", "にこり", "怒り", "困る", "びっくり"], "happy", "にこり"),
        (["あ", "い", "う", "え", "お", "にこり", "怒り", "困る", "びっくり"], "sad", "困る"),
    ],
)
def test_feeling_reaches_the_preset_that_shows_it_and_no_other(
    names: list[str], feeling: str, key: str
) -> None:
    binding = binding_of({"Face": match_keys(names)})
    clip = Clip(np.vstack([emotion_face(feeling)] * 2), arkit.CHANNELS, Fraction(30))

    tables = retarget(clip, binding, rate=Fraction(30), start_frame=1)

    strength = {table.data_path.split('"')[1]: table.values.max() for table in tables}
    assert strength.pop(key) > 0.7
    assert max(strength.values()) < 0.1

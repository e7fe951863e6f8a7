"""The figures that judge a model, on curves and sounds whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from emotalk_core.controls import EMOTIONS
from emotalk_core.engine import Encoding
from emotalk_core.model.folder import load_model, starter_folder
from tests.core.babble import babble
from training.datasets import Recording, load_samples
from training.evaluate.heard import SHARED, heard_beside_usual, heard_scores
from training.evaluate.recorded import RECORDED, with_noise
from training.evaluate.stability import stability
from training.evaluate.studio import Studio
from training.evaluate.swap import swap_scores

_SPEECH = Path(__file__).parents[2] / "docs" / "recordings" / "mob_scene.flac"


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio(starter_folder())


def recording(name: str, seconds: float, emotion: str = "neutral") -> Recording:
    shares = tuple(float(e == emotion) for e in EMOTIONS)
    return Recording(
        name=f"made/{name}", source=babble(seconds), speaker="x", split="dev", emotion=shares
    )


@pytest.mark.parametrize("kind", RECORDED)
def test_a_worse_recording_is_as_long_and_says_the_same_at_the_same_time(kind: str) -> None:
    clean = babble(3.0)

    worse = RECORDED[kind](clean)

    assert worse.shape == clean.shape
    assert worse.dtype == np.float32
    both = np.fft.rfft(np.stack([clean, worse]).astype(np.float64), 2 * len(clean))
    alike = np.fft.irfft(both[1] * both[0].conj())
    assert int(np.abs(alike).argmax()) in (0, 1, 2 * len(clean) - 1)
    assert np.abs(worse - clean).max() / np.abs(clean).max() > 0.005


@pytest.mark.parametrize("ratio_db", [10.0, 0.0])
def test_noise_is_as_loud_as_it_says(ratio_db: float) -> None:
    clean = babble(3.0)
    added = with_noise(clean, ratio_db) - clean
    found = 10 * np.log10(np.mean(clean**2) / np.mean(added**2))
    assert found == pytest.approx(ratio_db, abs=0.1)


def test_the_same_sound_elsewhere_is_compared_with_itself(studio: Studio) -> None:
    found = stability(studio, [recording("a", 4.0)])
    assert set(found) == {"later", "second", "anywhere", "joined", "quieter"}
    assert found["quieter"]["jaw_r"] > 0.99
    assert found["quieter"]["size"] == pytest.approx(1.0, abs=0.02)


def test_only_the_emotions_asked_for_are_judged() -> None:
    clips = {e: recording(e, 1.0, e) for e in ("angry", "calm", "sad")}

    class Hears:
        def encode(self, one: Recording) -> Encoding:
            strongest = {"angry": "surprised", "sad": "sad", "calm": "calm"}
            shares = np.full((30, 8), 0.05, np.float32)
            shares[:, EMOTIONS.index(strongest[one.name.split("/")[1]])] = 0.6
            shares[:, EMOTIONS.index("angry")] += 0.1
            empty = np.zeros((30, 1), np.float32)
            return Encoding(empty, empty, shares, np.zeros(30, np.float32))

    hears = Hears()
    every = heard_scores(hears, [*clips.values()])  # type: ignore[arg-type]
    shared = heard_scores(hears, [*clips.values()], among=SHARED)  # type: ignore[arg-type]

    assert every["recall"] == {"angry": 0.0, "calm": 1.0, "sad": 1.0}
    assert shared["recall"] == {"angry": 1.0, "sad": 1.0}
    assert shared["clips"] == 2


def test_a_voice_is_heard_beside_its_speakers_other_neutral_clips(studio: Studio) -> None:
    """One who sounds angry by nature: alone angry, beside that sad."""
    config = studio.engine.config
    neutral = recording("set/n", 1.0, "neutral")
    sad, alone = (
        recording("set/s", 1.0, "sad"),
        replace(recording("set/o", 1.0, "sad"), speaker="z"),
    )

    class Hears:
        engine = studio.engine

        def encode(self, one: Recording) -> Encoding:
            shares = np.full((120, 8), 0.01, np.float32)
            shares[:, EMOTIONS.index("angry")] = 0.6
            shares[:, EMOTIONS.index("sad")] = 0.01 if one is neutral else 0.3
            content = np.zeros((120, config.content.full_width), np.float32)
            content[:90, config.content.width + config.content.phones.index("a")] = 1.0
            content[90:, config.content.width] = 1.0
            level = np.where(np.arange(120) < 90, -5.0, -80.0).astype(np.float32)
            return Encoding(
                content, np.zeros((120, config.emotion.latent), np.float32), shares, level
            )

    hears = Hears()
    clips = [neutral, sad, alone]
    plain = heard_scores(hears, [sad])  # type: ignore[arg-type]
    beside = heard_beside_usual(hears, clips, clips)  # type: ignore[arg-type]

    assert plain["recall"] == {"sad": 0.0}
    assert beside["recall"] == {"sad": 1.0}  # the others have no neutral clip beside them


def test_a_voice_swapped_with_itself_stays(studio: Studio) -> None:
    found = swap_scores(studio, [recording("a", 4.0)])
    assert found["aperture_r"] == pytest.approx(1.0)
    assert found["pairs"] == 0


def test_a_lent_feeling_moves_the_face_and_not_the_lips(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = load_samples(_SPEECH)[: 6 * 16_000]
    one, other = replace(recording("one", 1.0), source=spoken), recording("other", 3.0)
    own, lent = studio.encode(one), studio.encode(other)
    angry = load_model(starter_folder()).tensors["prototypes"][EMOTIONS.index("angry")]
    shouted = replace(lent, emotion=np.broadcast_to(angry.astype(np.float32), lent.emotion.shape))
    heard = {one.name: own, other.name: shouted}
    monkeypatch.setattr(studio, "encode", lambda recording: heard[recording.name])

    found = swap_scores(studio, [one, other])

    assert found["aperture_r"] > 0.9
    assert 0.8 < found["moved"] < 1.2
    assert found["pairs"] == 2

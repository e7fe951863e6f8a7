"""The lesson in noise: crops, disturbances, the same sound as the engine's, and what is learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.engine.frontend import log_mel, normalise
from emotalk_core.engine.windows import state_levels
from emotalk_core.model.config import PHONES
from emotalk_core.model.folder import Model, load_model, starter_folder
from emotalk_core.timing import SAMPLE_RATE

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from training.hearing import Clip, HearingSettings, hear  # noqa: E402
from training.hearing import lesson as lessons  # noqa: E402
from training.hearing.disturbance import Disturbance  # noqa: E402
from training.hearing.sound import LogMel, crop_samples, heard  # noqa: E402
from training.hearing.streams import STATE_SAMPLES, Streams, believed  # noqa: E402
from training.losses import UNKNOWN  # noqa: E402

CPU = torch.device("cpu")
WINDOW = 100
VOWEL, SILENCE = PHONES.index("ɑ"), 0


def voice(seconds: float = 3.0, pitch: float = 140.0) -> Clip:
    """A hum that comes and goes twice a second, its phones written down."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    on = np.sin(2 * np.pi * 2 * t) > 0
    hum = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 12))
    phones = np.where(on[STATE_SAMPLES // 2 :: STATE_SAMPLES], VOWEL, SILENCE)
    return Clip((0.2 * hum * on).astype(np.float32), phones[: len(t) // STATE_SAMPLES])


def streams(window: int = WINDOW, **more: list[Clip]) -> Streams:
    rng = np.random.default_rng(0)
    hiss = Clip((0.01 * rng.standard_normal(40_000)).astype(np.float32), np.zeros(125, np.int64))
    groups = {"speech": ([voice(), voice(pitch=190.0)], 1.0), "quiet": ([hiss], 0.2)}
    groups |= {name: (clips, 1.0) for name, clips in more.items()}
    return Streams(groups, crop_samples(window), CPU, seed=3)


def loud(samples: torch.Tensor) -> torch.Tensor:
    """Level of each state's middle."""
    blocks = samples[:, 200 - 80 :].unfold(1, 160, STATE_SAMPLES).square().mean(-1)
    return blocks[:, :WINDOW]


def test_phones_stand_where_they_sound_at_every_speed() -> None:
    torch.manual_seed(0)
    crop = streams().draw(200)
    assert crop.samples.shape == (200, crop_samples(WINDOW))
    spoken = (crop.phones == VOWEL) & ~crop.quiet[:, None]
    sounds = loud(crop.samples) > 1e-4
    assert (spoken == sounds)[~crop.quiet].float().mean() > 0.95
    assert 0.05 < crop.quiet.float().mean() < 0.4
    assert (crop.phones[crop.quiet] == SILENCE).all()


def test_a_voice_comes_at_several_speeds() -> None:
    torch.manual_seed(0)
    crop = streams().draw(300)
    changes = (crop.phones[:, 1:] != crop.phones[:, :-1]).sum(1)[~crop.quiet]
    assert len(changes.unique()) > 2


def test_what_nobody_wrote_down_is_unknown() -> None:
    bare = Clip(voice().samples)
    crop = Streams({"plain": ([bare], 1.0)}, crop_samples(WINDOW), CPU, 0).draw(20)
    assert (crop.phones == UNKNOWN).float().mean() > 0.7


def test_a_loud_silence_is_not_believed() -> None:
    clip = voice()
    assert clip.phones is not None
    lacking = Clip(clip.samples, np.zeros_like(clip.phones))
    found = believed(lacking)
    assert (found[clip.phones == VOWEL] == UNKNOWN).mean() > 0.95
    assert (found[clip.phones == SILENCE] == SILENCE).mean() > 0.5
    np.testing.assert_array_equal(believed(clip)[clip.phones == VOWEL], VOWEL)


def test_disturbed_crops_hold_their_speech_and_some_stay_clean() -> None:
    torch.manual_seed(1)
    made = streams()
    crop = made.draw(400)
    noisy = Disturbance(made)(crop)
    apart = (noisy - crop.samples).square().mean(1)
    power = crop.samples.square().mean(1)
    assert torch.isfinite(noisy).all()
    assert 0.1 < (apart < 1e-10).float().mean() < 0.3
    worst = (apart / power.clamp(min=1e-12))[~crop.quiet]
    assert 1.5 < worst.max() < 6.0  # 4 dB more noise than speech, and a room
    together = torch.stack([(a * b).sum() for a, b in zip(noisy, crop.samples, strict=True)])
    likeness = together / (noisy.norm(dim=1) * crop.samples.norm(dim=1)).clamp(min=1e-9)
    assert likeness[~crop.quiet].median() > 0.8


def test_the_sound_is_the_engine_s() -> None:
    rng = np.random.default_rng(2)
    samples = (
        rng.standard_normal(crop_samples(60)) * np.linspace(0, 0.3, crop_samples(60))
    ).astype(np.float32)
    mel = log_mel(samples)
    ours = LogMel()(torch.from_numpy(samples)[None])
    np.testing.assert_allclose(ours[0].numpy(), mel, atol=2e-4)
    top = float(mel.max()) + 0.5
    found = heard(ours, torch.tensor([top]))
    np.testing.assert_allclose(found.mel[0].numpy(), normalise(mel, top), atol=1e-4)
    np.testing.assert_allclose(found.level[0].numpy(), state_levels(mel, top), atol=1e-2)


@pytest.fixture(scope="module")
def starter() -> Model:
    return load_model(starter_folder())


SETTINGS = HearingSettings(steps=30, batch=2, window=WINDOW, learning_rate=5e-3, device="cpu")
GROUPS = {"speech": ([voice(), voice(pitch=190.0)], 1.0), "quiet": ([voice()], 0.05)}


def test_what_is_heard_in_noise_comes_nearer_to_what_is_heard_without(
    starter: Model, tmp_path: Path
) -> None:
    settings = replace(SETTINGS, share=1.0)
    encoder, tensors = hear(starter, GROUPS, settings, tmp_path / "state.pt")
    taught = replace(starter, encoder_tensors=encoder, tensors=tensors)

    def miss(model: Model) -> float:
        torch.manual_seed(5)
        made = Streams(GROUPS, crop_samples(WINDOW), CPU, 5)
        crop = made.draw(6)
        noise = 0.1 * torch.randn_like(crop.samples)
        log_mels = [LogMel()(x) for x in (crop.samples + noise, crop.samples)]
        feeling = torch.eye(8)[:6]
        with torch.no_grad():
            noisy, alone = (
                ear(heard(mel, mel.amax((1, 2))), feeling).content[:, 25:-25, :192]
                for ear, mel in zip(
                    (lessons.Ear(model), lessons.Ear(starter)), log_mels, strict=True
                )
            )
        return float((noisy - alone).square().mean())

    assert miss(taught) < 0.9 * miss(starter)


def test_it_goes_on_from_its_checkpoint_bit_for_bit(
    starter: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DeathError(Exception):
        pass

    monkeypatch.setattr(lessons, "_SAVE_EVERY", 2)
    settings = replace(SETTINGS, steps=6)
    whole = hear(starter, GROUPS, settings, tmp_path / "whole.pt")

    original, taken = lessons.Lesson._losses, []

    def mortal(lesson: lessons.Lesson) -> dict[str, torch.Tensor]:
        taken.append(1)
        if len(taken) == 6:
            raise DeathError
        return original(lesson)

    monkeypatch.setattr(lessons.Lesson, "_losses", mortal)
    with pytest.raises(DeathError):
        hear(starter, GROUPS, settings, tmp_path / "parts.pt")
    parts = hear(starter, GROUPS, settings, tmp_path / "parts.pt")

    assert len(taken) == 6 + 2  # all but the four before the checkpoint
    for before, after in zip(whole, parts, strict=True):
        for name, numbers in before.items():
            np.testing.assert_array_equal(after[name], numbers, err_msg=name)

"""What the report says of sounds that are well and sounds that are not."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.controls import EMOTIONS, Controls, ControlTrack
from emotalk_core.engine import Encoding
from emotalk_core.pipeline import animate_to_file
from emotalk_core.report import Report, ReportBuilder, SoundTally
from emotalk_core.shaping import Said
from tests.core.fake_engine import FakeEngine


def report_on(samples: np.ndarray, folder: Path) -> Report:
    track = ControlTrack(Controls())
    return animate_to_file(
        ArraySound(samples, 16_000), track, folder / "a.npz", engine=FakeEngine()
    )


def talk(seconds: float, loudness: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(0)
    times = np.arange(int(16_000 * seconds)) / 16_000
    return loudness * (np.sin(2 * np.pi * 0.4 * times) > -0.3) * rng.uniform(-1, 1, len(times))


def test_a_good_recording_has_no_warnings(tmp_path: Path) -> None:
    report = report_on(talk(10), tmp_path)

    assert report.warnings == ()
    assert report.n_frames == 300
    assert report.seconds == 10.0
    assert 0.5 < report.speech_share < 1.0


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros(48_000), "silent"),
        (talk(10, 0.003), "Very quiet"),
        (np.clip(talk(10, 5.0), -1, 1), "Clipped"),
        (np.concatenate([talk(1), np.zeros(60 * 16_000)]), "Mostly silence"),
        (0.3 * np.sin(np.arange(25 * 16_000)), "No pause anywhere"),
    ],
)
def test_what_looks_wrong_is_said(tmp_path: Path, samples: np.ndarray, words: str) -> None:
    assert any(words in warning for warning in report_on(samples, tmp_path).warnings)


def test_heard_emotions_are_those_of_the_speech_alone() -> None:
    heard = np.zeros((200, len(EMOTIONS)), np.float32)
    heard[:100, EMOTIONS.index("happy")] = 1.0
    heard[100:, EMOTIONS.index("neutral")] = 1.0  # a silent second half
    level = np.where(np.arange(200) < 80, 0.0, -80.0).astype(np.float32)
    builder = ReportBuilder()

    builder.add_heard(Encoding(heard[:, :2], heard[:, :2], heard, level))

    assert builder.finish(200, Fraction(30), {}).heard["happy"] > 0.99


def test_a_breath_that_the_network_takes_for_silence_is_no_speech() -> None:
    heard = np.full((200, len(EMOTIONS)), 1.0 / len(EMOTIONS), np.float32)
    level, silence = np.zeros(200, np.float32), np.zeros(200, np.float32)
    silence[100:] = 1.0
    shares = []
    for told in (None, Said(silence, *np.zeros((3, 200), np.float32))):
        builder = ReportBuilder()
        builder.add_heard(Encoding(heard[:, :2], heard[:, :2], heard, level), told)
        shares.append(builder.finish(200, Fraction(30), {}).speech_share)

    assert shares[0] > 0.99
    assert 0.45 < shares[1] < 0.6


def test_closures_are_counted_once_across_stretches() -> None:
    open_and_shut = np.zeros((30, 52), np.float32)
    open_and_shut[5:10, 17] = 0.4  # jawOpen
    open_and_shut[20:25, 17] = 0.4
    one, two = ReportBuilder(), ReportBuilder()

    one.add_rows(open_and_shut)
    for part in np.split(open_and_shut, [7, 10, 11]):
        two.add_rows(part)

    counts = [b.finish(30, Fraction(30), {}).n_closures for b in (one, two)]
    assert counts == [2, 2]


def test_a_sound_is_tallied_on_its_first_reading_only() -> None:
    tally = SoundTally(ArraySound(np.array([1.0, -1.0, 0.0, 0.0]), 16_000))

    for _ in range(2):
        list(tally.blocks())

    assert tally.notes == {"power": 0.5, "clipped": 0.5}


def test_a_report_is_plain_json(tmp_path: Path) -> None:
    report = report_on(talk(2), tmp_path)

    data = json.loads(json.dumps(report.to_dict()))

    assert data["fps"] == "30"
    assert set(data["heard"]) == set(EMOTIONS)

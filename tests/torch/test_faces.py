"""Made faces: lips meet, vowels open, feelings show, and speech survives them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.controls import EMOTIONS
from emotalk_core.shaping.aperture import REST_MM, aperture_mm
from training.faces import (
    FPS,
    LEAD_S,
    Phone,
    combine,
    emotion_curves,
    face_curves,
    kind_of,
    loudness_db,
    n_frames,
    speech_curves,
)
from training.faces.phones import KINDS, mouth_parts

ONE_HOT = np.eye(len(EMOTIONS))

EXPECTED = {  # FACS directions; a tuple is a choice of which one is enough
    "happy": ["mouthSmileLeft", "cheekSquintLeft"],
    "sad": ["browInnerUp", "mouthFrownLeft"],
    "angry": ["browDownLeft", ("eyeSquintLeft", "mouthPressLeft", "noseSneerLeft")],
    "fearful": ["browInnerUp", "eyeWideLeft", "mouthStretchLeft"],
    "disgust": ["noseSneerLeft", ("mouthUpperUpLeft", "browDownLeft")],
    "surprised": ["browInnerUp", "browOuterUpLeft", "eyeWideLeft", "jawOpen"],
}


def spoken(symbols: str, *, start_s: float = 0.5, each_s: float = 0.09) -> list[Phone]:
    """Phones of equal length, one per word of `symbols`."""
    return [
        Phone(start_s + i * each_s, start_s + (i + 1) * each_s, s, kind_of(s))
        for i, s in enumerate(symbols.split())
    ]


def on_fine_grid(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curve as a player shows it, between frames by straight lines, at 1 kHz."""
    times = np.arange(0.0, (len(curve) - 1) / FPS, 0.001)
    return times, np.interp(times, np.arange(len(curve)) / FPS, curve)


# One closure in nine phones, as in running English.
SENTENCE = spoken(
    "h ə l oʊ ð ə d ɑː ɡ s æ t s iː z f aɪ v b uː ts æ n d m ɔː t aɪ d z ɡ oʊ ɪ ŋ h oʊ m"
)
SECONDS = SENTENCE[-1].end_s + 0.5


@pytest.mark.parametrize("start_s", [0.5, 0.508, 0.517, 0.525])
@pytest.mark.parametrize("length_s", [0.03, 0.06, 0.12])
def test_lips_meet_in_a_closure_of_any_length_between_any_frames(
    start_s: float, length_s: float
) -> None:
    phones = [
        Phone(start_s - 0.15, start_s, "ɑː", "open"),
        Phone(start_s, start_s + length_s, "b", "closure"),
        Phone(start_s + length_s, start_s + length_s + 0.15, "ɑː", "open"),
    ]

    times, gap = on_fine_grid(aperture_mm(speech_curves(phones, 1.2).values))

    middle = start_s + length_s / 2 - LEAD_S
    assert gap[np.abs(times - middle) < 0.02].max() <= REST_MM
    assert gap.max() > 8.0


def test_gap_of_a_resting_mouth_is_the_neutral_heads() -> None:
    assert aperture_mm(np.zeros((1, 52)))[0] == pytest.approx(REST_MM)


def test_silence_is_a_resting_mouth() -> None:
    values = speech_curves([], 2.0).values

    assert values.max() < 0.02
    assert aperture_mm(values).max() < REST_MM + 0.1


def test_mouth_prepares_before_the_first_sound_and_rests_long_before_it() -> None:
    gap = aperture_mm(speech_curves(spoken("ɑː n ɑː", start_s=1.0), 2.0).values)
    times = np.arange(len(gap)) / FPS

    assert gap[times < 0.75].max() < REST_MM + 0.3
    assert gap[np.abs(times - 0.95).argmin()] > REST_MM + 1.0


def test_mouth_leads_the_sound_by_a_fiftieth_of_a_second() -> None:
    phones = [Phone(1.0, 1.2, "ɑː", "open")]

    times, gap = on_fine_grid(speech_curves(phones, 2.2).values[:, arkit.index("jawOpen")])

    middle = (times * gap).sum() / gap.sum()
    assert 1.1 - middle == pytest.approx(0.025, abs=0.015)


def test_vowels_differ_as_mouths_do() -> None:
    def held(symbol: str) -> np.ndarray:
        phones = [Phone(0.5, 0.9, symbol, kind_of(symbol))]
        return speech_curves(phones, 1.4).values[round(0.7 * FPS)]

    jaw, pucker, stretch = (arkit.index(n) for n in ("jawOpen", "mouthPucker", "mouthStretchLeft"))
    assert held("ɑː")[jaw] > held("ɛ")[jaw] > held("iː")[jaw] > held("s")[jaw]
    assert held("uː")[pucker] > held("o")[pucker] > held("ɔ")[pucker] > held("iː")[pucker]
    assert held("iː")[stretch] > held("ɛ")[stretch] > held("uː")[stretch]


def test_f_raises_and_tucks_the_lower_lip_and_leaves_the_upper_one_free() -> None:
    values = speech_curves(spoken("ɑː f ɑː", each_s=0.12), 1.4).values[round((0.68 - LEAD_S) * FPS)]

    assert values[arkit.index("mouthRollLower")] > 0.2
    assert values[arkit.index("mouthLowerDownLeft")] < 0.05
    assert values[arkit.index("mouthUpperUpLeft")] > 0.1
    assert aperture_mm(values[None])[0] < 3.0


def test_rounding_begins_in_the_consonant_before_the_vowel() -> None:
    pucker = arkit.index("mouthPucker")
    frame = round((0.5 + 0.09 + 0.07 - LEAD_S) * FPS)

    before_u = speech_curves(spoken("ə t uː ə"), 1.4).values[frame, pucker]
    before_i = speech_curves(spoken("ə t iː ə"), 1.4).values[frame, pucker]

    assert before_u > before_i + 0.08


def test_louder_vowels_open_wider_but_level_alone_changes_nothing() -> None:
    phones = spoken("ɑː t ɑː t ɑː t ɑː", each_s=0.12)
    level = np.full(n_frames(2.0), -30.0)
    level[: round(0.9 * FPS)] -= 12.0
    jaw = arkit.index("jawOpen")

    accented = speech_curves(phones, 2.0, loudness=level).values[:, jaw]
    quieter = speech_curves(phones, 2.0, loudness=level - 20.0).values[:, jaw]

    assert accented[round(0.9 * FPS) :].max() > 1.08 * accented[: round(0.75 * FPS)].max()
    np.testing.assert_array_equal(accented, quieter)


def test_classes_follow_symbols_of_both_alphabets() -> None:
    pairs = {
        "AA1": "open", "aɪ": "open", "UW": "rounded", "yː": "rounded",
        "CH": "sibilant", "tʃ": "sibilant", "ts": "sibilant",
        "V": "labiodental", "pf": "labiodental", "m̩": "closure", "P": "closure",
        "IH0": "other_vowel", "eː": "other_vowel",
        "NG": "other_consonant", "ç": "other_consonant", "SIL": "silence", "": "silence",
    }  # fmt: skip

    assert {s: kind_of(s) for s in pairs} == pairs


def test_every_class_has_a_mouth_even_for_unknown_symbols() -> None:
    for kind in KINDS:
        (mouth,) = mouth_parts("�", kind)
        assert mouth.kind == kind


def test_a_released_p_has_open_lips() -> None:
    (mouth,) = mouth_parts("pʰ", "other_consonant")

    assert mouth.kind == "other_consonant"


@pytest.mark.parametrize("seconds", [0.0, 0.01, 1.0, 1.001, 0.1 + 0.2])
def test_frames_cover_the_sound(seconds: float) -> None:
    values = face_curves([], seconds, emotion=ONE_HOT[0])

    assert values.shape == (int(np.ceil(round(seconds * FPS, 6))), 52)
    assert values.dtype == np.float32


@pytest.mark.parametrize("emotion", EXPECTED)
def test_feeling_shows_on_the_channels_that_facs_names(emotion: str) -> None:
    neutral = face_curves(SENTENCE, SECONDS, emotion=ONE_HOT[0])
    change = (
        face_curves(SENTENCE, SECONDS, emotion=ONE_HOT[EMOTIONS.index(emotion)]) - neutral
    ).mean(0)

    for names in EXPECTED[emotion]:
        choice = (names,) if isinstance(names, str) else names
        assert max(change[arkit.index(n)] for n in choice) >= 0.2, names


def test_calm_is_hardly_there() -> None:
    neutral = face_curves(SENTENCE, SECONDS, emotion=ONE_HOT[0])
    calm = face_curves(SENTENCE, SECONDS, emotion=ONE_HOT[1])

    assert 0.05 < np.abs(calm - neutral).mean(0).max() <= 0.15


@pytest.mark.parametrize("intensity", [1.0, 2.0])
@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_lips_still_meet_and_speech_is_still_read_under_every_feeling(
    emotion: str, intensity: float
) -> None:
    speech = speech_curves(SENTENCE, SECONDS)
    feeling = emotion_curves(speech, emotion=ONE_HOT[EMOTIONS.index(emotion)], intensity=intensity)

    values = combine(speech, feeling)

    gap, neutral = aperture_mm(values), aperture_mm(speech.values)
    assert gap[speech.closed > 0.999].max() <= REST_MM
    assert np.corrcoef(gap, neutral)[0, 1] >= (0.9 if intensity == 1.0 else 0.8)
    assert values.min() >= 0.0
    assert values.max() <= 1.0


def test_neutral_feeling_leaves_speech_as_it_is() -> None:
    speech = speech_curves(SENTENCE, SECONDS)

    values = combine(speech, emotion_curves(speech, emotion=ONE_HOT[0]))

    np.testing.assert_allclose(values, speech.values, atol=1e-6)


def test_no_weight_at_all_is_neutral_too() -> None:
    speech = speech_curves(SENTENCE, SECONDS)

    values = combine(speech, emotion_curves(speech, emotion=np.zeros(8)))

    np.testing.assert_allclose(values, speech.values, atol=1e-6)


def test_blinks_and_gaze_are_left_to_their_layers() -> None:
    looks = [arkit.index(n) for n in arkit.CHANNELS if n.startswith("eyeLook")]
    blink = arkit.index("eyeBlinkLeft")

    for weights in ONE_HOT:
        values = face_curves(SENTENCE, SECONDS, emotion=weights)
        assert not values[:, looks].any()
        assert values[:, blink].max() < 0.3


def test_plain_style_is_symmetrical_and_others_nearly() -> None:
    stems = [name[:-4] for name in arkit.CHANNELS if name.endswith("Left")]

    def lean(style: int) -> float:
        values = face_curves(SENTENCE, SECONDS, emotion=ONE_HOT[2], style=style)
        left, right = ([arkit.index(stem + side) for stem in stems] for side in ("Left", "Right"))
        return float(np.abs(values[:, left] - values[:, right]).max())

    assert lean(0) <= 1e-6
    assert 1e-4 < lean(3) <= 0.15


def test_brows_underline_loud_syllables() -> None:
    level = np.full(n_frames(SECONDS), -30.0)
    level[30:36] = -15.0
    brow = arkit.index("browOuterUpLeft")

    values = face_curves(SENTENCE, SECONDS, emotion=ONE_HOT[2], loudness=level)[:, brow]

    assert values[28:40].argmax() in range(2, 10)
    assert values[28:40].max() > values[15:24].max() + 0.05


def test_loudness_is_in_decibels_at_each_frame() -> None:
    samples = np.zeros(16_000)
    samples[8_000:] = 0.1 * np.sqrt(2) * np.sin(np.arange(8_000) * 2 * np.pi * 200 / 16_000)

    level = loudness_db(samples, 16_000)

    assert level.shape == (30,)
    assert level[:14].max() == pytest.approx(-90.0, abs=0.01)
    assert level[17:29] == pytest.approx(-20.0, abs=0.3)


def test_tables_name_real_channels_and_stay_in_range() -> None:
    table = Path(__file__).parents[2] / "training" / "faces" / "mouths.csv"
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) > 40
    for row in rows:
        assert row["kind"] in KINDS
        values = {
            n: float(v)
            for n, v in row.items()
            if n not in {"symbol", "kind"} and not n.startswith("hold_")
        }
        assert all(0.0 <= v <= 0.8 for v in values.values()), row["symbol"]
        assert all(n in arkit.CHANNELS or f"{n}Left" in arkit.CHANNELS for n in values)

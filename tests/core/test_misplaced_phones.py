"""Phones that are told late or early, by what is heard."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core.engine import Encoding
from emotalk_core.model.config import PHONES, ModelConfig
from emotalk_core.speech.phones import Phone, misplaced_phones

CONFIG = ModelConfig()
WIDTH = CONFIG.content.width
LENGTH_S = 0.1


def speech(n_phones: int = 60) -> tuple[Encoding, list[Phone]]:
    """Phones of a tenth of a second, heard half as surely as may be, after a second of silence."""
    numbers = np.random.default_rng(0).integers(1, len(PHONES), n_phones)
    columns = np.concatenate([np.zeros(30, int), numbers.repeat(3), np.zeros(60, int)])
    content = np.zeros((len(columns), CONFIG.content.full_width), np.float32)
    content[:, WIDTH:] = 0.5 / len(PHONES)
    content[np.arange(len(columns)), WIDTH + columns] += 0.5
    eight = np.zeros((len(columns), 8), np.float32)
    times = (1.0 + np.arange(n_phones) * LENGTH_S).tolist()
    said = [
        Phone(start_s, start_s + LENGTH_S, PHONES[number])
        for start_s, number in zip(times, numbers, strict=True)
    ]
    return Encoding(content, eight, eight, np.zeros(len(columns), np.float32)), said


def moved(phones: list[Phone], by_s: float) -> list[Phone]:
    return [Phone(one.start_s + by_s, one.end_s + by_s, one.symbol) for one in phones]


def warning(heard: Encoding, phones: list[Phone]) -> str:
    return misplaced_phones(phones, lambda a, b: heard[a:b], heard.n_frames, CONFIG)


@pytest.mark.parametrize(("by_s", "told"), [(0.3, "0.3 s late"), (-0.5, "0.5 s early")])
def test_phones_that_fit_better_elsewhere_are_told(by_s: float, told: str) -> None:
    heard, said = speech()

    assert told in warning(heard, moved(said, by_s))


def test_phones_at_their_place_are_fine_and_those_of_another_sound_are_not_judged() -> None:
    heard, said = speech()

    assert warning(heard, moved(said, 0.03)) == ""
    assert warning(heard, [Phone(p.start_s, p.end_s, "m") for p in said]) == ""
    assert warning(heard, moved(said, 300.0)) == ""


def test_a_few_phones_set_by_hand_are_not_judged() -> None:
    heard, said = speech()

    assert warning(heard, moved(said[:8], 0.3)) == ""
    assert warning(heard, []) == ""

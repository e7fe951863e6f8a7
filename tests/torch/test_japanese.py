"""The small dictionary of Japanese: which words it keeps, and what they count."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core.speech.readers.japanese import NOUN, Dictionary, Entry
from training.counters import counted
from training.japanese import compact, kind_of, letters_alone, merged
from training.unidic import Word


@pytest.mark.parametrize(
    ("word", "kana"),
    [
        ("三本", "サンボン"), ("一匹", "イッピキ"), ("六百個", "ロッピャッコ"),
        ("十回", "ジュッカイ"),
        ("四分", "ヨンプン"), ("八歳", "ハッサイ"), ("何階", "ナンガイ"), ("二人", "フタリ"),
        ("九時半", "クジハン"), ("二十日", "ハツカ"), ("五枚", "ゴマイ"),
    ],
)  # fmt: skip
def test_numbers_change_with_what_they_count(word: str, kana: str) -> None:
    assert counted()[word] == kana


def test_what_others_sound_like_together_is_left_out_unless_it_is_frequent() -> None:
    entries = {
        "今": [Entry(NOUN, 10, "イマ")], "日": [Entry(NOUN, 10, "ヒ")],
        "今日": [Entry(NOUN, 15, "キョー")], "今今": [Entry(NOUN, 15, "イマイマ")],
    }  # fmt: skip
    dictionary = Dictionary(entries, [[0, 0], [0, 0]])

    assert list(compact(dictionary, always=0).entries) == ["今", "日", "今日"]
    assert list(compact(dictionary, always=4).entries) == list(entries)


def test_a_letter_alone_is_read_as_most_words_have_it() -> None:
    said = {
        "戦争": "センソー",
        "争議": "ソーギ",
        "争点": "ソーテン",
        "争奪": "ソーダツ",
        "点": "テン",
    }
    found = [Word(letters, 0, 0, (*9 * ("*",), kana)) for letters, kana in said.items()]
    entries = {word: [Entry(NOUN, 0, kana)] for word, kana in said.items()}

    alone = letters_alone(entries, found)

    assert alone["争"][0].kana == "ソー"
    assert alone["戦"][0].kana == "セン"
    assert "点" not in alone


def test_kinds_that_cost_alike_beside_others_become_one() -> None:
    costs = np.zeros((4, 4), np.float32)
    costs[0] = costs[:, 0] = -500.0
    costs[3] = costs[:, 3] = 900.0
    costs[2, 1] = 1.0

    numbers = merged(costs, np.ones(4), 3, apart=[0])

    assert numbers[0] == 0
    assert numbers[1] == numbers[2] != numbers[3]


def test_particles_are_kinds_of_their_own() -> None:
    features = ("助詞", "係助詞", "*", "*", "*", "*", "ハ", "は", "は", "ワ", "は", "ワ", "和")
    one = Word("は", 1, 0, features)
    other = Word("も", 2, 0, (*features[:7], "も", "も", "モ", "も", "モ", "和"))

    assert one.spoken == "ワ"
    assert kind_of(one) != kind_of(other)

"""Japanese, read without another program."""

from __future__ import annotations

from pathlib import Path

import pytest

from emotalk_core.model.config import PHONES
from emotalk_core.speech import transcript
from emotalk_core.speech.passage import Script
from emotalk_core.speech.readers import can_read, languages_read, read_letters, spelled_letters
from emotalk_core.speech.readers.japanese import (
    EDGE,
    NOUN,
    Dictionary,
    Entry,
    load_dictionary,
    write_dictionary,
)
from emotalk_core.speech.readers.kana import in_katakana, phones_of_kana
from emotalk_core.speech.transcript import pronounced, spelled


def heard(text: str) -> list[str]:
    """The phones of each word."""
    return ["".join(word) for word in read_letters(text, "ja")]


def spoken(kana: str) -> str:
    """The phones of words of kana."""
    words = in_katakana(kana).split()
    pairs = zip(words, [*words[1:], ""], strict=True)
    return "".join("".join(phones_of_kana(*pair)) for pair in pairs)


@pytest.mark.parametrize(
    ("kana", "phones"),
    [
        ("シャ", "ɕa"), ("チョ", "tɕo"), ("ファ", "ha"), ("ティ", "ti"), ("ウィ", "wi"),
        ("ジ", "dɕi"),
        ("ラーメン", "ramek"), ("シンブン", "ɕimbɯk"), ("カンジ", "kandɕi"), ("マンガ", "maka"),
        ("ガッコー", "kako"), ("オオ", "o"), ("ヒンイ", "kini"), ("クォ", "kwo"), ("ー", ""),
    ],
)  # fmt: skip
def test_kana_are_moras(kana: str, phones: str) -> None:
    assert "".join(phones_of_kana(kana)) == phones


def test_a_nasal_goes_by_the_word_after_it() -> None:
    assert phones_of_kana("サン", "バ")[-1] == "m"
    assert phones_of_kana("サン", "ト")[-1] == "n"
    assert phones_of_kana("サン")[-1] == "k"


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("私は学校へ行った。", "わたし わ がっこー え いっ た"),
        ("今日は、大人と昨日の話をする", "きょー わ おとな と きのー の はなし お する"),
        ("お母さんは上手な人だ", "お かーさん わ じょーず な ひと だ"),
        ("行った方がいい", "いっ た ほーがいー"),
        ("人々の日々", "ひとびと の ひび"),
        ("八百屋のフランス人", "やおや の ふらんすじん"),
        ("ｶﾞﾝﾀﾞﾑ", "がんだむ"),
        ("すごーいねえ", "すごい ねえ"),
        ("こゝろ", "こころ"),
        ("漢字（かんじ）を読む", "かんじ お よむ"),
        ("《ゆめ》と夢《ゆめ》", "ゆめ と ゆめ"),
        ("辻\U000e0100さんは", "つじ さん わ"),
        ("こん\u200bにちは", "こんにちわ"),
        ("學校の舊い體", "がっこー の ふるい からだ"),
        ("山﨑が𠮟る", "やまざき が しかる"),
    ],
)
def test_kanji_are_read_by_the_words_they_are_in(text: str, kana: str) -> None:
    assert "".join(heard(text)) == spoken(kana)


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("1つ", "ひとつ"), ("一人で3人", "ひとり で さんにん"), ("10日", "とおか"),
        ("３本", "さんぼん"), ("24日", "に じゅーよっか"), ("7:30", "しちじ さんじゅっぷん"),
        ("100%", "ひゃくぱーせんと"),
        ("2024年", "に せん に じゅー よねん"), ("二〇二四年", "に せん に じゅー よねん"),
        ("3.5", "さんてん ご"), ("800メートル", "はっぴゃくめーとる"), ("六百円", "ろっぴゃくえん"),
        ("1,000円", "せんえん"), ("何匹", "なんびき"),
    ],
)  # fmt: skip
def test_numbers_sound_by_what_they_count(text: str, kana: str) -> None:
    assert "".join(heard(text)) == spoken(kana)


def test_latin_words_and_initials_are_read_too() -> None:
    assert spelled_letters("BlenderでNHK", "ja") == ("blender", "で", "n", "h", "k")
    assert heard("Blender")[0].startswith("blɛ")


def test_japanese_is_read_here_where_espeak_ng_is_installed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transcript, "find_espeak", lambda: Path("espeak-ng"))

    assert can_read("ja")
    assert "ja" in languages_read()
    assert pronounced("日本語", "ja") == read_letters("日本語", "ja")
    assert spelled("猫が好き。", "ja") == ("猫が", "好き")
    assert pronounced("日本語", "ja-JP") == read_letters("日本語", "ja")


def test_katakana_without_an_end_are_read() -> None:
    assert "".join(heard("ナノ" * 20_000)) == "nano" * 20_000


def test_letters_of_an_unknown_name_have_sounds() -> None:
    assert heard("争悩闘") == ["so", "no", "to"]


def test_particles_and_endings_lean_on_the_word_before_them() -> None:
    assert spelled("昨日はこの本を見ました。いい 人 が", "ja") == (
        *("昨日は", "この", "本を", "見ました"),
        *("いい", "人", "が"),
    )


def test_words_that_were_found_in_a_script_can_be_read_again() -> None:
    text = "昨日三本の映画を見た人は二〇二四年のアニメも見ました"
    script = Script(text, "ja", "Script")

    again = " ".join(spelled(text, "ja") or ())

    assert pronounced(again, "ja") == script.words()


def test_an_odd_text_has_no_sounds() -> None:
    assert read_letters("、。…！？ー", "ja") == ()


def test_all_kana_have_phones_of_the_network() -> None:
    kana = map(chr, range(0x30A1, 0x30FB))

    phones = {phone for letter in kana for phone in phones_of_kana(letter)}

    assert phones <= set(PHONES)
    assert len(phones) > 15


def test_the_words_that_cost_least_together_are_taken() -> None:
    entries = {
        "今": [Entry(2, 10, "イマ")], "日": [Entry(2, 10, "ヒ")], "今日": [Entry(2, 15, "キョー")],
        "は": [Entry(NOUN, 5, "ハ"), Entry(3, 5, "ワ")],
    }  # fmt: skip
    joins = [[0] * 4, [0, 0, 9, 0], [0] * 4, [9, 9, 0, 9]]
    joins[EDGE][3] = 0

    found = Dictionary(entries, joins).words("今日は謎")

    assert found == [("今日", "キョー"), ("は", "ワ"), ("謎", "")]


def test_a_dictionary_is_read_as_it_was_written(tmp_path: Path) -> None:
    entries = {
        "流": (Entry(2, -3, "リュー"),), "流し": (Entry(2, 4, "ナガシ"), Entry(3, 5, "ナガシ")),
        "ながし": (Entry(2, 9, "ナガシ"),), "は": (Entry(3, 0, "ワ"),),
    }  # fmt: skip
    joins = [[0, 1, -2, 3]] * 4

    write_dictionary(Dictionary(entries, joins), tmp_path / "some.npz")
    again = load_dictionary(tmp_path / "some.npz")

    assert again.entries == entries
    assert again.joins == joins

"""Other languages than English, read without another program."""

from __future__ import annotations

from pathlib import Path

import pytest

from emotalk_core.errors import Cancelled, SetupError, TextError
from emotalk_core.model.config import PHONES
from emotalk_core.speech import readers, transcript
from emotalk_core.speech.letter_rules import load_rules
from emotalk_core.speech.readers import can_read, languages_read, read_letters, spelled_letters
from emotalk_core.speech.transcript import ensure_read, pronounced, spelled


def read(text: str, language: str) -> str:
    return " / ".join(" ".join(word) for word in read_letters(text, language))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without espeak-ng."""
    monkeypatch.setattr(transcript, "find_espeak", lambda: None)


@pytest.mark.parametrize(
    ("text", "language", "phones"),
    [
        ("Der Lappen liegt!", "de", "d ɛ r / l a p ə n / l i k t"),
        ("MÖGLICH", "de", "m ø k l ɪ k"),
        ("Beaucoup d’eau", "fr-fr", "b o k u / d o"),
        ("muchas gracias", "es", "m u t ʃ a s / k r a θ j a s"),
        ("perché no", "it", "p e r k e / n ɔ"),
        ("bom dia", "pt-br", "b o k / d ʒ i æ"),
    ],
)
def test_words_are_read_as_a_language_speaks(text: str, language: str, phones: str) -> None:
    assert read(text, language) == phones


def test_chinese_letters_are_words_that_go_by_their_neighbours() -> None:
    assert read("银行长", "cmn").split(" / ")[1] == read("航", "zh")
    assert read("行不行", "cmn").split(" / ")[0] == read("形", "cmn")
    assert spelled_letters("你好，ok！", "cmn") == ("你", "好")
    assert not can_read("cmn-latn-pinyin")


def test_chinese_is_read_here_where_espeak_ng_is_installed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transcript, "find_espeak", lambda: Path("espeak-ng"))

    assert pronounced("你好", "cmn") == pronounced("你好", "zh-CN") == read_letters("你好", "cmn")
    assert not can_read("zh-yue")


def test_the_letters_of_korean_are_in_its_syllables() -> None:
    assert read("안녕", "ko") == "ɐ n n j ʌ k"
    assert spelled_letters("안녕", "ko") == ("안녕",)


@pytest.mark.parametrize(("large", "small"), [("ILIK", "ılık"), ("I\u0307STANBUL", "istanbul")])
def test_turkish_has_an_i_with_a_dot_and_one_without(large: str, small: str) -> None:
    assert read(large, "tr") == read(small, "tr")
    assert read("ILIK", "de") == read("ilik", "de")


def test_words_that_no_list_has_are_read_like_others() -> None:
    assert read("Blaufelgenkappe", "de").startswith("b l a ʊ f")


def test_foreign_letters_are_left_out() -> None:
    assert read("日 Bäume", "de") == read("Bäume", "de")
    assert read_letters("日 ...", "de") == ()


@pytest.mark.parametrize("language", sorted({*languages_read()} - {"ja"}))
def test_every_file_names_phones_that_the_network_does(language: str) -> None:
    rules = load_rules(readers.FOLDER / f"{language}.npz")

    assert {phone for part in rules.phones for phone in part} <= set(PHONES)
    assert len(set(rules.letters)) >= 24


def test_a_regions_way_to_speak_is_read_as_its_language() -> None:
    assert can_read("es-419")
    assert can_read("fr-be")
    assert can_read("DE")
    assert not can_read("hi")
    assert read("gente", "es-419") == read("gente", "es")


@pytest.mark.usefixtures("alone")
def test_a_text_is_read_and_spelled_without_espeak_ng() -> None:
    assert pronounced("Guten Tag.", "de") == read_letters("Guten Tag.", "de")
    assert spelled("Guten Tag.", "de") == spelled_letters("Guten Tag.", "de") == ("guten", "tag")
    assert pronounced("Hello", "en-gb") == pronounced("Hello", "en")
    with pytest.raises(TextError, match="Nothing to say"):
        pronounced("...", "de")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("language", ["en", "en-gb", *languages_read()])
def test_what_is_read_without_espeak_ng_is_told_to_be(language: str) -> None:
    ensure_read(language)


@pytest.mark.usefixtures("alone")
def test_what_needs_espeak_ng_is_told_to() -> None:
    with pytest.raises(SetupError, match="'hi'"):
        ensure_read("hi")


@pytest.mark.usefixtures("alone")
def test_reading_can_be_stopped() -> None:
    def stop(_share: float, _what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        pronounced("Guten Tag", "de", stop)

"""English texts, read without another program."""

from __future__ import annotations

import pytest

from emotalk_core.errors import Cancelled, TextError
from emotalk_core.speech.english import read_english, spoken_words
from emotalk_core.speech.english_numbers import in_words
from emotalk_core.speech.letter_rules import Rules
from emotalk_core.speech.phones import is_sound
from emotalk_core.speech.transcript import ENGLISH, pronounced

_QUOTED = "hello he said again 'tis rock 'n roll"


def read(text: str) -> str:
    return " / ".join(" ".join(word) for word in read_english(text))


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("Kids are talking", "K IH D Z / AA R / T AO K IH NG"),
        ("colonel, yacht; through", "K ER N AH L / Y AA T / TH R UW"),
        ("knight night", "N AY T / N AY T"),
        ("It\N{RIGHT SINGLE QUOTATION MARK}s Chloë's café!", "IH T S / K L OW IY Z / K AH F EY"),
        ("I DON'T", "AY / D OW N T"),
        ("MRS, MS", "M IH S IH Z / M IH Z"),
    ],
)
def test_words_of_the_dictionary_are_read_as_it_does(text: str, phones: str) -> None:
    assert read(text) == phones


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("blendshape", "B L EH N D SH EY P"),
        ("unrigged", "AH N R IH G D"),
        ("glimber", "G L IH M B ER"),
    ],
)
def test_other_words_are_read_like_them(word: str, phones: str) -> None:
    assert read(word) == phones


def test_all_that_is_read_has_a_mouth() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = read_english(" ".join(a + b + c for a in letters for b in letters for c in "aeioubst'"))

    assert len(words) > 5000
    assert all(is_sound(phone) for word in words for phone in word)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dr. Smith & Mr Jones vs. St Ives", "doctor smith and mister jones versus saint ives"),
        ("the BBC, U.S.A. at 9 a.m.", "the b b c u s ay at nine ay m"),
        ("At 5pm, 7:30 AM.", "at five p m seven thirty ay m"),
        ("MR. SMITH'S BBQ, MS KAY. SHH!", "mister smith's barbecue ms kay shh"),
        ("HTML's CDs", "h t m l's c d's"),
        ("'Hello,' he said, 'again'; 'tis rock 'n' roll", _QUOTED),
        ("Straße, œuvre, ﬁne", "strasse oeuvre fine"),
        ("\N{MINUS SIGN}5°, 50¢ ½ m²", "minus five degrees fifty cents half m squared"),
        ("NASA says OK", "nasa says ok"),
        ("well-known half-hour", "well known half hour"),
        ("X-ray, W.", "ex ray double you"),
        ("50% @home", "fifty percent at home"),
        ("— … «»", ""),
    ],
)
def test_short_forms_and_signs_are_spoken(text: str, words: str) -> None:
    assert " ".join(spoken_words(text)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "zero"),
        ("13 and 40", "thirteen and forty"),
        ("1,234,567", "one million two hundred thirty four thousand five hundred sixty seven"),
        ("100", "one hundred"),
        ("in 1984", "in nineteen eighty four"),
        ("in 1900", "in nineteen hundred"),
        ("in 1905", "in nineteen oh five"),
        ("in 2007", "in two thousand seven"),
        ("in 2026", "in twenty twenty six"),
        ("in 1066", "in one thousand sixty six"),
        ("the 1990s", "the nineteen nineties"),
        ("1st 2nd 3rd 12th 20th 21st", "first second third twelfth twentieth twenty first"),
        ("3.14", "three point one four"),
        ("$5", "five dollars"),
        ("£1.50", "one pound fifty"),
        ("£0.50 $0.99", "fifty pence ninety nine cents"),
        ("$2m, $3.5 billion", "two million dollars, three point five billion dollars"),
        ("$1,200.50", "one thousand two hundred dollars fifty"),
        (".5 1:100", "point five one : one hundred"),
        ("1,2345", "one , twenty three forty five"),
        ("\N{ARABIC-INDIC DIGIT THREE}", "three"),
        ("7:30, 8:05, 9:00", "seven thirty , eight oh five , nine o'clock"),
        ("007", "zero zero seven"),
        ("1234567890123", "one two three four five six seven eight nine zero one two three"),
        ("12 34", "twelve thirty four"),
    ],
)
def test_numbers_are_spoken(text: str, words: str) -> None:
    assert " ".join(in_words(text).split()) == words


@pytest.mark.parametrize("digits", ["1" * 5000, "9" + ",000" * 2000, "$" + "7" * 5000])
def test_the_longest_row_of_digits_is_read_one_by_one(digits: str) -> None:
    assert len(read_english(digits)) == sum(digit.isdigit() for digit in digits)


def test_words_that_come_again_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Rules, "read", lambda _rules, word: asked.append(word) or ("AA",))

    assert len(read_english("no no, never no")) == 4
    assert asked == ["no", "never"]


def test_reading_a_long_text_can_be_stopped() -> None:
    told: list[float] = []

    def stop(share: float, _what: str) -> None:
        told.append(share)
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        pronounced("a long text", ENGLISH, stop)


def test_a_text_of_another_language_is_told_its_own() -> None:
    with pytest.raises(TextError, match=r"Nothing to say.*language en"):
        pronounced("Привет", ENGLISH)


def test_a_text_in_english_needs_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert pronounced("[He laughs] Papa! [sighs]", ENGLISH) == (("P", "AA", "P", "AH"),)
    with pytest.raises(TextError, match="Nothing to say"):
        pronounced("…", ENGLISH)

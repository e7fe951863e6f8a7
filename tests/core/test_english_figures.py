"""Figures of English texts that are spoken otherwise than numbers."""

from __future__ import annotations

import pytest

from emotalk_core.speech.english import spoken_words


def spoken(text: str) -> str:
    return " ".join(spoken_words(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Henry VIII's wives", "henry the eighth's wives"),
        ("HENRY VIII", "henry the eighth"),
        ("Louis XIV, Elizabeth I.", "louis the fourteenth elizabeth the first"),
        ("Chapter IV, chapter iii", "chapter four chapter three"),
        ("Act V, Part I of it", "act five part one of it"),
        ("World War I had ended", "world war one had ended"),
        ("Super Bowl XLVIII, Rocky II", "super bowl forty eight rocky two"),
    ],
)
def test_roman_figures_are_spoken(text: str, words: str) -> None:
    assert spoken(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the part I like, the book I'd read", "the part i like the book i'd read"),
        ("Robert I love, Malcolm X", "robert i love malcolm ex"),
        ("David I. Jones, James V. Hart", "david i jones james v hart"),
        ("an IV, Start IV now", "an iv start iv now"),
        ("Size XL, Type L", "size ex l type l"),
        ("I, Vi and Mix", "i vi and mix"),
    ],
)
def test_letters_that_are_no_roman_figures_stay(text: str, words: str) -> None:
    assert spoken(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1/2 cup, 3/4", "one half cup three quarters"),
        ("2 1/2 miles, 1 3/4, 2½ years", "two and a half miles one and three quarters "
         "two and a half years"),
        ("5/8, 1/100", "five eighths one hundredth"),
        ("24/7, 9/11, 50/50, 2/4", "twenty four seven nine eleven fifty fifty two four"),
        ("3/4 time, 1/2/3", "three four time one two three"),
    ],
)  # fmt: skip
def test_fractions_are_spoken(text: str, words: str) -> None:
    assert spoken(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("12/05/2024", "december fifth twenty twenty four"),
        ("25/12/2024", "the twenty fifth of december twenty twenty four"),
        ("12.05.2024.", "the twelfth of may twenty twenty four"),
        ("2024-05-12", "may twelfth twenty twenty four"),
        ("May 12, 2024, March 3", "may twelfth twenty twenty four march third"),
        ("June 2024, May 5th", "june twenty twenty four may fifth"),
        ("31/31/2024", "thirty one thirty one twenty twenty four"),
        ("8.2.4020", "eight point two forty twenty"),
    ],
)
def test_dates_are_spoken(text: str, words: str) -> None:
    assert spoken(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5 km, 1 km, 20kg", "five kilometers one kilometer twenty kilograms"),
        ("a 5-km run, 6 ft", "a five kilometer run six feet"),
        ("30 °C, 1 °F, 5%", "thirty degrees celsius one degree fahrenheit five percent"),
        ("-5 °C or −2 degrees", "minus five degrees celsius or minus two degrees"),
        ("from 2-5 °C", "from two five degrees celsius"),
        ("60 km/h, 5 m/s", "sixty kilometers per hour five meters per second"),
        ("25 m², 50 Hz", "twenty five square meters fifty hertz"),
        ("1,200.5 MB", "one thousand two hundred point five megabytes"),
        ("$5m, 5G, 5 men, 3D", "five million dollars five g five men three d"),
    ],
)
def test_units_are_spoken(text: str, words: str) -> None:
    assert spoken(text) == words


@pytest.mark.parametrize(
    "number",
    ["+1 555 123 4567", "+15551234567", "(555) 123-4567", "1-800-555-0199", "555-0199",
     "020 7946 0958", "555.123.4567", "+49 (30) 123456"],
)  # fmt: skip
def test_numbers_of_telephones_are_spoken_digit_by_digit(number: str) -> None:
    assert len(spoken(number).split()) == sum(map(str.isdigit, number))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Call 911!", "call nine one one"),
        ("I call 100 people", "i call one hundred people"),
        ("100-200 people, +1 2", "one hundred two hundred people plus one two"),
        ("1,234-5,678", "one thousand two hundred thirty four five thousand six hundred seventy "
         "eight"),
    ],
)  # fmt: skip
def test_other_numbers_are_no_telephones(text: str, words: str) -> None:
    assert spoken(text) == words

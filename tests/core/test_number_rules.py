"""Rules by which a number is said, as CLDR writes them."""

from __future__ import annotations

import json
import re

import pytest

from emotalk_core.speech.number_rules import MOST_DIGITS, NumberRules
from emotalk_core.speech.readers import WORD, decomposed, languages_read, read_letters
from emotalk_core.speech.spelled_numbers import FILE

SHIPPED = json.loads(FILE.read_text(encoding="utf-8"))
SOME = (*range(1100), 1999, 2026, 21_000, 999_999, 10**6, 5 * 10**6, 2 * 10**9, 10**12 - 1)


def rules(text: str, language: str = "") -> NumberRules:
    return NumberRules(language, {"a": text, "%%b": "0:none;1:some;"})


@pytest.mark.parametrize(
    ("text", "n", "said"),
    [
        ("0:nil;1:one;2:two;", 1, "one"),
        ("0:nil;7:seven;20:twenty[-→→];", 20, "twenty"),
        ("0:nil;7:seven;20:twenty[-→→];", 27, "twenty-seven"),
        ("0:nil;2:two;100:←← hundred[ and →→];", 202, "two hundred and two"),
        ("0:nil;100:←%%b← hundred;", 300, "some hundred"),
        ("0:=%%b=thing;", 5, "something"),
        ("0:nil;12:twelve;60/20:three score[ →→];", 72, "three score twelve"),
        ("0:nil;2:two;11:eleven;1100/100:←← hundred[ →→];", 1102, "eleven hundred two"),
        ("0:nil;1:one;20:score;21:→→ and a score;", 21, "one and a score"),
        ("0:nil;1:one;20:score;21:→→ and a score;", 30, "score"),
    ],
)
def test_a_rule_puts_together_what_a_number_is_made_of(text: str, n: int, said: str) -> None:
    assert rules(text).spelled(n, "a") == said


@pytest.mark.parametrize(
    ("language", "few", "many"),
    [
        ("ru", [2, 23, 104], [5, 12, 111]),
        ("pl", [2, 34], [21, 12]),
        ("sk", [2, 4], [22, 5]),
        ("lt", [2, 29], [10, 19]),
    ],
)
def test_a_noun_takes_the_form_that_its_number_asks_for(
    language: str, few: list[int], many: list[int]
) -> None:
    said = rules("0:$(cardinal,one{ONE}few{FEW}other{MANY})$;", language)

    assert said.spelled(1, "a") == "ONE"
    assert {said.spelled(n, "a") for n in few} == {"FEW"}
    assert {said.spelled(n, "a") for n in many} == {"MANY"}


def test_every_language_that_is_read_says_its_numbers() -> None:
    assert set(languages_read()) <= set(SHIPPED)


@pytest.mark.parametrize("language", SHIPPED)
def test_every_number_ends_in_words_that_are_read(language: str) -> None:
    sets = SHIPPED[language]
    asked = [name for name in ("cardinal", "year", "ordinal", "ordinal-feminine") if name in sets]
    said = {NumberRules(language, sets).spelled(n, name) for name in asked for n in SOME if n}
    words = {word for text in said for word in WORD.findall(text)} | {sets["minus"], sets["mark"]}

    assert max(SOME) == 10**MOST_DIGITS - 1
    assert not re.search(r"[^\w\s'’-]|[\d_]", "".join(said))
    assert all(read_letters(decomposed(word), language) for word in words)


def test_what_cldr_has_wrong_is_mended() -> None:
    def said(language: str, n: int) -> str:
        return NumberRules(language, SHIPPED[language]).spelled(n, "cardinal")

    assert said("sl", 1248) == "tisoč dvesto oseminštirideset"
    assert said("ro", 21_116) == "douăzeci și unu de mii o sută șaisprezece"
    assert said("sk", 100) == "sto"
    assert said("cs", 2002) == "dva tisíce dva"
    assert said("et", 100) == "sada"

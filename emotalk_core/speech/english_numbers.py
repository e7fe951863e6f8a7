"""Numbers in an English text as they are spoken."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["in_words"]

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS: Final = (
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_GREAT: Final = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_MOST_DIGITS: Final = 12  # longer rows are read one by one
_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_MONEY: Final = {"$": ("dollar", "cents"), "£": ("pound", "pence"), "€": ("euro", "cents")}
_SHORT_GREAT: Final = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion"}

_GREAT_MONEY: Final = re.compile(
    r"(?P<money>[$£€])(?P<n>\d[\d,]*(?:\.\d+)?)[ -]?"
    r"(?P<great>thousand|million|billion|trillion|bn|[kmb])\b",
    re.IGNORECASE,
)
_NOON: Final = re.compile(r"(?<=\d)\s?([ap])m\b", re.IGNORECASE)
_NO_WHOLE: Final = re.compile(r"(?<![\w.])\.(?=\d)")
_NUMBER: Final = re.compile(
    r"(?P<money>[$£€])?(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
    r"(?:(?P<time>:\d\d)(?!\d)|(?P<part>\.\d+)|(?P<end>st|nd|rd|th|'?s)\b(?P<of>'s\b)?)?",
    re.IGNORECASE,
)


def in_words(text: str) -> str:
    """`text` with its numbers in words: whole ones, years, fractions, times, ordinals, money, of
    any script's digits.

    >>> in_words("At 7:30 $3.50 for the 21st")
    'At  seven thirty   three dollars fifty  for the  twenty first '
    """
    text = _GREAT_MONEY.sub(_unit_last, _NOON.sub(r" \1.m.", text))
    text = _NO_WHOLE.sub(" point ", text)
    return _NUMBER.sub(lambda found: f" {_spoken(found)}{found['of'] or ''} ", text)


def _unit_last(found: re.Match[str]) -> str:
    """As in 2 million dollars."""
    great = found["great"].lower()
    return f"{found['n']} {_SHORT_GREAT.get(great, great)} {_MONEY[found['money']][0]}s"


def _spoken(found: re.Match[str]) -> str:
    digits = found["whole"].replace(",", "")
    if len(digits) > _MOST_DIGITS or (int(digits[0]) == 0 and len(digits) > 1):
        return _one_by_one(digits) + _fraction(found["part"])
    n, is_year = int(digits), len(digits) == 4 and "," not in found["whole"]
    if found["money"]:
        return _money(n, _MONEY[found["money"]], found["part"])
    if found["time"]:
        return _time(n, int(found["time"][1:]))
    words = _year(n) if is_year and not found["part"] else _whole(n)
    return _ended(words, (found["end"] or "").lower()) + _fraction(found["part"])


def _whole(n: int) -> str:
    """In words, below a thousand billions."""
    for size, name in _GREAT:
        if n >= size:
            rest = f" {_whole(n % size)}" if n % size else ""
            return f"{_whole(n // size)} {name}{rest}"
    if n < len(_ONES):
        return _ONES[n]
    return _TENS[n // 10] + (f" {_ONES[n % 10]}" if n % 10 else "")


def _year(n: int) -> str:
    """Four digits without a comma: nearly always a year."""
    hundreds, rest = divmod(n, 100)
    if hundreds % 10 == 0 and (hundreds == 10 or rest < 10):
        return _whole(n)
    if rest == 0:
        return f"{_whole(hundreds)} hundred"
    return f"{_whole(hundreds)} {'oh ' if rest < 10 else ''}{_whole(rest)}"


def _time(hour: int, minute: int) -> str:
    if minute == 0:
        return f"{_whole(hour)} o'clock"
    return f"{_whole(hour)} {'oh ' if minute < 10 else ''}{_whole(minute)}"


def _money(n: int, units: tuple[str, str], part: str | None) -> str:
    small, (unit, cents) = int(part[1:3].ljust(2, "0")) if part else 0, units
    if small and not n:
        return f"{_whole(small)} {cents}"
    amount = f"{_whole(n)} {unit}{'' if n == 1 else 's'}"
    return f"{amount} {_whole(small)}" if small else amount


def _ended(words: str, end: str) -> str:
    """With the end of an ordinal, or of a decade."""
    before, _, last = words.rpartition(" ")
    if end.endswith("s"):
        last = last[:-1] + "ies" if last.endswith("y") else last + "s"
    elif end:
        last = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{before} {last}".strip()


def _fraction(part: str | None) -> str:
    return f" point {_one_by_one(part[1:])}" if part else ""


def _one_by_one(digits: str) -> str:
    return " ".join(_ONES[int(digit)] for digit in digits)

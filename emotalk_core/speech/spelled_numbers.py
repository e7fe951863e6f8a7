"""Numbers in a text of a language in `readers` in words: whole ones, with parts, years, ordinal
ones, times, dates, shares of a hundred. How a language says them stands in numbers.json, which
`training/number_rules.py` makes of Unicode's CLDR.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from .number_rules import MOST_DIGITS, NumberRules

__all__ = ["FILE", "numbers_in_words"]

FILE: Final = Path(__file__).with_name("numbers.json")

_T = TypeVar("_T")

_POINT: Final = frozenset(["cmn", "ja", "ko", "ms"])  # 1,234.5; others 1.234,5
_SPACED: Final = frozenset(
    ["bg", "cs", "es", "et", "fi", "fr", "hu", "lt", "lv", "nb", "pl", "pt", "ru", "sk", "sv", "uk"]
)  # 1 234
_SPACES: Final = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
_BY_DIGIT: Final = frozenset(["cmn", "de", "id", "ja", "ko", "ms", "vi"])  # Komma eins vier
_MOST_IN_A_ROW: Final = 7  # digits: what is longer is the number of a telephone
_CHINESE: Final = "cmn"
_UNSPACED: Final = frozenset([_CHINESE, "ja"])

_PERCENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bg": "# процента", "ca": "# per cent", "cmn": "百分之#", "cs": "# procent",
        "da": "# procent", "de": "# Prozent", "el": "# τοις εκατό", "es": "# por ciento",
        "et": "# protsenti", "fi": "# prosenttia", "fr": "# pour cent", "hr": "# posto",
        "hu": "# százalék", "id": "# persen", "it": "# per cento", "ja": "#パーセント",
        "ko": "# 퍼센트",
        "lt": "# procentų", "lv": "# procenti", "ms": "# peratus", "nb": "# prosent",
        "nl": "# procent", "pl": "# procent", "pt": "# por cento", "ro": "# la sută",
        "ru": "# процентов", "sk": "# percent", "sl": "# odstotkov", "sv": "# procent",
        "tr": "yüzde #", "uk": "# відсотків", "vi": "# phần trăm",
    }
)  # fmt: skip
_CLOCK: Final[Mapping[str, str]] = MappingProxyType(
    {"cmn": "点", "de": "Uhr", "fr": "heures", "it": "e", "ja": "時", "nl": "uur", "pt": "e"}
)
"""What is said between hours and minutes."""
_MINUTES: Final[Mapping[str, str]] = MappingProxyType({"ja": "分"})
"""And behind these."""
_HOURS: Final[Mapping[str, str]] = MappingProxyType(
    {"ca": "hores", "es": "horas", "fr": "heures", "pt": "horas"}
)
"""What an h behind a number is."""
_ENDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "ca": {"ordinal": "[rntè]", "ordinal-feminine": "a"},
        "es": {"ordinal": r"\.?º", "ordinal-feminine": r"\.?ª", "ordinal-short": r"\.?er"},
        "fr": {"ordinal": "er|i?[eè]me|e", "ordinal-feminine": "[eè]?re"},
        "it": {"ordinal": "º", "ordinal-feminine": "ª"},
        "nl": {"ordinal": "s?t?e|de"},
        "pt": {"ordinal": r"\.?º", "ordinal-feminine": r"\.?ª"},
        "sv": {"ordinal": ":[ae]"},
    }
)
"""Which set of rules an ordinal number asks for by its end."""

_YEAR: Final = re.compile(r"1[1-9]\d\d|20\d\d")
_DIGIT: Final = re.compile(r"\d")
_RUN: Final = re.compile(r"\d+")
_DAY: Final = re.compile(  # 12.05. in a sentence, or at its end
    r"(?<![\d.,])(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.(?=\s+[^\W\d]|\W*$)"
)
_TIME: Final = re.compile(
    r"(?<![\d.:])(?P<hour>[01]?\d|2[0-4])(?:[:：]|\.(?=\d\d\s?(?:Uhr|uur))|\s?h\s?)"
    r"(?P<minute>[0-5]\d)(?:[:：][0-5]\d)?(?![\d:])(?:\s?(?:Uhr|uur)\b)?"
)
_H: Final = re.compile(r"(?<=\d)\s?h\b")
_LIST: Final = r"(?<!\d)(?<!\d[.,:/-])(?!{grouped})\d+(?P<between>[.,:/-])\d+(?:(?P=between)\d+)+"
_GROUPED: Final = r"[1-9]\d{{0,2}}(?P<group>[{groups}])\d{{3}}(?:(?P=group)\d{{3}})*(?!\d)"
_NUMBER: Final = (
    r"(?P<minus>−|(?<=\w )-)?(?P<before>(?<!\d)[%％٪]\s?)?"
    r"(?P<whole>{grouped}|\d+)(?:[{marks}](?P<part>\d+))?"
    r"(?:(?P<after>\s?[%％٪])|{ends})?"
)
_NO_END: Final = "(?!)"


def numbers_in_words(text: str, *languages: str) -> str:
    """`text` with its numbers in words, of any script's digits, by the first of `languages` whose
    numbers we know; as it is where that is none.

    >>> numbers_in_words("7:30 Uhr, 1.200 Leute", "de")
    ' sieben  Uhr  dreißig ,  ein tausend zwei hundert  Leute'
    """
    speaker = next((_speakers()[name] for name in languages if name in _speakers()), None)
    return speaker.in_words(text) if speaker else text


@cache
def _speakers() -> Mapping[str, _Speaker]:
    known = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: _Speaker(name, NumberRules(name, sets)) for name, sets in known.items()}


@dataclass(frozen=True)
class _Speaker:
    """Says the numbers of a language."""

    language: str
    rules: NumberRules

    def in_words(self, text: str) -> str:
        """`text` with its numbers in words, spaces around them but in Chinese and Japanese."""
        text = _DIGIT.sub(lambda found: str(int(found[0])), text)
        text = _TIME.sub(self._time, text)
        text = _H.sub(f" {_of(_HOURS, self.language, 'h')}", text)
        if self.language not in _POINT:
            text = _DAY.sub(_each, text)
        text = self._list.sub(_each, text)
        return self._number.sub(lambda found: self._apart(self._spoken(found)), text)

    @cached_property
    def _grouped(self) -> str:
        sign = "," if self.language in _POINT else "."
        space = " " if _base(self.language) in _SPACED else ""
        return _GROUPED.format(groups=f"{sign}'{_SPACES}{space}")

    @cached_property
    def _list(self) -> re.Pattern[str]:
        return re.compile(_LIST.format(grouped=self._grouped))

    @cached_property
    def _number(self) -> re.Pattern[str]:
        ends = [f"(?P<{_group(name)}>{end})" for name, end in _of(_ENDS, self.language, {}).items()]
        pattern = _NUMBER.format(
            grouped=self._grouped,
            marks="." if self.language in _POINT else ".,",
            ends=f"(?:{'|'.join(ends) or _NO_END})(?![^\\W\\d_])",
        )
        return re.compile(pattern, re.IGNORECASE)

    def _time(self, found: re.Match[str]) -> str:
        """As in 7 Uhr 30."""
        minute = int(found["minute"])
        between = _of(_CLOCK, self.language, "")
        after = f"{minute}{_of(_MINUTES, self.language, '')}" if minute else ""
        return f"{int(found['hour'])}{self._apart(between)}{after}"

    def _spoken(self, found: re.Match[str]) -> str:
        words = self._whole(found)
        if found["part"]:
            words += self._apart(self.rules.sets["mark"]) + self._part(found["part"])
        if found["before"] or found["after"]:
            words = _of(_PERCENT, self.language, "#").replace("#", words)
        return self.rules.sets["minus"] + self._apart(words) if found["minus"] else words

    def _whole(self, found: re.Match[str]) -> str:
        runs = _RUN.findall(found["whole"])
        digits = "".join(runs)
        is_year = _YEAR.fullmatch(found[0]) is not None
        if self.language == _CHINESE and is_year and found.string.startswith("年", found.end()):
            return self._one_by_one(digits)
        is_code = (digits[0] == "0" and len(digits) > 1) or len(runs[0]) > _MOST_IN_A_ROW
        if is_code or len(digits) > MOST_DIGITS:
            return self._one_by_one(digits)
        end = next((name for name in _of(_ENDS, self.language, {}) if found[_group(name)]), None)
        name = end or ("year" if is_year and "year" in self.rules.sets else "cardinal")
        return self.rules.spelled(int(digits), name)

    def _part(self, digits: str) -> str:
        if len(digits) != 2 or digits[0] == "0" or self.language in _BY_DIGIT:
            return self._one_by_one(digits)
        return self._cardinal(digits)

    def _cardinal(self, digits: str) -> str:
        return self.rules.spelled(int(digits), "cardinal")

    def _one_by_one(self, digits: str) -> str:
        return ("" if self.language in _UNSPACED else " ").join(map(self._cardinal, digits))

    def _apart(self, words: str) -> str:
        """From the words around them; those of Chinese and Japanese stand together."""
        return words if self.language in _UNSPACED else f" {words} "


def _each(found: re.Match[str]) -> str:
    """The numbers of a date or a list, one after another: 12, 5, 2024."""
    return ", ".join(n[1:] if len(n) == 2 and n[0] == "0" else n for n in _RUN.findall(found[0]))


def _group(name: str) -> str:
    """A pattern's name for a set's."""
    return name.replace("-", "_")


def _of(table: Mapping[str, _T], language: str, otherwise: _T) -> _T:
    """What a table has of a language."""
    return table.get(_base(language), otherwise)


def _base(language: str) -> str:
    """That of which a region's way to speak is one."""
    return language.split("-")[0]

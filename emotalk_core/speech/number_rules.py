"""Whole numbers in words, by the rules that a language has in Unicode's CLDR: as much of its
rule-based number format as those of our languages ask for (Unicode Technical Standard 35, part 3,
"Rule-Based Number Formatting"; the class RuleBasedNumberFormat of ICU describes it in full).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

__all__ = ["MOST_DIGITS", "NumberRules"]

MOST_DIGITS: Final = 12
"""Numbers of more have no words."""

_RULE: Final = re.compile(r"(\d+)(?:/(\d+))?:([^;]*);")
_REST: Final = "→"
_IF_REST: Final = re.compile(r"\[(.*?)\]")  # left out where nothing is left
_PLURAL: Final = re.compile(r"\$\(cardinal,(.*?)\)\$")
_FORM: Final = re.compile(r"(\w+)\{(.*?)\}")
_NUMBER: Final = re.compile(r"([←→=])([%\w-]+)?\1")  # its share, its rest or itself, by a set

_LAST: Final = r"(.*[^1])?"  # before a last digit that is not one of 11 to 19
_PLURALS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "lt": {"one": f"{_LAST}1", "few": f"{_LAST}[2-9]"},
        "pl": {"one": "1", "few": f"{_LAST}[2-4]"},
        "pt": {"one": "[01]"},
        "ru": {"one": f"{_LAST}1", "few": f"{_LAST}[2-4]"},
        "sk": {"one": "1", "few": "[2-4]"},
        "sl": {"one": "(.*0)?1", "two": "(.*0)?2", "few": "(.*0)?[34]"},
        "uk": {"one": f"{_LAST}1", "few": f"{_LAST}[2-4]"},
    }
)
"""Which numbers take which form of a noun, as CLDR's plural rules say; the rest take the last."""
_TWO_FORMS: Final[Mapping[str, str]] = MappingProxyType({"one": "1"})


@dataclass(frozen=True)
class _Rule:
    """For numbers from `base` on."""

    base: int
    step: int  # what they are divided by
    text: str


@dataclass(frozen=True)
class NumberRules:
    """Those of a language."""

    language: str
    sets: Mapping[str, str]  # by name, each as CLDR writes it: "0:null;1:eins;20:zwanzig[→→];"

    def spelled(self, n: int, name: str) -> str:
        """`n`, of at most `MOST_DIGITS`, in words by the set `name`."""
        rule = _rule_of(self._rules[name], n)
        share, rest = divmod(n, rule.step)
        numbers = {"←": share, _REST: rest, "=": n}
        text = _IF_REST.sub(r"\1" if rest else "", rule.text)
        text = _PLURAL.sub(lambda found: self._form(share, found[1]), text)
        return _NUMBER.sub(lambda found: self.spelled(numbers[found[1]], found[2] or name), text)

    @cached_property
    def _rules(self) -> Mapping[str, tuple[_Rule, ...]]:
        return {
            name: tuple(_rule(*found.groups()) for found in _RULE.finditer(rules))
            for name, rules in self.sets.items()
        }

    def _form(self, n: int, forms: str) -> str:
        """Of a noun's `one{tysiąc}few{tysiące}other{tysięcy}` that which `n` of them are."""
        plurals = _PLURALS.get(self.language.split("-")[0], _TWO_FORMS)
        known = dict(_FORM.findall(forms))
        which = (form for form in known if re.fullmatch(plurals.get(form, ""), str(n)))
        return known[next(which, "other")]


def _rule_of(rules: Sequence[_Rule], n: int) -> _Rule:
    """The last one whose base is not above `n`; the one before where that one is for numbers with a
    rest alone, and `n` has none.
    """
    i = bisect_right([rule.base for rule in rules], n) - 1
    rule = rules[i]
    is_for_rests = _REST in rule.text and rule.base % rule.step != 0
    return rules[i - 1] if is_for_rests and n % rule.step == 0 else rule


def _rule(base: str, radix: str | None, text: str) -> _Rule:
    """The step is the greatest power of the radix that is not above the base."""
    step = 1
    while step * int(radix or 10) <= int(base):
        step *= int(radix or 10)
    return _Rule(int(base), step, text)

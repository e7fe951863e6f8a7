"""How numbers are said, taken from CLDR."""

from __future__ import annotations

from emotalk_core.speech.number_rules import NumberRules
from training.number_rules import language_rules

CLDR = {
    "%spellout-numbering": [["0", "=%spellout-cardinal=;"]],
    "%spellout-cardinal": [
        ["-x", "below →→;"],
        ["x.x", "←← comma →→;"],
        ["0", "nil;"],
        ["1", "one;"],
        ["10", "ten[→%%and→];"],
        ["60/20", "three score[→%%and→];"],
        ["1000000000000", "too much;"],
    ],
    "%%and": [["1", "' and =%spellout-cardinal=;"]],
    "%spellout-ordinal": [["x.x", "=0.#=;"], ["0", "=%spellout-cardinal=th;"]],
    "%spellout-unused": [["0", "nobody;"]],
}
SETS = {"cardinal": "%spellout-numbering", "ordinal": "%spellout-ordinal"}


def test_what_is_taken_says_numbers() -> None:
    taken = language_rules(CLDR, SETS, {})
    rules = NumberRules("", taken)

    assert (taken["minus"], taken["mark"]) == ("below", "comma")
    assert rules.spelled(11, "cardinal") == "ten and one"
    assert rules.spelled(71, "ordinal") == "three score and ten and oneth"


def test_nothing_is_taken_that_no_number_needs() -> None:
    taken = language_rules(CLDR, SETS, {})

    assert "%spellout-unused" not in taken
    assert "too much" not in "".join(taken.values())


def test_what_is_our_own_stands_in_place() -> None:
    own = {"cardinal": "0:nought;1:=%%and=;", "mark": "dot"}
    taken = language_rules(CLDR, {"cardinal": "%spellout-numbering"}, own)

    assert (taken["minus"], taken["mark"]) == ("below", "dot")
    assert NumberRules("", taken).spelled(1, "cardinal") == " and one"
    assert "%spellout-numbering" not in taken

"""Takes from Unicode's CLDR how numbers are said: `python -m training.number_rules CLDR_RBNF`
writes the file of `emotalk_core.speech.spelled_numbers`.

CLDR_RBNF is the unpacked npm package cldr-rbnf (`npm pack cldr-rbnf`; Unicode licence v3; made with
version 48.2.0). Of each language it keeps what whole numbers below a thousand billions need.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from emotalk_core.speech.number_rules import MOST_DIGITS
from emotalk_core.speech.readers import languages_read
from emotalk_core.speech.spelled_numbers import FILE

__all__ = ["Sets", "language_rules"]

Sets = Mapping[str, str]

_FILES: Final = MappingProxyType(
    {"cmn": "zh", "fr-fr": "fr", "nb": "no", "pt": "pt-PT", "pt-br": "pt"}
    | {"fr-be": "fr-BE", "fr-ch": "fr-CH"}
)
"""Of CLDR, for languages that espeak-ng calls otherwise."""
_REGIONS: Final = ("fr-be", "fr-ch")  # which say other numbers: septante

_MASCULINE: Final = MappingProxyType({"ordinal": "%spellout-ordinal-masculine"})
_BOTH: Final = MappingProxyType({**_MASCULINE, "ordinal-feminine": "%spellout-ordinal-feminine"})
_YEAR: Final = MappingProxyType({"year": "%spellout-numbering-year"})
_MORE: Final[Mapping[str, Sets]] = MappingProxyType(
    {
        "ca": _BOTH,
        "de": _YEAR,
        "es": {**_BOTH, "ordinal-short": "%spellout-ordinal-masculine-adjective"},
        "fr": _BOTH,
        "it": _BOTH,
        "nl": {"ordinal": "%spellout-ordinal"},
        "pt": _BOTH,
        "sv": {**_YEAR, "ordinal": "%spellout-ordinal-reale"},
    }
)
"""Sets beside the cardinal numbers, where a language says its years in hundreds, and where it
writes ordinal numbers otherwise than with a full stop.
"""
_NUMBERING: Final = "%spellout-numbering"

_TENS: Final = "dvajset trideset štirideset petdeset šestdeset sedemdeset osemdeset devetdeset"
_SLOVENIAN: Final = (
    "0:nič;1:ena;2:dva;3:tri;4:štiri;5:pet;6:šest;7:sedem;8:osem;9:devet;10:deset;11:enajst;"
    "12:dvanajst;13:trinajst;14:štirinajst;15:petnajst;16:šestnajst;17:sedemnajst;18:osemnajst;"
    "19:devetnajst;"
    + "".join(f"{10 * i}:[→→in]{ten};" for i, ten in enumerate(_TENS.split(), 2))
    + "100:sto[ →→];200:dvesto[ →→];300:←←sto[ →→];1000:tisoč[ →→];2000:←← tisoč[ →→];"
    "1000000:milijon[ →→];2000000:←← $(cardinal,two{milijona}few{milijone}other{milijonov})$[ →→];"
    "1000000000:milijarda[ →→];2000000000:←%feminine← "
    "$(cardinal,two{milijardi}few{milijarde}other{milijard})$[ →→];"
)
_ROMANIAN: Final = (
    "0:zero;1:unu;2:doi;3:trei;4:patru;5:cinci;6:șase;7:șapte;8:opt;9:nouă;10:zece;11:unsprezece;"
    "12:→→sprezece;14:paisprezece;15:→→sprezece;16:șaisprezece;17:→→sprezece;20:douăzeci[ și →→];"
    "30:←←zeci[ și →→];60:șaizeci[ și →→];70:←←zeci[ și →→];100:o sută[ →→];"
    "200:←%feminine← sute[ →→];1000:o mie[ →→];2000:←%feminine← mii[ →→];"
    "20000/1000:←%feminine← de mii[ →→];1000000:un milion[ →→];2000000:←%feminine← milioane[ →→];"
    "20000000/1000000:←%feminine← de milioane[ →→];1000000000:un miliard[ →→];"
    "2000000000:←%feminine← miliarde[ →→];20000000000/1000000000:←%feminine← de miliarde[ →→];"
)
_OWN: Final[Mapping[str, Sets]] = MappingProxyType(
    {
        "cmn": {"cardinal": "0:=%spellout-cardinal=;100:=%spellout-cardinal-alternate2=;"},
        "da": {"year": "0:=cardinal=;1100/100:←← hundrede[ og →→];2000:=cardinal=;"},
        "ja": {"minus": "マイナス", "mark": "点"},
        "lt": {"minus": "minus", "mark": "kablelis"},
        "nb": {"year": "0:=cardinal=;1100/100:←← hundre[ og →→];2000:=cardinal=;"},
        "nl": {"year": "0:=cardinal=;1100/100:←← honderd[ →→];2000:=cardinal=;"},
        "ro": {
            "cardinal": _ROMANIAN,
            "%feminine": "0:=cardinal=;2:două;3:=cardinal=;12:douăsprezece;13:=cardinal=;",
        },
        "ru": {"mark": "и"},
        "sl": {"cardinal": _SLOVENIAN, "%feminine": "0:=cardinal=;2:dve;3:=cardinal=;"},
    }
)
"""In place of CLDR's: 2000 is 两千; a year is to tusind og fem; parts of a whole are said digit by
digit, in Japanese behind a mark in words; the Slovenian of version 48 is a Croatian of sorts, and
its Romanian says una mie.
"""
_MENDED: Final[Mapping[str, Sequence[tuple[str, str]]]] = MappingProxyType(
    {
        "cs": (
            ("1000:←%spellout-cardinal-feminine← tisíc", "1000:tisíc"),
            ("feminine← tisíc", "masculine← tisíc"),
        ),
        "el": (("χίλιάδες", "χιλιάδες"),),
        "et": (
            (";100:←", ";100:sada[ →→];200:←"),
            (";1000:←", ";1000:tuhat[ →→];2000:←"),
        ),
        "sk": (
            (";100:←", ";100:sto[ →→];200:←"),
            (";1000:←", ";1000:tisíc[ →→];2000:←"),
        ),
    }
)
"""What is wrong in single rules of version 48: dvě tisíce, jednasto."""

_SOFT_HYPHEN: Final = "\N{SOFT HYPHEN}"  # between words that letter rules know
_WORD: Final = re.compile(r"[^\W\d_]+")
_NAMED: Final = re.compile(r"([←→=])(%[\w%-]+)\1")


def language_rules(rules: Mapping[str, list[list[str]]], sets: Sets, own: Sets) -> dict[str, str]:
    """What the file has of a language: its words for a minus and a decimal mark, and the sets of
    CLDR's `rules` that those in `sets` need, by what they are for; but what is our `own` as it is.
    """
    found = {name: f"0:={of}=;" for name, of in sets.items()} | dict(own)
    waiting = list(found.values())
    while waiting:
        for _, name in _NAMED.findall(waiting.pop()):
            if name not in found:
                found[name] = _as_text(rules[name])
                waiting.append(found[name])
    words = {"minus": _said(rules, ["-x"]), "mark": _said(rules, ["x,x", "x.x"])}
    return words | found


def _said(rules: Mapping[str, list[list[str]]], bases: Sequence[str]) -> str:
    """What the cardinal numbers have at one of `bases`, without what is put in."""
    name, texts = _NUMBERING, dict(rules[_NUMBERING])
    while not any(base in texts for base in bases):
        _, name = _NAMED.findall(rules[name][-1][1])[0]
        texts = dict(rules[name])
    text = next(texts[base] for base in bases if base in texts)
    return " ".join(_WORD.findall(_NAMED.sub("", text)))


def _as_text(rules: list[list[str]]) -> str:
    """Those for whole numbers, in a row."""
    whole = (rule for rule in rules if rule[0][0].isdigit() and "." not in rule[0])
    kept = (rule for rule in whole if len(rule[0].split("/")[0]) <= MOST_DIGITS)
    return "".join(f"{base}:{text.lstrip(chr(39))}" for base, text in kept)


def _read(folder: Path, language: str) -> dict[str, str]:
    name = _FILES.get(language, language)
    text = (folder / "rbnf" / f"{name}.json").read_text(encoding="utf-8")
    rules = json.loads(text.replace(_SOFT_HYPHEN, " "))["rbnf"]["rbnf"]["SpelloutRules"]
    sets = {"cardinal": _NUMBERING, **_MORE.get(name.split("-")[0], {})}
    found = language_rules(rules, sets, _OWN.get(language, {}))
    for wrong, right in _MENDED.get(language, ()):
        found = {name: text.replace(wrong, right) for name, text in found.items()}
    return found


def main(folder: Path) -> None:
    """Write the file that ships."""
    languages = sorted({*languages_read(), *_REGIONS})
    found = {language: _read(folder, language) for language in languages}
    FILE.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(found)} languages; {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Figures in an English text that are spoken otherwise than numbers: Roman ones, dates, fractions,
units, numbers of telephones. They become words, or what `english_numbers` reads rightly.
"""

from __future__ import annotations

import re
from math import gcd
from typing import Final

__all__ = ["plain_figures"]

_ROMAN: Final = {"I": 1, "V": 5, "X": 10, "L": 50}
_VALID: Final = r"(?=[IVXL])(?!L\b)(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[IVXL])"
_COUNTED: Final = (
    "Act|Appendix|Article|Book|Chapter|Class|Episode|Lesson|Level|Mark|Part|Phase|Psalm|Round|"
    "Scene|Season|Section|Sonnet|Stage|Super Bowl|Type|Volume"
)
_RULERS: Final = (
    "Albert|Alexander|Alfonso|Benedict|Boniface|Catherine|Charles|Christian|Clement|Constantine|"
    "Cyrus|Darius|David|Edward|Elizabeth|Emmanuel|Ferdinand|Francis|Franz|Frederick|George|Gregory|"
    "Gustav|Harald|Henry|Howell|Innocent|Ivan|James|John|Joseph|Leo|Leopold|Louis|Ludwig|Malcolm|"
    "Margrethe|Mary|Maximilian|Mehmed|Napoleon|Nicholas|Otto|Paul|Peter|Philip|Pius|Ptolemy|"
    "Ramesses|Ramses|Richard|Robert|Rudolf|Suleiman|Thutmose|Umberto|Urban|Victor|Wilhelm|William"
)
_NO_PRONOUN: Final = r"(?!(?<=\bI)(?:\s(?!of\b)[a-z]|['’](?:d|ll|m|ve)\b))"
_NO_INITIAL: Final = r"(?!(?<=\b[IVX])\.\s[A-Z])"
_OF_WAR: Final = re.compile(r"\b((?i:World\sWar)\s)(I{1,3})\b")
_OF_RULER: Final = re.compile(
    rf"\b((?i:{_RULERS})\s)(?!(?<=(?i:Malcolm)\s)X\b)({_VALID})\b{_NO_PRONOUN}{_NO_INITIAL}"
)
_OF_COUNTED: Final = re.compile(
    rf"\b((?i:{_COUNTED})\s)({_VALID}|(?=[ivx]{{2}}){_VALID.lower()})\b{_NO_PRONOUN}"
)
_OF_NAME: Final = re.compile(rf"\b([A-Z][\w'-]*\s)(?!(?:IV|XL|XX)\b)(?=[IVX]{{2}})({_VALID})\b")

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_YEARS: Final = range(1500, 2100)  # in figures; else it is more likely the version 8.2.4020
_YEAR_FIRST: Final = re.compile(
    r"(?<![\d/.-])(?P<year>\d{4})([-/.])(?P<month>\d\d?)\2(?P<day>\d\d?)(?![\d/-]|\.\d)"
)
_YEAR_LAST: Final = re.compile(
    r"(?<![\d/.-])(?P<first>\d\d?)(?P<sign>[-/.])(?P<second>\d\d?)(?P=sign)(?P<year>\d{4})"
    r"(?![\d/-]|\.\d)"
)
_DAY: Final = re.compile(rf"\b({'|'.join(_MONTHS)})\s([12]?\d|3[01])(?![\w:%/-]|[.,]\d)")

_PARTS: Final = {
    2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 8: "eighth", 10: "tenth",
    16: "sixteenth", 100: "hundredth", 1000: "thousandth",
}  # fmt: skip
_FRACTION: Final = re.compile(
    r"(?<![\w/.,:-])(?:(\d+)\s)?(\d\d?)/(\d{1,4})(?![\w/]|[.,]\d|\s(?:time|beat)\b)"
)
_AND_A_PART: Final = re.compile(r"(?<=\d)\s?([½¼¾])")
_SIGNS: Final = {"½": " and a half ", "¼": " and a quarter ", "¾": " and three quarters "}

_UNITS: Final = {
    "mm": "millimeter", "cm": "centimeter", "m": "meter", "km": "kilometer", "mi": "mile",
    "ft": "foot", "yd": "yard", "mg": "milligram", "g": "gram", "kg": "kilogram", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "ml": "milliliter", "mL": "milliliter", "l": "liter",
    "L": "liter", "ms": "millisecond", "sec": "second", "min": "minute", "h": "hour", "hr": "hour",
    "hrs": "hour", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz",
    "W": "watt", "kW": "kilowatt", "MW": "megawatt", "KB": "kilobyte", "MB": "megabyte",
    "GB": "gigabyte", "TB": "terabyte", "dB": "decibel", "km/h": "kilometer", "m/s": "meter",
    "mph": "mile", "fps": "frame", "°C": "degree", "°F": "degree", "°": "degree",
}  # fmt: skip
_AFTER_UNIT: Final = {
    "km/h": " per hour", "m/s": " per second", "mph": " per hour", "fps": " per second",
    "°C": " celsius", "°F": " fahrenheit",
}  # fmt: skip
_BELOW_ZERO: Final = re.compile(r"(?<!\S)[-−](?=\d+(?:\.\d+)?\s?(?:°|degrees?\b))")
_POWERS: Final = {"²": "square ", "³": "cubic "}
_UNIT: Final = re.compile(
    r"(?<![\w.,$£€])(?P<n>\d[\d,]*(?:\.\d+)?)(?P<gap>[ -]?)"
    rf"(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})(?P<power>[²³]?)(?![\w/'])"
)

_PHONE: Final = re.compile(
    r"(?<![\w.,/$£€+-])(?:\+\d{7,15}|\+\d{1,3}(?:[ .-]\(?\d{1,8}\)?){2,6}"
    r"|(?:1[ .-])?\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}"
    r"|(?:1[ .-])?\d{3}([ .-])\d{3}\1\d{4}"
    r"|\d{3}-\d{4}|0\d{2,4}(?:[ -]\d{3,8}){1,3}"
    r"|(?:(?<=(?i:call)\s)|(?<=(?i:dial)\s))(?:911|999|112)"
    r")(?![\w/-]|[.,]\d)"
)


def plain_figures(text: str) -> str:
    """`text` with its figures as words, or as plain numbers and ordinals.

    >>> plain_figures("Henry VIII ate 1/2 kg in Act IV.")
    'Henry the 8th ate one half kg in Act 4.'
    """
    text = _YEAR_LAST.sub(_date, _YEAR_FIRST.sub(_date, text))
    text = _PHONE.sub(lambda found: " ".join(c for c in found[0] if c.isdigit()), text)
    text = _DAY.sub(lambda found: f"{found[1]} {_ordinal(int(found[2]))}", text)
    text = _AND_A_PART.sub(lambda found: _SIGNS[found[1]], _FRACTION.sub(_fraction, text))
    return _roman(_UNIT.sub(_unit, _BELOW_ZERO.sub("minus ", text)))


def _date(found: re.Match[str]) -> str:
    """The day comes first after points, and where there is no such month; else as in America."""
    parts = found.groupdict()
    if "month" in parts:
        month, day, is_day_first = int(found["month"]), int(found["day"]), False
    else:
        month, day = int(found["first"]), int(found["second"])
        is_day_first = found["sign"] == "." or month > len(_MONTHS)
        month, day = (day, month) if is_day_first else (month, day)
    year = int(found["year"])
    if not (1 <= month <= len(_MONTHS) and 1 <= day <= 31 and year in _YEARS):
        return found[0]
    name = _MONTHS[month - 1]
    spoken = f"the {_ordinal(day)} of {name}" if is_day_first else f"{name} {_ordinal(day)}"
    return f"{spoken} {year}"


def _fraction(found: re.Match[str]) -> str:
    n, of = int(found[2]), int(found[3])
    if of not in _PARTS or not 0 < n < of or gcd(n, of) > 1:
        return found[0]
    part = _PARTS[of] + ("s" if n > 1 else "")
    if found[1]:
        return f"{found[1]} and {'a' if n == 1 else n} {part}"
    return f"{'one' if n == 1 else n} {part}"


def _unit(found: re.Match[str]) -> str:
    sign, unit = found["unit"], _UNITS[found["unit"]]
    is_one = found["gap"] == "-" or found["n"] == "1"
    many = {"foot": "feet"}.get(unit, unit if unit.endswith("hertz") else f"{unit}s")
    power = _POWERS.get(found["power"], "")
    return f"{found['n']} {power}{unit if is_one else many}{_AFTER_UNIT.get(sign, '')}"


def _roman(text: str) -> str:
    text = _OF_RULER.sub(lambda found: f"{found[1]}the {_ordinal(_value(found[2]))}", text)
    for counted in (_OF_WAR, _OF_COUNTED, _OF_NAME):
        text = counted.sub(lambda found: f"{found[1]}{_value(found[2])}", text)
    return text


def _value(roman: str) -> int:
    values = [_ROMAN[letter] for letter in roman.upper()]
    after = [*values[1:], 0]
    return sum(-n if n < m else n for n, m in zip(values, after, strict=True))


def _ordinal(n: int) -> str:
    is_teen = n // 10 % 10 == 1
    return f"{n}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"

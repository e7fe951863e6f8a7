"""Numbers in texts of other languages than English."""

from __future__ import annotations

import unicodedata

import pytest

from emotalk_core.speech.readers import read_letters, spelled_letters
from emotalk_core.speech.spelled_numbers import numbers_in_words


def said(text: str, *languages: str) -> str:
    return " ".join(numbers_in_words(text, *languages).split())


@pytest.mark.parametrize(
    ("language", "digits", "words"),
    [
        ("de", "0", "null"),
        ("de", "17", "siebzehn"),
        ("de", "21", "ein und zwanzig"),
        ("de", "345678", "drei hundert fünf und vierzig tausend sechs hundert acht und siebzig"),
        ("fr-fr", "71", "soixante-et-onze"),
        ("fr-fr", "80", "quatre-vingts"),
        ("fr-fr", "81", "quatre-vingt-un"),
        ("fr-fr", "1998", "mille neuf cent quatre-vingt-dix-huit"),
        ("fr-be", "95", "nonante-cinq"),
        ("es", "16", "dieciséis"),
        ("es", "500", "quinientos"),
        ("it", "28", "vent otto"),
        ("it", "2000", "due mila"),
        ("pt-br", "16", "dezesseis"),
        ("pt", "16", "dezasseis"),
        ("ca", "22", "vint-i-dos"),
        ("ro", "32", "treizeci și doi"),
        ("nl", "48", "acht en veertig"),
        ("sv", "35", "trettio fem"),
        ("da", "75", "fem og halvfjerds"),
        ("nb", "44", "førti fire"),
        ("fi", "13", "kolmetoista"),
        ("hu", "25", "huszon öt"),
        ("pl", "2500", "dwa tysiące pięćset"),
        ("cs", "345", "tři sta čtyřicet pět"),
        ("ru", "1241", "одна тысяча двести сорок один"),
        ("uk", "40", "сорок"),
        ("bg", "21", "двайсет и едно"),
        ("el", "37", "τριάντα επτά"),
        ("tr", "1453", "bin dört yüz elli üç"),
        ("id", "11", "sebelas"),
        ("vi", "15", "mười lăm"),
        ("ko", "12345", "만 이천삼백사십오"),
        ("cmn", "123", "一百二十三"),
        ("cmn", "105", "一百零五"),
        ("cmn", "2000", "两千"),
    ],
)
def test_a_number_is_said_as_its_language_does(language: str, digits: str, words: str) -> None:
    assert said(digits, language) == words


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("de", "1.000", "ein tausend"),
        ("de", "1\N{NO-BREAK SPACE}000", "ein tausend"),
        ("de", "10.000.000", "zehn Millionen"),
        ("de", "3.000.000.000", "drei Milliarden"),
        ("de-ch", "1'000", "ein tausend"),
        ("fr-fr", "1 000 euros", "mille euros"),
        ("fr-fr", "1\N{NARROW NO-BREAK SPACE}000", "mille"),
        ("ru", "2 000", "две тысячи"),
        ("cmn", "1,000人", "一千人"),
        ("ko", "12,345명", "만 이천삼백사십오 명"),
        ("ms", "1,000 orang", "seribu orang"),
        ("de", "12 100", "zwölf ein hundert"),  # whose language writes no spaces there
        ("cmn", "1,2", "一,二"),
    ],
)
def test_digits_stand_in_groups_as_a_language_writes_them(
    language: str, text: str, words: str
) -> None:
    assert said(text, language, language[:2]) == words


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("de", "3,14", "drei Komma eins vier"),
        ("de", "0.125", "null Komma eins zwei fünf"),
        ("de", "1.234,5", "ein tausend zwei hundert vier und dreißig Komma fünf"),
        ("fr-fr", "3,14", "trois virgule quatorze"),
        ("fr-fr", "3,05", "trois virgule zéro cinq"),
        ("tr", "1,5", "bir virgül beş"),
        ("cmn", "3.14", "三点一四"),
        ("ms", "2.5", "dua perpuluhan lima"),
        ("de", "es sind -5 Grad", "es sind minus fünf Grad"),
        ("es", "−5", "menos cinco"),
        ("de", "1998-2005", "neunzehn hundert acht und neunzig - zwei tausend fünf"),
        ("de", "50 %", "fünfzig Prozent"),
        ("fr-fr", "7,5%", "sept virgule cinq pour cent"),
        ("cmn", "50%", "百分之五十"),
        ("tr", "%50", "yüzde elli"),
    ],
)
def test_parts_and_signs_are_said(language: str, text: str, words: str) -> None:
    assert said(text, language) == words


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("de", "1998", "neunzehn hundert acht und neunzig"),
        ("de", "2026", "zwei tausend sechs und zwanzig"),
        ("de", "1.998", "ein tausend neun hundert acht und neunzig"),
        ("sv", "2026", "tjugo hundra tjugo sex"),
        ("nl", "1815", "achttien honderd vijftien"),
        ("da", "2005", "to tusind og fem"),
        ("es", "1998", "mil novecientos noventa y ocho"),
        ("cmn", "2026年", "二零二六年"),
        ("cmn", "20年", "二十年"),
        ("de", "12.05.2024", "zwölf , fünf , zwei tausend vier und zwanzig"),
        ("de", "am 12.05. war", "am zwölf , fünf war"),
        ("de", "am 12.05.", "am zwölf , fünf"),
        ("de", "nur 3.50.", "nur drei Komma fünf null ."),
        ("fr-fr", "2024-05-12", "deux mille vingt-quatre , cinq , douze"),
    ],
)
def test_years_and_dates_are_said(language: str, text: str, words: str) -> None:
    assert said(text, language) == words


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("de", "um 7:30 Uhr", "um sieben Uhr dreißig"),
        ("de", "um 7.30 Uhr", "um sieben Uhr dreißig"),
        ("de", "um 17:00", "um siebzehn Uhr"),
        ("fr-fr", "à 7h30", "à sept heures trente"),
        ("fr-fr", "à 8 h", "à huit heures"),
        ("es", "las 7:05", "las siete cinco"),
        ("cmn", "7:30", "七点三十"),
    ],
)
def test_times_of_day_are_said(language: str, text: str, words: str) -> None:
    assert said(text, language) == words


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("fr-fr", "le 1er mars", "le premier mars"),
        ("fr-fr", "la 1re et la 1ère", "la première et la première"),
        ("fr-fr", "le 2e, le 3ème", "le deuxième , le troisième"),
        ("es", "el 3.º, la 2ª, el 1er", "el tercero , la segunda , el primer"),
        ("it", "il 2º", "il secondo"),
        ("nl", "de 2e en 8ste", "de tweede en achtste"),
        ("sv", "den 1:a maj", "den första maj"),
        ("de", "am 21. Mai", "am ein und zwanzig . Mai"),
        ("de", "die 80er", "die achtzig er"),
    ],
)
def test_ordinal_numbers_are_known_by_their_ends(language: str, text: str, words: str) -> None:
    assert said(text, language) == words


@pytest.mark.parametrize(
    "digits",
    [
        "9" + ".000" * 2000,
        "０１７",
        "٠١٧",
        "०१७",
        "007",
        "12345678",
        "1.234.567.890.123",
        "1" * 5000,
    ],
)
def test_rows_that_are_no_number_are_said_digit_by_digit(digits: str) -> None:
    count = sum(c.isdecimal() for c in digits)

    assert len(said(digits, "de").split()) == count


@pytest.mark.parametrize("digits", ["１２", "١٢", "१२", "12"])
def test_digits_of_any_script_are_known(digits: str) -> None:
    assert said(digits, "de") == "zwölf"
    assert said(digits, "cmn") == "十二"


def test_the_end_of_an_ordinal_number_may_have_its_accent_apart() -> None:
    apart = unicodedata.normalize("NFD", "1ère")

    assert apart != "1ère"
    assert read_letters(apart, "fr-fr") == read_letters("première", "fr-fr")


def test_a_language_without_rules_keeps_its_digits() -> None:
    assert numbers_in_words("5 と 12,5", "hi") == "5 と 12,5"
    assert numbers_in_words("5", "xx", "de").strip() == "fünf"


@pytest.mark.parametrize(
    ("language", "digits", "words"),
    [
        ("de", "Um 5 Uhr", "Um fünf Uhr"),
        ("fr-fr", "le 21 mars", "le vingt et un mars"),
        ("cmn", "2026年5月", "二零二六年五月"),
        ("ko", "5월", "오 월"),
        ("uk", "5", "п'ять"),
        ("fr-be", "71", "septante et un"),
    ],
)
def test_a_text_in_digits_is_read_as_one_in_words(language: str, digits: str, words: str) -> None:
    assert read_letters(digits, language) == read_letters(words, language)
    assert spelled_letters(digits, language) == spelled_letters(words, language)

"""Files of phones, as aligners, spreadsheets and Audacity write them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emotalk_core.errors import InputError
from emotalk_core.speech.phone_files import SUFFIXES, read_phones, write_phones
from emotalk_core.speech.phones import Phone

SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
1.5
<exists>
3
"TextTier"
"bell"
0
1.5
1
0.5
"ding"
"IntervalTier"
"words"
0
1.5
1
0
1.5
"say ""pa"" 2"
"IntervalTier"
"phones"
0
1.5
4
0
0.25
""
0.25
0.5
"P"
0.5
1.25
"AA1"
1.25
1.5
"spn"
"""

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 1.5 
tiers? <exists> 
size = 2 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "anna - words" 
        xmin = 0 
        xmax = 1.5 
        intervals: size = 1 
        intervals [1]:
            xmin = 0 
            xmax = 1.5 
            text = "pa" 
    item [2]:
        class = "IntervalTier" 
        name = "anna - phones" 
        xmin = 0 
        xmax = 1.5 
        intervals: size = 3 
        intervals [1]:
            xmin = 0 
            xmax = 0.25 
            text = "" 
        intervals [2]:
            xmin = 0.25 
            xmax = 0.5 
            text = "pʰ" 
        intervals [3]:
            xmin = 0.5 
            xmax = 1.25 
            text = "ɑː" 
"""  # noqa: W291 - Praat ends its lines so


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("lines", ["\n", "\r\n"])
@pytest.mark.parametrize(("text", "symbols"), [(SHORT, ["P", "AA1"]), (LONG, ["pʰ", "ɑː"])])
def test_textgrids_of_both_forms(
    tmp_path: Path, text: str, symbols: list[str], lines: str, encoding: str
) -> None:
    grid = written(tmp_path, "a.TextGrid", text.replace("\n", lines), encoding)

    phones = read_phones(grid)

    spans = [(0.0, 0.25), (0.25, 0.5), (0.5, 1.25)]
    assert [(p.start_s, p.end_s) for p in phones] == spans
    assert [p.symbol for p in phones] == ["_", *symbols]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_say_again_what_was_written(tmp_path: Path, suffix: str) -> None:
    phones = (Phone(0.0, 0.2, "_"), Phone(0.2, 0.345, "ɑ"), Phone(0.345, 0.5, "m"))

    write_phones(phones, tmp_path / f"a{suffix}")

    assert read_phones(tmp_path / f"a{suffix}") == phones


def test_a_textgrid_of_the_end_of_a_sound_tells_nothing_of_its_beginning(tmp_path: Path) -> None:
    phones = (Phone(2.5, 2.7, "m"), Phone(2.7, 3.0, "_"))
    grid = tmp_path / "a.TextGrid"

    write_phones(phones, grid)

    assert read_phones(grid) == phones
    intervals = re.findall(r'^([\d.]+)\n([\d.]+)\n"', grid.read_text(), re.MULTILINE)
    ends = [(float(start), float(end)) for start, end in intervals[-3:]]
    assert ends == [(0.0, 2.5), (2.5, 2.7), (2.7, 3.0)]  # Praat wants no gaps


def test_tables_of_spreadsheets_and_labels_of_audacity(tmp_path: Path) -> None:
    table = written(tmp_path, "a.csv", "word;phone;start_s;end_s\npa;p;0,5;0,6\n")
    labels = written(tmp_path, "a.txt", "0.5\t0.6\tp\n\\\t100\t200\n")

    assert read_phones(table) == read_phones(labels) == (Phone(0.5, 0.6, "p"),)


def test_the_tier_that_is_called_phones_counts_before_those_of_speakers(tmp_path: Path) -> None:
    webmaus = SHORT.replace('"words"', '"ORT-MAU"').replace('"phones"', '"MAU"')
    mended = SHORT.replace('"words"', '"bob - phones"')

    for name, text in (("a.TextGrid", webmaus), ("b.TextGrid", mended)):
        assert [p.symbol for p in read_phones(written(tmp_path, name, text))] == ["_", "P", "AA1"]


def test_a_table_of_mfa_has_words_as_well(tmp_path: Path) -> None:
    table = written(
        tmp_path,
        "a.csv",
        "Begin,End,Label,Type,Speaker\n0,0.3,pa,words,a\n0,0.1,P,phones,a\n0.1,0.3,AA1,phones,a\n",
    )

    assert read_phones(table) == (Phone(0.0, 0.1, "P"), Phone(0.1, 0.3, "AA1"))


HEAD = "start_s,end_s,phone\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", HEAD + "0,1,p\n0.5,2,b\n", "overlap"),
        ("a.csv", HEAD + "1,1,p\n", "end after that"),
        ("a.csv", HEAD + "x,1,p\n", "Not a time"),
        ("a.csv", HEAD + "0,nan,p\n", "Not a time"),
        ("a.csv", HEAD + "0,1,?\n", "No such phone"),
        ("a.csv", HEAD + "0,1,hello\n", "not words"),
        ("a.csv", HEAD, "No phones"),
        ("a.txt", "0.05\tB\n", "start and end in seconds"),
        ("a.csv", "start_s,end_s\n0,1\n", "phone"),
        ("a.txt", "0.5 0.6 p\n", "Not a label"),
        ("a.TextGrid", "hello", "TextGrid cannot be read"),
        ("a.TextGrid", SHORT[:-60], "TextGrid cannot be read"),
        ("a.TextGrid", SHORT.replace('"phones"', '"letters"'), "No tier of phones"),
        ("a.TextGrid", SHORT.replace('"words"', '"phone"'), "More than one tier"),
        ("a.TextGrid", SHORT.replace('"words"', '"phones"'), "More than one tier"),
        ("a.lab", "", "No such kind"),
    ],
)
def test_files_that_cannot_be_are_told_in_a_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(InputError, match=said) as told:
        read_phones(written(tmp_path, name, text))
    assert "\n" not in str(told.value)


MAUS = """BEGIN;DURATION;TOKEN;MAU;ORT;KAN
0.0;0.25;-1;<p:>;;
0.25;0.25;0;p;Pa;pa
0.5;0.75;0;a:;Pa;pa
"""


@pytest.mark.parametrize("text", [MAUS, MAUS.replace(".", ",")], ids=["points", "commas"])
def test_a_table_of_webmaus_has_begin_and_length(tmp_path: Path, text: str) -> None:
    path = tmp_path / "maus.csv"
    path.write_text(text, encoding="utf-8")

    assert read_phones(path) == (
        Phone(0.0, 0.25, "_"),
        Phone(0.25, 0.5, "p"),
        Phone(0.5, 1.25, "a:"),
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("0;4000;-1;<p:>\n4000;3200;0;p\n", "samples"),
        ("0.0;long;0;p\n", "Not a time"),
        ("0.5;-0.2;0;p\n", "must start at 0"),
    ],
)
def test_a_wrong_table_of_webmaus_is_told(tmp_path: Path, rows: str, why: str) -> None:
    path = tmp_path / "maus.csv"
    path.write_text(f"BEGIN;DURATION;TOKEN;MAU\n{rows}", encoding="utf-8")

    with pytest.raises(InputError, match=why):
        read_phones(path)


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8"])
def test_a_grid_in_any_unicode_is_read_with_a_mark_or_without(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "said.TextGrid"
    path.write_bytes(SHORT.replace("AA1", "ɑ").replace('"P"', '"p"').encode(coding))

    assert [phone.symbol for phone in read_phones(path)] == ["_", "p", "ɑ"]

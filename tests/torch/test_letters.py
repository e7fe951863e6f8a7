"""How texts are read, learnt from a dictionary and from another program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emotalk_core.speech.letter_rules import Rules, load_rules, write_rules
from training.english import read_dictionary
from training.letters import aligned, as_rules, learn, unseen_errors
from training.readers import read_by_espeak, read_words

LINES = """\
bat B AE1 T
bate B EY1 T
bath B AE1 TH
bath(2) B AA1 TH
cat K AE1 T # an animal
cate K EY1 T
fat F AE1 T
fate F EY1 T
fax F AE1 K S
mat M AE1 T
mate M EY1 T
math M AE1 TH
max M AE1 K S
tax T AE1 K S
m.a. EH1 M EY1
w D AH1 B AH0 L Y UW0
"""


def dictionary(folder: Path) -> Path:
    path = folder / "small.dict"
    path.write_text(LINES, encoding="utf-8")
    return path


def rules_of(folder: Path) -> Rules:
    words = read_dictionary(dictionary(folder))
    write_rules(as_rules(learn(aligned(words))), folder / "rules.npz")
    return load_rules(folder / "rules.npz")


def test_words_are_read_without_stress_and_with_their_first_phones(tmp_path: Path) -> None:
    words = read_dictionary(dictionary(tmp_path))

    assert words["bath"] == ("B", "AE", "TH")
    assert words["cat"] == ("K", "AE", "T")
    assert "m.a." not in words


def test_letters_and_phones_go_together(tmp_path: Path) -> None:
    found = aligned(read_dictionary(dictionary(tmp_path)))

    assert found["fax"] == [("F",), ("AE",), ("K", "S")]
    assert found["mate"] == [("M",), ("EY",), ("T",), ()]
    assert "w" not in found


def test_the_rules_read_what_they_were_learnt_from_and_others_alike(tmp_path: Path) -> None:
    words, rules = read_dictionary(dictionary(tmp_path)), rules_of(tmp_path)

    assert {word: rules.read(word) for word in words if word != "w"} == {
        word: phones for word, phones in words.items() if word != "w"
    }
    assert rules.read("bax") == ("B", "AE", "K", "S")
    assert rules.read("matex") == ("M", "EY", "T", "K", "S")
    assert rules.read("5") == ()


def test_a_letter_more_is_asked_for_only_where_it_matters(tmp_path: Path) -> None:
    tree = learn(aligned(read_dictionary(dictionary(tmp_path))))

    assert tree.below["f"].below == {}
    assert tree.below["a"].below["t"].below


def test_words_left_out_tell_how_well_others_are_read() -> None:
    rhymes = {f"{c}a{end}": (c.upper(), "AE", end.upper()) for c in "bdf" for end in "tn"}
    odd = {"bax": ("B", "IY", "IY"), **rhymes}  # the first is left out

    assert unseen_errors(aligned(rhymes)) == 0.0
    assert unseen_errors(aligned(odd)) > 0.5


def test_words_of_a_list_are_read_as_espeak_ng_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, words = tmp_path / "espeak-ng", tmp_path / "words.txt"
    program.write_text('#!/bin/sh\nsed -e "s/^Über.*/(en)_a/" -e "s/^ma$/m_ˈɑː/"\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    words.write_text("ma 99\nÜber 5\nm2 3\nma 1\n-- 1\n", encoding="utf-8")

    found = read_words(words)

    assert found == ["ma", "Über"]
    assert read_by_espeak(found, "de") == {"ma": ("m", "ɑ")}


def test_other_letters_than_english_ones_are_learnt(tmp_path: Path) -> None:
    words = {"мама": ("m", "a", "m", "a"), "müsli": ("m", "y", "s", "l", "i")}
    write_rules(as_rules(learn(aligned(words))), tmp_path / "rules.npz")

    rules = load_rules(tmp_path / "rules.npz")

    assert {word: rules.read(word) for word in words} == words
    assert rules.read("ämä") == ("m",)

"""Alphabets of aligners, told apart by all names of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from emotalk_core.speech.phone_files import read_phones
from emotalk_core.speech.phones import is_silent, letters_of


def mouths(folder: Path, names: str) -> str:
    """Of a file with these names, one after another; a pause is `_`."""
    rows = (f"{i}\t{i + 1}\t{name}\n" for i, name in enumerate(names.split()))
    table = folder / "a.txt"
    table.write_text("".join(rows), encoding="utf-8")
    symbols = [phone.symbol for phone in read_phones(table)]
    return " ".join("_" if is_silent(symbol) else letters_of(symbol) for symbol in symbols)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("h# sh iy dcl d pcl p axr nx q epi", "_ ʃ i d d p p ɜ n h _"),  # TIMIT
        ("sil HH AH0 L OW1 sp", "_ h ʌ l oʊ _"),  # MFA
        ("dh_B ah_E sil_S b_B aa_I", "ð ʌ _ b ɑ"),  # Gentle
        ("<p:> g u: t @ n ? V S 2: 9 6 aI N C Z", "_ k u t ə n h ʌ ʃ ø œ ɐ aɪ k k ʒ"),  # WebMAUS
        ("D @ p_h I { r\\ s\\ t_d", "ð ə p ɪ æ ɹ ɕ t"),  # X-SAMPA
        ("# h ɛ l oʊ dʒ ae #", "_ h ɛ l oʊ dʒ ae _"),  # IPA
        ("S AA m", "s ɑ m"),  # by hand
        ("m a s", "m a s"),
    ],
)
def test_each_alphabet_is_known_by_its_own_names(tmp_path: Path, names: str, expected: str) -> None:
    assert mouths(tmp_path, names) == expected


@pytest.mark.parametrize("pause", ["#", "<p:>", "<sil>", "[SIL]", "{sil}", "<eps>", "silB", "pau"])
def test_pauses_of_all_aligners_are_silence(tmp_path: Path, pause: str) -> None:
    assert mouths(tmp_path, f"m {pause} a") == "m _ a"


@pytest.mark.parametrize("noise", ["spn", "<unk>", "[noise]", "<usb>", "oov_S", "{laugh}"])
def test_noises_stay_as_they_are_heard(tmp_path: Path, noise: str) -> None:
    assert mouths(tmp_path, f"m {noise} a") == "m a"

"""Phone times from a known text."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.errors import InputError
from emotalk_core.model.config import PHONES
from emotalk_core.speech.transcript import pronounced, words_of
from training.faces import kind_of, numbers_of
from training.told import fitted

WORDS = (("m", "aɪ"), ("b", "oː", "t"))
SURE, NOT = np.log(0.9), np.log(1e-4)


def heard(*stretches: tuple[str, int]) -> np.ndarray:
    """Log shares of symbols that are heard for so many states each; diphthongs take halves."""
    numbers = []
    for symbol, n in stretches:
        parts = (0,) if symbol == "_" else numbers_of(symbol, kind_of(symbol))
        numbers += [parts[i * len(parts) // n] for i in range(n)]
    shares = np.full((len(numbers), len(PHONES)), NOT)
    shares[np.arange(len(numbers)), numbers] = SURE
    return shares


def times(*stretches: tuple[str, int]) -> list[tuple[str, float, float]]:
    found = fitted(heard(*stretches), WORDS)
    return [(p.symbol, round(p.start_s, 3), round(p.end_s, 3)) for p in found]


def test_phones_are_where_they_are_heard_and_a_pause_may_stand_between_words() -> None:
    found = times(("_", 5), ("m", 4), ("aɪ", 8), ("_", 6), ("b", 3), ("oː", 7), ("t", 2), ("_", 9))

    assert found == [
        ("m", 0.10, 0.18), ("aɪ", 0.18, 0.34), ("b", 0.46, 0.52), ("oː", 0.52, 0.66),
        ("t", 0.66, 0.70),
    ]  # fmt: skip


def test_words_may_follow_each_other_without_a_pause() -> None:
    found = times(("m", 4), ("aɪ", 8), ("b", 3), ("oː", 7), ("t", 2))

    assert [symbol for symbol, _, _ in found] == ["m", "aɪ", "b", "oː", "t"]
    assert found[0][1] == 0.0
    assert [a[2] for a in found[:-1]] == [b[1] for b in found[1:]]


def test_the_last_phone_ends_with_the_sound_or_before_a_pause() -> None:
    tight = times(("m", 4), ("aɪ", 8), ("b", 3), ("oː", 7), ("t", 5))
    loose = times(("m", 4), ("aɪ", 8), ("b", 3), ("oː", 7), ("t", 5), ("_", 40))

    assert tight == loose
    assert tight[-1] == ("t", 0.44, 0.54)


def test_no_phone_is_skipped_however_unheard() -> None:
    found = times(("m", 10), ("t", 10))

    assert found == [] or [symbol for symbol, _, _ in found] == ["m", "aɪ", "b", "oː", "t"]


def test_a_phone_that_is_not_heard_gets_its_state_where_it_costs_least() -> None:
    found = times(("m", 4), ("aɪ", 8), ("oː", 20), ("t", 12))

    assert [symbol for symbol, _, _ in found] == ["m", "aɪ", "b", "oː", "t"]
    assert found[2][2] - found[2][1] == pytest.approx(0.02)


@pytest.mark.parametrize(
    "stretches",
    [
        [("s", 30), ("l", 30)],  # another text
        [("_", 200), ("s", 12), ("l", 12), ("_", 200)],  # likewise, in a long silence
        [("m", 4), ("s", 4), ("l", 4), ("k", 4), ("t", 4)],  # a part of it is heard
        [("m", 2), ("b", 2)],  # more phones than states
        [("m", 4), ("aɪ", 8), ("b", 3), ("oː", 30), ("t", 2)],  # nobody holds a vowel so long
    ],
)
def test_what_cannot_be_the_text_is_left_out(stretches: list[tuple[str, int]]) -> None:
    assert fitted(heard(*stretches), WORDS) == ()


def test_a_text_without_words_has_no_phones() -> None:
    assert fitted(heard(("_", 20)), ()) == ()


def test_what_espeak_writes_is_taken_apart() -> None:
    read = "z_iː _ɪ_s_t_ (en)b_ˈɛ_l(de)\nv_ˈaɪ_s_ə_n_b_ˌ??_k pf_ˈeː_ɾ_d_ə"

    assert words_of(read) == (
        ("z", "iː"), ("ɪ", "s", "t"), ("b", "ˈɛ", "l"),
        ("v", "ˈaɪ", "s", "ə", "n", "b", "ˌʊɾ", "k"), ("pf", "ˈeː", "ɾ", "d", "ə"),
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("text", ["Früher, ja: Hunde!", "- Früher: ja, Hunde"])
def test_german_is_read_by_words(text: str) -> None:
    words = pronounced(text, "de")

    assert [len(word) for word in words] == [4, 2, 5]
    kinds = [kind_of(symbol) for symbol in words[0]]
    assert kinds[0] == "labiodental"
    assert "rounded" in kinds


def test_texts_are_those_of_clips_neither_short_nor_long(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason="reads the recordings")
    from training.told import german_texts

    folder = tmp_path / "kerstin" / "verified"
    folder.mkdir(parents=True)
    for name, seconds in (("a", 1.0), ("b", 3.0), ("c", 9.0), ("d", 4.0)):
        soundfile.write(folder / f"{name}.flac", np.zeros(round(seconds * 16_000)), 16_000)
    lines = "a|Kurz.\nb|Ein Satz.\nc|Lang.\nd|Noch einer, mit | Strich.\n"
    (tmp_path / "kerstin" / "metadata.csv").write_text(lines, encoding="utf-8")

    found = german_texts(tmp_path, 5)

    assert [(t.recording.name, t.text) for t in found] == [
        ("german/b", "Ein Satz."),
        ("german/d", "Noch einer, mit | Strich."),
    ]
    assert german_texts(tmp_path / "nowhere", 5) == []
    (tmp_path / "kerstin" / "metadata.csv").unlink()
    with pytest.raises(InputError, match="texts are missing"):
        german_texts(tmp_path, 5)


def test_written_phones_read_back(tmp_path: Path) -> None:
    from training.datasets import load_german, write_phones

    soundfile = pytest.importorskip("soundfile", reason="reads the recordings")
    folder = tmp_path / "kerstin" / "verified"
    folder.mkdir(parents=True)
    soundfile.write(folder / "a.flac", np.zeros(16_000), 16_000)
    phones = fitted(heard(("m", 4), ("aɪ", 8), ("b", 3), ("oː", 7), ("t", 5)), WORDS)

    write_phones(tmp_path / "told.csv", {"a.flac": phones})

    assert load_german(tmp_path, tmp_path / "told.csv")[0].phones == phones
    assert [path.name for path in tmp_path.glob("*.csv")] == ["told.csv"]

"""Names of languages, in files and elsewhere."""

from __future__ import annotations

import pytest

from emotalk_core.errors import InputError
from emotalk_core.speech.languages import (
    ensure_heard,
    from_whisper,
    in_file_name,
    of_file_name,
    to_whisper,
)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("talk.de.txt", "de"), ("film.fr.srt", "fr-fr"), ("Film.FR.srt", "fr-fr"),
        ("film.zh-Hans.srt", "cmn"), ("film.cmn.srt", "cmn"), ("film.pt-BR.vtt", "pt-br"),
        ("film.pt-PT.vtt", "pt"), ("film.en-US.srt", "en"), ("a/b.c/talk.it.fountain", "it"),
        ("talk.txt", ""), ("take.v2.txt", ""), ("take.ok.txt", ""), ("take.final.txt", ""),
        ("de.txt", ""), ("talk.de", ""), ("talk.de.old.txt", ""),
    ],
)  # fmt: skip
def test_a_files_name_may_tell_a_language(name: str, language: str) -> None:
    assert of_file_name(name) == language


@pytest.mark.parametrize("language", ["de", "fr-fr", "cmn", "nb", "pt-br", "en", "tl"])
def test_a_language_is_read_as_it_was_written(language: str) -> None:
    assert of_file_name(f"talk{in_file_name(language)}.txt") == language


@pytest.mark.parametrize(("ours", "theirs"), [("fr-fr", "fr"), ("cmn", "zh"), ("de", "de")])
def test_espeak_and_whisper_differ_in_a_few(ours: str, theirs: str) -> None:
    assert to_whisper(ours) == theirs
    assert from_whisper(theirs) == ours


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("cmn-latn-pinyin", "zh"), ("fr-be", "fr"), ("en-GB", "en"), ("pt-br", "pt"), ("", "")],
)
def test_regions_are_heard_as_their_language(ours: str, theirs: str) -> None:
    assert to_whisper(ours) == theirs
    ensure_heard(ours)


@pytest.mark.parametrize("language", ["eo", "xx", "grc"])
def test_a_language_that_espeak_alone_has_is_told(language: str) -> None:
    with pytest.raises(InputError, match=language):
        ensure_heard(language)

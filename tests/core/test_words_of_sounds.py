"""The words of many sounds: one recogniser, and languages that go by each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.errors import EmoTalkError, InputError, RecogniserError
from emotalk_core.progress import Progress
from emotalk_core.speech.heard_words import HeardWords, Recogniser
from emotalk_core.speech.words_of_sounds import Languages, Spoken, words_of_sounds
from emotalk_core.timing import SAMPLE_RATE
from tests.core.recogniser import answering


def sound(seconds: int) -> Spoken:
    """One whose length tells the recogniser what to say."""
    silence = ArraySound(np.zeros(seconds * SAMPLE_RATE, np.float32), SAMPLE_RATE)
    return Spoken(lambda _progress: silence)


def missing(_progress: Progress) -> ArraySound:
    """A sound that is not there."""
    raise InputError("No such file", value="x", remedy="Choose another.")


def heard(*sounds: Spoken) -> list[tuple[int, HeardWords | EmoTalkError]]:
    """What is heard in them, in turn."""
    return list(words_of_sounds(sounds, Recogniser()))


def test_one_recogniser_hears_all_sounds_in_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = tmp_path / "starts"
    answering(
        monkeypatch,
        f"first = open({str(starts)!r}, 'a').write('.') if 'n' not in globals() else 0; n = 1",
        "say(str(seconds))",
        "end(en=1.0)",
    )

    found = heard(sound(1), sound(3), sound(2))

    assert [(i, one.text) for i, one in found if isinstance(one, HeardWords)] == [
        (0, "1"), (1, "3"), (2, "2"),
    ]  # fmt: skip
    assert starts.read_text(encoding="utf-8") == "."


def test_one_that_fails_leaves_the_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "if seconds == 2: sys.exit('it broke')", "say('a')", "end()")

    found = dict(heard(sound(1), sound(2), Spoken(missing), sound(1)))

    assert "it broke" in str(found[1])
    assert "No such file" in str(found[2])
    assert found[0] == found[3] == HeardWords("a", "en")


def test_what_every_sound_would_meet_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "problem()")

    with pytest.raises(RecogniserError):
        heard(sound(1), sound(1))


LIKELY = (
    "likely = {1: dict(cy=.5, en=.3, de=.2, fr=1e-3, no=1e-5), 2: dict(en=0.95), 3: dict(de=0.95)}",
    "say('a', told['language'] or next(iter(likely[seconds])))",
    "end(**({} if told['language'] else likely[seconds]))",
)


def language_of_first(*sounds: Spoken, languages: Languages | None = None) -> str:
    """What the first one is taken to be spoken in."""
    found = dict(words_of_sounds(sounds, Recogniser(), languages))[0]
    assert isinstance(found, HeardWords)
    return found.language


def test_a_language_that_is_not_sure_goes_by_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, *LIKELY)

    assert language_of_first(replace(sound(1), named="de"), sound(2), sound(2)) == "de"
    assert language_of_first(replace(sound(1), named="fr-fr"), sound(2), sound(2)) == "fr-fr"
    assert language_of_first(replace(sound(1), named="nb"), sound(2), sound(2)) == "en"
    assert language_of_first(replace(sound(2), named="de")) == "en"


def test_a_name_goes_before_a_sure_guess_unless_the_sound_speaks_against_it_by_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(
        monkeypatch,
        "say('a', told['language'] or 'en')",
        "end(**({} if told['language'] else dict(en=0.95, de=2e-3, lt=1e-5, pt=0.04)))",
    )

    assert language_of_first(replace(sound(1), named="de")) == "de"
    assert language_of_first(replace(sound(1), named="pt-br")) == "pt"
    assert language_of_first(replace(sound(1), named="lt")) == "en"  # the left channel's


def test_sounds_without_words_or_a_known_language_speak_for_none() -> None:
    known, unsure = Languages(), HeardWords("a", "cy", {"cy": 0.6, "de": 0.4})
    known.add(HeardWords("", "de"))
    for _ in range(9):
        known.add(HeardWords("", ""))
    known.add(unsure)

    assert known.likeliest(unsure) == "de"


def test_a_language_that_is_not_sure_goes_by_its_group_before_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, *LIKELY)
    german = [replace(sound(seconds), group="de") for seconds in (1, 3, 3)]
    english = [replace(sound(2), group="en")] * 9

    assert language_of_first(*german, *english) == "de"
    assert language_of_first(replace(sound(1), group="new"), *english) == "en"


def test_a_language_that_is_not_sure_goes_by_sounds_that_were_heard_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, *LIKELY)
    known = Languages()
    for _ in range(3):
        known.add(HeardWords("", "de"))

    assert language_of_first(sound(1)) == "cy"
    assert language_of_first(sound(1), languages=known) == "de"


def test_a_language_that_is_not_sure_goes_by_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(
        monkeypatch,
        "likely = {1: dict(cy=0.6, en=0.3), 2: dict(en=0.95, cy=0.01), 3: dict(de=0.8, nl=0.1)}",
        "said = told['language'] or next(iter(likely[seconds]))",
        "say(f'{seconds} {said}', said)",
        "end(**({} if told['language'] else likely[seconds]))",
    )

    found = heard(sound(1), sound(2), sound(3), sound(2))

    assert [i for i, _ in found] == [1, 3, 0, 2]
    texts = [one.text for _, one in found if isinstance(one, HeardWords)]
    assert texts == ["2 en", "2 en", "1 en", "3 de"]
    assert [one.language for _, one in heard(sound(1)) if isinstance(one, HeardWords)] == ["cy"]


def test_words_stay_as_they_were_heard_first_where_hearing_them_again_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(
        monkeypatch,
        "if told['language']: sys.exit('it broke')",
        "say('a', 'cy' if seconds == 1 else 'en')",
        "end(**(dict(cy=0.6, en=0.3) if seconds == 1 else dict(en=0.95)))",
    )

    found = dict(heard(sound(1), sound(2), sound(2)))

    assert isinstance(found[0], HeardWords)
    assert found[0].language == "cy"

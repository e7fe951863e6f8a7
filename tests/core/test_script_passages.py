"""Which passage of a script is said in a sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.controls import ControlTrack
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.errors import Cancelled, TextError
from emotalk_core.model.config import PHONES, ModelConfig
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.pipeline import animate, encode
from emotalk_core.progress import Progress
from emotalk_core.speech.passage import Script, find_passages, followed
from emotalk_core.speech.phones import phones_of
from emotalk_core.speech.transcript import Words, letters_of_word, pronounced, told_shares
from tests.core.babble import RATE, babble

LINES = "Bobby can see the goat. [laughs] Kids are talking by the door! Nothing else was wanted."
SCRIPT = pronounced(LINES, "en")
KIDS = slice(5, 11)


def heard(phones: str, sure: float = 0.8, frames: int = 3) -> np.ndarray:
    """Shares (T, 46) of phones that last some frames each."""
    columns = np.repeat([PHONES.index(phone) for phone in phones], frames)
    shares = np.full((len(columns), len(PHONES)), (1.0 - sure) / (len(PHONES) - 1), np.float32)
    shares[np.arange(len(columns)), columns] = sure
    return shares


def spoken(words: Words, between: str = "") -> str:
    return between.join("".join(letters_of_word(word)) for word in words)


@pytest.mark.parametrize("part", [KIDS, slice(0, 3), slice(9, 15), slice(0, 15), slice(4, 5)])
def test_a_passage_is_found_to_the_word(part: slice) -> None:
    (found,) = find_passages(heard(spoken(SCRIPT[part])), SCRIPT)

    assert SCRIPT[found] == SCRIPT[part]


def test_pauses_are_no_part_of_it() -> None:
    assert find_passages(heard(f"__{spoken(SCRIPT[KIDS], '_')}___"), SCRIPT) == (KIDS,)


def test_phones_may_be_others_too_many_or_missing() -> None:
    said = spoken(SCRIPT[KIDS])
    misheard = said.replace("kɪdz", "kɛdz").replace("ɔ", "oʊ", 1)[:-4] + said[-3:]

    assert misheard != said
    assert find_passages(heard(misheard), SCRIPT) == (KIDS,)


def test_a_passage_begins_and_ends_with_whole_words() -> None:
    goat = slice(4, 5)

    assert find_passages(heard("oʊt"), SCRIPT) == (goat,)
    assert find_passages(heard("koʊ"), SCRIPT) == (goat,)


def test_what_was_heard_besides_the_likeliest_phone_counts() -> None:
    script = pronounced("mad bad pad sad", "en")
    said = heard("mæd", sure=0.5)
    said[:3] = 0.001
    said[:3, [PHONES.index("n"), PHONES.index("p")]] = 0.5, 0.454

    assert find_passages(said, script) == (slice(2, 3),)


@pytest.mark.parametrize("said", ["", "___", "ɑmuʃɛfoʊzupɹʌv"], ids=["nothing", "silence", "else"])
def test_what_is_not_in_the_script_has_no_passage(said: str) -> None:
    shares = heard(said) if said else np.zeros((0, len(PHONES)), np.float32)

    assert find_passages(shares, SCRIPT) == ()


LONG = pronounced(
    "Bobby can see the old grey goat. Nobody else was ever wanted on that side of the river. "
    "Kids are talking by this door again tonight. Some other people shout from far away.",
    "en",
)
BOBBY, NOBODY, DOOR = slice(0, 7), slice(7, 17), slice(17, 25)


@pytest.mark.parametrize(
    "parts", [(BOBBY, DOOR), (NOBODY, BOBBY), (DOOR, DOOR), (BOBBY, DOOR, NOBODY)],
    ids=["others' lines left out", "in another order", "twice", "three"],
)  # fmt: skip
def test_several_stretches_of_a_script_may_be_said(parts: tuple[slice, ...]) -> None:
    said = "_".join(spoken(LONG[part]) for part in parts)

    assert find_passages(heard(said), LONG) == parts


def test_a_short_word_from_elsewhere_is_no_stretch_of_its_own() -> None:
    said = spoken(LONG[BOBBY]) + spoken(LONG[DOOR][3:4])

    assert find_passages(heard(said), LONG) == (BOBBY,)


def test_the_line_of_several_stretches_says_how_many() -> None:
    text = "Bobby can see the old grey goat. Nobody wants it. Kids are talking by the door."
    said = pronounced(text, "en")

    found = Script(text, "en", "s").said_in(
        heard(f"{spoken(said[:7])}_{spoken(said[10:])}"), _followed_by_nobody
    )

    assert found is not None
    assert found[0].summary == "s: bobby can see ... by the door (13 words in 2 places)"
    assert found[0].text == "bobby can see the old grey goat kids are talking by the door"
    assert found[0].words == (*said[:7], *said[10:])


def test_half_of_a_line_with_much_that_is_not_in_the_script_has_none() -> None:
    said = spoken(SCRIPT[KIDS])

    assert find_passages(heard(said + "ɑmuʃɛfoʊzupɹʌvoʊʃuzɑ"), SCRIPT) == ()


def test_it_can_be_cancelled_on_the_way() -> None:
    shares = heard(spoken(SCRIPT) * 12)
    told: list[float] = []

    def progress(share: float, _what: str) -> None:
        told.append(share)
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        find_passages(shares, SCRIPT * 12, progress)
    assert told[0] < 0.1


def test_a_script_says_which_words_were_taken() -> None:
    script = Script(LINES, "en", "lines.txt")

    found = script.said_in(heard(spoken(SCRIPT[KIDS])), _followed_by_nobody)
    short = script.said_in(heard(spoken(SCRIPT[:5])), _followed_by_nobody)
    whole = script.said_in(heard(spoken(SCRIPT)), _followed_by_nobody)

    assert found is not None
    assert short is not None
    assert whole is not None
    assert found[0].text == "kids are talking by the door"
    assert found[0].words == SCRIPT[KIDS]
    assert short[0].summary == "lines.txt: bobby can see the goat (5 words)"
    assert whole[0].summary == "lines.txt: bobby can see ... else was wanted (15 words)"


def test_a_passage_that_does_not_fit_when_it_is_followed_is_none() -> None:
    def refused(words: Words, _progress: Progress) -> None:
        raise TextError("The text is not what is said", value=len(words), remedy="")

    script = Script(LINES, "en", "lines.txt")

    assert script.said_in(heard(spoken(SCRIPT[KIDS])), refused) is None


def test_where_nothing_of_a_script_is_said_the_sound_is_heard_alone() -> None:
    text = followed(heard("ɑmuʃɛfoʊzupɹʌv"), (), Script(LINES, "en", "lines.txt"))

    assert text.told is None
    assert text.warnings == (
        "Heard without lines.txt: nothing in it is what is said in this sound",
    )


def test_a_text_of_its_own_goes_before_the_script() -> None:
    words = pronounced("sad", "en")
    shares = heard(spoken(words))

    text = followed(shares, words, Script(LINES, "en", "lines.txt"))

    assert text.told is not None
    assert not text.said
    np.testing.assert_array_equal(text.told.shares, told_shares(shares, words).shares)


@pytest.mark.usefixtures("espeak")
def test_the_words_of_another_language_are_told_as_they_sound() -> None:
    script = Script("Hallo", "de", "zeilen.txt")

    found = script.said_in(heard("papa"), _followed_by_nobody)

    assert found is not None
    assert found[0].summary == "zeilen.txt: papa (1 word)"
    assert found[0].text == "Hallo"


def test_curves_follow_the_passage_as_they_do_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, sound = BuiltinEngine(load_model(starter_folder())), ArraySound(babble(2.0), RATE)
    width = ModelConfig().content.width
    said = tuple(
        (phone.symbol,)
        for phone in phones_of(encode(sound, engine).content[:, width:])
        if phone.symbol != "_"
    )
    script = _script_of((*SCRIPT, *said, *SCRIPT), monkeypatch)

    by_script = animate(sound, ControlTrack(script=script), engine=engine)
    by_text = animate(sound, ControlTrack(words=said), engine=engine)
    alone = animate(sound, ControlTrack(), engine=engine)

    np.testing.assert_array_equal(by_script.values, by_text.values)
    assert np.abs(by_script.values - alone.values).max() > 0.01


def _followed_by_nobody(_words: Words, _progress: Progress) -> None:
    """Whether it fits is not asked."""


def _script_of(words: Sequence[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch) -> Script:
    monkeypatch.setattr("emotalk_core.speech.passage.pronounced", lambda *_: tuple(words))
    return Script("what is said and more", "de", "lines.txt")

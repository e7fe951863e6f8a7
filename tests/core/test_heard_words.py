"""Words that a recogniser hears, and who asks it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotalk_core.audio import ArraySound, open_sound
from emotalk_core.errors import Cancelled, InputError, RecogniserError, SetupError
from emotalk_core.speech import heard_words
from emotalk_core.speech.heard_words import HeardWords, Recogniser, hearing
from emotalk_core.timing import SAMPLE_RATE
from tests.core.recogniser import answering, noise_wav


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Two seconds of noise."""
    return noise_wav(tmp_path / "talk.wav", 2.0)


def hear_words(*asked: Any, **flags: Any) -> HeardWords:
    """One sound's."""
    sound, recogniser, *language = asked
    with hearing(recogniser) as recognised:
        return recognised.words(sound, *language, **flags)


def test_words_are_joined_and_the_sound_is_the_one_that_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(
        monkeypatch,
        "file = wave.open(told['path']); n = file.getnframes() // file.getframerate()",
        "print('a warning'); print('{a: 1}'); print('[1]'); write(a=1)",
        "for i in range(n): say(f'{asked[0]}{i}', 'zh', i + 1.0)",
        "end(zh=0.5, fr=0.5)",
    )
    shares = list[float]()

    sound = ArraySound(np.zeros(3 * 48_000, np.float32), 48_000)
    heard = hear_words(sound, Recogniser("w"), progress=lambda share, _: shares.append(share))

    assert heard == HeardWords("w0 w1 w2", "cmn", {"cmn": 0.5, "fr-fr": 0.5})
    assert shares == sorted(shares)
    assert 0.0 <= shares[-1] <= 1.0


@pytest.mark.parametrize("is_online", [True, False])
def test_whether_a_model_may_be_fetched_is_told(
    monkeypatch: pytest.MonkeyPatch, *, is_online: bool
) -> None:
    answering(monkeypatch, "say(asked[2])", "end()")

    heard = hear_words(silence(), Recogniser(is_online=is_online))

    assert heard.text == ("online" if is_online else "offline")


@pytest.mark.parametrize(("ours", "theirs"), [("fr-fr", "fr"), ("cmn", "zh"), ("en-us", "en")])
def test_a_language_is_asked_for_by_its_name_there(
    ours: str, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "say(told['language'], told['language'])", "end()")

    assert hear_words(silence(), Recogniser(), ours) == HeardWords(theirs, ours)


def silence(seconds: int = 1) -> ArraySound:
    """Seconds of it."""
    return ArraySound(np.zeros(seconds * SAMPLE_RATE, np.float32), SAMPLE_RATE)


@pytest.mark.parametrize(
    ("code", "error", "told"),
    [
        ("say('a'); sys.exit('it broke')", SetupError, "it broke"),
        ("say('a'); import os; os._exit(9)", SetupError, "ended with code 9: try again"),
        ("problem()", RecogniserError, "None: 'x'. Get it."),
        ("fault()", InputError, "Not this one: 'x'. Leave it."),
    ],
)
def test_a_failure_is_one_line(
    code: str, error: type[Exception], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, code)

    with pytest.raises(error, match=told) as caught:
        hear_words(silence(), Recogniser())

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("code", ["", "say('')", "say('\\u266a\\u266a'); say('...')"])
def test_a_sound_without_words_has_none_and_no_language(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, code, "end(en=0.9)")

    assert hear_words(silence(), Recogniser()) == HeardWords("", "")


def test_after_the_fault_of_one_sound_the_same_program_hears_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = tmp_path / "starts"
    answering(
        monkeypatch,
        f"first = open({str(starts)!r}, 'a').write('.') if 'n' not in globals() else 0; n = 1",
        "fault() if told['language'] else (say('a'), end())",
    )

    with hearing(Recogniser()) as opened:
        with pytest.raises(InputError, match="Not this one"):
            opened.words(silence(), "de")
        assert opened.words(silence()).text == "a"

    assert starts.read_text(encoding="utf-8") == "."


def test_a_python_that_the_program_does_not_start_in_is_what_every_sound_would_meet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = "import sys; sys.exit('Python 3.9 is too old')"
    command = lambda python, *_: [str(python), "-c", code]  # noqa: E731
    monkeypatch.setattr(heard_words, "our_command", command)

    with pytest.raises(RecogniserError, match=r"does not start: '.*'\. Python 3\.9 is too old\."):
        hear_words(silence(), Recogniser())


def test_a_language_that_nobody_hears_is_told_and_stops_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, "say('a', told['language'])", "end()")

    with hearing(Recogniser()) as recognised:
        with pytest.raises(InputError, match="not heard: 'eo'") as caught:
            recognised.words(silence(), "eo")
        heard = recognised.words(silence(), "de-AT")

    assert not isinstance(caught.value, SetupError)
    assert heard == HeardWords("a", "de-AT")


def test_what_libraries_write_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(
        monkeypatch,
        "print('{not json'); print('[1]'); print('{\"loss\": 1}'); say('a')",
        "print('{}', '\\u00e9'); end()",
    )

    assert hear_words(silence(), Recogniser()) == HeardWords("a", "en")


def test_it_can_be_stopped_and_what_it_still_says_is_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    answering(
        monkeypatch,
        f"open({str(begun)!r}, 'w').close() if seconds == 2 else None",
        "time.sleep(60 if seconds == 2 else 0)",
        "say(str(seconds)); end()",
    )

    def stop(_share: float, _what: str) -> None:
        if begun.exists():
            raise Cancelled

    with hearing(Recogniser()) as recognised:
        with pytest.raises(Cancelled):
            recognised.words(
                ArraySound(np.zeros(2 * SAMPLE_RATE, np.float32), SAMPLE_RATE), "", stop
            )
        heard = recognised.words(silence())

    assert heard.text == "1"


@pytest.mark.parametrize(
    ("code", "error", "n_starts"),
    [("sys.exit('it broke')", SetupError, 2), ("problem()", RecogniserError, 1)],
)
def test_it_is_started_anew_but_where_every_sound_would_meet_the_same(
    code: str,
    error: type[Exception],
    n_starts: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starts = tmp_path / "starts"
    answering(monkeypatch, f"open({str(starts)!r}, 'a').write('.')", code)
    told = list[str]()

    with hearing(Recogniser()) as recognised:
        for _ in range(2):
            with pytest.raises(error) as caught:
                recognised.words(silence())
            told.append(str(caught.value))

    assert told[0] == told[1]
    assert len(starts.read_text(encoding="utf-8")) == n_starts


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks of folders")
def test_what_a_killed_run_left_of_a_sound_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os, sys, tempfile\nfrom emotalk_core.speech.heard_words import *\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "with hearing(Recogniser()):\n    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1

    with hearing(Recogniser()):
        (mine,) = tmp_path.iterdir()
        with hearing(Recogniser()):
            assert mine.is_dir()

    assert list(tmp_path.iterdir()) == []


def test_one_that_hangs_is_ended_and_another_hears_the_next_sound(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = tmp_path / "hung"
    hang = f"if not os.path.exists({str(hung)!r}): open({str(hung)!r}, 'w'); time.sleep(999)"
    answering(monkeypatch, "import os", hang, "say('a')", "end()")
    monkeypatch.setattr(heard_words, "_SLOWEST", 0.0)
    sound = open_sound(spoken)

    with hearing(Recogniser()) as opened:
        monkeypatch.setattr(heard_words, "_PATIENCE_S", 0.5)
        with pytest.raises(SetupError, match="does not answer"):
            opened.words(sound)
        monkeypatch.setattr(heard_words, "_PATIENCE_S", 60.0)
        assert opened.words(sound).text == "a"

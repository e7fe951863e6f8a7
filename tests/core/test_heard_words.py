"""Words that a recogniser hears: the program that hears them, and who asks it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from emotalk_core.audio import ArraySound, open_sound
from emotalk_core.errors import Cancelled, InputError, RecogniserError, SetupError, TextError
from emotalk_core.speech import heard_words, recognise
from emotalk_core.speech.heard_words import HeardWords, Recogniser, hearing
from emotalk_core.timing import SAMPLE_RATE
from tests.core.recogniser import answering, noise_wav

NOISE = np.random.default_rng(1)


class Whisper:
    """Says the seconds that it was given."""

    supported_languages = ("en", "de", "zh")
    asked: list[dict[str, Any]]
    is_offline: bool

    def __init__(self, name: str, *, local_files_only: bool, **_flags: str) -> None:
        if name == "broken":
            raise RuntimeError("no such host\nand more")
        if name == "far" and local_files_only:
            raise FileNotFoundError("no snapshot: pass 'local_files_only=False'")
        if _flags["device"] == "cuda":
            raise RuntimeError("CUDA driver version is insufficient")
        type(self).asked, type(self).is_offline = [], local_files_only

    def transcribe(self, samples: np.ndarray, **flags: Any) -> tuple[Any, Any]:
        """One stretch of words."""
        self.asked.append(flags)
        seconds = len(samples) / SAMPLE_RATE
        said = SimpleNamespace(text=f" {seconds:.1f} seconds", end=seconds)
        is_said, taken_for = (True, "zh") if samples.any() else (False, "en")
        language = flags["language"] or taken_for
        likely = None if flags["language"] else [(language, 0.75), ("en", 0.25)]
        found = SimpleNamespace(language=language, all_language_probs=likely)
        return iter([said] if is_said else []), found


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """faster-whisper, as far as we use it."""
    models = lambda: ["base", "broken", "far"]  # noqa: E731
    module = SimpleNamespace(WhisperModel=Whisper, available_models=models)
    monkeypatch.setitem(sys.modules, "faster_whisper", module)


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Two seconds of noise."""
    return noise_wav(tmp_path / "talk.wav", 2.0)


def recognised(
    capsys: pytest.CaptureFixture[str],
    *paths: Path,
    model: str = "base",
    language: str = "",
    device: str = "cpu",
    reach: str = "online",
) -> tuple[int, list[Any]]:
    """What the program ends with and writes."""
    asked = [json.dumps({"path": str(path), "language": language}) + "\n" for path in paths]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", iter(asked))
        code = recognise.main([model, device, reach])
    return code, [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]


def hear_words(*asked: Any, **flags: Any) -> HeardWords:
    """One sound's."""
    sound, recogniser, *language = asked
    with hearing(recogniser) as recognised:
        return recognised.words(sound, *language, **flags)


@pytest.mark.usefixtures("library")
def test_the_program_writes_words_language_and_times(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = recognised(capsys, spoken)

    assert code == 0
    assert found == [
        {"text": "2.0 seconds", "language": "zh", "end_s": 2.0},
        {"languages": {"zh": 0.75, "en": 0.25}},
    ]


@pytest.mark.usefixtures("library")
def test_a_model_is_opened_once_for_many_sounds(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = noise_wav(spoken.with_name("other.wav"), 1.0)

    code, found = recognised(capsys, spoken, other, spoken)

    assert code == 0
    assert [one.get("text") for one in found[::2]] == ["2.0 seconds", "1.0 seconds", "2.0 seconds"]
    assert len(Whisper.asked) == 3


@pytest.mark.usefixtures("library")
def test_a_long_sound_is_heard_in_stretches_of_one_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, (*found, _) = recognised(capsys, noise_wav(tmp_path / "long.wav", 400.0))

    assert [one["end_s"] for one in found][-1] == pytest.approx(400.0)
    assert 240.0 <= found[0]["end_s"] <= 300.0
    assert [one["language"] for one in Whisper.asked] == [None, "zh"]


@pytest.mark.usefixtures("library")
def test_the_language_is_that_of_the_first_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "late.wav"
    noise = NOISE.integers(-999, 999, 100 * SAMPLE_RATE, "<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(np.r_[np.zeros(400 * SAMPLE_RATE, "<i2"), noise].tobytes())

    _, (found, last) = recognised(capsys, path)

    assert found["language"] == "zh"
    assert last == {"languages": {"zh": 0.75, "en": 0.25}}


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("reach", ["online", "offline"])
def test_nothing_is_fetched_where_that_is_not_allowed(
    reach: str, spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recognised(capsys, spoken, reach=reach)

    assert Whisper.is_offline == (reach == "offline")


def test_stretches_are_cut_where_it_is_quiet_and_lose_nothing() -> None:
    samples = NOISE.uniform(-0.5, 0.5, 650 * SAMPLE_RATE).astype(np.float32)
    for second in (270, 530):
        samples[second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE] *= 0.01

    found = list(recognise.stretches(ArraySound(samples, SAMPLE_RATE)))

    ends_s = np.cumsum([len(one) for one in found]) / SAMPLE_RATE
    assert np.array_equal(np.concatenate(found), samples)
    assert ends_s == pytest.approx([270.5, 530.5, 650.0], abs=0.5)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("model", "language", "told"),
    [
        ("bose", "", "no such model"),
        ("base", "xx", "no such language"),
        ("broken", "", "cannot be had (no such host)"),
        ("far", "", "not on this computer, and nothing may be fetched"),
    ],
)
def test_what_is_amiss_is_told_by_the_program(
    model: str, language: str, told: str, spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (found,) = recognised(capsys, spoken, model=model, language=language, reach="offline")

    assert code == 2
    assert told in found["problem"]
    assert found["value"] == (language or model)


@pytest.mark.usefixtures("library")
def test_a_card_that_does_not_work_is_told_as_such(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (found,) = recognised(capsys, spoken, device="cuda")

    assert code == 2
    assert (found["value"], found["remedy"]) == ("cuda", "Use cpu.")


def test_a_python_without_the_library_is_told_how_to_get_it(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)

    code, (found,) = recognised(capsys, spoken)

    assert code == 2
    assert "pip install faster-whisper" in found["remedy"]


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
        ("end()", TextError, "No words are heard"),
    ],
)
def test_a_failure_is_one_line(
    code: str, error: type[Exception], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, code)

    with pytest.raises(error, match=told) as caught:
        hear_words(silence(), Recogniser())

    assert "\n" not in str(caught.value)


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


@pytest.mark.usefixtures("library")
def test_a_librarys_bar_does_not_stand_before_an_answer(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sys.stdout.write("model.bin: 100%|###| ")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", iter([json.dumps({"path": str(spoken), "language": ""})]))
        recognise.main(["base", "cpu", "online"])

    bar, *answers = capsys.readouterr().out.split("\n")
    assert bar == "model.bin: 100%|###| "
    assert len([one for one in answers if one.startswith("{")]) == 2


def test_it_can_be_stopped_and_what_it_still_says_is_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    answering(
        monkeypatch,
        f"seconds = wave.open(told['path']).getnframes() // {SAMPLE_RATE}",
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

"""Words that a recogniser hears: the program that hears them, and who asks it."""

from __future__ import annotations

import json
import sys
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.audio import ArraySound
from emotalk_core.errors import Cancelled, SetupError, TextError
from emotalk_core.speech import heard_words, recognise
from emotalk_core.speech.heard_words import HeardWords, Recogniser, hear_words
from emotalk_core.timing import SAMPLE_RATE

NOISE = np.random.default_rng(1)


class Whisper:
    """Says the seconds that it was given."""

    supported_languages = ("en", "de", "zh")
    asked: list[dict[str, Any]]
    is_offline: bool

    def __init__(self, name: str, *, local_files_only: bool, **_flags: str) -> None:
        if name == "broken":
            raise RuntimeError("no such host\nand more")
        if _flags["device"] == "cuda":
            raise RuntimeError("CUDA driver version is insufficient")
        type(self).asked, type(self).is_offline = [], local_files_only

    def transcribe(self, samples: np.ndarray, **flags: Any) -> tuple[Any, Any]:
        """One stretch of words."""
        self.asked.append(flags)
        seconds = len(samples) / SAMPLE_RATE
        said = SimpleNamespace(text=f" {seconds:.1f} seconds", end=seconds)
        is_said, taken_for = (True, "zh") if samples.any() else (False, "en")
        found = SimpleNamespace(language=flags["language"] or taken_for)
        return iter([said] if is_said else []), found


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """faster-whisper, as far as we use it."""
    models = lambda: ["base", "broken"]  # noqa: E731
    module = SimpleNamespace(WhisperModel=Whisper, available_models=models)
    monkeypatch.setitem(sys.modules, "faster_whisper", module)


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Two seconds of noise."""
    return write_wav(tmp_path / "talk.wav", 2.0)


def write_wav(path: Path, seconds: float) -> Path:
    """Noise."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(NOISE.integers(-999, 999, round(seconds * SAMPLE_RATE), "<i2").tobytes())
    return path


def recognised(capsys: pytest.CaptureFixture[str], *asked: object) -> tuple[int, list[Any]]:
    """What the program ends with and writes."""
    code = recognise.main([str(one) for one in asked])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def answering(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let Python lines stand for the recogniser; its arguments are in `asked`."""

    def command(python: Path, module: str, *asked: object) -> list[str]:
        start = f"import json, sys, time; asked = {[str(one) for one in asked]!r}\n"
        assert module == "speech.recognise"
        return [str(python), "-c", start + code]

    monkeypatch.setattr(heard_words, "our_command", command)


@pytest.mark.usefixtures("library")
def test_the_program_writes_words_language_and_times(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = recognised(capsys, spoken, "base", "", "cpu", "online")

    assert code == 0
    assert found == [{"text": "2.0 seconds", "language": "zh", "end_s": 2.0}]


@pytest.mark.usefixtures("library")
def test_a_long_sound_is_heard_in_stretches_of_one_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, found = recognised(
        capsys, write_wav(tmp_path / "long.wav", 400.0), "base", "", "cpu", "online"
    )

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

    _, found = recognised(capsys, path, "base", "", "cpu", "online")

    assert [one["language"] for one in found] == ["zh"]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("reach", ["online", "offline"])
def test_nothing_is_fetched_where_that_is_not_allowed(reach: str, spoken: Path) -> None:
    recognise.main([str(spoken), "base", "", "cpu", reach])

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
    ],
)
def test_what_is_amiss_is_told_by_the_program(
    model: str, language: str, told: str, spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (found,) = recognised(capsys, spoken, model, language, "cpu", "online")

    assert code == 2
    assert told in found["problem"]
    assert found["value"] == (language or model)


@pytest.mark.usefixtures("library")
def test_a_card_that_does_not_work_is_told_as_such(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (found,) = recognised(capsys, spoken, "base", "", "cuda", "online")

    assert code == 2
    assert (found["value"], found["remedy"]) == ("cuda", "Use cpu.")


def test_a_python_without_the_library_is_told_how_to_get_it(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)

    code, (found,) = recognised(capsys, spoken, "base", "", "cpu", "online")

    assert code == 2
    assert "pip install faster-whisper" in found["remedy"]


def test_words_are_joined_and_the_sound_is_the_one_that_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(
        monkeypatch,
        "import wave; file = wave.open(asked[0]); n = file.getnframes() // file.getframerate()\n"
        "print('a warning')\n"
        "for i in range(n):\n"
        "    word = {'text': f'{asked[1]}{i}', 'language': 'zh', 'end_s': i + 1.0}\n"
        "    print(json.dumps(word), flush=True)",
    )
    shares = list[float]()

    sound = ArraySound(np.zeros(3 * 48_000, np.float32), 48_000)
    heard = hear_words(sound, Recogniser("w"), progress=lambda share, _: shares.append(share))

    assert heard == HeardWords("w0 w1 w2", "cmn")
    assert shares == sorted(shares)
    assert 0.0 <= shares[-1] <= 1.0


@pytest.mark.parametrize("is_online", [True, False])
def test_whether_a_model_may_be_fetched_is_told(
    monkeypatch: pytest.MonkeyPatch, *, is_online: bool
) -> None:
    answering(monkeypatch, "print(json.dumps({'text': asked[4], 'language': 'en', 'end_s': 1.0}))")

    heard = hear_words(silence(), Recogniser(is_online=is_online))

    assert heard.text == ("online" if is_online else "offline")


@pytest.mark.parametrize(("ours", "theirs"), [("fr-fr", "fr"), ("cmn", "zh"), ("en-us", "en")])
def test_a_language_is_asked_for_by_its_name_there(
    ours: str, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(
        monkeypatch,
        "print(json.dumps({'text': asked[2], 'language': asked[2], 'end_s': 1.0}))",
    )

    assert hear_words(silence(), Recogniser(), ours) == HeardWords(theirs, ours)


def silence() -> ArraySound:
    """A second of it."""
    return ArraySound(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE)


@pytest.mark.parametrize(
    ("code", "error", "told"),
    [
        ("print('a'); sys.exit('it broke')", SetupError, "it broke"),
        (
            "print(json.dumps({'problem': 'None', 'value': 'x', 'remedy': 'Get it.'}))",
            SetupError,
            "None: 'x'. Get it.",
        ),
        ("pass", TextError, "No words are heard"),
    ],
)
def test_a_failure_is_one_line(
    code: str, error: type[Exception], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, code)

    with pytest.raises(error, match=told) as caught:
        hear_words(silence(), Recogniser())

    assert "\n" not in str(caught.value)


def test_it_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "time.sleep(60)")

    def stop(_share: float, _what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        hear_words(silence(), Recogniser(), progress=stop)


def test_the_command_writes_texts_beside_sounds_and_keeps_those_that_are_there(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "print(json.dumps({'text': 'one two', 'language': 'de', 'end_s': 1.0}))")
    folder = spoken.parent
    kept = write_wav(folder / "kept.wav", 1.0).with_suffix(".lab")
    kept.write_text("mine", encoding="utf-8")
    (folder / "broken.wav").write_text("no sound", encoding="utf-8")

    code = cli.main(["words", str(folder)])

    assert code == 3
    assert spoken.with_suffix(".txt").read_text(encoding="utf-8") == "one two\n"
    assert sorted(path.name for path in folder.glob("*.[tl]*")) == ["kept.lab", "talk.txt"]
    out, err = capsys.readouterr()
    assert "2 words (de)" in out
    assert "kept.lab: is there already" in out
    assert "emotalk: 1 in de: give --language to what reads them" in err
    assert err.count("emotalk:") == 2
    assert "broken.wav" in err


def test_one_sound_may_have_its_text_elsewhere(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "print(json.dumps({'text': 'a', 'language': 'en', 'end_s': 1.0}))")
    text = tmp_path / "other.txt"

    assert cli.main(["words", str(spoken), "-o", str(text)]) == 0

    assert text.read_text(encoding="utf-8") == "a\n"
    assert cli.main(["words", str(spoken), str(spoken), "-o", str(text)]) == 2
    assert cli.main(["words", str(spoken), "-o", str(spoken)]) == 2


def test_no_other_file_than_a_text_is_written_over(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_wav(spoken.with_name("other.wav"), 1.0)
    content = other.read_bytes()

    assert cli.main(["words", str(spoken), "-o", str(other)]) == 2

    assert "Use .txt, .lab." in capsys.readouterr().err
    assert other.read_bytes() == content


def test_what_every_sound_would_meet_is_told_once(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "print(json.dumps({'problem': 'None', 'value': 'x', 'remedy': '.'}))")
    other = write_wav(spoken.with_name("other.wav"), 1.0)

    assert cli.main(["words", str(spoken), str(other)]) == 2

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_two_sounds_of_one_name_may_have_one_text_that_is_there(
    spoken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "print(json.dumps({'text': 'a', 'language': 'en', 'end_s': 1.0}))")
    write_wav(spoken.with_suffix(".wave"), 1.0)
    write_wav(spoken.with_name("other.wav"), 1.0)
    asked = ["words", str(spoken.parent), str(spoken.with_suffix(".wave"))]

    assert cli.main(asked) == 2

    assert "Two sounds would make one file (talk.txt)" in capsys.readouterr().err
    spoken.with_suffix(".txt").write_text("mine", encoding="utf-8")

    assert cli.main(asked) == 0

    assert spoken.with_suffix(".txt").read_text(encoding="utf-8") == "mine"
    assert spoken.with_name("other.txt").read_text(encoding="utf-8") == "a\n"

"""The program that hears words, in the Python that has the library."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.speech import recognise
from emotalk_core.speech.stretches import stretches
from emotalk_core.timing import SAMPLE_RATE
from tests.core.recogniser import noise_wav

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


@pytest.mark.usefixtures("library")
def test_the_program_writes_words_language_and_times(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = recognised(capsys, spoken)

    assert code == 0
    assert found == [
        {"opened": "base"},
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
    assert [one.get("text") for one in found[1::2]] == ["2.0 seconds", "1.0 seconds", "2.0 seconds"]
    assert len(Whisper.asked) == 3


@pytest.mark.usefixtures("library")
def test_a_long_sound_is_heard_in_stretches_of_one_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, (_, *found, _) = recognised(capsys, noise_wav(tmp_path / "long.wav", 400.0))

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

    _, (_, found, last) = recognised(capsys, path)

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

    found = list(stretches(ArraySound(samples, SAMPLE_RATE)))

    ends_s = np.cumsum([len(one) for one in found]) / SAMPLE_RATE
    assert np.array_equal(np.concatenate(found), samples)
    assert ends_s == pytest.approx([270.5, 530.5, 650.0], abs=0.5)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("bose", "no such model"),
        ("broken", "cannot be had (no such host)"),
    ],
)
def test_what_is_amiss_is_told_by_the_program(
    model: str, told: str, spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (found,) = recognised(capsys, spoken, model=model)

    assert code == 2
    assert told in found["problem"]
    assert found["value"] == model


@pytest.mark.usefixtures("library")
def test_a_language_that_the_model_does_not_know_is_the_fault_of_one_sound(
    spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (_, *found) = recognised(capsys, spoken, spoken, language="xx")

    assert code == 0
    assert [one["value"] for one in found] == ["xx", "xx"]
    assert "does not know this language" in found[0]["fault"]
    assert "base in place of base.en" in found[0]["remedy"]


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


def test_a_python_without_numpy_is_told_how_to_get_the_library(tmp_path: Path) -> None:
    """The program imports nothing that it may lack before it can tell that."""
    (tmp_path / "numpy.py").write_text("raise ImportError('no numpy')", encoding="utf-8")
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
    start += "from emotalk_core.speech.recognise import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "base", "cpu", "offline"]
    root = Path(recognise.__file__).parents[2]

    ended = subprocess.run(command, cwd=root, input="", capture_output=True, text=True, check=False)

    assert ended.returncode == 2, ended.stderr
    assert "pip install faster-whisper" in json.loads(ended.stdout)["remedy"]


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
    assert len([one for one in answers if one.startswith("{")]) == 3

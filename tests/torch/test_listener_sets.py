"""What the listener is fitted on: the same actors at other speeds, sets side by side."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")
soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed: training extra")

from emotalk_core.controls import EMOTIONS  # noqa: E402
from emotalk_core.errors import InputError  # noqa: E402
from emotalk_core.model.config import FrontEndConfig  # noqa: E402
from training.cremad import load_cremad  # noqa: E402
from training.datasets import NOBODY, Recording, load_voices  # noqa: E402
from training.faces.phones import Phone  # noqa: E402
from training.features import FeatureSet  # noqa: E402
from training.listener import ListenerSettings, Voices, gather, together  # noqa: E402
from training.retold import (  # noqa: E402
    OTHER_SPEEDS,
    acted_by_rule,
    at_other_speeds,
    in_other_voices,
)
from training.steps import actors_of, readers_of  # noqa: E402


def pitch(samples: np.ndarray) -> float:
    """The loudest frequency in Hz."""
    return float(np.abs(np.fft.rfft(samples)).argmax() * 16_000 / len(samples))


def test_other_speeds_are_longer_and_lower_or_shorter_and_higher() -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000).astype(np.float32)
    phones = (Phone(0.1, 0.4, "AA1", "open"),)
    given = Recording("set/a", tone, "s", "train", phones, emotion=(1.0,), seconds=1.0)

    sped = at_other_speeds([given])

    assert len({r.name for r in sped}) == len(sped) == len(OTHER_SPEEDS)
    assert len({r.speaker for r in sped} - {"s"}) == len(OTHER_SPEEDS)  # as if by other people
    for recording, length in zip(sped, OTHER_SPEEDS, strict=True):
        longer = length.up / length.down
        assert isinstance(recording.source, np.ndarray)
        assert recording.seconds == pytest.approx(longer)
        assert len(recording.source) == pytest.approx(16_000 * longer, abs=2)
        assert pitch(recording.source) == pytest.approx(200 / longer, abs=2)
        assert (recording.phones, recording.emotion) == ((), given.emotion)


@pytest.mark.skipif(find_spec("pyworld") is None, reason="pyworld is not installed")
def test_other_voices_say_the_same_at_the_same_time_and_always_alike() -> None:
    times = np.arange(16_000) / 16_000
    speech = sum(np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 20))
    speech = (0.1 * speech * (times > 0.4)).astype(np.float32)
    phones = (Phone(0.4, 0.9, "AA1", "open"),)
    given = Recording("set/a", speech, "s", "train", phones, emotion=(1.0,), seconds=1.0)

    voiced, again = (in_other_voices([given], copies=3) for _ in range(2))

    assert len({r.name for r in voiced}) == 3
    assert len({r.speaker for r in voiced} - {"s"}) == 3
    for recording, same in zip(voiced, again, strict=True):
        samples = recording.source
        assert isinstance(samples, np.ndarray)
        np.testing.assert_array_equal(samples, same.source)
        assert len(samples) == len(speech)
        assert np.abs(samples[8_000:]).mean() > 20 * np.abs(samples[:5_000]).mean()
        assert (recording.phones, recording.emotion) == (given.phones, given.emotion)
    assert len({round(pitch(np.asarray(r.source))) for r in voiced}) > 1


@pytest.mark.skipif(find_spec("pyworld") is None, reason="pyworld is not installed")
def test_readers_act_all_feelings_as_the_rules_say_one_clip_each() -> None:
    times = np.arange(32_000) / 16_000
    speech = sum(np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 20))
    speech = (0.1 * speech).astype(np.float32)
    phones = (Phone(0.2, 1.8, "AA1", "open"),)

    def reader(name: str, speaker: str, seconds: float = 2.0) -> Recording:
        return Recording(name, speech, speaker, "train", phones, seconds=seconds)

    given = [reader("a", "s"), reader("b", "s"), reader("c", "t"), reader("d", "u", 9.0)]

    acted = acted_by_rule(given, 5)

    assert {r.speaker for r in acted} == {"s", "t"}  # who speaks too long is left out
    assert len(acted) == 2 * len(EMOTIONS)
    assert len(acted_by_rule(given, 1)) == len(EMOTIONS)
    named = {r.name.split("@")[1]: r for r in acted if r.speaker == "t"}
    assert [*named] == [*EMOTIONS]
    for emotion, recording in named.items():
        assert recording.emotion is not None
        assert EMOTIONS[int(np.argmax(recording.emotion))] == emotion
        assert np.abs(np.asarray(recording.source)).max() == pytest.approx(0.5, abs=1e-3)
    assert named["sad"].seconds > named["neutral"].seconds > named["angry"].seconds


def test_voices_are_all_sounds_of_their_folder(tmp_path: Path) -> None:
    assert load_voices(tmp_path) == []
    (tmp_path / "voices" / "deep").mkdir(parents=True)
    for name in ("a.wav", "deep/b.flac"):
        soundfile.write(tmp_path / "voices" / name, np.zeros(1600), 16_000)
    (tmp_path / "voices" / "LICENCE.txt").touch()
    found = load_voices(tmp_path)
    assert [r.name for r in found] == ["voices/a", "voices/b"]
    assert not any(r.phones or r.emotion for r in found)


def test_of_cremad_the_clips_are_taken_in_which_the_feeling_is_heard(tmp_path: Path) -> None:
    assert load_cremad(tmp_path) == []
    votes = tmp_path / "cremad" / "processedResults" / "summaryTable.csv"
    votes.parent.mkdir(parents=True)
    with pytest.raises(InputError, match="votes are missing"):
        load_cremad(tmp_path)
    heard = {"1001_DFA_ANG_XX": "A", "1001_IEO_SAD_LO": "N", "1002_IEO_HAP_HI": "H",
             "1003_TAI_NEU_XX": "D:N", "1004_WSI_FEA_XX": "F"}  # fmt: skip
    sounds = tmp_path / "cremad" / "AudioWAV"
    sounds.mkdir()
    for stem in heard:
        (sounds / f"{stem}.wav").write_bytes(bytes(2000))
    lines = [f'"{n}","{file}","{vote}","69.1"' for n, (file, vote) in enumerate(heard.items())]
    votes.write_text('"","FileName","VoiceVote","VoiceLevel"\n' + "\n".join(lines) + "\n")

    found = {r.source: r for r in load_cremad(tmp_path)}

    feelings = {
        "1001_DFA_ANG_XX": "angry",
        "1002_IEO_HAP_HI": "happy",
        "1004_WSI_FEA_XX": "fearful",
    }
    assert set(found) == {sounds / f"{stem}.wav" for stem in feelings}
    for stem, feeling in feelings.items():
        recording = found[sounds / f"{stem}.wav"]
        assert recording.emotion == tuple(float(e == feeling) for e in EMOTIONS)
        assert recording.speaker == f"cremad_{stem[:4]}"
        assert recording.split in {"train", "dev"}
    pointer = sounds / "1004_WSI_FEA_XX.wav"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(InputError, match="sounds are missing"):
        load_cremad(tmp_path)


def voices(n_clips: int, value: float) -> Voices:
    clips = np.repeat(np.arange(n_clips), 3)
    n = len(clips)
    return Voices(
        np.full((n, 4), value, np.float32),
        np.tile(np.eye(8)[0], (n, 1)),
        np.full(n, 1.0 / n),
        clips,
        np.full((n, 4), -value, np.float32),
    )


@pytest.mark.parametrize("there", [set(), {"cremad", "grid"}])
def test_the_listener_learns_from_the_sets_that_are_there_each_with_its_weight(
    there: set[str],
) -> None:
    own = {"emodb": 1.0, "sped": 2.0, "voiced": 3.0, "acted": 4.0, "cremad": 5.0,
           "open_speech": 6.0, "grid": 7.0}  # fmt: skip
    asked: list[tuple[str, ...]] = []

    def heard(name: str, *splits: str) -> Voices:
        asked.append((name, *splits))
        return voices(2, own[name])

    settings = ListenerSettings(cremad=0.5, by_rule=0.2, reading=0.1, other_readers=0.25)
    readers = readers_of(heard, there, settings)
    actors = actors_of(heard, there, settings, readers, ("train", "dev"))

    def weight(of: Voices, name: str) -> float:
        return float(of.weights[of.pooled[:, 0] == own[name]].sum())

    acting = sum(weight(actors, name) for name in ("emodb", "sped", "voiced"))
    assert weight(actors, "acted") / acting == pytest.approx(0.2)
    assert weight(actors, "cremad") / acting == pytest.approx(0.5 if there else 0.0)
    reading = weight(actors, "open_speech") + weight(actors, "grid")
    assert reading / acting == pytest.approx(0.1)
    assert weight(readers, "grid") / weight(readers, "open_speech") == pytest.approx(
        0.25 if there else 0.0
    )
    assert {name for name, *_ in asked} == {*own} - ({"cremad", "grid"} - there)
    assert ("emodb", "train", "dev") in asked
    assert ("acted", "train") in asked


def test_sets_side_by_side_weigh_the_same_and_keep_their_clips_apart() -> None:
    both = together(voices(4, 1.0), voices(2, -1.0))
    assert both.weights.sum() == pytest.approx(1.0)
    assert both.weights[both.pooled[:, 0] > 0].sum() == pytest.approx(0.5)
    assert len(np.unique(both.clips)) == 6
    uneven = together(voices(4, 1.0), voices(2, -1.0), shares=(1.0, 0.25))
    assert uneven.weights[uneven.pooled[:, 0] < 0].sum() == pytest.approx(0.2)
    assert (np.sign(both.pooled[:, 0])[both.clips >= 4] == -1).all()
    np.testing.assert_array_equal(both.usual, -both.pooled)


def test_beside_each_clip_is_another_one_of_its_speaker_without_feeling() -> None:
    front = FrontEndConfig(width=2)
    settings = ListenerSettings(every=5)
    said = [("a", 0), ("a", 2), ("a", 0), ("b", 0), ("b", 3), ("c", 4), (NOBODY, 0), (NOBODY, 0)]
    recordings = [
        Recording(f"r{n}", np.zeros(1), who, "train", emotion=tuple(np.eye(8)[label]))
        for n, (who, label) in enumerate(said)
    ]
    n = 2 * len(said)  # two copies of each, one after the other
    features = cast(FeatureSet, SimpleNamespace(
        names=np.repeat([r.name for r in recordings], 2),
        starts=10 * np.arange(n),
        lengths=np.full(n, 10),
        states=np.repeat(np.arange(n) // 2, 10)[:, None, None] * np.ones((1, front.n_layers, 2)),
        level=np.full(10 * n, 0.0, np.float32),
    ))  # fmt: skip

    found = gather(recordings, features, settings, reach=3)

    beside, pooled = (
        {r: {*np.round(of[found.clips // 2 == r, 0].astype(float), 2)} for r in range(len(said))}
        for of in (found.usual, found.pooled)
    )
    assert beside[0] == pooled[2]
    assert beside[1] <= pooled[0] | pooled[2]
    assert beside[2] == pooled[0]
    assert beside[4] == pooled[3]
    for alone in (3, 5, 6, 7):  # no other clip is usual, or nobody speaks
        assert np.isnan(found.usual[found.clips // 2 == alone]).all()

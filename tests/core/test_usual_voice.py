"""A speaker's usual voice: what is heard of feelings is heard beside it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emotalk_core import arkit, cli
from emotalk_core.audio import SoundSource
from emotalk_core.clip_files import read_clip
from emotalk_core.controls import EMOTIONS, ControlTrack, emotion_weights
from emotalk_core.engine import Encoding
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.engine.emotion import beside, beside_usual
from emotalk_core.errors import InputError
from emotalk_core.model.config import ModelConfig
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.usual_voice import UsualVoice, heard_beside, usual_voice
from tests.core.babble import babble, told
from tests.core.wav_bytes import wav

SAD, ANGRY = EMOTIONS.index("sad"), EMOTIONS.index("angry")
BROWS = [place for place, name in enumerate(arkit.CHANNELS) if name.startswith("brow")]

shares = arrays(np.float32, (3, 8), elements=st.floats(0, 1, width=32))
logarithms = st.tuples(*[st.floats(-3, 3) for _ in EMOTIONS])


@pytest.fixture(scope="module")
def engine() -> BuiltinEngine:
    return BuiltinEngine(load_model(starter_folder()), n_threads=1)


@pytest.fixture(scope="module")
def config() -> ModelConfig:
    return load_model(starter_folder()).config


def spoken(mixed: np.ndarray, seconds: float, config: ModelConfig, level: float = -5.0) -> Encoding:
    """Vowels in a voice of constant shares (8,), over a little silence: what a level is beside."""
    n = round(30 * seconds)
    content = np.zeros((n + 60, config.content.full_width), np.float32)
    content[:n, config.content.width + config.content.phones.index("a")] = 1.0
    content[n:, config.content.width] = 1.0
    rows = np.tile(np.asarray(mixed, np.float32), (n + 60, 1))
    levels = np.concatenate([np.full(n, level), np.full(60, -80.0)]).astype(np.float32)
    return Encoding(content, np.zeros((n + 60, config.emotion.latent), np.float32), rows, levels)


def as_read(config: ModelConfig, **more: float) -> np.ndarray:
    """Shares (8,) as of people who read, some of them more often by a factor."""
    mixed = np.exp(np.array(config.emotion.usual))
    for name, factor in more.items():
        mixed[EMOTIONS.index(name)] *= factor
    return mixed / mixed.sum()


@given(felt=shares, more=logarithms)
def test_sums_stay_and_nothing_is_below_nothing(felt: np.ndarray, more: tuple[float, ...]) -> None:
    found = beside(felt, more)

    np.testing.assert_allclose(found.sum(axis=1), felt.sum(axis=1), rtol=1e-4, atol=1e-5)
    assert (found >= 0.0).all()


def test_what_is_usual_counts_less_and_the_others_more() -> None:
    felt = np.array([emotion_weights({"neutral": 0.2, "sad": 0.5, "angry": 0.3})])
    more = [0.0] * 8
    more[SAD] = np.log(4.0)

    found = beside(felt, tuple(more))[0]

    assert found[SAD] / found[ANGRY] == pytest.approx(0.25 * 0.5 / 0.3)
    assert found[SAD] < 0.5 < found[SAD] + found[ANGRY]


def test_a_voice_like_any_readers_changes_nothing(config: ModelConfig) -> None:
    found = usual_voice([spoken(as_read(config), 6.0, config)], config)

    np.testing.assert_allclose(found.more, 0.0, atol=1e-3)


def test_the_longer_somebody_speaks_the_more_is_believed(config: ModelConfig) -> None:
    sadly = as_read(config, sad=6.0)

    heard = [usual_voice([spoken(sadly, s, config)], config) for s in (2.0, 6.0, 60.0)]

    apart = [one.more[SAD] - one.more[ANGRY] for one in heard]
    assert apart == sorted(apart)
    assert 0.2 * np.log(6.0) < apart[0] < 0.5 * np.log(6.0)
    assert 0.85 * np.log(6.0) < apart[2] < np.log(6.0)
    assert heard[1].speech_s == pytest.approx(6.0, abs=0.7)


def test_pieces_of_a_sound_tell_what_the_whole_does(config: ModelConfig) -> None:
    whole = spoken(as_read(config, angry=3.0), 8.0, config)

    pieces = usual_voice([whole[:150], whole[150:]], config)

    np.testing.assert_allclose(pieces.more, usual_voice([whole], config).more, atol=0.02)


def test_a_sound_without_speech_and_a_model_that_knows_no_readers_are_refused(
    config: ModelConfig,
) -> None:
    silence = spoken(as_read(config), 5.0, config)[-60:]
    with pytest.raises(InputError, match=r"^Hardly anybody speaks .*: '0\.0 s of speech'\. Take "):
        usual_voice([silence], config)

    unknown = replace(config, emotion=replace(config.emotion, usual=(0.0,) * 8))
    with pytest.raises(InputError, match="cannot be told a usual voice"):
        usual_voice([spoken(as_read(config), 5.0, config)], unknown)


def test_a_face_rests_beside_a_voice_that_is_sad_by_nature(
    engine: BuiltinEngine, prototypes: np.ndarray, config: ModelConfig
) -> None:
    sadly, plainly = (as_read(config, sad=factor) for factor in (8.0, 1.0))
    usual = usual_voice([spoken(sadly, 60.0, config)], config).more
    rng = np.random.default_rng(0)
    content = np.zeros((40, config.content.full_width), np.float32)
    content[:, : config.content.width] = rng.standard_normal((1, config.content.width))
    level = np.full(40, -10.0, np.float32)

    def brows(mixed: np.ndarray, usual: tuple[float, ...] = ()) -> np.ndarray:
        voice = np.tile(mixed, (40, 1)).astype(np.float32)
        encoding = Encoding(content, (voice @ prototypes).astype(np.float32), voice, level)
        return engine.decode(encoding, replace(told(40), usual=usual))[:, BROWS]

    wanted = brows(plainly)
    away, before = (np.abs(brows(sadly, u) - wanted).mean() for u in (usual, ()))
    assert before > 0.01
    assert away < 0.2 * before


def test_without_a_usual_voice_every_byte_is_as_heard(prototypes: np.ndarray) -> None:
    voice = np.random.default_rng(0).standard_normal((5, prototypes.shape[1])).astype(np.float32)

    assert beside_usual(voice, (), prototypes) is voice
    shares = voice[:, :8]
    assert beside(shares, ()) is shares


def test_imported_models_report_what_they_hear(config: ModelConfig) -> None:
    heard, more = spoken(as_read(config, sad=4.0), 1.0, config), (0.5, *[0.0] * 7)

    assert heard_beside(heard, more, replace(ModelConfig(), kind="published")) is heard
    assert not np.array_equal(heard_beside(heard, more, config).heard, heard.heard)


def test_a_starter_that_knows_no_readers_leaves_face_and_report_alone(
    engine: BuiltinEngine, prototypes: np.ndarray, config: ModelConfig
) -> None:
    """A take may have been told its usual voice by another model."""
    model = load_model(starter_folder())
    older = replace(config, emotion=replace(config.emotion, usual=(0.0,) * 8))
    deaf = BuiltinEngine(replace(model, config=older), n_threads=1)
    encoding = spoken(as_read(config, sad=8.0), 2.0, config)
    encoding = replace(encoding, emotion=(encoding.heard @ prototypes).astype(np.float32))
    asked = told(encoding.n_frames)
    usual = replace(asked, usual=(0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0))

    assert heard_beside(encoding, usual.usual, older) is encoding
    np.testing.assert_array_equal(deaf.decode(encoding, usual), deaf.decode(encoding, asked))
    assert np.abs(engine.decode(encoding, usual) - engine.decode(encoding, asked)).max() > 0.01


@pytest.mark.parametrize(("speech_s", "is_told"), [(3.99, True), (4.0, False)])
def test_half_of_a_usual_voice_is_no_doubt(speech_s: float, *, is_told: bool) -> None:
    assert bool(UsualVoice((), speech_s).doubt) == is_told


def test_another_usual_voice_is_another_track() -> None:
    track = ControlTrack(usual=(0.5, *[0.0] * 7))

    assert track.changed_from(ControlTrack()) is not None
    assert track.changed_from(replace(track)) is None


def feelings_of(report: Path) -> np.ndarray:
    rows = json.loads(report.read_text(encoding="utf-8"))
    return np.array([list(row["report"]["heard"].values()) for row in rows])


def test_animate_hears_feelings_beside_the_usual_voice(babbling: Path, tmp_path: Path) -> None:
    plain, own = tmp_path / "plain.json", tmp_path / "own.json"
    curves = str(tmp_path / "curves.npz")

    assert cli.main(["animate", str(babbling), "-o", curves, "--report", str(plain)]) == 0
    asked = ["animate", str(babbling), "-o", curves, "--report", str(own)]
    assert cli.main([*asked, "--usual", str(babbling)]) == 0

    readers = np.array(load_model(starter_folder()).config.emotion.usual)
    apart = [np.log(np.maximum(feelings_of(path)[0], 1e-4)) - readers for path in (plain, own)]
    before, after = (np.std(one) for one in apart)
    assert after < 0.9 * before  # beside itself any voice sounds more like a reader's


def test_a_usual_voice_that_counts_for_less_than_half_says_so(
    babbling: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short, long = tmp_path / "short.wav", tmp_path / "long.wav"
    asked = ["animate", str(babbling), "-o", str(tmp_path / "curves.csv"), "--usual"]

    for usual, seconds in ((short, 3.0), (long, 20.0)):
        usual.write_bytes(wav(babble(seconds)))
        assert cli.main([*asked, str(usual)]) == 0

    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        rf"emotalk: {short}: [34]\d% of the usual voice counts: [123]\.\d s of speech tell it", line
    )


def test_a_usual_voice_that_is_none_is_told_in_one_line(
    babbling: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = tmp_path / "silent.wav"
    silent.write_bytes(wav(np.zeros(32_000)))
    out = tmp_path / "curves.csv"

    for usual, why in ((silent, "Hardly anybody speaks"), (tmp_path / "none.wav", "none.wav")):
        asked = ["animate", str(babbling), "-o", str(out), "--usual", str(usual)]
        assert cli.main(asked) == 2
        told = capsys.readouterr().err.strip().splitlines()
        assert len([line for line in told if line.startswith("emotalk:")]) == 1
        assert why in told[-1]
    assert not out.exists()


def test_each_job_of_a_list_has_its_speakers_usual_voice_and_resumes_by_it(
    babbling: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual, jobs, out = tmp_path / "usual.wav", tmp_path / "jobs.csv", tmp_path / "out"
    usual.write_bytes(wav(babble(3.0)))
    with jobs.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerows([["audio", "output", "usual"], [babbling, "a.csv", usual.name]])
        rows.writerow([babbling, "b.csv", ""])
    asked = ["batch", str(jobs), "-o", str(out), "--no-cache"]

    assert cli.main(asked) == 0

    assert (out / "a.csv").read_bytes() != (out / "b.csv").read_bytes()
    capsys.readouterr()
    usual.write_bytes(wav(np.zeros(32_000)))
    assert cli.main([*asked, "--resume"]) == 3  # the one whose usual voice is another now
    found = capsys.readouterr()
    assert "1 of 2 done" in found.out
    assert "Hardly anybody speaks" in found.err


def test_a_wrong_usual_voice_of_all_jobs_is_told_once_and_none_is_begun(
    babbling: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sounds, out = tmp_path / "sounds", tmp_path / "out"
    sounds.mkdir()
    for name in ("a.wav", "b.wav"):
        (sounds / name).write_bytes(babbling.read_bytes())
    silent = tmp_path / "silent.wav"
    silent.write_bytes(wav(np.zeros(32_000)))

    for usual, why in ((silent, "Hardly anybody speaks"), (tmp_path / "none.wav", "none.wav")):
        asked = ["batch", str(sounds), "-o", str(out), "--no-cache", "--usual", str(usual)]
        assert cli.main(asked) == 2
        (told,) = capsys.readouterr().err.strip().splitlines()
        assert why in told
    assert not [*out.glob("*")]


def test_a_usual_voice_of_all_jobs_is_heard_once(
    babbling: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds, heard = tmp_path / "sounds", list[str]()
    sounds.mkdir()
    for name in ("a.wav", "b.wav"):
        (sounds / name).write_bytes(babbling.read_bytes())

    def counted(self: BuiltinEngine, sound: SoundSource, **more: Any) -> Iterator[Encoding]:
        heard.append(sound.key)
        return encode(self, sound, **more)

    encode = BuiltinEngine.encode
    monkeypatch.setattr(BuiltinEngine, "encode", counted)
    asked = ["batch", str(sounds), "-o", str(tmp_path / "out"), "--no-cache", "--engine", "builtin"]

    assert cli.main([*asked, "--usual", str(babbling)]) == 0
    assert len(heard) == 3


def test_a_table_of_feelings_has_what_is_heard_beside_it(babbling: Path, tmp_path: Path) -> None:
    usual, table = tmp_path / "usual.wav", tmp_path / "table.csv"
    usual.write_bytes(wav(babble(30.0)))  # so long that all of the difference is believed
    asked = ["feelings", str(babbling), "-o", str(table)]

    def heard() -> list[str]:
        with table.open(newline="", encoding="utf-8") as file:
            return [row["heard"] for row in csv.DictReader(file)]

    assert cli.main(asked) == 0
    alone = heard()
    assert cli.main([*asked, "--usual", str(usual)]) == 0

    assert alone == ["calm"]
    assert heard() == ["neutral"]  # as most readers are


def test_a_table_of_feelings_never_takes_the_place_of_the_usual_voice(
    babbling: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = babbling.with_name("usual.wav")
    usual.write_bytes(babbling.read_bytes())

    assert cli.main(["feelings", str(babbling), "-o", str(usual), "--usual", str(usual)]) == 2

    assert "would overwrite" in capsys.readouterr().err
    assert usual.read_bytes() == babbling.read_bytes()


def test_curves_say_beside_which_usual_voice_they_were_made(babbling: Path, tmp_path: Path) -> None:
    plain, own = tmp_path / "plain.json", tmp_path / "own.json"

    for path, flags in ((plain, []), (own, ["--usual", str(babbling)])):
        assert cli.main(["animate", str(babbling), "-o", str(path), *flags]) == 0

    assert "usual" not in read_clip(plain).meta
    usual = read_clip(own).meta["usual"]
    assert isinstance(usual, list)
    assert len(usual) == 8

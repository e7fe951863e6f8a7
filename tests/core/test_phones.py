"""Phones that people tell, and lips that obey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit, cli
from emotalk_core.audio import ArraySound
from emotalk_core.clip_files import read_clip
from emotalk_core.controls import Controls, ControlTrack, emotion_weights
from emotalk_core.engine import Encoding, said_in
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.errors import InputError
from emotalk_core.model.config import PHONES, ModelConfig
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.pipeline import decode, encode
from emotalk_core.shaping.aperture import aperture_mm
from emotalk_core.speech.phone_contents import typical_contents
from emotalk_core.speech.phone_files import read_phones
from emotalk_core.speech.phones import Phone, heard_phones, letters_of, with_phones
from tests.core.babble import babble
from tests.core.fake_engine import FakeEngine
from tests.core.wav_bytes import wav

CONFIG = ModelConfig()
WIDTH = CONFIG.content.width


@pytest.fixture(scope="module")
def engine() -> BuiltinEngine:
    """The starter that ships."""
    return BuiltinEngine(load_model(starter_folder()))


@pytest.fixture(scope="module")
def heard(engine: BuiltinEngine) -> Encoding:
    """Two seconds of babble."""
    return encode(ArraySound(babble(2.0), 16_000), engine)


def blank(n_frames: int) -> Encoding:
    """Nothing but an n heard everywhere."""
    content = np.zeros((n_frames, CONFIG.content.full_width), np.float32)
    content[:, WIDTH + PHONES.index("n")] = 1.0
    eight = np.zeros((n_frames, 8), np.float32)
    return Encoding(content, eight, eight, np.zeros(n_frames, np.float32))


def share(encoding: Encoding, phone: str) -> np.ndarray:
    return encoding.content[:, WIDTH + PHONES.index(phone)]


def test_a_told_phone_has_its_frames_and_all_others_stay_as_heard() -> None:
    told = with_phones(blank(30), 0, (Phone(0.5, 0.7, "B"),), CONFIG)

    times = np.arange(30) / 30.0
    inside = (times > 0.53) & (times < 0.65)
    outside = (times < 0.46) | (times > 0.71)
    np.testing.assert_allclose(share(told, "b")[inside], 1.0, atol=1e-6)
    np.testing.assert_array_equal(told.content[outside], blank(30).content[outside])
    np.testing.assert_allclose(told.content[:, WIDTH:].sum(axis=1), 1.0, atol=1e-6)
    assert share(told, "b").sum() == pytest.approx(0.2 * 30, abs=1e-4)


def test_a_diphthong_passes_through_both_of_its_mouths() -> None:
    told = with_phones(blank(30), 0, (Phone(0.2, 0.8, "AY1"),), CONFIG)

    assert share(told, "a")[8:14].min() > 0.99
    assert share(told, "ɪ")[16:22].min() > 0.99


def test_phones_that_overlap_share_and_gaps_between_them_stay() -> None:
    phones = (Phone(0.2, 0.5, "p"), Phone(0.3, 0.5, "a"), Phone(0.8, 0.9, ""))

    told = with_phones(blank(30), 0, phones, CONFIG)

    assert share(told, "p")[11] == pytest.approx(0.5)
    assert share(told, "n")[20] == 1.0
    assert share(told, "_")[25] > 0.99


def test_a_stretch_of_a_longer_sound_is_told_its_own_phones() -> None:
    phones = (Phone(0.1, 0.2, "p"), Phone(1.02, 1.3, "f"))
    whole = with_phones(blank(60), 0, phones, CONFIG)

    part = with_phones(blank(60)[20:50], 20, phones, CONFIG)

    np.testing.assert_allclose(part.content, whole.content[20:50], atol=1e-5)


def test_a_stretch_goes_through_its_own_phones_alone() -> None:
    phones = [Phone(i / 10, (i + 1) / 10, "p") for i in range(2000)]
    before = letters_of.cache_info()

    with_phones(blank(30), 900, phones, CONFIG)

    now = letters_of.cache_info()
    assert 10 <= now.hits + now.misses - before.hits - before.misses <= 12


def test_what_is_told_says_it_all_in_every_sum_over_phones() -> None:
    said = said_in(with_phones(blank(30), 0, (Phone(0.0, 1.0, "u"),), CONFIG), CONFIG)

    assert said is not None
    assert said.rounded[5:25].min() > 0.99
    assert said.silence.max() < 1e-6


def test_told_lips_meet_under_every_feeling(engine: BuiltinEngine, heard: Encoding) -> None:
    phones = tuple(Phone(t, t + 0.1, "m") for t in (0.4, 0.9, 1.4))
    frames = [round((phone.start_s + 0.05) * 30) for phone in phones]
    for feeling in ("neutral", "surprised", "disgust"):
        controls = Controls(emotions=emotion_weights({feeling: 1.0}), mix=1.0)
        track = ControlTrack(controls)

        told = decode(heard, replace(track, phones=phones), engine).values[:, :52]

        plain = decode(heard, track, engine).values[:, :52]
        assert aperture_mm(told[frames]).max() < 0.5 < aperture_mm(plain[frames]).min()


@pytest.mark.parametrize("frame", [18, 40])  # while somebody speaks, and in a pause
def test_mouths_that_are_told_look_like_themselves(
    engine: BuiltinEngine, heard: Encoding, frame: int
) -> None:
    quiet = replace(heard, level=np.where(np.arange(heard.n_frames) < 30, heard.level, -60.0))
    mouths = {}
    for mouth in ("a", "u", "i", "_"):
        phones = (Phone((frame - 1.5) / 30, (frame + 1.5) / 30, mouth),)
        mouths[mouth] = decode(quiet, ControlTrack(phones=phones), engine).values[frame]

    jaw, pucker, spread = map(arkit.index, ("jawOpen", "mouthPucker", "mouthStretchLeft"))
    assert mouths["a"][jaw] > 0.4 > mouths["u"][jaw]
    assert mouths["u"][pucker] > 0.35 > mouths["a"][pucker]
    assert mouths["i"][spread] > 0.1 > mouths["u"][spread]
    assert mouths["_"][jaw] < 0.1


def test_a_told_phone_that_was_heard_anyway_keeps_how_it_was_said() -> None:
    typical = np.ones((len(PHONES), WIDTH), np.float32)
    as_heard, other = Phone(0.1, 0.4, "n"), Phone(0.6, 0.9, "a")

    told = with_phones(blank(30), 0, (as_heard, other), CONFIG, typical)

    np.testing.assert_allclose(told.content[:15, :WIDTH], 0.0, atol=1e-6)
    np.testing.assert_allclose(told.content[20:25, :WIDTH], 1.0, atol=1e-6)


def test_the_model_that_ships_has_contents_of_its_own(engine: BuiltinEngine) -> None:
    typical = typical_contents(engine.key)

    assert typical is not None
    assert typical.shape == (len(PHONES), WIDTH)
    assert typical_contents("another model") is None


def articulated(values: np.ndarray) -> np.ndarray:
    """How much of articulation a face does, (T,)."""
    return np.abs(values[:, arkit.ARTICULATION]).sum(axis=1)


def test_told_vowels_open_and_told_pauses_rest(engine: BuiltinEngine, heard: Encoding) -> None:
    phones = (Phone(0.3, 0.9, "AA"), Phone(1.1, 2.0, "sil"))

    told = decode(heard, ControlTrack(phones=phones), engine).values

    plain = decode(heard, ControlTrack(), engine).values
    opened = aperture_mm(told[12:24, :52]) - aperture_mm(plain[12:24, :52])
    assert opened.min() > 1.0
    assert articulated(told[40:]).max() < 0.2 * articulated(plain[40:]).max()


def test_far_from_what_is_told_the_face_is_the_same(engine: BuiltinEngine, heard: Encoding) -> None:
    plain = decode(heard, ControlTrack(), engine).values

    told = decode(heard, ControlTrack(phones=(Phone(0.2, 0.3, "p"),)), engine).values

    np.testing.assert_allclose(told[40:], plain[40:], atol=1e-6)
    assert np.abs(told[:12] - plain[:12]).max() > 0.05


def test_what_is_heard_may_be_told_again(engine: BuiltinEngine, heard: Encoding) -> None:
    phones = heard_phones(heard, engine.config)

    again = with_phones(heard, 0, phones, engine.config)

    assert phones[0].start_s == 0.0
    assert all(a.end_s == b.start_s for a, b in pairwise(phones))
    assert phones[-1].end_s == pytest.approx(2.0, abs=0.04)
    same = heard.content[:, WIDTH:].argmax(axis=1) == again.content[:, WIDTH:].argmax(axis=1)
    assert same.mean() > 0.7


def test_other_models_take_no_phones() -> None:
    other = replace(CONFIG, kind="published")

    with pytest.raises(InputError, match="published"):
        with_phones(blank(3), 0, (Phone(0.0, 0.1, "p"),), other)
    assert np.array_equal(with_phones(blank(3), 0, (), other).content, blank(3).content)


@pytest.mark.parametrize(
    ("symbol", "letters"),
    [("AA1", "ɑ"), ("ER0", "ɜ"), ("tʃ", "tʃ"), ("pʰ", "p"), ("ej", "ej"), ("ɲ", "k"), ("ɔ̃", "ɔ"),
     ("ˈø", "ø"), ("NG", "k"), ("?!", ""), ("123", "")],
)  # fmt: skip
def test_symbols_of_aligners_have_mouths(symbol: str, letters: str) -> None:
    assert letters_of(symbol) == letters


HEAD = "start_s,end_s,phone\n"


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Two seconds of babble, as 16-bit wav."""
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(babble(2.0)))
    return path


Command = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line, its cache apart."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda *words: cli.main([str(word) for word in words])


def lips(path: Path) -> np.ndarray:
    return aperture_mm(read_clip(path).values[:, :52])


def test_what_is_heard_can_be_written_mended_and_obeyed(talk: Path, run: Command) -> None:
    table, plain, told = (talk.with_name(n) for n in ("p.csv", "plain.npz", "told.npz"))
    assert run("phones", talk, "-o", table) == 0
    assert len(read_phones(table)) > 3
    table.write_text(HEAD + "0.45,0.6,m\n")

    assert run("animate", talk, "-o", told, "--phones", table) == 0

    run("animate", talk, "-o", plain)
    assert lips(told)[15:18].max() < 1.0 < lips(plain)[15:18].max()
    np.testing.assert_allclose(lips(told)[45:], lips(plain)[45:], atol=1e-5)


def test_a_batch_takes_the_phones_beside_a_sound_and_does_it_again_when_they_change(
    talk: Path, run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    sounds, out = talk.parent / "sounds", talk.parent / "out"
    sounds.mkdir()
    talk.rename(sounds / "talk.wav")
    batch = "batch", sounds, "-o", out, "--format", "npz", "--resume"
    run(*batch)
    was = lips(out / "talk.npz")
    (sounds / "talk.phones.csv").write_text(HEAD + "0.45,0.6,m\n")

    assert run(*batch) == 0

    assert lips(out / "talk.npz")[15:18].max() < 1.0 < was[15:18].max()
    stamp = (out / "talk.npz").stat().st_mtime_ns
    assert run(*batch) == 0
    assert (out / "talk.npz").stat().st_mtime_ns == stamp


def test_a_list_of_jobs_names_phones_from_its_own_place(talk: Path, run: Command) -> None:
    (talk.parent / "p.csv").write_text(HEAD + "0.45,0.6,m\n")
    jobs = talk.with_name("jobs.csv")
    jobs.write_text("audio,phones\ntalk.wav,p.csv\n")

    assert run("batch", jobs, "-o", talk.parent / "out", "--format", "npz") == 0

    assert lips(talk.parent / "out" / "talk.npz")[15:18].max() < 1.0


def test_wrong_phones_end_in_a_line_and_leave_no_file(
    talk: Path, run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = talk.with_name("p.csv"), talk.with_name("out.npz")
    table.write_text(HEAD + "0,1,?\n")

    assert run("animate", talk, "-o", out, "--phones", table) == 2
    assert run("animate", talk, talk, "-o", talk.parent / "o", "--phones", table) == 2
    assert run("phones", talk, "-o", talk.with_name("p.pdf")) == 2
    assert run("phones", talk, "-o", talk) == 2

    told = capsys.readouterr().err.splitlines()
    assert len(told) == 4
    assert not out.exists()
    assert talk.read_bytes()[:4] == b"RIFF"


def test_phones_of_another_sound_are_warned_of(
    talk: Path, run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = talk.with_name("p.csv"), talk.with_name("out.npz")
    table.write_text(HEAD + "0,1.5,p\n1.5,2.2,a\n")
    run("animate", talk, "-o", out, "--phones", table)
    assert "until" not in capsys.readouterr().err
    table.write_text(HEAD + "100,150,p\n")  # milliseconds

    assert run("animate", talk, "-o", out, "--phones", table) == 0

    assert "told until 150 s, and the sound ends at 2.0 s" in capsys.readouterr().err


def test_a_model_without_phones_says_so_before_it_hears(
    talk: Path, run: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = FakeEngine()
    for command in (cli.animate, cli.phones):  # type: ignore[attr-defined]
        monkeypatch.setattr(command, "read_engine", lambda _: small)
    table = talk.with_name("p.csv")
    table.write_text(HEAD + "0,1,p\n")

    assert run("animate", talk, "-o", talk.with_name("a.npz"), "--phones", table) == 2
    assert run("phones", talk, "-o", talk.with_name("b.csv")) == 2

    assert small.n_encoded == 0
    assert capsys.readouterr().err.count("knows no phones") == 2

"""The pipeline with a small engine: stretches join, rates hold, nothing is half-written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotalk_core import arkit, pipeline, shaping
from emotalk_core.audio import ArraySound, SoundSource
from emotalk_core.cache import EncodingCache
from emotalk_core.clip import clips_equal
from emotalk_core.clip_files import read_clip
from emotalk_core.controls import Controls, ControlTrack, FrameControls, emotion_weights
from emotalk_core.engine import Encoding, said_in
from emotalk_core.errors import Cancelled
from emotalk_core.model.config import PHONES, ContentConfig, ModelConfig
from emotalk_core.pipeline import animate, animate_to_file, decode, encode
from emotalk_core.progress import Progress, silent
from emotalk_core.shaping.aperture import CLOSED_MM, aperture_mm
from tests.core.fake_engine import FakeEngine
from tests.core.talk import speech_with_closures
from tests.core.wav_bytes import wav
from tests.strategies import rates

ROOT = Path(__file__).resolve().parents[2]
PLAIN = ControlTrack(Controls())


def speech(seconds: float, seed: int = 0) -> ArraySound:
    """Noise with the rhythm of syllables."""
    rng = np.random.default_rng(seed)
    times = np.arange(int(16_000 * seconds)) / 16_000
    loud = np.clip(np.sin(2 * np.pi * 3.1 * times) + 0.3, 0, 1) * (
        np.sin(2 * np.pi * 0.3 * times) > -0.5
    )
    return ArraySound(0.4 * loud * rng.uniform(-1, 1, len(times)), 16_000)


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 1.3 s, so that a test needs no minutes of sound."""
    monkeypatch.setattr(pipeline, "_BLOCK_FRAMES", 39)


def test_a_clip_has_a_row_for_every_frame_begun() -> None:
    clip = animate(speech(2.01), PLAIN, engine=FakeEngine())

    assert clip.n_frames == 61
    assert clip.channels == arkit.CHANNELS + arkit.HEAD_CHANNELS
    assert clip.fps == 30


def test_the_meta_tells_what_made_the_clip() -> None:
    sound = speech(0.5)

    clip = animate(sound, ControlTrack(Controls(seed=7)), engine=FakeEngine())

    assert clip.meta["model"] == FakeEngine.key
    assert clip.meta["sound"] == sound.key
    assert clip.meta["controls"]["seed"] == 7


@settings(max_examples=6)
@given(fps=rates(), offset_ms=st.sampled_from([0.0, 120.0, -80.0]))
def test_blocks_join_without_a_seam_at_any_rate(fps: Fraction, offset_ms: float) -> None:
    sound, track = speech(9), ControlTrack(Controls(smoothing=0.6, sync_offset_ms=offset_ms))
    encoding = encode(sound, FakeEngine())
    whole = decode(encoding, track, FakeEngine(), fps=fps)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_BLOCK_FRAMES", 39)
        blocks = decode(encoding, track, FakeEngine(), fps=fps)

    assert clips_equal(blocks, whole, tolerance=1e-5)


@pytest.mark.usefixtures("short_blocks")
@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_a_file_holds_what_animate_returns(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take.{suffix}"
    rate = Fraction(24000, 1001)

    animate_to_file(speech(4), PLAIN, path, engine=FakeEngine(), fps=rate)

    clip = animate(speech(4), PLAIN, engine=FakeEngine(), fps=rate)
    assert clips_equal(read_clip(path), clip)
    assert read_clip(path).meta == clip.meta


class Namer(FakeEngine):
    """A starter with two numbers of content before the shares of phones: all silence."""

    config = replace(ModelConfig(), content=ContentConfig(width=2))

    def __init__(self, phone: str) -> None:
        super().__init__()
        self._column = 2 + PHONES.index(phone)

    def encode(self, sound: SoundSource, *, progress: Progress = silent) -> Iterator[Encoding]:
        for piece in super().encode(sound, progress=progress):
            content = np.zeros((piece.n_frames, self.config.content.full_width), np.float32)
            content[:, :2] = piece.content
            content[:, self._column] = 1.0
            yield replace(piece, content=content)


@pytest.mark.parametrize(("phone", "least", "most"), [("_", 0.0, 0.1), ("i", 0.3, 1.0)])
def test_a_mouth_rests_where_the_network_names_silence(
    phone: str, least: float, most: float
) -> None:
    engine = Namer(phone)
    values = decode(encode(speech(4), engine), PLAIN, engine).values
    jaw = values[15:-15, arkit.index("jawOpen")]
    assert least <= jaw.max() <= most


def test_only_a_starter_names_phones() -> None:
    content = (
        np.random.default_rng(0).random((3, ModelConfig().content.full_width)).astype(np.float32)
    )
    encoding = Encoding(content, content, content, content[:, 0])
    assert said_in(encoding, FakeEngine.config) is None
    said = said_in(encoding, ModelConfig())
    shares = dict(zip(PHONES, content[:, ModelConfig().content.width :].T, strict=True))
    assert said is not None
    np.testing.assert_array_equal(said.silence, shares["_"])
    np.testing.assert_allclose(said.met, shares["p"] + shares["b"] + shares["m"], rtol=1e-6)
    np.testing.assert_allclose(said.rounded, sum(shares[p] for p in "ɔoʊuyøœwɥ"), rtol=1e-6)
    np.testing.assert_allclose(
        said.open, sum(shares[p] for p in ("a", "ɑ", "æ", "ʌ", "ɐ")), rtol=1e-6
    )


class Popper(FakeEngine):
    """Says pa-pa-pa: its lips meet for a single frame each time."""

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        return speech_with_closures(np.random.default_rng(1), 60)[: encoding.n_frames]


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(24), Fraction(25)])
def test_at_fewer_frames_the_lips_still_meet_as_often(fps: Fraction) -> None:
    encoding = encode(ArraySound(np.full(16 * 16_000, 0.1), 16_000), Popper())
    still = ControlTrack(Controls(lip_closure=0.0))

    at_30, fewer = (decode(encoding, still, Popper(), fps=f) for f in (Fraction(30), fps))

    wanted, got = (c.times_s()[aperture_mm(c.values) <= CLOSED_MM] for c in (at_30, fewer))
    assert len(wanted) > 50
    assert np.mean([np.abs(got - t).min() <= 0.5 / fps + 1e-9 for t in wanted]) >= 0.95


def test_a_sync_offset_moves_the_face_later() -> None:
    encoding = encode(speech(5), FakeEngine())
    still = Controls(blink=0, gaze=0, head=0)

    plain = decode(encoding, ControlTrack(still), FakeEngine())
    late = decode(
        encoding, ControlTrack(Controls(blink=0, gaze=0, head=0, sync_offset_ms=200)), FakeEngine()
    )

    np.testing.assert_allclose(late.values[6:], plain.values[:-6], atol=1e-5)
    assert late.n_frames == plain.n_frames


@pytest.mark.parametrize("offset_ms", [0.0, 80.0])
@pytest.mark.parametrize("fps", [Fraction(30), Fraction(25)])
def test_a_part_is_as_in_the_whole(short_blocks: None, fps: Fraction, offset_ms: float) -> None:
    engine, track = FakeEngine(), ControlTrack(Controls(sync_offset_ms=offset_ms))
    encoding = encode(speech(6.0), engine)

    whole = decode(encoding, track, engine, fps=fps)
    part = decode(encoding, track, engine, fps=fps, span=(30, 110))

    assert part.start_s == pytest.approx(float(30 / fps))
    assert np.allclose(part.values, whole.values[30:110], atol=1e-6)


def test_keyed_sliders_act_at_their_time() -> None:
    happy = Controls(emotions=emotion_weights({"happy": 1.0}), mix=1.0)
    track = ControlTrack(Controls(asymmetry=0.0), (0.0, 2.0), (Controls(mix=1.0), happy))

    clip = animate(speech(3), track, engine=FakeEngine())

    smile = clip.values[:, arkit.index("mouthSmileLeft")]
    assert smile[0] == 0.0
    assert smile[30] == pytest.approx(0.5, abs=0.01)
    assert smile[75] == pytest.approx(1.0)


def test_dragging_a_slider_hears_nothing_anew(tmp_path: Path) -> None:
    engine = FakeEngine()
    encoding = encode(speech(1), engine, cache=EncodingCache(tmp_path))

    for intensity in (0.5, 1.0, 1.5):
        decode(encoding, ControlTrack(Controls(intensity=intensity)), engine)

    assert engine.n_encoded == 1


@settings(max_examples=25)
@given(share=st.floats(0, 0.999))
def test_cancelled_at_any_moment_nothing_is_left_and_the_old_file_stays(
    tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    folder = tmp_path_factory.mktemp("cancel")
    path = folder / "take.csv"
    path.write_text("old")

    def cancel(done: float, _what: str) -> None:
        if done >= share:
            raise Cancelled

    with pytest.raises(Cancelled):
        animate_to_file(speech(2), PLAIN, path, engine=FakeEngine(), progress=cancel)

    assert path.read_text() == "old"
    assert list(folder.iterdir()) == [path]


def test_progress_rises_to_one() -> None:
    seen: list[float] = []

    animate(speech(9), PLAIN, engine=FakeEngine(), progress=lambda share, _: seen.append(share))

    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 3


@pytest.mark.parametrize("n_samples", [1, 533, 16_000])
def test_short_and_silent_sounds_give_resting_faces(n_samples: int) -> None:
    clip = animate(ArraySound(np.zeros(n_samples), 16_000), PLAIN, engine=FakeEngine())

    assert clip.n_frames >= 1
    assert clip.values[:, arkit.index("jawOpen")].max() < 0.05


def test_blocks_shaped_far_into_a_sound_have_the_heads_columns() -> None:
    assert len(shaping.CHANNELS) == 55


_PEAK = """
import sys
import numpy as np
from pathlib import Path
from emotalk_core.controls import Controls, ControlTrack
from emotalk_core.engine import Encoding
from emotalk_core.pipeline import animate_to_file
from tests.core.fake_engine import FakeEngine


class Long:
    key = "long"
    n_samples = 16_000 * int(sys.argv[1])

    def blocks(self):
        for _ in range(self.n_samples // 16_000):
            yield np.zeros(16_000, np.float32)


class Engine(FakeEngine):
    def encode(self, sound, *, progress):
        for _ in sound.blocks():
            rows = [np.zeros((30, width), np.float32) for width in (64, 16, 8)]
            yield Encoding(*rows, np.zeros(30, np.float32))


animate_to_file(Long(), ControlTrack(Controls()), Path(sys.argv[2]), engine=Engine())
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kb(seconds: int, path: Path) -> int:
    child = subprocess.run(
        [sys.executable, "-c", _PEAK, str(seconds), str(path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(child.stdout)


def test_half_an_hour_takes_hardly_more_memory_than_two_minutes(tmp_path: Path) -> None:
    short, long = peak_kb(120, tmp_path / "a.npz"), peak_kb(1800, tmp_path / "b.npz")

    assert long <= 1.1 * short


@pytest.mark.parametrize("rate", [16_000, 44_100])  # the latter is decoded into a temporary file
def test_a_full_disk_leaves_no_debris(tmp_path: Path, rate: int) -> None:
    """In a child, because a limit on file sizes hits everything that pytest writes."""
    code = (
        "import resource, sys; from emotalk_core.cli import animate, main; "
        "from tests.core.fake_engine import FakeEngine; "
        "animate.read_engine = lambda _: FakeEngine(); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); "
        "sys.exit(main(sys.argv[1:]))"
    )
    sound = tmp_path / "voice.wav"
    sound.write_bytes(wav(np.zeros(2 * rate), rate=rate))
    output = tmp_path / "out" / "take.csv"
    output.parent.mkdir()
    output.write_text("old")

    child = subprocess.run(
        [sys.executable, "-c", code, "animate", str(sound), "-o", str(output), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert child.returncode == 2, child.stderr
    assert "Free disk space" in child.stderr
    assert output.read_text() == "old"
    assert list(output.parent.iterdir()) == [output]

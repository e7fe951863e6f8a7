"""The command line as users start it: a process of its own, the model that ships, real formats."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit, clips_equal, read_clip
from emotalk_core.audio import open_sound, read_samples
from emotalk_core.errors import EmoTalkError, InputError
from tests.core.wav_bytes import wav
from tests.e2e.first_click import write_speech

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "scipy", "librosa", "soundfile", "av", "bpy")


def emotalk(
    *arguments: object, folder: Path, block: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `emotalk` in `folder`, with modules that cannot be imported."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({block!r})); "
        "from emotalk_core.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / ".cache")}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def babble(seconds: float, rate: int = 16_000) -> np.ndarray:
    """Noise with the rhythm of syllables, float32 -1..1."""
    rng = np.random.default_rng(0)
    times = np.arange(int(rate * seconds)) / rate
    loud = np.clip(np.sin(2 * np.pi * 3.3 * times), 0, 1)
    tone = np.sin(2 * np.pi * 150 * times) + 0.3 * rng.standard_normal(len(times))
    return (0.3 * loud * tone).astype(np.float32)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    write_speech(path, 3.0)
    return path


def test_numpy_alone_turns_a_wav_into_curves(talk: Path) -> None:
    done = emotalk("animate", "talk.wav", "-o", "talk.csv", folder=talk.parent, block=HEAVY)

    assert done.returncode == 0, done.stderr
    clip = read_clip(talk.with_suffix(".csv"))
    assert clip.n_frames == 90
    assert clip.values[:, arkit.index("jawOpen")].max() > 0.02


def test_the_second_run_takes_the_cache_and_makes_the_same_bytes(talk: Path) -> None:
    for name in ("one.csv", "two.csv"):
        done = emotalk("animate", "talk.wav", "-o", name, folder=talk.parent)
        assert done.returncode == 0, done.stderr

    one, two = ((talk.parent / name).read_bytes() for name in ("one.csv", "two.csv"))
    assert one == two
    assert len(list((talk.parent / ".cache" / "emotalk").iterdir())) == 1


def test_doctor_finds_everything_well(talk: Path) -> None:
    done = emotalk("doctor", folder=talk.parent)

    assert done.returncode == 0, done.stdout
    assert "model: starter, whole" in done.stdout


def test_info_tells_what_the_model_is() -> None:
    done = emotalk("info", ROOT / "emotalk_core" / "models" / "starter", "--json", folder=ROOT)

    assert json.loads(done.stdout)["kind"] == "model folder"


def test_bench_measures_in_a_child(talk: Path) -> None:
    done = emotalk("bench", "--lengths", "2", "--repeats", "1", "--json", folder=talk.parent)

    rows = json.loads(done.stdout)["rows"]
    assert {row["length_s"] for row in rows} == {2.0}
    assert all(row["animate_s"] > 0 and row["peak_mb"] > 20 for row in rows)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one child")
@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM"])
def test_what_is_ended_ends_with_130_and_leaves_nothing(tmp_path: Path, ending: str) -> None:
    sound = tmp_path / "long.wav"
    sound.write_bytes(wav(babble(240.0)))
    command = [sys.executable, "-m", "emotalk_core", "animate", str(sound), "-o", "long.csv"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    flags = ["--no-cache", "--progress", "json"]
    # A shell that starts the tests in the background has them ignore SIGINT, and so the child.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    with subprocess.Popen(
        [*command, *flags], cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None
        child.stderr.readline()  # it is at work
        time.sleep(0.2)
        child.send_signal(getattr(signal, ending))
        child.stderr.read()
        code = child.wait(30)

    assert code == 130
    assert list(tmp_path.iterdir()) == [sound]


@pytest.mark.parametrize("form", ["flac", "ogg", "mp3", "aiff"])
def test_soundfile_reads_what_wav_is_not(tmp_path: Path, form: str) -> None:
    soundfile = pytest.importorskip("soundfile", reason="soundfile is an extra")
    path = tmp_path / f"voice.{form}"
    soundfile.write(path, np.stack([babble(2.0, 44_100)] * 2, axis=1), 44_100)

    out = read_samples(open_sound(path))

    expected = babble_at_16k()
    n = min(len(out), len(expected))
    assert abs(len(out) - len(expected)) < 1200  # mp3 pads its last frame
    assert np.corrcoef(out[:n], expected[:n])[0, 1] > 0.98


def test_soundfile_reads_one_channel_alone(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason="soundfile is an extra")
    path = tmp_path / "both.flac"
    people = np.stack([babble(2.0, 44_100), 0.3 * babble(2.0, 44_100)[::-1]], axis=1)
    soundfile.write(path, people, 44_100)

    np.testing.assert_allclose(
        read_samples(open_sound(path, channel=1)), babble_at_16k(), atol=1e-4
    )
    with pytest.raises(InputError, match="Use 1 to 2"):
        open_sound(path, channel=3)


def test_av_reads_one_channel_alone(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="PyAV is an extra")
    path = tmp_path / "film.mkv"
    people = np.stack([0.3 * babble(2.0, 44_100)[::-1], babble(2.0, 44_100)])
    with av.open(str(path), "w") as film:
        stream = film.add_stream("pcm_f32le", rate=44_100, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(people.T.reshape(1, -1), np.float32), format="flt", layout="stereo"
        )
        frame.sample_rate = 44_100
        film.mux(stream.encode(frame))
        film.mux(stream.encode(None))

    np.testing.assert_allclose(
        read_samples(open_sound(path, channel=2)), babble_at_16k(), atol=1e-4
    )


def babble_at_16k() -> np.ndarray:
    """The same sound by way of an array."""
    from emotalk_core import ArraySound

    return read_samples(ArraySound(babble(2.0, 44_100), 44_100))


@pytest.mark.parametrize("form", ["m4a", "mp4", "mkv"])
def test_av_reads_the_sound_of_films(tmp_path: Path, form: str) -> None:
    av = pytest.importorskip("av", reason="PyAV is an extra")
    path = tmp_path / f"film.{form}"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=44_100, layout="mono")
        for k, block in enumerate(np.split(babble(2.0, 44_100), range(1024, 88_200, 1024))):
            frame = av.AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
            frame.sample_rate = 44_100
            frame.pts, frame.time_base = 1024 * k, Fraction(1, 44_100)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))

    out = read_samples(open_sound(path))

    expected = babble_at_16k()
    n = min(len(out), len(expected))
    assert abs(len(out) - len(expected)) < 1200
    assert np.corrcoef(out[:n], expected[:n])[0, 1] > 0.95


def test_a_film_without_sound_is_told(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="PyAV is an extra")
    pytest.importorskip("soundfile", reason="soundfile is an extra")
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=24)
        stream.width = stream.height = 64
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        film.mux(stream.encode(frame))
        film.mux(stream.encode(None))

    done = emotalk("animate", path, "-o", "a.csv", folder=tmp_path)

    assert done.returncode == 2
    assert "film without sound" in done.stderr


def write_mov(path: Path, n_tracks: int) -> None:
    """Half a second of the babble on each track, the first of a kind that nobody knows."""
    av = pytest.importorskip("av", reason="PyAV is an extra")
    samples = np.int16(32_767 * babble(0.5, 16_000))
    with av.open(str(path), "w") as film:
        tracks = [film.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(n_tracks)]
        for track in tracks:
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16_000, 0, Fraction(1, 16_000)
            film.mux(track.encode(frame))
            film.mux(track.encode(None))
    path.write_bytes(path.read_bytes().replace(b"sowt", b"zzzz", 1))


def test_a_track_that_nobody_knows_is_passed_over(tmp_path: Path) -> None:
    """Phones write spatial sound beside plain sound."""
    write_mov(tmp_path / "two.mov", 2)

    assert open_sound(tmp_path / "two.mov").n_samples == 8000


def test_a_film_with_such_a_track_alone_is_told(tmp_path: Path) -> None:
    write_mov(tmp_path / "one.mov", 1)

    with pytest.raises(EmoTalkError, match=r"Damaged file|No reader"):
        open_sound(tmp_path / "one.mov")


def test_a_damaged_sound_is_told_with_what_to_do(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason="soundfile is an extra")
    path = tmp_path / "cut.flac"
    soundfile.write(path, np.int16(32_767 * babble(4.0, 48_000)), 48_000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:40] + bytes(500))

    with pytest.raises(
        EmoTalkError, match=r"^Damaged sound file \(.+\): '.+'\. Export it again\.$"
    ):
        open_sound(path)


def test_the_same_sound_as_wav_and_flac_gives_the_same_face(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason="soundfile is an extra")
    stored = np.int16(32_767 * babble(2.0, 48_000))  # soundfile rounds floats in two ways
    for form in ("wav", "flac"):
        soundfile.write(tmp_path / f"voice.{form}", stored, 48_000, subtype="PCM_16")
        done = emotalk("animate", f"voice.{form}", "-o", f"{form}.npz", folder=tmp_path)
        assert done.returncode == 0, done.stderr

    assert clips_equal(
        read_clip(tmp_path / "wav.npz"), read_clip(tmp_path / "flac.npz"), tolerance=1e-4
    )

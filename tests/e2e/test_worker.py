"""The worker: the same numbers as in this process; killed, hung or wrong, it costs one job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import (
    ArraySound,
    Controls,
    ControlTrack,
    Encoding,
    decode,
    encode,
    load_model,
    open_engine,
    starter_folder,
)
from emotalk_core.engine import worker_process
from emotalk_core.engine.remote import RemoteEngine
from emotalk_core.errors import (
    Cancelled,
    InputError,
    ModelFolderError,
    SetupError,
    WorkerError,
)
from emotalk_core.other_python.messages import PROTOCOL

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable)
FIELDS = ("content", "emotion", "heard", "level")

on_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals and scripts")


def sound(seconds: float) -> ArraySound:
    """Noise with the rhythm of syllables."""
    rng = np.random.default_rng(0)
    times = np.arange(int(16_000 * seconds)) / 16_000
    return ArraySound(
        0.3 * np.clip(np.sin(20 * times), 0, 1) * rng.standard_normal(len(times)), 16_000
    )


@pytest.fixture
def remote() -> Iterator[RemoteEngine]:
    """The shipped model on the builtin engine, in a worker that may be quiet for three seconds."""
    engine = RemoteEngine(PYTHON, starter_folder(), engine="builtin", quiet_s=3.0)
    yield engine
    engine.close()


def script(path: Path, text: str) -> Path:
    """A program in place of Python."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def is_there(pid: int) -> bool:
    """Whether a process lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int, patience_s: float = 20.0) -> bool:
    end_s = time.monotonic() + patience_s
    while is_there(pid) and time.monotonic() < end_s:
        time.sleep(0.02)
    return not is_there(pid)


class AtFirst:
    """Progress that does something once, when the worker is at work on a sound."""

    def __init__(self, action: object) -> None:
        self._action = action

    def __call__(self, share: float, what: str) -> None:
        action = self._action
        if what == "Listening" and share > 0.0 and callable(action):
            self._action = None
            action()


def test_encoding_equals_that_of_this_process(remote: RemoteEngine) -> None:
    here = open_engine("builtin", load_model(starter_folder()))

    there = encode(sound(14.0), remote)

    expected = encode(sound(14.0), here)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(there, name), getattr(expected, name))


def test_curves_equal_those_of_this_process(remote: RemoteEngine) -> None:
    here = open_engine("builtin", load_model(starter_folder()))
    heard = encode(sound(4.0), here)

    track = ControlTrack(Controls(contrast=0.8), usual=(0.5, 0.0, -0.5, *[0.0] * 5))

    clip = decode(heard, track, remote)

    np.testing.assert_allclose(clip.values, decode(heard, track, here).values, rtol=0, atol=1e-6)
    assert np.abs(clip.values - decode(heard, ControlTrack(), here).values).max() > 0.01
    assert (remote.name, remote.key) == (here.name, here.key)
    assert remote.context_frames == here.context_frames


def test_progress_comes_through_and_rises(remote: RemoteEngine) -> None:
    shares: list[float] = []

    encode(sound(30.0), remote, progress=lambda share, _what: shares.append(share))

    assert shares == sorted(shares)
    assert len(set(shares)) > 3
    assert shares[-1] == 1.0


def test_decoding_works_while_a_sound_is_heard(remote: RemoteEngine) -> None:
    heard = encode(sound(2.0), remote)
    clips = []

    encode(
        sound(30.0), remote, progress=AtFirst(
            lambda: clips.append(decode(heard, ControlTrack(), remote))
        )
    )  # fmt: skip

    assert clips[0].n_frames == 60


def test_cancel_leaves_the_worker_ready_for_the_next_sound(remote: RemoteEngine) -> None:
    pid = remote.pid

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        encode(sound(60.0), remote, progress=AtFirst(stop))

    assert encode(sound(2.0), remote).n_frames == 60
    assert remote.pid == pid


@on_posix
def test_cancel_does_not_wait_for_a_worker_that_hangs(
    remote: RemoteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "_GRACE_S", 0.2)
    pid = remote.pid
    assert pid is not None

    def stop() -> None:
        os.kill(pid, signal.SIGSTOP)
        raise Cancelled

    with pytest.raises(Cancelled):
        encode(sound(60.0), remote, progress=AtFirst(stop))

    assert wait_until_gone(pid)  # by itself, after its grace
    assert encode(sound(2.0), remote).n_frames == 60


@on_posix
def test_killed_in_the_middle_it_costs_the_job_and_the_next_one_works(
    remote: RemoteEngine,
) -> None:
    pid = remote.pid
    assert pid is not None

    with pytest.raises(WorkerError, match=r"killed by signal 9.*Nothing was changed") as caught:
        encode(sound(60.0), remote, progress=AtFirst(lambda: os.kill(pid, signal.SIGKILL)))

    assert "\n" not in str(caught.value)
    assert not remote.is_ready
    assert encode(sound(2.0), remote).n_frames == 60
    assert remote.pid != pid


@on_posix
def test_hung_in_the_middle_it_is_ended_and_the_next_one_works(remote: RemoteEngine) -> None:
    pid = remote.pid
    assert pid is not None

    with pytest.raises(WorkerError, match="hung and was ended"):
        encode(sound(60.0), remote, progress=AtFirst(lambda: os.kill(pid, signal.SIGSTOP)))

    assert wait_until_gone(pid)
    assert encode(sound(2.0), remote).n_frames == 60


@on_posix
def test_hung_while_sliders_move_it_is_ended_too(
    remote: RemoteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk_core.engine import remote as module

    monkeypatch.setattr(module, "_DECODE_QUIET_S", 0.5)
    heard: Encoding = encode(sound(2.0), remote)
    assert remote.pid is not None
    os.kill(remote.pid, signal.SIGSTOP)

    with pytest.raises(WorkerError, match="hung"):
        decode(heard, ControlTrack(), remote)

    assert decode(heard, ControlTrack(), remote).n_frames == 60


@on_posix
def test_a_crash_tells_its_last_words(tmp_path: Path) -> None:
    crash = "import os, sys; sys.stderr.write('first\\nout of paper.\\n'); os._exit(7)"
    fake = script(tmp_path / "python", f"#!{sys.executable}\n{crash}\n")

    with pytest.raises(SetupError, match=r"cannot run EmoTalk's engine.*python'\. out of paper\."):
        RemoteEngine(fake, starter_folder())


@on_posix
def test_a_program_that_prints_other_things_is_told(tmp_path: Path) -> None:
    fake = script(tmp_path / "python", "#!/bin/sh\necho Welcome to the studio\nexec sleep 60\n")

    with pytest.raises(WorkerError, match=r"no message.*not a script that prints"):
        RemoteEngine(fake, starter_folder())


@on_posix
def test_a_program_that_says_nothing_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "_START_S", 0.3)
    fake = script(tmp_path / "python", "#!/bin/sh\nexec sleep 60\n")

    with pytest.raises(WorkerError, match="hung"):
        RemoteEngine(fake, starter_folder(), quiet_s=0.3)


@on_posix
def test_another_version_of_the_worker_is_refused(tmp_path: Path) -> None:
    text = (
        f"#!{sys.executable}\nimport sys, time\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from emotalk_core.other_python.messages import write_message\n"
        "write_message(sys.stdout.buffer, {'is': 'hello', 'protocol': 99, 'id': 0})\n"
        "time.sleep(60)\n"
    )

    with pytest.raises(
        SetupError, match=rf"another version: '99, not {PROTOCOL}'\. Restart Blender"
    ):
        RemoteEngine(script(tmp_path / "python", text), starter_folder())


def test_a_python_without_numpy_says_what_to_install(tmp_path: Path) -> None:
    from emotalk_core.other_python.interpreter import program_in

    bare = tmp_path / "bare"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", bare], check=True)

    with pytest.raises(SetupError, match=r"lacks a package: 'numpy'.*-m pip install numpy"):
        RemoteEngine(program_in(bare), starter_folder())


@pytest.mark.parametrize("name", ["nothing", "."])
def test_what_is_no_program_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="Not a Python program"):
        RemoteEngine(tmp_path / name, starter_folder())


def test_an_error_in_the_worker_keeps_its_class_and_its_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((starter_folder() / "config.json").read_bytes())

    with pytest.raises(ModelFolderError, match=r"model\.safetensors"):
        RemoteEngine(PYTHON, tmp_path)
    with pytest.raises(InputError, match="No such engine: 'steam'"):
        RemoteEngine(PYTHON, starter_folder(), engine="steam")


@on_posix
def test_the_worker_ends_with_its_parent() -> None:
    code = (
        "import sys, time; from pathlib import Path; from emotalk_core import starter_folder; "
        "from emotalk_core.engine.remote import RemoteEngine; "
        "engine = RemoteEngine(Path(sys.executable), starter_folder()); "
        "print(engine.pid, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [PYTHON, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_there(pid)
        parent.kill()

    assert wait_until_gone(pid)


def test_closing_ends_the_worker(remote: RemoteEngine) -> None:
    pid = remote.pid
    assert pid is not None

    remote.close()

    assert not remote.is_ready
    assert os.name == "nt" or wait_until_gone(pid)


def test_the_command_line_runs_in_another_python(tmp_path: Path) -> None:
    from tests.core.wav_bytes import wav

    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 8000)
    (tmp_path / "talk.wav").write_bytes(wav(samples))
    curves = {}
    for name, flags in (("here", []), ("there", ["--python", str(PYTHON)])):
        done = subprocess.run(
            [PYTHON, "-m", "emotalk_core", "animate", "talk.wav", "-o", f"{name}.json",
             "--no-cache", *flags],
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        curves[name] = (tmp_path / f"{name}.json").read_text(encoding="utf-8")

    assert curves["here"] == curves["there"]


def test_serve_ends_when_nobody_listens() -> None:
    done = subprocess.run(
        [PYTHON, "-m", "emotalk_core", "serve"], input=b"", capture_output=True, timeout=60,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip

    assert done.returncode == 0
    assert b"hello" in done.stdout
    assert done.stderr == b""


def test_garbage_into_the_worker_ends_it_with_a_line() -> None:
    done = subprocess.run(
        [PYTHON, "-m", "emotalk_core", "serve"], input=b"GET / HTTP/1.1\r\n\r\n" * 9, timeout=60,
        capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert b"no message" in done.stderr

"""Who ends run.py or the command line (SIGTERM) ends all of it, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emotalk_core.cli import ended_like_ctrl_c

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a word")
@pytest.mark.parametrize(
    "how", ["run_module('e', 'sleeper', [])", "with_blender('f', 'F', OUT, [])"]
)
def test_who_ends_us_ends_what_we_started(tmp_path: Path, how: str) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print(os.getpid(), flush=True)\n"
        "signal.pause()\n"
    )
    code = (
        "import os, sys, run\nfrom pathlib import Path\nOUT = Path('out')\n"
        "run.ensure = lambda name: {name: Path(os.environ['PROGRAM'])}\n"
        f"sys.exit(run.{how})"
    )
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sleeper\n')
    program.chmod(0o755)
    search = os.pathsep.join([str(ROOT), str(tmp_path)])

    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": search, "PROGRAM": str(program)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as ours:
        assert ours.stdout is not None
        started = int(ours.stdout.readline())
        ours.terminate()
        if ours.wait() != 7:
            os.kill(started, signal.SIGKILL)

    assert ours.returncode == 7


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_who_kills_run_py_ends_the_demo(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import signal\nprint('ready', flush=True)\nsignal.pause()\n"
    )
    command = [sys.executable, str(tmp_path / "sleeper.py")]
    code = f"import os, run\nrun.code_of({command!r}, dict(os.environ))"

    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ) as ours:
        assert ours.stdout is not None
        ours.stdout.readline()
        ours.kill()
        rest, _ = ours.communicate(timeout=60.0)  # the pipe ends with the last who has it

    assert rest == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no exec that keeps the process")
def test_who_kills_run_py_kills_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "teller.py").write_text("import os\nprint(os.getpid())\n")
    code = (
        "import run, sys\nfrom pathlib import Path\n"
        "run.ensure = lambda name: {name: Path(sys.executable)}\n"
        "sys.exit(run.run_module('e', 'teller', []))"
    )
    search = os.pathsep.join([str(ROOT), str(tmp_path)])

    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": search},
        stdout=subprocess.PIPE,
    ) as ours:
        told, _ = ours.communicate()

    assert int(told) == ours.pid


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a word")
@pytest.mark.parametrize(
    ("on_ctrl_c", "patience_s"),
    [("clean", 10.0), ("signal.SIG_IGN", 1.0)],
    ids=["both have it", "we alone have it"],
)
def test_ctrl_c_leaves_what_we_started_the_time_to_clean_up(
    tmp_path: Path, on_ctrl_c: str, patience_s: float
) -> None:
    """Half a second: longer than Python waits by itself, shorter than we do."""
    (tmp_path / "sleeper.py").write_text(
        "import signal, sys, time\nfrom pathlib import Path\n"
        "def clean(*_):\n    time.sleep(0.5)\n    Path(sys.argv[1]).touch()\n    sys.exit(130)\n"
        f"signal.signal(signal.SIGINT, {on_ctrl_c})\n"
        "signal.signal(signal.SIGTERM, clean)\n"
        "print('ready', flush=True)\n"
        "while True:\n    signal.pause()\n"
    )
    command = [sys.executable, str(tmp_path / "sleeper.py"), str(tmp_path / "clean")]
    code = (
        "import os, run, signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"run.PATIENCE_S = {patience_s}\n"
        f"run.COMMANDS['sleep'] = lambda words: run.code_of({command!r}, dict(os.environ))\n"
        "run.sys.exit(run.main(['sleep']))"
    )

    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as ours:
        assert ours.stdout is not None
        ours.stdout.readline()
        os.killpg(ours.pid, signal.SIGINT)

    assert ours.returncode == 130
    assert (tmp_path / "clean").exists()


ENDINGS = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture(params=ENDINGS)
def ending(request: pytest.FixtureRequest) -> Iterator[int]:
    """A signal that ends us, as it is where nobody has it ignored."""
    number = getattr(signal, request.param)
    before = signal.signal(number, signal.SIG_DFL)
    yield number
    signal.signal(number, before)


@pytest.mark.parametrize("second", ENDINGS)
def test_a_second_signal_does_not_disturb_the_cleaning_up(ending: int, second: str) -> None:
    """A farm's manager ends all of a group, a terminal that closes sends both."""
    with ended_like_ctrl_c():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(ending)
        signal.raise_signal(getattr(signal, second))

    assert signal.getsignal(ending) is signal.SIG_DFL


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no nohup")
def test_under_nohup_we_outlive_the_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_like_ctrl_c():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_that_another_program_has_taken_ends_us_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blender's own handler, of which Python knows nothing, would let a batch go on."""
    before, known = signal.signal(signal.SIGINT, signal.SIG_IGN), signal.getsignal
    monkeypatch.setattr(
        signal, "getsignal", lambda number: None if number == signal.SIGINT else known(number)
    )
    try:
        with pytest.raises(KeyboardInterrupt), ended_like_ctrl_c():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)

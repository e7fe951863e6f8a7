"""Who ends run.py or the command line (SIGTERM) ends all of it, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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


def test_a_second_signal_does_not_disturb_the_cleaning_up() -> None:
    """A farm's manager ends all of a group, and run.py passes the signal on."""
    before = signal.getsignal(signal.SIGTERM)
    with ended_like_ctrl_c():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is before

"""Fixtures of the core's tests: a small engine behind the command line, and a sound."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.cli import animate, batch, feelings
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.speech.phone_files import read_phones
from tests.core.babble import babble
from tests.core.fake_engine import FakeEngine
from tests.core.wav_bytes import wav


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeEngine:
    """One small engine for all commands, and a cache of its own."""
    small = FakeEngine()
    for module in (animate, batch, feelings):
        monkeypatch.setattr(module, "read_engine", lambda _: small)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return small


@pytest.fixture(scope="session")
def prototypes() -> np.ndarray:
    """Where the emotions of the model that ships stand, float32 (8, E)."""
    return np.asarray(load_model(starter_folder()).tensors["prototypes"], np.float32)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Half a second of noise as 16-bit wav."""
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(np.random.default_rng(0).uniform(-0.5, 0.5, 8000)))
    return path


@pytest.fixture
def babbling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two seconds of babble, as 16-bit wav; caches apart."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "babbling.wav"
    path.write_bytes(wav(babble(2.0)))
    return path


@pytest.fixture
def espeak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of its name that reads wrong as "sisi", all else as "papa"; knows de and en-us."""
    if os.name == "nt":
        pytest.skip("a shell script stands for the program")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "espeak-ng"
    program.write_text(
        '#!/bin/sh\ncase "$5" in de|en-us) ;; *) exit 1;; esac\n'
        'read -r text; [ "$text" = wrong ] && echo "s_i_s_i" && exit 0\n'
        '[ -n "$text" ] && echo "p_ˈa_p_a"\nexit 0\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return program


@pytest.fixture
def papa(espeak: Path, babbling: Path) -> str:
    """What the stand-in reads is what is heard in the babble."""
    heard = babbling.with_name("heard.csv")
    cli.main(["phones", str(babbling), "-o", str(heard)])
    said = [p.symbol for p in read_phones(heard) if p.symbol != "_"]
    script = espeak.read_text(encoding="utf-8").replace("p_ˈa_p_a", "_".join(said))
    espeak.write_text(script, encoding="utf-8")
    return "what was babbled"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sounds, one of them in a folder within, one broken, and a note."""
    sounds = tmp_path / "sounds"
    (sounds / "act2").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("one.wav", "act2/two.wav"):
        (sounds / name).write_bytes(wav(rng.uniform(-0.5, 0.5, 8000)))
    (sounds / "broken.wav").write_text("not a sound")
    (sounds / "notes.txt").write_text("notes")
    return sounds


@pytest.fixture
def output(folder: Path) -> Path:
    """Where its curves go; not there yet."""
    return folder.parent / "out"


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 20 kB, as on a disk that is full."""
    resource = pytest.importorskip("resource", reason="Windows has no limit for files")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)

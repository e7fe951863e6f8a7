"""What the end-to-end tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.first_click import write_speech


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.5 s of a voice-like buzz as a wav."""
    path = tmp_path_factory.mktemp("sound") / "buzz.wav"
    write_speech(path, 2.0)
    return path

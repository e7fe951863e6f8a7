"""Shots that are ended where Blender makes nothing of it: before they are heard, and saved."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import run


@pytest.fixture
def batch(saved: Path, sounds: Path, tmp_path: Path) -> tuple[object, ...]:
    return ("batch", sounds, "--character", "Head", "-o", tmp_path / "out")


def _end_unheard(*_: Any) -> None:
    """Blender prints what handlers raise, and goes on."""
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_what_is_ended_while_its_file_is_opened_is_not_heard(
    batch: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.command_line import shots

    begun: list[Path] = []
    monkeypatch.setattr(shots, "_put_sound", begun.append)
    persistent: Any = bpy.app.handlers.persistent
    handler = persistent(lambda *_: _end_unheard())
    bpy.app.handlers.load_post.append(handler)
    try:
        assert run(*batch) == 130
    finally:
        bpy.app.handlers.load_post.remove(handler)

    assert begun == []


def test_what_is_ended_while_it_is_made_is_not_saved(
    batch: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.command_line import shots

    put = shots._put_sound

    def put_and_end(sound: Path) -> None:
        put(sound)
        _end_unheard()

    monkeypatch.setattr(shots, "_put_sound", put_and_end)

    assert run(*batch) == 130

    assert [*tmp_path.glob("out/*.blend")] == []

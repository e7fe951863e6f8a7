"""The doctor in Blender, and errands: long work that goes on while the window lives."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest
from emotalk.emotalk_core.errors import RecogniserError
from emotalk.emotalk_core.speech.heard_words import HeardWords, Recogniser

from tests.addon.hearing import stand_in


@pytest.mark.parametrize("engine", ["builtin", "python"])
def test_the_doctor_finds_this_place_well(another: Any, engine: str) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    another.engine = engine

    bpy.ops.emotalk.doctor()

    found = {finding.what: finding for finding in SESSION.findings}
    assert all(finding.is_well for finding in found.values() if finding.is_needed)
    assert SESSION.told == ("emotalk.doctor", "All is well", True)
    assert "heard 15 frames" in found["Engine"].detail
    assert ("Engine's Python" in found) == (engine == "python")


@pytest.mark.parametrize(
    ("changes", "what", "remedy"),
    [
        ({"model": "/nowhere"}, "Model", "Give a folder with a config.json"),
        ({"python": "/nowhere"}, "Engine chosen", "Choose the program file"),
        ({"device": "cuda"}, "Device", "choose one of them"),
        ({"cache_folder": "/proc/nowhere"}, "Cache", "Choose another folder"),
    ],
)
def test_the_doctor_says_what_is_amiss_and_what_to_do(
    another: Any, changes: dict[str, str], what: str, remedy: str
) -> None:
    from emotalk.addon.bridge.jobs import doctor
    from emotalk.addon.bridge.jobs.session import SESSION

    vars(another).update(changes)

    bpy.ops.emotalk.doctor()

    found = next(finding for finding in SESSION.findings if finding.what == what)
    assert not found.is_well
    assert remedy in found.text
    assert found.text in doctor.report(SESSION.findings)


@pytest.mark.parametrize(
    ("error", "is_well", "told"),
    [
        (None, True, "with the model small"),
        (RecogniserError("It lacks it", value="/py", remedy="Get it."), False, "/py. Get it."),
    ],
)
def test_the_doctor_tries_what_hears_words_and_fetches_nothing(
    another: Any,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
    *,
    is_well: bool,
    told: str,
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    asked = list[Recogniser]()

    def hear(_sound: Any, recogniser: Recogniser, *_: Any) -> HeardWords:
        asked.append(recogniser)
        if error is not None:
            raise error
        return HeardWords("", "")

    stand_in(monkeypatch, hear)

    bpy.ops.emotalk.doctor()

    (found,) = (finding for finding in SESSION.findings if finding.what == "Words")
    assert found.is_well == is_well
    assert told in found.text
    assert [one.is_online for one in asked] == [False]
    assert SESSION.told == ("emotalk.doctor", "All is well", True)  # words are not needed


def test_the_doctor_says_how_words_could_be_heard(preferences: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    assert preferences.engine == "builtin"

    bpy.ops.emotalk.doctor()

    (found,) = (finding for finding in SESSION.findings if finding.what == "Words")
    assert not found.is_well
    assert "Create the Own Environment" in found.text


@pytest.fixture
def timers(addon: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What errands registered, as if there were a window."""
    from emotalk.addon.bridge.jobs import errand

    registered: list[Any] = []
    with_window = SimpleNamespace(
        app=SimpleNamespace(
            background=False,
            timers=SimpleNamespace(register=lambda look, **_more: registered.append(look)),
        ),
        context=bpy.context,
    )
    monkeypatch.setattr(errand, "bpy", with_window)
    return registered


def test_a_script_in_a_window_finds_its_curves_written(
    ready: Any, timers: list[Any], tmp_path: Path
) -> None:
    bpy.ops.emotalk.animate()

    bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "talk.csv"))

    assert (tmp_path / "talk.csv").is_file()
    assert not timers


def test_an_errand_in_a_window_tells_progress_and_result(timers: list[Any]) -> None:
    from emotalk.addon.bridge.jobs import errand
    from emotalk.addon.bridge.jobs.session import SESSION

    assert errand.start("emotalk.doctor", lambda progress: progress(1.0, "x") or 7, str) == ""
    assert SESSION.errand is not None
    SESSION.errand.job.wait(20)
    assert timers[0]() is None

    assert SESSION.told == ("emotalk.doctor", "7", True)
    assert SESSION.errand is None


def test_only_one_errand_runs_at_a_time_and_it_can_be_stopped(
    addon: ModuleType, preferences: Any
) -> None:
    from emotalk.addon.bridge.jobs import errand
    from emotalk.addon.bridge.jobs.job import Job
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.emotalk_core.errors import Cancelled

    def wait(progress: Any) -> None:
        while True:
            progress(0.5, "Downloading torch")

    SESSION.errand = errand.Errand("emotalk.create_environment", Job(wait), str)
    job = SESSION.errand.job
    job.start()
    with pytest.raises(RuntimeError, match="Busy: "):
        bpy.ops.emotalk.doctor()

    bpy.ops.emotalk.stop_errand()

    job.wait(20)
    with pytest.raises(Cancelled):
        job.result()
    SESSION.errand = None

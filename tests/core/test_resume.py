"""`emotalk batch --resume`: what an earlier run has finished, and a kill in the middle."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotalk_core.cli import animate, batch, reports
from emotalk_core.cli.reports import BatchReport, write_report
from emotalk_core.controls import Controls
from emotalk_core.preset_files import write_preset
from tests.core.fake_engine import FakeEngine
from tests.core.test_batch import run_batch, tree
from tests.core.wav_bytes import wav


@pytest.fixture
def done(folder: Path, output: Path, engine: FakeEngine) -> Path:
    """What a batch has made of the whole sounds; what is heard is counted from now on."""
    (folder / "broken.wav").unlink()
    run_batch(folder, output, "--no-cache")
    engine.n_encoded = 0
    return output


def test_batch_resumes_where_it_was_killed_and_ends_with_the_same_bytes(
    folder: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, killed = folder.parent / "a", folder.parent / "b"
    (folder / "broken.wav").unlink()
    run_batch(folder, undisturbed, "--no-cache")
    decode, n_calls = engine.decode, 0

    def die_at_the_second(*arguments: object) -> np.ndarray:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 2:
            raise KeyboardInterrupt
        return decode(*arguments)

    monkeypatch.setattr(engine, "decode", die_at_the_second)
    assert run_batch(folder, killed, "--no-cache") == 130
    monkeypatch.setattr(engine, "decode", decode)
    engine.n_encoded = 0

    assert run_batch(folder, killed, "--no-cache", "--resume") == 0

    expected = {
        name: content.replace(str(undisturbed).encode(), str(killed).encode())
        for name, content in tree(undisturbed).items()
    }
    assert tree(killed) == expected
    assert engine.n_encoded == 1


def test_resume_does_again_what_other_flags_would_change(
    folder: Path, done: Path, engine: FakeEngine
) -> None:
    run_batch(folder, done, "--no-cache", "--resume", "--emotion", "happy")

    assert engine.n_encoded == 2


def test_resume_does_again_what_another_preset_file_would_change(
    folder: Path, engine: FakeEngine
) -> None:
    (folder / "broken.wav").unlink()
    output, preset = folder.parent / "out", folder.parent / "ours.json"
    write_preset(Controls(jaw=0.5), preset)
    run_batch(folder, output, "--no-cache", "--preset", str(preset))
    engine.n_encoded = 0

    write_preset(Controls(jaw=0.25), preset)
    run_batch(folder, output, "--no-cache", "--resume", "--preset", str(preset))

    assert engine.n_encoded == 2


def test_resume_does_again_what_has_a_newer_sound(
    folder: Path, done: Path, engine: FakeEngine
) -> None:
    made_ns = (done / "one.csv").stat().st_mtime_ns
    os.utime(folder / "one.wav", ns=(made_ns + 10**9, made_ns + 10**9))

    run_batch(folder, done, "--no-cache", "--resume")

    assert engine.n_encoded == 1


def test_resume_does_again_what_has_another_take_with_an_older_time(
    folder: Path, done: Path, engine: FakeEngine
) -> None:
    (folder / "one.wav").write_bytes(wav(np.zeros(4000)))
    os.utime(folder / "one.wav", ns=(10**18, 10**18))

    run_batch(folder, done, "--no-cache", "--resume")

    assert engine.n_encoded == 1


def test_resume_does_again_what_is_empty(folder: Path, done: Path, engine: FakeEngine) -> None:
    (done / "one.csv").write_bytes(b"")

    run_batch(folder, done, "--no-cache", "--resume")

    assert engine.n_encoded == 1


def test_resume_knows_its_files_however_their_folder_is_spelt(
    folder: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.wav").unlink()
    monkeypatch.chdir(folder.parent)
    run_batch(Path("sounds"), Path("out"), "--no-cache")
    monkeypatch.chdir("/")
    engine.n_encoded = 0

    run_batch(folder, folder.parent / "out", "--no-cache", "--resume")

    assert engine.n_encoded == 0


def test_a_resumed_batch_that_is_stopped_forgets_nothing(
    folder: Path, output: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the stop the first is made again, and one is skipped: its entry must stay."""
    (folder / "broken.wav").unlink()
    (folder / "three.wav").write_bytes((folder / "one.wav").read_bytes())
    run_batch(folder, output, "--no-cache")
    later_ns = (output / "three.csv").stat().st_mtime_ns + 10**9
    os.utime(folder / "three.wav", ns=(later_ns, later_ns))
    (output / "act2" / "two.csv").unlink()
    monkeypatch.setattr(batch, "run_job", stopped_at("three.wav"))
    assert run_batch(folder, output, "--no-cache", "--resume") == 130
    monkeypatch.undo()
    monkeypatch.setattr(batch, "read_engine", lambda _: engine)
    engine.n_encoded = 0

    run_batch(folder, output, "--no-cache", "--resume")

    assert engine.n_encoded == 1


def stopped_at(name: str) -> Callable[..., animate.Outcome]:
    """`run_job` with a Ctrl-C at the sound of that name."""

    def run_job(job: animate.Job, *others: Any) -> animate.Outcome:
        if job.audio.name == name:
            raise KeyboardInterrupt
        return animate.run_job(job, *others)

    return run_job


@pytest.mark.usefixtures("engine")
def test_a_report_lists_the_jobs_of_its_own_run(folder: Path, output: Path) -> None:
    run_batch(folder, output)
    (folder / "broken.wav").unlink()
    (folder / "one.wav").unlink()

    run_batch(folder, output, "--resume")

    entries = json.loads((output / "batch_report.json").read_text())
    assert [Path(entry["audio"]).name for entry in entries] == ["two.wav"]


def test_resume_does_again_what_has_another_sound(folder: Path, engine: FakeEngine) -> None:
    jobs, output = folder / "jobs.csv", folder.parent / "out"
    jobs.write_text("audio,output\none.wav,curves.csv\n")
    run_batch(jobs, output, "--no-cache")
    jobs.write_text("audio,output\nact2/two.wav,curves.csv\n")
    engine.n_encoded = 0

    run_batch(jobs, output, "--no-cache", "--resume")

    assert engine.n_encoded == 1


@pytest.mark.usefixtures("engine")
def test_resume_refuses_a_report_that_is_none_of_a_batch(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = folder.parent / "report.json"
    output = folder.parent / "out" / "one.csv"
    report.write_text(json.dumps([{"output": str(output), "error": None, "report": {}}]))

    code = run_batch(folder, output.parent, "--resume", "--report", str(report))

    assert code == 2
    assert "Not a batch report" in capsys.readouterr().err


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("flags", [["--resume"], []])
def test_a_run_removes_what_a_killed_one_left_of_its_own_files_and_nothing_else(
    folder: Path, output: Path, flags: list[str]
) -> None:
    (folder / "broken.wav").unlink()
    output.mkdir()
    theirs = {"one.csv.part", "other.csv.0123abcd.part", "one.csv.0123abcx.part", "one.csv.bak"}
    ours = {"one.csv.0123abcd.part", "batch_report.json.89abcdef.part"}
    for name in theirs | ours:
        (output / name).write_text("part")
        os.utime(output / name, (0, 0))
    of_a_run_beside = "one.csv.76543210.part"
    (output / of_a_run_beside).write_text("part")

    assert run_batch(folder, output, *flags) == 0

    made = {"one.csv", "act2/two.csv", "batch_report.json"}
    assert set(tree(output)) == theirs | made | {of_a_run_beside}


@pytest.mark.usefixtures("engine")
def test_what_a_run_left_that_was_killed_shortly_before_goes_in_the_end(
    folder: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "broken.wav").unlink()
    output.mkdir()
    part = output / "one.csv.76543210.part"
    part.write_text("part")
    run_tasks = batch._run_tasks

    def a_night(*arguments: Any) -> None:
        assert part.exists()
        run_tasks(*arguments)
        os.utime(part, (0, 0))

    monkeypatch.setattr(batch, "_run_tasks", a_night)

    assert run_batch(folder, output, "--resume") == 0

    assert not part.exists()


def test_the_report_of_a_batch_is_plain_json_whatever_is_in_it(tmp_path: Path) -> None:
    entries = [
        {"output": str(tmp_path / name), "error": None, "options": {"fps": "30", "of": [1, {}]}}
        for name in ("a.csv", "new\nline.csv", "ünïcode \udcff.csv")
    ]
    names = [(Path(entry["output"]),) for entry in entries]
    report = BatchReport(tmp_path / "r.json", ("output",), names, resumes=False)
    for entry in reversed(entries):
        report.add(entry)
    write_report(tmp_path / "expected.json", entries)

    assert (tmp_path / "r.json").read_bytes() == (tmp_path / "expected.json").read_bytes()


def test_an_entry_is_made_into_text_once_however_many_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of jobs: a report that is made anew for each takes longer than they do."""
    made: list[object] = []
    dumps = json.dumps

    def counted(value: object, **options: Any) -> str:
        made.append(value)
        return dumps(value, **options)

    monkeypatch.setattr(reports.json, "dumps", counted)
    names = [str(tmp_path / f"{i}.csv") for i in range(20)]
    paths = [(Path(name),) for name in names]
    report = BatchReport(tmp_path / "r.json", ("output",), paths, resumes=False)
    for name in names:
        report.add({"output": name, "error": None, "options": {}})

    assert [entry["output"] for entry in made if isinstance(entry, dict)] == names
    assert len(made) == len(names)


@pytest.mark.parametrize("flags", [["--resume"], []])
def test_a_job_that_is_killed_while_it_is_made_anew_has_no_entry(
    folder: Path,
    output: Path,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
) -> None:
    """Its file may be the new one already, which the entry of the old one would vouch for."""
    (folder / "broken.wav").unlink()
    run_batch(folder, output)
    add = BatchReport.add

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BatchReport, "add", die)
    assert run_batch(folder, output, "--emotion", "happy=1", *flags) == 130
    happy = (output / "act2" / "two.csv").read_bytes()
    monkeypatch.setattr(BatchReport, "add", add)

    assert run_batch(folder, output, "--resume") == 0

    assert (output / "act2" / "two.csv").read_bytes() != happy


@pytest.mark.parametrize("before_writing", [True, False])
def test_a_folder_that_is_moved_in_between_is_told_and_not_made_again(
    folder: Path,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    before_writing: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """While the second sound is heard, or as the first one is done."""
    (folder / "broken.wav").unlink()
    output, moved = folder.parent / "out", folder.parent / "moved"
    decode, add, n_calls = engine.decode, BatchReport.add, 0

    def move_at_the_second(*arguments: object) -> np.ndarray:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 2:
            output.rename(moved)
        return decode(*arguments)

    def move_after(self: BatchReport, entry: dict[str, Any]) -> None:
        add(self, entry)
        output.rename(moved)

    if before_writing:
        monkeypatch.setattr(engine, "decode", move_at_the_second)
    else:
        monkeypatch.setattr(BatchReport, "add", move_after)

    assert run_batch(folder, output, "--no-cache") == 2

    told = capsys.readouterr()
    assert told.out.endswith("1 of 2 done; the others were not made\n")
    assert told.err.splitlines()[-1] == (
        f"emotalk: The folder for the results was moved or removed meanwhile: '{output}'. "
        "Put it back, and run this again with --resume."
    )
    assert not output.exists()

"""The command line in this process, with a small engine: flags, exit codes, what goes where."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.cli import bench_machine
from emotalk_core.clip_files import read_clip
from emotalk_core.controls import EMOTIONS, PRESETS
from emotalk_core.engine import open_engine
from emotalk_core.errors import Cancelled, InputError
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.preset_files import write_preset
from tests.core.fake_engine import FakeEngine


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("suffix", ["npz", "csv", "json"])
def test_animate_writes_what_the_suffix_says(
    talk: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = talk.with_suffix(f".{suffix}")

    code = cli.main(["animate", str(talk), "-o", str(output)])

    assert code == 0
    assert read_clip(output).n_frames == 15
    assert capsys.readouterr().out == f"{output}: 15 frames, 0.50 s at 30 fps\n"


@pytest.mark.usefixtures("engine")
def test_a_slash_at_the_end_makes_a_folder_for_one_sound_too(talk: Path) -> None:
    output = talk.parent / "out"

    assert cli.main(["animate", str(talk), "-o", f"{output}/", "--format", "json"]) == 0

    assert [path.name for path in output.iterdir()] == ["talk.json"]


@pytest.mark.usefixtures("engine")
def test_animate_takes_every_control(talk: Path) -> None:
    output = talk.with_suffix(".npz")
    flags = "--fps 23.976 --emotion happy=0.8,sad=0.2 --mix 0.5 --intensity 1.5 --seed 3"
    more = "--lip-closure 0.7 --sync-offset-ms 40 --blink 0 --gaze 0.5 --head 2 --style 1"
    asked = f"{flags} --jaw 1.2 --contrast 0.6 {more}".split()

    assert cli.main(["animate", str(talk), "-o", str(output), *asked]) == 0

    clip = read_clip(output)
    made = clip.meta["controls"]
    assert str(clip.fps) == "24000/1001"
    assert made["emotions"]["happy"] == 0.8
    wanted = {"mix": 0.5, "intensity": 1.5, "contrast": 0.6, "seed": 3, "jaw": 1.2, "style": 1}
    wanted |= {"lip_closure": 0.7, "sync_offset_ms": 40}
    assert {name: made[name] for name in wanted} == wanted


@pytest.mark.usefixtures("engine")
def test_an_emotion_on_the_command_line_takes_over_from_the_voice(talk: Path) -> None:
    output = talk.with_suffix(".npz")

    cli.main(["animate", str(talk), "-o", str(output), "--emotion", "happy"])

    assert read_clip(output).meta["controls"]["mix"] == 1.0


@pytest.mark.usefixtures("engine")
def test_flags_go_before_the_preset(talk: Path) -> None:
    output = talk.with_suffix(".npz")

    cli.main(["animate", str(talk), "-o", str(output), "--preset", "understated", "--jaw", "1.9"])

    made = read_clip(output).meta["controls"]
    assert made["jaw"] == 1.9
    assert made["brows"] == PRESETS["Understated"].brows


@pytest.mark.usefixtures("engine")
def test_a_preset_may_be_a_file(talk: Path) -> None:
    preset, output = talk.with_name("Tired.json"), talk.with_suffix(".npz")
    write_preset(replace(PRESETS["Sad"], head=0.25), preset)

    cli.main(["animate", str(talk), "-o", str(output), "--preset", str(preset), "--jaw", "1.9"])

    made = read_clip(output).meta["controls"]
    assert (made["emotions"]["sad"], made["head"], made["jaw"]) == (1.0, 0.25, 1.9)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--emotion", "hangry"], "No such emotion: 'hangry'"),
        (["--emotion", "happy=very"], "Not a weight"),
        (["--emotion", "sad=1,happy=2"], "'happy=2'. Use 0 to 1"),
        (["--emotion", "sad=nan"], "'sad=nan'. Use 0 to 1"),
        (["--intensity", "5"], "Use 0 to 2"),
        (["--fps", "0"], "Not a frame rate"),
        (["--preset", "Villain"], "No such preset"),
        (["--preset", "gone.json"], "The preset cannot be read"),
        (["--seed", "-1"], "count from 0"),
        (["--seed", "3000000000"], "Use 0 to 2147483647"),
        (["--style", "99999999999999999999"], "Use 0 to 2147483647"),
        (["--style", "8"], "No such style: 8. This model has 8, from 0."),
    ],
)
def test_a_bad_flag_is_told_in_one_line(
    talk: Path, flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = talk.with_suffix(".csv")

    code = cli.main(["animate", str(talk), "-o", str(output), *flags])

    told = capsys.readouterr()
    assert code == 2
    assert words in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert not output.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "emotalk: error: the following arguments are required: COMMAND"),
        (["animte"], "emotalk: error: argument COMMAND: invalid choice: 'animte'"),
        (["animate", "a.wav"], "emotalk animate: error: the following arguments are required: -o"),
        (["animate", "a.wav", "-o", "a.csv", "--blink", "1.5s"], "no such number: '1.5s' (write"),
        (["batch", "a", "-o", "b", "--preste", "Sad"], "unrecognized arguments: --preste"),
    ],
)
def test_a_flag_that_there_is_not_is_told_in_one_line(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(words)

    (line,) = capsys.readouterr().err.splitlines()
    assert why in line
    assert line.endswith("(see --help)")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("audio", "output", "words"),
    [
        ("nothing.wav", "a.csv", "No such sound file"),
        ("talk.wav", "a.fbx", "Not a clip format"),
        ("talk.wav", "nowhere/a.csv", "No such folder"),
        (".", "a.csv", "A folder, not a sound file"),
    ],
)
def test_bad_paths_are_told_and_leave_nothing(
    talk: Path, audio: str, output: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = talk.parent

    code = cli.main(["animate", str(folder / audio), "-o", str(folder / output), "--no-cache"])

    assert code == 2
    assert words in capsys.readouterr().err
    assert list(folder.iterdir()) == [talk]


@pytest.mark.usefixtures("engine")
def test_one_of_several_that_fails_does_not_stop_the_others(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = talk.with_name("bad.wav")
    bad.write_text("not a sound")
    output, report = talk.parent / "out", talk.parent / "report.json"

    code = cli.main(["animate", str(bad), str(talk), "-o", str(output), "--report", str(report)])

    assert code == 3
    assert [p.name for p in output.iterdir()] == ["talk.csv"]
    assert "Not a sound file" in capsys.readouterr().err
    entries = json.loads(report.read_text())
    assert [bool(e["error"]) for e in entries] == [True, False]
    assert entries[1]["report"]["n_frames"] == 15


@pytest.mark.usefixtures("engine")
def test_progress_as_json_goes_to_stderr(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = talk.with_suffix(".csv")

    cli.main(["animate", str(talk), "-o", str(output), "--progress", "json"])

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[-1]["progress"] == 1.0


def test_ctrl_c_while_python_still_loads_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_parser", interrupted)

    assert cli.main(["doctor"]) == 130


@pytest.mark.parametrize("signal", [Cancelled, KeyboardInterrupt])
def test_ctrl_c_is_130_and_leaves_nothing(
    talk: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, signal: type[BaseException]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise signal

    monkeypatch.setattr(engine, "decode", interrupted)
    output = talk.with_suffix(".csv")

    code = cli.main(["animate", str(talk), "-o", str(output), "--no-cache"])

    assert code == 130
    assert list(talk.parent.iterdir()) == [talk]


# --- doctor, bench


def test_doctor_says_what_a_missing_model_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    code = cli.main(["doctor", "--model", str(tmp_path / "none"), "--json"])

    findings = {f["what"]: f for f in json.loads(capsys.readouterr().out)}
    assert code == 2
    assert not findings["model"]["is_well"]
    assert findings["model"]["remedy"]
    assert findings["numpy"]["detail"] == np.__version__
    assert findings["cache"]["is_well"]


def test_the_sound_that_bench_runs_on_is_always_the_same(tmp_path: Path) -> None:
    one, two = tmp_path / "one.wav", tmp_path / "two.wav"

    bench_machine.write_babble(one, 1.5)
    bench_machine.write_babble(two, 1.5)

    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_size == 44 + 2 * 72_000


@pytest.mark.parametrize("lengths", ["long", "", "-1", "0", "nan", "inf", "1,nan", "1e9"])
def test_bench_refuses_lengths_that_are_none(
    lengths: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", f"--lengths={lengths}"]) == 2

    told = capsys.readouterr().err
    assert "unexpected" not in told
    assert told.count("\n") == 1


def test_bench_refuses_to_repeat_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--lengths=1", "--repeats=-1"]) == 2

    assert "Nothing to repeat: -1" in capsys.readouterr().err


def test_a_broken_pipe_is_not_our_failure_to_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def closed(_: Namespace) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("emotalk_core.cli.info._run", closed)

    cli.main(["info", str(tmp_path)])

    assert capsys.readouterr().err == ""


def test_help_names_all_emotions(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["animate", "--help"])

    text = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert all(emotion in text for emotion in EMOTIONS)


def test_a_device_for_the_builtin_engine_is_refused(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["animate", str(talk), "-o", str(talk.with_suffix(".csv")), "--engine", "builtin"]

    code = cli.main([*command, "--device", "cuda"])

    assert code == 2
    assert "'cuda, auto'" in capsys.readouterr().err
    assert not talk.with_suffix(".csv").exists()


@pytest.mark.parametrize(
    ("flags", "have"),
    [
        (("--device", "banana"), "auto, cpu, cuda, mps"),
        (("--device", "cuda:x"), "auto, cpu, cuda, mps"),
        (("--precision", "int8"), "bfloat16"),
    ],
)
def test_a_choice_that_there_is_not_is_told_with_those_that_there_are(
    talk: Path, flags: tuple[str, str], have: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["animate", str(talk), "-o", str(talk.with_suffix(".csv")), *flags])

    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert have in told
    assert "pip install" not in told


@pytest.mark.parametrize("choice", [{"device": "banana"}, {"precision": "int8"}])
def test_an_engine_is_asked_for_names_that_there_are(choice: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"Use auto, .*"):
        open_engine("auto", load_model(starter_folder()), **choice)  # pyright: ignore[reportArgumentType]


@pytest.mark.usefixtures("engine")
def test_a_report_without_a_place_is_told_before_the_work(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = talk.parent / "nowhere" / "report.json"

    code = cli.main(
        ["animate", str(talk), "-o", str(talk.with_suffix(".csv")), "--report", str(report)]
    )

    assert code == 2
    assert "No such folder" in capsys.readouterr().err
    assert not talk.with_suffix(".csv").exists()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("lost", ["talk.wav", "link.wav", "talk.csv", "voice.csv"])
def test_animate_never_writes_over_what_it_reads_or_makes(
    talk: Path, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (talk.parent / "link.wav").symlink_to(talk)
    voice, output = talk.with_name("voice.csv"), talk.with_name("talk.csv")
    voice.write_bytes(talk.read_bytes())
    output.write_text("earlier")
    sound, made = (voice, voice) if lost == "voice.csv" else (talk, output)
    before = {path: path.read_bytes() for path in talk.parent.iterdir()}

    code = cli.main(
        ["animate", str(sound), "-o", str(made), "--report", str(talk.parent / lost), "--no-cache"]
    )

    assert code == 2
    assert lost in capsys.readouterr().err
    assert {path: path.read_bytes() for path in talk.parent.iterdir()} == before


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_name_may_be_as_long_as_names_may_be(talk: Path, letter: str) -> None:
    output = talk.parent / f"{letter * (251 // len(letter.encode()))}.csv"

    assert cli.main(["animate", str(talk), "-o", str(output), "--no-cache"]) == 0

    assert {path.name for path in talk.parent.iterdir()} == {talk.name, output.name}


@pytest.mark.usefixtures("engine")
def test_a_name_that_is_too_long_is_told_as_that(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = talk.parent / f"{'a' * 252}.csv"

    code = cli.main(["animate", str(talk), "-o", str(output), "--no-cache"])

    told = capsys.readouterr().err
    assert code == 2
    assert "File name too long" in told
    assert told.count("\n") == 1

"""What flags and the panel tell of a take's words: kept with it, and refused where it is wrong."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import bpy
import pytest
from emotalk.addon.bridge import compat
from emotalk.addon.bridge.asked import phones
from emotalk.addon.bridge.take import live, takes
from emotalk.addon.operators import texts
from emotalk.addon.operators.background import BackgroundOperator
from emotalk.addon.operators.base import EmoTalkOperator
from emotalk.addon.operators.lips import OfLips
from emotalk.emotalk_core.errors import Cancelled
from emotalk.emotalk_core.speech.phones import Phone
from emotalk.emotalk_core.speech.text_fit import Fit

from tests.addon.lip_scenes import FIRST, jaw
from tests.addon.scenes import add_strip, fcurves, needs_sound, run, save
from tests.addon.windows import Screen, event, is_quiet, to_its_end

LANGUAGE = "--language", "en-us"  # read by espeak-ng
TEXTS = "--texts", *LANGUAGE


@pytest.fixture
def espeak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of its name that reads any text as one vowel, and knows en-us alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "espeak-ng"
    program.write_text('#!/bin/sh\n[ "$5" = en-us ] || exit 1\ncat > /dev/null\necho "ɑː"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return program


@pytest.mark.usefixtures("espeak")
def test_a_text_is_kept_and_makes_the_take_one_to_update(said: Any) -> None:
    assert bpy.ops.emotalk.tell_text(text="Ah", language="en-us") == {"FINISHED"}

    assert (said.controls.text, said.controls.words) == ("Ah", "ɑː")
    assert live.is_stale(said)
    assert bpy.ops.emotalk.tell_text(text="", language="en-us") == {"FINISHED"}
    assert not live.is_stale(said)


@pytest.mark.usefixtures("espeak")
def test_a_text_that_is_not_said_is_told_and_keys_stay(said: Any, head: Any) -> None:
    before = jaw(head, 40, 90)
    bpy.ops.emotalk.tell_text(text="Ah", language="en-us")

    with pytest.raises(RuntimeError, match="not what is said"):
        bpy.ops.emotalk.refresh()

    assert jaw(head, 40, 90) == before


@pytest.mark.usefixtures("espeak")
def test_esc_stops_a_text_that_is_followed(said: Any) -> None:
    bpy.ops.emotalk.tell_text(text="Ah", language="en-us")
    prepared = takes.prepare_take(bpy.context.scene, said)

    def stop(_share: float, what: str) -> None:
        if what == "Following the text":
            raise Cancelled

    with pytest.raises(Cancelled):
        takes.remake(prepared, stop)


@pytest.mark.usefixtures("espeak")
def test_a_language_that_nobody_reads_changes_nothing(said: Any) -> None:
    with pytest.raises(RuntimeError, match="klingon"):
        bpy.ops.emotalk.tell_text(text="Ah", language="klingon")

    assert said.controls.text == ""


def telling(screen: Screen, text: str) -> Any:
    """*Text...* by hand in that window, at work. Blender makes operators itself, so this is its
    methods.
    """
    parts = (
        EmoTalkOperator, BackgroundOperator, OfLips, texts._OfText, texts.EMOTALK_OT_tell_text
    )  # fmt: skip
    methods: dict[str, Any] = {"said": [], "text": text, "language": "en-us"}
    for cls in parts:
        methods |= {n: v for n, v in vars(cls).items() if not n.startswith(("__", "bl_", "poll"))}
    methods["report"] = lambda self, _kind, text: self.said.append(text)
    operator = type("Operator", (), methods)()
    assert operator._start(screen) == {"RUNNING_MODAL"}
    return operator


@pytest.mark.usefixtures("espeak")
def test_in_a_window_a_text_is_read_in_the_background(said: Any, screen: Screen) -> None:
    operator = telling(screen, " Ah ")
    assert screen.window_manager.timers

    assert to_its_end(operator, screen) == {"FINISHED"}

    assert operator.said == ["1 word is said"]
    assert (said.controls.text, said.controls.words) == ("Ah", "ɑː")
    assert is_quiet(screen)


def test_esc_while_a_text_is_read_leaves_what_was_told(
    said: Any, screen: Screen, espeak: Path
) -> None:
    bpy.ops.emotalk.tell_text(text="Ah", language="en-us")
    espeak.write_text("#!/bin/sh\nexec sleep 600\n")
    operator = telling(screen, "Oh")
    while operator._job.what == "Starting":
        time.sleep(0.01)

    assert operator.modal(screen, event("TIMER")) == {"PASS_THROUGH"}
    assert screen.layout.status == "EmoTalk: Reading the text (0%)   Esc: Stop"
    operator.modal(screen, event("ESC"))

    assert to_its_end(operator, screen) == {"CANCELLED"}
    assert said.controls.text == "Ah"
    assert is_quiet(screen)


@pytest.mark.usefixtures("espeak")
def test_a_take_that_goes_while_its_text_is_read_is_told(said: Any, screen: Screen) -> None:
    operator = telling(screen, "Ah")
    bpy.context.scene.emotalk.takes.clear()

    assert to_its_end(operator, screen) == {"CANCELLED"}

    assert "The take was removed meanwhile" in operator.said[0]
    assert is_quiet(screen)


@pytest.mark.usefixtures("espeak")
def test_all_as_heard_forgets_the_text_too(said: Any) -> None:
    bpy.ops.emotalk.tell_text(text="Ah", language="en-us")

    bpy.ops.emotalk.hear_all_lips()

    assert (said.controls.text, said.controls.words) == ("", "")
    assert not live.is_stale(said)


def test_what_flags_tell_leaves_keyed_sliders_to_their_keys(said: Any, tmp_path: Path) -> None:
    for frame, weight in ((10, 0.2), (80, 0.9)):
        said.controls.happy = weight
        said.controls.keyframe_insert("happy", frame=frame)
    table = tmp_path / "said.csv"
    table.write_text("start_s,end_s,phone\n1.4,1.55,m\n")
    words = "animate", "--sound", said.filepath, "--start", FIRST, "--target", "Head"

    assert run(*words, "--phones", table, "-o", tmp_path / "out.blend") == 0

    assert len(bpy.context.scene.emotalk.takes) == 1
    assert [len(curve.keyframe_points) for curve in fcurves(bpy.context.scene).values()] == [2]


def test_phones_that_come_late_are_told_in_the_result(said: Any, tmp_path: Path) -> None:
    table = tmp_path / "heard.csv"
    bpy.ops.emotalk.save_phones(filepath=str(table))
    bpy.ops.emotalk.load_phones(filepath=str(table))
    bpy.ops.emotalk.refresh()
    assert "late" not in said.warnings

    head, *rows = table.read_text(encoding="utf-8").splitlines()
    cells = (row.split(",") for row in rows)
    later = [f"{float(a) + 0.2},{float(b) + 0.2},{phone}" for a, b, phone in cells]
    table.write_text("\n".join([head, *later]), encoding="utf-8")
    bpy.ops.emotalk.load_phones(filepath=str(table))
    bpy.ops.emotalk.refresh()

    assert "Phones are told about 0.2 s late" in said.warnings


@pytest.fixture
def lines(espeak: Path, said: Any, tmp_path: Path) -> Path:
    """A folder with the same babble three times: with its text, with another, with none. The file
    that is open is saved, and has no take.
    """
    table, folder = tmp_path / "heard.csv", tmp_path / "lines"
    bpy.ops.emotalk.save_phones(filepath=str(table))
    heard = [line.split(",")[2] for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    read = "_".join(symbol for symbol in heard if symbol != "_")
    espeak.write_text(espeak.read_text().replace("cat >", f"grep -q Told && echo {read} || cat >"))
    folder.mkdir()
    for name in ("a", "b", "c"):
        shutil.copy(said.filepath, folder / f"{name}.wav")
    (folder / "a.lab").write_text("Told")
    (folder / "b.txt").write_text("Ah")
    bpy.ops.emotalk.clear()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "base.blend"))
    return folder


def made_of(lines: Path, *flags: str) -> dict[str, Any]:
    """The entries of a batch's report."""
    out = lines.parent / "out"
    bpy.ops.wm.open_mainfile(filepath=str(lines.parent / "base.blend"))
    assert run("batch", lines, "--character", "Head", "-o", out, *TEXTS, *flags) == 0
    entries = json.loads((out / "batch_report.json").read_text())
    return {Path(entry["audio"]).stem: entry for entry in entries}


def test_a_batch_takes_texts_beside_and_leaves_out_a_wrong_one(lines: Path) -> None:
    made = made_of(lines)

    warnings = {name: entry["report"]["warnings"] for name, entry in made.items()}
    assert [name for name in warnings if warnings[name]] == ["b"]
    assert "Heard without b.txt: The text is not what is said" in warnings["b"][0]
    texts = {}
    for name in made:
        bpy.ops.wm.open_mainfile(filepath=str(lines.parent / "out" / f"{name}.blend"))
        (take,) = bpy.context.scene.emotalk.takes
        texts[name] = take.controls.text
    assert texts == {"a": "Told", "b": "", "c": ""}


def test_a_stretch_that_its_text_does_not_fit_is_told_by_its_frames(
    lines: Path, head: Any, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(Fit, "unlike", lambda _: ((1.0, 3.0),))
    sound = "--sound", lines / "a.wav", "--start", FIRST, "--target", "Head"
    told = "--text", "Told", *LANGUAGE

    assert run("animate", *sound, *told, "-o", lines.parent / "out.blend") == 0

    line = "The text is not what is said from frame 29 to frame 77: mend its words there."
    assert f"emotalk: {line}" in capfd.readouterr().err
    assert line in takes.active_take(bpy.context.scene).warnings


def test_a_resumed_batch_makes_anew_what_has_another_text(lines: Path) -> None:
    made_of(lines)
    out = lines.parent / "out"
    stamps = {path: path.stat().st_mtime_ns for path in out.glob("*.blend")}

    (lines / "b.txt").write_text("Told")
    assert not made_of(lines, "--resume")["b"]["report"]["warnings"]

    changed = {path.stem for path in stamps if path.stat().st_mtime_ns != stamps[path]}
    assert changed == {"b"}


def test_without_espeak_ng_a_batch_ends_before_the_first_shot(
    lines: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setenv("PATH", "")
    out = lines.parent / "out"

    assert run("batch", lines, "--character", "Head", "-o", out, *TEXTS, "--language", "hi") == 2

    assert capfd.readouterr().err.count("Install it") == 1
    assert not out.exists()


@pytest.fixture
def dialogue(lines: Path) -> Path:
    """The file with these three as strips of a dialogue, which Head speaks; saved."""
    bpy.ops.wm.open_mainfile(filepath=str(lines.parent / "base.blend"))
    for number, name in enumerate("abc"):
        add_strip(lines / f"{name}.wav", 1 + 200 * number)
    return save(lines.parent / "dialogue.blend")


def made_of_cast(dialogue: Path, *flags: object) -> dict[str, Any]:
    """What the report says of each strip; the file is open."""
    report = dialogue.with_name("report.json")
    assert run("cast", "--role", "Head=a,b,c", "--report", report, *flags) == 0
    bpy.ops.wm.open_mainfile(filepath=str(dialogue))
    return {entry["strip"]: entry for entry in json.loads(report.read_text())["takes"]}


def taken(strip: str) -> Any:
    """The take of a strip."""
    return next(take for take in bpy.context.scene.emotalk.takes if take.strip == strip)


@needs_sound
def test_a_cast_takes_texts_beside_and_leaves_out_a_wrong_one(dialogue: Path, capfd: Any) -> None:
    made = made_of_cast(dialogue, *TEXTS)

    warnings = {name: entry["warnings"] for name, entry in made.items()}
    assert [name for name in warnings if warnings[name]] == ["b"]
    assert "Heard without b.txt: The text is not what is said" in warnings["b"][0]
    assert f"emotalk: b: {warnings['b'][0]}" in capfd.readouterr().err
    assert {name: taken(name).controls.text for name in "abc"} == {"a": "Told", "b": "", "c": ""}
    assert not any(live.is_stale(taken(name)) for name in "abc")


@needs_sound
def test_a_text_that_was_mended_counts_for_the_cast_made_again(dialogue: Path, lines: Path) -> None:
    made_of_cast(dialogue, *TEXTS)
    (lines / "b.txt").write_text("Told")

    assert not made_of_cast(dialogue, *TEXTS)["b"]["warnings"]

    assert taken("b").controls.text == "Told"


@needs_sound
def test_a_cast_takes_phones_and_feelings_beside_and_lets_lips_by_hand_be(
    dialogue: Path, lines: Path
) -> None:
    (lines / "c.phones.csv").write_text("start_s,end_s,phone\n1.40000049,1.55,m\n")
    made_of_cast(dialogue)
    (lines / "c.feelings.csv").write_text("start_s,end_s,happy\n1,2,0.8\n")
    assert not any("left out" in one for one in made_of_cast(dialogue)["c"]["warnings"])
    take = taken("c")
    bpy.context.scene.frame_set(401 + 36)
    assert [phone.symbol for phone in phones.all_of(take.controls)] == ["m"]
    assert take.controls.happy == pytest.approx(0.8)
    assert not live.is_stale(take)

    phones.put(take.controls, [Phone(0.5, 0.6, "f")])
    take.controls.happy = 0.3
    take.controls.keyframe_insert("happy", frame=401 + 36)
    bpy.ops.wm.save_mainfile()
    told = made_of_cast(dialogue)["c"]["warnings"]

    assert [phone.symbol for phone in phones.all_of(taken("c").controls)] == ["f"]
    assert any("c.phones.csv and c.feelings.csv left out: the take keeps" in one for one in told)
    bpy.context.scene.frame_set(401 + 36)
    assert taken("c").controls.happy == pytest.approx(0.3)


@needs_sound
@pytest.mark.skipif(bpy.app.version < (5, 1), reason="retiming_keys.add crashes older wheels")
def test_tables_beside_are_none_of_a_strip_at_another_speed(lines: Path) -> None:
    (lines / "c.phones.csv").write_text("start_s,end_s,phone\n1.4,1.55,m\n")
    strip = add_strip(lines / "c.wav", 401)  # Blender crashes where the file was opened before
    for frame in (401, 401 + 96):
        strip.retiming_keys.add(timeline_frame=frame)
    strip.retiming_keys[-1].timeline_frame = 401 + 144
    dialogue = lines.parent / "dialogue.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(dialogue))

    (warning,) = made_of_cast(dialogue)["c"]["warnings"]

    assert "c.phones.csv left out: the strip plays the sound at another speed" in warning
    assert not taken("c").controls.phones


@needs_sound
def test_feelings_beside_are_in_seconds_of_the_file_where_its_strip_is_trimmed(
    dialogue: Path, lines: Path
) -> None:
    (lines / "c.feelings.csv").write_text("start_s,end_s,happy\n2,3,0.8\n")
    compat.top_strips(bpy.context.scene)["c"].frame_final_start = 401 + 24
    bpy.ops.wm.save_mainfile()

    made_of_cast(dialogue)

    bpy.context.scene.frame_set(401 + 60)
    assert taken("c").controls.happy == pytest.approx(0.8)
    bpy.context.scene.frame_set(401 + 90)
    assert taken("c").controls.happy == pytest.approx(0.0)


@needs_sound
def test_a_cast_with_no_text_or_no_espeak_ng_ends_before_it_is_heard(
    dialogue: Path, lines: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    was = dialogue.read_bytes()
    assert run("cast", "--role", "Head=c", *TEXTS) == 2
    assert "No text beside any of the sounds" in capfd.readouterr().err
    monkeypatch.setenv("PATH", "")

    assert run("cast", "--role", "Head=a,b,c", *TEXTS, "--language", "hi") == 2

    assert capfd.readouterr().err.count("Install it") == 1
    assert dialogue.read_bytes() == was


@needs_sound
def test_a_casts_report_replaces_nothing_that_lies_beside_a_sound(
    dialogue: Path, lines: Path, capfd: Any
) -> None:
    assert run("cast", "--role", "Head=a,b,c", *TEXTS, "--report", lines / "b.txt") == 2

    assert "would overwrite" in capfd.readouterr().err
    assert (lines / "b.txt").read_text() == "Ah"

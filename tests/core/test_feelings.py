"""`emotalk feelings` and tables of feelings on the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.cli.felt_table import COLUMNS
from emotalk_core.cli.tables import tables_beside
from emotalk_core.clip_files import read_clip
from emotalk_core.rows import Form, csv_rows
from tests.core.wav_bytes import wav

HEAD = "start_s,end_s,happy\n"
SMILE = "mouthSmileLeft"

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Two seconds with a pause in them, as 16-bit wav."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 32_000)
    noise[12_800:22_400] *= 1e-4
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(noise))
    return path


def smile(path: Path) -> np.ndarray:
    clip = read_clip(path)
    return clip.values[:, clip.channels.index(SMILE)]


def animate(talk: Path, output: Path, table: str, *flags: str) -> int:
    path = talk.with_name("table.csv")
    path.write_text(table, encoding="utf-8")
    return cli.main(["animate", str(talk), "-o", str(output), "--feelings", str(path), *flags])


def test_the_table_of_a_sound_is_empty_but_for_its_phrases(talk: Path) -> None:
    table, plain, felt = (talk.with_name(n) for n in ("t.csv", "plain.npz", "felt.npz"))

    assert cli.main(["feelings", str(talk), "-o", str(table)]) == 0

    rows = csv_rows(table.read_text(), Form("table", COLUMNS, ""))
    assert len(rows) == 2
    assert all(0.0 <= float(row["start_s"]) < float(row["end_s"]) for row in rows)
    assert not any(row[name] for row in rows for name in COLUMNS[3:])
    cli.main(["animate", str(talk), "-o", str(plain)])
    cli.main(["animate", str(talk), "-o", str(felt), "--feelings", str(table)])
    assert np.array_equal(read_clip(plain).values, read_clip(felt).values)


def test_a_table_that_was_filled_in_is_not_written_over(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = talk.with_name("mine.csv")
    asked = ["feelings", str(talk), "-o", str(table)]
    assert cli.main(asked) == 0
    assert cli.main(asked) == 0  # an empty one is made anew
    filled = table.read_text().replace(",,", ",0.5,", 1)
    table.write_text(filled)
    capsys.readouterr()

    assert cli.main(asked) == 2

    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "has been filled in" in told
    assert table.read_text() == filled


def test_a_feeling_moves_its_phrase_alone(talk: Path) -> None:
    plain, felt = talk.with_name("plain.npz"), talk.with_name("felt.npz")
    cli.main(["animate", str(talk), "-o", str(plain)])

    assert animate(talk, felt, HEAD + "0,0.3,1\n") == 0

    away = np.abs(smile(felt) - smile(plain))
    assert away[:9].max() > 0.3
    assert away[22:].max() < 1e-6


def test_curves_say_which_controls_their_table_moved(talk: Path) -> None:
    felt, plain = talk.with_name("felt.npz"), talk.with_name("plain.npz")

    animate(talk, felt, f"{HEAD}0.1,0.6,1\n")
    cli.main(["animate", str(talk), "-o", str(plain)])

    assert read_clip(felt).meta["keyed"] == ["happy", "mix"]
    assert "keyed" not in read_clip(plain).meta


def test_outside_of_the_phrases_the_flags_hold(talk: Path) -> None:
    flags, felt = talk.with_name("flags.npz"), talk.with_name("felt.npz")
    cli.main(["animate", str(talk), "-o", str(flags), "--emotion", "happy=0.5"])

    animate(talk, felt, "start_s,end_s,sad\n0,0.3,1\n", "--emotion", "happy=0.5")

    assert smile(felt)[:9].max() < smile(flags)[:9].max()
    assert np.array_equal(smile(felt)[22:], smile(flags)[22:])


def test_a_spreadsheet_may_write_semicolons_and_commas(talk: Path) -> None:
    one, other = talk.with_name("one.npz"), talk.with_name("other.npz")

    animate(talk, one, "start_s;end_s;happy\n0;0,3;0,5\n")
    animate(talk, other, HEAD + "0,0.3,0.5\n")

    assert np.array_equal(read_clip(one).values, read_clip(other).values)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("start_s,happy\n0,1\n", "No column `end_s`"),
        ("start_s,end_s,joy\n0,1,1\n", "No such column: 'joy'"),
        (HEAD + "0,1,lots\n", "Not a number for happy: 'lots'"),
        (HEAD + "0,nan,1\n", "Not a number for end_s: 'nan'"),
        (HEAD + "0,,1\n", "A phrase without its times: 'row 1'"),
        (HEAD + "0,1,3\n", "Emotion weight out of range"),
        ("start_s,end_s,intensity\n0,1,9\n", "Intensity out of range: 9"),
        (HEAD + "1,0,1\n", "A phrase ends after it starts"),
        (HEAD + "0,1,1\n0.5,2,1\n", "Two phrases overlap"),
    ],
)
def test_a_wrong_table_is_told_in_one_line(
    talk: Path, capsys: pytest.CaptureFixture[str], table: str, said: str
) -> None:
    output = talk.with_name("out.csv")

    assert animate(talk, output, table) == 2

    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not output.exists()


def test_a_table_is_for_one_sound(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = talk.with_name("table.csv")
    table.write_text(HEAD)
    other = talk.with_name("other.wav")
    other.write_bytes(talk.read_bytes())
    output = talk.with_name("out")

    code = cli.main(["animate", str(talk), str(other), "-o", str(output), "--feelings", str(table)])

    assert code == 2
    assert "for one sound" in capsys.readouterr().err


def test_curves_never_take_the_place_of_the_table(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = talk.with_name("table.csv")

    assert animate(talk, table, HEAD) == 2

    assert table.read_text() == HEAD
    assert "overwrite" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["animate", "batch"])
def test_curves_never_take_the_place_of_a_preset(
    talk: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    folder, out = talk.parent / "in", talk.parent / "out"
    for place in (folder, out):
        place.mkdir()
    (folder / "mine.wav").write_bytes(talk.read_bytes())
    preset = out / "mine.json"
    preset.write_text('{"emotalk_preset": 1, "controls": {"mix": 1.0}}')
    before = preset.read_bytes()
    asked = [folder / "mine.wav", "-o", preset] if command == "animate" else [folder, "-o", out]

    code = cli.main([command, *map(str, asked), "--format", "json", "--preset", str(preset)])

    assert code == 2
    assert "overwrite" in capsys.readouterr().err
    assert preset.read_bytes() == before


def test_a_batch_finds_the_table_beside_its_sound_and_sees_it_change(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = talk.parent / "in", talk.parent / "out"
    folder.mkdir()
    (folder / "one.wav").write_bytes(talk.read_bytes())
    table = folder / "one.feelings.csv"
    table.write_text(HEAD + "0,0.3,1\n")
    batch = ["batch", str(folder), "-o", str(output), "--format", "npz", "--resume"]
    animate(talk, talk.with_name("alone.npz"), HEAD + "0,0.3,1\n")
    assert cli.main(batch) == 0
    assert np.array_equal(smile(output / "one.npz"), smile(talk.with_name("alone.npz")))
    capsys.readouterr()

    cli.main(batch)
    assert "one.npz" not in capsys.readouterr().out
    table.write_text(HEAD + "0,0.3,0.25\n")
    os.utime(table, ns=(1, 1))
    cli.main(batch)

    assert "one.npz" in capsys.readouterr().out
    assert smile(output / "one.npz")[:9].max() < smile(talk.with_name("alone.npz"))[:9].max()


def test_a_list_of_jobs_names_tables_relative_to_itself(talk: Path, tmp_path: Path) -> None:
    folder = talk.parent / "in"
    folder.mkdir()
    (folder / "one.wav").write_bytes(talk.read_bytes())
    (folder / "felt.csv").write_text(HEAD + "0,0.3,1\n")
    jobs = folder / "jobs.json"
    jobs.write_text(json.dumps([{"audio": "one.wav", "feelings": "felt.csv"}]))

    assert cli.main(["batch", str(jobs), "-o", str(tmp_path / "o"), "--format", "npz"]) == 0

    assert smile(tmp_path / "o" / "one.npz")[:9].max() > 0.3


def test_a_sound_whose_table_would_have_too_long_a_name_has_none(talk: Path) -> None:
    long = talk.with_name("a" * 245 + ".wav")

    assert tables_beside(long) == {}

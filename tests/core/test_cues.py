"""Drawn mouths: which one is shown when, and the files of Rhubarb and Moho."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit, cli
from emotalk_core.clip import Clip
from emotalk_core.clip_files import read_clip, write_clip
from emotalk_core.clip_files.cues import MOUTHS, cue_frames, mouth_cues
from emotalk_core.errors import InputError
from emotalk_core.rigs.tables import read_table
from emotalk_core.rigs.visemes import VISEMES, viseme_weights


def mouth_of(viseme: str, share: float = 1.0) -> np.ndarray:
    """float32 (52,): the mouth of a viseme as the table has it."""
    face = np.zeros(arkit.N_CHANNELS, np.float32)
    for stem, value in read_table("viseme_mouths")["mix"].get(viseme, {}).items():
        names = [stem] if stem in arkit.CHANNELS else [f"{stem}Left", f"{stem}Right"]
        face[[arkit.index(name) for name in names]] = share * value
    return face


def said(*parts: tuple[str, int]) -> np.ndarray:
    """float32 (T, 52): visemes, each for some frames."""
    return np.concatenate([np.tile(mouth_of(viseme), (n, 1)) for viseme, n in parts])


def letters(faces: np.ndarray) -> str:
    """What is shown, one letter a frame."""
    return "".join(cue.mouth * (cue.end - cue.first) for cue in mouth_cues(faces))


@pytest.mark.parametrize(
    ("viseme", "letter"),
    [
        ("sil", "X"), ("PP", "A"), ("DD", "B"), ("SS", "B"), ("ih", "B"), ("E", "C"), ("aa", "D"),
        ("oh", "E"), ("ou", "F"), ("FF", "G"),
    ],
)  # fmt: skip
def test_each_viseme_has_its_mouth(viseme: str, letter: str) -> None:
    assert letters(said((viseme, 5))) == letter * 5


def test_lips_that_meet_for_two_frames_are_shown() -> None:
    assert letters(said(("aa", 6), ("PP", 2), ("aa", 6))) == "DDDDDDAADDDDDD"


def test_a_hint_of_another_mouth_does_not_flicker() -> None:
    faces = said(("E", 12))
    faces[6] = 0.5 * (mouth_of("E") + mouth_of("DD"))

    assert letters(faces) == "C" * 12


def test_a_feeling_changes_no_mouth() -> None:
    faces = said(("sil", 6), ("PP", 4), ("aa", 6))
    was = letters(faces)
    for name in ("mouthSmileLeft", "mouthSmileRight", "browInnerUp", "mouthFrownLeft"):
        faces[:, arkit.index(name)] += 0.5

    assert letters(faces) == was


def test_every_frame_belongs_to_one_cue() -> None:
    cues = mouth_cues(np.random.default_rng(3).random((200, 52), np.float32))

    assert cues[0].first == 0
    assert cues[-1].end == 200
    assert all(one.end == other.first for one, other in pairwise(cues))
    assert all(one.mouth != other.mouth for one, other in pairwise(cues))


def test_a_long_speech_has_the_mouths_of_its_parts() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(0.0, 0.05, (3000, 52)), 0)
    part = (0.25 * np.sin(walk) + 0.25).astype(np.float32)

    told = letters(np.tile(part, (20, 1)))

    assert told[-2900:] == letters(part)[-2900:]


def clip(fps: Fraction, start_s: float = 0.0) -> Clip:
    """Rest, lips shut, wide open."""
    faces = said(("sil", 6), ("PP", 6), ("aa", 12))
    return Clip(faces, arkit.CHANNELS, fps, start_s, {})


def test_tsv_is_rhubarbs(tmp_path: Path) -> None:
    write_clip(clip(Fraction(24)), tmp_path / "talk.tsv")

    assert (tmp_path / "talk.tsv").read_text() == "0.00\tX\n0.25\tA\n0.50\tD\n1.00\tX\n"


def test_dat_is_mohos(tmp_path: Path) -> None:
    write_clip(clip(Fraction(24), start_s=1.0), tmp_path / "talk.dat")

    told = (tmp_path / "talk.dat").read_text().splitlines()
    assert told == ["MohoSwitch1", "25 rest", "31 MBP", "37 AI", "49 rest"]


def test_cues_need_all_channels(tmp_path: Path) -> None:
    half = Clip(np.zeros((3, 2), np.float32), ("jawOpen", "mouthClose"), Fraction(30), 0.0, {})

    with pytest.raises(InputError, match="Mouth cues need all 52 channels"):
        write_clip(half, tmp_path / "talk.tsv")
    assert not list(tmp_path.iterdir())


def test_cues_are_no_clip(tmp_path: Path) -> None:
    write_clip(clip(Fraction(24)), tmp_path / "talk.tsv")

    with pytest.raises(InputError, match=r"Not a clip format: 'talk.tsv'. Use .npz, .csv, .json"):
        read_clip(tmp_path / "talk.tsv")


@pytest.mark.usefixtures("engine")
def test_the_command_line_writes_cues_of_a_sound(talk: Path) -> None:
    out = talk.parent / "out"

    assert cli.main(["batch", str(talk.parent), "-o", str(out), "--format", "tsv"]) == 0
    assert cli.main(["animate", str(talk), "-o", str(out / "talk.dat"), "--fps", "24"]) == 0

    *_, last = (out / "talk.tsv").read_text().splitlines()
    assert last == "0.50\tX"
    assert (out / "talk.dat").read_text().splitlines()[-1] == "13 rest"


@pytest.mark.usefixtures("engine")
def test_the_command_line_writes_the_15_visemes(talk: Path) -> None:
    faces, visemes = talk.with_name("faces.npz"), talk.with_name("visemes.npz")
    cli.main(["animate", str(talk), "-o", str(faces)])

    assert cli.main(["animate", str(talk), "-o", str(visemes), "--visemes"]) == 0

    told = read_clip(visemes)
    assert told.channels == VISEMES
    expected = viseme_weights(read_clip(faces).values[:, : arkit.N_CHANNELS])
    np.testing.assert_array_equal(told.values, expected)


@pytest.mark.usefixtures("engine")
def test_live_link_has_no_visemes(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["animate", str(talk), "-o", str(talk.with_suffix(".csv")), "--visemes"]) == 2

    assert "no column for a channel: 'sil'. Write npz or json." in capsys.readouterr().err


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("command", ["batch", "animate"])
def test_many_files_without_room_for_visemes_are_refused_at_once(
    talk: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    out = talk.parent / "out"
    sounds = talk.parent if command == "batch" else talk

    assert cli.main([command, str(sounds), "-o", f"{out}/", "--visemes"]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert "Visemes go into npz or json" in line
    assert not out.exists()


@pytest.mark.usefixtures("engine")
def test_a_batch_of_visemes_is_none_of_faces(talk: Path) -> None:
    out = talk.parent / "out"
    asked = ["batch", str(talk.parent), "-o", str(out), "--format", "json", "--resume"]
    cli.main(asked)

    cli.main([*asked, "--visemes"])

    assert read_clip(out / "talk.json").channels == VISEMES


def test_mouths_are_shown_from_the_scenes_frames_on() -> None:
    faces = said(("sil", 10), ("aa", 6), ("PP", 3), ("ou", 11))

    assert cue_frames(faces, 5.0, 24 / 30) == [(5, "X"), (13, "D"), (18, "A"), (20, "F"), (29, "X")]


def test_lips_that_meet_are_seen_however_few_frames_the_scene_has() -> None:
    faces = said(("aa", 6), ("PP", 2), ("aa", 6))

    shown = cue_frames(faces, 0.0, 6 / 30)

    assert "A" in [mouth for _frame, mouth in shown]
    assert all(one < other for (one, _), (other, _) in pairwise(shown))


def test_no_mouth_flickers_but_lips_that_meet() -> None:
    rng = np.random.default_rng(0)
    visemes = rng.choice(VISEMES, 200)
    faces = said(
        *((viseme, int(n)) for viseme, n in zip(visemes, rng.integers(1, 5, 200), strict=True))
    )

    shown = cue_frames(faces, 1.0, 24 / 30)

    short = {mouth for (one, mouth), (other, _) in pairwise(shown) if other - one < 2}
    assert short <= {"A", "G"}
    assert len(shown) > 50


def test_all_letters_are_those_of_the_visemes() -> None:
    assert MOUTHS == "ABCDEFGX"

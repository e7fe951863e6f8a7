"""The gallery: which recordings, which scores, which page; without the long rendering."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av", reason="the films are written with PyAV")
Image = pytest.importorskip("PIL.Image", reason="the sheets are drawn with Pillow")

gallery = importlib.import_module("emotalk.addon.demo.film.gallery")
recordings = importlib.import_module("emotalk.addon.demo.film.recordings")
scores = importlib.import_module("emotalk.addon.demo.film.scores")
sheets = importlib.import_module("emotalk.addon.demo.film.sheets")
arkit = importlib.import_module("emotalk.emotalk_core.arkit")
errors = importlib.import_module("emotalk.emotalk_core.errors")

from tests.addon.scenes import babble, write_wav  # noqa: E402 - needs the package

LOUD_DB, QUIET_DB = 0.0, -80.0
ROOT = Path(__file__).resolve().parents[2]


class _StillLife:
    """A stage that renders nothing and counts how often it was asked."""

    def __init__(self) -> None:
        self.n_portraits = 0

    def pose(self, clip: object, row: int) -> None:
        assert 0 <= row < len(clip.values)  # type: ignore[attr-defined]

    def portrait(self, frame: int | None) -> object:
        assert frame is None
        self.n_portraits += 1
        return Image.new("RGB", (32, 32), (200, 30, 30))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> _StillLife:
    """Stands where the scene would be built."""
    still_life = _StillLife()
    monkeypatch.setattr(gallery.Stage, "built", lambda **_settings: still_life)
    return still_life


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings, one with phones, and a list that turns their order around."""
    place = tmp_path / "voices"
    place.mkdir()
    for name in ("ada", "ben"):
        write_wav(place / f"{name}.wav", babble(1.0))
    (place / "ada.phones.csv").write_text("start_s,end_s,phone\n0.0,0.2,SIL\n0.2,0.4,AA1\n")
    (place / "gallery.csv").write_text("file,title\nben.wav,Ben & <Sons>\nada.wav,\n")
    return place


def curves(n_frames: int = 90) -> np.ndarray:
    """The jaw swings twice a second and shuts at each swing's end."""
    values = np.zeros((n_frames, 52), np.float32)
    values[:, arkit.index("jawOpen")] = 0.3 - 0.3 * np.cos(np.arange(n_frames) * 2 * np.pi / 15)
    return values


def value_of(found: list[object], name: str) -> float:
    return next(one.value for one in found if one.name == name)  # type: ignore[attr-defined]


def test_recordings_come_in_the_order_of_the_list_with_title_and_phones(folder: Path) -> None:
    found = recordings.find_recordings([folder])

    assert [one.name for one in found] == ["ben", "ada"]
    assert [one.title for one in found] == ["Ben & <Sons>", "ada"]
    assert [len(one.phones) for one in found] == [0, 2]


def test_the_recordings_beside_the_manual_are_shown() -> None:
    beside = {path.stem for path in (ROOT / "docs" / "recordings").glob("*.flac")}

    shown = {one.name for one in recordings.find_recordings(gallery._plan([]).folders)}

    assert len(beside) > 10
    assert beside < shown


def test_an_unknown_name_lists_those_there_are(folder: Path) -> None:
    with pytest.raises(errors.InputError, match=r"carl.*ben, ada"):
        recordings.find_recordings([folder], ["carl"])


def test_a_folder_without_sound_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(errors.InputError, match=r"No sound file.*\.wav"):
        recordings.find_recordings([tmp_path])


def test_phones_that_are_no_numbers_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.phones.csv").write_text("start_s,end_s,phone\nzero,1,P\n")

    with pytest.raises(errors.InputError, match=r"a\.phones\.csv.*start_s, end_s, phone"):
        recordings.read_phones(tmp_path / "a.phones.csv")


def test_closures_count_as_shut_only_where_the_lips_meet() -> None:
    level = np.full(90, LOUD_DB, np.float32)
    shut, open_ = (0.48, 0.52, "B"), (1.23, 1.27, "m")  # frame 15 is shut, 37 wide open

    found = scores.score(curves(), level, [shut, open_])

    assert value_of(found, "p b m that shut") == 0.5


def test_a_face_that_never_moves_above_the_mouth_scores_zero() -> None:
    level = np.full(90, LOUD_DB, np.float32)
    lively = curves()
    lively[30:60, arkit.index("browInnerUp")] = 0.5

    assert value_of(scores.score(curves(), level, []), "upper face moves") == 0.0
    assert value_of(scores.score(lively, level, []), "upper face moves") > 0.3


def test_a_mouth_open_in_silence_and_a_jump_are_counted() -> None:
    level = np.where(np.arange(600) < 300, LOUD_DB, QUIET_DB).astype(np.float32)
    agape, jumping = np.zeros((600, 52), np.float32), np.zeros((600, 52), np.float32)
    agape[:, arkit.index("jawOpen")] = 0.2
    jumping[100:106:2, arkit.index("jawOpen")] = 0.3

    assert value_of(scores.score(agape, level, []), "lip gap in silence") > 4.0
    assert value_of(scores.score(agape, level, []), "twitches") == 0.0
    assert value_of(scores.score(jumping, level, []), "twitches") > 0.0


def test_a_jaw_driven_by_loudness_alone_is_told_from_one_that_is_not() -> None:
    level = (10.0 * np.sin(np.arange(90) * 2 * np.pi / 15)).astype(np.float32)
    flapping = np.zeros((90, 52), np.float32)
    flapping[:, arkit.index("jawOpen")] = 0.3 + 0.02 * level

    assert value_of(scores.score(flapping, level, []), "jaw follows loudness") > 0.99
    assert abs(value_of(scores.score(curves(), level, []), "jaw follows loudness")) < 0.3


def test_phones_are_spelled_in_letters_that_a_plain_font_has() -> None:
    assert [scores.spelled(phone) for phone in ("AA1", "oː", "ʃ", "pʰ", "ˈɪ")] == [
        "aa", "o", "sh", "p", "i"
    ]  # fmt: skip


def test_stills_stand_in_the_middle_of_phones_that_a_viewer_judges_by() -> None:
    phones = ((0.0, 0.2, "SIL"), (0.2, 0.4, "B"), (0.4, 0.6, "N"), (0.6, 0.8, "F"))
    take = sheets.Take(
        np.zeros(48_000, np.float32), curves(), np.zeros((90, 8), np.float32), phones=phones
    )

    assert sheets.phone_moments(take, 12) == [3, 9, 21]


def test_a_sheet_with_few_phones_is_filled_with_what_else_the_mouth_does() -> None:
    take = sheets.Take(
        np.zeros(48_000, np.float32), curves(), np.zeros((90, 8), np.float32),
        phones=((0.2, 0.4, "B"),),
    )  # fmt: skip

    rows = sheets.moments_to_show(take, 6)

    assert len(rows) == 6
    assert 9 in rows
    assert rows == sorted(set(rows))


def test_a_sheet_shows_the_end_of_a_long_recording_too() -> None:
    take = sheets.Take(
        np.zeros(480_000, np.float32), curves(900), np.zeros((900, 8), np.float32),
        phones=((0.2, 0.4, "B"), (0.6, 0.8, "F"), (1.0, 1.2, "AA"), (1.4, 1.6, "S")),
    )  # fmt: skip

    rows = sheets.moments_to_show(take, 8)

    assert len(rows) == 8
    assert rows[:4] == [9, 21, 33, 45]
    assert rows[-1] > 900 * 3 / 4


def test_a_second_run_makes_only_what_has_changed(
    stage: _StillLife, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["--out", str(out), "--recordings", str(folder), "--no-film"]
    arguments += ["--only", "ada", "--only", "ben"]

    assert gallery.main(arguments) == 0
    first = stage.n_portraits
    assert gallery.main(arguments) == 0
    again = stage.n_portraits
    write_wav(folder / "ben.wav", 0.5 * babble(1.2))
    assert gallery.main(arguments) == 0

    assert first > 0
    assert again == first
    assert first < stage.n_portraits < 2 * first
    assert {path.name for path in out.iterdir()} == {
        "ada.jpg", "ada.json", "ben.jpg", "ben.json", "index.html"
    }  # fmt: skip


def test_the_page_escapes_what_others_wrote_and_keeps_their_order(
    stage: _StillLife, folder: Path, tmp_path: Path
) -> None:
    gallery.main(["--out", str(tmp_path / "out"), "--recordings", str(folder), "--no-film",
                  "--only", "ben", "--only", "ada"])  # fmt: skip

    html = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")

    assert "Ben &amp; &lt;Sons&gt;" in html
    assert "<Sons>" not in html
    assert html.index("Ben &amp;") < html.index("<h2>ada</h2>")
    assert "http" not in html
    assert "2 recordings" in html


def test_bad_sizes_and_missing_folders_are_one_line_and_write_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "out")]

    codes = [gallery.main([*out, "--side", "7"]), gallery.main([*out, "--recordings", "nowhere"])]

    said = capfd.readouterr().err.strip().splitlines()
    assert codes == [2, 2]
    assert len(said) == 2
    assert "7 pixels" in said[0]
    assert "nowhere" in said[1]
    assert not (tmp_path / "out").exists()


def test_a_damaged_entry_is_made_anew(stage: _StillLife, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["--out", str(out), "--recordings", str(folder), "--no-film", "--only", "ada"]
    gallery.main(arguments)
    (out / "ada.json").write_text("{")

    assert gallery.main(arguments) == 0

    assert json.loads((out / "ada.json").read_text(encoding="utf-8"))["title"] == "ada"


def test_a_bad_file_is_named_and_the_others_are_made(
    stage: _StillLife, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.wav").write_text("no sound")
    (folder / "ada.phones.csv").write_text("start_s,end_s,phone\nzero,1,P\n")
    arguments = ["--out", str(tmp_path / "out"), "--recordings", str(folder), "--no-film"]

    code = gallery.main([*arguments, *(f"--only={name}" for name in ("ada", "ben", "broken"))])

    said = capfd.readouterr().out
    assert code == 3
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "ben.jpg", "ben.json", "index.html"
    }  # fmt: skip
    assert said.count("broken.wav failed: ") == said.count("ada.wav failed: ") == 1
    assert said.splitlines()[-1].endswith("1 of 3; failed: ada.wav, broken.wav")

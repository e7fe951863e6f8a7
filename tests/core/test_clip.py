"""Clips and their files."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotalk_core import arkit
from emotalk_core.clip import Clip, clips_equal
from emotalk_core.clip_files import ClipWriter, read_clip, write_clip
from emotalk_core.clip_files.live_link import COLUMNS, HEADER, csv_rows
from emotalk_core.errors import EmoTalkError, InputError, SetupError
from tests.strategies import USUAL_RATES, clips

# The first line of a recording of Apple's Live Link Face, from columns 3 to 8 and the swapped ones.
PHONE_STARTS = "Timecode,BlendshapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft"
PHONE_ENDS = "TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw"
PHONE_SWAPS = ("JawForward,JawRight,JawLeft,JawOpen", "MouthPucker,MouthRight,MouthLeft,MouthSmile")


def a_clip(n_frames: int = 90, fps: Fraction = Fraction(30)) -> Clip:
    values = np.random.default_rng(3).random((n_frames, 52), np.float32)
    return Clip(values, arkit.CHANNELS, fps)


@settings(max_examples=25)
@given(clip=clips(), suffix=st.sampled_from(["npz", "json"]))
def test_a_clip_survives_npz_and_json_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, clip: Clip, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("clip") / f"take.{suffix}"

    write_clip(clip, path)

    again = read_clip(path)
    assert clips_equal(again, clip)
    assert again.meta == clip.meta


@settings(max_examples=25)
@given(clip=clips(min_frames=62, starts=False))
def test_a_clip_of_over_a_second_survives_live_link_to_its_digits(
    tmp_path_factory: pytest.TempPathFactory, clip: Clip
) -> None:
    path = tmp_path_factory.mktemp("clip") / "take.csv"

    write_clip(clip, path)

    assert clips_equal(read_clip(path), clip, tolerance=1e-9)


@pytest.mark.parametrize("fps", USUAL_RATES)
def test_live_link_timecodes_tell_every_rate_apart_after_three_hours(
    tmp_path: Path, fps: Fraction
) -> None:
    path = tmp_path / "late.csv"
    values = np.zeros((200, 52), np.float32)

    write_clip(Clip(values, arkit.CHANNELS, fps, start_s=3 * 3600.0), path)

    assert read_clip(path).fps == fps


def test_csv_round_trip_keeps_rate_of_23_976(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"

    write_clip(a_clip(60, Fraction(24000, 1001)), path)

    assert read_clip(path).fps == Fraction(24000, 1001)


def test_the_header_is_the_phones() -> None:
    assert HEADER.startswith(PHONE_STARTS)
    assert f",{PHONE_ENDS}," in HEADER
    assert all(part in HEADER for part in PHONE_SWAPS)
    assert len(HEADER.split(",")) == 63


def test_values_go_to_the_columns_of_their_names(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    values = np.zeros((2, 52), np.float32)
    values[:, arkit.index("jawLeft")] = 0.25

    write_clip(Clip(values, arkit.CHANNELS, Fraction(30)), path)

    header, row, _ = (line.split(",") for line in path.read_text().splitlines())
    assert float(row[header.index("JawLeft")]) == 0.25
    assert sum(map(float, row[2:])) == 0.25
    assert row[1] == "61"


@pytest.mark.parametrize(
    ("frame", "fps", "code"),
    [
        (0, Fraction(30), "00:00:00:00.000"),
        (59, Fraction(60), "00:00:00:59.000"),
        (60, Fraction(60), "00:00:01:00.000"),
        (24, Fraction(24000, 1001), "00:00:01:00.024"),
        (719, Fraction(24000, 1001), "00:00:29:23.719"),
        (1798, Fraction(30000, 1001), "00:00:59:29.798"),
        (30 * 3661, Fraction(30), "01:01:01:00.000"),
    ],
)
def test_timecodes_advance_by_true_time(frame: int, fps: Fraction, code: str) -> None:
    (row,) = csv_rows(np.zeros((1, 0)), (), fps, 0.0, frame)

    assert row.startswith(f"{code},")


def test_a_phones_recording_is_read(tmp_path: Path) -> None:
    """Rows as a phone writes them: the time of day, 60 frames a second, ten decimals."""
    path = tmp_path / "phone.csv"
    rows = [
        f"14:58:{2 + (44 + k) // 60:02d}:{(44 + k) % 60:02d}.643,61,"
        + ",".join(["0.1000000015"] * 61)
        for k in range(90)
    ]
    path.write_text("\n".join([HEADER.replace("BlendshapeCount", "BlendShapeCount"), *rows]) + "\n")

    clip = read_clip(path)

    assert clip.fps == 60
    assert clip.start_s == 0.0
    assert clip.channels == arkit.CHANNELS + COLUMNS[52:]
    np.testing.assert_allclose(clip.values, 0.1, atol=1e-6)


def phone_rows(frames: list[int]) -> list[str]:
    """Rows for these frames of a recording at 60 a second from just before midnight on, whose
    values rise by .001 a frame.
    """
    rows = []
    for k in frames:
        second = (86_390 + k // 60) % 86_400
        clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        rows.append(f"{clock}:{k % 60:02d}.643,61," + ",".join([f"{0.001 * k:.10f}"] * 61))
    return rows


def write_csv(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_rows_that_a_phone_left_out_leave_the_others_in_their_time(tmp_path: Path) -> None:
    """It drops rows when it is hot, and all of them while it sees no face."""
    frames = [k for k in range(900) if k % 50 and not 300 < k < 480]

    clip = read_clip(write_csv(tmp_path / "hot.csv", phone_rows(frames)))

    assert clip.fps == 60
    np.testing.assert_allclose(clip.values[:, 0], 0.001 * np.arange(1, 900), atol=1e-6)


def test_a_row_that_came_late_leaves_gaps_to_be_filled(tmp_path: Path) -> None:
    """One with the timecode of the row before, another halfway to the next one's."""
    rows = phone_rows([k for k in range(900) if not 300 < k < 480])
    rows[100] = rows[99][:15] + rows[100][15:]
    rows[200] = rows[200][:12] + "999" + rows[200][15:]

    clip = read_clip(write_csv(tmp_path / "late.csv", rows))

    assert clip.fps == 60
    np.testing.assert_allclose(clip.values[:, 0], 0.001 * np.arange(900), atol=1e-6)


def test_a_gap_over_the_end_of_a_second_is_as_long_as_it_was(tmp_path: Path) -> None:
    frames = [k for k in range(150) if not 55 < k < 70]

    clip = read_clip(write_csv(tmp_path / "over.csv", phone_rows(frames)))

    assert clip.fps == 60
    assert clip.n_frames == 150


def test_rows_without_a_face_leave_the_others_in_their_time(tmp_path: Path) -> None:
    rows = phone_rows(list(range(300)))
    empty = [row.partition(",")[0] + ",0," for row in rows]

    clip = read_clip(
        write_csv(tmp_path / "away.csv", [*empty[:30], *rows[30:100], *empty[100:200], *rows[200:]])
    )

    assert clip.fps == 60
    risen = np.maximum(0.001 * np.arange(300), 0.03)
    np.testing.assert_allclose(clip.values[:, 0], risen, atol=1e-6)
    assert clip.meta["timecode"] == "23:59:50:00.643"


def test_a_spreadsheets_semicolons_are_told(tmp_path: Path) -> None:
    path = tmp_path / "german.csv"
    path.write_text(HEADER.replace(",", ";") + "\n" + phone_rows([0])[0].replace(",", ";"))

    with pytest.raises(InputError, match="Semicolons part its cells"):
        read_clip(path)


def test_drop_frame_timecodes_leave_out_numbers_and_no_rows(tmp_path: Path) -> None:
    """At 29.97 frames a second the first two numbers of a minute are left out."""
    codes = [f"10:00:{k // 30:02d};{k % 30:02d}" for k in range(1, 1800)]
    codes += [f"10:01:{k // 30:02d};{k % 30:02d}" for k in range(2, 302)]
    rows = [f"{code},61," + ",".join(["0.5"] * 61) for code in codes]

    assert read_clip(write_csv(tmp_path / "drop.csv", rows)).n_frames == len(rows)


def test_timecodes_in_whole_frames_of_half_the_rate_leave_all_rows(tmp_path: Path) -> None:
    rows = [row.replace(".643", "") for row in phone_rows(list(range(120)))]
    halved = [f"{row[:9]}{int(row[9:11]) // 2:02d}{row[11:]}" for row in rows]

    clip = read_clip(write_csv(tmp_path / "half.csv", halved))

    assert clip.n_frames == 120


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (["00:00:00:00.000", "7", "00:00:00:02.000"], "has no timecode: '7'. Write HH:MM:SS:FF"),
        (["", ""], "has no timecode: ''. Write HH:MM:SS:FF"),
        (["00:00:00:00", "", "00:00:00:02"], "has no timecode: ''"),
        (["00:00:00:nan", "00:00:00:1e9"], "has no timecode: '00:00:00:nan'"),
        (["10:00:00:00", "10:00:00:01", "11:30:00:00"], "two recordings: '11:30:00:00 begins one'"),
    ],
)
def test_timecodes_that_tell_no_time_are_refused(
    tmp_path: Path, codes: list[str], told: str
) -> None:
    rows = [f"{code},61," + ",".join(["0.5"] * 61) for code in codes]

    with pytest.raises(InputError, match=re.escape(told)):
        read_clip(write_csv(tmp_path / "times.csv", rows))


@pytest.mark.parametrize("suffix", ["npz", "csv", "json"])
def test_rows_written_one_by_one_make_the_same_file(tmp_path: Path, suffix: str) -> None:
    clip = a_clip()
    whole, rows = tmp_path / f"whole.{suffix}", tmp_path / f"rows.{suffix}"

    write_clip(clip, whole)
    with ClipWriter(rows, clip.channels, clip.fps, clip.n_frames, clip.meta) as writer:
        for k in range(clip.n_frames):
            writer.write(clip.values[k : k + 1])

    assert rows.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("suffix", ["npz", "csv", "json"])
def test_an_error_in_the_middle_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"take.{suffix}"
    path.write_text("old")

    def write_and_stop() -> None:
        with ClipWriter(path, arkit.CHANNELS, Fraction(30), 9, {}) as writer:
            writer.write(np.zeros((3, 52), np.float32))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_stop()

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize("suffix", ["npz", "csv", "json"])
def test_a_full_disk_is_told_and_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"take.{suffix}"
    path.write_text("old")

    with pytest.raises(SetupError, match="Free disk space"):
        write_clip(a_clip(300), path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such folder"):
        write_clip(a_clip(), tmp_path / "nowhere" / "take.csv")


def test_a_suffix_that_is_no_format_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.npz, \.csv, \.json"):
        write_clip(a_clip(), tmp_path / "take.fbx")


def test_a_channel_that_live_link_does_not_know_is_told(tmp_path: Path) -> None:
    clip = Clip(np.zeros((1, 1), np.float32), ("earWiggle",), Fraction(30))

    with pytest.raises(InputError, match="earWiggle"):
        write_clip(clip, tmp_path / "take.csv")

    assert list(tmp_path.iterdir()) == []


@settings(max_examples=40)
@given(suffix=st.sampled_from(["npz", "json"]), share=st.floats(0, 0.999))
def test_a_clip_file_cut_anywhere_is_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, share: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / f"take.{suffix}"
    write_clip(a_clip(40), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * (len(content) - 3))])

    with pytest.raises(EmoTalkError) as caught:
        read_clip(path)

    assert "\n" not in str(caught.value)


@settings(max_examples=20)
@given(share=st.floats(0.15, 0.999))
def test_a_csv_cut_anywhere_has_the_whole_rows_that_are_left(
    tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    """A csv has no end mark, so it cannot be known that rows are missing."""
    path = tmp_path_factory.mktemp("cut") / "take.csv"
    clip = a_clip(40)
    write_clip(clip, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    rows = read_clip(path).values

    assert len(rows) >= int(40 * share) - 2
    np.testing.assert_allclose(rows, clip.values[: len(rows)], atol=1e-9)


@pytest.mark.parametrize("suffix", ["npz", "csv", "json"])
@pytest.mark.parametrize("content", [b"", b"hello\n", bytes(range(256))])
def test_what_is_no_clip_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"take.{suffix}"
    path.write_bytes(content)

    with pytest.raises(InputError):
        read_clip(path)


def test_json_can_be_read_by_anything(tmp_path: Path) -> None:
    path = tmp_path / "take.json"
    write_clip(a_clip(2), path)

    data = json.loads(path.read_text())

    assert data["fps"] == [30, 1]
    assert len(data["values"]) == 2
    assert len(data["values"][0]) == len(data["channels"]) == 52


def test_npz_holds_the_documented_arrays(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    write_clip(a_clip(5), path)

    with np.load(path) as data:
        assert set(data) == {"values", "channels", "fps_num", "fps_den", "start_s", "meta"}
        assert data["values"].dtype == np.float32


@pytest.mark.parametrize(
    ("values", "channels", "fps", "problem"),
    [
        (np.zeros((3, 2)), ("a",), Fraction(30), "do not fit"),
        (np.zeros((3, 2)), ("a", "a"), Fraction(30), "twice"),
        (np.zeros((3, 1)), ("a",), Fraction(0), "must be positive"),
        (np.full((3, 1), np.nan), ("a",), Fraction(30), "no numbers"),
    ],
)
def test_a_clip_that_makes_no_sense_cannot_be_made(
    values: np.ndarray, channels: tuple[str, ...], fps: Fraction, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        Clip(values, channels, fps)

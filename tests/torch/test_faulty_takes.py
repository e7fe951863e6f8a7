"""Takes that cannot be learned from: counted and named, or left out when that is asked for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.arkit import EMOTALK_ORDER
from emotalk_core.clip import Clip
from emotalk_core.clip_files import write_clip
from emotalk_core.errors import InputError
from tests.torch.test_takes import curves, write_sound
from training.data.clips_folder import load_clips_folder
from training.data.etf import load_etf
from training.data.video import convert_videos

GOOD = "03-01-05-02-01-02-12"


def write_take(folder: Path, values: np.ndarray, channels: tuple[str, ...]) -> None:
    write_sound(folder / "talk.wav", 0.5)
    write_clip(Clip(values, channels, Fraction(30)), folder / "talk.npz")


def write_etf(folder: Path, stem: str, values: np.ndarray) -> None:
    write_sound(folder / "RAVDESS" / "audio" / f"{stem}.wav", 0.5)
    (folder / "RAVDESS" / "blendshape").mkdir(exist_ok=True)
    np.save(folder / "RAVDESS" / "blendshape" / f"{stem}.npy", values)


def test_curves_of_no_channel_are_named(tmp_path: Path) -> None:
    write_take(tmp_path, curves(0.5)[:, :2], ("viseme_PP", "viseme_aa"))
    with pytest.raises(InputError, match=r"talk\.npz has none of ARKit's channels: viseme_PP"):
        load_clips_folder(tmp_path)


def test_channels_in_another_spelling_are_named(tmp_path: Path) -> None:
    write_take(tmp_path, curves(0.5)[:, :2], ("jawOpen", "mouthSmile_L"))
    with pytest.raises(InputError, match=r"talk\.npz has names that .* know: .*mouthSmile_L"):
        load_clips_folder(tmp_path)


def test_what_stands_beside_all_channels_or_head_turns_is_no_fault(tmp_path: Path) -> None:
    values = np.zeros((15, 53), np.float32)
    write_take(tmp_path, values, (*arkit.CHANNELS, "mood"))
    assert load_clips_folder(tmp_path)[0].channels_known.all()
    write_take(tmp_path, values[:, :2], ("jawOpen", "headYaw"))
    assert load_clips_folder(tmp_path)[0].channels_known.sum() == 1


@pytest.mark.parametrize("other", ["talk.csv", "talk.flac"])
def test_two_files_for_one_half_of_a_take_are_named(tmp_path: Path, other: str) -> None:
    write_take(tmp_path, curves(0.5), arkit.CHANNELS)
    (tmp_path / other).touch()
    with pytest.raises(InputError, match=rf"1 in .*talk is there more than once: .*{other}"):
        load_clips_folder(tmp_path)


def test_curves_that_begin_late_lie_on_their_part_of_the_sound(tmp_path: Path) -> None:
    write_sound(tmp_path / "talk.wav", 0.8)
    late = Clip(curves(0.5), arkit.CHANNELS, Fraction(30), 0.3)
    write_clip(late, tmp_path / "talk.npz")
    (take,) = load_clips_folder(tmp_path)
    assert np.asarray(take.source)[0] == pytest.approx(4800, abs=1)  # a sample is its number
    assert len(take.source) == 8000
    write_clip(replace(late, start_s=-0.3), tmp_path / "talk.npz")
    with pytest.raises(InputError, match=r"talk\.npz begins 0\.30 s before its sound"):
        load_clips_folder(tmp_path)


def test_curves_in_percent_are_named(tmp_path: Path) -> None:
    values = np.zeros((15, 52), np.float32)
    values[7, arkit.index("jawOpen")] = 40.0
    write_take(tmp_path, values, arkit.CHANNELS)
    with pytest.raises(InputError, match=r"percent\?\) at frame 7, channel jawOpen"):
        load_clips_folder(tmp_path)


@pytest.mark.parametrize("stem", ["holiday", "03-01-09-02-01-02-12", "03-01-05-03-01-02-12"])
def test_a_name_that_ravdess_has_not_is_counted_or_left_out(tmp_path: Path, stem: str) -> None:
    write_etf(tmp_path, GOOD, curves(0.5))
    write_etf(tmp_path, stem, curves(0.5))

    with pytest.raises(InputError, match=f"1 in .*{stem} is no RAVDESS file name"):
        load_etf(tmp_path)

    assert [t.name for t in load_etf(tmp_path, skip=True)] == [f"RAVDESS/{GOOD}"]


def test_sung_and_spoken_takes_are_no_pair(tmp_path: Path) -> None:
    write_etf(tmp_path, GOOD, curves(0.5))
    write_etf(tmp_path, "03-02-05-02-01-02-12", curves(0.5))
    spoken, sung = load_etf(tmp_path)
    assert spoken.sentence != sung.sentence


def test_what_is_no_number_is_named_by_its_own_channel(tmp_path: Path) -> None:
    values = curves(0.5)
    values[3, EMOTALK_ORDER.index("mouthPucker")] = np.nan
    write_etf(tmp_path, GOOD, values)
    with pytest.raises(InputError, match="no number at frame 3, channel mouthPucker"):
        load_etf(tmp_path)


def test_an_array_of_words_is_named(tmp_path: Path) -> None:
    write_etf(tmp_path, GOOD, np.full((15, 52), "half"))
    with pytest.raises(InputError, match="holds <U4, not numbers"):
        load_etf(tmp_path)


def test_two_films_of_one_name_are_refused_before_any_is_read(tmp_path: Path) -> None:
    for name in ("talk.mov", "Talk.mp4"):
        write_sound(tmp_path / "videos" / name, 1.0)

    with pytest.raises(InputError, match=r"Talk\.mp4, talk\.mov"):
        convert_videos(tmp_path / "videos", tmp_path / "takes", lambda _: None)

    assert not (tmp_path / "takes").exists()

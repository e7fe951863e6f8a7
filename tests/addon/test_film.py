"""The demo's film and sheets, without the long rendering."""

from __future__ import annotations

import importlib
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

av = pytest.importorskip("av", reason="the film is written with PyAV")
Image = pytest.importorskip("PIL.Image", reason="the sheets are drawn with Pillow")

canvas = importlib.import_module("emotalk.addon.demo.film.canvas")
clips = importlib.import_module("emotalk.emotalk_core.clip")
movie = importlib.import_module("emotalk.addon.demo.film.movie")
shaping = importlib.import_module("emotalk.emotalk_core.shaping")
sheets = importlib.import_module("emotalk.addon.demo.film.sheets")
stages = importlib.import_module("emotalk.addon.demo.film.stage")
arkit = importlib.import_module("emotalk.emotalk_core.arkit")

FPS = Fraction(24)


def take(n_frames: int = 90) -> object:
    """Three seconds: the jaw swings, the lips meet at every swing's end."""
    values = np.zeros((n_frames, 52), np.float32)
    values[:, arkit.index("jawOpen")] = 0.3 - 0.3 * np.cos(np.arange(n_frames) * 2 * np.pi / 15)
    values[40:44, arkit.index("mouthPucker")] = 0.9
    hum = np.sin(np.arange(n_frames * 16_000 // 30) * 0.05).astype(np.float32)
    return sheets.Take(hum, values, np.full((n_frames, 8), 0.125, np.float32))


def pictures(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{number:03d}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 64), (number * 5, 80, 120)).save(path)
    return paths


def test_a_film_holds_every_picture_and_the_whole_sound(tmp_path: Path) -> None:
    paths, sound = pictures(tmp_path, 24), np.zeros(16_000, np.float32)

    movie.write_movie(paths, sound, 16_000, tmp_path / "film.mp4", fps=FPS)

    with av.open(str(tmp_path / "film.mp4")) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert video.average_rate == FPS
        assert float(audio.duration * audio.time_base) == pytest.approx(1.0, abs=0.05)
        assert sum(1 for _frame in film.decode(video=0)) == 24


def test_a_film_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"old")

    with pytest.raises(OSError, match="gone"):
        movie.write_movie(
            [tmp_path / "gone.png"],
            np.zeros(100, np.float32),
            16_000,
            tmp_path / "film.mp4",
            fps=FPS,
        )

    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes() == b"old"


def test_stills_are_taken_where_the_mouth_says_something() -> None:
    values = take().values

    rows = sheets.telling_rows(values, 3)

    gap = values[:, arkit.index("jawOpen")]
    assert gap[rows[0]] < 0.01  # shut
    assert gap[rows[1]] > 0.55  # open
    assert rows == sorted(rows)
    assert 40 <= sheets.telling_moments(values)["rounded"] < 44


def test_the_contact_sheet_shows_every_still_at_its_time() -> None:
    red = Image.new("RGB", (64, 64), (250, 0, 0))

    page = sheets.contact_sheet(take(), [(0.5, red), (2.0, red)], title="T", credit="C")

    pixels = np.asarray(page)
    is_red = (pixels[..., 0] > 200) & (pixels[..., 1] < 40) & (pixels[..., 2] < 40)
    assert page.width == 1600
    assert is_red[:, :330].sum() > 40_000
    assert is_red[:, 330:600].sum() > 40_000
    assert is_red[:, 600:].sum() < 10_000


def test_short_phones_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = [(0.02 * n, 0.02 * (n + 1), name) for n, name in enumerate(["aa", "ow", "iy"] * 4)]
    boxes, text = [], canvas.Canvas.text

    def noted(page: Any, at: tuple[float, float], words: str, **form: object) -> None:
        if words in {"aa", "ow", "iy"}:
            half = page.width_of(words, sheets._PHONE_SIZE) / 2
            boxes.append((at[0] - half, at[0] + half, at[1]))
        text(page, at, words, **form)

    monkeypatch.setattr(canvas.Canvas, "text", noted)

    sheets.contact_sheet(replace(take(), phones=tuple(spoken)), [], title="T", credit="C")

    assert len(boxes) == 12
    assert not [
        (a, b)
        for a, b in pairwise(sorted(boxes, key=lambda b: (b[2], b[0])))
        if a[2] == b[2] and a[1] > b[0]
    ]


def test_the_emotion_sheet_has_a_column_for_each_slider() -> None:
    shades = {
        name: [Image.new("RGB", (32, 32), (0, 0, 20 * n))] for n, name in enumerate(sheets.EMOTIONS)
    }

    page = sheets.emotion_sheet(shades, ["open"], title="T", credit="C")

    row = np.asarray(page)[220]
    columns = [np.flatnonzero((row == (0, 0, 20 * n)).all(1)) for n in range(8)]
    assert [len(column) > 100 for column in columns] == [True] * 8
    assert [int(c.min()) for c in columns] == sorted(int(c.min()) for c in columns)


@pytest.mark.usefixtures("addon")  # a stage registers it where nobody has
def test_a_pose_is_the_same_whatever_was_posed_before() -> None:
    values = np.zeros((3, len(shaping.CHANNELS)), np.float32)
    values[:, arkit.index("jawOpen")] = (0.2, 0.9, 0.2)
    values[:, -3:] = [[0.1, 0.0, 0.05], [-0.2, 0.3, 0.1], [0.1, 0.0, 0.05]]  # the head turns
    clip = clips.Clip(values, shaping.CHANNELS, Fraction(30))
    stage = stages.Stage.built(fps=30, side=64)
    seen = []

    for row in range(3):
        stage.pose(clip, row)
        bones = [b.matrix_basis.copy() for b in stage.character.root.pose.bones]
        keys = stage.character.meshes[0].data.shape_keys.key_blocks
        seen.append((bones, [key.value for key in keys]))

    assert seen[0] == seen[2]
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]

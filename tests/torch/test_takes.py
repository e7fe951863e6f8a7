"""Takes from each kind of set, and what is said when a set is not whole."""

from __future__ import annotations

import sys
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.clip import Clip
from emotalk_core.clip_files import write_clip
from emotalk_core.errors import InputError, SetupError
from tests.torch.real_data import DATA, needs
from training.data.captures import load_capture, read_capture
from training.data.clips_folder import load_clips_folder
from training.data.etf import load_etf
from training.data.sets import load_sets
from training.data.takes import numbered_persons
from training.data.video import convert_videos, curves_of_frames, mediapipe_landmarker

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from training.features import FrontEnd  # noqa: E402
from training.paper.store import open_store, shipped_front_end  # noqa: E402

JAW = arkit.index("jawOpen")


def write_sound(path: Path, seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.arange(round(seconds * 16_000), dtype="<i2").tobytes())


def curves(seconds: float, fps: float = 30) -> np.ndarray:
    values = np.zeros((round(seconds * fps), 52), np.float32)
    values[:, JAW] = np.linspace(0, 1, len(values))
    return values


@pytest.fixture
def etf(tmp_path: Path) -> Path:
    """Two RAVDESS takes and one of HDTF, in the layout of 3D-ETF."""
    alphabetical = [arkit.CHANNELS.index(c) for c in arkit.EMOTALK_ORDER]
    for part, stem in (
        ("RAVDESS", "03-01-05-02-01-02-12"),
        ("RAVDESS", "03-01-01-01-02-01-24"),
        ("HDTF", "RD_Radio1_000"),
    ):
        write_sound(tmp_path / part / "audio" / f"{stem}.wav", 1.0)
        (tmp_path / part / "blendshape").mkdir(exist_ok=True)
        np.save(tmp_path / part / "blendshape" / f"{stem}.npy", curves(1.0)[:, alphabetical])
    return tmp_path


@pytest.fixture
def takes_folder(tmp_path: Path) -> Path:
    """Three takes at 60 fps as a phone writes them."""
    for stem in ("a", "b", "c"):
        write_sound(tmp_path / f"{stem}.wav", 1.0)
        write_clip(Clip(curves(1.0, 60), arkit.CHANNELS, Fraction(60)), tmp_path / f"{stem}.csv")
    return tmp_path


def test_etf_names_tell_feeling_level_sentence_and_actor(etf: Path) -> None:
    hdtf, calm, angry = sorted(load_etf(etf), key=lambda t: t.name)
    assert (angry.emotion, angry.level, angry.sentence, angry.speaker) == (4, 1, "1-2", "actor12")
    assert (calm.emotion, calm.split, angry.split) == (0, "test", "train")
    assert (hdtf.emotion, hdtf.sentence, hdtf.speaker) == (None, "", "RD_Radio1")
    np.testing.assert_allclose(angry.curves[:, JAW], np.linspace(0, 1, 30), atol=1e-6)


def break_nothing_there(etf: Path) -> None:
    (etf / "RAVDESS" / "blendshape" / "03-01-05-02-01-02-12.npy").unlink()


def break_nan(etf: Path) -> None:
    path = etf / "RAVDESS" / "blendshape" / "03-01-05-02-01-02-12.npy"
    values = np.load(path)
    values[7, 24] = np.nan
    np.save(path, values)


def break_length(etf: Path) -> None:
    np.save(etf / "RAVDESS" / "blendshape" / "03-01-05-02-01-02-12.npy", curves(9.0))


def break_shape(etf: Path) -> None:
    np.save(etf / "RAVDESS" / "blendshape" / "03-01-05-02-01-02-12.npy", curves(1.0)[:, :51])


def break_pickle(etf: Path) -> None:
    path = etf / "RAVDESS" / "blendshape" / "03-01-05-02-01-02-12.npy"
    np.save(path, np.array([{}], object), allow_pickle=True)


def break_sound(etf: Path) -> None:
    (etf / "RAVDESS" / "audio" / "03-01-05-02-01-02-12.wav").write_bytes(b"RIFF")


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (break_nothing_there, r"blendshape/03-01-05-02-01-02-12\.npy is missing"),
        (break_nan, r"no number at frame 7, channel \w+"),
        (break_length, r"9\.00 s of curves for 1\.00 s of sound"),
        (break_shape, r"\(30, 51\)"),
        (break_pickle, r"03-01-05-02-01-02-12\.npy"),
        (break_sound, r"03-01-05-02-01-02-12\.wav"),
    ],
)
def test_a_set_that_is_not_whole_is_one_line_and_has_a_way_on(
    etf: Path, break_it: Callable[[Path], None], said: str
) -> None:
    break_it(etf)
    with pytest.raises(InputError, match=said) as error:
        load_etf(etf)
    assert "--skip-bad" in str(error.value)
    assert "\n" not in str(error.value)
    assert len(load_etf(etf, skip=True)) == 2


def test_a_clips_folder_gives_takes_at_30_fps_with_its_labels(takes_folder: Path) -> None:
    (takes_folder / "labels.csv").write_text(
        "take,speaker,sentence,emotion,level,split\na,ada,s1,happy,1,dev\n"
    )
    a, b, _ = load_clips_folder(takes_folder)
    assert (a.speaker, a.sentence, a.emotion, a.level, a.split) == ("ada", "s1", 2, 1, "dev")
    assert (b.emotion, b.split) == (None, "train")
    assert a.curves.shape == (30, 52)
    assert a.curves[15, JAW] == pytest.approx(30 / 59, abs=2e-3)


def test_faults_of_a_clips_folder_are_named(takes_folder: Path) -> None:
    (takes_folder / "b.wav").unlink()
    with pytest.raises(InputError, match="b has no sound"):
        load_clips_folder(takes_folder)
    assert len(load_clips_folder(takes_folder, skip=True)) == 2
    (takes_folder / "labels.csv").write_text("take,mood\na,happy\n")
    with pytest.raises(InputError, match="mood"):
        load_clips_folder(takes_folder, skip=True)


def cut(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:10])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda text: text.replace("0.0000000000", "nan", 1),
            "EyeBlinkLeft at 00:00:00:00.000 is nan",
        ),
        (lambda text: text.replace("0.0000000000", "oops", 1), "no number: .*oops"),
        (lambda text: text.replace("Timecode", "Time", 1), "Missing columns: Timecode"),
        (cut, r"b has 0\.30 s of curves for 1\.00 s of sound"),
    ],
)
def test_curves_that_cannot_be_read_are_told_with_value_and_remedy(
    takes_folder: Path, change: Callable[[str], str], said: str
) -> None:
    path = takes_folder / "b.csv"
    path.write_text(change(path.read_text()))
    with pytest.raises(InputError, match=said):
        load_clips_folder(takes_folder)


@pytest.mark.parametrize(
    ("column", "value", "known"),
    [("emotion", "joyful", "happy"), ("level", "strong", "0, 1"), ("split", "val", "dev")],
)
def test_a_label_that_there_is_not_is_one_line_with_its_place(
    takes_folder: Path, column: str, value: str, known: str
) -> None:
    (takes_folder / "labels.csv").write_text(f"take,{column}\na,\nb,{value}\n")
    with pytest.raises(InputError, match=f"{column}.*line 3: {value}.*{known}"):
        load_clips_folder(takes_folder, skip=True)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,ada\n\na.wav,ada\n", r"labels\.csv, line 4 names no take: a\.wav"),
        ("a,ada\nnope,ada\n", r"labels\.csv, line 3 names no take: nope"),
        ("a,ada\n,ada\n", r"labels\.csv, line 3 names no take: nothing"),
        ("b,ada\na,Lovelace, Ada\n", r"More cells.*line 3:  Ada.*quotes"),
        ("a,ada\na,eve\n", r"Labelled twice.*line 3: a"),
        ("a,Ren\xe9\n", "UTF-8"),
    ],
)
def test_a_row_of_labels_that_would_be_lost_is_named(
    takes_folder: Path, rows: str, said: str
) -> None:
    (takes_folder / "labels.csv").write_bytes(f"take,speaker\n{rows}".encode("latin-1"))
    with pytest.raises(InputError, match=said):
        load_clips_folder(takes_folder)


def test_labels_of_no_take_can_be_left_out_and_rows_of_commas_are_none(takes_folder: Path) -> None:
    labels = takes_folder / "labels.csv"
    labels.write_text("take,speaker\nnope,ada\na,eve\n,\n")
    assert load_clips_folder(takes_folder, skip=True)[0].speaker == "eve"
    labels.write_text("take,speaker\na,eve\n,\n")
    assert load_clips_folder(takes_folder)[0].speaker == "eve"


def test_a_known_channel_is_one_that_the_file_has(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", 1.0)
    few = Clip(np.zeros((30, 2), np.float32), ("jawOpen", "mouthClose"), Fraction(30))
    write_clip(few, tmp_path / "a.npz")
    (take,) = load_clips_folder(tmp_path)
    assert take.channels_known.sum() == 2


def test_a_capture_is_read_from_the_folder_that_was_given(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    write_sound(mine / "a.flac", 1.0)
    write_clip(Clip(curves(1.0), arkit.CHANNELS, Fraction(30)), mine / "a.csv")
    assert [t.name for t in read_capture(mine, "llf")] == ["llf/a"]
    with pytest.raises(InputError, match=r"not whole.*mine/curves\.npz"):
        load_sets([f"grid_mp={mine}"], 24)


@pytest.mark.parametrize("spec", ["etf", "3d-etf", "movies=x", "clips=/no/such", "3d-etf=/no/such"])
def test_a_set_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(InputError, match=spec.rsplit("=", 1)[-1]):
        load_sets([spec], 24)


def test_persons_are_the_training_speakers_and_no_more_than_there_are(etf: Path) -> None:
    takes = numbered_persons(load_etf(etf), 4)
    assert {t.person for t in takes if t.split == "train"} <= {0, 1}
    with pytest.raises(InputError, match=r"speakers.*persons"):
        numbered_persons(takes, 0)


def test_captures_are_read_as_their_authors_left_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names, weights = list(arkit.CHANNELS[::-1]), rng.random((60, 52)).astype(np.float32)
    face, grid = tmp_path / "facegood_zh", tmp_path / "grid_mp"
    for folder, clip in ((face, "a,val"), (grid, "b,train")):
        folder.mkdir()
        rows = f"clip,split,frames,speaker\n{clip},50,s1\n"
        (folder / "clips.csv").write_text(rows)
    can = np.array([name == "jawOpen" for name in names])
    np.savez(
        face / "curves.npz",
        **{"a/arkit_ext": weights, "arkit_names": names, "arkit_trainable": can},
    )
    np.savez(
        grid / "curves.npz", weights=weights, names=names, clip_ids=["b"], offsets=[10], fps=25
    )
    (grid / "phones.csv").write_text("file,start_s,end_s,phone,class\nb.opus,0,.1,p,closure\n")

    (animated,), (filmed,) = (load_capture(tmp_path, n) for n in ("facegood_zh", "grid_mp"))

    np.testing.assert_array_equal(animated.curves, weights[:, ::-1])
    assert (animated.split, animated.channels_known.sum()) == ("dev", 1)
    assert animated.channels_known[JAW] == 1
    assert filmed.curves.shape == (59, 52)  # 50 frames at 25 fps
    np.testing.assert_allclose(filmed.curves[::6], weights[10:60:5, ::-1], atol=1e-5)
    assert [p.symbol for p in filmed.phones] == ["p"]


@needs("grid_mp", "whole sets are 30 MB")
def test_real_captures_say_what_they_cannot_see() -> None:
    for name, known, n_test in (("facegood_zh", 15, 1), ("grid_mp", 11, 62), ("llf", 52, 1)):
        takes = load_capture(DATA, name)
        assert sum(t.split == "test" for t in takes) == n_test
        assert {int(t.channels_known.sum()) for t in takes} == {known}
        assert all(np.isfinite(t.curves).all() for t in takes)


# ---------------------------------------------------------------- video, with a made-up landmarker
def fake_landmarker(picture: np.ndarray) -> dict[str, float] | None:
    """The jaw is as open as the picture is bright; black is no face."""
    bright = float(picture.mean()) / 255
    return {"_neutral": 0.0, "jawOpen": bright} if bright > 0 else None


def film(*, black: tuple[int, ...] = (), n: int = 50) -> Iterator[tuple[float, np.ndarray]]:
    """`n` pictures at 25 fps, ever brighter."""
    for k in range(n):
        yield k / 25, np.full((4, 4, 3), 0 if k in black else 2 * (k + 1), np.uint8)


def test_pictures_become_curves_at_30_fps() -> None:
    made = curves_of_frames(film(black=(10, 11)), fake_landmarker, "film")
    assert made.shape == (59, 52)
    wanted = 2 * (np.arange(59) / 30 * 25 + 1) / 255
    np.testing.assert_allclose(made[:, JAW], wanted, atol=1e-3)  # the gap is bridged


@pytest.mark.parametrize(
    ("black", "n", "said"),
    [
        (tuple(range(20)), 50, "in 60 % of its frames"),
        (tuple(range(50)), 50, "in 0 % of its frames"),
        ((), 0, "in 0 % of its frames"),
        (tuple(range(20, 29)), 100, r"0\.4 s from 0\.8 s"),  # 91 % seen, but a cut
    ],
)
def test_films_without_a_face_are_refused(black: tuple[int, ...], n: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        curves_of_frames(film(black=black, n=n), fake_landmarker, "film")


def test_a_folder_of_films_becomes_a_folder_of_takes(tmp_path: Path) -> None:
    videos, out = tmp_path / "videos", tmp_path / "takes"
    write_sound(videos / "talk.mp4", 2.0)  # a wav under another name: the sound is read by content
    convert_videos(videos, out, fake_landmarker, read=lambda _: film())
    (take,) = load_clips_folder(out)
    assert take.name == "takes/talk"
    assert take.curves.shape == (59, 52)
    assert take.curves[-1, JAW] > 0.3
    unseen = {arkit.CHANNELS[k] for k in np.flatnonzero(take.channels_known == 0)}
    assert unseen >= {"mouthFunnel", "tongueOut"}
    assert len(unseen) == 7

    def never(_: Path) -> Iterator[tuple[float, np.ndarray]]:
        raise AssertionError("a film that is done was read again")

    convert_videos(videos, out, fake_landmarker, read=never)
    with pytest.raises(InputError, match="No films"):
        convert_videos(out, tmp_path / "x", fake_landmarker)


class Finder:
    """MediaPipe's landmarker as far as it is used."""

    def __init__(self) -> None:
        self.is_closed = False

    def __enter__(self) -> Finder:
        return self

    def __exit__(self, *_error: object) -> None:
        self.is_closed = True

    def detect(self, picture: np.ndarray) -> SimpleNamespace:
        jaw = SimpleNamespace(category_name="jawOpen", score=float(picture.mean()))
        return SimpleNamespace(face_blendshapes=[[jaw]] if picture.any() else [])


def test_a_landmarker_finds_faces_and_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = Finder()
    vision = SimpleNamespace(
        FaceLandmarkerOptions=dict,
        FaceLandmarker=SimpleNamespace(create_from_options=lambda _options: finder),
    )
    package, tasks = ModuleType("mediapipe"), ModuleType("mediapipe.tasks")
    tasks.python = SimpleNamespace(vision=vision, BaseOptions=dict)  # type: ignore[attr-defined]
    package.Image = lambda image_format, data: data  # type: ignore[attr-defined]
    package.ImageFormat = SimpleNamespace(SRGB=1)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mediapipe", package)
    monkeypatch.setitem(sys.modules, "mediapipe.tasks", tasks)
    model = tmp_path / "face_landmarker.task"
    model.touch()

    with mediapipe_landmarker(model) as landmarker:
        assert landmarker(np.full((4, 4, 3), 2.0)) == {"jawOpen": 2.0}
        assert landmarker(np.zeros((4, 4, 3))) is None
        assert not finder.is_closed
    assert finder.is_closed


def test_a_missing_landmarker_says_what_to_install(tmp_path: Path) -> None:
    missing = mediapipe_landmarker(tmp_path / "none.task")
    with pytest.raises(SetupError, match=r"face_landmarker\.task"), missing:
        pass


def test_another_front_end_or_other_sounds_are_other_features(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", 0.5)
    write_clip(Clip(curves(0.5), arkit.CHANNELS, Fraction(30)), tmp_path / "a.npz")
    (take,) = load_clips_folder(tmp_path)
    front_end = shipped_front_end()
    shifted = replace(front_end.standardise, mean=front_end.standardise.mean + 1)
    other = FrontEnd(front_end.encoder, shifted, front_end.config)

    first = open_store([take], tmp_path / "f", front_end)
    open_store([take], tmp_path / "f", front_end)
    assert len(list((tmp_path / "f").glob("*.npz"))) == 1
    assert first.n_frames(0) == 15
    open_store([take], tmp_path / "f", other)
    open_store([replace(take, source=take.source[::-1].copy())], tmp_path / "f", front_end)
    assert len(list((tmp_path / "f").glob("*.npz"))) == 3

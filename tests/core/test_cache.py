"""The cache of Encodings: found again, made room, and never in the way."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.audio import ArraySound
from emotalk_core.cache import EncodingCache, StoredEncoding, default_folder
from emotalk_core.engine import Encoding
from emotalk_core.pipeline import encode
from tests.core.fake_engine import FakeEngine


def a_sound(seconds: float = 1.0, seed: int = 0) -> ArraySound:
    rng = np.random.default_rng(seed)
    return ArraySound(rng.uniform(-1, 1, int(16_000 * seconds)), 16_000)


def an_encoding(n_frames: int, seed: int = 0) -> Encoding:
    rng = np.random.default_rng(seed)
    parts = [rng.random((n_frames, width), np.float32) for width in (5, 3, 8)]
    return Encoding(*parts, level=rng.uniform(-80, 10, n_frames).astype(np.float32))


def assert_equal(a: Encoding, b: Encoding, tolerance: float = 0.0) -> None:
    for name in Encoding.FIELDS:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=tolerance)


def test_pieces_come_back_as_one_within_float16() -> None:
    whole = an_encoding(100)

    stored = StoredEncoding.from_pieces([whole[0:30], whole[30:31], whole[31:100]])

    assert_equal(stored.read(20, 60), whole[20:60], tolerance=0.04)
    assert stored.n_frames == 100


def test_a_sound_is_heard_once(tmp_path: Path) -> None:
    engine, cache = FakeEngine(), EncodingCache(tmp_path)

    first = encode(a_sound(), engine, cache=cache)
    second = encode(a_sound(), engine, cache=cache)

    assert engine.n_encoded == 1
    assert_equal(first, second)


def test_without_a_cache_the_numbers_are_the_same(tmp_path: Path) -> None:
    cached = encode(a_sound(), FakeEngine(), cache=EncodingCache(tmp_path))

    assert_equal(encode(a_sound(), FakeEngine()), cached)


def test_another_sound_or_another_model_is_heard_anew(tmp_path: Path) -> None:
    engine, cache = FakeEngine(), EncodingCache(tmp_path)
    encode(a_sound(seed=0), engine, cache=cache)

    encode(a_sound(seed=1), engine, cache=cache)
    engine.key = "fake-2"
    encode(a_sound(seed=0), engine, cache=cache)

    assert engine.n_encoded == 3


def test_a_cached_encoding_is_mapped_not_read(tmp_path: Path) -> None:
    cache = EncodingCache(tmp_path)
    encode(a_sound(), FakeEngine(), cache=cache)

    found = cache.find(a_sound().key, FakeEngine.key)

    assert found is not None
    assert isinstance(found.load().content.base, np.memmap)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text"])
def test_a_damaged_file_is_made_again(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine, cache = FakeEngine(), EncodingCache(tmp_path)
    good = encode(a_sound(), engine, cache=cache)
    expected = Encoding(*(np.array(getattr(good, name)) for name in Encoding.FIELDS))
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[-10] ^= 0xFF
    path.unlink()  # the old one is still mapped
    path.write_bytes(
        {"flip": bytes(content), "cut": content[:-100], "empty": b"", "text": b"hi" * 4000}[damage]
    )

    with caplog.at_level(logging.WARNING):
        again = encode(a_sound(), engine, cache=cache)

    assert engine.n_encoded == 2
    assert "damaged" in caplog.text
    assert_equal(again, expected)


def test_the_cache_may_be_deleted_while_it_is_in_use(tmp_path: Path) -> None:
    cache = EncodingCache(tmp_path / "cache")
    encoding = encode(a_sound(), FakeEngine(), cache=cache)
    for path in (tmp_path / "cache").iterdir():
        path.unlink()
    (tmp_path / "cache").rmdir()

    again = encode(a_sound(), FakeEngine(), cache=cache)

    assert_equal(again, encoding)


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    stored = StoredEncoding.from_pieces([an_encoding(1000)])
    cache = EncodingCache(tmp_path, max_bytes=100_000)  # room for two of 38 kB
    for i, name in enumerate(("old", "used", "new")):
        if i == 2:
            os.utime(cache._path("old", "e"), (1, 1))
            os.utime(cache._path("used", "e"), (2, 2))
            assert cache.find("old", "e") is not None  # a look is a use
        cache.keep(name, "e", stored)

    kept = [name for name in ("old", "used", "new") if cache.find(name, "e") is not None]

    assert kept == ["old", "new"]


def test_what_is_in_use_does_not_count_as_room_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = StoredEncoding.from_pieces([an_encoding(1000)])
    cache = EncodingCache(tmp_path, max_bytes=100_000)  # room for two of 38 kB
    for time, name in enumerate(("oldest", "old")):
        cache.keep(name, "e", stored)
        os.utime(cache._path(name, "e"), (time, time))
    hold(cache._path("oldest", "e"), monkeypatch)

    cache.keep("new", "e", stored)

    kept = [name for name in ("oldest", "old", "new") if cache.find(name, "e") is not None]
    assert kept == ["oldest", "new"]


def test_clearing_removes_encodings_alone_and_tells_how_much(tmp_path: Path) -> None:
    cache, stored = EncodingCache(tmp_path), StoredEncoding.from_pieces([an_encoding(100)])
    for name in ("one", "two"):
        cache.keep(name, "e", stored)
    n_bytes = sum(path.stat().st_size for path in tmp_path.iterdir())
    (tmp_path / "notes.txt").write_text("mine")

    cleared = cache.clear()

    assert (cleared.n_removed, cleared.n_bytes, cleared.n_kept) == (2, n_bytes, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_clearing_leaves_what_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, stored = EncodingCache(tmp_path), StoredEncoding.from_pieces([an_encoding(100)])
    for name in ("one", "two"):
        cache.keep(name, "e", stored)
    hold(cache._path("one", "e"), monkeypatch)

    cleared = cache.clear()

    assert (cleared.n_removed, cleared.n_kept) == (1, 1)


def test_clearing_a_folder_that_is_not_there_removes_nothing(tmp_path: Path) -> None:
    assert EncodingCache(tmp_path / "nowhere").clear().n_removed == 0


def hold(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can remove `path`: Windows, while it is mapped."""
    unlink = Path.unlink

    def refuse(self: Path, *, missing_ok: bool = False) -> None:
        if self == path:
            raise PermissionError(13, "in use", str(path))
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)


def test_a_folder_that_cannot_be_made_costs_nothing_but_one_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    with caplog.at_level(logging.WARNING):
        for _ in range(2):  # as for each shot of a batch
            encoding = encode(a_sound(), FakeEngine(), cache=EncodingCache(blocked / "cache"))

    assert encoding.n_frames == 30
    (word,) = caplog.messages
    assert word.startswith("Encoding not cached")


def test_who_has_no_home_has_a_cache_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a farm's container the user is a number that the system does not know."""

    def homeless(_: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(homeless))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)

    assert Path(tempfile.gettempdir()) in default_folder().parents

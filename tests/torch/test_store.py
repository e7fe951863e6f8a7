"""Features of takes on disk: by whom they are shared, and when they are others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")
soundfile = pytest.importorskip("soundfile")

from training.data.takes import Take  # noqa: E402
from training.features import FrontEnd  # noqa: E402
from training.paper.store import in_stretches, open_store  # noqa: E402


def front_end(meanwhile: Callable[[], object] = lambda: None) -> FrontEnd:
    """States are the samples themselves; `meanwhile` something else happens, once."""
    waiting = [meanwhile]

    def states_of(samples: np.ndarray, _top: float) -> tuple[np.ndarray, np.ndarray]:
        is_probe = len(samples) == 8000
        if not is_probe and waiting:
            waiting.pop()()
        rows = np.resize(samples, (len(samples) // 320 + 2, 1, 4))
        return rows, np.zeros(len(rows), np.float32)

    config = SimpleNamespace(n_layers=1, width=4)
    return SimpleNamespace(states_of=states_of, config=config)  # type: ignore[return-value]


def takes(speakers: str) -> list[Take]:
    """One sentence, at another pace each time."""
    rng = np.random.default_rng(0)
    return [
        Take(
            name=f"t/{number}",
            source=rng.integers(-9999, 9999, 9600 + 1600 * number).astype(np.int16),
            curves=np.zeros((18 + 3 * number, 52), np.float32),
            speaker=speaker,
            sentence="hello",
        )
        for number, speaker in enumerate(speakers)
    ]


def test_takes_of_another_speaker_are_aligned_anew(tmp_path: Path) -> None:
    alone = open_store(takes("ab"), tmp_path, front_end())
    assert len(alone.paths[1].to_take) == 21  # his own reference

    together = open_store(takes("aa"), tmp_path, front_end())

    assert len(together.paths[1].to_take) == 18  # hers, who is now the same


def test_two_runs_may_make_the_same_features_at_once(tmp_path: Path) -> None:
    made = []

    def beside() -> None:
        made.append(open_store(takes("aa"), tmp_path, front_end()))

    first = open_store(takes("aa"), tmp_path, front_end(beside))

    np.testing.assert_array_equal(first.states, made[0].states)
    assert first.states.any()
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".f16", ".npz"]


def test_other_labels_of_the_same_alignment_share_their_features(tmp_path: Path) -> None:
    open_store(takes("aa"), tmp_path, front_end())
    open_store([replace(t, emotion=2) for t in takes("aa")], tmp_path, front_end())
    assert len(list(tmp_path.glob("*.npz"))) == 1


def test_a_long_take_is_cut_into_stretches_of_the_same_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    long = Take(
        name="t/long",
        source=rng.integers(-9999, 9999, 16_000 * 31).astype(np.int16),
        curves=rng.random((927, 52)).astype(np.float32),  # of 930 frames
        speaker="a",
    )
    said = replace(long, name="t/said", sentence="a long one")
    whole = open_store([long, said, *takes("aa")], tmp_path, front_end())

    cut = in_stretches(whole)

    assert len(cut.takes) == 4 + 3  # of a known sentence stays whole
    parts = range(4)
    assert all(150 <= cut.n_frames(k) <= 300 for k in parts)
    assert sum(cut.n_frames(k) for k in parts) == whole.n_frames(0) == 927
    for joined, original in (
        ([cut.takes[k].curves for k in parts], long.curves),
        ([np.asarray(cut.takes[k].source) for k in parts], np.asarray(long.source)),
        ([cut.states_of(k)[0] for k in parts], whole.states_of(0)[0]),
    ):
        np.testing.assert_array_equal(np.concatenate(joined), original)
    for k in range(4, 7):
        np.testing.assert_array_equal(cut.states_of(k)[0], whole.states_of(k - 3)[0])
        assert cut.paths[k] is whole.paths[k - 3]


def test_frame_and_state_of_a_stretch_begin_at_one_time(tmp_path: Path) -> None:
    take = Take("t/long", np.zeros(16_000 * 25, np.int16), "a", curves=np.zeros((750, 52)))
    cut = in_stretches(open_store([take], tmp_path, front_end()))
    frames = np.cumsum([0, *(len(t.curves) for t in cut.takes)])
    np.testing.assert_array_equal(cut.starts[:-1] * 3, frames[:-1] * 5)


def test_a_long_file_is_cut_as_what_is_in_memory_is(tmp_path: Path) -> None:
    samples = np.linspace(-32768, 32767, 16_000 * 21).astype(np.int16)
    soundfile.write(tmp_path / "t.wav", samples, 16_000)
    take = Take("t/file", tmp_path / "t.wav", "a", curves=np.zeros((630, 52), np.float32))
    cut = in_stretches(open_store([take], tmp_path, front_end()))
    np.testing.assert_array_equal(np.concatenate([t.source for t in cut.takes]), samples)

"""Features of takes on disk: by whom they are shared, and when they are others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training extra")

from training.data.takes import Take  # noqa: E402
from training.features import FrontEnd  # noqa: E402
from training.paper.store import open_store  # noqa: E402


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

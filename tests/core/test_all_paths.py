"""All paths through places in order: the numbers of the whole matrix, without its memory."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from emotalk_core.errors import Cancelled
from emotalk_core.speech.all_paths import NoPathError, Places, all_paths

N_COLUMNS = 12
NEVER = -1e9


def way(n: int, seed: int = 0) -> Places:
    """Places of which every fourth may be missing, as pauses between words."""
    columns = np.random.default_rng(seed).integers(1, N_COLUMNS, n)
    may_miss = np.arange(n) % 4 == 0
    columns[may_miss] = 0
    return Places(columns, may_miss)


def spoken(places: Places, steps_each: int, seed: int = 0) -> np.ndarray:
    """Log shares (S, C) in which each place is heard for some steps, not at all surely."""
    rng = np.random.default_rng(seed)
    path = places.columns.repeat(steps_each)
    shares = rng.dirichlet(np.full(N_COLUMNS, 0.3), len(path))
    shares[np.arange(len(path)), path] += rng.uniform(0.0, 1.5, len(path))
    return np.log(np.maximum(shares / shares.sum(axis=1, keepdims=True), np.exp(-6.0)))


def likely(logs: np.ndarray, places: Places) -> np.ndarray:
    """What `all_paths` finds, (S, C)."""
    found = np.full(logs.shape, np.nan)
    for start, rows in all_paths(lambda a, b: logs[a:b], len(logs), places):
        found[start : start + len(rows)] = rows
    return found


def later(row: np.ndarray, places: int) -> np.ndarray:
    return np.append(np.full(places, NEVER), row)[: len(row)]


def by_the_whole_matrix(logs: np.ndarray, places: Places) -> np.ndarray:
    """The same by the textbook: every place at every step, float64 (S, C)."""
    fits = logs[:, places.columns]
    n = len(places.columns)
    leaps = np.full(n, NEVER)
    leaps[2:][places.may_miss[1:-1]] = 0.0
    ahead, behind = np.full(fits.shape, NEVER), np.full(fits.shape, NEVER)
    ahead[0, :2], behind[-1, -2:] = fits[0, :2], 0.0
    for one, other in pairwise(range(len(fits))):
        row = ahead[one]
        ways = row, later(row, 1), later(row, 2) + leaps
        ahead[other] = np.logaddexp.reduce(ways) + fits[other]
    for other, one in pairwise(range(len(fits) - 1, -1, -1)):
        row = behind[other] + fits[other]
        ways = row, later(row[::-1], 1)[::-1], later((row + leaps)[::-1], 2)[::-1]
        behind[one] = np.logaddexp.reduce(ways)
    both = ahead + behind
    shares = np.exp(both - both.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    found = np.zeros(logs.shape)
    np.add.at(found.T, places.columns, shares.T)
    return found


@pytest.mark.parametrize(("n", "steps_each"), [(2, 3), (9, 1), (41, 5), (241, 3)])
def test_the_numbers_are_those_of_the_whole_matrix(n: int, steps_each: int) -> None:
    places = way(n)
    logs = spoken(places, steps_each)

    np.testing.assert_allclose(likely(logs, places), by_the_whole_matrix(logs, places), atol=1e-4)


@pytest.mark.parametrize("said", [slice(0, 161), slice(120, 281)], ids=["begins", "ends"])
def test_places_that_nobody_passes_do_not_lead_astray(said: slice) -> None:
    places = way(281)
    logs = spoken(Places(places.columns[said], places.may_miss[said]), 4)

    np.testing.assert_allclose(likely(logs, places), by_the_whole_matrix(logs, places), atol=1e-4)


def test_more_places_than_steps_is_an_error() -> None:
    places = way(40)

    with pytest.raises(NoPathError):
        likely(spoken(places, 1)[:9], places)


def test_memory_is_that_of_a_stretch_not_of_the_whole_matrix() -> None:
    places = way(1001)
    logs = spoken(places, 4)
    tracemalloc.start()

    for _stretch in all_paths(lambda a, b: logs[a:b], len(logs), places):
        pass

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(logs) * len(places.columns) * 8 / 3


def test_progress_goes_from_0_to_1_and_may_stop_it() -> None:
    places = way(401)
    logs = spoken(places, 4)
    shares: list[float] = []

    def stop_at_the_end(share: float, _what: str) -> None:
        shares.append(share)
        if share > 0.9:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(all_paths(lambda a, b: logs[a:b], len(logs), places, stop_at_the_end))

    assert shares == sorted(shares)
    assert len(shares) > 8
    assert shares[0] == 0.0

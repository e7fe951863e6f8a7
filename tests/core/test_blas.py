"""One BLAS thread while our own are at work, and everything as before afterwards."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from emotalk_core.audio import SoundSource, open_sound
from emotalk_core.cache import EncodingCache
from emotalk_core.engine import Encoding, blas
from emotalk_core.engine.product import product
from emotalk_core.progress import Progress, silent
from emotalk_core.together import HearAhead
from tests.core.test_together import TogetherEngine
from tests.core.wav_bytes import wav


@pytest.fixture
def switch() -> blas._Switch:
    found = blas._find_switch()
    if found is None:
        pytest.skip("this numpy has no OpenBLAS whose threads could be counted")
    before = found.get()
    found.set(2)
    yield found
    found.set(before)


def test_work_runs_on_one_blas_thread(switch: blas._Switch) -> None:
    with blas.one_blas_thread():
        assert switch.get() == 1


def test_threads_come_back_after_the_last_of_several_works(switch: blas._Switch) -> None:
    with blas.one_blas_thread():
        with blas.one_blas_thread():
            pass
        assert switch.get() == 1

    assert switch.get() == 2


def test_threads_come_back_after_an_error(switch: blas._Switch) -> None:
    with pytest.raises(ValueError, match="broken"), blas.one_blas_thread():
        raise ValueError("broken")

    assert switch.get() == 2


def test_sounds_in_one_pass_are_heard_on_one_blas_thread(
    switch: blas._Switch, tmp_path: Path
) -> None:
    """Their levels are products too small for more: five times slower on two threads."""
    n_threads: list[int] = []

    class Watched(TogetherEngine):
        def encode_together(
            self, sounds: Sequence[SoundSource], *, progress: Progress = silent
        ) -> list[Encoding]:
            n_threads.append(switch.get())
            return super().encode_together(sounds, progress=progress)

    paths = [tmp_path / f"{number}.wav" for number in range(2)]
    for number, path in enumerate(paths):
        path.write_bytes(wav(np.random.default_rng(number).uniform(-0.5, 0.5, 8_000)))

    openers = [functools.partial(open_sound, path) for path in paths]
    HearAhead(openers, Watched(), EncodingCache(tmp_path / "cache")).hear(0)

    assert n_threads == [1]


@pytest.mark.parametrize("shape", [(7, 300, 64), (64, 200, 512), (1, 1, 1)])
def test_both_ways_of_multiplying_agree(shape: tuple[int, int, int]) -> None:
    rows, inner, columns = shape
    rng = np.random.default_rng(5)
    a = rng.normal(size=(rows, inner)).astype(np.float32)
    b = rng.normal(size=(inner, columns)).astype(np.float32)

    np.testing.assert_allclose(product(a, b, blas=False), product(a, b, blas=True), atol=1e-4)

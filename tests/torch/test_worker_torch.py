"""The torch engine in a worker: the same curves as the built-in engine in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import (
    ArraySound,
    ControlTrack,
    decode,
    encode,
    load_model,
    open_engine,
    starter_folder,
)
from emotalk_core.engine.remote import RemoteEngine
from emotalk_core.errors import InputError

PYTHON = Path(sys.executable)


def test_torch_in_a_worker_gives_the_curves_of_the_builtin_engine() -> None:
    rng = np.random.default_rng(0)
    sound = ArraySound(0.1 * rng.standard_normal(64_000), 16_000)
    here = open_engine("builtin", load_model(starter_folder()))
    there = RemoteEngine(PYTHON, starter_folder(), engine="torch", options={"device": "cpu"})

    found = decode(encode(sound, there), ControlTrack(), there)
    there.close()

    expected = decode(encode(sound, here), ControlTrack(), here)
    # 1.6e-5 measured; Encodings are float16, so a rounding may fall the other way: 5e-4 asked.
    np.testing.assert_allclose(found.values, expected.values, rtol=0, atol=5e-4)
    assert there.name == "torch"


def test_a_device_that_is_not_there_is_told_by_the_worker() -> None:
    with pytest.raises(InputError, match="steam"):
        RemoteEngine(PYTHON, starter_folder(), engine="torch", options={"device": "steam"})

"""Phones of long sounds: memory that hardly grows, progress and cancel."""

from __future__ import annotations

import json
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from emotalk_core import cli
from emotalk_core.cli import progress as cli_progress
from emotalk_core.errors import Cancelled
from emotalk_core.model.config import PHONES
from emotalk_core.speech.phones import phones_of


def shares(n_phones: int, frames_each: int) -> np.ndarray:
    """Phones that last some frames each, float32 (T, 46)."""
    columns = (np.arange(n_phones) % len(PHONES)).repeat(frames_each)
    found = np.full((len(columns), len(PHONES)), 0.01, np.float32)
    found[np.arange(len(columns)), columns] = 0.5
    return found


def test_phones_of_many_frames_are_found_without_a_matrix_of_them() -> None:
    heard = shares(200, 60)
    tracemalloc.start()

    found = phones_of(heard)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [phone.symbol for phone in found] == [PHONES[i % len(PHONES)] for i in range(200)]
    assert all(one.end_s == other.start_s for one, other in pairwise(found))
    assert peak < heard.nbytes * 2


def test_the_search_tells_how_far_it_is_and_can_be_stopped() -> None:
    told: list[float] = []

    def stop_after_three(share: float, _what: str) -> None:
        told.append(share)
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        phones_of(shares(200, 60), stop_after_three)

    assert told == sorted(told)
    assert told[0] == 0.0


def test_the_command_tells_each_part_of_its_work(
    babbling: Path, papa: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli_progress, "_INTERVAL_S", 0.0)
    out = str(babbling.with_name("out.csv"))

    told = ["--text", papa, "--language", "de"]

    assert cli.main(["phones", str(babbling), "-o", out, *told, "--progress", "json"]) == 0

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    parts = {line["doing"] for line in lines}
    assert {"Following the text", "Naming the phones", "Done"} <= parts
    done = [line["progress"] for line in lines]
    assert done == sorted(done)

"""Files that appear whole or not at all: what they are called until then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emotalk_core.atomic_file import path_beside


@pytest.mark.parametrize("name", ["a" * 250 + ".csv", "é" * 125 + ".csv", "字" * 84, "a.csv"])
def test_a_name_with_an_ending_more_is_still_a_name(name: str) -> None:
    beside = path_beside(Path("folder") / name, ".0123abcd.part")

    assert len(os.fsencode(beside.name)) <= 254
    assert beside.name.endswith(".0123abcd.part")
    assert beside.parent == Path("folder")
    assert name.startswith(beside.name.removesuffix(".0123abcd.part"))

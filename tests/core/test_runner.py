"""Which tests a tier runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import runner


class Process:
    """An interpreter that keeps what it is called with."""

    def __init__(self) -> None:
        self.called: tuple[str, ...] = ()

    def call(self, *arguments: str) -> int:
        """Done."""
        self.called = arguments
        return 0


@pytest.mark.parametrize(
    ("extra", "runs_all"),
    [
        ([], True),
        (["-k", "words", "-x"], True),
        (["tests/core/test_runner.py"], False),
        (["-x", "tests/core/test_runner.py::test_tests_that_are_named_are_run_alone"], False),
    ],
)
def test_tests_that_are_named_are_run_alone(
    extra: list[str], tmp_path: Path, *, runs_all: bool
) -> None:
    process = Process()

    runner.run_pytest(runner.Tier("core", "core", "tests/core"), process, extra, tmp_path)

    assert ("tests/core" in process.called) == runs_all
    assert process.called[-len(extra) or len(process.called) :] == tuple(extra)

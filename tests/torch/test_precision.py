"""In which numbers a network learns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

torch = pytest.importorskip("torch", reason="training needs torch: run.py test makes .venv-train")

from training import precision  # noqa: E402
from training.precision import quick_numbers  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    precision._has_quick_halves.cache_clear()
    yield
    precision._has_quick_halves.cache_clear()


def _numbers(*, enabled: bool = True) -> torch.dtype:
    with quick_numbers(CPU, enabled=enabled):
        return torch.nn.Linear(4, 4)(torch.ones(2, 4)).dtype


@pytest.mark.parametrize(
    ("halves_s", "expected"), [(0.5, torch.bfloat16), (2.0, torch.float32), (40.0, torch.float32)]
)
def test_halves_are_taken_where_they_are_quick(
    monkeypatch: pytest.MonkeyPatch, halves_s: float, expected: torch.dtype
) -> None:
    seconds = {torch.bfloat16: halves_s, torch.float32: 1.0}
    monkeypatch.setattr(precision, "_seconds", seconds.__getitem__)
    assert _numbers() == expected
    assert _numbers(enabled=False) == torch.float32


def test_a_processor_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[torch.dtype] = []

    def seconds(dtype: torch.dtype) -> float:
        asked.append(dtype)
        return 1.0

    monkeypatch.setattr(precision, "_seconds", seconds)
    _numbers()
    _numbers()
    assert sorted(map(str, asked)) == ["torch.bfloat16", "torch.float32"]


def test_timing_draws_no_random_numbers_and_needs_no_gradients() -> None:
    before = torch.random.get_rng_state()
    with torch.no_grad():
        assert precision._seconds(torch.bfloat16) > 0.0 < precision._seconds(torch.float32)
    assert torch.equal(torch.random.get_rng_state(), before)

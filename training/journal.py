"""What a run writes down by step: `curve.jsonl`."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emotalk_core.atomic_file import atomic_file
from emotalk_core.errors import SetupError

__all__ = ["Journal"]

log = logging.getLogger(__name__)


class Journal:
    """Losses by step, to a file of lines, the log and, when asked for, TensorBoard."""

    def __init__(self, folder: Path, *, first_step: int, tensorboard: bool = False) -> None:
        self._path = folder / "curve.jsonl"
        _cut(self._path, first_step)
        self._board: Any = _open_board(folder) if tensorboard else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._board is not None:
            self._board.close()

    def write(self, step: int, kind: str, parts: Mapping[str, float], seconds: float) -> None:
        """One line: the parts and their sum."""
        line = {"step": step, "kind": kind, "loss": sum(parts.values()), **parts}
        with self._path.open("a", encoding="utf-8") as file:
            rounded = {k: float(f"{v:.7g}") if isinstance(v, float) else v for k, v in line.items()}
            file.write(json.dumps(rounded | {"seconds": round(seconds, 2)}) + "\n")
        log.info("%6d %-5s %s", step, kind, "  ".join(f"{k} {v:.5f}" for k, v in parts.items()))
        if self._board is not None:
            for name, value in parts.items():
                self._board.add_scalar(f"{kind}/{name}", value, step)


def _cut(path: Path, first_step: int) -> None:
    """Drop lines of steps that will be taken again, and what a full disk cut short."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    kept = [line for line in lines if _step_of(line) <= first_step]
    with atomic_file(path) as file:
        file.write("".join(f"{line}\n" for line in kept).encode())


def _step_of(line: str) -> float:
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return math.inf


def _open_board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard.writer import SummaryWriter
    except ImportError as error:
        raise SetupError(
            "TensorBoard is not installed",
            value="pace.tensorboard = true",
            remedy="pip install tensorboard, or set it to false: curve.jsonl has the same.",
        ) from error
    return SummaryWriter(str(folder / "tensorboard"))

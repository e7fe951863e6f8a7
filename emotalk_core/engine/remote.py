"""An engine that runs in a worker: another Python, with what that Python has installed.

Killed, hung or crashed, the worker costs the job that it was doing and nothing else: the next one
starts another.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ..controls import FrameControls
from ..model.config import ModelConfig, read_config
from ..progress import Progress, silent
from . import Encoding
from .worker_process import WorkerProcess

if TYPE_CHECKING:
    from ..audio import SoundSource

__all__ = ["RemoteEngine"]

_DECODE_QUIET_S: Final = 10.0  # a window may be waiting for it


class RemoteEngine:
    """Runs any engine by name in a worker; safe from any thread.

    Parameters
    ----------
    python : Path
        The interpreter that runs it, 3.11 or newer, with numpy.
    model : Path
        A model folder; it is loaded there, not here.
    engine : str
        As for `open_engine`.
    options : mapping
        Its keyword arguments there, such as the device; plain values.
    progress : Progress
        Told while it starts, which takes seconds where torch is imported.

    Raises
    ------
    SetupError
        This Python cannot run it.
    EmoTalkError
        The model or the engine cannot be opened there.
    """

    def __init__(
        self,
        python: Path,
        model: Path,
        *,
        engine: str = "auto",
        options: Mapping[str, object] | None = None,
        progress: Progress = silent,
        quiet_s: float | None = None,
    ) -> None:
        self.config: ModelConfig = read_config(model / "config.json")
        self.name = engine
        self.key = ""
        self.context_frames = 0
        self._python, self._quiet_s = python, quiet_s
        asked = {"engine": engine, "model": str(model), "options": dict(options or {})}
        self._asked = {"do": "open", **asked}
        self._starting = threading.Lock()
        self._process: WorkerProcess | None = None
        self._worker(progress)

    @property
    def is_ready(self) -> bool:
        """Whether it answers at once, without a start before."""
        return self._process is not None and self._process.is_alive

    @property
    def pid(self) -> int | None:
        """The worker's process number while there is one."""
        return self._process.pid if self._process is not None else None

    def ensure_ready(self, progress: Progress = silent) -> None:
        """Start the worker if there is none: as every request does, but where it may take long."""
        self._worker(progress)

    def close(self) -> None:
        """End the worker; the next request starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def encode(self, sound: SoundSource, *, progress: Progress = silent) -> Iterator[Encoding]:
        """Consecutive pieces of the sound's Encoding, together exactly T frames."""
        worker = self._worker(progress)
        header = {"do": "encode", "n_samples": sound.n_samples, "key": sound.key}
        with worker.call(header) as call:
            for block in sound.blocks():
                samples = {"samples": block}
                worker.say_in_turn(call, {"do": "samples"}, samples, progress)
            worker.say(call, {"do": "end"})
            while (reply := worker.reply(call, progress)).header["is"] == "piece":
                yield Encoding(*(reply.arrays[name] for name in Encoding.FIELDS))

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52) in Apple's order, before shaping; may leave 0..1."""
        worker = self._worker(silent)
        arrays = encoding.arrays | {
            name: getattr(controls, name) for name in ("weights", "mix", "intensity")
        }
        steady = {name: getattr(controls, name) for name in ("style", "contrast", "usual")}
        header = {"do": "decode"} | steady
        with worker.call(header, arrays) as call:
            return worker.reply(call, silent, quiet_s=_DECODE_QUIET_S).arrays["values"]

    def _worker(self, progress: Progress) -> WorkerProcess:
        """The running worker with its engine open; started if there is none."""
        with self._starting:
            if self._process is None or not self._process.is_alive:
                self._process = self._start(progress)
            return self._process

    def _start(self, progress: Progress) -> WorkerProcess:
        patience = {} if self._quiet_s is None else {"quiet_s": self._quiet_s}
        worker = WorkerProcess(self._python, progress=progress, **patience)
        try:
            with worker.call(self._asked, doing="Opening the engine") as call:
                header = worker.reply(call, progress).header
        except BaseException:
            worker.end()
            raise
        self.name, self.key = str(header["name"]), str(header["key"])
        self.context_frames = int(header["context_frames"])
        return worker

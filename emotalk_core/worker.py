"""The child process in which an engine runs under another Python: `emotalk serve`.

It talks in messages (`other_python/messages.py`) over its standard streams; what it prints goes to
stderr. Four threads: one listens, one beats so that its parent knows a long computation from a
hang, one decodes, and the main one does everything slow, one request after the other. When the
parent goes away the input ends, and with it this process, whatever it is doing.

    parent                          child
                                    hello     protocol, python
    open    engine model options    opened    name key context_frames
    encode  n_samples key
    samples (array)
    end                             progress ... piece (arrays) ... done
    decode  style (arrays)          values (array)
    cancel  of                      cancelled
                                    error     kind problem value remedy
                                    alive     once a second
"""

from __future__ import annotations

import faulthandler
import logging
import os
import platform
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

from .atomic_file import open_temporary, writing_temporary
from .errors import Cancelled, EmoTalkError, SetupError, WorkerError
from .other_python.messages import PROTOCOL, Message, MessageError, read_message, write_message

if TYPE_CHECKING:
    import numpy as np

    from .engine import Engine
    from .progress import Progress

__all__ = ["main"]

_log = logging.getLogger(__name__)

_BEAT_S: Final = 1.0
_TELL_S: Final = 0.05  # between two words of progress
_BLOCK_BYTES: Final = 1 << 18


def main() -> NoReturn:
    """Serve the parent until it goes away."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it cancels
    Worker(*_take_streams()).run()


def _take_streams() -> tuple[IO[bytes], IO[bytes]]:
    """The standard streams, for messages alone: whatever prints writes to stderr from now on."""
    pipe_in, pipe_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe_in, pipe_out


class Worker:
    """One engine, served over two pipes."""

    def __init__(self, pipe_in: IO[bytes], pipe_out: IO[bytes]) -> None:
        self._in, self._out = pipe_in, pipe_out
        self._sending = threading.Lock()
        self._slow: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._quick: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._sounds: dict[int, _ReceivedSound] = {}  # on their way
        self._cancelled: set[int] = set()
        self._engine: Engine | None = None

    def run(self) -> NoReturn:
        """Never returns: the process ends with its input."""
        self._send({"is": "hello", "protocol": PROTOCOL, "python": platform.python_version()}, 0)
        for target in (self._listen, self._beat, self._decode_all):
            threading.Thread(target=target, daemon=True).start()
        while True:
            self._slow.get()()

    def _decode_all(self) -> NoReturn:
        while True:
            self._quick.get()()

    def _beat(self) -> NoReturn:
        while True:
            time.sleep(_BEAT_S)
            self._send({"is": "alive"}, 0)

    def _send(
        self, header: dict[str, Any], request: int, arrays: Mapping[str, np.ndarray] | None = None
    ) -> None:
        try:
            with self._sending:
                write_message(self._out, {**header, "id": request}, arrays)
        except OSError:  # nobody listens any more
            os._exit(0)

    def _listen(self) -> None:
        """Take the parent's messages until there are no more."""
        try:
            while (message := read_message(self._in)) is not None:
                self._take(message)
            os._exit(0)
        except MessageError as error:
            _log.error("Worker: what comes in is no message: %s", error)
        except Exception:  # noqa: BLE001 - the process ends: its last words say why
            _log.exception("This is a bug in EmoTalk")
        os._exit(2)

    def _take(self, message: Message) -> None:
        header = message.header
        what, request = header["do"], int(header["id"])
        if what == "cancel":
            self._cancelled.add(int(header["of"]))
        elif what == "open":
            self._slow.put(lambda: self._guarded(request, lambda: self._open(request, header)))
        elif what == "decode":
            self._quick.put(lambda: self._guarded(request, lambda: self._decode(request, message)))
        else:
            self._guarded(request, lambda: self._receive(request, message))

    def _receive(self, request: int, message: Message) -> None:
        """Sound on its way: kept on disk, however long."""
        what, header = message.header["do"], message.header
        if what == "encode":
            self._sounds[request] = _ReceivedSound(int(header["n_samples"]), str(header["key"]))
        elif request in self._sounds and what == "samples":
            self._sounds[request].add(message.arrays["samples"])
        elif request in self._sounds and what == "end":
            sound = self._sounds.pop(request)
            self._slow.put(lambda: self._guarded(request, lambda: self._encode(request, sound)))

    def _guarded(self, request: int, work: Callable[[], None]) -> None:
        """One of the doors: whatever `work` raises goes to the parent as plain fields."""
        try:
            self._check(request)
            work()
            return
        except Cancelled:
            self._cancelled.discard(request)
            self._send({"is": "cancelled"}, request)
            return
        except EmoTalkError as error:
            told = error
        except ImportError as error:
            told = _missing(error)
        except MemoryError:
            told = SetupError(
                "Not enough memory", value=sys.executable, remedy="Close other programs."
            )
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            _log.exception("This is a bug in EmoTalk, not in your file")
            remedy = "This is a bug in EmoTalk: the console has more."
            told = WorkerError(f"Unexpected {type(error).__name__}", value=error, remedy=remedy)
        self._sounds.pop(request, None)
        fields = {"problem": told.problem, "value": _shown(told.value), "remedy": told.remedy}
        self._send({"is": "error", "kind": type(told).__name__, **fields}, request)

    def _check(self, request: int) -> None:
        if request in self._cancelled:
            raise Cancelled

    def _progress(self, request: int) -> Progress:
        last_s = 0.0

        def tell(share: float, what: str) -> None:
            nonlocal last_s
            self._check(request)
            now_s = time.monotonic()
            if share >= 1.0 or now_s - last_s >= _TELL_S:
                last_s = now_s
                self._send({"is": "progress", "share": float(share), "what": what}, request)

        return tell

    def _open(self, request: int, header: Mapping[str, Any]) -> None:
        from .engine import open_engine
        from .model.folder import load_model

        model = load_model(Path(header["model"]))
        self._check(request)
        engine = open_engine(header["engine"], model, **header["options"])
        self._engine = engine
        facts = {"name": engine.name, "key": engine.key, "context_frames": engine.context_frames}
        self._send({"is": "opened", **facts}, request)

    def _encode(self, request: int, sound: _ReceivedSound) -> None:
        from .engine.blas import one_blas_thread

        sound.check_whole()
        with one_blas_thread():
            for piece in self._opened().encode(sound, progress=self._progress(request)):
                self._send({"is": "piece"}, request, piece.arrays)
        self._send({"is": "done"}, request)

    def _decode(self, request: int, message: Message) -> None:
        from .controls import FrameControls
        from .engine import Encoding
        from .engine.blas import one_blas_thread

        given = message.arrays
        encoding = Encoding(*(given[name] for name in Encoding.FIELDS))
        moving = (given[name] for name in ("weights", "mix", "intensity"))
        style, contrast = int(message.header["style"]), float(message.header["contrast"])
        usual = tuple(map(float, message.header["usual"]))
        controls = FrameControls(*moving, style=style, contrast=contrast, usual=usual)
        with one_blas_thread():
            values = self._opened().decode(encoding, controls)
        self._send({"is": "values"}, request, {"values": values})

    def _opened(self) -> Engine:
        if self._engine is None:
            raise WorkerError("No engine is open", value="worker", remedy="Send open first.")
        return self._engine


class _ReceivedSound:
    """A sound that came down the pipe, in a temporary file: 16 kHz mono float32."""

    def __init__(self, n_samples: int, key: str) -> None:
        self.n_samples, self.key = n_samples, key
        self._file = open_temporary()
        self._n_there = 0

    def add(self, samples: np.ndarray) -> None:
        """The next samples."""
        with writing_temporary():
            self._file.write(samples.tobytes())
        self._n_there += len(samples)

    def check_whole(self) -> None:
        """Raise unless all of it has come."""
        if self._n_there != self.n_samples:
            raise WorkerError(
                "The sound did not arrive whole",
                value=f"{self._n_there} of {self.n_samples} samples",
                remedy="Try again.",
            )
        with writing_temporary():
            self._file.flush()

    def blocks(self) -> Iterator[np.ndarray]:
        """float32 (n,) from the first sample to the last; each call starts anew."""
        import numpy as np

        position = 0  # kept here, so that several readers may take turns
        while position < 4 * self.n_samples:
            self._file.seek(position)
            data = self._file.read(_BLOCK_BYTES)
            position += len(data)
            yield np.frombuffer(data, "<f4")


def _missing(error: ImportError) -> SetupError:
    return SetupError(
        "This Python lacks a package",
        value=error.name or error,
        remedy=f'Install it: "{sys.executable}" -m pip install {error.name or "it"}',
    )


def _shown(value: object) -> str | int | float:
    return value if isinstance(value, (int, float)) else str(value)

"""The command line: one file for each command, each parse -> call -> print."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from types import FrameType
from typing import Final

from ..errors import Cancelled, EmoTalkError, quoted
from .streams import ready_streams, silence, tell

__all__ = [
    "CANCELLED_LINE",
    "ended_at_once",
    "ended_like_ctrl_c",
    "is_ended",
    "main",
    "raise_if_ended",
]

_log = logging.getLogger(__name__)

CANCELLED_LINE: Final = "emotalk: cancelled; unfinished files were not written"

_ENDINGS: Final = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
]  # Windows has no SIGHUP

_is_ended = threading.Event()  # somebody has ended us
_DONE, _BAD, _SOME_FAILED, _CANCELLED = 0, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 2 bad input or environment, 3 some of several failed,
    130 cancelled.
    """
    ready_streams()
    logging.basicConfig(format="emotalk: %(message)s", level=logging.WARNING)
    with ended_like_ctrl_c():
        return _run(argv)


@contextlib.contextmanager
def ended_like_ctrl_c() -> Generator[None]:
    """Whoever ends us, a farm's manager (SIGTERM) or a terminal that is closed (SIGHUP), also
    leaves no half file and no process behind; so does Ctrl-C where it is not Python's: Blender's
    own stops a film, and nothing else. Under nohup we outlive the terminal.
    """
    _is_ended.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (*_ENDINGS, signal.SIGINT)}
    for number, old in before.items():
        if old not in (signal.SIG_IGN, signal.default_int_handler):
            signal.signal(number, _interrupt_once)
    try:
        yield
    finally:
        for number, old in before.items():
            # None: Blender's own, which cannot be put back; by then its command is over
            signal.signal(number, signal.SIG_DFL if old is None else old)


@contextlib.contextmanager
def ended_at_once(clean: Callable[[], None]) -> Generator[None]:
    """While Blender renders no Python runs in its thread, and whoever ends us would wait for the
    film's end: another thread hears of it, does `clean`, and ends us with exit code 130.
    """
    heard, told = socket.socketpair()
    told.settimeout(0.0)

    def end() -> None:
        if heard.recv(1):  # nothing: `told` was closed
            tell(CANCELLED_LINE)
            clean()
            os._exit(_CANCELLED)

    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        told.close()
        thread.join()
        heard.close()


def is_ended() -> bool:
    """Whether we were ended, whatever came of it: Blender prints what handlers of a file raise, and
    goes on, and makes an error of its own of what operators do.
    """
    return _is_ended.is_set()


def raise_if_ended() -> None:
    """Raise KeyboardInterrupt if we were ended, and nothing has come of it yet."""
    if is_ended():
        raise KeyboardInterrupt


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    for ending in (*_ENDINGS, number):  # a second one would disturb the cleaning up
        signal.signal(ending, signal.SIG_IGN)
    _is_ended.set()
    signal.default_int_handler(number, frame)


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = _parser().parse_args(argv)  # imports numpy: Ctrl-C may come here already
        run: Callable[[argparse.Namespace], int] = arguments.run
        code = run(arguments)
        sys.stdout.flush()  # a reader that went away shows here, not when Python ends
        return code
    except EmoTalkError as error:
        tell(f"emotalk: {error}")
        return _BAD
    except (Cancelled, KeyboardInterrupt):
        tell(CANCELLED_LINE)
        return _CANCELLED
    except BrokenPipeError:  # whoever read our results went away: there is nobody to tell
        silence(sys.stdout)
        return _BAD
    except OSError as error:
        where = "" if error.filename is None else f": {quoted(str(error.filename))}"
        tell(f"emotalk: {error.strerror or error}{where}")
        return _BAD
    except Exception as error:  # noqa: BLE001 - one of the doors
        _log.exception("This is a bug in EmoTalk, not in your file")
        tell(f"emotalk: unexpected {type(error).__name__}: {error}")
        return _BAD


def _parser() -> argparse.ArgumentParser:
    from . import (
        animate,
        batch,
        bench,
        calibrate,
        doctor,
        export_onnx,
        feelings,
        flame,
        import_checkpoint,
        info,
        phones,
        serve,
        words,
    )
    from .options import OneLineParser

    parser = OneLineParser(
        prog="emotalk",
        description="Speech sound to face curves (ARKit's 52 coefficients) with emotion.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    modules = (
        animate,
        batch,
        feelings,
        phones,
        words,
        info,
        import_checkpoint,
        calibrate,
        export_onnx,
        flame,
        bench,
        doctor,
        serve,
    )
    for module in modules:
        module.add_command(commands)
    return parser

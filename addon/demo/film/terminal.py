"""How the demo's programs speak to a person at a terminal, and end."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from ....emotalk_core.errors import Cancelled, EmoTalkError

__all__ = ["Steps", "run_program"]


class Steps:
    """Progress: a line for each step, with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._told = -1.0

    def say(self, what: str) -> None:
        """A step begins."""
        self._told = -1.0
        self._tell(what)

    def share(self, done: float, what: str) -> None:
        """Progress within a step, told at every tenth."""
        if done - self._told >= 0.1 or done >= 1.0 > self._told:
            self._told = done
            self.say_on(f"{what}: {done:4.0%}")

    def say_on(self, what: str) -> None:
        """A line under the current step."""
        self._tell(f"  {what}")

    def _tell(self, what: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self._started:5.0f} s] {what}\n")
        sys.stdout.flush()


def run_program(name: str, work: Callable[[Steps], int | None]) -> int:
    """Exit code of some work (its own, or 0); what the user can mend is said in one line."""
    try:
        with _quiet_blender():
            return work(Steps()) or 0
    except EmoTalkError as error:
        return _complain(name, str(error), 2)
    except OSError as error:
        return _complain(name, f"cannot write ({error.strerror or error}): {error.filename}", 2)
    except (Cancelled, KeyboardInterrupt):
        return _complain(name, "stopped.", 130)


def _complain(name: str, what: str, code: int) -> int:
    sys.stderr.write(f"{name}: {what}\n")
    return code


@contextmanager
def _quiet_blender() -> Generator[None, None, None]:
    """Blender and its graphics library talk on the process's own output; ours goes around it.

    What they said is told when something breaks that nobody foresaw.
    """
    with tempfile.TemporaryFile() as noise, os.fdopen(os.dup(1), "w", encoding="utf-8") as ours:
        before, sys.stdout = sys.stdout, ours
        saved = [os.dup(stream) for stream in (1, 2)]
        for stream in (1, 2):
            os.dup2(noise.fileno(), stream)
        try:
            yield
        except (EmoTalkError, OSError, Cancelled, KeyboardInterrupt):
            raise
        except BaseException:
            noise.seek(0)
            os.write(saved[1], noise.read())
            raise
        finally:
            sys.stdout = before
            for stream, number in zip((1, 2), saved, strict=True):
                os.dup2(number, stream)
                os.close(number)

"""Another Python as a place to run an engine in: found, and looked at."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import SetupError
from .programs import Ended, run_program

__all__ = ["Interpreter", "find_python", "look_at", "our_command", "program_in"]

_OLDEST: Final = (3, 11)
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_TIMEOUT_S: Final = 120.0  # torch from a cold disk
_MARK: Final = "EMOTALK "

# Not -I, which leaves out what `pip install --user` has put there; the folder that a program is
# started in, which is empty in its search path, is taken out by the program itself.
_ALONE: Final = "-E"

# The package is loaded from its folder and not found on a search path: beside an installed one lie
# packages of this Python, which another must not import. Old Pythons parse it, and say their age.
_START: Final = """
import sys
sys.path[:] = filter(None, sys.path)
if sys.version_info < (3, 11):
    sys.exit("Python %d.%d is too old: EmoTalk needs 3.11 or newer" % sys.version_info[:2])
from importlib import import_module, util
spec = util.spec_from_file_location("emotalk_core", sys.argv.pop(1))
sys.modules["emotalk_core"] = package = util.module_from_spec(spec)
spec.loader.exec_module(package)
sys.exit(import_module("emotalk_core." + sys.argv.pop(1)).main())
"""

# Runs in the other Python, however old: it prints one line of JSON.
_LOOK: Final = """
import sys; sys.path[:] = filter(None, sys.path)
import json, platform
found = {"python": platform.python_version(), "problems": {}}
def look(name):
    try:
        module = __import__(name)
        found[name] = str(module.__version__)
        return module
    except ImportError as error:
        if getattr(error, "name", None) != name:
            found["problems"][name] = str(error)
    except Exception as error:
        found["problems"][name] = "%s: %s" % (type(error).__name__, error)
look("numpy")
look("onnxruntime")
torch = look("torch")
devices = ["cpu"]
if torch is not None:
    try:
        if torch.cuda.is_available():
            devices.append("cuda")
            found["gpu"] = torch.cuda.get_device_name(0)
        if getattr(torch.backends, "mps", None) and torch.backends.mps.is_available():
            devices.append("mps")
        found["build"] = "ROCm" if getattr(torch.version, "hip", None) else (
            "CUDA %s" % torch.version.cuda if torch.version.cuda else "")
    except Exception as error:
        found["problems"]["torch"] = "%s: %s" % (type(error).__name__, error)
found["devices"] = devices
try:
    from importlib import metadata
    found["faster_whisper"] = metadata.version("faster-whisper")
except Exception:
    pass
print("EMOTALK " + json.dumps(found))
"""


@dataclass(frozen=True)
class Interpreter:
    """What a Python has; versions are empty where a package is not there."""

    program: Path
    python: str
    numpy: str = ""
    torch: str = ""
    onnxruntime: str = ""
    devices: tuple[str, ...] = ("cpu",)
    gpu: str = ""
    faster_whisper: str = ""  # hears words: speech/heard_words.py
    build: str = ""  # of torch: "CUDA 12.8", "ROCm"; empty: for the processor alone
    problems: tuple[str, ...] = ()  # packages that are there and do not work

    @property
    def fault(self) -> str:
        """Why the worker cannot run in it; empty when it can."""
        if _version(self.python) < _OLDEST:
            return f"Python {self.python} is too old: 3.11 or newer is needed"
        if not self.numpy:
            told = next((text for text in self.problems if text.startswith("numpy:")), "")
            return told or f'numpy is missing: "{self.program}" -m pip install numpy'
        return ""

    @property
    def summary(self) -> str:
        """One line: `Python 3.13.1, numpy 2.4.6, PyTorch 2.9.1 (CUDA 12.8), NVIDIA H100`."""
        torch = f"PyTorch {self.torch}" if self.torch else "no PyTorch"
        parts = [f"Python {self.python}", f"numpy {self.numpy}" if self.numpy else "no numpy"]
        parts.append(f"{torch} ({self.build})" if self.build and self.torch else torch)
        if self.onnxruntime:
            parts.append(f"ONNX Runtime {self.onnxruntime}")
        if self.faster_whisper:
            parts.append(f"faster-whisper {self.faster_whisper}")
        return ", ".join([*parts, *filter(None, [self.gpu])])


def our_command(program: Path, module: str, *arguments: object) -> list[str]:
    """The command that calls `main()` of a module of this package in another Python."""
    code = [_ALONE, "-c", _START, _PACKAGE / "__init__.py", module]
    return [str(part) for part in (program, *code, *arguments)]


def program_in(folder: Path) -> Path:
    """Where the interpreter of an environment lies, there or not."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def find_python(path: Path) -> Path:
    """The interpreter that a user means: the program itself, or that of an environment's folder.

    Raises
    ------
    SetupError
        There is none.
    """
    tried = [path] if not path.is_dir() else [
        path / name for name in ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")
    ]  # fmt: skip
    found = next((program for program in tried if program.is_file()), None)
    if found is None:
        raise SetupError(
            "No such Python",
            value=path,
            remedy="Choose the program file of a Python 3.11 or newer, or its environment.",
        )
    return found.absolute()  # not resolved: an environment's link tells where its packages are


def look_at(program: Path, progress: Callable[[], object] = lambda: None) -> Interpreter:
    """What `program` is and has; takes seconds where torch is there.

    Raises
    ------
    SetupError
        It cannot be started, does not answer, or is no Python.
    """
    answers: list[str] = []

    def keep(line: str) -> None:
        if line.startswith(_MARK):
            answers.append(line.removeprefix(_MARK))

    command = [program, _ALONE, "-c", _LOOK]
    ended = run_program(command, on_line=keep, progress=progress, timeout_s=_TIMEOUT_S)
    if ended.code or not answers:
        raise SetupError(
            "This program is no Python that works", value=program, remedy=_why_not(ended)
        )
    return _interpreter(program, json.loads(answers[-1]))


def _why_not(ended: Ended) -> str:
    """What it said last, but for what another program makes of our Python: a page of it."""
    if any(_LOOK.split("\n")[1] in line for line in ended.lines):
        return "Choose the program file of a Python 3.11 or newer, or its environment."
    return f"{ended.last_line}."


def _interpreter(program: Path, found: dict[str, Any]) -> Interpreter:
    names = ("python", "numpy", "torch", "onnxruntime", "gpu", "build", "faster_whisper")
    texts = {name: str(found[name]) for name in names if name in found}
    problems = tuple(f"{name}: {why}" for name, why in sorted(found["problems"].items()))
    return Interpreter(program, devices=tuple(found["devices"]), problems=problems, **texts)


def _version(text: str) -> tuple[int, int]:
    major, minor, *_ = (*text.split("."), "0")
    return int(major), int(minor)

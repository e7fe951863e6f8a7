"""A look at everything that EmoTalk stands on: what is there, what works, what to do.

Plain findings, one for each thing; the command line prints them, Blender draws them.
"""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Final

import numpy as np

from .audio import ArraySound
from .audio.decoders import readable_formats
from .engine import Engine, onnx_engine, open_engine
from .engine.onnx_check import SHORT, check_graphs
from .engine.onnx_starter import starter_graphs
from .engine.product import has_blas
from .engine.remote import RemoteEngine
from .errors import EmoTalkError, SetupError
from .model.folder import load_model
from .other_python.interpreter import Interpreter, find_python, look_at
from .progress import Progress, silent
from .speech.heard_words import Recogniser, hearing
from .speech.readers import languages_read
from .speech.recognise import LIBRARY
from .speech.transcript import ENGLISH, find_espeak
from .timing import SAMPLE_RATE
from .torch_here import has_torch

__all__ = [
    "Finding",
    "about_cache",
    "about_engine",
    "about_espeak",
    "about_formats",
    "about_interpreter",
    "about_looked_at",
    "about_model",
    "about_onnx",
    "about_python",
    "about_recogniser",
    "about_torch",
    "about_words",
    "checked",
    "examine",
]

_LOW_DISK_BYTES: Final = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_well: bool
    detail: str
    remedy: str = ""
    is_needed: bool = True

    @property
    def text(self) -> str:
        """One line, with what to do where something is amiss."""
        line = f"{self.what}: {self.detail}"
        return f"{line}. {self.remedy}" if self.remedy and not self.is_well else line


def examine(model: Path, cache: Path, python: Path | None = None) -> Iterator[Finding]:
    """Everything outside of Blender, one after the other."""
    yield from about_python()
    yield from about_formats()
    yield about_espeak()
    yield about_model(model)
    yield about_cache(cache)
    if python is None:
        yield about_onnx(model)
        yield about_torch()
        yield about_words()
        yield about_engine(lambda: open_engine("auto", load_model(model)))
    else:
        yield from about_interpreter(python)
        yield about_engine(lambda: RemoteEngine(find_python(python), model.absolute()))


def about_python() -> Iterator[Finding]:
    """The running Python, its numpy, and how fast that multiplies."""
    system = platform.platform(terse=True)
    yield Finding("Python", is_well=True, detail=f"{platform.python_version()} on {system}")
    yield Finding("numpy", is_well=True, detail=np.__version__)
    fast, slow = (
        "matrix products are fast",
        "none in this numpy: animating takes three times as long",
    )
    remedy = "Nothing needs it; PyPI's numpy 2 has it."
    yield Finding("BLAS", has_blas(), fast if has_blas() else slow, remedy, is_needed=False)


def about_formats() -> Iterator[Finding]:
    """Which sound files can be read outside of Blender."""
    for name, is_here in readable_formats().items():
        package = name.partition("(")[2].rstrip(")")
        detail = "readable" if is_here else "not readable"
        yield Finding(name, is_here, detail, f"pip install {package}", is_needed=False)


def about_espeak() -> Finding:
    """Whether texts can be read."""
    program = find_espeak()
    detail = str(program) if program else "not installed"
    read = ", ".join((ENGLISH, *languages_read()))
    remedy = f"Only texts in other languages than {read} need it: github.com/espeak-ng/espeak-ng."
    return Finding("espeak-ng", program is not None, detail, remedy, is_needed=False)


def about_words() -> Finding:
    """Whether the words of a sound can be heard in this Python."""
    try:
        detail, is_well = metadata.version(LIBRARY), True
    except metadata.PackageNotFoundError:
        detail, is_well = "not installed", False
    remedy = f"Only `emotalk words` needs it: pip install {LIBRARY}."
    return Finding(LIBRARY, is_well, detail, remedy, is_needed=False)


def about_recogniser(recogniser: Callable[[], Recogniser], progress: Progress = silent) -> Finding:
    """Whether words can be heard there; a model that is not there yet is not fetched for that."""

    def hear() -> str:
        offline = replace(recogniser(), is_online=False)
        silence = ArraySound(np.zeros(SAMPLE_RATE // 2, np.float32), SAMPLE_RATE)
        with hearing(offline) as opened:  # there are none to hear
            opened.words(silence, "", progress)
        return f"{LIBRARY} hears them, with the model {offline.model}"

    return replace(checked("Words", hear), is_needed=False)


def about_onnx(folder: Path) -> Finding:
    """Whether ONNX Runtime is there and gives the built-in engine's numbers on this machine."""
    if not onnx_engine.is_installed():
        remedy = (
            "Nothing needs it; with it animating is faster, most of all without BLAS:"
            " pip install onnxruntime, in Blender the zip with onnx in its name."
        )
        return Finding(
            "ONNX Runtime", is_well=False, detail="not installed", remedy=remedy, is_needed=False
        )

    def compare() -> str:
        version = onnx_engine.import_runtime().__version__
        model = load_model(folder)
        if model.config.kind != "starter":
            return f"{version}, but this model runs on torch"
        apart = max(check_graphs(starter_graphs(model), model, (SHORT,)).values())
        return f"{version} works, its numbers differ from the built-in engine's by {apart:.0e}"

    return replace(checked("ONNX Runtime", compare), is_needed=False)


def about_torch() -> Finding:
    """Whether this Python has torch, and which graphics card it sees; another process looks."""
    if not has_torch():
        remedy = "Only other models than the one that ships need it."
        return Finding(
            "torch", is_well=False, detail="not installed", remedy=remedy, is_needed=False
        )
    seen = checked("torch", lambda: _torch_detail(look_at(Path(sys.executable))))
    return replace(seen, is_needed=False)


def about_interpreter(
    path: Path, progress: Callable[[], object] = lambda: None, device: str = "auto"
) -> Iterator[Finding]:
    """Another Python: whether the worker runs in it, and on what."""
    try:
        found = look_at(find_python(path), progress)
    except EmoTalkError as error:
        detail = f"{error.problem}: {error.value}"
        yield Finding("Engine's Python", is_well=False, detail=detail, remedy=error.remedy)
        return
    yield about_looked_at(found)
    for problem in found.problems:
        yield Finding(
            "Engine's packages",
            is_well=False,
            detail=problem,
            remedy="Install it again in that Python.",
            is_needed=False,
        )
    if device != "auto":
        is_there = device in found.devices
        detail = f"{device}: {'there' if is_there else 'not there'}"
        remedy = f"It has {', '.join(found.devices)}: choose one of them, or mend the driver."
        yield Finding("Device", is_there, detail, remedy)


def about_looked_at(found: Interpreter) -> Finding:
    """What a Python has, or why the worker cannot run in it."""
    return Finding("Engine's Python", not found.fault, found.fault or found.summary)


def about_engine(open_it: Callable[[], Engine]) -> Finding:
    """Whether the engine opens and hears half a second."""

    def hear() -> str:
        engine = open_it()
        times_s = np.arange(8000) / 16000
        sound = ArraySound(0.3 * np.sin(2 * np.pi * 150 * times_s).astype(np.float32), 16_000)
        n_frames = sum(piece.n_frames for piece in engine.encode(sound))
        return f"{engine.name}, heard {n_frames} frames"

    return checked("Engine", hear)


def about_model(folder: Path) -> Finding:
    """Whether a model folder is whole: every tensor present, of its size, and finite."""
    return checked("model", lambda: _model_detail(folder))


def checked(what: str, look: Callable[[], str]) -> Finding:
    """What `look` says, or the error that it raises, as a finding."""
    try:
        return Finding(what, is_well=True, detail=look())
    except EmoTalkError as error:
        detail = f"{error.problem}: {error.value}"
        return Finding(what, is_well=False, detail=detail, remedy=error.remedy)


def _torch_detail(found: Interpreter) -> str:
    for problem in found.problems:
        if problem.startswith("torch:"):
            raise SetupError("It does not work", value=problem, remedy="Install it again.")
    if not found.torch:  # a look leaves out the user's own packages and PYTHONPATH
        return "installed"
    card = found.gpu or ("Apple's graphics" if "mps" in found.devices else "no graphics card")
    return f"{found.torch}, {card}"


def _model_detail(folder: Path) -> str:
    model = load_model(folder)
    return f"{folder.name}, whole, key {model.key}"


def about_cache(
    folder: Path, remedy: str = "Give another with --cache, or use --no-cache."
) -> Finding:
    """Whether Encodings can be kept."""
    probe = folder / f"probe-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(os.urandom(16))
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        detail = f"{folder}: {error.strerror}"
        return Finding("cache", is_well=False, detail=detail, remedy=remedy, is_needed=False)
    if free < _LOW_DISK_BYTES:
        detail = f"{folder}: {free / 1e6:.0f} MB of disk are left"
        return Finding("cache", is_well=False, detail=detail, remedy="Free some.", is_needed=False)
    return Finding("cache", is_well=True, detail=f"{folder} can be written to")

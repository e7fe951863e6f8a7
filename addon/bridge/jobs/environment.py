"""EmoTalk's own Python environment with PyTorch: made, looked at, removed; plain Python, no bpy.

It grows beside its place and takes it when everything in it works: a cancelled or failed run leaves
what was there before.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ....emotalk_core.atomic_file import patiently
from ....emotalk_core.errors import SetupError
from ....emotalk_core.other_python.interpreter import Interpreter, look_at, program_in
from ....emotalk_core.other_python.programs import Ended, run_program
from ....emotalk_core.progress import Progress, part_of, silent
from ....emotalk_core.speech.recognise import LIBRARY
from .torch_builds import TORCH, Build

__all__ = ["Recipe", "Step", "command_by_hand", "describe", "make", "recipe_for", "remove"]

_WORDS: Final = f"{LIBRARY}>=1.2,<2"
_WORDS_MB, _WORDS_DISK_MB = 150, 450  # to download, and on disk, about
_RECORD: Final = "emotalk.json"
_PATIENCE_S: Final = 10.0  # virus scanners look at the thousands of files of an environment
_PIP_WITH_PROGRESS: Final = (24, 1)
_PIP: Final = (
    "install",
    "--no-input",
    "--no-compile",  # of thousands of files a few are ever imported
    "--disable-pip-version-check",
    "--only-binary=:all:",
)


@dataclass(frozen=True)
class Step:
    """One run of `pip install`."""

    packages: tuple[str, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """What goes into an environment."""

    name: str
    steps: tuple[Step, ...]
    download_mb: int
    disk_mb: int
    needs: str = "torch"  # what must be there in the end
    pip: tuple[str, ...] = ("-m", "pip")  # how pip is started


def recipe_for(build: Build, *, has_words: bool) -> Recipe:
    """Pip and numpy from the package index, with what hears words or not, then torch from its
    own.
    """
    index = ("--index-url", build.index) if build.index else ()
    first, torch = Step(("pip", "numpy"), ("--upgrade",)), Step((TORCH,), index)
    if not has_words:
        return Recipe(build.name, (first, torch), build.download_mb, build.disk_mb)
    download_mb, disk_mb = build.download_mb + _WORDS_MB, build.disk_mb + _WORDS_DISK_MB
    return Recipe(build.name, (first, Step((_WORDS,)), torch), download_mb, disk_mb)


def command_by_hand(folder: Path, recipe: Recipe, base: str = sys.executable) -> str:
    """What to type where Blender itself may not use the network."""
    python = program_in(folder)
    parts = [f'"{base}" -m venv "{folder}"']
    for step in recipe.steps:
        words = " ".join((*(f'"{name}"' for name in step.packages), *step.options))
        parts.append(f'"{python}" -m pip install {words}')
    return " && ".join(parts)


def make(
    folder: Path, recipe: Recipe, *, base: str = sys.executable, progress: Progress = silent
) -> Interpreter:
    """Make the environment in `folder`, in place of one that is there.

    Raises
    ------
    SetupError
        Something else is in its place, no disk space, no `venv`, a package cannot be had, or what
        was installed does not work.
    Cancelled
        From `progress`.
    """
    part = folder.with_name(f"{folder.name}.part")
    _refuse_other(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)
        _check_disk(folder.parent, recipe)
        _make_empty(part, base, part_of(progress, 0.0, 0.05))
        for step, span in _spans(recipe):
            _install(part, recipe, step, part_of(progress, *span))
        found = _tried(part, recipe, part_of(progress, 0.9, 1.0))
        record = {"build": recipe.name, "summary": found.summary, "made_with": base}
        (part / _RECORD).write_text(json.dumps(record), encoding="utf-8")
        _swap(part, folder)
    except OSError as error:
        raise SetupError(
            f"The environment cannot be written ({error.strerror or error})",
            value=folder,
            remedy="Free disk space, or choose another folder in the preferences.",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    progress(1.0, "Done")
    return found


def describe(folder: Path) -> str:
    """What the environment holds, in words; empty where there is none that works."""
    try:
        record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        # Its interpreter may be a link to a Blender that is gone.
        return str(record["summary"]) if program_in(folder).is_file() else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def remove(folder: Path) -> None:
    """Delete the environment, and nothing that is none.

    Raises
    ------
    SetupError
        The folder holds something else, or cannot be deleted.
    """
    _refuse_other(folder)
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise SetupError(
            f"The environment cannot be deleted ({error.strerror or error})",
            value=folder,
            remedy="Restart Blender and try again.",
        ) from error


def _refuse_other(folder: Path) -> None:
    """Nothing but an environment is ever replaced or deleted."""
    if folder.exists() and not (folder / "pyvenv.cfg").is_file():
        raise SetupError(
            "Something else is in the environment's place",
            value=folder,
            remedy="Move it away, or choose another folder in the preferences.",
        )


def _spans(recipe: Recipe) -> list[tuple[Step, tuple[float, float]]]:
    """The steps with their shares of the progress; the last one, torch, takes nearly all of it."""
    n_before = len(recipe.steps) - 1
    ends = [0.05 + 0.05 * (number + 1) / max(n_before, 1) for number in range(n_before)]
    starts = [0.05, *ends]
    return [
        (step, (start, end))
        for step, start, end in zip(recipe.steps, starts, [*ends, 0.9], strict=True)
    ]


def _check_disk(place: Path, recipe: Recipe) -> None:
    free_mb = shutil.disk_usage(place).free / 1e6
    if free_mb < recipe.disk_mb:
        raise SetupError(
            "Not enough disk space for PyTorch",
            value=f"{free_mb / 1000:.1f} GB free in {place}",
            remedy=f"About {recipe.disk_mb / 1000:.1f} GB are needed: free some, "
            "or choose another folder in the preferences.",
        )


def _make_empty(part: Path, base: str, progress: Progress) -> None:
    def look() -> None:
        progress(0.5, "Making the environment")

    ended = run_program([base, "-I", "-m", "venv", part], progress=look)
    if ended.code:
        raise SetupError(
            f"This Python cannot make environments ({ended.last_line})",
            value=base,
            remedy="Make one by hand and choose it as Another Python.",
        )


def _install(part: Path, recipe: Recipe, step: Step, progress: Progress) -> None:
    follower = _Follower(recipe.download_mb, progress)
    bar = ("--progress-bar=raw",) if _pip_tells_progress(part) else ()
    command = [program_in(part), "-I", *recipe.pip, *_PIP, *bar, *step.options, *step.packages]
    ended = run_program(command, on_line=follower.take, progress=follower.tell)
    if ended.code:
        raise _pip_error(ended, step)


def _pip_tells_progress(part: Path) -> bool:
    """Only a newer pip than many Pythons carry says how far it is: the first step brings it."""
    for info in part.glob("[Ll]ib/**/pip-*.dist-info"):
        numbers = re.findall(r"\d+", info.name)
        return (int(numbers[0]), int(numbers[1])) >= _PIP_WITH_PROGRESS
    return False


def _pip_error(ended: Ended, step: Step) -> SetupError:
    names = " ".join(step.packages)
    text = " ".join(ended.lines)
    if "No space left" in text:
        return SetupError("The disk is full", value=names, remedy="Free some and try again.")
    if re.search(r"NewConnectionError|Temporary failure|ConnectTimeout|ProxyError|SSLError", text):
        remedy = "Is the network there, and the proxy set? Then try again: it goes on where it was."
        return SetupError("The packages cannot be reached", value=names, remedy=remedy)
    return SetupError("pip could not install", value=names, remedy=f"{ended.last_line}.")


class _Follower:
    """Pip's lines as a share done and a sentence."""

    def __init__(self, download_mb: int, progress: Progress) -> None:
        self._progress, self._expected = progress, max(download_mb, 1) * 1e6
        self._before = self._now = 0.0
        self._what, self._subject = "Looking for packages", ""

    def take(self, line: str) -> None:
        """One line of pip's."""
        if match := re.match(r"Progress (\d+) of (\d+)", line):
            self._now = float(match[1])
            self._what = f"Downloading {self._subject} ({self._now / 1e6:.0f} MB)"
        elif match := re.match(r"(?:Downloading|Using cached) (\S+)", line):
            self._before, self._now = self._before + self._now, 0.0
            self._subject = match[1].rsplit("/", 1)[-1].split("-", 1)[0]
            self._what = f"Downloading {self._subject}"
        elif line.startswith("Installing collected packages"):
            self._what = f"Unpacking {line.count(',') + 1} packages: takes a while"
            self._before, self._now = self._expected, 0.0

    def tell(self) -> None:
        """How far it is."""
        done = min((self._before + self._now) / self._expected, 1.0)
        self._progress(done, self._what)


def _tried(part: Path, recipe: Recipe, progress: Progress) -> Interpreter:
    def look() -> None:
        progress(0.5, "Trying PyTorch")

    found = look_at(program_in(part), look)
    missing = not getattr(found, recipe.needs)
    told = next((text for text in found.problems if text.startswith(recipe.needs)), "")
    if found.fault or missing:
        raise SetupError(
            "What was installed does not work",
            value=found.fault or told or f"{recipe.needs} is missing",
            remedy="Choose another build.",
        )
    return found


def _swap(part: Path, folder: Path) -> None:
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        patiently(lambda: folder.rename(old), seconds=_PATIENCE_S)
    try:
        patiently(lambda: part.rename(folder), seconds=_PATIENCE_S)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)

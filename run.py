#!/usr/bin/env python3
"""EmoTalk from a bare clone. This file needs Python's standard library and nothing else.

    python3 run.py demo               build a character, let it speak: out/demo.mp4, .png, .blend
    python3 run.py test [TIER] [...]  every tier, or one: lint core torch addon[-LINE] e2e
    python3 run.py package            the extension for Blender: dist/emotalk-VERSION.zip
    python3 run.py emotalk ...        the command line, for example: emotalk animate talk.wav -o talk.csv
    python3 run.py bench ...          speed, memory and parity of the engines on this machine
    python3 run.py train ...          rebuild the starter weights
    python3 run.py clean              remove what this file made

The first run of a command makes the environment that it needs (.venv-NAME, pinned by .requirements/NAME.txt);
later runs start in seconds. Exit codes: 0 done, 1 a test failed, 2 something is missing (one line says what).
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
PYTHONS = ROOT / ".venv-pythons"  # interpreters that uv fetched


class Stop(Exception):
    """What is missing and what to do, in one line; ends the program with exit code 2."""


def say(text: str) -> None:
    """Progress; on stderr, because results of `emotalk` go to stdout."""
    print(text, file=sys.stderr, flush=True)


# --- Environments ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Environment:
    """One folder .venv-NAME, made from the lock file .requirements/NAME.txt."""

    name: str
    pythons: tuple[str, ...]  # versions that its wheels exist for, best first
    disk_mb: int  # what it takes while it is made
    is_blender: bool = False

    @property
    def folder(self) -> Path:
        return ROOT / f".venv-{self.name}"

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if WINDOWS else "bin/python")

    @property
    def locks(self) -> list[Path]:
        names = ("pip.txt", f"{self.name}.txt", f"{self.name}.unhashed.txt")
        return [path for name in names if (path := ROOT / ".requirements" / name).is_file()]

    def fingerprint(self) -> str:
        """Hash of everything that decides what is inside."""
        content = b"".join(path.read_bytes() for path in self.locks)
        return hashlib.sha256(content).hexdigest()

    def is_ready(self) -> bool:
        stamp = self.folder / "made-from"
        return self.python.exists() and stamp.is_file() and stamp.read_text() == self.fingerprint()


ANY_PYTHON = ("3.11", "3.13", "3.12", "3.14")
ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("core", ANY_PYTHON, 300),
        Environment("emotalk", ANY_PYTHON, 400),
        Environment("lint", ANY_PYTHON, 700),
        Environment("train", ("3.11", "3.13", "3.12"), 3000),
        Environment("blender-4.5", ("3.11",), 2000, is_blender=True),
        Environment("blender-4.2", ("3.11",), 2000, is_blender=True),
        Environment("blender-5.0", ("3.11",), 2000, is_blender=True),
        Environment("blender-5.2", ("3.13",), 2000, is_blender=True),
        Environment("uv", ("3.9", "3.10", *ANY_PYTHON, "3.15"), 200),
    )
}
BLENDER_LINES = ("4.5", "4.2", "5.0", "5.2")  # the main line first


def ensure(name: str) -> Path:
    """The interpreter of an environment; makes the environment when it is missing, stale or half made."""
    environment = ENVIRONMENTS[name]
    if environment.is_blender:
        ensure_libraries()
    if not environment.is_ready():
        with locked(environment):
            if not environment.is_ready():  # another run may have made it meanwhile
                make(environment)
    return environment.python


def make(environment: Environment) -> None:
    """Create the folder anew; the stamp comes last, so that an interrupted run is noticed and repaired."""
    started, folder = time.monotonic(), environment.folder
    base = need_python(environment)
    if shutil.disk_usage(ROOT).free < environment.disk_mb * 1e6:
        raise Stop(f"{folder.name} needs {environment.disk_mb} MB on the disk of {ROOT}. Free some and run this again.")
    say(f"Making {folder.name} with {base} (once) ...")
    if folder.exists():
        shutil.rmtree(folder)
    made = subprocess.run([base, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode:
        raise Stop(f"{base} -m venv {folder.name} failed: {last_line(made.stdout + made.stderr)}")
    for lock in environment.locks:
        pip_install(environment, lock)
    (folder / "made-from").write_text(environment.fingerprint())
    say(f"Made {folder.name} in {time.monotonic() - started:.0f} s.")


@contextlib.contextmanager
def locked(environment: Environment) -> Iterator[None]:
    """Two runs at once must not make one environment twice; without fcntl (Windows) nothing is locked."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with environment.folder.with_name(f"{environment.folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pip_install(environment: Environment, lock: Path) -> None:
    """Install one lock file, telling how far it is."""
    command = [str(environment.python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command += ["--no-compile", "--only-binary=:all:", "-r", str(lock)]
    if ".unhashed" not in lock.name:
        command.append("--require-hashes")
    if lock.name != "pip.txt":  # that one installs the pip which knows this option
        command.append("--progress-bar=raw")
    log = environment.folder / "pip.log"
    with log.open("a", encoding="utf-8") as record:
        pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        assert pip.stdout is not None
        follow_pip(iter(pip.stdout.readline, ""), record.write)
        if pip.wait():
            errors = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("ERROR:")]
            why = errors[0] if errors else f"see {log}"
            raise Stop(f"pip could not install {lock.name}: {why} Check the network, then run this again.")


def follow_pip(lines: Iterator[str], record: Callable[[str], object]) -> None:
    """Pip's output as short lines: what is being downloaded, in tenths of large files."""
    subject, tenth = "", 0
    for line in lines:
        progress = re.match(r"Progress (\d+) of (\d+)", line)
        if progress:
            done, total = int(progress[1]), int(progress[2])
            if total > 20e6 and done * 10 // total > tenth:
                tenth = done * 10 // total
                say(f"  {subject}: {tenth * 10} % of {total / 1e6:.0f} MB")
            continue
        record(line)
        download = re.match(r"\s*(?:Downloading|Using cached) (\S+)", line)
        if download:
            subject, tenth = download[1].rsplit("/", 1)[-1].split("-", 1)[0], 0
        elif line.startswith("Installing collected packages"):
            say(f"  unpacking {line.count(',') + 1} packages")


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


# --- Interpreters and system packages -----------------------------------------------------------------------------


def need_python(environment: Environment) -> str:
    """An interpreter that fits and can make environments; offers to get one, or stops with what is needed."""
    fitting = [path for version in environment.pythons for path in interpreters(version)]
    if str(running := sys.executable) in fitting:
        fitting.insert(0, running)
    for path in fitting:
        if can_make_environments(path):
            return path
    if fitting:
        version = version_of(fitting[0])
        need_packages([f"python{version}-venv"], f"{fitting[0]} cannot make environments (no ensurepip)")
        return fitting[0]
    return fetch_python(environment)


def interpreters(version: str) -> list[str]:
    """Every Python of this version that can be found, checked by running it."""
    found = [sys.executable, shutil.which(f"python{version}")]
    homes = [(Path.home() / ".pyenv" / "versions", f"{version}.*"), (PYTHONS, f"cpython-{version}.*")]
    for home, pattern in homes:
        for folder in sorted(home.glob(pattern), reverse=True):
            found.append(str(folder / ("python.exe" if WINDOWS else "bin/python3")))
    if WINDOWS and (launcher := shutil.which("py")):
        listed = subprocess.run([launcher, f"-{version}", "-c", "import sys; print(sys.executable)"],
                                capture_output=True, text=True, check=False)
        found.append(listed.stdout.strip())
    return [path for path in dict.fromkeys(found) if path and version_of(path) == version]


def version_of(path: str) -> str:
    """Such as "3.11"; empty when it does not run (a pyenv shim of a version that is not active)."""
    return ask(path, "import sys; print('%d.%d' % sys.version_info[:2])")


def can_make_environments(path: str) -> bool:
    return ask(path, "import ensurepip, venv; print('yes')") == "yes"


def ask(path: str, code: str) -> str:
    """What a line of Python prints under that interpreter; empty when it fails."""
    try:
        answer = subprocess.run([path, "-I", "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def fetch_python(environment: Environment) -> str:
    """Ask, then let uv (from the package index) fetch an interpreter into this folder."""
    version, wanted = environment.pythons[0], " or ".join(environment.pythons)
    need = (
        f"{environment.folder.name} needs Python {wanted}; found neither (this is {version_of(sys.executable)}). "
        f"Debian 12: apt-get install python3.11 python3.11-venv; Debian 13: python3.13 python3.13-venv"
    )
    if environment.name == "uv" or not sys.stdin.isatty():
        raise Stop(f"{need}; elsewhere: pyenv install {version}, or python.org. Then run this again.")
    if input(f"{need}.\nFetch Python {version} with uv into {PYTHONS.name} now? [y/N] ").strip().lower() != "y":
        raise Stop(f"No Python {wanted}. Install one and run this again.")
    command = [str(ensure("uv")), "-m", "uv", "python", "install", version, "--install-dir", str(PYTHONS), "--no-bin"]
    if subprocess.run(command, check=False).returncode or not (found := interpreters(version)):
        raise Stop(f"uv could not fetch Python {version}. {need}.")
    return found[0]


# What `import bpy` loads and, for the last two, what rendering without a graphics card needs; by Debian's names.
LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXi.so.6": "libxi6",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libXfixes.so.3": "libxfixes3",
    "libXrender.so.1": "libxrender1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1",
    "libgomp.so.1": "libgomp1",
    "libEGL.so.1": "libegl1",
}


def ensure_libraries() -> None:
    """System libraries of Blender's wheels; only Linux leaves them to the user."""
    if not sys.platform.startswith("linux"):
        return
    missing = [package for name, package in LIBRARIES.items() if not is_loadable(name)]
    if shutil.which("dpkg") and not any(Path("/usr/lib").glob("*/dri/*_dri.so")):
        missing.append("libgl1-mesa-dri")
    if missing:
        need_packages(missing, f"Blender's libraries are missing: {' '.join(missing)}")


def is_loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def need_packages(packages: list[str], reason: str) -> None:
    """Install Debian packages as root; otherwise stop with the line to run."""
    line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise Stop(f"{reason}. Install what your system calls {', '.join(packages)}, then run this again.")
    if os.geteuid() != 0:
        raise Stop(f"{reason}. Run: sudo {line}")
    say(f"{reason}: {line} ...")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update", line):
        done = subprocess.run(command.split(), env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stop(f"{line} failed: {last_line(done.stderr)}")


# --- Commands -----------------------------------------------------------------------------------------------------


def main_line() -> str:
    """The Blender line of the demo: one that is made already, else the first with an interpreter."""
    lines = ("4.5", "5.2")
    ready = [line for line in lines if ENVIRONMENTS[f"blender-{line}"].is_ready()]
    return [*ready, *filter(has_python, lines), lines[0]][0]


def has_python(line: str) -> bool:
    environment = ENVIRONMENTS[f"blender-{line}"]
    return environment.is_ready() or any(map(interpreters, environment.pythons))


def demo(arguments: list[str]) -> int:
    """Build the character, animate a recording, render a film; everything lands in out/."""
    started = time.monotonic()
    python = ensure(f"blender-{main_line()}")
    with tempfile.TemporaryDirectory(prefix="emotalk-demo-") as scratch:
        command = [str(python), "-m", "addon.demo.film", "--out", str(ROOT / "out"), *arguments]
        variables = {**os.environ, "BLENDER_USER_RESOURCES": scratch}
        code = subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode
    say(f"Demo {'done' if code == 0 else 'failed'} after {time.monotonic() - started:.0f} s. Look into {ROOT / 'out'}.")
    return code


def test(arguments: list[str]) -> int:
    """Run every tier, or the one that is named first; other arguments go to pytest."""
    from tests import runner

    named = arguments[0] if arguments and not arguments[0].startswith("-") else ""
    tiers = runner.tiers(main_line(), named)
    if not tiers:
        raise Stop(f"There is no tier {named!r}. Choose from: lint core torch addon addon-4.5 e2e")
    lines = [line for line in runner.BLENDER_LINES if has_python(line)]
    able = [tier for tier in tiers if not tier.line or tier.line in lines]
    wanted = {tier.environment for tier in able}
    pythons = {name: ensure(name) for name in ENVIRONMENTS if name in wanted}
    return runner.run(tiers, pythons, arguments[1:] if named else arguments)


def emotalk(arguments: list[str]) -> int:
    """The command line, in the caller's folder, so that relative paths mean what they say."""
    return run_module("emotalk", "emotalk_core.cli", arguments)


def bench(arguments: list[str]) -> int:
    return emotalk(["bench", *arguments])


def train(arguments: list[str]) -> int:
    return run_module("train", "training", arguments)


def run_module(environment: str, module: str, arguments: list[str]) -> int:
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [str(ensure(environment)), "-m", module, *arguments]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": search}, check=False).returncode


def clean(_arguments: list[str]) -> int:
    """Remove environments, logs, zips, caches and the demo's files; nothing that a user put there."""
    made = [*ROOT.glob(".venv-*"), *ROOT.glob("dist/emotalk-*.zip"), *ROOT.glob("out/demo*")]
    made += [ROOT / name for name in (".test-logs", ".pytest_cache", ".ruff_cache", ".hypothesis")]
    made += [cache for top in (".", *SHIPPED_FOLDERS, "tests", "training") for cache in caches(ROOT / top)]
    for path in filter(Path.exists, made):
        say(f"removing {path.relative_to(ROOT)}")
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for folder in (ROOT / "dist", ROOT / "out"):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return 0


def caches(top: Path) -> list[Path]:
    return [top / "__pycache__"] if top == ROOT else sorted(top.rglob("__pycache__"))


# --- The extension's zip ------------------------------------------------------------------------------------------

SHIPPED_FILES = ("__init__.py", "blender_manifest.toml", "LICENSE", "README.md")
SHIPPED_FOLDERS = ("addon", "emotalk_core")
BINARIES = {".so", ".pyd", ".dll", ".dylib", ".exe", ".whl"}
MAX_ZIP_BYTES = 45_000_000


def package(_arguments: list[str]) -> int:
    """Write dist/emotalk-VERSION.zip, the same bytes from the same files, and let Blender's own tool check it."""
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"', manifest, re.MULTILINE)
    if not version:
        raise Stop("blender_manifest.toml has no line: version = \"...\". Put it back.")
    target = ROOT / "dist" / f"emotalk-{version[1]}.zip"
    target.parent.mkdir(exist_ok=True)
    files = shipped()
    part = target.with_suffix(".part")
    write_zip(part, files)
    if part.stat().st_size > MAX_ZIP_BYTES:
        raise Stop(f"{part} has {part.stat().st_size} bytes, more than {MAX_ZIP_BYTES}. Ship smaller model files.")
    part.replace(target)
    validate(target)
    print(f"{target.relative_to(ROOT)}: {len(files)} files, {target.stat().st_size / 1e6:.1f} MB")
    return 0


def shipped() -> list[Path]:
    """What the extension consists of, sorted."""
    inside = [path for top in SHIPPED_FOLDERS for path in (ROOT / top).rglob("*") if path.is_file()]
    files = [path for path in inside if "__pycache__" not in path.parts and not path.name.startswith(".")]
    if binaries := [path.name for path in files if path.suffix in BINARIES]:
        raise Stop(f"The extension carries no binaries: {', '.join(binaries)}. Take them out of {SHIPPED_FOLDERS}.")
    return sorted([*(ROOT / name for name in SHIPPED_FILES), *files])


def write_zip(target: Path, files: list[Path]) -> None:
    """One date and one mode for all, so that the archive depends on contents alone."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(ROOT).as_posix(), date_time=(2020, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system = 0o644 << 16, 3  # plain files, as Unix writes them
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes(), compresslevel=9)


def validate(archive: Path) -> None:
    """Blender's own check, when one of its environments is here; it needs no Blender to run."""
    tools = sorted(ROOT.glob(".venv-blender-*/**/bl_pkg/cli/blender_ext.py"))
    if not tools:
        say("Not checked by Blender's own tool: no .venv-blender-* here yet (`run.py test addon` makes one).")
        return
    command = [sys.executable, str(tools[0]), "validate", str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stop(f"Blender refuses {archive.name}: {last_line(done.stdout + done.stderr)}")


COMMANDS = {function.__name__: function for function in (demo, test, package, emotalk, bench, train, clean)}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__)
        return 0 if arguments in ([], ["-h"], ["--help"]) else 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except Stop as stop:
        say(f"run.py: {stop}")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""EmoTalk from a bare clone. This file needs Python's standard library and nothing else.

    python3 run.py demo               build a character, let it speak: out/demo.mp4, .png, .blend
    python3 run.py gallery [...]      it speaks many recordings, or yours: out/gallery/index.html
    python3 run.py test [TIER] [...]  every tier, or one: lint core onnx torch addon[-LINE] e2e
    python3 run.py package            the extension for Blender: dist/emotalk-VERSION.zip
    python3 run.py package --onnx     the same with ONNX Runtime: a zip per system and Python
    python3 run.py emotalk ...        the command line: emotalk animate talk.wav -o talk.csv
    python3 run.py bench ...          speed, memory and parity of the engines on this machine
    python3 run.py train ...          rebuild the starter weights; train on your own takes
    python3 run.py clean              remove what this file made

The first run of a command makes the environment that it needs (.venv-NAME, pinned by
.requirements/NAME.txt); later runs start in seconds. Exit codes: 0 done, 1 a test failed,
2 something is missing (one line says what), 3 some of several files failed.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
PYTHONS = ROOT / ".venv-pythons"  # interpreters that uv fetched
PATIENCE_S = 10.0  # with a program that is to end


class Stop(Exception):  # noqa: N818  (control flow, caught in main)
    """What is missing and what to do, in one line; ends the program with exit code 2."""


def say(text: str) -> None:
    """Progress; on stderr, because results of `emotalk` go to stdout."""
    print(text, file=sys.stderr, flush=True)


# --- Environments --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Environment:
    """One folder .venv-NAME, made from the lock file .requirements/NAME.txt."""

    name: str
    pythons: tuple[str, ...]  # versions that its wheels exist for, best first
    disk_mb: int  # what it takes while it is made, its downloads among it
    libraries: str = ""  # that the system must have: its file name, Debian's name, ...

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

    def interpreter(self) -> str | None:
        """A Python that fits; first of all one that can make environments, then the running one."""
        found = [path for version in self.pythons for path in interpreters(version)]
        found.sort(key=lambda path: (not can_make_environments(path), path != sys.executable))
        return found[0] if found else None


# What `import bpy` loads, and (libEGL, Mesa) what rendering without a graphics card needs.
BLENDER_LIBRARIES = """
    libX11.so.6 libx11-6 libXext.so.6 libxext6 libXi.so.6 libxi6 libXxf86vm.so.1 libxxf86vm1
    libXfixes.so.3 libxfixes3 libXrender.so.1 libxrender1 libxkbcommon.so.0 libxkbcommon0
    libSM.so.6 libsm6 libICE.so.6 libice6 libGL.so.1 libgl1 libgomp.so.1 libgomp1
    libEGL.so.1 libegl1 dri/*_dri.so libgl1-mesa-dri
"""
ANY_PYTHON = ("3.11", "3.13", "3.12", "3.14")
BLENDER_PYTHON = {"4.5": "3.11", "4.2": "3.11", "5.0": "3.11", "5.2": "3.13"}  # the main line first
# Disk as measured on Linux, torch for processors. Torch for CUDA, which the plain index gives
# there, takes 5 GB more; pip tells that by itself.
ENVIRONMENTS = {
    made.name: made
    for made in (
        Environment("core", ANY_PYTHON, 150),
        Environment("emotalk", ANY_PYTHON, 350),
        Environment("lint", ANY_PYTHON, 500),
        Environment("onnx", ANY_PYTHON, 250),
        Environment("train", ("3.11", "3.13", "3.12"), 1300, "libespeak-ng.so.1 libespeak-ng1"),
        Environment("uv", ("3.9", "3.10", *ANY_PYTHON), 200),
        *(
            Environment(f"blender-{line}", (python,), 1600, BLENDER_LIBRARIES)
            for line, python in BLENDER_PYTHON.items()
        ),
    )
}


def ensure(*names: str) -> dict[str, Path]:
    """The interpreters of environments, each made when missing, stale or half made."""
    chosen = [ENVIRONMENTS[name] for name in names]
    ensure_packages(chosen)
    ensure_disk([environment for environment in chosen if not environment.is_ready()])
    for environment in chosen:
        if not environment.is_ready():
            with locked(environment):
                if not environment.is_ready():  # another run may have made it meanwhile
                    make(environment)
    return {environment.name: environment.python for environment in chosen}


def ensure_disk(missing: list[Environment]) -> None:
    """Stop before the first is made rather than within the last."""
    free_mb = shutil.disk_usage(ROOT).free // 10**6
    need_mb = sum(environment.disk_mb for environment in missing)
    if free_mb < need_mb:
        names = ", ".join(environment.folder.name for environment in missing)
        raise Stop(
            f"{ROOT} has {free_mb:,} MB of disk left, {names} need {need_mb:,}. "
            f"Free {need_mb - free_mb:,} MB, run this again."
        )


def make(environment: Environment) -> None:
    """Create the folder anew; the stamp comes last, so that a broken-off run is noticed."""
    started, folder = time.monotonic(), environment.folder
    base = environment.interpreter() or fetch_python(environment)
    say(f"Making {folder.name} with {base} (once) ...")
    if folder.exists():
        shutil.rmtree(folder)
    code, output = output_of(base, "-m", "venv", str(folder))
    if code:
        raise Stop(f"{base} -m venv {folder.name} failed: {last_line(output)}")
    for lock in environment.locks:
        pip_install(environment, lock)
    (folder / "made-from").write_text(environment.fingerprint())
    say(f"Made {folder.name} in {time.monotonic() - started:.0f} s.")


@contextlib.contextmanager
def locked(environment: Environment) -> Generator[None]:
    """Two runs at once do not make one environment twice (on Windows, without fcntl, they may)."""
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
    options = ["--no-input", "--disable-pip-version-check", "--no-compile", "--only-binary=:all:"]
    if ".unhashed" not in lock.name:
        options.append("--require-hashes")
    if lock.name != "pip.txt":  # that one installs the pip which knows this option
        options.append("--progress-bar=raw")
    command = [str(environment.python), "-m", "pip", "install", *options, "-r", str(lock)]
    pip = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    assert pip.stdout is not None  # it is a pipe
    said: list[str] = []
    follow_pip(iter(pip.stdout.readline, ""), said.append)
    if pip.wait():
        errors = [line.strip() for line in said if line.startswith("ERROR:")] or said[-1:]
        raise Stop(f"{lock.name}: {errors[-1]}. Is the network there? Then run this again.")


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
        elif line.startswith("Installing collected packages") and "," in line:
            say(f"  unpacking {line.count(',') + 1} packages")


def output_of(*command: str) -> tuple[int, str]:
    """Exit code and output of a short command."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        return 127, str(error)
    return done.returncode, f"{done.stdout}{done.stderr}".strip()


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


# --- Interpreters and system packages ------------------------------------------------------------


def interpreters(version: str) -> list[str]:
    """Every Python of this version that can be found, checked by running it."""
    found = [sys.executable, shutil.which(f"python{version}") or ""]
    homes = ((Path.home() / ".pyenv/versions", ""), (PYTHONS, "cpython-"))
    program = "python.exe" if WINDOWS else "bin/python3"
    found += [str(path) for home, tag in homes for path in home.glob(f"{tag}{version}.*/{program}")]
    if launcher := shutil.which("py"):  # Windows
        found.append(
            output_of(launcher, f"-{version}", "-c", "import sys; print(sys.executable)")[1]
        )
    return [path for path in dict.fromkeys(found) if path and version_of(path) == version]


@functools.cache
def version_of(path: str) -> str:
    """Such as "3.11"; empty when it does not run (a pyenv shim of a version that is not active)."""
    code, output = output_of(path, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    return "" if code else output


@functools.cache
def can_make_environments(path: str) -> bool:
    """False on Debian without python3-venv."""
    return output_of(path, "-I", "-c", "import ensurepip, venv")[0] == 0


def fetch_python(environment: Environment) -> str:
    """Ask, then let uv (from the package index) fetch an interpreter into this folder."""
    version = environment.pythons[0]
    need = f"{environment.folder.name} needs Python {' or '.join(environment.pythons)}, not found"
    ways = "Debian 12: apt-get install python3.11-venv; Debian 13: python3.13-venv; else: pyenv"
    question = f"{need}. Fetch Python {version} with uv into {PYTHONS.name} now? [y/N] "
    if not sys.stdin.isatty() or input(question).strip().lower() != "y":
        raise Stop(f"{need} (this is {version_of(sys.executable)}). {ways}. Then run this again.")
    uv = [str(ensure("uv")["uv"]), "-m", "uv", "python", "install", version]
    code = subprocess.run([*uv, "--install-dir", str(PYTHONS), "--no-bin"], check=False).returncode
    if code or not interpreters(version):
        raise Stop(f"uv could not fetch Python {version}. {ways}. Then run this again.")
    return interpreters(version)[0]


def ensure_packages(chosen: list[Environment]) -> None:
    """What Debian lacks for these environments: install it, or stop with the one line to run."""
    missing = {package for one in chosen for package in missing_libraries(one.libraries)}
    for environment in chosen:
        python = None if environment.is_ready() else environment.interpreter()
        if python and not can_make_environments(python):
            missing.add(f"python{version_of(python)}-venv")
    if missing:
        install_packages(sorted(missing))


def missing_libraries(wanted: str) -> list[str]:
    """Debian's names of those that are not here; other systems bring them along."""
    if not sys.platform.startswith("linux"):
        return []
    words = wanted.split()
    pairs = [words[start : start + 2] for start in range(0, len(words), 2)]
    return [package for name, package in pairs if not is_loadable(name)]


def is_loadable(library: str) -> bool:
    """Whether the linker finds it; of drivers, which load later, whether Debian has put one."""
    if "*" in library:
        return not shutil.which("dpkg") or any(Path("/usr/lib").glob(f"*/{library}"))
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def install_packages(packages: list[str]) -> None:
    """As root; otherwise stop with the line to run."""
    line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise Stop(
            f"Missing, by Debian's names: {' '.join(packages)}. Install them, run this again."
        )
    if os.geteuid() != 0:
        raise Stop(f"System packages are missing. Run: sudo apt-get update && sudo {line}")
    say(f"System packages are missing: {line} ...")
    output_of("apt-get", "update")
    code, output = output_of("env", "DEBIAN_FRONTEND=noninteractive", *line.split())
    if code:
        raise Stop(f"{line} failed: {last_line(output)}")
    can_make_environments.cache_clear()


# --- Commands ------------------------------------------------------------------------------------


def main_line() -> str:
    """The Blender line of the demo: one that is made already, else one that can be made."""
    lines = ("4.5", "5.2")
    ready = [line for line in lines if ENVIRONMENTS[f"blender-{line}"].is_ready()]
    return [*ready, *filter(has_python, lines), lines[0]][0]


def has_python(line: str) -> bool:
    environment = ENVIRONMENTS[f"blender-{line}"]
    return environment.is_ready() or environment.interpreter() is not None


def demo(arguments: list[str]) -> int:
    """Build the character, animate a recording, render a film; everything lands in out/."""
    return with_blender("film", "Demo", ROOT / "out", arguments)


def gallery(arguments: list[str]) -> int:
    """The character speaks many recordings: films, curves and scores on a page in out/gallery."""
    return with_blender("gallery", "Gallery", ROOT / "out" / "gallery", arguments)


def with_blender(program: str, name: str, out: Path, arguments: list[str]) -> int:
    """Exit code of one of the demo's programs, in the caller's folder, under the main line."""
    started, environment = time.monotonic(), f"blender-{main_line()}"
    python = ensure(environment)[environment]
    with tempfile.TemporaryDirectory(prefix="emotalk-demo-") as scratch:
        start = ["-m", "addon.demo.film.start", program]
        command = [str(python), *start, "--out", str(out), *arguments]
        search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        variables = {**os.environ, "BLENDER_USER_RESOURCES": scratch, "PYTHONPATH": search}
        code = code_of(command, variables)
    took = time.monotonic() - started
    told = {0: "done in", 3: "done, though not all of it, in"}.get(code, "failed after")
    say(f"{name} {told} {took:.0f} s.")
    return code


def test(arguments: list[str]) -> int:
    """Run every tier, or the one that is named first; other arguments go to pytest."""
    from tests import runner

    named = arguments[0] if arguments and not arguments[0].startswith("-") else ""
    tiers = runner.tiers(main_line(), named)
    if not tiers:
        raise Stop(
            f"There is no tier {named!r}. Choose from: lint core onnx torch addon addon-4.5 e2e"
        )
    wanted = {tier.environment for tier in tiers if not tier.line or has_python(tier.line)}
    pythons = ensure(*(name for name in ENVIRONMENTS if name in wanted))
    return runner.run(tiers, pythons, arguments[1:] if named else arguments)


def emotalk(arguments: list[str]) -> int:
    """The command line, in the caller's folder, so that relative paths mean what they say."""
    return run_module("emotalk", "emotalk_core.cli", arguments)


def bench(arguments: list[str]) -> int:
    """Speed of the engines."""
    return emotalk(["bench", *arguments])


def train(arguments: list[str]) -> int:
    """Rebuild the starter weights."""
    return run_module("train", "training", arguments)


def run_module(environment: str, module: str, arguments: list[str]) -> int:
    """Exit code of a module of this clone under one of its environments."""
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [str(ensure(environment)[environment]), "-m", module, *arguments]
    variables = {**os.environ, "PYTHONPATH": search}
    if os.name == "posix":  # it takes our place: whoever kills us (SIGKILL) leaves none behind
        os.execve(command[0], command, variables)  # noqa: S606 - no shell is wanted
    return code_of(command, variables)


def code_of(command: list[str], variables: dict[str, str]) -> int:
    """Exit code of a program that ends when we are ended (SIGTERM), and tells so itself."""
    # No thread of ours could hold a lock that the child then waits for.
    with subprocess.Popen(command, env=variables, preexec_fn=ending_with_us()) as child:
        before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            return child.wait()
        except BaseException:
            let_end(child)
            raise
        finally:
            signal.signal(signal.SIGTERM, before)


def ending_with_us() -> Callable[[], object] | None:
    """What lets Linux end a child whose parent is killed (SIGKILL); elsewhere it lives on."""
    if sys.platform != "linux":
        return None
    set_parent_death_signal = 1
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(set_parent_death_signal, signal.SIGTERM)


def let_end(child: subprocess.Popen[bytes]) -> None:
    """After Ctrl-C: on a terminal the child had it too and removes what is half written; where it
    does not end it is asked to, and then made to. A second Ctrl-C makes it end at once.
    """
    try:
        for ask in (lambda: None, child.terminate):
            ask()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE_S)
                return
    finally:
        child.kill()  # nothing happens to one that has ended


def clean(arguments: list[str]) -> int:
    """Remove environments, logs, zips, caches and the demo's files, nothing that a user made."""
    if arguments:
        raise Stop(f"Unknown: {' '.join(arguments)}. clean takes no words; nothing was removed.")
    tops = [ROOT / name for name in (*SHIPPED_FOLDERS, "tests", "training")]
    made = [ROOT / name for name in (".test-logs", ".ruff_cache", ".hypothesis", "__pycache__")]
    made.append(WHEELS)
    made += [cache for top in tops for cache in top.rglob("__pycache__")]
    for pattern in (
        ".venv-*",
        "dist/emotalk-*.zip",
        "out/demo*",
        "out/emotions.png",
        "out/gallery",
    ):
        made += ROOT.glob(pattern)
    for path in filter(Path.exists, made):
        say(f"removing {path.relative_to(ROOT)}")
        # A link to an environment elsewhere is ours, the environment is not.
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for folder in (ROOT / "dist", ROOT / "out", ROOT / "build"):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return 0


# --- The extension's zip -------------------------------------------------------------------------

PAGES = ("docs/manual.md", "docs/rigs.md")  # read in a browser, without a network
SHIPPED_FILES = ("__init__.py", "blender_manifest.toml", "LICENSE", "README.md", *PAGES)
SHIPPED_FOLDERS = ("addon", "emotalk_core")
FILM = ROOT / "addon" / "demo" / "film"  # of the demo and the gallery: Blender needs none of it
BINARIES = {".so", ".pyd", ".dll", ".dylib", ".exe", ".whl"}
MAX_ZIP_BYTES = 45_000_000
MAX_ONNX_ZIP_BYTES = 70_000_000
WHEELS = ROOT / "build" / "wheels"
# Blender's lines have two Pythons, and 4.2 looks at no wheel's Python: each gets zips of its own.
ONNX_LINES = {
    "3.11": {"from": "4.2.0", "before": "5.1.0"},
    "3.13": {"from": "5.1.0"},
}


@dataclass(frozen=True)
class OnnxZip:
    """One zip that carries ONNX Runtime: for one system, and the Blender lines of one Python."""

    system: str  # as Blender calls it
    python: str
    tag: str  # the system as wheels call it
    lock: str = "zip.txt"

    @property
    def name(self) -> str:
        line = ONNX_LINES[self.python]["from"].rpartition(".")[0]
        return f"emotalk-{version()}-onnx-{self.system}-blender-{line}.zip"


ONNX_ZIPS = (
    OnnxZip("linux-x64", "3.11", "manylinux_2_28_x86_64"),
    OnnxZip("linux-x64", "3.13", "manylinux_2_28_x86_64"),
    OnnxZip("windows-x64", "3.11", "win_amd64"),
    OnnxZip("windows-x64", "3.13", "win_amd64"),
    OnnxZip("macos-arm64", "3.11", "macosx_13_0_arm64", "zip-macos-13.txt"),
    OnnxZip("macos-arm64", "3.13", "macosx_14_0_arm64"),
    OnnxZip("macos-x64", "3.11", "macosx_13_0_x86_64", "zip-macos-13.txt"),
)


def package(arguments: list[str]) -> int:
    """Write dist/emotalk-VERSION.zip, or with --onnx one for each system and Python."""
    if not arguments:
        write_checked(f"emotalk-{version()}.zip", {}, MAX_ZIP_BYTES)
        return 0
    known = sorted({one.system for one in ONNX_ZIPS})
    if arguments[0] != "--onnx" or not set(arguments[1:]) <= set(known):
        raise Stop(f"Unknown: {' '.join(arguments)}. Write: package --onnx [{' | '.join(known)}]")
    wanted = arguments[1:] or known
    for one in (one for one in ONNX_ZIPS if one.system in wanted):
        wheel = fetch_wheel(one)
        extra = {
            "blender_manifest.toml": onnx_manifest(one, wheel.name).encode(),
            f"wheels/{wheel.name}": wheel.read_bytes(),
        }
        write_checked(one.name, extra, MAX_ONNX_ZIP_BYTES)
    return 0


def version() -> str:
    """The release, from the one place where it stands."""
    manifest = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"', manifest, re.MULTILINE)
    if not found:
        raise Stop('blender_manifest.toml has no line: version = "...". Put it back.')
    return found[1]


def write_checked(name: str, extra: dict[str, bytes], max_bytes: int) -> None:
    """Write dist/NAME, the same bytes from the same files; what fails a check never comes there."""
    target = ROOT / "dist" / name
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".package-", dir=target.parent) as folder:
        made = Path(folder) / name
        n_files = write_zip(made, shipped(), extra)
        if made.stat().st_size > max_bytes:
            raise Stop(f"{name} is over {max_bytes} bytes. Ship smaller model files.")
        validate(made)
        made.replace(target)
    print(f"{target.relative_to(ROOT)}: {n_files} files, {target.stat().st_size / 1e6:.1f} MB")


def onnx_manifest(one: OnnxZip, wheel: str) -> str:
    """The manifest with its wheel, its system, its Blender lines and whose work the wheel is."""
    text = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    lines = ONNX_LINES[one.python]
    limits = f'blender_version_min = "{lines["from"]}"\n'
    if "before" in lines:
        limits += f'blender_version_max = "{lines["before"]}" # the first that it is not for\n'
    limits += f'platforms = ["{one.system}"]\nwheels = ["./wheels/{wheel}"]\n'
    swaps = {
        r"^blender_version_min = .*\n": limits,
        r"^copyright = \[(.*)\]$": r'copyright = [\1, "2018 Microsoft Corporation"]',
    }
    for pattern, put in swaps.items():
        text, n_found = re.subn(pattern, put, text, flags=re.MULTILINE)
        if n_found != 1:
            raise Stop(f"blender_manifest.toml needs one line like {pattern!r}. Put it back.")
    return text


def fetch_wheel(one: OnnxZip) -> Path:
    """The ONNX Runtime of a zip as its lock file knows it, downloaded once into build/wheels."""
    lock = ROOT / ".requirements" / one.lock
    tag = one.python.replace(".", "")
    fits = f"onnxruntime-*-cp{tag}-cp{tag}-*{one.tag}*.whl"
    if not known_wheel(fits, lock):
        say(f"Downloading ONNX Runtime for {one.system}, Python {one.python} ...")
        code, output = output_of(
            str(ensure("core")["core"]), "-m", "pip", "download", "--require-hashes", "--no-deps",
            "--only-binary=:all:", "--disable-pip-version-check", "--no-input", "-d", str(WHEELS),
            "--implementation=cp", f"--abi=cp{tag}", f"--python-version={one.python}",
            f"--platform={one.tag}", "-r", str(lock),
        )  # fmt: skip
        if code:
            raise Stop(f"{one.lock}: {last_line(output)}. Is the network there? Run this again.")
    wheel = known_wheel(fits, lock)
    if wheel is None:
        raise Stop(f"No wheel {fits} that {one.lock} knows came into {WHEELS}. Look at both.")
    return wheel


def known_wheel(pattern: str, lock: Path) -> Path | None:
    """A file of that name whose hash is in the lock file."""
    hashes = lock.read_text(encoding="utf-8")
    for path in WHEELS.glob(pattern):
        if f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" in hashes:
            return path
    return None


def shipped() -> list[Path]:
    """What the extension consists of, sorted."""
    inside = [path for top in SHIPPED_FOLDERS for path in (ROOT / top).rglob("*") if path.is_file()]
    files = [
        path
        for path in inside
        if not {"__pycache__", ".DS_Store"} & set(path.parts) and FILM not in path.parents
    ]
    if binaries := [path.name for path in files if path.suffix in BINARIES]:
        raise Stop(f"The extension carries no binaries. Take out: {', '.join(binaries)}.")
    return sorted([*(ROOT / name for name in SHIPPED_FILES), *files])


def write_zip(target: Path, files: list[Path], extra: dict[str, bytes] | None = None) -> int:
    """How many files; one date and one mode for all, so that the bytes depend on contents alone.

    `extra` holds files by name that are not on disk, or stand for one that is.
    """
    contents: dict[str, bytes | Path] = {path.relative_to(ROOT).as_posix(): path for path in files}
    contents |= extra or {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # as Unix writes plain files
            entry.compress_type = zipfile.ZIP_DEFLATED
            data = content.read_bytes() if isinstance(content, Path) else content
            archive.writestr(entry, data, compresslevel=9)
    return len(contents)


def validate(archive: Path) -> None:
    """Blender's own check, when one of its environments is here; it needs no Blender to run."""
    tools = sorted(ROOT.glob(".venv-blender-*/**/bl_pkg/cli/blender_ext.py"))
    if not tools:
        say("Not checked by Blender's own tool: it comes with the first `run.py demo`.")
        return
    code, output = output_of(sys.executable, str(tools[0]), "validate", str(archive))
    if code:
        raise Stop(f"Blender refuses {archive.name}: {last_line(output)}")


COMMANDS = {
    run.__name__: run for run in (demo, gallery, test, package, emotalk, bench, train, clean)
}


WITHOUT_HELP = ("test", "package", "clean")  # the others hand --help on to a parser of their own


def main(arguments: list[str]) -> int:
    asked = arguments[1:2] if arguments[:1] and arguments[0] in WITHOUT_HELP else arguments[:1]
    if not arguments or asked in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments[0] not in COMMANDS:
        say(f"run.py: No such command: '{arguments[0]}'. Use {', '.join(COMMANDS)}.")
        return 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except Stop as stop:
        say(f"run.py: {stop}")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

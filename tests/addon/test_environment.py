"""EmoTalk's own environment: made offline from small wheels, cancelled, made again, removed."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

STUBS = {
    "numpy": "__version__ = '2.0'\n",
    "torch": (
        "class cuda:\n    is_available = staticmethod(lambda: True)\n"
        "    get_device_name = staticmethod(lambda _n: 'Card 9000')\n"
        "class backends: pass\n"
        "class version: cuda, hip = '12.8', None\n"
        "__version__ = '9.9'\n"
    ),
    "broken": "raise RuntimeError('the driver is too old')\n",
}


def write_wheel(folder: Path, name: str, source: str, version: str = "9.9") -> None:
    """A wheel of one module, as pip takes it."""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", source)
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture(autouse=True)
def _plain_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this computer has set for pip (constraints, an index) has no say here."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture(scope="module")
def environment() -> ModuleType:
    from emotalk.addon.bridge.jobs import environment as module

    return module


@pytest.fixture
def recipe(tmp_path: Path, environment: ModuleType) -> Callable[..., Any]:
    """What goes in: stubs from a folder, no network."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ("numpy", "torch"):
        write_wheel(wheels, name, STUBS[name])

    def make(*names: str, torch: str = "torch", **more: Any) -> Any:
        write_wheel(wheels, "torch", STUBS[torch])
        options = ("--no-index", "--find-links", str(wheels))
        step = environment.Step(names or ("numpy", "torch"), options)
        return environment.Recipe("test", (step,), download_mb=1, disk_mb=1, **more)

    return make


def test_made_tried_described_made_again_and_removed(
    tmp_path: Path, environment: ModuleType, recipe: Callable[..., Any]
) -> None:
    folder, told = tmp_path / "env" / "python", []

    found = environment.make(
        folder, recipe(), progress=lambda share, what: told.append((share, what))
    )

    assert (found.torch, found.devices, found.gpu) == ("9.9", ("cpu", "cuda"), "Card 9000")
    assert "PyTorch 9.9 (CUDA 12.8), Card 9000" in environment.describe(folder)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert told[-1][0] == 1.0
    assert {"Making the environment", "Trying PyTorch"} <= {what for _, what in told}
    (folder / "mark").touch()

    environment.make(folder, recipe())

    assert not (folder / "mark").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["python"]
    environment.remove(folder)
    assert not folder.exists()
    assert environment.describe(folder) == ""


@pytest.fixture
def there(tmp_path: Path, environment: ModuleType) -> Path:
    """An environment that works already, to be kept when a new one fails."""
    folder = tmp_path / "env" / "python"
    folder.mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    (folder / "mark").touch()
    return folder


SLOW_PIP = """
import os, sys, time
open(sys.argv[0] + ".pid", "w").write(str(os.getpid()))
print("Downloading torch-9.9-py3-none-any.whl (1.0 MB)")
print("Progress 300000 of 1000000", flush=True)
time.sleep(600)
"""


def test_cancel_in_the_download_keeps_what_was_there(
    tmp_path: Path, there: Path, environment: ModuleType, recipe: Callable[..., Any]
) -> None:
    from emotalk.emotalk_core.errors import Cancelled

    pip = tmp_path / "pip.py"
    pip.write_text(SLOW_PIP, encoding="utf-8")
    seen: list[tuple[float, str]] = []

    def progress(share: float, what: str) -> None:
        seen.append((share, what))
        if what.startswith("Downloading torch ("):
            raise Cancelled

    with pytest.raises(Cancelled):
        environment.make(there, recipe(pip=(str(pip),)), progress=progress)

    assert seen[-1][1] == "Downloading torch (0 MB)"
    assert 0.05 < seen[-1][0] < 0.9
    assert [path.name for path in there.parent.iterdir()] == ["python"]
    assert (there / "mark").exists()
    assert_gone(int(Path(f"{pip}.pid").read_text()))


def assert_gone(pid: int) -> None:
    """No process of this number, or one that only waits to be counted."""
    state = Path(f"/proc/{pid}/stat")
    if sys.platform == "linux":
        assert not state.is_file() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_package_that_cannot_be_had_keeps_what_was_there(
    there: Path, environment: ModuleType, recipe: Callable[..., Any]
) -> None:
    from emotalk.emotalk_core.errors import SetupError

    with pytest.raises(SetupError, match=r"pip could not install: 'nowhere'") as caught:
        environment.make(there, recipe("nowhere"))

    assert "\n" not in str(caught.value)
    assert (there / "mark").exists()
    assert [path.name for path in there.parent.iterdir()] == ["python"]


def test_what_does_not_work_is_not_kept(
    tmp_path: Path, environment: ModuleType, recipe: Callable[..., Any]
) -> None:
    from emotalk.emotalk_core.errors import SetupError

    with pytest.raises(SetupError, match=r"does not work: .*the driver is too old"):
        environment.make(tmp_path / "env", recipe(torch="broken"))

    assert not (tmp_path / "env").exists()


def test_nothing_but_an_environment_is_ever_replaced_or_deleted(
    tmp_path: Path, environment: ModuleType, recipe: Callable[..., Any]
) -> None:
    from emotalk.emotalk_core.errors import SetupError

    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "film.mp4").touch()

    for act in (lambda: environment.make(folder, recipe()), lambda: environment.remove(folder)):
        with pytest.raises(SetupError, match="Something else is in the environment's place"):
            act()

    assert (folder / "film.mp4").exists()


def test_a_full_disk_is_told_before_anything_is_fetched(
    tmp_path: Path, environment: ModuleType
) -> None:
    from emotalk.emotalk_core.errors import SetupError

    recipe = environment.Recipe("test", (), download_mb=1, disk_mb=10**12)

    with pytest.raises(SetupError, match="Not enough disk space for PyTorch"):
        environment.make(tmp_path / "env", recipe)


def test_a_base_without_venv_says_so(
    tmp_path: Path, environment: ModuleType, recipe: Callable[..., Any]
) -> None:
    from emotalk.emotalk_core.errors import SetupError

    base = tmp_path / "python"
    base.write_text("#!/bin/sh\necho No module named venv >&2\nexit 1\n", encoding="utf-8")
    base.chmod(0o755)

    with pytest.raises(SetupError, match=r"cannot make environments \(No module named venv\)"):
        environment.make(tmp_path / "env", recipe(), base=str(base))


def test_an_environment_whose_blender_is_gone_counts_as_none(
    there: Path, environment: ModuleType
) -> None:
    from emotalk.emotalk_core.other_python.interpreter import program_in

    (there / "emotalk.json").write_text('{"summary": "PyTorch"}', encoding="utf-8")
    program = program_in(there)
    program.parent.mkdir()
    program.symlink_to(there / "gone")

    assert environment.describe(there) == ""


@pytest.mark.parametrize(
    ("system", "machine", "cards", "has_kfd", "build"),
    [
        ("linux", "x86_64", "", False, "cpu"),
        ("linux", "x86_64", "8.9, 550.54.14\n", False, "cu128"),
        ("linux", "x86_64", "12.0, 570.10\n", True, "cu128"),
        ("linux", "x86_64", "8.9, 550.54.14\n6.1, 550.54.14\n", False, "cu126"),
        ("linux", "x86_64", "6.1, 470.10\n", False, "cpu"),
        ("linux", "x86_64", "NVIDIA-SMI has failed\n", False, "cpu"),
        ("linux", "x86_64", "", True, "rocm"),
        ("win32", "AMD64", "8.6, 561.09\n", False, "cu128"),
        ("win32", "AMD64", "", False, "cpu"),
        ("darwin", "arm64", "", False, "mps"),
        ("darwin", "x86_64", "", False, "cpu"),
    ],
)
def test_the_build_suits_the_graphics_card(
    tmp_path: Path, system: str, machine: str, cards: str, build: str, *, has_kfd: bool
) -> None:
    from emotalk.addon.bridge.jobs.torch_builds import suited

    kfd = tmp_path / "kfd"
    if has_kfd:
        kfd.touch()

    assert suited(system, machine, ask=lambda _command: cards, kfd=kfd) == build


def test_the_commands_by_hand_name_every_step(tmp_path: Path, environment: ModuleType) -> None:
    from emotalk.addon.bridge.jobs.torch_builds import BUILDS

    recipe = environment.recipe_for(BUILDS[1], has_words=True)

    text = environment.command_by_hand(tmp_path / "env", recipe, base="/usr/bin/python3")

    assert text.startswith(f'"/usr/bin/python3" -m venv "{tmp_path / "env"}" && ')
    index = "https://download.pytorch.org/whl/cu128"
    assert text.endswith(f'install "torch>=2.9.1,<2.14" --index-url {index}')
    assert "\n" not in text


def test_words_are_heard_in_an_environment_that_is_asked_for_them(environment: ModuleType) -> None:
    from emotalk.addon.bridge.jobs.torch_builds import BUILDS

    without, with_words = (
        environment.recipe_for(BUILDS[0], has_words=has_words) for has_words in (False, True)
    )

    packages = [name for step in with_words.steps for name in step.packages]
    assert "faster-whisper>=1.2,<2" in packages
    assert not any("whisper" in name for step in without.steps for name in step.packages)
    assert with_words.disk_mb > without.disk_mb

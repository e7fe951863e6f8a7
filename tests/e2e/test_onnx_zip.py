"""The zips with ONNX Runtime, installed offline: the first click runs on it, and what does not fit
is refused or does without.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.e2e.first_click import LINES, blender, click

ROOT = Path(__file__).resolve().parents[2]
MAX_ZIP_BYTES = 70_000_000
SYSTEMS = {
    ("linux", "x86_64"): "linux-x64",
    ("win32", "AMD64"): "windows-x64",
    ("darwin", "arm64"): "macos-arm64",
    ("darwin", "x86_64"): "macos-x64",
}
INSTALL = """
import sys, bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
try:
    bpy.ops.extensions.package_install_files(
        filepath=sys.argv[1], repo="user_default", enable_on_install=True, overwrite=True
    )
except RuntimeError as error:
    print("REFUSED", error)
print("ENABLED", "bl_ext.user_default.emotalk" in bpy.context.preferences.addons.keys(), flush=True)
import os
os._exit(0)
"""


@pytest.fixture(scope="module")
def archives() -> dict[str, Path]:
    """By the first Blender line that it is for: the zip of this system, from `run.py package`."""
    system = SYSTEMS.get((sys.platform, platform.machine()))
    if system is None:
        pytest.skip(f"there is no zip for {sys.platform} on {platform.machine()}")
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "package", "--onnx", system],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    paths = [ROOT / line.split(":")[0] for line in done.stdout.splitlines()]
    return {path.stem.rpartition("-")[2]: path for path in paths}


def fitting(archives: dict[str, Path], line: str) -> Path:
    """The zip that a user of that Blender takes."""
    return archives["5.1" if line == "5.2" else "4.2"]


@pytest.mark.parametrize("line", LINES)
def test_first_click_runs_on_onnx_runtime(
    line: str, archives: dict[str, Path], sound: Path, tmp_path: Path
) -> None:
    found = click(line, fitting(archives, line), sound, tmp_path)

    assert found["result"] == ["FINISHED"]
    assert found["engine"] == "onnx"
    assert found["loaded"] == ["onnxruntime"]
    assert found["jaw"] > 0.05
    assert Path(found["runtime"]).is_relative_to(tmp_path), "not the one that the zip carries"


def test_each_zip_holds_one_wheel_as_it_came(archives: dict[str, Path]) -> None:
    for path in archives.values():
        with zipfile.ZipFile(path) as opened:
            manifest = tomllib.loads(opened.read("blender_manifest.toml").decode())
            wheels = [name for name in opened.namelist() if name.startswith("wheels/")]
            inside = zipfile.ZipFile(opened.open(wheels[0])).namelist()
        assert path.stat().st_size <= MAX_ZIP_BYTES
        assert manifest["wheels"] == [f"./{name}" for name in wheels]
        assert "onnxruntime/LICENSE" in inside
        assert "onnxruntime/ThirdPartyNotices.txt" in inside
        assert "2018 Microsoft Corporation" in manifest["copyright"]


@pytest.mark.parametrize(("line", "other"), [("4.5", "5.1"), ("5.2", "4.2")])
def test_the_zip_of_other_blender_lines_is_refused(
    line: str, other: str, archives: dict[str, Path], tmp_path: Path
) -> None:
    done = blender(line, INSTALL, tmp_path, str(archives[other]))

    assert "ENABLED False" in done.stdout, done.stdout + done.stderr


def test_a_zip_of_another_system_is_refused(archives: dict[str, Path], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.zip"
    rewrite(archives["4.2"], elsewhere, b'platforms = ["', b'platforms = ["windows-arm64"] # ["')

    done = blender("4.5", INSTALL, tmp_path, str(elsewhere))

    assert "ENABLED False" in done.stdout, done.stdout + done.stderr


def test_a_wheel_that_does_not_load_costs_nothing(
    archives: dict[str, Path], sound: Path, tmp_path: Path
) -> None:
    """As on a system that is too old for it: the built-in engine goes on."""
    broken = tmp_path / "broken.zip"
    wheel = next(n for n in zipfile.ZipFile(archives["4.2"]).namelist() if n.endswith(".whl"))
    with zipfile.ZipFile(archives["4.2"]) as source:
        (tmp_path / "whole.whl").write_bytes(source.read(wheel))
    line = b"from onnxruntime.capi import onnxruntime_validation"
    rewrite(tmp_path / "whole.whl", tmp_path / "broken.whl", line, b"raise ImportError('GLIBC')")
    rewrite(archives["4.2"], broken, b"", b"", {wheel: (tmp_path / "broken.whl").read_bytes()})

    found = click("4.5", broken, sound, tmp_path)

    assert found["result"] == ["FINISHED"]
    assert found["engine"] == "builtin"


def rewrite(
    source: Path, target: Path, old: bytes, new: bytes, swap: dict[str, bytes] | None = None
) -> None:
    """A copy of an archive in which small files say `new` for `old`, and some are swapped."""
    with zipfile.ZipFile(source) as opened, zipfile.ZipFile(target, "w") as made:
        for name in opened.namelist():
            data = (swap or {}).get(name) or opened.read(name)
            is_text = old and name.endswith((".py", ".toml"))
            made.writestr(name, data.replace(old, new) if is_text else data)

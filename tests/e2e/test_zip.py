"""The extension's zip, installed offline into each Blender line: the first click works."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.first_click import LINES, click, python_of

ROOT = Path(__file__).resolve().parents[2]
MAX_ZIP_BYTES = 45_000_000


@pytest.fixture(scope="module")
def archive() -> Path:
    """The zip as `run.py package` writes it."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "package"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return ROOT / done.stdout.split(":")[0]


def test_zip_is_small_and_carries_no_binaries(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    endings = {Path(name).suffix for name in names}

    assert archive.stat().st_size <= MAX_ZIP_BYTES
    assert not endings & {".so", ".pyd", ".dll", ".dylib", ".exe", ".whl", ".pyc"}
    assert not [name for name in names if name.startswith(("tests", "training", "."))]
    assert [name for name in names if name.startswith("docs")] == ["docs/manual.md", "docs/rigs.md"]


@pytest.mark.parametrize("line", LINES)
def test_manifest_is_valid_for_blender(line: str, archive: Path) -> None:
    home = Path(python_of(line)).parents[1]
    tool = next(home.rglob("bl_pkg/cli/blender_ext.py"))

    done = subprocess.run(
        [python_of(line), str(tool), "validate", str(archive)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("line", LINES)
def test_first_click_after_installing(
    line: str, archive: Path, sound: Path, tmp_path: Path
) -> None:
    found = click(line, archive, sound, tmp_path)

    assert found["enabled"]
    assert found["result"] == ["FINISHED"]
    assert found["meshes"] >= 3
    assert found["jaw"] > 0.05
    assert found["loaded"] == []
    assert found["engine"] == "builtin"

"""run.py, the way in: what it ships, what it counts, what it says when something is missing."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests import runner

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run() -> ModuleType:
    """run.py as a module of its own in each test, so that a test may change its constants."""
    spec = importlib.util.spec_from_file_location("emotalk_run", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_ci_calls_the_test_command_of_the_readme() -> None:
    called = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    printed = (ROOT / "README.md").read_text(encoding="utf-8")

    assert called == "exec python3 run.py test"
    assert called.removeprefix("exec ") in printed


def test_python_package_and_extension_have_one_version() -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["version"] == manifest["version"]


def test_manifest_keeps_the_rules_of_the_extensions_platform() -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    sentences = [manifest["tagline"], *manifest["permissions"].values()]

    assert "SPDX:GPL-3.0-or-later" in manifest["license"]
    assert set(manifest["permissions"]) == {"files", "network"}  # for Create Environment alone
    assert all(len(text) <= 64 and not text.endswith(".") for text in sentences)
    assert "wheels" not in manifest


@pytest.mark.parametrize(
    ("notice", "words", "licence"),
    [
        ("emotalk_core/models/starter/LICENSE-whisper", "OpenAI", "SPDX:MIT"),
        ("emotalk_core/shaping/LICENSE-ict-facekit", "USC Institute", "SPDX:MIT"),
        ("emotalk_core/speech/readers/NOTICE", "FrequencyWords", "SPDX:GPL-3.0-or-later"),
        ("emotalk_core/speech/readers/NOTICE", "UniDic Consortium", "SPDX:BSD-3-Clause"),
        ("emotalk_core/speech/LICENSE-cmudict", "Carnegie Mellon", "SPDX:BSD-2-Clause"),
        ("emotalk_core/speech/LICENSE-unicode", "Unicode, Inc.", "SPDX:Unicode-3.0"),
        ("emotalk_core/models/starter/NOTICE", "CC BY 4.0", "SPDX:CC-BY-4.0"),
        ("emotalk_core/heads/NOTICE.md", "MakeHuman", "SPDX:CC0-1.0"),
    ],
)
def test_the_zip_says_whose_work_it_carries(
    run: ModuleType, notice: str, words: str, licence: str
) -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))

    assert licence in manifest["license"]
    assert ROOT / notice in run.shipped()
    assert words in (ROOT / notice).read_text(encoding="utf-8")


def test_every_environment_is_pinned_with_hashes(run: ModuleType) -> None:
    for environment in run.ENVIRONMENTS.values():
        text = (ROOT / ".requirements" / f"{environment.name}.txt").read_text(encoding="utf-8")
        packages = re.findall(r"^[a-zA-Z0-9].*$", text, re.MULTILINE)

        assert packages, environment.name
        assert all("==" in line and line.endswith("\\") for line in packages), environment.name
        assert text.count("--hash=sha256:") >= len(packages), environment.name


def test_only_torch_goes_without_a_hash() -> None:
    unhashed = list((ROOT / ".requirements").glob("*.unhashed.txt"))
    lines = unhashed[0].read_text(encoding="utf-8").splitlines()

    assert [path.name for path in unhashed] == ["train.unhashed.txt"]
    assert [line.split("==")[0] for line in lines if not line.startswith("#")] == ["torch"]


def test_a_changed_lock_makes_the_environment_stale(run: ModuleType, tmp_path: Path) -> None:
    run.ROOT = tmp_path
    (tmp_path / ".requirements").mkdir()
    lock = tmp_path / ".requirements" / "core.txt"
    lock.write_text("numpy==1")
    environment = run.ENVIRONMENTS["core"]
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    (environment.folder / "made-from").write_text(environment.fingerprint())

    was_ready = environment.is_ready()
    lock.write_text("numpy==2")

    assert was_ready
    assert not environment.is_ready()


def test_an_environment_without_its_stamp_is_not_ready(run: ModuleType, tmp_path: Path) -> None:
    run.ROOT = tmp_path
    environment = run.ENVIRONMENTS["core"]
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()

    assert not environment.is_ready()


def test_too_small_a_disk_is_told_with_what_all_environments_need(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.ROOT = tmp_path  # where no environment is ready
    wanted = [run.ENVIRONMENTS[name] for name in ("core", "lint")]
    need = sum(environment.disk_mb for environment in wanted)
    monkeypatch.setattr(run, "ensure_packages", lambda _chosen: None)
    left = SimpleNamespace(free=(need - 1) * 10**6)
    monkeypatch.setattr(run.shutil, "disk_usage", lambda _folder: left)

    with pytest.raises(run.Stop) as stop:
        run.ensure("core", "lint")

    assert f".venv-core, .venv-lint need {need:,}. Free 1 MB" in str(stop.value)
    assert not any(tmp_path.iterdir())


def test_no_fitting_python_names_what_to_install(
    run: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "interpreters", lambda version: [])
    monkeypatch.setattr(run, "missing_libraries", lambda wanted: [])
    monkeypatch.setattr(run.Environment, "is_ready", lambda self: False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)

    code = run.main(["demo"])

    message = capsys.readouterr().err
    assert code == 2
    assert "needs Python 3.11" in message
    assert message.count("\n") == 1


def test_missing_system_packages_print_the_one_line_to_run(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(run.os, "geteuid", lambda: 1000)

    with pytest.raises(run.Stop, match=r"&& sudo apt-get install -y .* libegl1 libxi6$"):
        run.install_packages(["libegl1", "libxi6"])


def test_unknown_tier_lists_the_tiers(run: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["test", "everything"]) == 2
    assert "Choose from: lint core onnx torch addon" in capsys.readouterr().err


def test_unknown_command_is_named_with_those_there_are_in_one_line() -> None:
    child = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "dmeo"], capture_output=True, text=True, check=False
    )

    assert child.returncode == 2
    assert child.stdout == ""
    assert child.stderr.startswith("run.py: No such command: 'dmeo'. Use demo, gallery, test")
    assert len(child.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"], ["test", "-h"], ["package", "--help"]])
def test_help_is_there_for_who_asks(
    run: ModuleType, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run.main(words) == 0
    assert "python3 run.py demo" in capsys.readouterr().out


@pytest.fixture
def clone(run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the clone, with an environment that is a link to one elsewhere."""
    root, elsewhere = tmp_path / "clone", tmp_path / "elsewhere"
    (elsewhere / "bin").mkdir(parents=True)
    (root / ".venv-core").mkdir(parents=True)
    (root / ".venv-linked").symlink_to(elsewhere)
    monkeypatch.setattr(run, "ROOT", root)
    monkeypatch.setattr(run, "WHEELS", root / "build" / "wheels")
    return root


def test_clean_removes_links_to_environments_and_not_what_they_lead_to(
    run: ModuleType, clone: Path
) -> None:
    assert run.main(["clean"]) == 0

    assert list(clone.iterdir()) == []
    assert (clone.parent / "elsewhere" / "bin").is_dir()


@pytest.mark.parametrize("words", [["--help"], ["--dry-run"], ["out"]])
def test_clean_with_a_word_removes_nothing(
    run: ModuleType, clone: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run.main(["clean", *words])

    assert (clone / ".venv-core").is_dir()
    assert code == (0 if words == ["--help"] else 2), capsys.readouterr().err


def test_run_py_imports_the_standard_library_only() -> None:
    """Isolated from every installed package, also from those of the interpreter that runs it."""
    child = subprocess.run(
        [sys.executable, "-S", "-E", str(ROOT / "run.py"), "--help"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert child.returncode == 0, child.stderr


FILM = "addon/demo/film/"


def test_nothing_in_the_zip_needs_what_it_leaves_out(run: ModuleType) -> None:
    importing = re.compile(r"^\s*(from|import) .*\bfilm\b", re.MULTILINE)
    sources = [path for path in run.shipped() if path.suffix == ".py"]
    left_out = [*(ROOT / FILM).glob("*.py")]

    assert not [path for path in sources if importing.search(path.read_text(encoding="utf-8"))]
    assert len(sources) > 100
    assert len(left_out) > 10


def test_zip_has_the_same_bytes_twice_and_only_what_blender_needs(
    run: ModuleType, tmp_path: Path
) -> None:
    files = [path for path in run.shipped() if path.stat().st_size < 1e6]  # weights only take time
    run.write_zip(tmp_path / "a.zip", files)
    run.write_zip(tmp_path / "b.zip", files)

    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert tops == {
        *("__init__.py", "blender_manifest.toml", "LICENSE", "README.md"),
        *("addon", "docs", "emotalk_core"),
    }  # fmt: skip
    assert not [name for name in names if "__pycache__" in name or name.startswith(FILM)]


@pytest.mark.parametrize(("max_bytes", "is_refused"), [(10, False), (10_000, True)])
def test_a_zip_that_is_no_good_never_bears_the_name_of_a_release(
    run: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    max_bytes: int,
    is_refused: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    def validate(archive: Path) -> None:
        if is_refused:
            raise run.Stop(f"Blender refuses {archive.name}")

    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "shipped", list)
    monkeypatch.setattr(run, "validate", validate)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "emotalk.zip").write_text("the last good one")

    with pytest.raises(run.Stop, match=r"emotalk\.zip"):
        run.write_checked("emotalk.zip", {"LICENSE": b"GPL"}, max_bytes)

    assert [path.name for path in (tmp_path / "dist").iterdir()] == ["emotalk.zip"]
    assert (tmp_path / "dist" / "emotalk.zip").read_text() == "the last good one"


def test_zip_with_a_binary_is_refused(run: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "addon").mkdir()
    (tmp_path / "addon" / "fast.so").touch()
    run.ROOT = tmp_path

    with pytest.raises(run.Stop, match=r"fast\.so"):
        run.shipped()


def test_progress_of_a_large_download_is_told_in_tenths(
    run: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["Downloading bpy-4.5.15-cp311.whl (350 MB)\n"]
    lines += [f"Progress {done} of 350000000\n" for done in range(0, 350000001, 7000000)]

    run.follow_pip(iter(lines), [].append)

    told = capsys.readouterr().err.splitlines()
    assert len(told) == 10
    assert told[-1] == "  bpy: 100 % of 350 MB"


def test_a_crashed_tier_counts_as_failed(tmp_path: Path) -> None:
    process = FakeProcess(code=-11)

    outcome = runner.run_pytest(runner.Tier("addon-4.5", "x", "tests/addon"), process, [], tmp_path)

    assert (outcome.passed, outcome.failed) == (0, 1)
    assert "-11" in outcome.note


def test_counts_come_from_the_report_of_pytest(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/></testsuites>'
    )

    outcome = runner.read_report("core", report)

    assert (outcome.passed, outcome.failed, outcome.skipped) == (3, 2, 2)


@pytest.mark.parametrize(("passed", "failed", "code"), [(3, 0, 0), (3, 1, 1), (0, 0, 1)])
def test_the_last_line_is_the_total(
    passed: int, failed: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [runner.Outcome("core", passed, failed), runner.Outcome("lint", skipped=1)]

    assert runner.summarise(outcomes, 1.0) == code

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"{passed} passed, {failed} failed, 1 skipped"


class FakeProcess:
    """An interpreter that dies at once."""

    def __init__(self, code: int) -> None:
        self.code = code

    def call(self, *arguments: str) -> int:
        return self.code


def test_zips_with_onnx_runtime_cover_every_system_and_python_once(run: ModuleType) -> None:
    names = [one.name for one in run.ONNX_ZIPS]
    both = {"linux-x64", "windows-x64", "macos-arm64"}

    assert len(set(names)) == len(names)
    assert {(one.system, one.python) for one in run.ONNX_ZIPS} >= {
        (system, python) for system in both for python in ("3.11", "3.13")
    }
    assert {one.lock for one in run.ONNX_ZIPS if one.tag.startswith("macosx_13")} == {
        "zip-macos-13.txt"
    }


def test_the_manifest_of_such_a_zip_names_its_wheel_system_and_blender_lines(
    run: ModuleType,
) -> None:
    old, new = (
        tomllib.loads(run.onnx_manifest(run.OnnxZip("linux-x64", python, "x"), "a.whl"))
        for python in ("3.11", "3.13")
    )

    assert old["blender_version_min"] == "4.2.0"
    assert old["blender_version_max"] == new["blender_version_min"] == "5.1.0"
    assert "blender_version_max" not in new
    assert new["wheels"] == ["./wheels/a.whl"]
    assert new["platforms"] == ["linux-x64"]
    assert new["copyright"] == ["2026 EmoTalk contributors", "2018 Microsoft Corporation"]


def test_a_wheel_that_the_lock_does_not_know_is_not_taken(run: ModuleType, tmp_path: Path) -> None:
    run.WHEELS = tmp_path
    (tmp_path / "onnxruntime-1-cp311-cp311-linux.whl").write_bytes(b"changed on the way")

    found = run.known_wheel("onnxruntime-*.whl", ROOT / ".requirements" / "zip.txt")

    assert found is None


@pytest.mark.parametrize("words", [["--onyx"], ["--onnx", "amiga"], ["linux-x64"]])
def test_package_names_what_it_can_make(
    run: ModuleType, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["package", *words]) == 2
    assert "package --onnx [linux-x64 | macos-arm64 |" in capsys.readouterr().err

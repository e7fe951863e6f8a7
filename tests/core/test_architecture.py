"""The layer rules of docs/architecture.md as code; none of them can pass by looking at nothing."""

from __future__ import annotations

import ast
import importlib
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("emotalk_core", "addon", "training")
FORBIDDEN = {
    "emotalk_core": {"bpy", "mathutils", "aud", "gpu", "addon", "training"},
    "addon": {"torch", "transformers", "training"},
    "training": {"bpy", "addon"},
}
MAY_NAME_TORCH = (
    "emotalk_core/model/network/",
    "emotalk_core/model/checkpoint.py",
    "emotalk_core/engine/torch_engine/",
)
HEAVY = ("torch", "scipy", "librosa", "soundfile", "av", "transformers", "onnxruntime", "onnx")
MAX_LINES = 400
LONG_FOR_A_REASON = {
    "run.py": "one file by design: it works before anything of ours can be imported",
}
# Folders that exist on one machine only; split, so that this file does not name them itself.
MACHINE_PATHS = re.compile(
    "/" + "(?:" + "|".join(("work/", "root/", "farm/", "opt/emo", "tmp/bash_")) + ")"
)


def python_files(layer: str) -> list[Path]:
    files = sorted((ROOT / layer).rglob("*.py"))
    assert files, f"no files under {layer}: the rule would pass without looking"
    return files


def imports(file: Path) -> list[tuple[str, bool]]:
    """Full name and relativeness of everything that `file` imports."""
    package, found = file.relative_to(ROOT).parts[:-1], []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, False) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            dotted = ".".join([*base, node.module or ""]).strip(".")
            names = [dotted] if dotted else [alias.name for alias in node.names]
            found += [(name, node.level > 0) for name in names]
    return found


def imported_roots(file: Path) -> set[str]:
    return {name.split(".")[0] for name, _ in imports(file)}


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_layer_imports_nothing_it_must_not(layer: str) -> None:
    broken = {
        str(file.relative_to(ROOT)): bad
        for file in python_files(layer)
        if (bad := imported_roots(file) & FORBIDDEN[layer])
    }

    assert not broken


BRIDGE = ("", "sounds", "jobs", "keying", "heads", "faces", "asked", "take", "command_line")


@pytest.mark.parametrize("folder", BRIDGE)
def test_the_bridge_is_built_from_the_bottom_up(folder: str) -> None:
    inside = ROOT / "addon" / "bridge" / folder
    files = sorted(inside.glob("*.py"))
    above = {f"addon.bridge.{name}" for name in BRIDGE[BRIDGE.index(folder) + 1 :]}
    assert files

    broken = {
        str(file.relative_to(ROOT)): name
        for file in files
        for name, _ in imports(file)
        if name.startswith(tuple(above))
    }

    assert not broken


@pytest.mark.parametrize("layer", ["emotalk_core", "addon"])
def test_what_blender_loads_imports_itself_relatively(layer: str) -> None:
    """Inside Blender the package is called bl_ext.….emotalk: no absolute name of ours exists."""
    own = {"emotalk_core", "addon"}
    broken = {
        str(file.relative_to(ROOT)): name
        for file in python_files(layer)
        for name, is_relative in imports(file)
        if name.split(".")[0] in own and not is_relative
    }

    assert not broken


def test_only_listed_core_files_name_torch() -> None:
    naming = {
        file.relative_to(ROOT).as_posix()
        for file in python_files("emotalk_core")
        if "torch" in imported_roots(file)
    }

    assert [name for name in naming if not name.startswith(MAY_NAME_TORCH)] == []


def test_the_core_needs_numpy_and_the_standard_library_only_at_module_level() -> None:
    broken = {
        str(file.relative_to(ROOT)): bad
        for file in python_files("emotalk_core")
        if not file.relative_to(ROOT).as_posix().startswith(MAY_NAME_TORCH)
        and (bad := top_level_roots(file) - sys.stdlib_module_names - {"numpy", "emotalk_core"})
    }

    assert not broken


def top_level_roots(file: Path) -> set[str]:
    """First names of what is imported as soon as `file` is."""
    roots = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            roots.add(node.module.split(".")[0])
    return roots


def test_only_compat_asks_for_the_blender_version() -> None:
    asking = {
        file.relative_to(ROOT).as_posix()
        for file in python_files("addon")
        if re.search(r"bpy\.app\.version\b", file.read_text(encoding="utf-8"))
    }

    assert asking <= {"addon/bridge/compat.py"}


def test_animate_works_with_numpy_alone(tmp_path: Path) -> None:
    """A child in which everything heavier cannot be imported turns a wav into curves."""
    sound, curves = tmp_path / "hum.wav", tmp_path / "hum.csv"
    write_hum(sound)
    block = f"import sys; sys.modules.update(dict.fromkeys({HEAVY!r}))"
    call = "from emotalk_core.cli import main; sys.exit(main(sys.argv[1:]))"

    child = subprocess.run(
        [sys.executable, "-c", f"{block}; {call}", "animate", str(sound), "-o", str(curves)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert child.returncode == 0, child.stderr
    assert len(curves.read_text(encoding="utf-8").splitlines()) == 1 + 30


def write_hum(path: Path) -> None:
    """One second of a 120 Hz hum, 16-bit mono at 16 kHz."""
    times_s = np.arange(16000) / 16000
    samples = np.int16(8000 * np.sin(2 * np.pi * 120 * times_s))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(samples.tobytes())


@pytest.mark.parametrize("name", ["emotalk_core"])
def test_public_names_are_sorted_and_exist(name: str) -> None:
    module = importlib.import_module(name)

    assert list(module.__all__) == sorted(module.__all__)
    assert [missing for missing in module.__all__ if not hasattr(module, missing)] == []


def test_public_names_of_the_core_are_complete() -> None:
    """What type checkers see, what is found at first use, and what is listed are the same."""
    door = ROOT / "emotalk_core" / "__init__.py"
    imported = {
        alias.asname or alias.name: node.module
        for node in ast.walk(ast.parse(door.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    module = importlib.import_module("emotalk_core")

    assert imported
    assert imported == module._HOME
    assert sorted(imported) == module.__all__


@pytest.mark.parametrize("layer", ["emotalk_core", "addon", "training"])
def test_a_module_lists_every_name_that_others_use(layer: str) -> None:
    modules = {module_name(file): file for top in LAYERS for file in python_files(top)}
    listed = {name: names for name, file in modules.items() if (names := public_names(file))}
    used = {use for name, file in modules.items() for use in names_used(name, file, modules)}

    checked = {(module, name) for module, name in used if module in listed}
    assert len(checked) > 100
    broken = {
        f"{module}.{name}"
        for module, name in checked
        if module.split(".")[0] == layer
        and name not in listed[module]
        and not name.startswith("__")
        and f"{module}.{name}" not in modules
    }
    assert not broken


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def public_names(file: Path) -> list[str]:
    """The `__all__` of a file, if it is written out there."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return []


def names_used(name: str, file: Path, modules: Mapping[str, Path]) -> set[tuple[str, str]]:
    """Module and name of everything that `file` takes of our other modules."""
    package = name.split(".") if file.stem == "__init__" else name.split(".")[:-1]
    tree = ast.parse(file.read_text(encoding="utf-8"))
    used, aliases = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            used |= {(base, alias.name) for alias in node.names}
            aliases |= {a.asname or a.name: f"{base}.{a.name}" for a in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.add((aliases.get(node.value.id, ""), node.attr))
    return {(module, used_name) for module, used_name in used if module in modules}


def test_no_file_is_longer_than_a_reader_wants() -> None:
    files = [ROOT / "run.py", *(file for top in (*LAYERS, "tests") for file in python_files(top))]
    lengths = {
        file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines())
        for file in files
    }

    long = {name: n_lines for name, n_lines in lengths.items() if n_lines > MAX_LINES}
    assert long.keys() <= LONG_FOR_A_REASON.keys(), long


@pytest.mark.parametrize("name", ["utils", "common", "misc", "manager", "helpers"])
def test_no_file_is_named_after_nothing(name: str) -> None:
    assert [file for layer in LAYERS for file in python_files(layer) if file.stem == name] == []


def test_tracked_text_names_no_machine() -> None:
    files = text_files()
    assert len(files) > 20, "too few files: the rule would pass without looking"

    naming = {
        str(file.relative_to(ROOT)): found[0]
        for file in files
        if (found := MACHINE_PATHS.search(file.read_text(encoding="utf-8", errors="replace")))
    }

    assert not naming


def text_files() -> list[Path]:
    """What git tracks, or in an unpacked archive everything that a release carries."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        files = [ROOT / name for name in listed.stdout.split("\0")]
    else:
        files = [file for top in (*LAYERS, "tests", "docs") for file in (ROOT / top).rglob("*")]
    endings = {".py", ".md", ".toml", ".txt", ".json", ".yaml", ".in", ""}
    return [file for file in files if file.suffix in endings and file.is_file()]

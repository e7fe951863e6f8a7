"""Files that appear whole or not at all: what they are called until then."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emotalk_core.atomic_file import (
    atomic_file,
    ensure_writable,
    growing_folder,
    path_beside,
    remove_leftovers,
)
from emotalk_core.errors import InputError, SetupError


@pytest.mark.parametrize("name", ["a" * 250 + ".csv", "é" * 125 + ".csv", "字" * 84, "a.csv"])
def test_a_name_with_an_ending_more_is_still_a_name(name: str) -> None:
    beside = path_beside(Path("folder") / name, ".0123abcd.part")

    assert len(os.fsencode(beside.name)) <= 254
    assert beside.name.endswith(".0123abcd.part")
    assert beside.parent == Path("folder")
    assert name.startswith(beside.name.removesuffix(".0123abcd.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has names in UTF-16 alone")
def test_names_of_another_locale_than_ours_are_written(tmp_path: Path) -> None:
    """Where the system's letters are ASCII, the others of a name are bytes that nobody reads."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom emotalk_core.atomic_file import atomic_file\n"
        "for path in map(Path, sys.argv[1:]):\n"
        "    with atomic_file(path) as file:\n        file.write(b'new')"
    )
    names = ["ünïcode 字.csv", "é" * 125 + ".csv"]
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    child = subprocess.run(
        [sys.executable, "-c", code, *(str(tmp_path / name) for name in names)],
        env=os.environ | plain | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert child.returncode == 0, child.stderr
    assert {path.name for path in tmp_path.iterdir()} == set(names)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
@pytest.mark.parametrize("name", ["pipe", "link"])
def test_a_pipe_stays_a_pipe(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(InputError, match="A pipe or a device"), atomic_file(tmp_path / name):
        raise AssertionError("opened")
    with pytest.raises(InputError, match="A pipe or a device"):
        ensure_writable(tmp_path / name)

    assert (tmp_path / "pipe").is_fifo()
    assert sorted(tmp_path.iterdir()) == before


def test_a_link_to_nothing_and_one_to_a_file_may_be_written_over(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to("nothing")
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")

    for name in ("gone", "link"):
        with atomic_file(tmp_path / name) as file:
            file.write(b"new")
        assert (tmp_path / name).read_bytes() == b"new"


def test_a_file_is_no_leftover_until_it_stands_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, replace = tmp_path / "talk.csv", Path.replace

    def beside_another_run(self: Path, target: Path) -> Path:
        remove_leftovers([path])
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", beside_another_run)

    with atomic_file(path) as file:
        file.write(b"new")

    assert path.read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_what_a_killed_run_left_of_a_file_goes_at_once_and_not_before(tmp_path: Path) -> None:
    curves = tmp_path / "talk.csv"
    code = (
        "import pathlib, sys\nfrom emotalk_core.atomic_file import atomic_file\n"
        "with atomic_file(pathlib.Path(sys.argv[1])) as file:\n"
        "    print(file.name, flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(curves)]
    pipe = subprocess.PIPE  # it ends with us
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        part = Path(os.fsdecode(other.stdout.readline()).strip())
        remove_leftovers([curves])
        assert part.exists()
        other.kill()
        other.wait()

    remove_leftovers([curves])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks of folders")
def test_a_growing_folder_stays_as_long_as_its_maker_and_no_longer(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    code = (
        "import pathlib, sys\nfrom emotalk_core.atomic_file import growing_folder\n"
        "with growing_folder(pathlib.Path(sys.argv[1])) as part:\n"
        "    (part / 'film').touch()\n    print(part, flush=True)\n    sys.stdin.read()\n"
    )
    pipe = subprocess.PIPE  # it ends with us
    command = [sys.executable, "-c", code, str(film)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        part = Path(os.fsdecode(other.stdout.readline()).strip())
        remove_leftovers([film])
        assert (part / "film").exists()
        other.kill()
        other.wait()

    remove_leftovers([tmp_path / "another.mp4"])
    assert part.exists()
    remove_leftovers([film])
    assert list(tmp_path.iterdir()) == []


def test_a_young_folder_of_another_machine_stays(tmp_path: Path) -> None:
    """Whose locks we may not see."""
    with growing_folder(tmp_path / "film.mp4") as part:
        pass
    machine = part.name[-13:-9]
    other = tmp_path / part.name.replace(machine, f"{int(machine, 16) ^ 1:04x}")
    other.mkdir()

    remove_leftovers([tmp_path / "film.mp4"])

    assert list(tmp_path.iterdir()) == [other]


def test_no_place_for_a_growing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"No such file"), growing_folder(tmp_path / "no" / "film"):
        pass

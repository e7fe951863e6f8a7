"""Where the engine runs: the preferences decide, the one click and the sliders follow."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import follow_to_the_end, keys_of, state, tick

on_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals and scripts")


@pytest.fixture
def scene(addon: ModuleType, head: Any, speech: Path) -> Any:
    """A head and a sound, nothing animated yet."""
    ours = bpy.context.scene.emotalk
    ours.source, ours.filepath, ours.rig.character = "FILE", str(speech), head
    return ours


def pid_of_worker() -> int:
    from emotalk.addon.bridge.jobs.session import SESSION
    from emotalk.addon.bridge.jobs.settings import engine_settings

    pid = SESSION.room.engine(engine_settings()).pid
    assert pid is not None
    return pid


def test_one_click_in_another_python_makes_the_same_keys(
    scene: Any, head: Any, another: Any
) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    bpy.ops.emotalk.animate()

    there = keys_of(head, "jawOpen")
    pid_of_worker()  # it was a worker that heard it
    bpy.ops.emotalk.clear()
    SESSION.end()
    another.engine = "builtin"
    bpy.ops.emotalk.animate()
    for one, other in zip(there, keys_of(head, "jawOpen"), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_sliders_move_the_face_through_the_worker(scene: Any, head: Any, another: Any) -> None:

    bpy.ops.emotalk.animate()
    pid, take, before = pid_of_worker(), scene.takes[0], keys_of(head, "mouthSmileLeft")[1]

    take.controls.happy = 1.0
    tick()

    assert keys_of(head, "mouthSmileLeft")[1].mean() > before.mean() + 0.1
    assert pid_of_worker() == pid


@on_posix
def test_sliders_do_not_wait_for_a_worker_that_is_gone(scene: Any, head: Any, another: Any) -> None:
    """It is started again in the background; the main thread goes on."""
    from emotalk.addon.bridge.jobs.session import SESSION

    bpy.ops.emotalk.animate()
    before, take = keys_of(head, "mouthSmileLeft")[1], scene.takes[0]
    os.kill(pid_of_worker(), signal.SIGKILL)
    engine = SESSION.room._known[1]
    while engine.is_ready:
        pass

    take.controls.happy = 1.0
    tick()

    job = SESSION.job
    assert job is not None
    np.testing.assert_array_equal(keys_of(head, "mouthSmileLeft")[1], before)
    follow_to_the_end(job)
    assert keys_of(head, "mouthSmileLeft")[1].mean() > before.mean() + 0.1


@on_posix
def test_a_worker_that_is_killed_leaves_the_scene_as_it_was(
    scene: Any, another: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.jobs import work

    killed = []

    def kill(_sound: object, engine: Any, **_more: object) -> None:
        os.kill(engine.pid, signal.SIGKILL)
        killed.append(engine.pid)
        list(engine.encode(_sound))

    before = state()
    with monkeypatch.context() as patched:
        patched.setattr(work, "encode", kill)
        with pytest.raises(RuntimeError, match=r"engine's process ended.*Nothing was changed"):
            bpy.ops.emotalk.animate()
    assert killed
    assert state() == before

    bpy.ops.emotalk.animate()

    assert len(scene.takes) == 1


@pytest.mark.parametrize(
    ("engine", "python", "words"),
    [
        ("python", "", "No Python chosen for the engine"),
        ("python", "/nowhere/python", "No such Python: '/nowhere/python'"),
        ("environment", "", "EmoTalk's environment is not there.*Create it in Preferences"),
    ],
)
def test_a_python_that_is_not_there_is_one_line(
    scene: Any, preferences: Any, engine: str, python: str, words: str
) -> None:
    preferences.engine, preferences.python = engine, python
    before = state()

    with pytest.raises(RuntimeError, match=words) as caught:
        bpy.ops.emotalk.animate()

    assert str(caught.value).strip().count("\n") == 0
    assert state() == before


def test_a_model_that_needs_torch_names_the_preferences(
    scene: Any, preferences: Any, tmp_path: Path
) -> None:
    from emotalk.emotalk_core.model.config import ModelConfig, PublishedConfig, write_config

    config = ModelConfig(kind="published", n_styles=24, published=PublishedConfig())
    write_config(config, tmp_path / "config.json")
    preferences.model, before = str(tmp_path), state()

    with pytest.raises(RuntimeError, match=r"does not run this model: .* Choose Another Python"):
        bpy.ops.emotalk.animate()

    assert state() == before


def test_the_device_reaches_the_engine(preferences: Any) -> None:
    from emotalk.addon.bridge.jobs.settings import engine_settings

    preferences.device = "cuda"
    assert (engine_settings().device, engine_settings().engine) == ("auto", "auto")
    preferences.engine, preferences.python = "python", sys.executable

    settings = engine_settings()

    assert (settings.device, settings.engine) == ("cuda", "torch")
    assert settings.python == Path(sys.executable)


def test_the_flag_of_the_command_line_goes_before_the_preferences(
    preferences: Any, scene: Any, head: Any, speech: Path, tmp_path: Path
) -> None:
    from emotalk.addon.commands import main

    flags = ["--target", "Head", "-o", str(tmp_path / "a.blend"), "--python"]

    code = main(["animate", "--sound", str(speech), *flags, sys.executable])

    assert code == 0
    pid = _room_engine().pid
    assert pid is not None
    assert main(["animate", "--sound", str(speech), *flags, "/nowhere"]) == 2


def test_an_engine_of_the_command_line_goes_before_the_device_of_the_preferences(
    another: Any, scene: Any, speech: Path, tmp_path: Path
) -> None:
    another.device = "cuda"

    code = animate_command(speech, tmp_path, "--engine", "builtin")

    assert code == 0
    assert _room_engine().name == "builtin"


def test_the_command_line_needs_no_preferences_that_it_overrides(
    preferences: Any, scene: Any, speech: Path, tmp_path: Path
) -> None:
    preferences.engine, preferences.python = "python", "/nowhere"

    assert animate_command(speech, tmp_path, "--python", sys.executable) == 0


def animate_command(speech: Path, folder: Path, *flags: str) -> int:
    from emotalk.addon.commands import main

    where = ["--target", "Head", "-o", str(folder / "a.blend")]
    return main(["animate", "--sound", str(speech), *where, *flags])


def _room_engine() -> Any:
    from emotalk.addon.bridge.jobs.session import SESSION

    return SESSION.room._known[1]


def test_clear_cache_tells_how_much_went_and_what_stays(
    preferences: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    for name in ("used", "unused"):
        (folder / f"{name}.encoding").write_bytes(bytes(2_500_000))
    unlink = Path.unlink

    def refuse(self: Path, **how: bool) -> None:
        if self.stem == "used":
            raise PermissionError(13, "mapped into memory, on Windows", str(self))
        unlink(self, **how)

    monkeypatch.setattr(Path, "unlink", refuse)

    assert bpy.ops.emotalk.clear_cache() == {"FINISHED"}

    told = capfd.readouterr().out
    assert "Removed 1 sound (2.5 MB); 1 sound in use stays" in told


def test_a_look_at_another_python_tells_what_it_has(another: Any) -> None:
    from emotalk.addon.bridge.jobs.session import SESSION

    bpy.ops.emotalk.look_at_python()

    found = SESSION.looked[sys.executable]
    assert found.is_well
    assert found.detail.startswith(f"Python {sys.version_info[0]}.{sys.version_info[1]}.")
    assert f"numpy {np.__version__}" in found.detail


def test_creating_an_environment_needs_leave_to_go_online(preferences: Any) -> None:
    with pytest.raises(RuntimeError, match="Online access is off: allow it in Preferences"):
        bpy.ops.emotalk.create_environment()


def test_the_environment_is_made_and_removed_by_the_buttons(
    preferences: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.jobs import environment
    from emotalk.emotalk_core.other_python.interpreter import Interpreter, program_in

    def make(folder: Path, recipe: Any, *, progress: Any) -> Interpreter:
        progress(0.5, "Downloading")
        program_in(folder).parent.mkdir(parents=True)
        program_in(folder).symlink_to(sys.executable)
        (folder / "pyvenv.cfg").touch()
        return Interpreter(program_in(folder), "3.11.0", torch=recipe.name)

    monkeypatch.setattr(compat, "is_online_allowed", lambda: True)
    monkeypatch.setattr(environment, "make", make)
    preferences.engine = "environment"

    bpy.ops.emotalk.create_environment(build="cpu")

    folder = Path(preferences.environment_folder) / "emotalk-environment"
    assert program_in(folder).is_file()
    bpy.ops.emotalk.remove_environment()
    assert not folder.exists()
    assert preferences.engine == "builtin"


FAKE_IMPORT = """#!{python}
import json, pathlib, sys, time
arguments = sys.argv[sys.argv.index("import-checkpoint"):]
out = pathlib.Path(arguments[arguments.index("-o") + 1])
out.mkdir()
print(json.dumps({{"progress": 0.5, "doing": "Reading tensors"}}), file=sys.stderr, flush=True)
if "bad" in arguments[1]:
    sys.exit("emotalk: Not an EmoTalk checkpoint: 'bad.pth'. Choose another")
(out / "config.json").write_text("{{}}")
"""


@pytest.fixture
def importer(another: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Python whose `import-checkpoint` writes a folder, or refuses files called bad."""
    from emotalk.addon.bridge import compat

    program = tmp_path / "python"
    program.write_text(FAKE_IMPORT.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    another.python = str(program)
    monkeypatch.setattr(compat, "extension_folder", lambda name: tmp_path / name)
    for name in ("EmoTalk.pth", "bad.pth"):
        (tmp_path / name).touch()
    return another


@on_posix
def test_an_imported_checkpoint_becomes_the_model(importer: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.import_checkpoint(filepath=str(tmp_path / "EmoTalk.pth"))
    assert importer.model == str(tmp_path / "models" / "EmoTalk")

    bpy.ops.emotalk.import_checkpoint(filepath=str(tmp_path / "EmoTalk.pth"))

    assert importer.model == str(tmp_path / "models" / "EmoTalk_2")


@on_posix
def test_a_refused_checkpoint_is_one_line_and_leaves_nothing(importer: Any, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"not imported: 'bad\.pth'\. Not an EmoTalk checkpoint"):
        bpy.ops.emotalk.import_checkpoint(filepath=str(tmp_path / "bad.pth"))

    assert importer.model == ""
    assert list((tmp_path / "models").iterdir()) == []


def test_a_checkpoint_without_a_python_says_what_to_do_first(preferences: Any) -> None:
    with pytest.raises(RuntimeError, match="takes PyTorch: create the environment first"):
        bpy.ops.emotalk.import_checkpoint(filepath="EmoTalk.pth")


def test_the_licence_says_non_commercial() -> None:
    from emotalk.addon.bridge.jobs.checkpoints import LICENCE

    assert "CC BY-NC 4.0" in LICENCE
    assert "non-commercial" in LICENCE

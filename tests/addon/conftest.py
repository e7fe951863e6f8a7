"""The repository as the package `emotalk`, as Blender loads it; each test in a fresh home file."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

bpy = pytest.importorskip("bpy", reason="needs one of Blender's wheels")


def _load_package() -> ModuleType:
    """Relative imports that leave `addon` need a parent: inside Blender it is the extension."""
    if "emotalk" in sys.modules:
        return sys.modules["emotalk"]
    spec = importlib.util.spec_from_file_location(
        "emotalk", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["emotalk"] = module
    spec.loader.exec_module(module)
    return module


_load_package()

from tests.addon.bare_heads import Maker, add_ball  # noqa: E402 - needs the package
from tests.addon.copy_scenes import APART, duplicate  # noqa: E402 - needs the package
from tests.addon.ease_scenes import FIRST, LAST  # noqa: E402 - needs the package
from tests.addon.lip_scenes import panel_of, surprised_babble  # noqa: E402 - likewise
from tests.addon.look_scenes import put_eyes_under  # noqa: E402 - likewise
from tests.addon.passage_scenes import JUMP, say  # noqa: E402 - likewise
from tests.addon.scenes import add_strip, babble, make_head, save, write_wav  # noqa: E402 - likewise
from tests.addon.windows import Screen  # noqa: E402 - likewise


@pytest.fixture(autouse=True)
def _fresh_file() -> Iterator[None]:
    """The home file around each test, and no Encoding or job left over from the one before."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield
    session = sys.modules.get("emotalk.addon.bridge.jobs.session")
    if session is not None:
        session.SESSION.end()
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def addon() -> Iterator[ModuleType]:
    """The add-on, registered."""
    package = _load_package()
    package.register()
    yield package
    package.unregister()


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Three seconds of babble as a wav."""
    return write_wav(tmp_path / "speech.wav", babble(3.0))


@pytest.fixture
def second(tmp_path: Path) -> str:
    """Another sound, a second long."""
    return str(write_wav(tmp_path / "second.wav", babble(1.0)))


@pytest.fixture
def fake_engine(addon: ModuleType, monkeypatch: pytest.MonkeyPatch) -> object:
    """A small real engine in place of the shipped model: the same curves whatever is trained."""
    from emotalk.addon.bridge.jobs.work import EngineRoom

    engine = _fake_engine_class()()
    monkeypatch.setattr(EngineRoom, "engine", lambda *_: engine)
    monkeypatch.setattr(EngineRoom, "is_ready", lambda *_: True)
    return engine


def _fake_engine_class() -> type:
    path = ROOT / "tests" / "core" / "fake_engine.py"
    spec = importlib.util.spec_from_file_location("fake_engine", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FakeEngine


@pytest.fixture
def second_blender(tmp_path: Path) -> Iterator[str]:
    """A program that takes Blender's arguments and runs the script in a Python with this bpy."""
    from tests.addon.scenes import write_program

    run = "import bpy, runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
    line = f'exec "{sys.executable}" -c "{run}" "$6" -- "$8"'
    bpy.app.binary_path = write_program(tmp_path / "blender", line)
    yield bpy.app.binary_path
    bpy.app.binary_path = ""


@pytest.fixture
def head() -> bpy.types.Object:
    """A face called Head, active."""
    thing = make_head()
    bpy.context.view_layer.objects.active = thing
    return thing


@pytest.fixture
def ready(fake_engine: Any, head: Any, speech: Path) -> Any:
    """A head, a sound that starts at frame 5, and a small engine."""
    ours = panel_of(head)
    ours.filepath = str(speech)
    return ours


@pytest.fixture
def real(ready: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same scene and the model that ships: one that hears feelings."""
    from emotalk.addon.bridge.jobs.work import EngineRoom
    from emotalk.emotalk_core.engine import open_engine
    from emotalk.emotalk_core.model.folder import load_model, starter_folder

    engine = open_engine("builtin", load_model(starter_folder()))
    monkeypatch.setattr(EngineRoom, "engine", lambda *_: engine)
    return ready


@pytest.fixture
def lines(ready: Any, speech: Path) -> list[Any]:
    """Three strips, 3 s each, with room between them: two on channel 1, one on channel 2."""
    ready.source = "STRIP"
    places = (("ada 1", 1, 1), ("ben 1", 101, 2), ("ada 2", 201, 1))
    strips = []
    for name, frame, channel in places:
        strip = add_strip(speech, frame, channel)
        strip.name, strip.select = name, True
        strips.append(strip)
    return strips


@pytest.fixture
def ben(head: Any) -> Any:
    """A second face."""
    return make_head("Ben")


@pytest.fixture
def halves(ready: Any, head: Any, second: str) -> Any:
    """Two takes that share a frame, as the halves of a strip do: happy, then not at all."""
    say(ready, ready.filepath, FIRST, JUMP)
    say(ready, second, LAST, 0.0)
    return ready


@pytest.fixture
def two(ready: Any, second: str) -> Any:
    """A head with two takes: not happy, then happy."""
    say(ready, ready.filepath, 5, 0.0)
    say(ready, second, APART, 0.6)
    return ready


@pytest.fixture
def twin(two: Any, head: Any) -> Any:
    """A copy of that head."""
    return duplicate(head)[0]


@pytest.fixture
def said(addon: Any, head: Any, tmp_path: Path) -> Any:
    """A take that the shipped model has made of four seconds of babble."""
    return surprised_babble(panel_of(head), tmp_path)


@pytest.fixture
def preferences(addon: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The add-on's preferences as they are after installing; they exist only for an extension."""
    from emotalk.addon.bridge import compat

    made = SimpleNamespace(
        engine="builtin", python="", environment_folder=str(tmp_path / "made"), device="auto",
        model="", use_cache=False, cache_folder=str(tmp_path / "cache"), cache_mb=100,
        recogniser="",
    )  # fmt: skip
    monkeypatch.setattr(compat, "preferences", lambda: made)
    return made


@pytest.fixture
def another(preferences: Any) -> Iterator[Any]:
    """The engine in another Python: the one that runs this test, which has numpy."""
    preferences.engine, preferences.python = "python", sys.executable
    yield preferences
    from emotalk.addon.bridge.jobs.session import SESSION

    SESSION.end()


@pytest.fixture
def saved(fake_engine: Any, head: Any, speech: Path) -> Path:
    """A file with a head, open."""
    return save(speech.with_name("shot.blend"))


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A folder with two short sounds."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in (1, 2):
        write_wav(folder / f"line{number}.wav", babble(0.5 * number))
    return folder


@pytest.fixture
def screen(addon: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    """A window, whose scene is Blender's own."""
    from emotalk.addon.bridge.jobs import panels, watch
    from emotalk.addon.bridge.jobs.session import SESSION

    screen = Screen()
    data = SimpleNamespace(workspaces=[screen.layout, screen.animation])
    monkeypatch.setattr(watch, "bpy", SimpleNamespace(context=screen, data=data))
    monkeypatch.setattr(panels, "bpy", SimpleNamespace(context=screen))
    yield screen
    SESSION.end()  # in this window still


@pytest.fixture
def person(ready: Any, head: Any) -> Any:
    """The panel's face with eye bones; only a look moves its eyes."""
    put_eyes_under(head)
    ready.controls.gaze = ready.controls.head = ready.controls.blink = 0.0
    return ready


@pytest.fixture
def frames_played() -> Iterator[list[int]]:
    """Scene frames that were evaluated."""
    played: list[int] = []

    def count(scene: Any, *_: Any) -> None:
        played.append(scene.frame_current)

    bpy.app.handlers.frame_change_post.append(count)
    yield played
    bpy.app.handlers.frame_change_post.remove(count)


@pytest.fixture
def no_face(addon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No face is found, at once: guides stand as on most heads."""
    from emotalk.addon.bridge.heads import guides
    from emotalk.emotalk_core.errors import InputError

    def find_none(*_: Any, **__: Any) -> Any:
        raise InputError("No face is found", value="Ball", remedy="Place the guides by hand.")

    monkeypatch.setattr(guides, "guess_guides", find_none)


@pytest.fixture
def maker(no_face: None, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """In place of the core's."""
    from emotalk.emotalk_core.heads import new_shapes

    made = Maker()
    monkeypatch.setattr(new_shapes, "make_shapes", made)
    return made


@pytest.fixture
def skin(maker: Maker) -> Any:
    """A head with an eye that hangs on it, both without keys, and guides on it."""
    head = add_ball("Head")
    eye = add_ball("Eye", at=(0.3, -0.8, 0.2), radius=0.2)
    eye.parent = head
    bpy.context.view_layer.objects.active = head
    bpy.ops.emotalk.place_guides(symmetric=True)
    return head

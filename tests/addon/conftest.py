"""The repository as the package `emotalk`, as Blender loads it; each test in a fresh home file."""

from __future__ import annotations

import importlib.util
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
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


@pytest.fixture(autouse=True)
def _fresh_file() -> Iterator[None]:
    """The home file around each test, and no Encoding or job left over from the one before."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield
    session = sys.modules.get("emotalk.addon.bridge.session")
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


def write_wav(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    """16-bit wav of float samples (n,) or (n, channels)."""
    samples = samples[:, None] if samples.ndim == 1 else samples
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def babble(seconds: float, rate: int = 16_000) -> np.ndarray:
    """Something like speech: a buzz that opens and closes four times a second, with pauses."""
    t = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 4 * t), 0, 1) * (np.sin(2 * np.pi * 0.4 * t) > -0.8)
    return (0.2 * buzz * syllables).astype(np.float32)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Three seconds of babble as a wav."""
    return write_wav(tmp_path / "speech.wav", babble(3.0))


@pytest.fixture
def fake_engine(addon: ModuleType, monkeypatch: pytest.MonkeyPatch) -> object:
    """A small real engine in place of the shipped model: the same curves whatever is trained."""
    from emotalk.addon.bridge.work import EngineRoom

    engine = _fake_engine_class()()
    monkeypatch.setattr(EngineRoom, "engine", lambda _self, _settings: engine)
    return engine


def _fake_engine_class() -> type:
    path = ROOT / "tests" / "core" / "fake_engine.py"
    spec = importlib.util.spec_from_file_location("fake_engine", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FakeEngine


def make_head(name: str = "Head", keys: tuple[str, ...] | None = None) -> bpy.types.Object:
    """A small mesh with ARKit's keys; jawOpen and the smiles move vertices."""
    from emotalk.emotalk_core.arkit import CHANNELS

    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    head = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(head)
    head.shape_key_add(name="Basis")
    for key in keys or CHANNELS:
        block = head.shape_key_add(name=key)
        block.value = 0.0
        block.data[0].co.z = -1.0
    return head


@pytest.fixture
def head() -> bpy.types.Object:
    """A face called Head, active."""
    thing = make_head()
    bpy.context.view_layer.objects.active = thing
    return thing

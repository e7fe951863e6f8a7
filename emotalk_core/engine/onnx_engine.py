"""The ONNX engine: the starter network on ONNX Runtime, where that can be imported.

Its graphs are made from the model's weights whenever an engine is opened (in a quarter of a
second), so there is no file that could be older than the weights. Each window is computed by one of
our threads: ONNX Runtime has none of its own that would spin while the user thinks.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ..controls import FrameControls
from ..errors import SetupError
from ..model.folder import Model
from . import Encoding
from .onnx_starter import starter_graphs
from .streaming import StreamedEngine, Stretch

__all__ = ["OnnxEngine", "OnnxNetwork", "import_runtime", "is_installed", "open_session"]

_OLDEST: Final = (1, 16)  # older ones were never tried
_REMEDY: Final = "Use the built-in engine, or install onnxruntime again."
_BROKEN: Final = (ImportError, OSError, RuntimeError, AttributeError)
"""What importing a library raises that was built for another system, Python or numpy."""


def is_installed() -> bool:
    """Whether there is something to import; it may still turn out broken."""
    return importlib.util.find_spec("onnxruntime") is not None


def import_runtime() -> Any:
    """The module `onnxruntime`.

    Raises
    ------
    SetupError
        It is missing, broken, or too old.
    """
    if not is_installed():
        raise SetupError(
            "ONNX Runtime is not installed",
            value="onnxruntime",
            remedy="Take the zip with onnx in its name, or pip install onnxruntime; or use the"
            " built-in engine.",
        )
    try:
        import onnxruntime as runtime

        # Once more, for releases older than the variable that emotalk_core/__init__.py sets.
        runtime.disable_telemetry_events()
        version = tuple(int(part) for part in runtime.__version__.split(".")[:2])
    except _BROKEN as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SetupError(
            "ONNX Runtime cannot be loaded", value=lines[-1][:200], remedy=_REMEDY
        ) from error
    if version < _OLDEST:
        raise SetupError(
            "ONNX Runtime is too old",
            value=runtime.__version__,
            remedy=f"Install {'.'.join(map(str, _OLDEST))} or newer, or use the built-in engine.",
        )
    return runtime


def open_session(graph: bytes, name: str) -> Any:
    """A session for the graph `name`, on the processor, in whichever thread calls it.

    Raises
    ------
    SetupError
        ONNX Runtime is missing or broken, or does not take the graph.
    """
    runtime = import_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors: they come as exceptions
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except _failures() as error:
        raise _refusal(error, name) from error


def _failures() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; its exceptions have no common base."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    kinds = [kind for kind in vars(state).values() if isinstance(kind, type)]
    return (*(kind for kind in kinds if issubclass(kind, Exception)), RuntimeError, ValueError)


def _refusal(error: Exception, name: str) -> SetupError:
    version = import_runtime().__version__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return SetupError(
        f"ONNX Runtime {version} does not run the {name}", value=lines[0][:200], remedy=_REMEDY
    )


class OnnxNetwork:
    """The starter's three parts, one session each.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self.config = model.config
        graphs = starter_graphs(model)
        self._sessions = {name: open_session(graphs.pop(name), name) for name in [*graphs]}

    def project(self, mel: np.ndarray, top: float) -> np.ndarray:
        """One window's states as inputs of the branches, and in the last column their level."""
        feeds = {"mel": mel[None], "top": np.array([top], np.float32)}
        projected, level = self._run("encoder", feeds)
        return np.concatenate([projected, level[:, None]], axis=1)

    def frames(self, stretch: Stretch) -> Encoding:
        """The Encoding at the stretch's frames."""
        return Encoding(
            *self._run(
                "branches",
                {
                    "projected": stretch.states[None, :, :-1],
                    "level": stretch.states[None, :, -1],
                    "inside": stretch.inside[None].astype(np.float32),
                    "before": stretch.before.astype(np.int64),
                    "share": stretch.share,
                },
            )
        )

    def decode(self, encoding: Encoding, controls: FrameControls) -> np.ndarray:
        """float32 (T, 52), before shaping."""
        feeds = {
            "content": encoding.content,
            "frame_level": encoding.level,
            "emotion": encoding.emotion,
            "weights": controls.weights,
            "mix": controls.mix,
            "intensity": controls.intensity,
        }
        batch: dict[str, np.ndarray] = {
            name: np.asarray(value, np.float32)[None] for name, value in feeds.items()
        }
        batch["style"] = np.array([controls.style], np.int64)
        return self._run("decoder", batch)[0]

    def _run(self, name: str, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """The results of one graph for a batch of one."""
        try:
            results = self._sessions[name].run(
                None, {key: np.ascontiguousarray(value) for key, value in feeds.items()}
            )
        except _failures() as error:
            raise _refusal(error, name) from error
        return [result[0] for result in results]


class OnnxEngine(StreamedEngine):
    """Four times as fast as the built-in engine on one processor, with the same numbers.

    Parameters
    ----------
    model : Model
    n_threads : int, optional
        Windows at work at once; by default as many as there are processors, at most four.

    Raises
    ------
    SetupError
        ONNX Runtime is missing, broken or too old.
    """

    name = "onnx"

    def __init__(self, model: Model, *, n_threads: int | None = None) -> None:
        super().__init__(model, OnnxNetwork(model), n_threads=n_threads)

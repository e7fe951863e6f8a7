"""The networks that a run may train, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import nn

from ..baselines import FaceFormer, MeshTalk, Voca
from .animator import Features, Statistics
from .emotalk import EmoTalk
from .full_size import FullEmoTalk
from .settings import PaperRun
from .starter import StarterAnimator

__all__ = ["build"]

_BASELINES: Final[dict[str, Callable[[Features, int, Statistics], nn.Module]]] = {
    "voca": Voca,
    "meshtalk": MeshTalk,
    "faceformer": FaceFormer,
}


def build(run: PaperRun, features: Features, statistics: Statistics) -> nn.Module:
    """The network of a run, its numbers random (seed torch before)."""
    if run.network == "emotalk":
        return EmoTalk(features, run.persons, statistics, run.sizes, run.losses)
    if run.network == "emotalk-full":
        return FullEmoTalk(run.persons, run.encoders, run.losses)
    if run.network == "starter":
        return StarterAnimator(features, run.persons, statistics, run.losses)
    return _BASELINES[run.network](features, run.persons, statistics)

"""What a job works for, known again when it is renamed while the job runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import bpy

from ....emotalk_core.errors import RigError
from ..jobs.work import Outcome
from ..keying.draft import Draft
from ..names import Names, renamed_binding, renamed_tables
from ..sounds import strips

if TYPE_CHECKING:
    from .prepared import Prepared

__all__ = ["Known", "by_names_now", "name_now", "scene_of", "scene_there"]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Known:
    """All that `prepared.Prepared` names."""

    objects: Names
    scene: int
    strip: strips.Trace | None

    @classmethod
    def of(cls, scene: bpy.types.Scene, strip: Any | None, names: Iterable[str]) -> Known:
        """As everything is called now."""
        return cls(Names.of(names), scene.session_uid, strips.trace(strip) if strip else None)


def scene_of(prepared: Prepared) -> bpy.types.Scene | None:
    """The scene that the job works for, whatever it is called; None once it is gone."""
    number = prepared.known.scene
    return next((scene for scene in bpy.data.scenes if scene.session_uid == number), None)


def scene_there(prepared: Prepared) -> bpy.types.Scene:
    """The scene that the job works for.

    Raises
    ------
    RigError
        It was deleted meanwhile.
    """
    scene = scene_of(prepared)
    if scene is None:
        raise RigError(
            "The scene was deleted meanwhile", value=prepared.scene, remedy="Animate again."
        )
    return scene


def name_now(prepared: Prepared) -> str:
    """What the character that the job works for is called by now."""
    return prepared.known.objects.now().get(prepared.character, prepared.character)


def by_names_now(
    call: Callable[Concatenate[Prepared, Outcome, P], R],
) -> Callable[Concatenate[Prepared, Outcome, P], R]:
    """`call`, given what was prepared, what came of it and a draft of it with today's names."""

    @wraps(call)
    def renamed(prepared: Prepared, outcome: Outcome, *rest: P.args, **named: P.kwargs) -> R:
        now = prepared.known.objects.now()
        for draft in rest:
            if isinstance(draft, Draft):
                draft.follow_names()
        outcome = replace(outcome, tables=renamed_tables(outcome.tables, now))
        return call(_prepared_now(prepared, now), outcome, *rest, **named)

    return renamed


def _prepared_now(prepared: Prepared, now: Mapping[str, str]) -> Prepared:
    known, scene = prepared.known, scene_of(prepared)
    strip = strips.again(known.strip) if known.strip else None
    if scene is not None:
        prepared = replace(prepared, scene=scene.name)
    if strip is not None:
        prepared = replace(prepared, strip=strip.name, strip_scene=strip.id_data.name)
    if not now:
        return prepared
    looked = prepared.looked
    if looked is not None:
        looked = replace(looked, target=now.get(looked.target, looked.target))
    return replace(
        prepared,
        looked=looked,
        rig=replace(prepared.rig, binding=renamed_binding(prepared.rig.binding, now)),
        character=now.get(prepared.character, prepared.character),
        meshes=tuple(now.get(name, name) for name in prepared.meshes),
        known=replace(known, objects=known.objects.renamed(now)),
    )

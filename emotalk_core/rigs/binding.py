"""The Binding: which channels drive which shape keys and bones, and its preset files."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .. import arkit
from ..atomic_file import atomic_file
from ..errors import InputError
from ..shaping.aperture import MM
from .rotation import ROTATION_MODES, UNPOSED, Pose

__all__ = [
    "BONE_KINDS",
    "Binding",
    "BoneId",
    "BoneTarget",
    "Driven",
    "KeyTarget",
    "read_binding",
    "write_binding",
]

_FORMAT = 1

BoneId = tuple[str, str, str, str]

BONE_KINDS: Final = ("turn", "move", "scale")
"""What a value does to a bone."""

_PARTS_MM = 0.5
"""What a channel at 1 has to open or shut the lips to count: sneers and dimples do."""


@dataclass(frozen=True)
class KeyTarget:
    """The value of one shape key."""

    object_name: str
    key: str


@dataclass(frozen=True)
class BoneTarget:
    """The turn, move or growth of one bone along a vector of its own space; several of a bone add
    up.

    Per 1.0 of the value and 1.0 of the vector's length a bone turns by a radian about it, moves by
    a unit of length, or is scaled by 1 more.
    """

    object_name: str  # the armature
    bone: str
    axis: tuple[float, float, float] = (1.0, 0.0, 0.0)
    rotation_mode: str = "QUATERNION"  # the bone's own, in Blender's words; it is not changed
    posed: Pose = UNPOSED  # from where it turns: a scene's, so preset files do without
    kind: str = "turn"  # one of BONE_KINDS

    @property
    def bone_id(self) -> BoneId:
        """What makes curves of one bone belong together."""
        return self.object_name, self.bone, self.rotation_mode, self.kind


@dataclass(frozen=True)
class Driven:
    """One target: `offset + gain * Σ weight * channel`, held between `lower` and `upper`."""

    target: KeyTarget | BoneTarget
    sources: tuple[tuple[str, float], ...]  # (channel, weight); also viseme.PP, vowel.aa, headYaw
    gain: float = 1.0
    offset: float = 0.0
    lower: float = 0.0  # a slider's range must be at least lower..upper: widen it before keying
    upper: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.gain, self.offset, *(weight for _channel, weight in self.sources))
        if not all(math.isfinite(number) for number in numbers):
            raise InputError(
                "A binding holds a weight that is no number",
                value=", ".join(str(number) for number in numbers),
                remedy="Correct it.",
            )
        if not self.lower <= self.upper:
            raise InputError(
                "Limits are the wrong way round",
                value=(self.lower, self.upper),
                remedy="Swap them.",
            )

    @property
    def recipe(self) -> tuple[object, ...]:
        """Everything but the target: equal recipes have equal curves."""
        return self.sources, self.gain, self.offset, self.lower, self.upper

    @property
    def is_speech(self) -> bool:
        """Whether it moves with what speaks alone: jaw, tongue, lips, visemes and vowels."""
        return all(
            channel.startswith(("viseme.", "vowel."))
            or (channel in arkit.CHANNELS and arkit.index(channel) in arkit.ARTICULATION)
            for channel, _weight in self.sources
        )

    @property
    def parts_lips(self) -> bool:
        """Whether it moves with what parts lips or shuts them beside speaking: sneers do."""
        return any(
            channel in arkit.CHANNELS and abs(MM[arkit.index(channel)]) > _PARTS_MM
            for channel, _weight in self.sources
        )


@dataclass(frozen=True)
class Binding:
    """What one character's face is driven by; several meshes and an armature at once.

    Raises
    ------
    InputError
        A shape key is driven twice.
    """

    driven: tuple[Driven, ...]
    label: str = ""

    def __post_init__(self) -> None:
        keys = [item.target for item in self.driven if isinstance(item.target, KeyTarget)]
        if len(set(keys)) != len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise InputError(
                "A shape key is driven twice",
                value=twice.key,
                remedy="Join the two rows: sources add up.",
            )

    @property
    def object_names(self) -> tuple[str, ...]:
        """Every object that is driven, in order, once."""
        return tuple(dict.fromkeys(item.target.object_name for item in self.driven))


def write_binding(binding: Binding, path: str | Path) -> None:
    """Write a preset file; an existing one is replaced only when the new one is whole."""
    path = Path(path)
    document = {
        "emotalk_binding": _FORMAT,
        "label": binding.label,
        "driven": [_row(item) for item in binding.driven],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    with atomic_file(path) as file:
        file.write(text.encode("utf-8"))


def _row(item: Driven) -> dict[str, object]:
    target = item.target
    if isinstance(target, KeyTarget):
        row: dict[str, object] = {"object": target.object_name, "key": target.key}
    else:
        row = {"object": target.object_name, "bone": target.bone, "axis": list(target.axis)}
        row["rotation_mode"] = target.rotation_mode
        row["kind"] = target.kind
    row["sources"] = dict(item.sources)
    return row | {name: getattr(item, name) for name in ("gain", "offset", "lower", "upper")}


def read_binding(path: str | Path) -> Binding:
    """The binding in a preset file.

    Raises
    ------
    InputError
        The file is missing, is no preset, is of another format version, or a row is wrong: which,
        and how.
    """
    path = Path(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "The binding cannot be read", value=path, remedy=f"{error.strerror}."
        ) from error
    except ValueError as error:
        raise InputError(
            "The file is no binding", value=path, remedy=f"It is not JSON: {error}."
        ) from error
    if not isinstance(document, dict) or "emotalk_binding" not in document:
        raise InputError(
            "The file is no binding", value=path, remedy='It needs "emotalk_binding": 1.'
        )
    if document["emotalk_binding"] != _FORMAT:
        version = document["emotalk_binding"]
        raise InputError(
            "The binding is of another format version",
            value=version,
            remedy=f"This reads {_FORMAT}.",
        )
    rows = document.get("driven")
    if not isinstance(rows, list) or not rows:
        raise InputError(
            "The binding drives nothing", value=path, remedy='Give it rows under "driven".'
        )
    return Binding(
        tuple(_driven(row, number) for number, row in enumerate(rows, 1)),
        str(document.get("label", "")),
    )


def _driven(row: object, number: int) -> Driven:
    try:
        if not isinstance(row, dict):
            raise TypeError("it is no object in braces")
        target = _target(row)
        known = {
            "object",
            "key",
            "bone",
            "axis",
            "rotation_mode",
            "kind",
            "sources",
            "gain",
            "offset",
            "lower",
            "upper",
        }
        if set(row) - known:
            raise ValueError(f"unknown field {sorted(set(row) - known)[0]!r}")
        if not isinstance(row["sources"], dict):
            raise TypeError('sources need braces: {"jawOpen": 1}')
        sources = tuple((str(channel), float(weight)) for channel, weight in row["sources"].items())
        numbers = {
            name: float(row[name]) for name in ("gain", "offset", "lower", "upper") if name in row
        }
        return Driven(target, sources, **numbers)
    except KeyError as error:
        raise InputError(
            "A row of the binding lacks a field",
            value=f"row {number}: {error.args[0]}",
            remedy="Add it.",
        ) from error
    except InputError as error:
        where = f"row {number}: {error.value}"
        raise InputError(error.problem, value=where, remedy=error.remedy) from error
    except (TypeError, ValueError) as error:
        raise InputError(
            "A row of the binding is wrong", value=f"row {number}", remedy=f"{error}."
        ) from error


def _target(row: dict[str, object]) -> KeyTarget | BoneTarget:
    if "bone" not in row:
        return KeyTarget(str(row["object"]), str(row["key"]))
    axis, mode = row.get("axis", [1, 0, 0]), str(row.get("rotation_mode", "QUATERNION"))
    kind = str(row.get("kind", "turn"))
    if not isinstance(axis, list) or len(axis) != 3:
        raise ValueError("axis needs three numbers")
    if mode not in ROTATION_MODES:
        raise ValueError(f"rotation_mode {mode!r} is none of {', '.join(ROTATION_MODES)}")
    if kind not in BONE_KINDS:
        raise ValueError(f"kind {kind!r} is none of {', '.join(BONE_KINDS)}")
    x, y, z = (float(part) for part in axis)
    return BoneTarget(str(row["object"]), str(row["bone"]), (x, y, z), mode, kind=kind)

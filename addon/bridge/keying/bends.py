"""What an F-curve does besides its keys' frames and values: the way from key to key, before and
after them, and modifiers.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

import numpy as np

from .curves import checksum, read_keys, write_keys

__all__ = ["copy_curve", "described"]

_OF_KEYS: Final = {
    "interpolation": np.int32, "handle_left_type": np.int32, "handle_right_type": np.int32,
    "easing": np.int32, "amplitude": np.float32, "period": np.float32, "back": np.float32,
}  # fmt: skip
_OF_CURVE: Final = ("extrapolation", "auto_smoothing")
_LOOKS: Final = {"rna_type", "name", "type", "show_expanded", "active", "is_valid"}
"""What of a modifier moves nothing."""


def described(curve: Any) -> list[Any]:
    """Equal for curves that play alike; plain values for json."""
    return [
        checksum(read_keys(curve)),
        [zlib.crc32(_read(curve.keyframe_points, name).tobytes()) for name in _OF_KEYS],
        [getattr(curve, name) for name in _OF_CURVE],
        [[modifier.type, _settings(modifier)] for modifier in curve.modifiers],
    ]


def copy_curve(curve: Any, other: Any) -> None:
    """Let `other`, which is new, play as `curve` does."""
    write_keys(other, read_keys(curve))
    for name in _OF_KEYS:
        other.keyframe_points.foreach_set(name, _read(curve.keyframe_points, name))
    for name in (*_OF_CURVE, "mute"):
        setattr(other, name, getattr(curve, name))
    for modifier in curve.modifiers:
        _put(_settings(modifier), other.modifiers.new(modifier.type))
    other.update()


def _read(points: Any, name: str) -> np.ndarray:
    values = np.empty(len(points), _OF_KEYS[name])
    points.foreach_get(name, values)
    return values


def _settings(thing: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for setting in thing.bl_rna.properties:
        name = setting.identifier
        if name in _LOOKS:
            continue
        value = getattr(thing, name)
        if setting.type == "COLLECTION":  # an envelope's points
            found[name] = [_settings(item) for item in value]
        elif not setting.is_readonly:
            found[name] = list(value) if getattr(setting, "is_array", False) else value
    return found


def _put(settings: dict[str, Any], thing: Any) -> None:
    for _ in range(2):  # a start that lies after the end moves it, a formula's order its numbers
        for name, value in settings.items():
            if name == "control_points":
                _put_points(value, thing.control_points)
            else:
                setattr(thing, name, value)


def _put_points(rows: list[dict[str, Any]], points: Any) -> None:
    """All at once: Blender takes a point whose value is set by itself for a modifier, reads past
    its end and, by chance of what lies there, crashes.
    """
    for row in rows[len(points) :]:
        points.add(row["frame"])
    for name in rows[0] if rows else ():
        points.foreach_set(name, [row[name] for row in rows])

"""The 52 ARKit channels: names in Apple's order, groups, mirror pairs, the published order."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

__all__ = [
    "ARTICULATION",
    "BROWS",
    "CHANNELS",
    "EMOTALK_ORDER",
    "EYES",
    "HEAD_CHANNELS",
    "JAW",
    "MOUTH",
    "N_CHANNELS",
    "REGIONS",
    "index",
    "indices",
]

CHANNELS: Final[tuple[str, ...]] = (
    "eyeBlinkLeft",
    "eyeLookDownLeft",
    "eyeLookInLeft",
    "eyeLookOutLeft",
    "eyeLookUpLeft",
    "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight",
    "eyeLookDownRight",
    "eyeLookInRight",
    "eyeLookOutRight",
    "eyeLookUpRight",
    "eyeSquintRight",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
"""ARFaceAnchor.BlendShapeLocation, in Apple's order."""

N_CHANNELS: Final = len(CHANNELS)

EMOTALK_ORDER: Final[tuple[str, ...]] = tuple(sorted(CHANNELS))
"""Output order of the published network: alphabetical."""

HEAD_CHANNELS: Final[tuple[str, ...]] = ("headYaw", "headPitch", "headRoll")
"""Head rotation in radians, Live Link Face's names with a small first letter; a layer beside the
52."""

_INDEX: Final = MappingProxyType({name: i for i, name in enumerate(CHANNELS)})


def index(channel: str) -> int:
    """Position of `channel` in Apple's order; KeyError when there is no such channel."""
    return _INDEX[channel]


def indices(*prefixes: str) -> tuple[int, ...]:
    """Positions of all channels whose names start with one of `prefixes`."""
    return tuple(i for i, name in enumerate(CHANNELS) if name.startswith(prefixes))


BROWS: Final = indices("brow")
EYES: Final = indices("eye", "cheekSquint")
JAW: Final = indices("jaw")
MOUTH: Final = indices("mouth", "cheekPuff", "noseSneer", "tongueOut")

REGIONS: Final = MappingProxyType({"brows": BROWS, "eyes": EYES, "jaw": JAW, "mouth": MOUTH})
"""Every channel is in exactly one region: what a gain slider takes hold of."""

ARTICULATION: Final = indices(
    *("jaw", "tongue", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll", "mouthShrug"),
    *("mouthPress", "mouthLowerDown", "mouthUpperUp"),
)
"""What speaks. Smiles, frowns and everything above the mouth are expression."""

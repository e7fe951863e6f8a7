"""Poses of ARKit coefficients for contact sheets and for looking at the character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pose:
    """A face at one moment."""

    name: str
    coefficients: Mapping[str, float]  # ARKit name -> 0..1; the others are 0


def both(**halves: float) -> dict[str, float]:
    """Each coefficient on both sides: `mouthSmile` stands for Left and Right."""
    return {f"{name}{side}": value for name, value in halves.items() for side in ("Left", "Right")}


VISEMES = (
    Pose("rest", {}),
    Pose("p b m", {"jawOpen": 0.10, "mouthClose": 0.13, **both(mouthPress=0.20),
                   "mouthRollLower": 0.12, "mouthRollUpper": 0.15}),
    Pose("f v", {"jawOpen": 0.06, "mouthRollLower": 0.45, **both(mouthUpperUp=0.25),
                 "mouthShrugLower": 0.15}),
    Pose("th", {"jawOpen": 0.16, "tongueOut": 0.35, **both(mouthLowerDown=0.20,
                mouthUpperUp=0.15)}),
    Pose("l", {"jawOpen": 0.22, **both(mouthUpperUp=0.15, mouthStretch=0.10,
               mouthLowerDown=0.15)}),
    Pose("s", {"jawOpen": 0.05, **both(mouthStretch=0.30, mouthLowerDown=0.35,
               mouthUpperUp=0.25, mouthSmile=0.10)}),
    Pose("i", {"jawOpen": 0.12, **both(mouthSmile=0.45, mouthStretch=0.25,
               mouthLowerDown=0.20, mouthUpperUp=0.12)}),
    Pose("e", {"jawOpen": 0.26, **both(mouthSmile=0.25, mouthStretch=0.20,
               mouthLowerDown=0.15)}),
    Pose("a", {"jawOpen": 0.55, **both(mouthLowerDown=0.10, mouthUpperUp=0.08)}),
    Pose("o", {"jawOpen": 0.32, "mouthFunnel": 0.60, "mouthPucker": 0.20}),
    Pose("u", {"jawOpen": 0.10, "mouthPucker": 0.75, "mouthFunnel": 0.25}),
)  # fmt: skip

EMOTIONS = (
    Pose("neutral", {}),
    Pose("calm", {**both(mouthSmile=0.15, eyeBlink=0.14, eyeSquint=0.10, eyeLookDown=0.06)}),
    Pose("happy", {**both(mouthSmile=0.85, cheekSquint=0.70, eyeSquint=0.50, mouthUpperUp=0.20,
                   mouthLowerDown=0.15, browOuterUp=0.25), "jawOpen": 0.24, "browInnerUp": 0.20}),
    Pose("sad", {"browInnerUp": 0.95, **both(mouthFrown=0.75, eyeBlink=0.18, eyeLookDown=0.30,
                 browDown=0.10), "mouthShrugLower": 0.40, "mouthPucker": 0.10}),
    Pose("angry", {**both(browDown=0.95, eyeSquint=0.35, noseSneer=0.55, mouthFrown=0.30,
                   mouthLowerDown=0.45, mouthUpperUp=0.30, mouthStretch=0.25),
                   "jawOpen": 0.06, "jawForward": 0.25}),
    Pose("fearful", {"browInnerUp": 0.95, **both(browOuterUp=0.35, eyeWide=0.80,
                     mouthStretch=0.65, mouthLowerDown=0.25, mouthFrown=0.15),
                     "jawOpen": 0.18}),
    Pose("disgust", {**both(noseSneer=0.95, mouthUpperUp=0.50, browDown=0.55, eyeSquint=0.50,
                     mouthFrown=0.40, cheekSquint=0.35), "mouthShrugLower": 0.30}),
    Pose("surprised", {"browInnerUp": 0.75, **both(browOuterUp=0.95, eyeWide=0.75),
                       "jawOpen": 0.45, "mouthFunnel": 0.25}),
)  # fmt: skip

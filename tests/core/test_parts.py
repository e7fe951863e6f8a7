"""Curves stand together by the part of the face that they move."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from emotalk_core.arkit import CHANNELS, HEAD_CHANNELS
from emotalk_core.clip import Clip
from emotalk_core.retarget import Binding, BoneTarget, Driven, KeyTarget, retarget
from emotalk_core.rigs.parts import part_of_face


def parts_of_tables(*rows: Driven) -> list[str]:
    """The part that each curve of these rows is told to move."""
    channels = (*CHANNELS, *HEAD_CHANNELS)
    clip = Clip(np.zeros((3, len(channels)), np.float32), channels, Fraction(30))
    tables = retarget(clip, Binding(rows), rate=Fraction(30), start_frame=1.0)
    return [table.part for table in tables]


def test_every_channel_is_of_one_part() -> None:
    parts = Counter(part_of_face([(name, 1.0)]) for name in CHANNELS)

    assert parts == {"Mouth": 24, "Eyes": 14, "Brows": 5, "Cheeks and Nose": 5, "Jaw": 4}


@pytest.mark.parametrize(
    ("sources", "part"),
    [
        ({"viseme.PP": 1.0}, "Mouth"),
        ({"vowel.aa": 1.0}, "Mouth"),
        ({"feeling.happy": 1.0}, "Face"),
        ({"headYaw": 1.0}, "Head"),
        ({"mouthSmileLeft": 1.0, "cheekSquintLeft": 0.2}, "Mouth"),
        ({"mouthSmileLeft": 1.0, "browInnerUp": -1.0}, "Face"),
        ({}, "Face"),
    ],
)
def test_a_target_is_of_the_part_that_has_most_of_its_weight(
    sources: dict[str, float], part: str
) -> None:
    assert part_of_face(sources.items()) == part


def test_curves_tell_their_part() -> None:
    rows = (
        Driven(KeyTarget("Head", "Klappe"), (("jawOpen", 1.0),)),
        Driven(KeyTarget("Head", "Joy"), (("mouthSmileLeft", 0.5), ("browInnerUp", 0.5))),
    )

    assert parts_of_tables(*rows) == ["Jaw", "Face"]


def test_all_curves_of_a_bone_are_of_one_part() -> None:
    mode = "XYZ"
    eye = [
        Driven(BoneTarget("Rig", "eye", axis, mode), ((channel, 1.0),))
        for axis, channel in (((1, 0, 0), "eyeLookUpLeft"), ((0, 0, 1), "eyeLookInLeft"))
    ]
    head = Driven(BoneTarget("Rig", "head", (0, 1, 0), mode), (("headRoll", 1.0),))

    assert parts_of_tables(*eye, head) == ["Eyes"] * 3 + ["Head"] * 3

"""Faces made for the trackers of headsets: Unified Expressions, Meta's and HTC's names."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from emotalk_core import arkit
from emotalk_core.rigs.matching import Matching, match_keys
from emotalk_core.rigs.tables import read_table
from emotalk_core.rigs.visemes import VISEMES


def words(text: str) -> list[str]:
    return text.split()


VISEME_KEYS = [f"vrc.v_{viseme}" for viseme in VISEMES]

UNIFIED = words(
    """
    EyeLookOut EyeLookIn EyeLookUp EyeLookDown EyeClosed EyeSquint EyeWide EyeDilation
    EyeConstrict BrowPinch BrowLowerer BrowInnerUp BrowOuterUp NoseSneer NasalDilation
    NasalConstrict CheekSquint CheekPuff CheekSuck Jaw LipSuckUpper LipSuckLower LipSuckCorner
    LipFunnelUpper LipFunnelLower LipPuckerUpper LipPuckerLower MouthUpperUp MouthUpperDeepen
    MouthLowerDown MouthUpper MouthLower MouthCornerPull MouthCornerSlant MouthFrown
    MouthStretch MouthDimple MouthPress MouthTightener Tongue NeckFlex
    """
)
UNIFIED_WHOLE = words(
    """
    JawOpen JawForward JawBackward JawClench JawMandibleRaise MouthClosed MouthRaiserUpper
    MouthRaiserLower TongueOut TongueUp TongueDown TongueRoll SoftPalateClose ThroatSwallow
    """
)
ALL_UNIFIED = [*(name + side for name in UNIFIED for side in ("Right", "Left")), *UNIFIED_WHOLE]


def keys_of(matching: Matching, channel: str) -> set[str]:
    return {key for key, _weight in matching.channels[channel]}


def test_all_unified_expressions_are_whole() -> None:
    matching = match_keys(["Basis", *ALL_UNIFIED, *VISEME_KEYS])

    assert (matching.convention, matching.missing, matching.confidence) == (
        "unified_expressions", (), 1.0
    )  # fmt: skip
    assert keys_of(matching, "eyeBlinkLeft") == {"EyeClosedLeft"}
    assert keys_of(matching, "mouthClose") == {"MouthClosed"}
    assert keys_of(matching, "browDownRight") == {"BrowPinchRight", "BrowLowererRight"}
    assert keys_of(matching, "mouthSmileLeft") == {"MouthCornerPullLeft", "MouthCornerSlantLeft"}
    assert keys_of(matching, "mouthRight") == {"MouthUpperRight", "MouthLowerRight"}
    assert keys_of(matching, "mouthFunnel") == {
        f"LipFunnel{half}{side}" for half in ("Upper", "Lower") for side in ("Left", "Right")
    }
    still = {"MouthTightenerLeft", "MouthUpperDeepenLeft", "TongueUp", "JawBackward"}
    assert still | {*VISEME_KEYS} <= {*matching.unmatched}


@pytest.mark.parametrize(
    ("whole", "channel"),
    [
        ("LipPucker", "mouthPucker"),
        ("LipSuckUpper", "mouthRollUpper"),
        ("BrowDownLeft", "browDownLeft"),
        ("BrowInnerUp", "browInnerUp"),
        ("CheekPuff", "cheekPuff"),
        ("MouthSmileRight", "mouthSmileRight"),
        ("MouthLeft", "mouthLeft"),
    ],
)
def test_a_blended_expression_goes_before_those_that_it_is_made_of(
    whole: str, channel: str
) -> None:
    assert keys_of(match_keys([*ALL_UNIFIED, whole]), channel) == {whole}


def test_halves_of_lips_go_before_their_quarters() -> None:
    matching = match_keys([*ALL_UNIFIED, "LipFunnelUpper"])

    assert keys_of(matching, "mouthFunnel") == {
        "LipFunnelUpper", "LipFunnelLowerLeft", "LipFunnelLowerRight"
    }  # fmt: skip


def test_a_raised_brow_and_a_sad_mouth_stand_in_for_what_they_are_made_of() -> None:
    few = [name for name in ALL_UNIFIED if not re.match("BrowInner|BrowOuter|MouthFrown", name)]
    blended = ["BrowUpLeft", "BrowUpRight", "MouthSadLeft", "MouthSadRight"]

    alone, beside = match_keys([*few, *blended]), match_keys([*ALL_UNIFIED, *blended])

    assert alone.channels["browInnerUp"] == (("BrowUpLeft", 0.5), ("BrowUpRight", 0.5))
    assert alone.channels["browOuterUpRight"] == (("BrowUpRight", 0.5),)
    assert alone.channels["mouthFrownLeft"] == (("MouthSadLeft", 1.0),)
    assert {*blended} <= {*beside.unmatched}


def test_one_key_for_both_sides_stands_in_for_them() -> None:
    both = ["EyeClosed", "EyeWide", "BrowDown", "MouthFrown", "MouthSad", "MouthStretch", "LipSuck"]

    matching = match_keys(["JawOpen", "MouthClosed", "LipFunnel", "LipPucker", *both])

    assert matching.channels["eyeBlinkRight"] == (("EyeClosed", 0.5),)
    assert matching.channels["browDownLeft"] == (("BrowDown", 0.5),)
    assert matching.channels["mouthFrownLeft"] == (("MouthFrown", 0.5),)
    assert matching.channels["mouthRollUpper"] == (("LipSuck", 0.5),)
    assert matching.unmatched == ("MouthSad",)


def test_arkit_beside_unified_expressions_goes_first() -> None:
    matching = match_keys([*arkit.CHANNELS, "EyeClosedLeft", "MouthClosed", "LipPucker"])

    assert matching.convention == "arkit"
    assert matching.unmatched == ("EyeClosedLeft", "MouthClosed", "LipPucker")


def camel(name: str) -> str:
    """As in lipCornerPullerL."""
    first, *others = name.lower().split("_")
    return first + "".join(word[0].upper() + word[1:] for word in others)


def camel_with_side(name: str) -> str:
    """As in bls_head.lipCornerPuller_L."""
    body, side = re.fullmatch(r"(.*?)(_(?:[LR][BT]?|[BT]))?", name).groups()  # type: ignore[union-attr]
    return f"bls_head.{camel(body)}{side or ''}"


@pytest.mark.parametrize("spelled", [str, str.lower, camel, camel_with_side])
def test_meta_s_names_in_every_spelling(spelled: Callable[[str], str]) -> None:
    table = read_table("meta_movement")
    rows = {channel: [key for key, _ in row] for channel, row in table["map"].items()}
    rows["mouthClose"] = ["LIPS_TOWARD"]
    others = ["CHEEK_SUCK_L", "LIP_TIGHTENER_R", "TONGUE_RETREAT"]
    names = [key for row in rows.values() for key in row] + others

    matching = match_keys(["Basis", *map(spelled, names), *VISEME_KEYS])

    assert matching.convention == "meta_movement"
    assert {channel: keys_of(matching, channel) for channel in arkit.CHANNELS} == {
        channel: {*map(spelled, row)} for channel, row in rows.items()
    }
    assert {*map(spelled, others), *VISEME_KEYS} <= {*matching.unmatched}


def test_meta_s_eyes_look_to_a_side_of_the_face() -> None:
    matching = match_keys([key for row in read_table("meta_movement")["map"].values()
                           for key, _ in row])  # fmt: skip

    assert keys_of(matching, "eyeLookInLeft") == {"EYES_LOOK_RIGHT_L"}
    assert keys_of(matching, "eyeLookOutRight") == {"EYES_LOOK_RIGHT_R"}


SRANIPAL = words(
    """
    Jaw_Right Jaw_Left Jaw_Forward Jaw_Open Mouth_Ape_Shape Mouth_Upper_Right Mouth_Upper_Left
    Mouth_Lower_Right Mouth_Lower_Left Mouth_Upper_Overturn Mouth_Lower_Overturn Mouth_Pout
    Mouth_Smile_Right Mouth_Smile_Left Mouth_Sad_Right Mouth_Sad_Left Cheek_Puff_Right
    Cheek_Puff_Left Cheek_Suck Mouth_Upper_UpRight Mouth_Upper_UpLeft Mouth_Lower_DownRight
    Mouth_Lower_DownLeft Mouth_Upper_Inside Mouth_Lower_Inside Mouth_Lower_Overlay
    Tongue_LongStep1 Tongue_Left Tongue_Right Tongue_Up Tongue_Down Tongue_Roll
    Tongue_LongStep2 Tongue_UpRight_Morph Eye_Left_Blink Eye_Left_Wide Eye_Left_Right
    Eye_Left_Left Eye_Left_Up Eye_Left_Down Eye_Right_Blink Eye_Right_Wide Eye_Right_Right
    Eye_Right_Left Eye_Right_Up Eye_Right_Down Eye_Frown Eye_Left_squeeze Eye_Right_squeeze
    """
)


def test_sranipal_s_own_names() -> None:
    matching = match_keys(["Basis", *SRANIPAL, *VISEME_KEYS])

    assert matching.convention == "sranipal"
    assert keys_of(matching, "eyeLookInLeft") == {"Eye_Left_Right"}
    assert keys_of(matching, "eyeLookOutLeft") == {"Eye_Left_Left"}
    assert keys_of(matching, "mouthRollLower") == {"Mouth_Lower_Inside"}
    assert keys_of(matching, "mouthFrownLeft") == {"Mouth_Sad_Left"}
    assert matching.channels["eyeSquintLeft"] == (("Eye_Left_squeeze", 0.5),)
    assert {"Cheek_Suck", "Tongue_Up", *VISEME_KEYS} <= {*matching.unmatched}
    assert {"mouthPressLeft", "browInnerUp"} < set(matching.missing)


def test_lips_that_shut_over_an_open_jaw_take_the_plain_jaw_back() -> None:
    """Mouth_Ape_Shape lowers the jaw itself; where lips are shut before it opens, it stays."""
    recipes = {key: row for key, *row in match_keys(SRANIPAL).recipes()}

    assert recipes["Jaw_Open"] == [(("jawOpen", 1.0), ("mouthClose", -1.0)), 0.0, 1.0]
    assert recipes["Mouth_Ape_Shape"] == [(("mouthClose", 1.0),), 0.0, 1.0]
    without = match_keys([name for name in SRANIPAL if name != "Mouth_Ape_Shape"])
    assert "mouthClose" in without.missing

"""Key names of real rigs and what drives them."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from emotalk_core import arkit
from emotalk_core.rigs.matching import match_keys, match_meshes
from emotalk_core.rigs.spelling import spelled_channel
from emotalk_core.rigs.tables import CONVENTION_FILES, read_table
from emotalk_core.rigs.visemes import FEELINGS, VISEMES, VOWELS

NAME_PAIRS = Path(__file__).parents[1] / "golden" / "faces" / "name_pairs.csv"

SPELLINGS = {
    "as they are": lambda name: name,
    "capitals": lambda name: name[0].upper() + name[1:],
    "lower case": str.lower,
    "BS_node": lambda name: f"BS_node.{name}",
    "blendShape1": lambda name: f"blendShape1.{name}",
    "Maya namespace": lambda name: f"head:face_bs.{name}",
    "head_ARKit__": lambda name: f"head_ARKit__{name}",
    "numbered": lambda name: f"AK_{arkit.index(name) + 1:02d}_{name[0].upper()}{name[1:]}",
    "snake": lambda name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name),
    ".L and .R": lambda name: name.replace("Left", ".L").replace("Right", ".R"),
    "_l and _r": lambda name: name.replace("Left", "_l").replace("Right", "_r"),
    "L and R": lambda name: name.replace("Left", "L").replace("Right", "R"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_usual_spelling_of_arkit_is_whole(spelling: str) -> None:
    keys = {channel: SPELLINGS[spelling](channel) for channel in arkit.CHANNELS}

    matching = match_keys(["Basis", *keys.values()])

    assert matching.channels == {channel: ((key, 1.0),) for channel, key in keys.items()}
    assert (matching.missing, matching.unmatched, matching.confidence) == ((), ("Basis",), 1.0)


@pytest.mark.parametrize("convention", CONVENTION_FILES)
def test_every_convention_recognises_its_own_names(convention: str) -> None:
    table = read_table(convention)["map"]
    still = {key for keys in read_table(convention).get("instead_of", {}).values() for key in keys}
    keys = list(dict.fromkeys(key for row in table.values() for key, _weight in row))

    matching = match_keys(["Basis", *reversed(keys)])

    assert matching.convention == convention
    assert {name: sorted(row) for name, row in matching.channels.items()} == {
        channel: sorted((key, weight) for key, weight in row if key not in still)
        for channel, row in table.items()
    }


@pytest.mark.parametrize("convention", CONVENTION_FILES)
def test_tables_name_only_channels_that_exist(convention: str) -> None:
    derived = {f"vowel.{vowel}" for vowel in VOWELS} | {f"feeling.{name}" for name in FEELINGS}

    assert set(read_table(convention)["map"]) <= {*arkit.CHANNELS, *derived}


def test_ict_halves_both_follow_the_one_channel() -> None:
    matching = match_keys(
        ["browInnerUp_L", "browInnerUp_R", "cheekPuff_L", "cheekPuff_R", "jawOpen"]
    )

    assert matching.channels["browInnerUp"] == (("browInnerUp_L", 1.0), ("browInnerUp_R", 1.0))
    assert matching.channels["cheekPuff"] == (("cheekPuff_L", 1.0), ("cheekPuff_R", 1.0))


def test_a_whole_key_goes_before_its_halves() -> None:
    matching = match_keys(["browInnerUp_L", "browInnerUp", "browInnerUp_R"])

    assert matching.channels == {"browInnerUp": (("browInnerUp", 1.0),)}
    assert matching.unmatched == ("browInnerUp_L", "browInnerUp_R")


def test_exact_names_go_before_prefixed_ones() -> None:
    assert match_keys(["old_jawOpen", "jawOpen"]).channels == {"jawOpen": (("jawOpen", 1.0),)}


@pytest.mark.parametrize(
    "name",
    ["!ex-smile", "!ex-jawOpen", "mouth-open", "mouth-corner-puller", "Basis", "Key 1", "Jaw", "",
     "jawOpen_mouthClose", "jawOpen_corrective", "corr_jawOpen", "Mouth", "Left", "smile"],
)  # fmt: skip
def test_other_names_are_no_channels(name: str) -> None:
    assert spelled_channel(name) is None
    assert match_keys([name]).channels == {}


def test_nothing_known_says_so() -> None:
    matching = match_keys(["Basis", "Key 1"])

    assert (matching.convention, matching.confidence) == ("none", 0.0)
    assert matching.unmatched == ("Basis", "Key 1")
    assert matching.missing == arkit.CHANNELS


def test_stand_ins_drive_a_simple_avatar() -> None:
    matching = match_keys(["mouthOpen", "mouthSmile", "eyesClosed"])

    assert matching.channels["jawOpen"] == (("mouthOpen", 1.0),)
    assert matching.channels["mouthSmileLeft"] == matching.channels["mouthSmileRight"]
    assert len(matching.notes) == 3
    assert matching.confidence < 0.5


def test_stand_ins_stay_still_beside_the_real_keys() -> None:
    matching = match_keys([*arkit.CHANNELS, "mouthOpen", "mouthSmile"])

    assert matching.unmatched == ("mouthOpen", "mouthSmile")


@pytest.mark.parametrize(
    ("face", "both_lids"),
    [
        (("A", "I", "U", "E", "O"), "Blink"),
        (("aa", "ih", "ou", "ee", "oh"), "blink"),
        (("あ", "い", "う", "え", "お"), "まばたき"),
    ],
)
def test_faces_with_one_key_for_both_lids_blink(face: tuple[str, ...], both_lids: str) -> None:
    found = match_meshes({"Face": [*face, both_lids], "Lashes": [both_lids]})

    for matching in found.values():
        assert matching.channels["eyeBlinkLeft"] == ((both_lids, 0.5),)
        assert matching.channels["eyeBlinkRight"] == ((both_lids, 0.5),)
    assert list(found) == ["Face", "Lashes"]


def test_a_key_for_both_lids_stays_still_beside_one_for_each() -> None:
    vrm = ["A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R"]

    assert match_keys(vrm).unmatched == ("Blink",)


def test_signed_controls_add_up_with_limits_on_both_sides() -> None:
    matching = match_keys(
        [key for row in read_table("daz_genesis9")["map"].values() for key, _ in row]
    )

    recipes = {key: (sources, lower, upper) for key, sources, lower, upper in matching.recipes()}
    assert recipes["facs_ctrl_JawLeft-Right"] == ((("jawLeft", 1.0), ("jawRight", -1.0)), -1.0, 1.0)
    assert recipes["facs_bs_JawOpen"][1:] == (0.0, 1.0)


def test_visemes_drive_the_mouth_of_a_rig_that_has_only_them() -> None:
    keys = {"ih": "viseme_I", "oh": "viseme_O", "ou": "viseme_U"}
    names = [keys.get(viseme, f"viseme_{viseme}") for viseme in VISEMES]

    matching = match_keys([*names, "eyeBlinkLeft"])

    assert matching.convention == "visemes"
    assert matching.channels["viseme.PP"] == (("viseme_PP", 1.0),)
    assert matching.channels["eyeBlinkLeft"] == (("eyeBlinkLeft", 1.0),)
    assert "jawOpen" not in matching.missing


@pytest.mark.parametrize(
    "names",
    [
        ["AI", "E", "etc", "FV", "L", "MBP", "O", "rest", "U", "WQ"],
        ["A_I", "E", "CDGKNRSThYZ", "F_V", "L", "B_M_P", "O", "Rest", "U", "W_Q"],
    ],
)
def test_preston_blair_mouths_speak(names: list[str]) -> None:
    open_, _, others, teeth, tongue, shut, *_ = names

    matching = match_keys(["Basis", *names])

    assert (matching.convention, matching.label) == ("visemes", "Preston Blair mouths")
    heard = {channel: keys[0][0] for channel, keys in matching.channels.items()}
    assert heard["viseme.PP"] == shut
    assert heard["viseme.FF"] == teeth
    assert heard["viseme.aa"] == open_
    assert heard["viseme.nn"] == tongue
    assert heard["viseme.ou"] == "U"
    assert {heard[f"viseme.{name}"] for name in ("TH", "DD", "kk", "CH", "SS", "RR")} == {others}
    assert {*matching.unmatched} == {"Basis", names[7], names[9]}


def test_teeth_of_a_preston_blair_face_have_its_mouths() -> None:
    """Another set has a mouth called E too, which stands for less."""
    found = match_meshes({"Face": ["AI", "E", "O", "U", "MBP", "FV", "etc"], "Teeth": ["E"]})

    assert found["Teeth"].label == "Preston Blair mouths"
    assert set(found["Teeth"].channels) == {"viseme.E", "viseme.ih"}


def test_vowels_beside_lips_that_meet_open_the_mouth() -> None:
    names = ["A", "E", "I", "O", "U", "MBP", "FV", "L"]

    assert match_keys(names).channels["vowel.aa"] == (("A", 1.0),)


def test_five_vowels_are_no_preston_blair() -> None:
    assert match_keys(["A", "I", "U", "E", "O", "L"]).convention == "vrm0"


def test_beside_visemes_eyes_and_smile_have_their_stand_ins() -> None:
    names = [f"viseme_{name}" for name in ("PP", "FF", "aa", "E", "I", "O", "U", "SS")]

    matching = match_keys([*names, "eyesClosed", "eyesLookUp", "mouthSmile", "mouthOpen"])

    driven = {key for keys in matching.channels.values() for key, _weight in keys}
    assert {"eyesClosed", "eyesLookUp", "mouthSmile"} < driven
    assert "mouthOpen" not in driven  # the visemes open the mouth
    assert not {"eyeBlinkLeft", "mouthSmileRight"} & set(matching.missing)


def test_visemes_stay_still_beside_mouth_channels() -> None:
    matching = match_keys([*arkit.CHANNELS, *(f"viseme_{viseme}" for viseme in VISEMES)])

    assert matching.convention == "arkit"
    assert "viseme_PP" in matching.unmatched


def test_vroid_names_match_behind_the_prefix_of_old_exports() -> None:
    matching = match_keys([f"Face.M_F000_000_00_Fcl_MTH_{vowel}" for vowel in "AIUEO"])

    assert matching.channels["vowel.aa"] == (("Face.M_F000_000_00_Fcl_MTH_A", 1.0),)


def test_small_meshes_follow_the_convention_of_the_face() -> None:
    face = [key for row in read_table("cc_standard")["map"].values() for key, _ in row]

    found = match_meshes({"Body": face, "Tongue": ["Tongue_Out"], "Shoes": ["Heel"]})

    assert list(found) == ["Body", "Tongue"]
    assert found["Tongue"].channels == {"tongueOut": (("Tongue_Out", 1.0),)}


@pytest.mark.parametrize(
    ("face", "lashes", "teeth"),
    [
        (("aa", "ih", "ou", "ee", "oh", "blinkLeft", "blinkRight"), "blinkLeft", "aa"),
        (("A", "I", "U", "E", "O", "Blink_L", "Blink_R"), "Blink_R", "O"),
        (("あ", "い", "う", "え", "お", "ウィンク"), "ウィンク", "あ"),
        (("viseme_PP", "viseme_FF", "viseme_aa", "viseme_E", "viseme_O"), None, "viseme_aa"),
        (("PP", "FF", "aa", "E", "oh", "ou"), None, "E"),
    ],
)
def test_lashes_and_teeth_with_a_single_key_follow_the_face(
    face: tuple[str, ...], lashes: str | None, teeth: str
) -> None:
    small = {"Lashes": [lashes], "Teeth": [teeth]} if lashes else {"Teeth": [teeth]}

    found = match_meshes({"Face": face, **small})

    of_face = {key: name for name, keys in found["Face"].channels.items() for key, _ in keys}
    for mesh, (key,) in small.items():
        assert found[mesh].channels == {of_face[key]: ((key, 1.0),)}


def test_where_visemes_speak_no_other_mesh_opens_by_its_jaw_too() -> None:
    visemes = [f"viseme_{viseme}" for viseme in ("PP", "FF", "aa", "E", "O")]

    found = match_meshes({"Face": visemes, "Beard": ["viseme_aa", "jawOpen"]})

    assert set(found["Beard"].channels) == {"viseme.aa"}


def test_one_name_that_a_vowel_shares_means_nothing_by_itself() -> None:
    assert match_meshes({"Body": ["a", "sad"]}) == {}


def test_notes_are_about_what_is_there() -> None:
    (vowels,) = match_keys(["A", "I", "U", "E", "O"]).notes
    both = match_keys(["A", "I", "U", "E", "O", "Joy"]).notes

    assert vowels.startswith("The mouth is driven by five vowels")
    assert both[0] == vowels
    assert both[1].startswith("Feelings drive")
    assert match_keys(["CTRL_expressions_jawOpen", "CTRL_expressions_eyeBlinkL"]).notes == ()


def pairs_by_rig() -> dict[str, list[dict[str, str]]]:
    by_rig: dict[str, list[dict[str, str]]] = defaultdict(list)
    with NAME_PAIRS.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_rig[row["rig"]].append(row)
    return by_rig


def test_every_named_pair_of_real_rigs() -> None:
    wrong = []
    for rig, rows in pairs_by_rig().items():
        matching = match_keys([row["shape_name"] for row in rows])
        driver = {key: name for name, keys in matching.channels.items() for key, _ in keys}
        if rig == "MakeHuman expression units":  # 34 names of another system
            wrong += [(rig, key) for key in driver]
            continue
        viseme = {"I": "ih", "O": "oh", "U": "ou"}
        for row in rows:
            target = row["target"]
            if row["kind"] == "oculus_viseme":
                bare = target.removeprefix("viseme_")
                target = (
                    f"viseme.{viseme.get(bare, bare)}" if rig != "Microsoft Rocketbox" else None
                )
            elif row["kind"] == "preset":
                continue
            if driver.get(row["shape_name"]) != target:
                wrong.append((rig, row["shape_name"], target, driver.get(row["shape_name"])))

    assert not wrong

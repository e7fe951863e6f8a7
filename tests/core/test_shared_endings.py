"""Meshes whose keys all end alike, in what is no part of their names."""

from __future__ import annotations

import pytest

from emotalk_core import arkit
from emotalk_core.rigs.matching import match_meshes
from emotalk_core.rigs.spelling import shared_ending

ENDINGS = ["_head", ".001", "_lod0", " Face", "_Head_Geo"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_all_keys_of_a_mesh_end_in_is_no_part_of_their_names(ending: str) -> None:
    names = [f"{channel}{ending}" for channel in arkit.CHANNELS]
    teeth = ["Basis", "jawOpen_teeth", "jawLeft_teeth", "jawRight_teeth"]

    found = match_meshes({"Head": ["Basis", *names, f"wrinkle{ending}"], "Teeth": teeth})

    assert found["Head"].channels == {
        channel: ((f"{channel}{ending}", 1.0),) for channel in arkit.CHANNELS
    }
    assert found["Head"].unmatched == ("Basis", f"wrinkle{ending}")
    assert found["Teeth"].channels["jawLeft"] == (("jawLeft_teeth", 1.0),)


@pytest.mark.parametrize(
    "names",
    [
        ["jawOpen_mouthClose", "mouthFunnel_mouthClose", "mouthPucker_mouthClose"],
        ["jawOpen_corr", "mouthFunnel_corr", "mouthPucker_corr"],
        ["jawOpen_head", "mouthClose_head"],
        ["wide_L", "jawOpen_x_L", "thin_L"],
    ],
)
def test_other_endings_mean_something(names: list[str]) -> None:
    assert shared_ending(names) == ""
    assert match_meshes({"Head": ["Basis", *names]}) == {}


@pytest.mark.parametrize("plain", [("Basis", "jawOpen", "mouthFunnel"), ("jawOpen",)])
def test_correctives_that_end_alike_stay_still_beside_what_they_correct(
    plain: tuple[str, ...],
) -> None:
    correctives = ["jawOpen_wide", "mouthFunnel_wide", "mouthPucker_wide"]

    found = match_meshes({"Head": [*plain, *correctives]})["Head"]

    assert {key for keys in found.channels.values() for key, _weight in keys} < {*plain, "Basis"}


def test_flame_s_expressions_are_of_whole_names() -> None:
    assert match_meshes({"Head": ["Basis", *(f"Exp{n}_head" for n in range(1, 11))]}) == {}


def test_a_first_key_that_is_called_as_another_without_its_ending_is_kept() -> None:
    names = ["tall", "tall_x", "thin_x", "jawOpen_x"]

    assert match_meshes({"Head": names})["Head"].unmatched == ("tall", "tall_x", "thin_x")

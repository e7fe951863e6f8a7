"""Numbers on the command line, as half of Europe types them."""

from __future__ import annotations

import argparse

import pytest

from emotalk_core.cli.options import add_control_flags, add_table_flags, read_track
from emotalk_core.controls import Controls, emotion_weights


def asked(*flags: str) -> Controls:
    parser = argparse.ArgumentParser()
    add_control_flags(parser)
    add_table_flags(parser)
    return read_track(parser.parse_args(flags)).base


def test_a_gain_may_have_a_decimal_comma() -> None:
    assert asked("--jaw", "0,5") == asked("--jaw", "0.5")


@pytest.mark.parametrize(
    "text",
    ["happy=0,6,sad=0,25", "happy=0.6,sad=0.25", "happy = 0,6 , sad = 0,25", "happy=0,6;sad=0,25"],
)
def test_weights_may_have_decimal_commas(text: str) -> None:
    assert asked("--emotion", text).emotions == emotion_weights({"happy": 0.6, "sad": 0.25})


def test_a_comma_between_weights_stays_one() -> None:
    weights = emotion_weights({"happy": 1.0, "sad": 1.0, "angry": 0.5})

    assert asked("--emotion", "happy=1,sad,angry=0,5").emotions == weights

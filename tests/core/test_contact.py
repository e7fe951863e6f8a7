"""The contact gate: the likelier a contact, the narrower the mouth, whatever parted the lips."""

from __future__ import annotations

import numpy as np
import pytest

from emotalk_core import arkit
from emotalk_core.engine.contact import (
    firmness,
    gate_logits,
    press,
    round_off,
    smoothed,
    tuck,
)
from emotalk_core.engine.gates import (
    CONTACT_MM,
    HALF_SHUT_MM,
    JAW_SURE,
    OPEN_VOWELS,
    columns_of,
)
from emotalk_core.engine.starter import Starter
from emotalk_core.model.config import PHONES
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.shaping.aperture import aperture_mm


def mouths(n: int = 200) -> np.ndarray:
    """Open mouths of all kinds, float32 (n, 52): by the jaw, by the lips, sneering, rounded."""
    rng = np.random.default_rng(0)
    free = (rng.uniform(0, 0.6, (n, 52)) * (rng.random((n, 52)) < 0.4)).astype(np.float32)
    free[:, arkit.index("mouthClose")] = 0.0
    return free


def test_firmness_rises_with_the_logits_from_open_to_shut() -> None:
    firm = firmness(np.linspace([-40.0] * 3, [20.0] * 3, 500))

    assert (np.diff(firm, axis=0) >= 0.0).all()
    assert (firm[0] == 0.0).all()
    assert (firm[-1] > 0.9999).all()


def test_gates_are_open_where_nothing_of_their_phones_is_heard() -> None:
    shares = np.full((1, len(PHONES)), 1e-3)  # what a softmax leaves to each

    logits = gate_logits(np.array([-9.0]), shares)

    np.testing.assert_array_equal(firmness(logits), 0.0)


def test_half_heard_contacts_shut_nearly_all_of_the_gap() -> None:
    firm = firmness(np.zeros(3))[:2]

    assert (firm > 0.85).all()
    assert (firm < 0.95).all()


def test_the_gap_left_is_its_share_of_the_free_one_and_never_wide() -> None:
    free = mouths()
    gap = aperture_mm(free)
    firm = np.full(len(free), 0.4, np.float32)

    left = aperture_mm(press(free.copy(), firm, 0.7 * firm, firm**JAW_SURE))

    share = np.minimum(0.6 * gap + 0.4 * CONTACT_MM, gap)
    np.testing.assert_allclose(left, np.minimum(share, 1.5 * HALF_SHUT_MM), atol=2e-3)
    assert share.max() > 1.5 * HALF_SHUT_MM + 1.0  # some were wide


def test_the_likelier_contact_is_the_narrower_mouth() -> None:
    free = np.repeat(mouths(40), 50, axis=0)
    firm = firmness(np.tile(np.linspace([-12.0, 0.0, 0.0], [6.0, 0.0, 0.0], 50), (40, 1)))[:, 0]

    gaps = aperture_mm(press(free, firm, firm, firm**JAW_SURE)).reshape(40, 50)

    assert (np.diff(gaps, axis=1) <= 2e-3).all()


def test_lips_that_surely_meet_press_on_each_other() -> None:
    shut = press(mouths(), *np.ones((3, 200), np.float32))

    assert aperture_mm(shut).max() <= CONTACT_MM + 2e-3
    assert shut[:, list(arkit.indices("mouthPress"))].min() >= 0.08 - 1e-6


@pytest.mark.parametrize(("jaw", "kept"), [(0.3, (0.45, 0.55)), (0.0, (0.0, 0.1))])
def test_a_p_of_one_frame_shuts_lips_that_do_not_twitch(
    jaw: float, kept: tuple[float, float]
) -> None:
    lower = arkit.indices("mouthLowerDown")[0]
    free = np.zeros((5, 52), np.float32)
    free[:, arkit.index("jawOpen")] = jaw
    free[:, list(arkit.indices("mouthLowerDown"))] = 0.4
    heard = np.array([[0], [0], [1], [0], [0]], np.float32)
    firm, slow = heard[:, 0], smoothed(heard)[:, 0]

    pressed = press(free, firm, slow, np.zeros(5, np.float32))

    gap = aperture_mm(pressed)
    assert gap[2] <= CONTACT_MM + 2e-3
    np.testing.assert_allclose(gap[[0, 1, 3, 4]], aperture_mm(free)[0], atol=2e-3)
    # Only where the jaw leaves mouthClose no room does the lower lip go by itself.
    assert kept[0] <= pressed[2, lower] / 0.4 <= kept[1]
    assert (pressed[:, arkit.index("mouthClose")] <= jaw + 0.05).all()


def test_a_gate_s_odds_rise_with_the_share_of_its_sounds_alone() -> None:
    shares = np.zeros((3, len(PHONES)), np.float32)
    shares[:, columns_of(("p", "m"))] = [[0.0, 0.0], [0.2, 0.1], [0.5, 0.45]]
    shares[:, columns_of(("v",))] = [[0.6], [0.1], [0.0]]
    shares[:, columns_of(("i",))] = 0.4  # has no say

    shares[:, columns_of(("u", "ø"))] = [[0.0, 0.3], [0.3, 0.0], [0.2, 0.1]]

    lips, lip, corners = gate_logits(np.zeros(3), shares).T

    assert (np.diff(lips) > 1.0).all()
    assert (np.diff(lip) < -1.0).all()
    np.testing.assert_allclose(np.diff(corners), 0.0, atol=1e-6)
    assert np.isfinite(lips).all()


def test_a_p_that_is_heard_by_a_tenth_shuts_two_thirds_of_the_mouth() -> None:
    shares = np.zeros((1, len(PHONES)), np.float32)
    shares[:, columns_of(("p", "s"))] = [0.1, 0.9]

    assert 0.6 < firmness(gate_logits(np.zeros(1), shares))[0, 0] < 0.7


def test_an_open_vowel_that_may_be_heard_speaks_against_a_contact() -> None:
    shares = np.zeros((2, len(PHONES)), np.float32)
    shares[:, columns_of(("p",))] = 0.2
    shares[0, columns_of(("s",))] = 0.8
    shares[1, columns_of(OPEN_VOWELS[:1])] = 0.8

    among_consonants, in_a_vowel = firmness(gate_logits(np.zeros(2), shares))[:, 0]

    assert in_a_vowel < 0.8 * among_consonants


def test_a_tucked_lower_lip_lies_under_the_teeth_and_the_upper_lip_is_free() -> None:
    free = mouths()

    tucked = tuck(free, *np.ones((2, len(free)), np.float32))

    column = arkit.index
    assert (tucked[:, column("mouthRollLower")] > 0.2).all()
    assert (tucked[:, column("jawOpen")] < 0.1).all()
    assert (tucked[:, list(arkit.indices("mouthLowerDown"))] == 0.0).all()
    upper = list(arkit.indices("mouthUpperUp"))
    assert (tucked[:, upper] >= 0.5 * free[:, upper] - 1e-6).all()
    np.testing.assert_array_equal(tuck(free, *np.zeros((2, len(free)), np.float32)), free)


def test_a_rounded_vowel_takes_most_of_a_smile_and_leaves_the_rest_of_the_face() -> None:
    free = mouths()
    corners = arkit.indices("mouthSmile", "mouthDimple", "mouthStretch", "mouthFrown")
    others = [i for i in range(52) if i not in (*corners, arkit.index("mouthPucker"))]

    rounded = round_off(free, np.ones((len(free), 1), np.float32))

    for names, left in (
        (("mouthSmile", "mouthDimple"), 0.25), (("mouthStretch",), 0.1), (("mouthFrown",), 0.5)
    ):  # fmt: skip
        columns = list(arkit.indices(*names))
        np.testing.assert_allclose(rounded[:, columns], left * free[:, columns], rtol=1e-5)
    np.testing.assert_array_equal(rounded[:, others], free[:, others])
    np.testing.assert_array_equal(round_off(free, np.zeros((len(free), 1), np.float32)), free)


def test_lips_pushed_forward_take_back_what_a_smile_keeps_of_their_width() -> None:
    free = mouths()
    smiling = free.copy()
    smiling[:, list(arkit.indices("mouthSmile"))] += 0.5
    pucker = arkit.index("mouthPucker")

    half, sure = (
        round_off(smiling, np.full((len(free), 1), firm, np.float32))[:, pucker]
        - round_off(free, np.full((len(free), 1), firm, np.float32))[:, pucker]
        for firm in (0.5, 1.0)
    )

    # Two corners, .5 of a smile each, of which a gate leaves a quarter or five eighths; 4.9 mm of
    # half a mouth's width for each, against 12.1 mm that a pucker rounds.
    np.testing.assert_allclose(sure, 2 * 0.5 * 0.25 * 4.9 / 12.1, rtol=0.05)
    np.testing.assert_allclose(half, 0.75 * 2 * 0.5 * 0.625 * 4.9 / 12.1, rtol=0.05)


def said_within(vowel: str, phone: str, share: float = 1.0) -> np.ndarray:
    """Coefficients (15, 52) of a wide mouth that says one frame of `phone`, or is heard to by
    `share`, in the middle of a vowel.
    """
    model = load_model(starter_folder())
    bias = np.array(model.tensors["decoder.output.bias"])
    bias[[arkit.index("jawOpen"), *arkit.indices("mouthLowerDown")]] += 0.3
    starter = Starter(model.config, {**model.tensors, "decoder.output.bias": bias})
    shares = np.zeros((15, len(PHONES)), np.float32)
    shares[:, columns_of((vowel,))] = 1.0
    shares[7] *= 1.0 - share
    shares[7, columns_of((phone,))] = share
    silent = np.zeros((15, model.config.content.width), np.float32)
    latent = np.repeat(np.asarray(model.tensors["prototypes"], np.float32)[:1], 15, axis=0)
    content = np.concatenate([silent, shares], axis=1)
    return starter.decode(content, np.full(15, -5.0, np.float32), latent, 0)


def test_the_network_s_lips_meet_within_a_frame_and_the_lower_one_stays_in_sight() -> None:
    values = said_within("a", "p")

    gap, lower = aperture_mm(values), values[:, arkit.index("mouthLowerDownLeft")]
    assert gap[7] <= CONTACT_MM + 0.05
    assert (gap[[6, 8]] > 5.0).all()
    assert 0.35 * lower[6] < lower[7] < 0.75 * lower[6]


def test_the_network_s_lower_lip_comes_under_the_teeth_and_back_over_three_frames() -> None:
    values = said_within("a", "f")

    roll, jaw = (values[:, arkit.index(name)] for name in ("mouthRollLower", "jawOpen"))
    assert (roll[[6, 8]] > 0.15 * roll[7]).all()
    assert (roll[[6, 8]] < 0.75 * roll[7]).all()
    assert (jaw[[6, 8]] > 0.8 * jaw[4]).all()  # it has a frame of its own


def test_the_network_s_jaw_keeps_more_of_a_vowel_than_the_lip_that_may_have_said_f() -> None:
    sure, unsure = said_within("a", "f"), said_within("a", "f", share=0.25)

    roll, jaw = arkit.index("mouthRollLower"), arkit.index("jawOpen")
    tucked, raised = ((unsure[7] - unsure[0])[k] / (sure[7] - sure[0])[k] for k in (roll, jaw))
    assert tucked > 0.5
    assert raised < 0.8 * tucked

"""Lips that meet, that are tucked, that round, as ONNX operators: the same steps as `contact`.

B sounds at once, T frames at 30 fps.
"""

from __future__ import annotations

import numpy as np

from ..model.config import GATES, OPEN_VOWELS, PHONES
from ..shaping.aperture import MM, REST_MM
from .contact import (
    AGAINST,
    BY_CONTENT,
    BY_PHONES,
    CONTACT_MM,
    FIRMNESS,
    GIVES_WAY,
    HALF_SHUT_MM,
    IS_JAW,
    JAW,
    KEPT,
    LEAST,
    LEAST_WAY,
    MOUTH_CLOSE,
    NARROWED,
    PRESSED,
    PUCKER,
    SLACK,
    SOONER,
    SOONER_ROUNDED,
    SOONER_TUCKED,
    SURE_ROUNDED,
    TAIL,
    TUCKED,
    YIELDS,
    columns_of,
)
from .onnx_layers import Net

__all__ = ["firmness", "gate_logits", "press", "round_off", "tuck"]


def gate_logits(net: Net, contact: str, shares: str) -> str:
    """As `contact.gate_logits`: (B, T, 3), of contact (B, T, 1) and shares (B, T, 46)."""
    pick = np.zeros((len(PHONES), len(GATES)), np.float32)
    for gate, phones in enumerate(GATES):
        pick[columns_of(phones), gate] = 1.0
    of_gates = net.clip(net.add("MatMul", shares, net.constant(pick)), LEAST, 1.0 - LEAST)
    odds = net.add("Log", net.add("Div", of_gates, net.add("Sub", net.number(1.0), of_gates)))
    against = np.zeros((len(PHONES), len(GATES)), np.float32)
    against[columns_of(OPEN_VOWELS), 0] = AGAINST
    doubt = net.add("Add", net.add("MatMul", shares, net.constant(against)), net.number(1.0))
    odds = net.add("Sub", odds, net.add("Log", doubt))
    by_phones = net.add("Mul", odds, net.constant(np.array([BY_PHONES, 1.0, 1.0], np.float32)))
    by_content = net.add("Mul", contact, net.constant(np.array([BY_CONTENT, 0.0, 0.0], np.float32)))
    sooner = net.constant(np.array([SOONER, SOONER_TUCKED, SOONER_ROUNDED], np.float32))
    return net.add("Add", net.add("Add", by_phones, by_content), sooner)


def round_off(net: Net, free: str, firm: str) -> str:
    """As `contact.round_off`; free (B, T, 52), firm (B, T, 1)."""
    given = net.add("Mul", firm, net.constant(YIELDS))
    values = net.add("Mul", free, net.add("Sub", net.number(1.0), given))
    onto_pucker = np.zeros((len(NARROWED), len(NARROWED)), np.float32)
    onto_pucker[:, PUCKER] = NARROWED
    spread = net.add("MatMul", net.clip(values, 0.0, None), net.constant(onto_pucker))
    sure = net.clip(net.add("Mul", firm, net.number(SURE_ROUNDED)), None, 1.0)
    return net.add("Add", values, net.add("Mul", sure, spread))


def tuck(net: Net, free: str, firm: str, jaw: str) -> str:
    """As `contact.tuck`; free (B, T, 52), firm and jaw (B, T, 1)."""
    kept = net.add("Mul", free, net.constant(KEPT))
    lip = net.add("Sub", net.add("Max", kept, net.constant(TUCKED)), free)
    return net.add("Add", free, net.add("Mul", _but_jaw(net, firm, jaw), lip))


def firmness(net: Net, logits: str) -> str:
    """As `contact.firmness`."""
    gentle = net.add("Max", logits, net.add("Mul", logits, net.number(TAIL)))
    open_share = net.add("Sigmoid", net.add("Neg", gentle))
    left = net.add("Pow", open_share, net.number(FIRMNESS))
    room = net.constant(1.0 - SLACK)
    return net.clip(net.add("Div", net.add("Sub", room, left), room), 0.0, None)


def press(net: Net, free: str, firm: str, slow: str, jaw: str) -> str:
    """As `contact.press`; free (B, T, 52), firm, slow and jaw (B, T, 1)."""
    wanted = _gap_left(net, net.clip(_gap(net, free), 0.0, None), firm)
    twice = net.add("Sub", net.add("Mul", slow, net.number(2.0)), net.number(1.0))
    pressing = net.add("Mul", net.clip(twice, 0.0, None), net.constant(PRESSED))
    pressed = net.add("Max", free, pressing)

    def given(way: str) -> str:
        yields = net.add("Mul", _but_jaw(net, way, jaw), net.constant(GIVES_WAY))
        return net.add("Mul", pressed, net.add("Sub", net.number(1.0), yields))

    values = given(slow)
    closes = net.clip(_channel(net, values, MOUTH_CLOSE), 0.0, None)
    room = net.clip(net.add("Sub", _channel(net, values, JAW), closes), 0.0, None)
    reached = net.add("Add", wanted, net.add("Mul", room, net.number(-float(MM[MOUTH_CLOSE]))))
    values = _towards(net, values, given(net.add("Max", firm, slow)), reached)
    values = _towards(net, values, pressed, wanted)
    excess = net.clip(net.add("Sub", _gap(net, values), wanted), 0.0, None)
    up = np.zeros(len(MM), np.float32)
    up[MOUTH_CLOSE] = 1.0 / MM[MOUTH_CLOSE]
    return net.add("Sub", values, net.add("Mul", excess, net.constant(up)))


def _channel(net: Net, values: str, index: int) -> str:
    return net.add("Gather", values, net.integers(index), axis=2)


def _but_jaw(net: Net, share: str, jaw: str) -> str:
    """(B, T, 52): `share` for every channel but the jaw; both (B, T, 1)."""
    of_jaw = net.add("Mul", jaw, net.constant(IS_JAW.astype(np.float32)))
    return net.add("Add", net.add("Mul", share, net.constant((~IS_JAW).astype(np.float32))), of_jaw)


def _gap(net: Net, values: str) -> str:
    opened = net.add("MatMul", values, net.constant(MM.reshape(-1, 1).astype(np.float32)))
    return net.add("Add", opened, net.number(REST_MM))


def _gap_left(net: Net, gap: str, firm: str) -> str:
    """As `contact._gap_left`, of the free mouth's gap; both (B, T, 1)."""
    left = net.add("Sub", net.number(1.0), firm)
    share = net.add("Add", net.add("Mul", left, gap), net.add("Mul", firm, net.number(CONTACT_MM)))
    widest = net.add(
        "Div", net.add("Mul", left, net.number(HALF_SHUT_MM)), net.clip(firm, LEAST, None)
    )
    return net.add("Min", net.add("Min", share, net.clip(widest, CONTACT_MM, None)), gap)


def _towards(net: Net, values: str, other: str, gap: str) -> str:
    """As `contact._towards`; gap (B, T, 1)."""
    here = _gap(net, values)
    way = net.add("Sub", _gap(net, other), here)
    wanted = net.add("Mul", net.add("Sub", gap, here), net.add("Sign", way))
    share = net.add("Div", wanted, net.clip(net.add("Abs", way), LEAST_WAY, None))
    moved = net.add("Mul", net.clip(share, 0.0, 1.0), net.add("Sub", other, values))
    return net.add("Add", values, moved)

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
    KEPT,
    LEAST,
    MOUTH_CLOSE,
    PRESSED,
    SLACK,
    SOONER,
    SOONER_ROUNDED,
    SOONER_TUCKED,
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
    return net.add("Mul", free, net.add("Sub", net.number(1.0), given))


def tuck(net: Net, free: str, firm: str) -> str:
    """As `contact.tuck`; free (B, T, 52), firm (B, T, 1)."""
    kept = net.add("Mul", free, net.constant(KEPT))
    lip = net.add("Sub", net.add("Max", kept, net.constant(TUCKED)), free)
    return net.add("Add", free, net.add("Mul", firm, lip))


def firmness(net: Net, logits: str) -> str:
    """As `contact.firmness`."""
    gentle = net.add("Max", logits, net.add("Mul", logits, net.number(TAIL)))
    open_share = net.add("Sigmoid", net.add("Neg", gentle))
    left = net.add("Pow", open_share, net.number(FIRMNESS))
    room = net.constant(1.0 - SLACK)
    return net.clip(net.add("Div", net.add("Sub", room, left), room), 0.0, None)


def press(net: Net, free: str, firm: str, jaw: str) -> str:
    """As `contact.press`; free (B, T, 52), firm and jaw (B, T, 1)."""

    def gap_of(values: str) -> str:
        opened = net.add("MatMul", values, net.constant(MM.reshape(-1, 1).astype(np.float32)))
        return net.add("Add", opened, net.number(REST_MM))

    gap = net.clip(gap_of(free), 0.0, None)
    open_share = net.add("Mul", net.add("Sub", net.number(1.0), firm), gap)
    wanted = net.add("Add", open_share, net.add("Mul", firm, net.number(CONTACT_MM)))
    widest = net.add("Mul", net.add("Sub", net.number(1.0), firm), net.number(HALF_SHUT_MM))
    widest = net.add("Div", widest, net.clip(firm, LEAST, None))
    wanted = net.add("Min", wanted, net.clip(widest, CONTACT_MM, None))
    wanted = net.add("Min", wanted, gap)
    twice = net.add("Sub", net.add("Mul", firm, net.number(2.0)), net.number(1.0))
    pressing = net.add("Mul", net.clip(twice, 0.0, None), net.constant(PRESSED))
    pressed = net.add("Max", free, pressing)
    of_jaw = net.add("Mul", jaw, net.constant(GIVES_WAY * IS_JAW))
    yields = net.add("Add", net.add("Mul", firm, net.constant(GIVES_WAY * ~IS_JAW)), of_jaw)
    values = net.add("Mul", pressed, net.add("Sub", net.number(1.0), yields))
    nearest = gap_of(values)
    room = net.clip(net.add("Sub", gap_of(pressed), nearest), 1e-3, None)
    back = net.clip(net.add("Div", net.add("Sub", wanted, nearest), room), 0.0, 1.0)
    values = net.add("Add", values, net.add("Mul", back, net.add("Sub", pressed, values)))
    excess = net.clip(net.add("Sub", gap_of(values), wanted), 0.0, None)
    up = np.zeros(len(MM), np.float32)
    up[MOUTH_CLOSE] = 1.0 / MM[MOUTH_CLOSE]
    taken = net.add("Mul", excess, net.constant(up))
    return net.add("Sub", values, taken)

"""Lips that meet, that are tucked, that round, as ONNX operators: the same steps as `contact`.

B sounds at once, T frames at 30 fps.
"""

from __future__ import annotations

import numpy as np

from ..model.config import PHONES
from ..shaping.aperture import MM, REST_MM
from . import gates
from .onnx_layers import Net

__all__ = ["firmness", "gate_logits", "press", "round_off", "tuck"]


def gate_logits(net: Net, contact: str, shares: str) -> str:
    """As `contact.gate_logits`: (B, T, 3), of contact (B, T, 1) and shares (B, T, 46)."""
    pick = np.zeros((len(PHONES), len(gates.GATES)), np.float32)
    for number, gate in enumerate(gates.GATES):
        pick[gate.columns, number] = 1.0
    of_gates = net.clip(
        net.add("MatMul", shares, net.constant(pick)), gates.LEAST, 1.0 - gates.LEAST
    )
    odds = net.add("Log", net.add("Div", of_gates, net.add("Sub", net.number(1.0), of_gates)))
    against = np.zeros((len(PHONES), len(gates.GATES)), np.float32)
    against[gates.columns_of(gates.OPEN_VOWELS), 0] = gates.AGAINST
    doubt = net.add("Add", net.add("MatMul", shares, net.constant(against)), net.number(1.0))
    odds = net.add("Sub", odds, net.add("Log", doubt))
    by_phones = net.add(
        "Mul", odds, net.constant(np.array([gates.BY_PHONES, 1.0, 1.0], np.float32))
    )
    by_content = net.add(
        "Mul", contact, net.constant(np.array([gates.BY_CONTENT, 0.0, 0.0], np.float32))
    )
    sooner = net.constant(np.array([gate.sooner for gate in gates.GATES], np.float32))
    return net.add("Add", net.add("Add", by_phones, by_content), sooner)


def round_off(net: Net, free: str, firm: str) -> str:
    """As `contact.round_off`; free (B, T, 52), firm (B, T, 1)."""
    given = net.add("Mul", firm, net.constant(gates.YIELDS))
    values = net.add("Mul", free, net.add("Sub", net.number(1.0), given))
    onto_pucker = np.zeros((len(gates.NARROWED), len(gates.NARROWED)), np.float32)
    onto_pucker[:, gates.PUCKER] = gates.NARROWED
    spread = net.add("MatMul", net.clip(values, 0.0, None), net.constant(onto_pucker))
    sure = net.clip(net.add("Mul", firm, net.number(gates.SURE_ROUNDED)), None, 1.0)
    return net.add("Add", values, net.add("Mul", sure, spread))


def tuck(net: Net, free: str, firm: str, jaw: str) -> str:
    """As `contact.tuck`; free (B, T, 52), firm and jaw (B, T, 1)."""
    kept = net.add("Mul", free, net.constant(gates.KEPT))
    lip = net.add("Sub", net.add("Max", kept, net.constant(gates.TUCKED)), free)
    return net.add("Add", free, net.add("Mul", _but_jaw(net, firm, jaw), lip))


def firmness(net: Net, logits: str) -> str:
    """As `contact.firmness`."""
    gentle = net.add("Max", logits, net.add("Mul", logits, net.number(gates.TAIL)))
    open_share = net.add("Sigmoid", net.add("Neg", gentle))
    left = net.add("Pow", open_share, net.number(gates.FIRMNESS))
    room = net.constant(1.0 - gates.SLACK)
    return net.clip(net.add("Div", net.add("Sub", room, left), room), 0.0, None)


def press(net: Net, free: str, firm: str, slow: str, jaw: str) -> str:
    """As `contact.press`; free (B, T, 52), firm, slow and jaw (B, T, 1)."""
    wanted = _gap_left(net, net.clip(_gap(net, free), 0.0, None), firm)
    twice = net.add("Sub", net.add("Mul", slow, net.number(2.0)), net.number(1.0))
    pressing = net.add("Mul", net.clip(twice, 0.0, None), net.constant(gates.PRESSED))
    pressed = net.add("Max", free, pressing)

    def given(way: str) -> str:
        yields = net.add("Mul", _but_jaw(net, way, jaw), net.constant(gates.GIVES_WAY))
        return net.add("Mul", pressed, net.add("Sub", net.number(1.0), yields))

    values = given(slow)
    closes = net.clip(_channel(net, values, gates.MOUTH_CLOSE), 0.0, None)
    room = net.clip(net.add("Sub", _channel(net, values, gates.JAW), closes), 0.0, None)
    reached = net.add(
        "Add", wanted, net.add("Mul", room, net.number(-float(MM[gates.MOUTH_CLOSE])))
    )
    values = _towards(net, values, given(net.add("Max", firm, slow)), reached)
    values = _towards(net, values, pressed, wanted)
    excess = net.clip(net.add("Sub", _gap(net, values), wanted), 0.0, None)
    up = np.zeros(len(MM), np.float32)
    up[gates.MOUTH_CLOSE] = 1.0 / MM[gates.MOUTH_CLOSE]
    return net.add("Sub", values, net.add("Mul", excess, net.constant(up)))


def _channel(net: Net, values: str, index: int) -> str:
    return net.add("Gather", values, net.integers(index), axis=2)


def _but_jaw(net: Net, share: str, jaw: str) -> str:
    """(B, T, 52): `share` for every channel but the jaw; both (B, T, 1)."""
    of_jaw = net.add("Mul", jaw, net.constant(gates.IS_JAW.astype(np.float32)))
    return net.add(
        "Add", net.add("Mul", share, net.constant((~gates.IS_JAW).astype(np.float32))), of_jaw
    )


def _gap(net: Net, values: str) -> str:
    opened = net.add("MatMul", values, net.constant(MM.reshape(-1, 1).astype(np.float32)))
    return net.add("Add", opened, net.number(REST_MM))


def _gap_left(net: Net, gap: str, firm: str) -> str:
    """As `contact._gap_left`, of the free mouth's gap; both (B, T, 1)."""
    left = net.add("Sub", net.number(1.0), firm)
    share = net.add(
        "Add", net.add("Mul", left, gap), net.add("Mul", firm, net.number(gates.CONTACT_MM))
    )
    widest = net.add(
        "Div",
        net.add("Mul", left, net.number(gates.HALF_SHUT_MM)),
        net.clip(firm, gates.LEAST, None),
    )
    return net.add("Min", net.add("Min", share, net.clip(widest, gates.CONTACT_MM, None)), gap)


def _towards(net: Net, values: str, other: str, gap: str) -> str:
    """As `contact._towards`; gap (B, T, 1)."""
    here = _gap(net, values)
    way = net.add("Sub", _gap(net, other), here)
    wanted = net.add("Mul", net.add("Sub", gap, here), net.add("Sign", way))
    share = net.add("Div", wanted, net.clip(net.add("Abs", way), gates.LEAST_WAY, None))
    moved = net.add("Mul", net.clip(share, 0.0, 1.0), net.add("Sub", other, values))
    return net.add("Add", values, moved)

"""Lips that meet, a lower lip under the teeth, lips that round: what the decoder's gates do to the
face, in numpy and in torch.

The gates are heard from the content and the phones named beside it alone, so that p, b, m close,
f, v tuck the lower lip and o, u round the mouth under every feeling. In a contact what parts the
lips gives way, the jaw keeps its drop until the contact is sure, and mouthClose takes up the rest
of the gap; for a rounded vowel the corners let go of a smile, and what they keep of it is taken
back by lips pushed forward.

Shapes: T frames, before them whatever a library's own arrays have. `xp` says whose they are.
"""

from __future__ import annotations

from ..shaping.aperture import MM, REST_MM
from . import gates
from .arrays import NUMPY, Array, Library

__all__ = ["firmness", "gate_logits", "gated", "press", "round_off", "smoothed", "tuck"]


def gated(free: Array, contact: Array, shares: Array, xp: Library = NUMPY) -> tuple[Array, Array]:
    """Coefficients (T, 52) of a free mouth (T, 52) when its gates have done their work, and before
    its lips were pressed; the gates' arguments as for `gate_logits`.
    """
    firm = firmness(gate_logits(contact, shares, xp), xp)
    lips, lip, _ = xp.of.moveaxis(firm, -1, 0)
    slow = smoothed(firm, xp)
    parted, drawn, _ = xp.of.moveaxis(slow, -1, 0)
    jaw = smoothed(firm[..., :1] ** gates.JAW_SURE, xp)[..., 0]
    rounded = round_off(free, slow[..., 2:], xp)
    tucked = tuck(rounded, xp.of.maximum(drawn, lip), lip**gates.TUCK_SURE, xp)
    return press(tucked, lips, parted, jaw, xp), tucked


def smoothed(rows: Array, xp: Library = NUMPY) -> Array:
    """Rows (n, width) by 1:2:1, the ends held: what is quicker than the frames would be read
    differently wherever they fall on the sound.
    """
    padded = xp.of.concatenate([rows[..., :1, :], rows, rows[..., -1:, :]], -2)
    return 0.25 * (padded[..., :-2, :] + padded[..., 2:, :]) + 0.5 * rows


def gate_logits(contact: Array, shares: Array, xp: Library = NUMPY) -> Array:
    """Logits (T, 3) of the gates, from the content's of a contact (T,) and the share of each phone
    (T, 46).
    """
    met, tucked, rounded = (
        xp.logit(shares[..., gate.columns].sum(-1).clip(gates.LEAST, 1.0 - gates.LEAST))
        for gate in gates.GATES
    )
    met = met - xp.of.log1p(
        gates.AGAINST * shares[..., gates.columns_of(gates.OPEN_VOWELS)].sum(-1)
    )
    heard = (gates.BY_CONTENT * contact + gates.BY_PHONES * met, tucked, rounded)
    return xp.of.stack([x + g.sooner for x, g in zip(heard, gates.GATES, strict=True)], -1)


def firmness(logits: Array, xp: Library = NUMPY) -> Array:
    """How far the gates are shut, 0..1, by their logits (..., 3)."""
    away = xp.of.where(logits < 0.0, gates.TAIL * logits, logits)
    shut = 1.0 - xp.sigmoid(-away) ** gates.FIRMNESS
    slack = xp.row(gates.SLACK, logits)
    return ((shut - slack) / (1.0 - slack)).clip(0.0, None)


def round_off(free: Array, firm: Array, xp: Library = NUMPY) -> Array:
    """Coefficients (T, 52) of a mouth (T, 52) whose corners let the lips round by `firm` (T, 1)."""
    values = free * (1.0 - firm * xp.row(gates.YIELDS, free))
    spread = values.clip(0.0, None) @ xp.row(gates.NARROWED, free)
    sure = (gates.SURE_ROUNDED * firm[..., 0]).clip(None, 1.0)
    return xp.raised(values, gates.PUCKER, sure * spread, 1.0)


def tuck(free: Array, firm: Array, jaw: Array, xp: Library = NUMPY) -> Array:
    """Coefficients (T, 52) of a mouth (T, 52) whose lower lip is under the teeth by `firm` (T,) and
    whose jaw is up for it by `jaw` (T,).
    """
    lip = xp.of.maximum(free * xp.row(gates.KEPT, free), xp.row(gates.TUCKED, free))
    return free + _but_jaw(firm, jaw, xp) * (lip - free)


def press(free: Array, firm: Array, slow: Array, jaw: Array, xp: Library = NUMPY) -> Array:
    """Coefficients (T, 52) of a free mouth (T, 52) whose gap is shut by `firm` (T,), 0..1, while
    what parts the lips gives way by `slow` (T,) and the jaw by `jaw` (T,), 0..1.

    The gap that is left is its share of the free one, whatever parted the lips, and no more than a
    gate that is shut so far may leave: so the order of the gaps is the order of what was heard.
    What gives way does so over three frames, a lip that vanished within one would twitch;
    mouthClose, and where the jaw leaves it no room more giving way, shut what is left in time.
    """
    wanted = _gap_left(_gap(free, xp).clip(0.0, None), firm, xp)
    pressing = (2.0 * slow - 1.0).clip(0.0, None)[..., None] * xp.row(gates.PRESSED, free)
    pressed = xp.of.maximum(free, pressing)

    def given(way: Array) -> Array:
        return pressed * (1.0 - _but_jaw(way, jaw, xp) * xp.row(gates.GIVES_WAY, free))

    values = given(slow)
    closed = values[..., gates.MOUTH_CLOSE].clip(0.0, None)
    room = (values[..., gates.JAW] - closed).clip(0.0, None)
    mm = xp.row(MM, free)[gates.MOUTH_CLOSE]
    values = _towards(values, given(xp.of.maximum(firm, slow)), wanted - room * mm, xp)
    values = _towards(values, pressed, wanted, xp)
    excess = (_gap(values, xp) - wanted).clip(0.0, None)
    return xp.raised(values, gates.MOUTH_CLOSE, excess, -mm)


def _but_jaw(share: Array, jaw: Array, xp: Library) -> Array:
    """(T, 52): `share` for every channel but the jaw; both (T,)."""
    return xp.of.where(xp.row(gates.IS_JAW, share), jaw[..., None], share[..., None])


def _gap(values: Array, xp: Library) -> Array:
    return values @ xp.row(MM, values) + REST_MM


def _gap_left(gap: Array, firm: Array, xp: Library) -> Array:
    """Millimetres (T,) that a gate shut by `firm` (T,) leaves of the `gap` (T,) of a mouth."""
    widest = gates.HALF_SHUT_MM * (1.0 - firm) / firm.clip(gates.LEAST, None)
    share = (1.0 - firm) * gap + firm * gates.CONTACT_MM
    return xp.of.minimum(xp.of.minimum(share, widest.clip(gates.CONTACT_MM, None)), gap)


def _towards(values: Array, other: Array, gap_mm: Array, xp: Library) -> Array:
    """Mouths (T, 52) moved from `values` to `other`, as far as their gap comes nearer to `gap_mm`
    (T,) by it.
    """
    here = _gap(values, xp)
    way = _gap(other, xp) - here
    share = (gap_mm - here) * xp.of.sign(way) / abs(way).clip(gates.LEAST_WAY, None)
    return values + share.clip(0.0, 1.0)[..., None] * (other - values)

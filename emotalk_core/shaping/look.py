"""The look at a target: from where something is, seen from a head, to how eyes and head turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .filters import soften

__all__ = ["EyeTurns", "Look", "eye_angles", "head_part", "look_coefficients"]

_EYES_MOST: Final = float(np.radians(30.0))  # eyes alone go no further, whatever a rig allows
_FREE: Final = 0.75  # of the way to a limit is gone as asked; the rest is neared ever more slowly
_CROSSED_MOST: Final = float(np.radians(9.0))  # each eye inwards: something 20 cm from the face
_SIDEWAYS, _BEHIND = 0.0, -0.64  # cosines: of 90 degrees, seen as far as may be; of 130, given up

_HEAD_SHARES: Final = (0.35, 0.25, 0.0)  # of yaw, pitch and roll
_HEAD_MOST: Final = float(np.radians(20.0))
_HEAD_FRAMES: Final = 25  # a head is slower than eyes: it arrives within half a second


@dataclass(frozen=True)
class EyeTurns:
    """How far a rig's eyes turn for a coefficient of 1.0, in radians."""

    inward: float = 0.52  # 30 degrees, as `rigs.bones.BoneAngles` has them
    outward: float = 0.52
    up: float = 0.44
    down: float = 0.44


@dataclass(frozen=True, eq=False)
class Look:
    """Where what is looked at is, over time."""

    times_s: np.ndarray  # float64 (K,), rising, seconds on the sound's own clock
    # float64 (K, 3), from between the eyes to the left, up and forward of a head that no layer of
    # ours turns; in any unit, which is that of the next two
    places: np.ndarray
    eye_distance: float  # from between the eyes to each of them
    pivot: np.ndarray = field(default_factory=lambda: np.zeros(3))  # what the head turns about
    turns: EyeTurns = EyeTurns()
    turns_head: bool = False  # whether the rig's head follows headYaw, headPitch and headRoll

    def at(self, times_s: np.ndarray) -> np.ndarray:
        """float64 (T, 3): the places at `times_s` (T,), held before the first and after the
        last.
        """
        return np.stack([np.interp(times_s, self.times_s, axis) for axis in self.places.T], axis=1)


def look_coefficients(look: Look, times_s: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """How far the eyes turn to see it, signed coefficients, float32 (T, 2, 2): left and right eye,
    then yaw (+ to the character's left) and pitch (+ up).

    Parameters
    ----------
    times_s : float64 (T,)
        When each row is seen, seconds on the sound's own clock.
    rotation : float32 (T, 3)
        The head channels, in radians: eyes keep to their target while the head moves.
    """
    places = look.at(times_s)
    if look.turns_head:
        places = _seen_from_turned(places - look.pivot, rotation) + look.pivot
    angles = eye_angles(places, look.eye_distance)
    turns = look.turns
    outward = np.array([[turns.outward], [turns.inward]])  # of each eye, to the character's left
    inward = outward[::-1]
    yaw, pitch = angles[..., 0].T, angles[..., 1].T
    parts = (
        _share(yaw, np.where(yaw > 0.0, outward, inward)),
        _share(pitch, np.where(pitch > 0.0, turns.up, turns.down)),
    )
    return np.stack(parts, axis=-1).transpose(1, 0, 2).astype(np.float32)


def eye_angles(places: np.ndarray, eye_distance: float) -> np.ndarray:
    """Yaw and pitch at which each eye sees `places` (T, 3), without limits but these: eyes cross
    for what is nearer than 20 cm no further, and what is behind the head is not looked for.

    Returns
    -------
    float64 (T, 2, 2)
        Left and right eye; yaw (+ to the character's left) and pitch (+ up), in radians: the parts
        of one turn by the shortest way, as shape keys and the turns of a bone add up.
    """
    to_left = np.array([eye_distance, 0.0, 0.0])
    both = np.stack([_off_axis(places - to_left), _off_axis(places + to_left)], axis=1)
    middle = both.mean(axis=1, keepdims=True)
    crossed = np.clip(both - middle, -_CROSSED_MOST, _CROSSED_MOST)
    return (middle + crossed) * _attention(places)[:, None, None]


def head_part(look: Look, times_s: np.ndarray, *, size: float) -> np.ndarray:
    """What a head of the head layer's `size` takes over, float32 (T, 3): yaw, pitch, roll in
    radians. Rows lie a frame at 30 fps apart.
    """
    if not look.turns_head or size <= 0.0 or not len(times_s):
        return np.zeros((len(times_s), 3), np.float32)
    around = np.arange(1, _HEAD_FRAMES // 2 + 1) / 30.0
    wider = np.concatenate([times_s[0] - around[::-1], times_s, times_s[-1] + around])
    places = look.at(wider)
    turned = np.zeros((len(wider), 3))
    turned[:, :2] = _off_axis(places) * _attention(places)[:, None]
    shares = min(size, 1.0) * np.array(_HEAD_SHARES)
    soft = soften(_limited(turned * shares, _HEAD_MOST).astype(np.float32), _HEAD_FRAMES)
    return soft[len(around) : len(wider) - len(around)]


def _off_axis(places: np.ndarray) -> np.ndarray:
    """(T, 2): the angle between straight ahead and each place, shared out to yaw and pitch."""
    across = np.hypot(places[:, 0], places[:, 1])
    angle = np.arctan2(across, places[:, 2])
    return places[:, :2] * (angle / np.maximum(across, 1e-12))[:, None]


def _attention(places: np.ndarray) -> np.ndarray:
    """(T,): 1 before and beside the head, softly 0 behind it, where left would flip to right."""
    cosine = places[:, 2] / np.maximum(np.linalg.norm(places, axis=1), 1e-12)
    share = np.clip((cosine - _BEHIND) / (_SIDEWAYS - _BEHIND), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _share(angle: np.ndarray, turn: np.ndarray | float) -> np.ndarray:
    """Coefficients for angles, of eyes that turn by `turn` at 1."""
    most = np.minimum(turn, _EYES_MOST)
    return _limited(angle, most) / np.maximum(turn, 1e-6)


def _limited(angle: np.ndarray, most: np.ndarray | float) -> np.ndarray:
    """Angles within ± `most`: as they are up to three quarters of it, then bent without a kink."""
    share = np.abs(angle) / np.maximum(most, 1e-6)
    beyond = np.maximum(share - _FREE, 0.0) / (1.0 - _FREE)
    return np.sign(angle) * most * (np.minimum(share, _FREE) + (1.0 - _FREE) * np.tanh(beyond))


def _seen_from_turned(places: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """`places` (T, 3) in the frame of a head that has turned by `rotation` (T, 3); Rodrigues'
    formula.
    """
    yaw, pitch, roll = rotation.astype(np.float64).T
    vector = -np.stack([-pitch, yaw, -roll], axis=1)  # backwards: the world turns the other way
    angle = np.linalg.norm(vector, axis=1, keepdims=True)
    axis = vector / np.maximum(angle, 1e-12)
    along = (axis * places).sum(axis=1, keepdims=True)
    return (
        places * np.cos(angle)
        + np.cross(axis, places) * np.sin(angle)
        + axis * along * (1.0 - np.cos(angle))
    )

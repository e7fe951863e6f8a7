"""The face controls of Rigify's two face systems at rest, as its human meta-rig has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from emotalk_core.retarget import BoneRest

__all__ = ["MODULAR", "SUPER_FACE", "rests"]

_Vector = tuple[float, float, float]
Rests = Mapping[str, tuple[_Vector, _Vector, _Vector]]
"""By name: head in m, then the bone's y and z axes; the right side is the left in a mirror."""

SUPER_FACE: Final[Rests] = {
    "jaw_master": ((0.0, -0.0625, 1.8738), (0.0, -0.5533, -0.833), (0.0, 0.833, -0.5533)),
    "eye.L": ((0.0516, -0.4305, 1.8941), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "lips.L": ((0.0352, -0.1494, 1.8074), (0.0, 0.0, 1.0), (0.0236, -0.9997, 0.0)),
    "lip.T": ((0.0, -0.171, 1.814), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "lip.B": ((0.0, -0.1667, 1.7978), (0.0, 0.0, 1.0), (-0.0788, -0.9969, 0.0)),
    "lip.T.L.001": ((0.0195, -0.1656, 1.8146), (0.0, 0.0, 1.0), (0.0236, -0.9997, 0.0)),
    "lip.B.L.001": ((0.0185, -0.1585, 1.8028), (0.0, 0.0, 1.0), (0.073, -0.9973, 0.0)),
    "chin.001": ((0.0, -0.1634, 1.7692), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "tongue_master": ((0.0, -0.1101, 1.8002), (0.0, -0.9764, -0.2161), (0.0, 0.2161, -0.9764)),
    "cheek.B.L.001": ((0.0736, -0.1216, 1.8243), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "cheek.T.L.001": ((0.0565, -0.143, 1.8517), (0.0, 0.0, 1.0), (0.1383, -0.9904, 0.0)),
    "nose.L.001": ((0.0176, -0.1627, 1.8429), (0.0, 0.0, 1.0), (0.1068, -0.9943, 0.0)),
    "nose.L": ((0.0188, -0.1448, 1.8822), (0.0, 0.0, 1.0), (0.0995, -0.995, 0.0)),
    "lid.T.L.002": ((0.055, -0.1436, 1.9022), (0.0, 0.0, 1.0), (-0.0939, -0.9956, 0.0)),
    "lid.T.L.001": ((0.0678, -0.1356, 1.8995), (0.0, 0.0, 1.0), (0.1827, -0.9832, 0.0)),
    "lid.T.L.003": ((0.0425, -0.1427, 1.8987), (0.0, 0.0, 1.0), (0.2176, -0.976, 0.0)),
    "lid.B.L.002": ((0.0553, -0.1418, 1.8833), (0.0, 0.0, 1.0), (-0.0747, -0.9972, 0.0)),
    "lid.B.L.001": ((0.0393, -0.1425, 1.8854), (0.0, 0.0, 1.0), (0.1013, -0.9949, 0.0)),
    "lid.B.L.003": ((0.0694, -0.1351, 1.8889), (0.0, 0.0, 1.0), (-0.0085, -1.0, 0.0)),
    "brow.T.L.003": ((0.0215, -0.1546, 1.9144), (0.0, 0.0, 1.0), (-0.0423, -0.9991, 0.0)),
    "brow.T.L.001": ((0.083, -0.1213, 1.9164), (0.0, 0.0, 1.0), (0.235, -0.972, 0.0)),
    "brow.T.L.002": ((0.0588, -0.1421, 1.9255), (0.0, 0.0, 1.0), (0.0723, -0.9974, 0.0)),
    "brow.B.L.004": ((0.0221, -0.1397, 1.895), (0.0, 0.0, 1.0), (0.14, -0.9901, 0.0)),
    "brow.B.L.002": ((0.0577, -0.1427, 1.9093), (0.0, 0.0, 1.0), (0.0846, -0.9964, 0.0)),
    "brow.B.L.001": ((0.0704, -0.1349, 1.9078), (0.0, 0.0, 1.0), (0.0192, -0.9998, 0.0)),
    "ORG-eye.L": ((0.0516, -0.1209, 1.8941), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "head": ((0.0, -0.0247, 1.7813), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
    "neck": ((0.0, 0.0114, 1.6582), (0.0, -0.2814, 0.9596), (0.0, -0.9596, -0.2814)),
    "jaw": ((0.0, -0.0945, 1.7439), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
}
"""`faces.super_face`, which the human meta-rig has."""

_NEW_NAMES: Final = {"lips.L": "lip_end.L.001", "tongue_master": "tongue"}
_FRONT: Final[_Vector] = (0.0, -1.0, 0.0)

MODULAR: Final[Rests] = {
    _NEW_NAMES.get(name, name): (head, y, _FRONT if y == (0.0, 0.0, 1.0) else z)
    for name, (head, y, z) in SUPER_FACE.items()
} | {"eye.L": ((0.0516, -0.2419, 1.8941), (0.0, 0.0, 1.0), _FRONT)}
"""`face.skin_*`, which Upgrade Face Rig makes of it."""


def rests(table: Rests, *, size: float = 1.0, without: tuple[str, ...] = ()) -> list[BoneRest]:
    """Both sides of a face, `size` times as large, without the bones whose names begin so."""
    return [bone for bone in _rests(table, size) if not bone.name.startswith(without or ("-",))]


def _rests(table: Rests, size: float) -> Iterator[BoneRest]:
    for name, vectors in table.items():
        head, y, z = (np.array(vector) for vector in vectors)
        sides = (1.0, -1.0) if ".L" in name else (1.0,)
        for side in sides:
            flip = np.array([side, 1.0, 1.0])
            turn = np.column_stack([np.cross(y * flip, z * flip), y * flip, z * flip])
            yield BoneRest(name if side > 0 else name.replace(".L", ".R"), size * head * flip, turn)

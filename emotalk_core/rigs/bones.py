"""Head, jaw and eye bones: found by name, turned about the face's own axes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np

from .binding import BoneTarget, Driven
from .rotation import UNPOSED, Axis, Pose

__all__ = ["BoneAngles", "BoneRest", "bone_driven", "face_directions", "match_bones"]


def _eye_names(side: str) -> tuple[str, ...]:
    front = (f"{side}eye", f"{side}eyeball", f"{side}eyesmplhf", f"{side}eyebone")
    rigs = (f"ccbase{side}eye", f"jadj{side}faceeye", f"ceye{side}", f"defeye{side}")
    return (*front, f"eye{side}", f"eyeball{side}", f"facial{side}eye", *rigs)


def _of_rigs(part: str) -> tuple[str, ...]:
    """Head or neck as the usual rigs have it; of controls and what they move the control."""
    japanese = {"head": "頭", "neck": "首"}[part]
    plain = (f"{part}bone", f"ccbase{part}", f"mixamorig{part}", f"jbipc{part}", japanese)
    controlled = (f"c{part}x", f"{part}x", f"{part}m", f"bip01{part}", f"bip001{part}")
    return (*plain, *controlled, f"def{part}")


_JAWS: Final = (
    *("jawmaster", "jaw", "jawroot", "jawbone", "lowerjaw", "ccbasejawroot", "mixamorigjaw"),
    *("cjawbonex", "jawbonex", "jawm", "facialcjaw", "defjaw"),
)


_NAMES: Final = MappingProxyType(
    {
        "jaw": _JAWS,
        "head": ("head", *_of_rigs("head")),
        "neck": ("neck", "neck1", "neck01", "ccbasenecktwist01", *_of_rigs("neck")),
        "left_eye": (*_eye_names("left"), *_eye_names("l"), "左目"),
        "right_eye": (*_eye_names("right"), *_eye_names("r"), "右目"),
    }
)
"""Lower case, without separators and namespaces."""


_HEAD_MOST: Final = 1.2  # radians: further no neck turns
_ALONG: Final = 0.985  # cosine of 10 degrees

_Directions = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class BoneRest:
    """One bone at rest, in armature space."""

    name: str
    head: np.ndarray  # (3,)
    rest: np.ndarray  # (3, 3), columns are the bone's axes: `bone.matrix_local`
    rotation_mode: str = "QUATERNION"
    posed: Pose = UNPOSED
    """Head, neck and eyes turn from there; a jaw does not, or lips would never meet."""


@dataclass(frozen=True)
class BoneAngles:
    """Turns in radians for a channel at 1.0."""

    # A jawOpen of 1 lowers the lower lip of a human-sized head by 42 mm, about 100 mm from the
    # hinge.
    jaw_open: float = 0.42
    jaw_side: float = 0.10
    eye_side: float = 0.52  # 30°
    eye_up_down: float = 0.44  # 25°
    head_share: float = (
        0.6  # of the head layer, where head and neck both can turn; the neck takes the rest
    )


def match_bones(bones: Sequence[BoneRest]) -> dict[str, BoneRest]:
    """The bones called jaw, head, neck, left_eye, right_eye in any usual spelling; roles without
    one are left out.
    """
    by_name: dict[str, BoneRest] = {}
    for bone in bones:
        by_name.setdefault(_plain(bone.name), bone)
    found = (
        (role, next((n for n in names if n in by_name), None)) for role, names in _NAMES.items()
    )
    return {role: by_name[name] for role, name in found if name is not None}


@lru_cache(maxsize=4096)  # bones are asked for at every move of a slider
def _plain(name: str) -> str:
    return re.sub(r"[\s.\-_]+", "", re.split(r"[:|]", name)[-1].casefold())


def face_directions(roles: Mapping[str, BoneRest]) -> _Directions:
    """The face's left, up and forward in armature space.

    Importers leave FLAME armatures with +Y or with +Z up, and rigs are made of bodies that look
    along any axis. The eyes tell: one lies to the left of the other, both above the neck and before
    it. Without both eyes and a neck, head or jaw, Blender's own: +X, +Z, -Y.
    """
    base = roles.get("neck") or roles.get("head") or roles.get("jaw")
    left, ups = np.array([1.0, 0.0, 0.0]), (np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]))
    if base is None or "left_eye" not in roles or "right_eye" not in roles:
        return left, ups[0], np.cross(left, ups[0])
    left_eye, right_eye = roles["left_eye"].head, roles["right_eye"].head
    rising = 0.5 * (left_eye + right_eye) - base.head
    for up in ups:
        across = _level(left_eye - right_eye, up)
        forward = np.cross(across, up)
        if rising @ up > 0 and rising @ forward > 0:
            return across, up, forward
    left = left if left_eye[0] >= right_eye[0] else -left
    return left, ups[0], np.cross(left, ups[0])


def _level(vector: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(3,): the direction of `vector` across `up`, 0 where it has none; the axis that it is all but
    along, for eyes are seldom placed to the last digit.
    """
    level = vector - (vector @ up) * up
    size = float(np.linalg.norm(level))
    if size == 0.0:
        return np.zeros(3)
    axis = np.where(np.abs(level) > _ALONG * size, np.sign(level), 0.0)
    return axis if axis.any() else level / size


def _turn_axes(bone: BoneRest, directions: _Directions) -> tuple[Axis, Axis, Axis]:
    """Axes in the bone's own space; a positive angle looks down, turns left, leans to the right
    ear.
    """
    nod, turn, tilt = (
        (np.asarray(bone.rest, np.float64).T @ direction).tolist() for direction in directions
    )
    return (nod[0], nod[1], nod[2]), (turn[0], turn[1], turn[2]), (tilt[0], tilt[1], tilt[2])


def bone_driven(
    armature: str,
    roles: Mapping[str, BoneRest],
    angles: BoneAngles | None = None,
    *,
    lips_have_keys: bool = True,
    use_head: bool = True,
) -> tuple[Driven, ...]:
    """What turns the bones in `roles`.

    Parameters
    ----------
    armature : str
        Name of the armature object.
    lips_have_keys : bool
        False: nothing else closes the lips, so mouthClose closes the jaw.
    use_head : bool
        Whether headYaw, headPitch and headRoll turn head and neck.
    """
    angles = angles or BoneAngles()
    directions = face_directions(roles)
    driven: list[Driven] = []
    if "jaw" in roles:
        driven += _jaw(armature, roles["jaw"], directions, angles, lips_have_keys=lips_have_keys)
    for role, side, other in (("left_eye", "Left", 1.0), ("right_eye", "Right", -1.0)):
        if role in roles:
            driven += _eye(armature, roles[role], directions, angles, side=side, outward=other)
    if use_head:
        driven += _head(armature, roles, directions, angles)
    return tuple(driven)


def _jaw(
    armature: str,
    bone: BoneRest,
    directions: _Directions,
    angles: BoneAngles,
    *,
    lips_have_keys: bool,
) -> list[Driven]:
    nod, turn, _tilt = _turn_axes(bone, directions)
    open_sources = (
        (("jawOpen", 1.0),) if lips_have_keys else (("jawOpen", 1.0), ("mouthClose", -1.0))
    )
    side_sources = (("jawLeft", 1.0), ("jawRight", -1.0))
    bone = replace(bone, posed=UNPOSED)
    nod_target = _target(armature, bone, nod)
    return [
        Driven(nod_target, open_sources, gain=angles.jaw_open, lower=0.0, upper=angles.jaw_open),
        _swing(_target(armature, bone, turn), side_sources, angles.jaw_side),
    ]


def _eye(
    armature: str,
    bone: BoneRest,
    directions: _Directions,
    angles: BoneAngles,
    *,
    side: str,
    outward: float,
) -> list[Driven]:
    nod, turn, _tilt = _turn_axes(bone, directions)
    up_down = ((f"eyeLookDown{side}", 1.0), (f"eyeLookUp{side}", -1.0))
    in_out = ((f"eyeLookOut{side}", outward), (f"eyeLookIn{side}", -outward))
    return [
        _swing(_target(armature, bone, nod), up_down, angles.eye_up_down),
        _swing(_target(armature, bone, turn), in_out, angles.eye_side),
    ]


def _head(
    armature: str, roles: Mapping[str, BoneRest], directions: _Directions, angles: BoneAngles
) -> list[Driven]:
    there = [role for role in ("head", "neck") if role in roles]
    shares = (
        {"head": angles.head_share, "neck": 1.0 - angles.head_share}
        if len(there) == 2
        else dict.fromkeys(there, 1.0)
    )
    driven: list[Driven] = []
    for role, share in shares.items():
        axes = _turn_axes(roles[role], directions)
        # The head layer counts up and to the left shoulder, the axes down and to the right ear.
        signed = (("headPitch", -share), ("headYaw", share), ("headRoll", -share))
        for axis, (channel, gain) in zip(axes, signed, strict=True):
            target, most = _target(armature, roles[role], axis), share * _HEAD_MOST
            driven.append(Driven(target, ((channel, 1.0),), gain=gain, lower=-most, upper=most))
    return driven


def _target(armature: str, bone: BoneRest, axis: Axis) -> BoneTarget:
    return BoneTarget(armature, bone.name, axis, bone.rotation_mode, bone.posed)


def _swing(target: BoneTarget, sources: tuple[tuple[str, float], ...], angle: float) -> Driven:
    """Both ways, by `angle` for 1.0."""
    return Driven(target, sources, gain=angle, lower=-angle, upper=angle)

"""Retargeting: a Clip and a Binding become keys at scene frames. No Blender in here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from . import arkit
from .clip import Clip
from .errors import InputError, RigError
from .keys.tables import KeyTable, driven_values, key_tables
from .rigs.binding import Binding, BoneTarget, Driven, KeyTarget, read_binding, write_binding
from .rigs.bones import BoneAngles, BoneRest, bone_driven, match_bones
from .rigs.flame import (
    ExpressionMatrix,
    expression_driven,
    is_flame_key,
    read_expression_matrix,
)
from .rigs.matching import Matching, match_keys, match_meshes
from .rigs.poses import PosedBone, Skeleton, aim_driven, match_skeleton, pose_driven
from .rigs.visemes import DERIVED_PREFIXES, derived_channels
from .shaping.closure import lip_channels, met_lips
from .timing import resample

__all__ = [
    "BakeOptions",
    "Binding",
    "BoneAngles",
    "BoneRest",
    "BoneTarget",
    "Driven",
    "ExpressionMatrix",
    "KeyTable",
    "KeyTarget",
    "Matching",
    "PosedBone",
    "Skeleton",
    "binding_of",
    "faces_of",
    "match_keys",
    "match_meshes",
    "read_binding",
    "read_expression_matrix",
    "retarget",
    "write_binding",
]


@dataclass(frozen=True)
class BakeOptions:
    """How keys are laid out in the scene."""

    every_n_frames: int = 1  # 2: animation "on twos"
    max_error: float = 0.0  # largest change that leaving out keys may make; 0 keeps every key
    is_held: bool = False  # each key stays until the next one: poses

    def __post_init__(self) -> None:
        if self.every_n_frames < 1:
            raise InputError(
                "Keys need a step of at least one frame",
                value=self.every_n_frames,
                remedy="Use 1 or 2.",
            )
        if not self.max_error >= 0.0:
            raise InputError(
                "The error of key reduction is negative",
                value=self.max_error,
                remedy="Use 0 or more.",
            )


def retarget(
    clip: Clip,
    binding: Binding,
    *,
    rate: Fraction,
    start_frame: float,
    options: BakeOptions | None = None,
    frames: np.ndarray | None = None,
) -> list[KeyTable]:
    """Keys of every target in `binding`, on whole scene frames.

    Parameters
    ----------
    clip : Clip
        Curves; the row due at `t` seconds on the sound's clock lands at `start_frame + t * rate`.
    rate : Fraction
        Scene frames per second, exact (24000/1001).
    start_frame : float
        Scene frame at which the sound's clock reads 0; may be a fraction, or negative.
    frames : float64 (K,), optional
        The scene frames that get keys, rising; else all that the clip covers.

    Returns
    -------
    list of KeyTable
        Shape keys in the binding's order, then bones. Curves with equal sources share their arrays.

    Raises
    ------
    InputError
        The rate is not positive, or the start is no number.
    RigError
        The binding drives nothing, or names channels that the clip does not have.
    """
    options = options or BakeOptions()
    if frames is None:
        step = options.every_n_frames
        frames = scene_frames(clip, rate=rate, start_frame=start_frame, step=step)
    still = np.zeros((1, len(clip.channels)), np.float32)
    resting = with_derived(replace(clip, values=still), binding)
    clip = with_derived(clip, binding)
    times_s = (frames - start_frame) * (rate.denominator / rate.numerator)
    sampled = _sample_clip(clip, times_s)
    values, rests = (
        driven_values(rows, clip.channels, binding.driven) for rows in (sampled, resting.values)
    )
    return key_tables(
        binding.driven, frames, values, rests, options.max_error, is_held=options.is_held
    )


def scene_frames(clip: Clip, *, rate: Fraction, start_frame: float, step: int = 1) -> np.ndarray:
    """float64 (K,): the whole scene frames that cover the clip, `step` apart, the last row
    included.
    """
    if rate <= 0:
        raise InputError(
            "The scene's frame rate must be positive",
            value=rate,
            remedy="Use 24, 30, 24000/1001 ...",
        )
    if not math.isfinite(start_frame):
        raise InputError(
            "The start frame is no number", value=start_frame, remedy="Give the frame of the strip."
        )
    if clip.n_frames == 0:
        return np.zeros(0)
    times_s = clip.times_s()
    # A strip that starts on frame 7 must key frame 7, not 8: forgive rounding far below a frame.
    first = math.ceil(start_frame + times_s[0] * float(rate) - 1e-6)
    last = max(first, math.ceil(start_frame + times_s[-1] * float(rate) - 1e-6))
    n_keys = 1 + math.ceil((last - first) / step)
    return first + step * np.arange(n_keys, dtype=np.float64)


def _sample_clip(clip: Clip, times_s: np.ndarray) -> np.ndarray:
    """float32 (K, C): the clip's curves at `times_s`, linear between rows, held at both ends.

    The lips of every row in which they meet go to the nearest of `times_s` as they are, if these
    lie wider than the rows: a closure of one row would else be averaged away between two of them.
    """
    if clip.n_frames == 0 or len(times_s) == 0:
        return np.zeros((len(times_s), len(clip.channels)), np.float32)
    wider = len(times_s) > 1 and (times_s[1] - times_s[0]) * float(clip.fps) > 1.0 + 1e-9
    held = met_lips(faces_of(clip)) if wider else None
    lips = {arkit.CHANNELS[i] for i in lip_channels()}
    columns = [
        i
        for i, name in enumerate(clip.channels)
        if name in lips or name.startswith(DERIVED_PREFIXES)
    ]
    at_s = times_s - clip.start_s
    return resample(clip.values, clip.fps, at_s, held=held, held_columns=np.array(columns, np.intp))


def faces_of(clip: Clip) -> np.ndarray:
    """float32 (T, 52): the clip's faces in Apple's order; channels that it lacks are 0."""
    if clip.channels[: arkit.N_CHANNELS] == arkit.CHANNELS:
        return clip.values[:, : arkit.N_CHANNELS]
    faces = np.zeros((clip.n_frames, arkit.N_CHANNELS), np.float32)
    for column, name in enumerate(clip.channels):
        if name in arkit.CHANNELS:
            faces[:, arkit.index(name)] = clip.values[:, column]
    return faces


def with_derived(clip: Clip, binding: Binding) -> Clip:
    """The clip with the viseme and vowel channels that `binding` asks for appended.

    Raises
    ------
    RigError
        The binding is empty, or names a channel that neither the clip has nor can be derived.
    """
    wanted = {channel for driven in binding.driven for channel, _weight in driven.sources}
    if not wanted:
        raise RigError(
            "The binding drives nothing",
            value=binding.label or "empty",
            remedy="Choose a face mesh.",
        )
    derived = sorted(
        name for name in wanted - set(clip.channels) if name.startswith(DERIVED_PREFIXES)
    )
    # Head channels are a layer that a clip may go without; anything else that is missing is a
    # typing error.
    unknown = sorted(
        wanted - set(clip.channels) - set(derived) - set(arkit.HEAD_CHANNELS) - set(arkit.CHANNELS)
    )
    if unknown:
        raise RigError(
            "The binding names an unknown channel", value=unknown[0], remedy="Use ARKit's 52 names."
        )
    if not derived:
        return clip
    extra = derived_channels(faces_of(clip), derived)
    return Clip(
        np.hstack([clip.values, extra]),
        (*clip.channels, *derived),
        clip.fps,
        clip.start_s,
        clip.meta,
    )


def binding_of(
    matchings: Mapping[str, Matching],
    skeleton: Skeleton | None = None,
    *,
    angles: BoneAngles | None = None,
    expressions: ExpressionMatrix | None = None,
    use_head: bool = True,
) -> Binding:
    """The Binding that drives every matched key, pose and bone of a character.

    Parameters
    ----------
    matchings : mapping
        By object name: what `match_meshes` found.
    skeleton : Skeleton, optional
        The armature: bones for jaw, eyes, head and neck are found by name; poses with a known name,
        and those of a known rig, do what no shape key does.
    angles : BoneAngles, optional
        How far bones turn for a channel at 1.0.
    expressions : ExpressionMatrix, optional
        For FLAME heads: what drives their expression keys, for channels that no other key follows.
    use_head : bool
        Whether headYaw, headPitch and headRoll turn head and neck.

    Raises
    ------
    RigError
        Nothing is known: no shape key, no pose and no bone.
    """
    driven = [
        Driven(KeyTarget(object_name, key), sources, lower=lower, upper=upper)
        for object_name, matching in matchings.items()
        for key, sources, lower, upper in matching.recipes()
    ]
    if expressions is not None:
        for object_name, matching in matchings.items():
            if any(is_flame_key(key) for key in matching.unmatched):
                lacking = expressions.of(matching.missing)  # keys of these names would be doubled
                driven += expression_driven(object_name, matching.unmatched, lacking)
    moved = {channel for item in driven for channel, _weight in item.sources}
    skeleton = skeleton or Skeleton()
    posed = match_skeleton(skeleton, moved)
    driven += pose_driven(skeleton, posed)
    if not _has_eyeballs(matchings):  # eyeLook keys on a face are for its lids
        driven += aim_driven(skeleton, moved)
    roles = _bones_to_drive(skeleton, matchings, posed)
    shut = any(channel == "mouthClose" for item in driven for channel, _weight in item.sources)
    driven += bone_driven(skeleton.name, roles, angles, lips_have_keys=shut, use_head=use_head)
    if not driven:
        names = ", ".join([*matchings, *filter(None, [skeleton.name])]) or "nothing selected"
        raise RigError(
            "No shape key or bone with a known name",
            value=names,
            remedy="docs/rigs.md lists known rigs.",
        )
    known = [*matchings.values(), *([posed] if posed.channels else [])]
    largest = max(known, key=lambda found: len(found.channels), default=None)
    return Binding(tuple(driven), label=largest.label if largest else "Bones")


def _has_eyeballs(matchings: Mapping[str, Matching]) -> bool:
    """Whether the keys of a mesh do nothing but look: it is an eye."""
    meshes = [matching.channels for matching in matchings.values()]
    return any(
        channels and all(name.startswith("eyeLook") for name in channels) for channels in meshes
    )


def _bones_to_drive(
    skeleton: Skeleton, matchings: Mapping[str, Matching], posed: Matching
) -> dict[str, BoneRest]:
    """Without the bones of what shape keys or poses move already: both would double it; and without
    those that eyes are aimed at: to turn them does nothing.
    """
    meshes = [matching.channels for matching in matchings.values()]
    opens = any(
        name.startswith(("jawOpen", "viseme.", "vowel."))
        for channels in (*meshes, posed.channels)
        for name in channels
    )
    # eyeLook keys on a face are for its lids, so eye bones turn all the same; poses turn the eyes
    # themselves.
    looks = any(name.startswith("eyeLook") for name in posed.channels)
    looks = looks or _has_eyeballs(matchings)
    return {
        role: bone
        for role, bone in match_bones(skeleton.bones).items()
        if not (role == "jaw" and opens)
        and not (role.endswith("_eye") and (looks or bone.name in skeleton.aims))
    }

"""Teeth with gums, modelled by code along an arch, and the tongue of the base head."""

from __future__ import annotations

import numpy as np

from ...emotalk_core.heads.base_head import BaseHead
from ...emotalk_core.heads.falloff import smoothstep
from ...emotalk_core.heads.mouth_parts import JAW_SHAPES, solid_motion
from .part import Part, blend, grid_faces, hex_colour
from .skin import JAW_GAIN
from .warp import MOUTH, bend

TOOTH = hex_colour("FFF8E8")
TOOTH_ROOT = hex_colour("F3E4CF")
GUM = hex_colour("C76468")
TONGUE = hex_colour("D8686C")
TONGUE_BACK = hex_colour("8E3440")

# Half widths of the teeth from the middle outwards, as arc length along the arch, mm.
UPPER_TEETH = (8.6, 6.8, 7.4, 6.8, 6.6, 8.5)
LOWER_TEETH = (5.6, 6.0, 6.8, 6.8, 6.8, 8.5)
SAMPLES_PER_TOOTH = 8
TONGUE_PLACE = np.array([0.0, -2.5, -1.0])  # mm, off the teeth


def build_upper_teeth() -> Part:
    """The upper row: part of the skull, no shape moves it."""
    points, colours, faces = _row(UPPER_TEETH, half_width=29.0, front=130.5, edge=615.6, up=1.0)
    head = {"head": np.ones(len(points))}
    return Part("Teeth.Upper", "Teeth", points + _shift(), (faces,), colours, {}, head)


def build_lower_teeth(base: BaseHead) -> Part:
    """The lower row: it moves with the jaw as one solid piece."""
    points, colours, faces = _row(LOWER_TEETH, half_width=24.0, front=126.0, edge=617.0, up=-1.0)
    guide = base.lower_teeth
    shapes = {}
    for name in JAW_SHAPES:
        moves = solid_motion(guide.vertices, guide.vertices + guide.shapes[name], points)
        shapes[name] = bend(points + moves * JAW_GAIN) - bend(points)
    head = {"head": np.ones(len(points))}
    return Part("Teeth.Lower", "Teeth", points + _shift(), (faces,), colours, shapes, head)


def _shift() -> np.ndarray:
    # Teeth are moved to the stylised mouth as a whole: bent, they would lose their form.
    mouth = np.array([MOUTH])
    return (bend(mouth) - mouth)[0]


def build_tongue(base: BaseHead) -> Part:
    """The tongue of the base head in its stylised place."""
    rest = base.tongue.vertices + TONGUE_PLACE
    shapes = {
        name: bend(rest + delta * (JAW_GAIN if name == "jawOpen" else 1.0)) - bend(rest)
        for name, delta in base.tongue.shapes.items()
    }
    colours = blend(np.tile(np.asarray(TONGUE), (len(rest), 1)), TONGUE_BACK,
                    smoothstep(110.0, 75.0, rest[:, 2]))  # fmt: skip
    faces = base.tongue.faces
    blocks = (faces[faces[:, 3] >= 0], faces[faces[:, 3] < 0][:, :3])
    head = {"head": np.ones(len(rest))}
    return Part("Tongue", "Tongue", bend(rest), tuple(b for b in blocks if len(b)), colours,
                shapes, head, 1)  # fmt: skip


def _row(
    widths: tuple[float, ...], *, half_width: float, front: float, edge: float, up: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, colours and faces of one row; `up` is the way from the biting edge to the gum."""
    along, tooth = _tooth_samples(widths)
    x, z, outward = _arch(along, half_width, front)
    # The outline of a tooth seen from the side: back, over the edge, front, under the gum.
    profile = np.array([
        [-3.6, 8.0], [-3.4, 4.0], [-2.6, 0.7], [-1.4, 0.0], [-0.4, 0.25],
        [0.25, 1.6], [0.45, 4.0], [0.1, 7.0], [-0.2, 8.2], [0.9, 9.0], [1.1, 11.5], [-0.5, 14.0],
    ])  # fmt: skip
    middle = 1.0 - tooth**2  # 1 in a tooth's middle, 0 between two teeth
    bulge = np.where(profile[:, 1] < 8.1, 1.0, 0.25)[:, None] * (1.0 - tooth**6)[None, :]
    depth = profile[:, :1] + 0.55 * (bulge - 1.0)
    short = 0.6 * (1.0 - middle) ** 2  # rounded corners at the biting edge
    height = profile[:, 1:] + np.where(profile[:, 1:] < 2.0, 1.0, 0.0) * short[None, :]
    # The row curves away from the bite towards the back, where the lips' corners are.
    curve = 3.0 * np.clip((np.abs(along) - 12.0) / 28.0, 0.0, 1.0) ** 1.5 * (up < 0)
    shrink = 1.0 - 0.12 * np.clip((np.abs(along) - 18.0) / 25.0, 0.0, 1.0)
    points = np.stack([
        x + outward[:, 0] * depth, edge + up * (height * shrink + curve), z + outward[:, 1] * depth
    ], axis=-1)  # fmt: skip
    colours = _row_colours(np.broadcast_to(height, points.shape[:2]).ravel())
    faces = grid_faces(len(profile), len(along))
    return points.reshape(-1, 3), colours, faces[:, ::-1] if up < 0 else faces


def _row_colours(height: np.ndarray) -> np.ndarray:
    base = np.tile(np.asarray(TOOTH), (len(height), 1))
    base = blend(base, TOOTH_ROOT, smoothstep(4.5, 8.0, height))
    return blend(base, GUM, smoothstep(8.0, 8.8, height))


def _tooth_samples(widths: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Arc length from the middle, and the place -1..1 within the tooth, of each sample."""
    within = np.linspace(-1.0, 1.0, SAMPLES_PER_TOOTH)
    starts = np.cumsum([0.0, *widths[:-1]])
    half = [(start + (within + 1.0) / 2.0 * width, within)
            for start, width in zip(starts, widths, strict=True)]  # fmt: skip
    along = np.concatenate([a for a, _ in half])
    tooth = np.concatenate([t for _, t in half])
    return np.concatenate([-along[::-1], along]), np.concatenate([tooth[::-1], tooth])


def _arch(
    along: np.ndarray, half_width: float, front: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, z and outward direction (N, 2) at arc lengths along a half ellipse."""
    turn = np.linspace(-np.pi / 2, np.pi / 2, 721)
    depth = 1.5 * half_width
    x, z = half_width * np.sin(turn), front - depth + depth * np.cos(turn)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    turn_at = np.interp(along, length - length[-1] / 2.0, turn)
    outward = np.stack([np.sin(turn_at) * depth, np.cos(turn_at) * half_width], axis=-1)
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    return half_width * np.sin(turn_at), front - depth + depth * np.cos(turn_at), outward

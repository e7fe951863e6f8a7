"""The eyeballs: white, iris with ring, pupil, and a highlight that is part of the mesh."""

from __future__ import annotations

import numpy as np

from ...emotalk_core.heads.falloff import smoothstep
from .part import Part, blend, grid_faces, hex_colour, join
from .warp import EYE_RADIUS, EYE_SCALE, eye_centre

RADIUS = EYE_RADIUS * EYE_SCALE
IRIS_ANGLE = 32.5  # degrees from the axis of sight
PUPIL_ANGLE = 14.5
LOOK_ANGLES = {"In": 22.0, "Out": 22.0, "Up": 18.0, "Down": 20.0}  # degrees at full weight
N_AROUND = 64
# Rings from the axis of sight backwards, degrees; doubled where the colour changes sharply.
RING_ANGLES = np.array([
    0.01, 5, 9, 13.2, 14.1, 14.9, 17, 20, 23, 26, 28.5, 30.8, 32.1, 32.9, 34, 36,
    40, 46, 54, 64, 76, 90, 110, 135, 179.99,
])  # fmt: skip
# (degrees right, degrees up, radius in degrees): the window's light, and its small reflection.
HIGHLIGHTS = ((-11.0, 12.5, 6.2), (10.0, -11.0, 2.8))
HIGHLIGHT_FOLLOWS = 0.55  # a reflection moves less than the eye that it is on

WHITE = hex_colour("FBF7F2")
WHITE_SHADE = hex_colour("E2D2CC")
RING = hex_colour("123A38")
IRIS_TOP = hex_colour("1F6B62")
IRIS_BOTTOM = hex_colour("62C9A6")
PUPIL = hex_colour("0B1013")


def build_eye(side: int) -> Part:
    """One eye, `side` 1 for the character's left; its mesh turns about `eye_centre(side)`."""
    name = "Eye.L" if side > 0 else "Eye.R"
    ball, lights = _ball(), [_highlight(*spot) for spot in HIGHLIGHTS]
    suffix = "Left" if side > 0 else "Right"
    parts = [
        _placed(points, colours, faces, side, suffix, follow)
        for (points, colours, faces), follow in [
            (ball, 1.0), *((light, HIGHLIGHT_FOLLOWS) for light in lights)
        ]
    ]  # fmt: skip
    eye = join(name, parts)
    return Part(name, "Eye", eye.vertices, eye.faces, eye.colours, eye.shapes,
                {"eye.L" if side > 0 else "eye.R": np.ones(len(eye.vertices))})  # fmt: skip


def _placed(
    points: np.ndarray, colours: np.ndarray, faces: np.ndarray, side: int, suffix: str,
    follow: float,
) -> Part:  # fmt: skip
    shapes = {
        f"eyeLook{way}{suffix}": points @ _turn(way, side, follow).T - points for way in LOOK_ANGLES
    }
    return Part("", "Eye", points + eye_centre(side), (faces,), colours, shapes)


def _turn(way: str, side: int, follow: float) -> np.ndarray:
    angle = np.radians(LOOK_ANGLES[way] * follow)
    if way in ("Up", "Down"):
        pitch = -angle if way == "Up" else angle
        c, s = np.cos(pitch), np.sin(pitch)
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    yaw = angle * side * (1.0 if way == "Out" else -1.0)
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _ball() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    around = np.linspace(0.0, 2.0 * np.pi, N_AROUND, endpoint=False)
    angle, turn = np.meshgrid(RING_ANGLES, around, indexing="ij")
    ring = np.radians(angle)
    # The iris is a shallow dish: it catches the light opposite to the lamp, as a real one does.
    dish = 1.5 * smoothstep(IRIS_ANGLE, IRIS_ANGLE - 14.0, angle)
    x = RADIUS * np.sin(ring) * np.cos(turn)
    y = RADIUS * np.sin(ring) * np.sin(turn)
    z = RADIUS * np.cos(ring) - dish
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    faces = grid_faces(len(RING_ANGLES), N_AROUND, wrap=True)[:, ::-1]
    return points, _ball_colours(angle.ravel(), turn.ravel()), faces


def _ball_colours(angle: np.ndarray, turn: np.ndarray) -> np.ndarray:
    height = np.sin(turn)
    white = blend(np.tile(np.asarray(WHITE), (len(angle), 1)), WHITE_SHADE,
                  0.8 * smoothstep(34.0, 75.0, angle * (1.0 + 0.35 * height)))  # fmt: skip
    rays = 0.5 + 0.5 * np.sin(turn * 23.0) * np.sin(turn * 7.0 + 1.0)
    iris = blend(np.tile(np.asarray(IRIS_TOP), (len(angle), 1)), IRIS_BOTTOM,
                 smoothstep(0.75, -0.9, height) * (0.75 + 0.25 * rays))  # fmt: skip
    iris = blend(iris, RING, 0.85 * smoothstep(25.5, 30.0, angle))
    iris = blend(iris, PUPIL, 0.35 * smoothstep(18.0, 14.0, angle))
    colours = blend(white, RING, angle < IRIS_ANGLE + 0.1)
    inside = angle < IRIS_ANGLE - 0.5
    colours[inside] = iris[inside]
    return blend(colours, PUPIL, angle < PUPIL_ANGLE)


def _highlight(right: float, up: float, size: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # A small dome that floats just over the eyeball.
    angles = np.linspace(0.01, 1.0, 5)
    around = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    spread, turn = np.meshgrid(angles * np.radians(size), around, indexing="ij")
    lift = RADIUS + 0.12 + 0.25 * (1.0 - (spread / np.radians(size)) ** 2)
    points = np.stack([lift * np.sin(spread) * np.cos(turn), lift * np.sin(spread) * np.sin(turn),
                       lift * np.cos(spread)], axis=-1).reshape(-1, 3)  # fmt: skip
    yaw, pitch = np.radians(right), np.radians(-up)
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)],
                        [0, np.sin(pitch), np.cos(pitch)]])  # fmt: skip
    points = points @ (about_y @ about_x).T
    return points, np.ones_like(points), grid_faces(5, 24, wrap=True)[:, ::-1]

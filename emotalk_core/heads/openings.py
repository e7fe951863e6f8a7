"""Where lids and lips really end: the openings of eyes and mouth, as they are seen from ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .eyeballs import Eyeball, FaceAxes
from .surface import Surface, nearest

PIXELS = 72  # across an eye, or a mouth
EYE_VIEW, MOUTH_VIEW = 1.1, 0.75  # half of what is looked at: in eye radii, in guessed mouth widths
LEAST_DETOUR = 5.0  # pixels: so much longer is the way round a corner than across the lips
EYE_WIDTHS, EYE_HEIGHTS = (0.6, 2.1), (0.15, 1.9)  # radii: what an opening may measure
MOUTH_WIDTHS = (0.4, 1.4)  # of the guessed one


@dataclass(frozen=True, eq=False)
class _View:
    """A square picture of what is in front, from ahead."""

    depth: np.ndarray  # float (P, P): rows from above, columns to the face's left; -inf: nothing
    vertex: np.ndarray  # int (P, P): the vertex of the skin that is nearest there
    centre: np.ndarray  # (3,) left, up, ahead
    half: float
    ways: np.ndarray  # (3, 3) rows left, up, ahead

    def place(self, row: float, column: float, depth: float) -> np.ndarray:
        """Where (3,) a pixel is, in the meshes' coordinates."""
        step = 2.0 * self.half / PIXELS
        left = self.centre[0] - self.half + (column + 0.5) * step
        up = self.centre[1] + self.half - (row + 0.5) * step
        return np.array([left, up, depth]) @ self.ways


def eye_opening(skin: Surface, eye: Eyeball, axes: FaceAxes) -> dict[str, np.ndarray]:
    """Guides of one eye's corners and lids by where the skin lets the eyeball be seen; none where
    that is no eye's opening.
    """
    view = _view(skin, eye.centre, EYE_VIEW * eye.radius, axes)
    step = 2.0 * view.half / PIXELS
    at = (np.arange(PIXELS) + 0.5) * step - view.half
    square = eye.radius**2 - at[None] ** 2 - at[::-1, None] ** 2
    ball = view.centre[2] + np.sqrt(np.maximum(square, 0.0))
    is_open = (square > 0.0) & (view.depth < ball)
    columns = np.flatnonzero(is_open.any(axis=0))
    if len(columns) < 2:
        return {}
    middle = int(round(columns.mean()))
    tall, wide = is_open[:, middle].sum() * step, np.ptp(columns) * step
    if not (
        _is_within(wide / eye.radius, EYE_WIDTHS) and _is_within(tall / eye.radius, EYE_HEIGHTS)
    ):
        return {}
    rows = np.flatnonzero(is_open[:, middle])
    outer_first = eye.side == "Right"  # columns run to the face's left
    inner, outer = (columns[-1], columns[0]) if outer_first else (columns[0], columns[-1])
    spots = {
        "eye_inner": (_mean_row(is_open, inner), inner), "eye_outer": (_mean_row(is_open, outer), outer),
        "upper_lid": (rows[0] - 0.5, middle), "lower_lid": (rows[-1] + 0.5, middle),
    }  # fmt: skip
    return {
        f"{name}.{eye.side[0]}": view.place(row, column, float(ball[int(row), int(column)]))
        for name, (row, column) in spots.items()
    }


def mouth_opening(
    skin: Surface, guides: Mapping[str, np.ndarray], axes: FaceAxes, face: np.ndarray
) -> dict[str, np.ndarray]:
    """Guides of the lips' line and its corners: where two spots are near in the picture, but far
    apart on the way along the skin. None where the lips are one surface. `face` (M,) are the
    skin's vertices.
    """
    width = float(np.linalg.norm(guides["mouth_corner.L"] - guides["mouth_corner.R"]))
    view = _view(skin, np.asarray(guides["mouth"]), MOUTH_VIEW * width, axes)
    step = 2.0 * view.half / PIXELS
    up, down = (
        skin.ways(int(face[nearest(np.asarray(guides[name])[None], skin.vertices[face])[0]]))
        for name in ("upper_lip", "lower_lip")
    )
    with np.errstate(invalid="ignore"):
        lean = np.where(view.vertex >= 0, (down - up)[view.vertex], np.nan)
    fall = lean[:-1] - lean[1:]
    rows = np.arange(PIXELS - 1)
    fall[np.abs(rows + 1 - PIXELS / 2) > PIXELS / 4] = np.nan
    fall = np.nan_to_num(fall, nan=0.0, posinf=0.0, neginf=0.0)
    steep = fall.max(axis=0) > LEAST_DETOUR * step
    columns = _run_around(steep, PIXELS // 2)
    if not len(columns) or not _is_within(np.ptp(columns) * step / width, MOUTH_WIDTHS):
        return {}
    found = {}
    for name, column in (
        ("mouth_corner.R", columns[0]), ("mouth", PIXELS // 2), ("mouth_corner.L", columns[-1]),
    ):  # fmt: skip
        row = int(fall[:, column].argmax())
        depth = float(np.max(view.depth[row : row + 2, column]))
        found[name] = view.place(row + 0.5, column, depth)
    return found


def _view(skin: Surface, centre: np.ndarray, half: float, axes: FaceAxes) -> _View:
    ways = np.stack([axes.left, axes.up, axes.ahead])
    seen, middle = skin.vertices @ ways.T, np.asarray(centre) @ ways.T
    depth = np.full((PIXELS, PIXELS), -np.inf)
    vertex = np.full((PIXELS, PIXELS), -1)
    near = (np.abs(seen[:, :2] - middle[:2]) < 1.5 * half).all(axis=1)
    near &= seen[:, 2] > middle[2] - 2.0 * half
    at = (np.arange(PIXELS) + 0.5) * 2.0 * half / PIXELS - half
    for triangle in skin.triangles[near[skin.triangles].any(axis=1)]:
        a, b, c = seen[triangle] - (middle[0], middle[1], 0.0)
        low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
        columns = np.flatnonzero((at >= low[0]) & (at <= high[0]))
        rows = np.flatnonzero((at[::-1] >= low[1]) & (at[::-1] <= high[1]))
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if not (len(columns) and len(rows)) or abs(area) < 1e-30:
            continue
        x, y = at[None, columns] - a[0], at[::-1][rows, None] - a[1]
        s = (x * (c[1] - a[1]) - y * (c[0] - a[0])) / area
        t = ((b[0] - a[0]) * y - (b[1] - a[1]) * x) / area
        there = a[2] + s * (b[2] - a[2]) + t * (c[2] - a[2])
        block = np.ix_(rows, columns)
        front = (s >= 0.0) & (t >= 0.0) & (s + t <= 1.0) & (there > depth[block])
        depth[block] = np.where(front, there, depth[block])
        corner = np.argmax(np.stack([1.0 - s - t, s, t]), axis=0)
        vertex[block] = np.where(front, triangle[corner], vertex[block])
    return _View(depth, vertex, middle, half, ways)


def _mean_row(is_open: np.ndarray, column: int) -> float:
    return float(np.flatnonzero(is_open[:, column]).mean())


def _run_around(steep: np.ndarray, middle: int) -> np.ndarray:
    """The columns (K,) without a gap around the middle one, where all are steep."""
    if not steep[middle]:
        return np.zeros(0, dtype=int)
    first = middle - int(np.argmin(np.append(steep[middle::-1], False))) + 1
    last = middle + int(np.argmin(np.append(steep[middle:], False)))
    return np.arange(first, last)


def _is_within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] < value < limits[1]

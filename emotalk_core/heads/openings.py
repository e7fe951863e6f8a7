"""Where lids and lips really end: the openings of eyes and mouth, as they are seen from ahead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .face import Face
from .raster import drawn

PIXELS = 72  # across an eye, or a mouth
SHARES = (0.12, 0.25, 0.37, 0.5, 0.63, 0.75, 0.88)  # of the way from corner to corner
DEEP = 0.12  # mouth widths: what is so far behind the lips is between them
ABOVE_BELOW = "nose_base", "chin"  # of the lips, however badly those are guessed
RIM = 0.6  # of half of the view: a lid's rim is not further before or behind the eyeball
HOLLOW = 0.08  # eye widths: a socket is so much deeper than its lids
EYE_VIEW, MOUTH_VIEW = 1.1, 0.75  # half of what is looked at: in eye radii, in guessed mouth widths
LEAST_DETOUR = 4.0  # pixels: so much longer is the way round a corner than across the lips
EYE_WIDTHS, EYE_HEIGHTS = (0.5, 1.7), (0.1, 1.2)  # of the guessed width: what may be an opening
MOUTH_WIDTHS = (0.4, 1.4)  # of the guessed one


@dataclass(frozen=True, eq=False)
class _View:
    """A square picture of what is in front, from ahead."""

    depth: np.ndarray  # float (P, P): rows from above, columns to the face's left; -inf: nothing
    value: np.ndarray  # float (P, P): what the skin's vertices there are given; NaN: nothing
    centre: np.ndarray  # (3,) left, up, ahead
    half: float
    ways: np.ndarray  # (3, 3) rows left, up, ahead

    @property
    def step(self) -> float:
        """A pixel's width."""
        return 2.0 * self.half / PIXELS

    @property
    def at(self) -> np.ndarray:
        """Where (P,) each column lies, from the centre to the left."""
        return (np.arange(PIXELS) + 0.5) * self.step - self.half

    def place(self, row: float, column: float, depth: float) -> np.ndarray:
        """Where (3,) a pixel is, in the meshes' coordinates."""
        left = self.centre[0] - self.half + (column + 0.5) * self.step
        up = self.centre[1] + self.half - (row + 0.5) * self.step
        return np.array([left, up, depth]) @ self.ways

    def columns(self, start: np.ndarray, end: np.ndarray) -> list[int]:
        """Columns at each of SHARES between two places."""
        ends = start @ self.ways[0], end @ self.ways[0]
        left = ends[0] + np.array(SHARES) * (ends[1] - ends[0])
        column = np.round((left - self.centre[0] + self.half) / self.step - 0.5)
        return [int(c) for c in np.clip(column, 0, PIXELS - 1)]


@dataclass(frozen=True, eq=False)
class Rims:
    """Edges of eyes or mouth, sampled between their corners."""

    places: np.ndarray  # float (R, 3)
    is_known: np.ndarray  # bool (R,): where there is no opening, none is


def eye_corners(face: Face, side: str) -> dict[str, np.ndarray]:
    """Guides of one eye's corners and lids by where the skin lets the eye be seen; none where
    that is no eye's opening.
    """
    mask = _eye_mask(face, side)
    columns = np.flatnonzero(mask.is_open.any(axis=0))
    width = face.width_of_eye(side)
    if len(columns) < 2:
        return {}
    middle = round(float(columns.mean()))
    rows = np.flatnonzero(mask.is_open[:, middle])
    tall, wide = len(rows) * mask.view.step / width, np.ptp(columns) * mask.view.step / width
    if not (_is_within(wide, EYE_WIDTHS) and _is_within(tall, EYE_HEIGHTS)):
        return {}
    # Columns run to the face's left.
    inner, outer = (columns[0], columns[-1]) if side == "Left" else (columns[-1], columns[0])
    towards = 1 if side == "Left" else -1
    found = {
        name: mask.edge(row, column, (round(row), column + way))
        for name, column, way, row in (
            ("eye_inner", int(inner), -towards, mask.mean_row(int(inner))),
            ("eye_outer", int(outer), towards, mask.mean_row(int(outer))),
        )
    }
    found["upper_lid"], found["lower_lid"] = mask.lids(middle)
    return {f"{name}.{side[0]}": place for name, place in found.items()}


def mouth_corners(face: Face) -> dict[str, np.ndarray]:
    """Guides of the lips' line and its corners; none where the lips are one surface."""
    line = _lip_line(face)
    columns = _run_around(line.is_cut, PIXELS // 2)
    width = face.width_of_mouth()
    if len(columns) < 2 or not _is_within(np.ptp(columns) * line.view.step / width, MOUTH_WIDTHS):
        return {}
    spots = {
        "mouth_corner.R": columns[0], "mouth": PIXELS // 2, "mouth_corner.L": columns[-1],
    }  # fmt: skip
    return {name: line.place(int(column)) for name, column in spots.items()}


def lid_rims(face: Face, side: str) -> Rims:
    """Both lids of one eye at SHARES of the way from corner to corner: upper, lower, upper..."""
    mask = _eye_mask(face, side)
    places, known = [], []
    ends = face.guide("eye_inner", side), face.guide("eye_outer", side)
    for column in mask.view.columns(*ends):
        rows = np.flatnonzero(mask.is_open[:, column])
        known += [len(rows) > 0] * 2
        places += mask.lids(column) if len(rows) else [np.zeros(3)] * 2
    return Rims(np.stack(places), np.array(known))


def lid_edges(face: Face, side: str) -> np.ndarray:
    """Edges (C, 2, 3) of the upper and the lower lid in each column where one eye is open."""
    mask = _eye_mask(face, side)
    columns = np.flatnonzero(mask.is_open.any(axis=0))
    return np.array([mask.lids(int(column)) for column in columns]).reshape(-1, 2, 3)


def lid_heights(
    face: Face, side: str, deltas: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """How much of an eye is to be seen: places (P,) along the face's left, and heights there; with
    deltas (N, 3) of the skin, what of that is still seen under them.
    """
    mask = _eye_mask(face, side)
    is_seen = mask.is_open
    if deltas is not None:
        # A lid that meets in its middle may gape beside it, so what was open is looked at again.
        is_seen = is_seen & _eye_mask(face.moved(deltas), side).is_deep
    return mask.view.centre[0] + mask.view.at, is_seen.sum(axis=0) * mask.view.step


def lip_rims(face: Face) -> Rims:
    """The lips' line at SHARES of the way from the right corner to the left one."""
    line = _lip_line(face)
    ends = face.guide("mouth_corner", "Right"), face.guide("mouth_corner", "Left")
    columns = line.view.columns(*ends)
    places = [line.place(column) for column in columns]
    return Rims(np.stack(places), line.is_cut[columns])


def lips_apart(face: Face) -> float:
    """How far the lips stand apart in their middle at rest, as seen from ahead."""
    line = _lip_line(face)
    column = PIXELS // 2  # the view is about the guide of the mouth
    depth = line.view.depth[:, column]
    is_deep = depth < line.view.centre[2] - DEEP * face.width_of_mouth()
    row = round(float(line.row[column]))
    near = [r for r in (row, row + 1, row - 1) if is_deep[r]]
    return len(_run_around(is_deep, near[0])) * line.view.step if near else 0.0


@dataclass(frozen=True, eq=False)
class _EyeMask:
    view: _View
    is_deep: np.ndarray  # bool (P, P): nothing lies before the eye, or where it would be
    depth: np.ndarray  # float (P, P): where lids would lie

    @cached_property
    def is_open(self) -> np.ndarray:
        """Where (P, P) the eye is to be seen: what of that hangs together with the middle."""
        return _around_middle(self.is_deep)

    def mean_row(self, column: int) -> float:
        return float(np.flatnonzero(self.is_open[:, column]).mean())

    def lids(self, column: int) -> list[np.ndarray]:
        """The edges of the upper and the lower lid in a column where the eye is open."""
        rows = np.flatnonzero(self.is_open[:, column])
        first, last = int(rows[0]), int(rows[-1])
        return [
            self.edge(first - 0.5, column, (first - 1, column)),
            self.edge(last + 0.5, column, (last + 1, column)),
        ]

    def edge(self, row: float, column: float, beside: tuple[int, int]) -> np.ndarray:
        """The skin's own edge (3,) at the opening's; `beside` is its pixel there."""
        row_beside, column_beside = np.clip(beside, 0, PIXELS - 1)
        seen = float(self.view.depth[row_beside, column_beside])
        there = float(self.depth[row_beside, column_beside])
        # What lies deep is no rim: a nose or a brow before it, a hole behind it.
        is_rim = abs(seen - there) < RIM * self.view.half
        return self.view.place(row, column, seen if is_rim else there)


def _eye_mask(face: Face, side: str) -> _EyeMask:
    inner, outer, upper, lower = (
        face.guide(name, side) for name in ("eye_inner", "eye_outer", "upper_lid", "lower_lid")
    )
    eye, width = face.eyes.get(side), face.width_of_eye(side)
    if eye is None:
        view = _view(face, 0.5 * (upper + lower), EYE_VIEW * 0.5 * width)
        corners = np.stack([inner, outer]) @ view.ways.T
        share = (view.at + view.centre[0] - corners[0, 0]) / (corners[1, 0] - corners[0, 0])
        flat = corners[0, 2] + share * (corners[1, 2] - corners[0, 2])
        bulge = view.centre[2] - corners[:, 2].mean()
        depth = np.tile(flat + 4.0 * share * (1.0 - share) * bulge, (PIXELS, 1))
        return _EyeMask(view, view.depth < depth - HOLLOW * width, depth)
    view = _view(face, eye.centre, EYE_VIEW * eye.radius)
    at = view.at
    square = eye.radius**2 - at[None] ** 2 - at[::-1, None] ** 2
    ball = view.centre[2] + np.sqrt(np.maximum(square, 0.0))
    return _EyeMask(view, (square > 0.0) & (view.depth < ball), ball)


def _around_middle(mask: np.ndarray) -> np.ndarray:
    """The part of a mask (P, P) that hangs together with its middle, column by column."""
    found = np.zeros_like(mask)
    reach = slice(PIXELS // 2 - PIXELS // 8, PIXELS // 2 + PIXELS // 8)
    start = np.argmax(mask[reach].sum(axis=0) * np.hanning(PIXELS))
    for step, first in ((1, start), (-1, start - 1)):
        before = reach
        for column in range(int(first), PIXELS if step > 0 else -1, step):
            rows = np.flatnonzero(mask[before, column]) + before.start
            if not len(rows):
                break
            run = _run_around(mask[:, column], int(rows[len(rows) // 2]))
            found[run, column] = True
            before = slice(int(run[0]), int(run[-1]) + 1)
    return found


@dataclass(frozen=True, eq=False)
class _LipLine:
    view: _View
    row: np.ndarray  # float (P,): the last row of the upper lip in each column
    is_cut: np.ndarray  # bool (P,): the way from there to the next row is a detour

    def place(self, column: int) -> np.ndarray:
        row = int(self.row[column])
        seen = self.view.depth[row : row + 3, column]
        depth = float(seen.max()) if np.isfinite(seen).any() else float(self.view.centre[2])
        return self.view.place(float(self.row[column]) + 0.5, column, depth)


def _lip_line(face: Face) -> _LipLine:
    """Where two spots are near in the picture, but far apart on the way along the skin."""
    width = face.width_of_mouth()
    up, down = (face.skin.ways(face.nearest_vertex(name)) for name in ABOVE_BELOW)
    lean = np.nan_to_num(down - up, nan=0.0, posinf=0.0, neginf=0.0)
    view = _view(face, face.guide("mouth"), MOUTH_VIEW * width, lean)
    falls = [_falls(view.value), _falls(view.value[::-1])[::-1]]
    rows = [fall.argmax(axis=0) for fall in falls]  # of lips that gape: their two edges
    is_cut = np.maximum(*(fall.max(axis=0) for fall in falls)) > LEAST_DETOUR * view.step
    return _LipLine(view, 0.5 * (rows[0] + rows[1]), is_cut)


def _falls(value: np.ndarray) -> np.ndarray:
    """By how much (P - 1, P) each row differs from the next; where nothing is, the row before
    goes on.
    """
    filled = value.copy()
    for row in range(1, PIXELS):
        filled[row] = np.where(np.isnan(filled[row]), filled[row - 1], filled[row])
    fall = np.nan_to_num(np.abs(np.diff(filled, axis=0)))
    fall[np.abs(np.arange(1, PIXELS) - PIXELS / 2) > PIXELS / 4] = 0.0
    return fall


def _view(face: Face, centre: np.ndarray, half: float, values: np.ndarray | None = None) -> _View:
    skin, ways = face.skin, face.axes.rows
    seen, middle = skin.vertices @ ways.T, centre @ ways.T
    given = np.zeros(len(seen)) if values is None else values
    near = (np.abs(seen[:, :2] - middle[:2]) < 1.5 * half).all(axis=1)
    near &= seen[:, 2] > middle[2] - 2.0 * half
    at = (np.arange(PIXELS) + 0.5) * 2.0 * half / PIXELS - half
    triangles = skin.triangles[near[skin.triangles].any(axis=1)]
    corners = seen[triangles] - (middle[0], middle[1], 0.0)
    depth, value = drawn(corners, given[triangles], at)
    return _View(depth, value, middle, half, ways)


def _run_around(steep: np.ndarray, middle: int) -> np.ndarray:
    """The columns (K,) without a gap around the middle one, where all are steep."""
    if not steep[middle]:
        return np.zeros(0, dtype=int)
    first = middle - int(np.argmin(np.append(steep[middle::-1], False))) + 1
    last = middle + int(np.argmin(np.append(steep[middle:], False)))
    return np.arange(first, last)


def _is_within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] < value < limits[1]

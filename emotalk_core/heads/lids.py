"""Finds the loops of vertices that the eyelids are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .base_head import BaseMesh, EdgeWalk, flood, neighbours

# Vertices of the left eye in the base head.
SOCKET_FLOOR = 3847  # behind the eyeball
INNERMOST = (3205, 3204)  # an edge of the loop that is tucked behind the lid's rim
OUTWARDS = 3179  # the next loop's vertex over INNERMOST[0]
N_LOOPS = 9
RIM = 4  # the loop that is seen as the lid's edge


@dataclass(frozen=True, eq=False)
class Lids:
    """Both lids of one eye in the skin's mesh."""

    side: int  # 1 for the character's left
    loops: np.ndarray  # int (N_LOOPS, 28), from behind the rim outwards
    bag: np.ndarray  # int (M,), the hidden rest of the socket

    def upper_rim(self, vertices: np.ndarray) -> np.ndarray:
        """Vertices along the upper rim, from the inner to the outer corner."""
        return self._rim(vertices, upper=True)

    def lower_rim(self, vertices: np.ndarray) -> np.ndarray:
        """Vertices along the lower rim, from the inner to the outer corner."""
        return self._rim(vertices, upper=False)

    def _rim(self, vertices: np.ndarray, *, upper: bool) -> np.ndarray:
        rim = self.loops[RIM]
        outward = vertices[rim, 0] * self.side
        ring = np.roll(rim, -int(np.argmin(outward)))
        end = int(np.argmax(vertices[ring, 0] * self.side))
        halves = (ring[: end + 1], np.concatenate([ring[end:], ring[:1]])[::-1])
        high = [vertices[half, 1].mean() for half in halves]
        return halves[int(np.argmax(high) if upper else np.argmin(high))]


def find_lids(skin: BaseMesh) -> tuple[Lids, Lids]:
    """The lids of the left and the right eye."""
    near = neighbours(skin.faces, len(skin.vertices))
    walk = EdgeWalk(skin.faces, near)
    return _side_lids(skin.vertices, near, walk, 1), _side_lids(skin.vertices, near, walk, -1)


def _side_lids(rest: np.ndarray, near: list[set[int]], walk: EdgeWalk, side: int) -> Lids:
    floor, here, beside, out = (
        _mirrored(rest, i, side) for i in (SOCKET_FLOOR, *INNERMOST, OUTWARDS)
    )
    rungs = [(here, beside), (out, walk.ahead_of_quad(here, beside, out))]
    spine = [here, out]
    loops = [walk.loop(*rung) for rung in rungs]
    while len(loops) < N_LOOPS:
        following = walk.ahead(spine[-2], spine[-1])
        loops.append(walk.loop(following, walk.ahead_of_quad(*rungs[-1], following)))
        rungs.append((loops[-1][0], loops[-1][1]))
        spine.append(following)
    bag = flood(near, floor, set(loops[0]))
    return Lids(side, np.array(loops), np.array(sorted(bag)))


def _mirrored(rest: np.ndarray, vertex: int, side: int) -> int:
    place = rest[vertex] * (side, 1.0, 1.0)
    return int(np.argmin(np.linalg.norm(rest - place, axis=1)))

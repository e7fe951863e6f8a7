"""A page to draw on: text, pictures and curves in logical pixels, smoothed by drawing larger."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import bpy
import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["INK", "MUTED", "PAPER", "Canvas", "Colour", "save_picture"]

Colour = tuple[int, int, int]

PAPER: Final[Colour] = (250, 248, 245)
INK: Final[Colour] = (38, 40, 46)
MUTED: Final[Colour] = (134, 134, 140)
RULE: Final[Colour] = (226, 222, 216)
_SCALE: Final = 2  # drawn this much larger, then reduced: Pillow's lines have hard edges


_EAST_ASIAN: Final = "\u2e80"  # and what comes after it
_FONTS: Final = {False: "Inter.woff2", True: "Noto Sans CJK Regular.woff2"}


@cache
def _font(size: int, *, is_east_asian: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Two of Blender's own, for European letters and for Chinese, Japanese and Korean ones;
    Pillow's, which lacks all but English letters, where Blender has none.
    """
    file = Path(bpy.utils.system_resource("DATAFILES")) / "fonts" / _FONTS[is_east_asian]
    if file.is_file():
        return ImageFont.truetype(str(file), size * _SCALE)
    return ImageFont.load_default(size * _SCALE)


def _font_for(words: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return _font(size, is_east_asian=any(letter >= _EAST_ASIAN for letter in words))


class Canvas:
    """One page; coordinates and sizes are pixels of the finished picture."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._page = Image.new("RGB", (width * _SCALE, height * _SCALE), PAPER)
        self._draw = ImageDraw.Draw(self._page)

    def text(
        self,
        at: tuple[float, float],
        words: str,
        *,
        size: int = 15,
        fill: Colour = INK,
        anchor: str = "ls",
        edge: Colour | None = None,
    ) -> None:
        """Words with their anchor (Pillow's letters; "ls" is left end of the baseline) at a
        point; with an edge they can be read on any picture.
        """
        place = (at[0] * _SCALE, at[1] * _SCALE)
        width = 0 if edge is None else 1
        self._draw.text(place, words, font=_font_for(words, size), fill=fill, anchor=anchor,
                        stroke_width=width, stroke_fill=edge)  # fmt: skip

    def width_of(self, words: str, size: int) -> float:
        """How much room `text` takes."""
        return self._draw.textlength(words, font=_font_for(words, size)) / _SCALE

    def picture(self, at: tuple[float, float], image: Image.Image, side: float) -> None:
        """A square picture with its upper left corner at a point."""
        n = round(side * _SCALE)
        small = image.convert("RGB").resize((n, n), Image.Resampling.LANCZOS)
        self._page.paste(small, (round(at[0] * _SCALE), round(at[1] * _SCALE)))

    def line(self, points: np.ndarray, *, fill: Colour, width: float = 1.5) -> None:
        """A curve through points (N, 2)."""
        flat = [(float(x) * _SCALE, float(y) * _SCALE) for x, y in points]
        self._draw.line(flat, fill=fill, width=max(1, round(width * _SCALE)), joint="curve")

    def area(self, x: np.ndarray, low: np.ndarray, high: np.ndarray, fill: Colour) -> None:
        """What lies between two curves over the same x (N,)."""
        there = np.column_stack([x, low])
        back = np.column_stack([x, high])[::-1]
        self._draw.polygon(
            [tuple(p) for p in (np.vstack([there, back]) * _SCALE).tolist()], fill=fill
        )

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A thin straight line."""
        self.line(np.array([[x0, y0], [x1, y1]]), fill=RULE, width=1.0)

    def disc(self, centre: tuple[float, float], radius: float, fill: Colour) -> None:
        """A filled circle."""
        x, y, r = centre[0] * _SCALE, centre[1] * _SCALE, radius * _SCALE
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def badge(self, centre: tuple[float, float], words: str, fill: Colour = INK) -> None:
        """A small disc with a number in it."""
        self.disc(centre, 10, fill)
        self.text(centre, words, size=11, fill=PAPER, anchor="mm")

    def finished(self) -> Image.Image:
        """The page at its own size."""
        return self._page.resize((self.width, self.height), Image.Resampling.LANCZOS)


def save_picture(page: Image.Image, path: Path) -> None:
    """A png or jpg, by suffix; it appears when it is whole."""
    part = path.with_name(path.name + ".part")
    if path.suffix == ".jpg":
        page.save(part, format="JPEG", quality=84, optimize=True, progressive=True)
    else:
        page.save(part, format="PNG", optimize=True)
    part.replace(path)

"""The networks in torch: each has a content branch, an emotion branch, and a decoder that the
emotion guides: `decode(content, level, latent, style)`, from content and level at 30 fps, points in
the emotion latent space and a number of a style.
"""

from __future__ import annotations

from .published import Published
from .starter import TORCH, Starter

__all__ = ["TORCH", "Published", "Starter"]

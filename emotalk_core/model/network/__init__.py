"""The EmoTalk network in torch: a content branch, an emotion branch, and a decoder that the emotion
guides. The config picks the parts.
"""

from __future__ import annotations

from ..config import ModelConfig
from .published import Published
from .starter import TORCH, Starter

__all__ = ["TORCH", "Published", "Starter", "build_network"]


def build_network(config: ModelConfig) -> Starter | Published:
    """The network that `config` describes, its numbers still random.

    All kinds have branches `content` and `emotion`, and
    `decode(content, level, latent, style)` from content and level at 30 fps, points in the emotion
    latent space and a number of a style.
    """
    return Starter(config) if config.published is None else Published(config)

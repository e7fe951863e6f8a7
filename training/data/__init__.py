"""Takes from anywhere: sound with curves at 30 fps, who speaks, which words, which feeling."""

from .takes import FPS, Faults, Take, on_frames

__all__ = ["FPS", "Faults", "Take", "on_frames"]

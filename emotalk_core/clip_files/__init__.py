"""Clips as files: npz, json, Live Link Face's csv, and the cues of drawn mouths."""

from .files import CLIP_FORMATS, FORMATS, ClipWriter, read_clip, write_clip

__all__ = ["CLIP_FORMATS", "FORMATS", "ClipWriter", "read_clip", "write_clip"]

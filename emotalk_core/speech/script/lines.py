"""What all forms of a script are read as."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ScriptLine"]


@dataclass(frozen=True)
class ScriptLine:
    """Words in a row."""

    speaker: str  # as the script writes the name; empty where it names nobody
    text: str

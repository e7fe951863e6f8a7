"""The rig tables in this folder, read once.

`notes` of a table are pairs: the beginning of the channels that a note is about, and the note.
`instead_of` names the keys that stay still where a key is there that does the same as a whole.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["CONVENTION_FILES", "read_table"]

CONVENTION_FILES = (
    "cc_standard", "cc4_extended", "cc5", "daz_genesis81", "daz_genesis9", "daz_genesis9_split",
    "metahuman", "faceshift", "unified_expressions", "meta_movement", "sranipal", "vroid", "vrm1",
    "vrm0", "mmd",
)  # fmt: skip
"""Conventions with key names of their own, one file each; a later one wins only if it finds
more."""


@cache
def read_table(name: str) -> dict[str, Any]:
    """Contents of `name`.json in this folder; shared, not to be changed."""
    table: dict[str, Any] = json.loads(
        (Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8")
    )
    return table

"""The demo: a character speaks a real recording. `python -m addon.demo.film --out out`, where bpy
is.

Run as a program this file has no name inside the extension yet, so it only finds the way in; the
work is in `performance`.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]
_NAME = "emotalk"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code of the demo: 0, 2 for what the user can mend, 130 when stopped."""
    _load_extension()
    performance = importlib.import_module(f"{_NAME}.addon.demo.performance")
    return int(performance.main(argv))


def _load_extension() -> None:
    """Import the repository's root as the package `emotalk`, as Blender does with an extension."""
    if _NAME in sys.modules:
        return
    where = [str(_ROOT)]
    spec = importlib.util.spec_from_file_location(
        _NAME, _ROOT / "__init__.py", submodule_search_locations=where
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # Blender's module may hang or complain while Python winds down

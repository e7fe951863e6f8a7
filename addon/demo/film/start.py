"""The way in for what runs where bpy is: `python -m addon.demo.film.start film --out out`; or
`gallery`.

Run as a program this file has no name inside the extension yet, so it only finds the way in; the
work is in the modules of the same package.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[3]
_NAME = "emotalk"
_PROGRAMS: Final = {"film": "performance", "gallery": "gallery"}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code of a program: 0, 2 for what the user can mend, 130 when stopped."""
    program, *arguments = sys.argv[1:] if argv is None else argv
    _load_extension()
    module = importlib.import_module(f"{_NAME}.addon.demo.film.{_PROGRAMS[program]}")
    return int(module.main(arguments))


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

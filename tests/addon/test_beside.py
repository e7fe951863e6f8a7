"""Files beside the sounds of a cast that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import add_strip, needs_sound, run


@needs_sound
@pytest.mark.parametrize("table", ["phones", "feelings"])
@pytest.mark.usefixtures("addon", "head")
def test_a_table_that_cannot_be_read_is_named(
    speech: Path, tmp_path: Path, capfd: Any, table: str
) -> None:
    add_strip(speech, 1)
    speech.with_name(f"{speech.stem}.{table}.csv").write_text("rubbish\n")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "base.blend"))

    assert run("cast", "--role", f"Head={speech.stem}") == 2

    assert f"emotalk: {speech.stem}.{table}.csv: No column" in capfd.readouterr().err

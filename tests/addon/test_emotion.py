"""What the panel of the emotion sliders draws."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest


class Layout:
    """One that keeps labels and buttons, and how many columns it was asked for."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.operators: list[str] = []
        self.columns = 0
        self.enabled = True

    def grid_flow(self, *, columns: int, **_: Any) -> Layout:
        self.columns = columns
        return self

    def column(self, **_: Any) -> Layout:
        return self

    def row(self, **_: Any) -> Layout:
        return self

    def operator(self, name: str, **_: Any) -> Any:
        self.operators.append(name)
        return SimpleNamespace()

    def prop(self, *_: Any, **__: Any) -> None: ...

    def label(self, *, text: str, **_: Any) -> None:
        self.labels.append(text)


def _drawn(width: int, scale: float = 1.0) -> Layout:
    from emotalk.addon.ui.emotion import _Emotion

    layout = Layout()
    system = SimpleNamespace(ui_scale=scale)
    context: Any = SimpleNamespace(
        scene=bpy.context.scene,
        region=SimpleNamespace(width=width),
        preferences=SimpleNamespace(system=system),
    )
    panel: Any = SimpleNamespace(layout=layout)
    _Emotion.draw(panel, context)
    return layout


@pytest.mark.parametrize(
    ("width", "scale", "columns"), [(292, 1.0, 2), (222, 1.0, 1), (440, 2.0, 1), (600, 2.0, 2)]
)
def test_names_of_sliders_can_be_read_in_a_narrow_sidebar(
    ready: Any, width: int, scale: float, columns: int
) -> None:
    assert _drawn(width, scale).columns == columns


def test_the_panel_says_whose_sliders_it_shows_once_there_are_several(
    ready: Any, second: str
) -> None:
    bpy.ops.emotalk.animate()
    assert ready.takes[0].name not in _drawn(300).labels

    ready.filepath = second
    bpy.ops.emotalk.animate()

    assert _drawn(300).labels[0] == ready.takes[1].name
    ready.take_index = 0
    assert _drawn(300).labels[0] == ready.takes[0].name
    ready.take_index = 7
    assert _drawn(300).labels == []


def test_feelings_of_imported_curves_are_grey_and_say_why(ready: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.animate()
    drawn = [_drawn(300)]
    bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "clip.npz"))
    bpy.context.scene.frame_set(300)
    bpy.ops.emotalk.import_clip(filepath=str(tmp_path / "clip.npz"))
    drawn.append(_drawn(300))

    assert [layout.enabled for layout in drawn] == [True, False]
    assert any("Imported curves: nothing was" in label for label in drawn[1].labels)


def test_a_take_whose_phrases_are_not_known_shows_the_buttons_that_say_so(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    ready.takes[0].phrases.clear()  # as an older version has saved it

    assert _drawn(300).operators == ["emotalk.feel_phrase", "emotalk.voice_phrase"]

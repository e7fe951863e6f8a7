"""What panels draw, without a window."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bpy


class Layout:
    """One that keeps labels and buttons, and how many columns it was asked for."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.icons: list[str] = []  # beside them
        self.buttons: list[str] = []
        self.texts: list[str] = []  # on them
        self.depressed: list[str] = []  # what stands on buttons that are
        self.props: list[str] = []  # sliders and other values, by name
        self.names: dict[str, str] = {}  # what stands on them, where it is not their own name
        self.columns = 0
        self.rows = 0
        self.enabled = True
        self.use_property_split = False
        self.use_property_decorate = True

    def grid_flow(self, *, columns: int, **_: Any) -> Layout:
        self.columns = columns
        return self

    def column(self, **_: Any) -> Layout:
        return self

    def row(self, **_: Any) -> Layout:
        self.rows += 1
        return self

    def operator(
        self, name: str, *, text: str = "", depress: bool = False, **_: Any
    ) -> SimpleNamespace:
        self.buttons.append(name)
        self.texts.append(text)
        self.depressed += [text] if depress else []
        return SimpleNamespace()

    def prop(self, _group: Any, name: str, *, text: str | None = None, **_: Any) -> None:
        self.props.append(name)
        if text is not None:
            self.names[name] = text

    def separator(self, *_: Any, **__: Any) -> None: ...

    template_list = menu = operator_menu_enum = progress = separator
    template_ID = separator  # noqa: N815 - Blender's name

    def box(self) -> Layout:
        return self

    def prop_search(self, *_: Any, **__: Any) -> None: ...

    def label(self, *, text: str, icon: str = "", **_: Any) -> None:
        self.labels.append(text)
        self.icons.append(icon)


def context_of(width: int, scale: float = 1.0) -> Any:
    """Of a sidebar of so many pixels."""
    system = SimpleNamespace(ui_scale=scale)
    return SimpleNamespace(
        scene=bpy.context.scene,
        object=bpy.context.object,
        region=SimpleNamespace(width=width),
        preferences=SimpleNamespace(system=system),
        window_manager=bpy.context.window_manager,
    )


def buttons_of(panel: Any, width: int = 300) -> list[str]:
    """What a panel draws."""
    layout = Layout()
    panel.draw(SimpleNamespace(layout=layout), context_of(width))
    return layout.buttons


def emotion_panel(width: int, scale: float = 1.0) -> Layout:
    """What the panel *Emotion* draws."""
    from emotalk.addon.ui.emotion import _Emotion

    layout = Layout()
    panel: Any = SimpleNamespace(layout=layout)
    _Emotion.draw(panel, context_of(width, scale))
    return layout

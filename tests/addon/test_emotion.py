"""What the panel of the emotion sliders draws."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests.addon.layouts import Layout, emotion_panel


def _names(layout: Layout) -> list[str]:
    return [label for label in layout.labels if not label.startswith("Phrase")]


@pytest.mark.parametrize(
    ("width", "scale", "columns"), [(292, 1.0, 2), (222, 1.0, 1), (440, 2.0, 1), (600, 2.0, 2)]
)
def test_names_of_sliders_can_be_read_in_a_narrow_sidebar(
    ready: Any, width: int, scale: float, columns: int
) -> None:
    assert emotion_panel(width, scale).columns == columns


def test_buttons_of_a_phrase_can_be_read_in_a_narrow_sidebar(ready: Any) -> None:
    bpy.ops.emotalk.animate()

    assert emotion_panel(177).rows == emotion_panel(292).rows - 1  # below each other, not beside


@pytest.mark.parametrize("width", [177, 292])
def test_sentences_are_broken_where_the_sidebar_ends(addon: Any, width: int) -> None:
    from emotalk.addon.ui.base import draw_text

    layout = Layout()
    context: Any = SimpleNamespace(
        region=SimpleNamespace(width=width),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
    )

    draw_text(layout, "35,310 keys on 110 curves, lips met 12 times", "INFO", context)

    assert max(map(len, layout.labels)) <= (width - 60) / 7.5


def test_the_panel_says_whose_sliders_it_shows_once_there_are_several(
    ready: Any, second: str
) -> None:
    bpy.ops.emotalk.animate()
    assert _names(emotion_panel(300)) == []

    ready.filepath = second
    bpy.ops.emotalk.animate()

    assert _names(emotion_panel(300)) == [ready.takes[1].name]
    ready.take_index = 0
    assert _names(emotion_panel(300)) == [ready.takes[0].name]
    ready.take_index = 7
    assert _names(emotion_panel(300)) == []


def test_the_take_under_the_playhead_is_named_and_chosen(ready: Any, second: str) -> None:
    bpy.ops.emotalk.animate()
    ready.filepath, ready.start_frame = second, 150
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(20)
    drawn = emotion_panel(300)
    narrow = emotion_panel(180)

    assert bpy.ops.emotalk.take_here() == {"FINISHED"}

    told = f"This frame: {ready.takes[0].name}"
    assert told in drawn.labels
    assert told not in narrow.labels  # which Blender would cut off
    assert told in " ".join(narrow.labels)
    assert "emotalk.take_here" in drawn.buttons
    assert ready.take_index == 0
    assert "emotalk.take_here" not in emotion_panel(300).buttons


@pytest.mark.parametrize("frame", [1, 120, 400])
def test_between_takes_there_is_none_to_choose(ready: Any, second: str, frame: int) -> None:
    bpy.ops.emotalk.animate()
    ready.filepath, ready.start_frame = second, 150
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(frame)

    with pytest.raises(RuntimeError, match="no other take at the current frame"):
        bpy.ops.emotalk.take_here()

    assert "emotalk.take_here" not in emotion_panel(300).buttons


def test_of_takes_that_share_frames_the_one_made_last_is_chosen(
    ready: Any, speech: Path, second: str
) -> None:
    for name, frame in ((str(speech), 5), (second, 20), (str(speech.with_name("far.wav")), 300)):
        ready.filepath, ready.start_frame = name, frame
        Path(name).write_bytes(Path(second).read_bytes())
        bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(22)

    bpy.ops.emotalk.take_here()

    assert ready.take_index == 1


def test_the_take_of_another_face_is_none_of_the_shown_one(
    ready: Any, second: str, ben: Any
) -> None:
    bpy.ops.emotalk.animate()
    ready.filepath, ready.start_frame, ready.rig.character = second, 150, ben
    bpy.ops.emotalk.animate()
    bpy.context.scene.frame_set(20)

    assert not bpy.ops.emotalk.take_here.poll()


def test_feelings_of_imported_curves_are_grey_and_say_why(ready: Any, tmp_path: Path) -> None:
    bpy.ops.emotalk.animate()
    drawn = [emotion_panel(300)]
    bpy.ops.emotalk.export_clip(filepath=str(tmp_path / "clip.npz"))
    bpy.context.scene.frame_set(300)
    bpy.ops.emotalk.import_clip(filepath=str(tmp_path / "clip.npz"))
    drawn.append(emotion_panel(300))

    assert [layout.enabled for layout in drawn] == [True, False]
    assert any("Imported curves: nothing was" in label for label in drawn[1].labels)


def test_a_take_whose_phrases_are_not_known_shows_the_buttons_that_say_so(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    ready.takes[0].phrases.clear()  # as an older version has saved it

    assert emotion_panel(300).buttons[:2] == ["emotalk.feel_phrase", "emotalk.voice_phrase"]


def test_keys_on_sliders_offer_what_lets_the_face_follow(
    ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge.take import live

    bpy.ops.emotalk.animate()
    shown = emotion_panel(600)
    for frame, weight in ((1, 0.2), (80, 0.9)):
        ready.takes[0].controls.happy = weight
        ready.takes[0].controls.keyframe_insert("happy", frame=frame)
    behind = emotion_panel(600)
    monkeypatch.setattr(live, "is_coming", lambda: True)
    while_it_follows = emotion_panel(600)
    bpy.ops.emotalk.refresh()

    told = "The face does not show these sliders yet"
    assert any(label.startswith(told) for label in behind.labels)
    assert "emotalk.refresh" in behind.buttons
    for other in (shown, while_it_follows, emotion_panel(600)):
        assert "emotalk.refresh" not in other.buttons


def test_what_lets_the_face_follow_is_told_by_why_it_does_not(ready: Any) -> None:
    bpy.ops.emotalk.animate()
    take = ready.takes[0]
    ready.live = False
    take.controls.happy = 0.7
    drawn = [emotion_panel(600)]
    ready.live = True
    for take.is_held in (False, True):
        drawn.append(emotion_panel(600))

    starts = ("The face does not show", "Keys of this take are not as")
    told = [[label[:22] for label in one.labels if label.startswith(starts)] for one in drawn]
    assert told == [[], [starts[0]], [starts[1][:22]]]
    assert all("emotalk.refresh" in one.buttons for one in drawn)

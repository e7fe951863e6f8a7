"""Takes know their strips again: renamed, cut, copied, gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.addon.scenes import (
    add_strip,
    keys_of,
    needs_other_sequencer,
    needs_sound,
    state,
    trim_end,
    voice_of,
)

pytestmark = needs_sound


def strips_of(scene: Any) -> Any:
    """A scene's strips."""
    from emotalk.addon.bridge import compat

    return compat.top_strips(scene)


@pytest.fixture
def strip(ready: Any, speech: Path) -> Any:
    """An animated strip from frame 20 on."""
    strip = add_strip(speech, 20)
    ready.source = "STRIP"
    bpy.ops.emotalk.animate()
    return strip


@pytest.fixture
def take(ready: Any, strip: Any) -> Any:
    """Its take."""
    return ready.takes[0]


def test_a_renamed_strip_keeps_its_take(ready: Any, head: Any, strip: Any, take: Any) -> None:
    strip.name = "line 7"

    bpy.ops.emotalk.animate()

    assert [one.strip for one in ready.takes] == ["line 7"]


def test_keys_follow_a_renamed_strip_that_moved(head: Any, strip: Any, take: Any) -> None:
    strip.name = "line 7"
    name = "content_start" if hasattr(strip, "content_start") else "frame_start"
    setattr(strip, name, 50)

    bpy.ops.emotalk.refresh()

    assert voice_of(head, "jawOpen")[0][0] == 50
    assert take.strip == "line 7"


def test_the_part_behind_a_cut_is_a_take_of_its_own(ready: Any, strip: Any, take: Any) -> None:
    behind = strip.split(50, "SOFT")
    ready.strip = behind.name
    bpy.ops.emotalk.animate()
    strip.name, behind.name = "first half", "second half"

    for part, number in ((strip, 0), (behind, 1)):
        ready.strip = part.name
        bpy.ops.emotalk.animate()
        assert [one.strip for one in ready.takes][number] == part.name
    assert len(ready.takes) == 2


def test_a_part_that_nobody_speaks_any_more_is_told(ready: Any, strip: Any, take: Any) -> None:
    """Its keys go with it, where only the first half follows a cut."""
    behind = strip.split(50, "SOFT")
    note = f"{behind.name}, cut off or copied from its strip, has no take yet: select it and"

    bpy.ops.emotalk.refresh()
    told = [take.warnings]
    behind.mute = True
    bpy.ops.emotalk.refresh()
    told.append(take.warnings)
    behind.mute, ready.strip = False, ""
    strip.select = behind.select = True
    bpy.ops.emotalk.animate()
    told += [one.warnings for one in ready.takes]

    assert told[0].startswith(note)
    assert told[1:] == ["", "", ""]


def test_a_part_that_is_removed_is_told_no_more(ready: Any, strip: Any, take: Any) -> None:
    behind = strip.split(50, "SOFT")
    bpy.ops.emotalk.refresh()
    told = take.warnings
    strips_of(bpy.context.scene).remove(behind)
    bpy.ops.emotalk.refresh()

    assert "has no take yet" in told
    assert take.warnings == ""


def test_a_strip_is_found_by_its_name_as_one_types_it(ready: Any, strip: Any) -> None:
    from emotalk.addon.bridge.sounds import strips

    strip.name = "Cafe\u0301"  # as macOS spells it

    assert strips.find("Caf\u00e9", bpy.context.scene) == strip


def test_a_copy_does_not_stand_for_a_strip_that_is_there(
    ready: Any, strip: Any, take: Any, speech: Path
) -> None:
    copy = add_strip(speech, 200, channel=2)
    copy.emotalk_uid = strip.emotalk_uid  # as a copy made in the sequencer has it
    ready.strip = copy.name

    bpy.ops.emotalk.animate()

    assert [one.strip for one in ready.takes] == [strip.name, copy.name]
    assert copy.emotalk_uid != strip.emotalk_uid


def test_of_two_takes_on_one_strip_both_follow_its_name(ready: Any, strip: Any, take: Any) -> None:
    from tests.addon.scenes import make_head

    ready.rig.character = make_head("Other")
    bpy.ops.emotalk.animate()
    strip.name = "duet"
    bpy.ops.emotalk.animate()
    ready.take_index = 0

    bpy.ops.emotalk.refresh()

    assert [one.strip for one in ready.takes] == ["duet", "duet"]


def test_a_strip_that_is_gone_is_told(ready: Any, strip: Any, take: Any) -> None:
    strips_of(bpy.context.scene).remove(strip)
    before = state()

    with pytest.raises(RuntimeError, match="The take's strip is gone"):
        bpy.ops.emotalk.refresh()

    assert state() == before


def test_a_strip_of_the_same_name_elsewhere_is_another(
    ready: Any, head: Any, strip: Any, take: Any, speech: Path
) -> None:
    first = keys_of(head, "jawOpen")[0][0]
    strips_of(bpy.data.scenes.new("SH020")).new_sound(strip.name, str(speech), 1, 500)
    strips_of(bpy.context.scene).remove(strip)

    with pytest.raises(RuntimeError, match="The take's strip is gone"):
        bpy.ops.emotalk.refresh()

    assert keys_of(head, "jawOpen")[0][0] == first


def test_the_other_edits_strip_of_the_same_name_is_a_second_take(
    ready: Any, strip: Any, take: Any, speech: Path
) -> None:
    from emotalk.addon.bridge.sounds import strips

    other = bpy.data.scenes.new("Edit B")
    same = strips_of(other).new_sound(strip.name, str(speech), 1, 500)

    assert strips.is_of(take, strip)
    assert not strips.is_of(take, same)


def test_a_selected_strip_goes_before_one_that_is_only_active(
    ready: Any, strip: Any, speech: Path
) -> None:
    from emotalk.addon.bridge.sounds import strips

    other = add_strip(speech, 200, channel=2)
    bpy.context.scene.sequence_editor.active_strip = strip
    strip.select, other.select = False, True
    assert strips.chosen(bpy.context) == other

    other.select = False
    assert strips.chosen(bpy.context) == strip

    strip.select = other.select = True
    assert strips.chosen(bpy.context) == strip


def test_two_strips_that_swap_names_keep_their_takes(ready: Any, strip: Any, speech: Path) -> None:
    from emotalk.addon.bridge.sounds import strips

    other = add_strip(speech, 200, channel=2)
    ready.strip = other.name
    bpy.ops.emotalk.animate()
    first, second = ready.takes
    strip.name, other.name = "third", strip.name
    strip.name = "speech.001"
    assert {strip.name, other.name} == {first.strip, second.strip}

    assert strips.of_take(first, bpy.context.scene) == strip
    assert strips.of_take(second, bpy.context.scene) == other
    assert [strips.is_of(take, strip) for take in ready.takes] == [True, False]

    for part in (strip, other):
        ready.strip = part.name
        bpy.ops.emotalk.animate()
    assert [take.strip for take in ready.takes] == [strip.name, other.name]


def test_a_new_strip_of_the_old_ones_name_takes_its_place(
    ready: Any, head: Any, strip: Any, take: Any, speech: Path
) -> None:
    name = strip.name
    strips_of(bpy.context.scene).remove(strip)
    again = add_strip(speech, 300)
    assert again.name == name

    bpy.ops.emotalk.refresh()

    assert voice_of(head, "jawOpen")[0][0] == 300


def test_a_strip_that_took_the_name_of_one_that_is_gone_keeps_its_own_take(
    ready: Any, head: Any, strip: Any, take: Any, speech: Path
) -> None:
    from emotalk.addon.bridge.sounds import strips

    other = add_strip(speech, 200, channel=2)
    ready.strip = other.name
    bpy.ops.emotalk.animate()
    name = strip.name
    strips_of(bpy.context.scene).remove(strip)
    other.name = name

    assert not strips.is_of(ready.takes[0], other)
    assert strips.is_of(ready.takes[1], other)


class Lines:
    """A layout that keeps the text of its labels and the names of its fields."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.fields: list[str] = []

    def box(self, **_: Any) -> Lines:
        return self

    column = row = box

    def prop(self, *_: Any, **__: Any) -> None: ...

    def prop_search(self, _group: Any, field: str, *_: Any, **__: Any) -> None:
        self.fields.append(field)

    def label(self, *, text: str, **_: Any) -> None:
        self.text.append(text)

    def operator(self, name: str, **_: Any) -> None:
        self.text.append(name)


@pytest.mark.parametrize("name", ["", "gone"])
def test_an_empty_sequencer_is_said_and_a_name_of_a_strip_that_is_gone_can_be_cleared(
    ready: Any, name: str
) -> None:
    from emotalk.addon.ui import speech

    bpy.context.scene.sequence_editor_create()
    ready.source, ready.strip = "STRIP", name
    lines = Lines()

    speech._draw_strip(lines, ready, bpy.context)

    assert lines.text == ([] if name else ["No strips in this scene yet", "emotalk.use_sound"])
    assert lines.fields == (["strip"] if name else [])


@pytest.fixture
def edit(speech: Path) -> Any:
    """A scene with a strip, shown by another workspace's sequencer; this one's shows none."""
    from emotalk.addon.bridge import compat

    scene = bpy.data.scenes.new("Edit")
    compat.top_strips(scene).new_sound("line", str(speech), 1, 30)
    here = bpy.context.workspace
    other = next(space for space in bpy.data.workspaces if space != here)
    here.sequencer_scene, other.sequencer_scene = None, scene
    return scene


@needs_other_sequencer
def test_a_strip_in_another_workspaces_sequencer_is_heard(ready: Any, head: Any, edit: Any) -> None:
    ready.source = "STRIP"

    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.refresh()

    take = ready.takes[0]
    assert (take.strip, take.strip_scene) == ("line", edit)
    assert voice_of(head, "jawOpen")[0][0] == 30


@needs_other_sequencer
def test_strips_of_this_scene_come_first(ready: Any, speech: Path, edit: Any) -> None:
    add_strip(speech, 20)
    ready.source = "STRIP"

    bpy.ops.emotalk.animate()

    assert ready.takes[0].strip_scene == bpy.context.scene


@needs_other_sequencer
def test_what_this_workspaces_sequencer_shows_comes_before_another_ones(
    ready: Any, speech: Path, edit: Any
) -> None:
    from emotalk.addon.bridge import compat

    mine = bpy.data.scenes.new("Mine")
    bpy.context.workspace.sequencer_scene = mine

    assert compat.sequencer_scene(bpy.context) == mine


@needs_other_sequencer
@pytest.mark.parametrize("by_name", [False, True])
def test_a_full_copy_of_the_scene_animates_its_own_strip_again(
    ready: Any, strip: Any, *, by_name: bool
) -> None:
    """The sequencer shows the original's strips still."""
    bpy.context.workspace.sequencer_scene = bpy.context.scene
    bpy.ops.scene.new(type="FULL_COPY")
    copy = bpy.context.scene
    copy.emotalk.strip = strip.name if by_name else ""

    bpy.ops.emotalk.animate()
    bpy.ops.emotalk.animate()

    assert [take.strip_scene for take in copy.emotalk.takes] == [copy]
    assert [take.strip_scene for take in ready.takes] == [strip.id_data]


@needs_other_sequencer
def test_a_full_copys_strips_stand_for_those_shown_that_look_alike_each_found_at_once(
    ready: Any, strip: Any, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.sounds import strips

    original, listed, strips_all = bpy.context.scene, [], compat.strips_all
    trimmed = add_strip(speech, 200)
    bpy.context.workspace.sequencer_scene = original
    bpy.ops.scene.new(type="FULL_COPY")
    strip.select = trimmed.select = True
    trim_end(trimmed, 5)
    monkeypatch.setattr(
        compat, "strips_all", lambda scene: listed.append(scene) or strips_all(scene)
    )

    for found in (strips.selected, strips.every_sound):
        scenes = [one.id_data for one in found(bpy.context)]
        assert scenes == [bpy.context.scene, original]

    assert len(listed) == 2  # of hundreds of strips, too


def test_a_part_of_a_full_copys_strip_is_told_too(
    ready: Any, strip: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.scene.new(type="FULL_COPY")
    strips_of(bpy.context.scene)[0].split(50, "SOFT")

    bpy.ops.emotalk.refresh()

    assert "Warning: speech.001, cut off or copied" in capfd.readouterr().out

"""Strips with speed changes: mixed by a second Blender, from a file that holds the strip alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import add_strip, babble, make_head, needs_sound, write_program, write_wav

pytestmark = needs_sound


@pytest.fixture
def strip(tmp_path: Path) -> Any:
    """A second of babble at frame 10, as a strip."""
    return add_strip(write_wav(tmp_path / "line.wav", babble(1.0)), 10)


def _heard(strip: Any, path: Path) -> Any:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.sounds.sound import Heard

    return Heard(path, 0.0, None, 10.0, compat.scene_rate(bpy.context.scene), strip.name)


def _render(strip: Any) -> Path:
    from emotalk.addon.bridge.sounds import mixdown

    mixdown.forget()
    return mixdown.render(strip, bpy.context.scene, 10, 34)


def test_second_blender_mixes_what_this_one_does(
    addon: ModuleType, strip: Any, second_blender: str
) -> None:
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.emotalk_core.audio import read_samples

    there = read_samples(to_source(_heard(strip, _render(strip)), blender=second_blender))
    bpy.app.binary_path = ""
    here = read_samples(to_source(_heard(strip, _render(strip))))

    assert np.abs(here).max() > 0.1
    np.testing.assert_array_equal(there, here)


@pytest.mark.parametrize("has_program", [True, False])
@pytest.mark.parametrize("n_channels", [1, 2, 4, 8])
def test_each_channel_is_mixed_alone(
    addon: ModuleType, second_blender: str, tmp_path: Path, n_channels: int, *, has_program: bool
) -> None:
    """A stereo mix of them would lay every second person of a field recorder over the first."""
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.emotalk_core.audio import read_samples

    silence = np.zeros(24_000, np.float32)
    people = np.stack([*[silence] * (n_channels - 1), babble(1.5)], axis=1)
    strip = add_strip(write_wav(tmp_path / "all.wav", people), 10)
    bpy.app.binary_path = second_blender if has_program else ""
    path = _render(strip)

    def heard(channel: int) -> np.ndarray:
        wanted = replace(_heard(strip, path), channel=channel)
        return read_samples(to_source(wanted, blender=second_blender))

    spoken = heard(n_channels)[:12_000]
    np.testing.assert_allclose(spoken, babble(1.5)[:12_000], atol=0.02)
    for channel in range(1, n_channels):
        assert np.abs(heard(channel)).max() < 1e-3


def test_a_channel_that_a_mixed_strip_lacks_is_told_by_the_strips_name(
    addon: ModuleType, strip: Any, second_blender: str
) -> None:
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.emotalk_core.errors import InputError

    wanted = replace(_heard(strip, _render(strip)), channel=2)

    with pytest.raises(InputError, match=r"no such channel: '2 of line'\. Use 1"):
        to_source(wanted, blender=second_blender)


def test_its_file_holds_neither_character_nor_other_strips(
    addon: ModuleType, strip: Any, second_blender: str, tmp_path: Path
) -> None:
    head, scene = make_head(), bpy.context.scene
    scene.emotalk.rig.character, scene["mine"] = head, head
    add_strip(write_wav(tmp_path / "other.wav", babble(1.0)), 10, channel=2)

    path = _render(strip)

    with bpy.data.libraries.load(str(path)) as (there, _):
        found = list(there.scenes), list(there.objects), list(there.meshes), list(there.sounds)
    assert found == ([f"{scene.name}.001"], [], [], ["line.wav"])
    assert (scene.emotalk.rig.character, len(bpy.data.scenes)) == (head, 1)


def test_cancel_ends_the_second_blender(addon: ModuleType, strip: Any, tmp_path: Path) -> None:
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.emotalk_core.errors import Cancelled

    note = tmp_path / "pid"
    bpy.app.binary_path = slow = write_program(
        tmp_path / "slow", f"echo $$ > {note}; exec sleep 600"
    )
    heard = _heard(strip, _render(strip))
    bpy.app.binary_path = ""

    def progress(_share: float, _what: str) -> None:
        if note.is_file() and note.read_text():
            raise Cancelled

    with pytest.raises(Cancelled):
        to_source(heard, blender=slow, progress=progress)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_failure_names_the_strip_and_the_remedy(
    addon: ModuleType, strip: Any, tmp_path: Path
) -> None:
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.emotalk_core.errors import InputError

    bpy.app.binary_path = broken = write_program(
        tmp_path / "broken", "echo No such codec >&2; exit 2"
    )
    heard = _heard(strip, _render(strip))
    bpy.app.binary_path = ""

    told = r"speed changes: 'line'\. Render the strip .* that\. \(No such codec\.\)"
    with pytest.raises(InputError, match=told):
        to_source(heard, blender=broken)


def test_what_the_edit_silences_is_mixed_all_the_same(
    addon: ModuleType, strip: Any, tmp_path: Path
) -> None:
    from emotalk.addon.bridge import compat
    from emotalk.addon.bridge.sounds import mixdown

    scene = bpy.context.scene
    strip.volume, strip.mute, scene.audio_volume = 0.0, True, 0.0
    scene.sequence_editor.channels[strip.channel].mute = True
    copy = scene.copy()

    mixdown._keep_only(copy, strip.name)

    (kept,) = compat.strips_all(copy)
    assert (kept.volume, kept.mute, copy.audio_volume) == (1.0, False, 1.0)
    assert not any(channel.mute for channel in copy.sequence_editor.channels)
    assert scene.sequence_editor.channels[strip.channel].mute


def test_forgotten_mixes_leave_the_disk(addon: ModuleType, strip: Any) -> None:
    from emotalk.addon.bridge.sounds import mixdown

    path = mixdown.render(strip, bpy.context.scene, 10, 40)
    assert path.is_file()

    mixdown.forget()

    assert not path.parent.exists()

"""A person on each channel of a recording: the one that is asked for speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import babble, make_head, needs_sound, run, voice_of, write_wav


@pytest.fixture
def people() -> np.ndarray:
    """Two who say different things, float32 (n, 2)."""
    first = babble(3.0)
    return np.stack([first, 0.3 * first[::-1]], axis=1).astype(np.float32)


@pytest.fixture
def both(tmp_path: Path, people: np.ndarray) -> Path:
    return write_wav(tmp_path / "both.wav", people)


def jaw_of(ours: Any, path: Path, channel: int) -> np.ndarray:
    ours.filepath, ours.channel = str(path), channel
    assert bpy.ops.emotalk.animate() == {"FINISHED"}
    return voice_of(ours.rig.character, "jawOpen")[1]


def test_one_channel_speaks_as_in_a_file_of_its_own(
    ready: Any, both: Path, people: np.ndarray, tmp_path: Path
) -> None:
    alone = write_wav(tmp_path / "second.wav", people[:, 1])

    second, mixed, expected = (
        jaw_of(ready, path, n) for path, n in ((both, 2), (both, 0), (alone, 0))
    )

    np.testing.assert_array_equal(second, expected)
    assert np.abs(mixed - expected).max() > 0.01


def test_a_take_keeps_its_channel_whatever_the_panel_says(
    ready: Any, head: Any, both: Path
) -> None:
    second = jaw_of(ready, both, 2)
    assert len(ready.takes) == 1
    ready.channel = 1

    ready.takes[0].controls.jaw = 1.5
    assert bpy.ops.emotalk.refresh() == {"FINISHED"}
    ready.takes[0].controls.jaw = 1.0
    assert bpy.ops.emotalk.refresh() == {"FINISHED"}

    np.testing.assert_allclose(voice_of(head, "jawOpen")[1], second, atol=1e-6)


def test_a_take_that_a_script_gives_another_channel_is_heard_anew(
    ready: Any, head: Any, both: Path
) -> None:
    first = jaw_of(ready, both, 1)
    jaw_of(ready, both, 2)

    ready.takes[0].channel = 1
    assert bpy.ops.emotalk.refresh() == {"FINISHED"}

    np.testing.assert_allclose(voice_of(head, "jawOpen")[1], first, atol=1e-6)


def test_another_channel_of_the_same_sound_is_the_same_take_made_again(
    ready: Any, both: Path
) -> None:
    first = jaw_of(ready, both, 1)
    second = jaw_of(ready, both, 2)

    assert len(ready.takes) == 1
    assert ready.takes[0].channel == 2
    assert np.abs(first - second).max() > 0.01


def test_each_channel_has_a_character(ready: Any, both: Path) -> None:
    other = make_head("Other")
    one = jaw_of(ready, both, 1)
    ready.rig.character = other
    another = jaw_of(ready, both, 2)

    assert [take.channel for take in ready.takes] == [1, 2]
    assert np.abs(one - another).max() > 0.01


def test_a_channel_that_there_is_not_is_told_and_nothing_is_made(ready: Any, both: Path) -> None:
    ready.filepath, ready.channel = str(both), 3

    with pytest.raises(RuntimeError, match=r"no such channel: .*Use 1 to 2"):
        bpy.ops.emotalk.animate()

    assert not ready.takes


def test_a_command_takes_the_channel_of_its_flag(
    saved: Path, both: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def spoken(*flags: object) -> int:
        bpy.ops.wm.open_mainfile(filepath=str(saved))
        bpy.context.scene.emotalk.channel = 3  # a setting of the panel is no flag
        out = tmp_path / "out.blend"
        return run("animate", "--sound", both, "--target", "Head", "-o", out, *flags)

    assert spoken() == 0
    assert spoken("--channel", 2) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    assert [take.channel for take in bpy.context.scene.emotalk.takes] == [2]
    assert spoken("--channel", 300) == 2
    assert "'300 of " in (told := capfd.readouterr().err)
    assert "Use 1 to 2" in told
    assert spoken("--channel", 0) == 2


@needs_sound
@pytest.mark.parametrize("longest_s", [0.5, 60.0])
def test_blender_reads_one_channel_alone(
    ready: Any,
    tmp_path: Path,
    people: np.ndarray,
    second_blender: str,
    monkeypatch: pytest.MonkeyPatch,
    longest_s: float,
) -> None:
    """What Audaspace decodes: here, and what is longer in a second Blender."""
    from emotalk.addon.bridge.sounds import decode, sources
    from emotalk.emotalk_core.audio import ArraySound, read_samples
    from emotalk.emotalk_core.errors import InputError

    soundfile = pytest.importorskip("soundfile", reason="makes the flac file")
    ready.filepath = str(tmp_path / "both.flac")
    soundfile.write(ready.filepath, people, 16_000)
    monkeypatch.setattr(decode, "LONG_S", longest_s)

    def heard(channel: int) -> np.ndarray:
        ready.channel = channel
        found, _ = sources.of_panel(ready, bpy.context)
        return read_samples(decode.to_source(found, blender=second_blender))

    second = read_samples(ArraySound(people[:, 1], 16_000))
    np.testing.assert_allclose(heard(2), second, atol=1e-4)
    with pytest.raises(InputError, match="Use 1 to 2"):
        heard(3)


def test_a_range_gives_no_part_of_a_take_another_channel(ready: Any, head: Any, both: Path) -> None:
    jaw_of(ready, both, 2)
    before = voice_of(head, "jawOpen")[1]
    ready.use_range, ready.range_start, ready.range_end, ready.channel = True, 20, 30, 1

    with pytest.raises(RuntimeError, match="another channel of the sound: 1"):
        bpy.ops.emotalk.animate()

    np.testing.assert_array_equal(voice_of(head, "jawOpen")[1], before)
    assert ready.takes[0].channel == 2
    ready.channel = 2
    assert bpy.ops.emotalk.animate() == {"FINISHED"}

"""What is heard of strips, speakers and files, and where it lies on the timeline."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest

from tests.addon.scenes import (
    add_strip,
    needs_sound,
    set_span,
    trim_end,
    trim_hard,
    trim_start,
    write_wav,
)

RATES = (
    (24, 1.001, Fraction(24000, 1001)),
    (24, 1.0, Fraction(24)),
    (25, 1.0, Fraction(25)),
    (30, 1.001, Fraction(30000, 1001)),
    (30, 1.0, Fraction(30)),
    (50, 1.0, Fraction(50)),
    (60, 1.0, Fraction(60)),
)
CLICKS_S = (0.25, 0.75, 1.25, 1.75, 2.25, 2.75)


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    """Clicks that grow: which one is heard tells what was left out."""
    samples = np.zeros(3 * 16_000, np.float32)
    for number, at_s in enumerate(CLICKS_S, 1):
        samples[round(at_s * 16_000) :][:8] = number / 8
    return write_wav(tmp_path / "clicks.wav", samples)


def heard_of(strip: Any) -> Any:
    from emotalk.addon.bridge.sounds.sound import from_strip

    return from_strip(strip, bpy.context.scene)


def click_frames(heard: Any) -> list[tuple[float, float]]:
    """Scene frame and height of each click that is heard."""
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.emotalk_core.audio import read_samples

    samples = read_samples(to_source(heard))
    return clicks_in(samples, 16_000, heard.start_frame, float(heard.rate))


def clicks_in(
    samples: np.ndarray, rate: int, start_frame: float, fps: float
) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for index in np.flatnonzero(np.abs(samples) > 0.08):
        frame = start_frame + index / rate * fps
        if not found or frame - found[-1][0] > 2:
            found.append((frame, float(np.abs(samples[index : index + 40]).max())))
    return found


def mixed_clicks() -> list[tuple[float, float]]:
    """The same out of Blender's own mixdown of the scene: the truth."""
    scene, path = bpy.context.scene, Path(bpy.app.tempdir) / "mix.wav"
    scene.frame_start, scene.frame_end = 1, 260
    bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="S16")
    with wave.open(str(path)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        samples = raw.reshape(-1, file.getnchannels())[:, 0] / 32768
        rate = file.getframerate()
    # A mono file in the middle of a stereo mix is half as loud.
    return clicks_in(2 * samples, rate, 1, scene.render.fps / scene.render.fps_base)


def assert_same_clicks(strip: Any) -> None:
    truth, ours = mixed_clicks(), click_frames(heard_of(strip))

    assert truth
    assert len(truth) == len(ours)
    # 0.3 frames: Blender's mixer ramps a strip in over its first milliseconds
    assert np.abs(np.array(truth)[:, 0] - np.array(ours)[:, 0]).max() < 0.3


@needs_sound
@pytest.mark.parametrize(("fps", "base", "exact"), RATES)
def test_strip_is_heard_where_blender_plays_it(
    addon: ModuleType, clicks: Path, fps: int, base: float, exact: Fraction
) -> None:
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, base

    strip = add_strip(clicks, 10)

    assert heard_of(strip).rate == exact
    assert_same_clicks(strip)


@needs_sound
def test_handles_hard_trims_and_offsets_are_heard_as_blender_plays_them(
    addon: ModuleType, clicks: Path
) -> None:
    strip = add_strip(clicks, 10)
    trim_hard(strip, 6)
    trim_start(strip, 9)
    trim_end(strip, 13)
    strip.sound_offset = 0.2

    assert_same_clicks(strip)


@needs_sound
def test_strip_stays_in_place_when_the_scene_rate_changes(addon: ModuleType, clicks: Path) -> None:
    strip = add_strip(clicks, 10)
    trim_start(strip, 7)

    bpy.context.scene.render.fps = 50

    assert_same_clicks(strip)


@needs_sound
def test_child_of_a_trimmed_meta_is_cut_like_the_meta(addon: ModuleType, clicks: Path) -> None:
    from emotalk.addon.bridge.compat import strips_all, top_strips

    strip = add_strip(clicks, 10)
    meta = top_strips(bpy.context.scene).new_meta("Meta", 3, 10)
    strip.move_to_meta(meta)
    set_span(meta, 30, 70)
    meta.mute = True

    heard = heard_of(next(s for s in strips_all(bpy.context.scene) if s.name == strip.name))

    assert heard.start_frame == 30
    assert heard.start_s == pytest.approx(20 / 24)
    assert heard.duration_s == pytest.approx(40 / 24)
    assert heard.notes == ("Meta is muted: animated all the same",)


@needs_sound
def test_the_only_sound_that_is_heard_in_a_selected_meta_is_chosen(
    addon: ModuleType, clicks: Path
) -> None:
    from emotalk.addon.bridge.compat import top_strips
    from emotalk.addon.bridge.sounds.strips import chosen

    outside, inside, second = (add_strip(clicks, 10, channel) for channel in (1, 2, 3))
    meta = top_strips(bpy.context.scene).new_meta("Meta", 4, 10)
    for strip in (inside, second):
        strip.move_to_meta(meta)
    set_span(meta, 1, 500)
    outside.select = inside.select = second.select = False
    bpy.context.scene.sequence_editor.active_strip = meta
    meta.select = False
    assert chosen(bpy.context) is None

    meta.select = True
    assert chosen(bpy.context) is None  # which of both is not clear
    second.mute = True
    assert chosen(bpy.context) == inside
    outside.select = True
    assert chosen(bpy.context) == outside


@needs_sound
def test_what_a_meta_hides_is_selected_with_it_or_in_it(addon: ModuleType, clicks: Path) -> None:
    from emotalk.addon.bridge.compat import top_strips
    from emotalk.addon.bridge.sounds.strips import chosen, selected

    outside, inside = (add_strip(clicks, 10, channel) for channel in (1, 2))
    meta = top_strips(bpy.context.scene).new_meta("Meta", 3, 10)
    inside.move_to_meta(meta)
    outside.select = meta.select = False
    inside.select = True  # as Make Meta Strip leaves it
    bpy.context.scene.sequence_editor.active_strip = outside

    told = [(chosen(bpy.context), selected(bpy.context))]
    meta.select = True
    told.append((chosen(bpy.context), selected(bpy.context)))
    meta.select = False
    bpy.context.scene.sequence_editor.display_stack(meta)
    told.append((chosen(bpy.context), selected(bpy.context)))

    assert told == [(outside, []), (inside, [inside]), (inside, [inside])]


@needs_sound
def test_handles_beyond_the_file_are_silence_that_is_left_out(
    addon: ModuleType, clicks: Path
) -> None:
    strip = add_strip(clicks, 30)
    trim_start(strip, -12)

    heard = heard_of(strip)

    assert (heard.start_frame, heard.start_s) == (30, 0.0)


@needs_sound
@pytest.mark.skipif(bpy.app.version < (5, 1), reason="retiming_keys.add crashes older wheels")
def test_retimed_strip_is_heard_at_its_speed(addon: ModuleType, clicks: Path) -> None:
    strip = add_strip(clicks, 10)
    strip.retiming_keys.add(timeline_frame=10)
    strip.retiming_keys.add(timeline_frame=34)
    strip.retiming_keys[-1].timeline_frame = 130
    n_scenes = len(bpy.data.scenes)

    assert_same_clicks(strip)

    assert len(bpy.data.scenes) == n_scenes
    assert not heard_of(strip).notes  # nothing is wrong with it


@needs_sound
def test_packed_sound_needs_no_file(addon: ModuleType, clicks: Path) -> None:
    strip = add_strip(clicks, 10)
    before = click_frames(heard_of(strip))
    strip.sound.pack()
    clicks.unlink()

    assert click_frames(heard_of(strip)) == before


@needs_sound
def test_missing_file_is_named(addon: ModuleType, clicks: Path) -> None:
    from emotalk.emotalk_core.errors import InputError

    strip = add_strip(clicks, 10)
    clicks.unlink()

    with pytest.raises(InputError, match=r"strip clicks is missing.*clicks\.wav"):
        heard_of(strip)


def test_stereo_is_the_mean_of_its_channels(addon: ModuleType, tmp_path: Path) -> None:
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.addon.bridge.sounds.sound import from_file
    from emotalk.emotalk_core.audio import read_samples

    tone = (0.4 * np.sin(np.arange(16_000) * 0.2)).astype(np.float32)
    both = write_wav(tmp_path / "both.wav", np.stack([tone, tone], axis=1))

    samples = read_samples(to_source(from_file(str(both), 1, bpy.context.scene)))

    assert np.abs(samples - tone).max() < 1e-3  # 16-bit steps; a sum would be off by 0.4


@needs_sound
def test_flac_of_a_strip_is_heard_like_its_wav(addon: ModuleType, tmp_path: Path) -> None:
    """Other formats go through Audaspace, wav through the core: one sound, one curve."""
    soundfile = pytest.importorskip("soundfile", reason="makes the flac file")
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, 16_000).astype(np.float32)
    wav = write_wav(tmp_path / "noise.wav", samples)
    soundfile.write(tmp_path / "noise.flac", soundfile.read(wav)[0], 16_000)

    heard = [read_all(add_strip(p, 10, c)) for c, p in ((1, wav), (2, wav.with_suffix(".flac")))]

    assert np.abs(heard[0] - heard[1]).max() < 1e-4


@needs_sound
@pytest.mark.parametrize(("share", "is_cut"), [(1.0, False), (0.5, True)])
def test_a_flac_that_has_lost_its_end_is_told(
    addon: ModuleType, tmp_path: Path, *, share: float, is_cut: bool
) -> None:
    from emotalk.addon.bridge.sounds.decode import to_source

    soundfile = pytest.importorskip("soundfile", reason="makes the flac file")
    path = tmp_path / "noise.flac"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.5, 0.5, 48_000), 16_000)
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])

    source = to_source(heard_of(add_strip(path)))

    assert source.is_cut_short is is_cut


def read_all(strip: Any) -> np.ndarray:
    from emotalk.addon.bridge.sounds.decode import to_source
    from emotalk.emotalk_core.audio import read_samples

    return read_samples(to_source(heard_of(strip)))


@needs_sound
def test_speaker_starts_with_its_nla_strip(addon: ModuleType, clicks: Path) -> None:
    from emotalk.addon.bridge.sounds.sound import from_speaker

    bpy.ops.object.speaker_add()
    speaker = bpy.context.object
    speaker.data.sound = bpy.data.sounds.load(str(clicks))
    strip = speaker.animation_data.nla_tracks[0].strips[0]
    strip.frame_end, strip.frame_start = 60, 42

    assert from_speaker(speaker, bpy.context.scene).start_frame == 42
    assert from_speaker(speaker, bpy.context.scene).notes == ()
    speaker.data.pitch = 1.5
    assert "Pitch of 1.5 changes its speed" in from_speaker(speaker, bpy.context.scene).notes[0]


def test_strip_of_a_saved_file_is_heard(addon: ModuleType, clicks: Path) -> None:
    """A file saved by 4.5 with a trimmed strip in it, so that the 4.2 wheel has one too."""
    from emotalk.addon.bridge.sounds import strips
    from emotalk.addon.bridge.sounds.sound import from_strip

    source = Path(__file__).with_name("strip_of_4_5.blend")
    opened = clicks.with_name("opened.blend")
    opened.write_bytes(source.read_bytes())
    bpy.ops.wm.open_mainfile(filepath=str(opened))
    scene = bpy.context.scene

    heard = from_strip(strips.find("clicks", scene), scene)

    assert (heard.start_frame, heard.start_s) == (22.0, 0.5)
    assert [round(frame) for frame, _ in click_frames(heard)] == [28, 40, 52, 64, 76]


@needs_sound
@pytest.mark.skipif(bpy.app.version < (5, 1), reason="retiming_keys.add crashes older wheels")
def test_retimed_strip_before_frame_0_is_heard_whole_and_mixed_once(
    addon: ModuleType, clicks: Path
) -> None:
    strip = add_strip(clicks, -30)
    strip.retiming_keys.add(timeline_frame=-30)
    strip.retiming_keys.add(timeline_frame=-6)
    strip.retiming_keys[-1].timeline_frame = 90

    heard = heard_of(strip)

    assert heard.start_frame == -30
    assert len(click_frames(heard)) == len(CLICKS_S)
    assert heard_of(strip).path == heard.path


def test_time_stretching_is_told(ready: Any) -> None:
    """Blender stretches keys and not sound."""
    render = bpy.context.scene.render
    render.frame_map_old, render.frame_map_new = 100, 200

    bpy.ops.emotalk.animate()

    told = ready.takes[0].warnings.splitlines()
    assert told == [
        "Time Stretching plays keys 2 times as long as their sound: set Old (100) and New (200) "
        "to the same (Output properties, Frame Range)"
    ]

    render.frame_map_new = 100
    bpy.ops.emotalk.refresh()
    assert not ready.takes[0].warnings


@needs_sound
def test_a_strip_in_a_muted_channel_is_heard_and_that_is_told(
    addon: ModuleType, clicks: Path
) -> None:
    strip = add_strip(clicks, 10, channel=2)
    bpy.context.scene.sequence_editor.channels[2].mute = True

    heard = heard_of(strip)

    assert heard.start_frame == 10
    assert heard.notes == ("Channel 2 is muted: animated all the same",)

"""What is saved in the file: the settings of the panel, and one record for each take."""

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)

from ..emotalk_core.controls import EMOTIONS, LIMITS, MOVING, Controls
from ..emotalk_core.keys.easing import EASE_S, LONGEST_S
from ..emotalk_core.speech.transcript import ENGLISH
from . import rig_properties
from .bridge import compat
from .bridge.asked.controls import moved_by_keys
from .bridge.asked.phones import LANGUAGES, UNKNOWN_FRAME
from .bridge.take import live
from .rig_properties import EMOTALK_PG_rig

__all__ = ["CLASSES", "add", "remove"]

_START = Controls()
_SOURCES = (
    ("STRIP", "Strip", "A sound strip in the Video Sequencer", "SEQ_SEQUENCER", 0),
    ("SPEAKER", "Speaker", "The sound of a Speaker object", "SPEAKER", 1),
    ("FILE", "File", "A sound or film file on disk", "FILE_SOUND", 2),
)

_TAKE_SOURCES = (
    *_SOURCES,
    ("CLIP", "Clip File", "Curves that were imported: csv, npz or json", "ANIM_DATA", 3),
    ("PAUSE", "Pause", "Nothing is said: the character listens", "HIDE_OFF", 4),
)


def _moved(self: Any, _context: Any) -> None:
    live.schedule(self.id_data)


def _emotion_moved(self: Any, _context: Any) -> None:
    # A slider that does nothing would puzzle: the first one raised takes over from the voice, and
    # gives back to it when none is raised any more: Esc in the drag does that too. Keyframed ones
    # are lowered for the next key.
    is_felt = any(getattr(self, name) > 0.0 for name in EMOTIONS)
    if is_felt and not self.is_felt and self.mix == 0.0:
        self.mix = 1.0
        self.took_over = True
    elif not is_felt and self.is_felt and self.took_over and not moved_by_keys(self):
        self.mix = 0.0
    self.is_felt = is_felt
    live.schedule(self.id_data)


def _mix_moved(self: Any, _context: Any) -> None:
    self.took_over = False
    live.schedule(self.id_data)


def _weight(name: str, text: str) -> Any:
    return FloatProperty(
        name=name, description=text, min=0.0, max=1.0, default=0.0, subtype="FACTOR",
        update=_emotion_moved,
    )  # fmt: skip


def _number(attribute: str, name: str, text: str, **more: Any) -> Any:
    low, high = LIMITS[attribute]
    options = {"ANIMATABLE"} if attribute in MOVING else set[str]()
    usual = {"subtype": "FACTOR", "precision": 2, "options": options, "update": _moved}
    return FloatProperty(
        name=name, description=text, min=low, max=high, default=getattr(_START, attribute),
        **(usual | more),
    )  # fmt: skip


def _look_at(text: str) -> Any:
    return PointerProperty(type=bpy.types.Object, name="Look At", description=text)


def _sound_channel() -> Any:
    return IntProperty(
        name="Channel", min=0, soft_max=8,
        description="The one channel of the sound that speaks, where each person has one: 1 left, "
        "2 right. 0: all of them, mixed",
    )  # fmt: skip


class EMOTALK_PG_controls(bpy.types.PropertyGroup):
    """Sliders: the same as on the command line."""

    phones: StringProperty()  # of a take alone: told of its sound, see `asked.phones`
    text: StringProperty()  # likewise: what is said in it, if that was told
    language: StringProperty()
    words: StringProperty()  # the phones of the text, as it was read then
    usual: StringProperty()  # of a take: how its character usually sounds, see `asked.usual`
    usual_from: StringProperty()  # the name of the take that told it
    from_script: BoolProperty()  # whether the text is what was found in the scene's script
    is_felt: BoolProperty()  # whether a slider stands above 0
    took_over: BoolProperty()  # whether the first one raised has set the mix
    neutral: _weight("Neutral", "Takes feeling out of the face")
    calm: _weight("Calm", "Soft and relaxed")
    happy: _weight("Happy", "Smiles, cheeks and lids rise")
    sad: _weight("Sad", "Inner brows rise, mouth corners sink")
    angry: _weight("Angry", "Brows lower, lips press")
    fearful: _weight("Fearful", "Eyes widen, brows rise and draw together")
    disgust: _weight("Disgust", "Nose wrinkles, upper lip rises")
    surprised: _weight("Surprised", "Brows and lids rise")
    mix: _number(
        "mix",
        "Voice to Sliders",
        "0: the feeling heard in the voice. 1: the sliders alone. "
        "Raising a first slider while this is 0 sets it to 1, lowering all again back to 0",
        update=_mix_moved,
    )
    intensity: _number("intensity", "Intensity", "How strong the feeling is. 0: none. 1: natural")
    contrast: _number(
        "contrast",
        "Contrast",
        "How far the strongest feeling in the voice stands for the others. 0: the blend that is "
        "heard. 1: nearly that one alone. Imported models do without",
    )
    style: IntProperty(
        name="Style",
        description="Speaking style: each face speaks in its own way. "
        "Beyond the model's last they begin anew",
        min=0, max=99, default=_START.style, update=_moved, options=set(),
    )  # fmt: skip
    brows: _number("brows", "Brows", "How far the brows move")
    eyes: _number("eyes", "Eyes", "How far lids and cheeks move")
    mouth: _number("mouth", "Mouth", "How far the lips move; closed lips still close")
    jaw: _number("jaw", "Jaw", "How far the jaw opens")
    smoothing: _number("smoothing", "Smoothing", "Calmer curves. Lips still meet")
    upper_smoothing: _number(
        "upper_smoothing",
        "Upper Smoothing",
        "More smoothing for brows, lids and cheeks than for the mouth; below 0 less",
    )
    lip_closure: _number(
        "lip_closure",
        "Lip Closure",
        "Presses nearly closed lips together, beyond p, b and m, which the network closes itself",
    )
    articulation: _number(
        "articulation",
        "Articulation",
        "How clearly vowels are spoken: open ones drop the jaw, rounded ones push the lips "
        "forward. 0: as heard. Imported models do without",
    )
    sync_offset_ms: _number(
        "sync_offset_ms", "Sync (ms)", "Milliseconds that the face comes later",
        subtype="NONE", precision=0, step=1000,
    )  # fmt: skip
    blink: _number(
        "blink", "Blinks", "How often the eyes blink. 0: never. 1: about 15 times a minute"
    )
    gaze: _number("gaze", "Gaze", "Size of the eyes' small movements")
    look_at: _look_at(
        "What the eyes rest on: an object, or somebody's face or armature for between the eyes. "
        "Animate and Update Keys follow it. Empty: straight ahead"
    )
    head: _number("head", "Head", "Size of the head's movements and of the brows' accents")
    asymmetry: _number(
        "asymmetry",
        "Asymmetry",
        "How unlike left and right are in smiles, frowns and brows. What speaks is alike. 0: a "
        "mirror's face",
    )
    ease_s: FloatProperty(
        name="Ease (s)", min=0.0, max=LONGEST_S, soft_max=2.0, default=EASE_S, step=10,
        precision=2, update=_moved, options=set(),
        description="Seconds in which the face settles to rest after the voice; it wakes in half "
        "of that before it. 0: it stays as the voice leaves it",
    )  # fmt: skip
    seed: IntProperty(
        name="Seed", description="Another seed, other blinks, glances, nods and sides", min=0,
        default=_START.seed, update=_moved, options=set(),
    )  # fmt: skip


class EMOTALK_PG_role(bpy.types.PropertyGroup):
    """One of the cast, and the strips that it speaks."""

    rig: PointerProperty(type=EMOTALK_PG_rig)
    strips: StringProperty(
        name="Strips",
        description="What the names of its strips begin with, or a pattern with * and ?; several "
        "with commas between them. Empty: any name",
    )
    strip_channel: IntProperty(
        name="On Channel", min=0, soft_max=32,
        description="The sequencer's channel that its strips are on. 0: any",
    )  # fmt: skip
    channel: _sound_channel()
    look_at: _look_at(
        "What its eyes rest on while it speaks: somebody's face or armature, or any object. "
        "Empty: what its takes have"
    )


class EMOTALK_PG_phrase(bpy.types.PropertyGroup):
    """A stretch of speech between two pauses, in scene frames."""

    start: FloatProperty(name="Start")
    end: FloatProperty(name="End")
    heard: StringProperty(name="Heard")  # the emotion with the largest share


class EMOTALK_PG_take(bpy.types.PropertyGroup):
    """One sound on one character: all that its sliders need to work when the file is opened
    again.
    """

    uid: StringProperty()
    source: EnumProperty(items=_TAKE_SOURCES, name="Sound")
    strip: StringProperty(name="Strip")
    strip_uid: StringProperty()  # the strip's mark: a renamed one is known by it
    strip_scene: PointerProperty(type=bpy.types.Scene)  # whose sequencer holds the strip
    made_at: StringProperty()  # where its sound lay, and at which frame rate, when it was written
    speaker: PointerProperty(type=bpy.types.Object, name="Speaker")
    filepath: StringProperty(name="File", subtype="FILE_PATH", options=compat.path_options())
    start_frame: FloatProperty(name="Start")
    pause_end: FloatProperty(name="End")  # of a pause
    channel: IntProperty(name="Channel")  # of the sound, as in the panel's settings
    rig: PointerProperty(type=EMOTALK_PG_rig)
    armature: PointerProperty(type=bpy.types.Object)  # whose bones it turns
    controls: PointerProperty(type=EMOTALK_PG_controls)
    baked: StringProperty()  # digest of the sliders that the keys show
    written: StringProperty()  # checksums of the keys, to know them changed by hand
    looked_at: PointerProperty(type=bpy.types.Object)  # what its keys look at
    seen: StringProperty()  # where that was, from frame to frame
    is_held: BoolProperty()  # sliders have moved, and leave keys alone that were changed by hand
    first_frame: FloatProperty(name="First Frame")
    last_frame: FloatProperty(name="Last Frame")
    ease_asked: IntVectorProperty(size=2)  # frames in before the first frame, out after the last
    ease_written: IntVectorProperty(size=2)  # of these, for what there was room
    ease_step: IntProperty(default=1)  # frames from key to key of its eases
    ease_error: FloatProperty()  # what thinning them may change
    left_behind: StringProperty()  # keys of former eases, on curves that were locked then
    ways_to_rest: StringProperty()  # of curves: value at rest, whether they speak; if not as most
    passage_from: StringProperty()  # uid of the take from which its beginning goes over
    passage_free: IntVectorProperty(size=2)  # frames until lips meet: of what speaks, of others
    lip_curves: StringProperty()  # of curves: those that part the lips and do not speak
    own_beginning: StringProperty()  # of curves: their passage, and the own keys that it replaces
    phrases: CollectionProperty(type=EMOTALK_PG_phrase)
    file_start: FloatProperty(default=UNKNOWN_FRAME)  # scene frame at which the sound file begins
    sound_looks: StringProperty()  # by which what is told is known to be of another sound
    heard: FloatVectorProperty(
        name="Heard", size=len(EMOTIONS), description="Feelings in the voice"
    )
    summary: StringProperty(name="Result")
    warnings: StringProperty(name="Warnings")  # one a line


def _speaker_only(_self: Any, thing: bpy.types.Object) -> bool:
    return thing.type == "SPEAKER"


class EMOTALK_PG_scene(bpy.types.PropertyGroup):
    """The panel's own settings."""

    source: EnumProperty(items=_SOURCES, name="Sound", description="Where the speech comes from")
    strip: StringProperty(
        name="Strip", description="Name of a sound strip. Empty: the selected one"
    )
    speaker: PointerProperty(
        type=bpy.types.Object, name="Speaker", poll=_speaker_only, description="A Speaker object"
    )
    filepath: StringProperty(
        name="File", subtype="FILE_PATH", options=compat.path_options(),
        description="wav, flac, mp3, ogg, m4a, mp4 ...",
    )  # fmt: skip
    start_frame: IntProperty(
        name="Start", description="Scene frame at which the file begins", default=1
    )
    channel: _sound_channel()
    rig: PointerProperty(type=EMOTALK_PG_rig)
    controls: PointerProperty(type=EMOTALK_PG_controls)
    key_step: IntProperty(
        name="Key Every",
        description="Frames from key to key: 2 is animation on twos",
        min=1,
        max=12,
        default=1,
    )
    hold_keys: BoolProperty(
        name="Hold Poses",
        description="Each key stays until the next one, as in animation on twos",
    )
    max_error: FloatProperty(
        name="Thin Keys", min=0.0, max=0.1, default=0.0, precision=3, step=0.1,
        description="Leave out keys that change no value by more than this. 0 keeps all",
    )  # fmt: skip
    use_range: BoolProperty(
        name="Only a Range",
        description="Change the keys of a part of the take and blend into the rest",
    )
    range_start: IntProperty(name="From", description="First frame that may change", default=1)
    range_end: IntProperty(name="To", description="Last frame that may change", default=250)
    blend_frames: FloatProperty(
        name="Blend",
        description="Frames over which the ends of the range blend",
        min=0.0,
        max=60.0,
        default=4.0,
    )
    live: BoolProperty(
        name="Live", default=True, description="Move the character while a slider is dragged"
    )
    cast: CollectionProperty(type=EMOTALK_PG_role)
    cast_index: IntProperty(name="Role")
    script: PointerProperty(
        type=bpy.types.Text, name="Script",
        description="A text with all that is said, and more: whatever Animate and Animate Cast "
        "hear is heard in the light of the words of it that are said there. A take's own text goes "
        "before it",
    )  # fmt: skip
    script_language: StringProperty(name="Language", default=ENGLISH, description=LANGUAGES)
    hear_words: BoolProperty(
        name="Hear Words First",
        description="Animate and Animate Cast hear the words of sounds that have no text yet, by "
        "faster-whisper, and write them down. Lips are surer in the light of them; it takes longer",
    )
    takes: CollectionProperty(type=EMOTALK_PG_take)
    take_index: IntProperty(name="Take")


CLASSES = (
    EMOTALK_PG_controls,
    *rig_properties.CLASSES,
    EMOTALK_PG_role,
    EMOTALK_PG_phrase,
    EMOTALK_PG_take,
    EMOTALK_PG_scene,
)


def add() -> None:
    """Give scenes our settings, and strips their mark."""
    bpy.types.Scene.emotalk = PointerProperty(type=EMOTALK_PG_scene)
    compat.strip_type().emotalk_uid = StringProperty(options={"HIDDEN"})


def remove() -> None:
    """Take them away; what is saved in files stays there."""
    del bpy.types.Scene.emotalk
    del compat.strip_type().emotalk_uid

"""Lips by hand: what is said at a frame, told in place of what was heard; sliders still work."""

from contextlib import suppress
from math import ceil, floor
from pathlib import Path
from typing import Any, Final

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ...emotalk_core.errors import EmoTalkError, InputError
from ...emotalk_core.progress import Progress, part_of
from ...emotalk_core.speech.phone_files import ensure_phone_file, read_phones, write_phones
from ...emotalk_core.speech.phones import Phone
from ..bridge import compat
from ..bridge.asked import phones
from ..bridge.asked.same_take import UNHEARD
from ..bridge.counting import counted
from ..bridge.faces import stretches
from ..bridge.jobs import errand
from ..bridge.sounds import sources
from ..bridge.take import live, takes
from ..languages import translated
from .base import EmoTalkOperator, WritesFile

__all__ = ["CLASSES", "MOUTHS", "NAMES", "OfLips", "why_silent"]

MOUTHS: Final = (
    ("m", "Meet", "Lips meet, as in m, b, p"),
    ("f", "Tuck", "The lower lip goes under the teeth, as in f, v"),
    ("u", "Round", "Lips come forward and round, as in oo, w"),
    ("a", "Open", "The jaw drops, as in ah"),
    ("i", "Spread", "Lips part and spread, as in ee"),
    ("_", "Rest", "Nothing is said: the mouth comes to rest"),
)
"""Phone, name and description of what a button says."""

NAMES: Final = {symbol: name for symbol, name, _ in MOUTHS}


def why_silent(take: Any | None) -> str:
    """Why nothing can be told of a take; empty where something is said in it."""
    if take is None:
        return "Nothing is animated yet: press Animate first"
    if take.source in UNHEARD:
        return "Nothing was heard in this take"
    if take.file_start == phones.UNKNOWN_FRAME:
        return "Made by an earlier version: press Update Keys first"
    return ""


class OfLips(EmoTalkOperator):
    """Works on the active take, if something is said in it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a take in which something is said."""
        why = why_silent(takes.active_take(context.scene))
        return cls.refuse(why) if why else super().poll(context)

    def take_to_tell(self, context: bpy.types.Context) -> Any:
        """The active take, without what was told of another sound than its strip plays now."""
        take = takes.active_take(context.scene)
        self.begin(take)
        return take

    def begin(self, take: Any) -> None:
        """Let what is told of a take from now on be of the sound that its strip plays now."""
        with suppress(EmoTalkError):  # a sound that is missing is told when keys follow
            heard, _strip = sources.of_take(take, take.id_data)
            left_out = phones.begin(take, heard)
            if left_out:
                self.warn(left_out)


class _AtFrame(OfLips):
    """Works on some frames around the current one."""

    length: IntProperty(
        name="Frames", description="How many frames, around the current one", default=3, min=1,
        soft_max=24, max=10_000,
    )  # fmt: skip

    # Kept for the redo panel: undo takes the scene back to the frame before a playback.
    frame: IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def at_frame(self, context: bpy.types.Context) -> int:
        """The frame that is worked on: the current one, unless one is given."""
        if not self.properties.is_property_set("frame"):
            self.frame = context.scene.frame_current
        return self.frame

    def span(self, take: Any, frame: int) -> tuple[float, float]:
        """Seconds of the sound file.

        Raises
        ------
        InputError
            The take has no sound at the frame, or its keys may not change there.
        """
        first, last = take.first_frame, take.last_frame
        stretches.check_in_range(take.id_data.emotalk, frame)
        # Whole frames, each of which reaches half a frame to both sides of its time.
        start = frame - (self.length - 1) // 2 - 0.5
        ends = (start, start + self.length)
        start_s, end_s = (phones.seconds_at(take, end) for end in ends)
        if end_s <= 0.0 or not first <= frame <= last:
            raise InputError(
                "Nothing is heard in this take at this frame",
                value=frame,
                remedy=f"Go to a frame from {ceil(first)} to {floor(last)}.",
            )
        return max(start_s, 0.0), end_s


class EMOTALK_OT_tell_lips(_AtFrame):
    """Say what the mouth does at the current frame; it stays so under all sliders"""

    bl_idname = "emotalk.tell_lips"
    bl_label = "Set Lips"

    mouth: EnumProperty(items=MOUTHS, name="Mouth")

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        """Of each button."""
        what = next(text for symbol, _, text in MOUTHS if symbol == properties.mouth)
        return translated(
            "{what}: at the current frame, in place of what was heard, under all sliders",
            what=translated(what),
        )

    def run(self, context: bpy.types.Context) -> str:
        """Tell the active take."""
        phones.ensure_obeyed()
        take = takes.active_take(context.scene)
        frame = self.at_frame(context)
        phone = Phone(*self.span(take, frame), self.mouth)
        phones.tell(self.take_to_tell(context).controls, phone)
        live.schedule(context.scene)
        return f"{NAMES[self.mouth]}: {counted(self.length, 'frame')} at {frame}"


class EMOTALK_OT_hear_lips(_AtFrame):
    """Go back to what was heard, at the current frame"""

    bl_idname = "emotalk.hear_lips"
    bl_label = "As Heard"

    def run(self, context: bpy.types.Context) -> str:
        """Forget what the active take was told there."""
        take = takes.active_take(context.scene)
        n = phones.forget(take.controls, *self.span(take, self.at_frame(context)))
        live.schedule(context.scene)
        return "As heard" if n else "Nothing was set at this frame"


class EMOTALK_OT_hear_all_lips(OfLips):
    """Forget all that was set by hand or came from a file, and the text: all as it was heard"""

    bl_idname = "emotalk.hear_all_lips"
    bl_label = "All As Heard"

    def run(self, context: bpy.types.Context) -> str:
        """Of the active take."""
        take = takes.active_take(context.scene)
        n, has_text = len(phones.all_of(take.controls)), bool(take.controls.text)
        phones.put(take.controls, ())
        phones.put_text(take.controls)
        live.schedule(context.scene)
        told = [f"{n} set"] * bool(n) + ["the text"] * has_text
        return f"All as heard: {' and '.join(told)} taken back" if told else "Nothing was set"


class EMOTALK_OT_load_phones(OfLips, ImportHelper):
    """Say what is said when, from a file: a TextGrid of an aligner, a csv, labels of Audacity"""

    bl_idname = "emotalk.load_phones"
    bl_label = "Load Phones"

    filepath: StringProperty(subtype="FILE_PATH", options=compat.path_options())
    filter_glob: StringProperty(default="*.TextGrid;*.csv;*.txt", options={"HIDDEN"})

    def run(self, context: bpy.types.Context) -> str:
        """In place of all that was told of the active take."""
        phones.ensure_obeyed()
        path = Path(bpy.path.abspath(self.filepath))
        found = read_phones(path)
        phones.put(self.take_to_tell(context).controls, found)
        live.schedule(context.scene)
        return f"{counted(len(found), 'phone')} from {path.name}"


class EMOTALK_OT_save_phones(OfLips, WritesFile):
    """Write the phones that were heard, with those that were set, to mend them elsewhere"""

    bl_idname = "emotalk.save_phones"
    bl_label = "Save Phones"

    filename_ext = ".TextGrid"
    filter_glob: StringProperty(default="*.TextGrid;*.csv;*.txt", options={"HIDDEN"})

    def run(self, context: bpy.types.Context) -> str:
        """Of the active take."""
        take = takes.active_take(context.scene)
        path = Path(bpy.path.abspath(self.filepath))
        ensure_phone_file(path)
        phones.ensure_obeyed()
        prepared = takes.prepare_take(context.scene, take)

        def work(progress: Progress) -> int:
            found = takes.phones_in(prepared, part_of(progress, 0.0, 0.9))
            progress(0.9, "Writing the file")
            write_phones(found, path)
            return len(found)

        def keep(n: int) -> str:
            return f"Wrote {counted(n, 'phone')} to {path.name}"

        return errand.start("emotalk.save_phones", work, keep, must_wait=not self.by_hand)


CLASSES = (
    EMOTALK_OT_tell_lips,
    EMOTALK_OT_hear_lips,
    EMOTALK_OT_hear_all_lips,
    EMOTALK_OT_load_phones,
    EMOTALK_OT_save_phones,
)

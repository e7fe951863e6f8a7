"""The words of a take, typed, read or heard: its lips are heard in the light of them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ...emotalk_core.audio import SoundSource
from ...emotalk_core.cli.texts import language_of, text_of
from ...emotalk_core.errors import EmoTalkError, RigError
from ...emotalk_core.progress import Progress, part_of
from ...emotalk_core.speech.heard_words import HeardWords, Recogniser
from ...emotalk_core.speech.languages import of_file_name
from ...emotalk_core.speech.passage import Passage, Script
from ...emotalk_core.speech.transcript import ENGLISH, pronounced
from ...emotalk_core.speech.words_of_sounds import Spoken, words_of_sounds
from ..bridge.asked import phones
from ..bridge.asked.prepared import Prepared
from ..bridge.counting import counted
from ..bridge.jobs import settings
from ..bridge.sounds.decode import to_source
from ..bridge.take import live, said, takes
from ..languages import sentences, translated
from .background import BackgroundOperator
from .lips import OfLips, why_silent

__all__ = ["CLASSES"]

_HEARD = 0.9  # of the time that hearing words takes: then they are read, and followed
_READ = 0.92
_NOTHING = Passage((), "", "")


class _OfText(OfLips, BackgroundOperator):
    """Tells takes their words."""

    _scene = 0  # Blender's number of it

    def tell(self, uid: str, language: str, passage: Passage) -> None:
        """A text that is not what is heard in a take is told when keys follow."""
        scene = next((one for one in bpy.data.scenes if one.session_uid == self._scene), None)
        take = takes.take_of(scene, uid)
        if take is None:
            raise RigError(
                "The take was removed meanwhile", value="Text", remedy="Choose another one."
            )
        self.begin(take)
        phones.put_text(take.controls, passage.text, language, passage.words)
        live.schedule(take.id_data)


class EMOTALK_OT_tell_text(_OfText):
    """Say what is spoken in this take, word for word: its lips are heard in the light of it"""

    bl_idname = "emotalk.tell_text"
    bl_label = "Text"

    text: StringProperty(
        name="Text", description="All words of this sound, or a script in which they are, or a "
        "file with either: txt, srt, vtt, fountain. Empty: not known",
    )  # fmt: skip
    language: StringProperty(name="Language", default=ENGLISH, description=phones.LANGUAGES)

    _uid = ""  # of the take

    def invoke(self, context: bpy.types.Context, _event: Any) -> Any:
        """Ask for both, beginning with what was told."""
        group = takes.active_take(context.scene).controls
        self.text, self.language = group.text, group.language or self.language
        self.by_hand = True
        return context.window_manager.invoke_props_dialog(self, width=500)

    def work(self, context: bpy.types.Context) -> Callable[[Progress], Passage]:
        """Read it, which takes seconds of a script, and look for what of it is said."""
        phones.ensure_obeyed()
        scene, given = context.scene, bpy.path.abspath(self.text.strip())
        text = text_of(given)
        take = takes.active_take(scene)
        self._scene, self._uid = scene.session_uid, take.uid
        if not text.strip():  # a file may be empty, too: no words
            return lambda _progress: _NOTHING
        self.language = language_of(given, self.language)
        script = Script(text, self.language, "Of the text")
        prepared = None
        with suppress(EmoTalkError):  # a sound that is missing is told when keys follow
            prepared = takes.prepare_take(scene, take)
        return partial(said.passage_or_all, prepared, script)

    def put(self, _context: bpy.types.Context, result: Passage) -> str:
        """Tell the take."""
        self.tell(self._uid, self.language, result)
        n, verb = len(result.words), "is" if len(result.words) == 1 else "are"
        told = f"{counted(n, 'word')} {verb} said" if n else "The text is not known"
        return result.summary or told


@dataclass(frozen=True)
class _Heard:
    """What was heard in a take, or why not."""

    uid: str
    name: str
    language: str  # as it is asked for, empty: as it is heard; then as it was heard
    passage: Passage = _NOTHING
    error: EmoTalkError | None = None


class EMOTALK_OT_hear_words(_OfText):
    """Let faster-whisper write down what is said, as the text of the take: lips are surer then"""

    bl_idname = "emotalk.hear_words"
    bl_label = "Hear Words"

    every: BoolProperty(
        name="Every Take", options={"SKIP_SAVE"},
        description="Of all takes of the scene that have no text yet",
    )  # fmt: skip
    language: StringProperty(
        name="Language", options={"SKIP_SAVE"},
        description=f"{phones.LANGUAGES}. Empty: that of Text..., else as it is heard",
    )  # fmt: skip

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        """The two buttons look alike."""
        text = cls.__doc__ or ""
        if not properties.every:
            return translated(text)
        return sentences(text, translated("Here of all takes that have no text yet"))

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a Python that may hear words, too."""
        try:
            settings.recogniser()
        except EmoTalkError as error:
            return cls.refuse(str(error))
        return super().poll(context)

    def invoke(self, context: bpy.types.Context, _event: Any) -> Any:
        """At once: nothing is to be asked."""
        self.by_hand = True
        return self.execute(context)

    def work(self, context: bpy.types.Context) -> Callable[[Progress], list[_Heard]]:
        """Hear the words of one take after the other."""
        phones.ensure_obeyed()
        scene = context.scene
        self._scene = scene.session_uid
        chosen = _without_text(scene) if self.every else [takes.active_take(scene)]
        if not chosen:
            return lambda _progress: []
        asked = [_asked(scene, take, self.language or take.controls.language) for take in chosen]
        return partial(_hear_all, asked, settings.recogniser())

    def put(self, _context: bpy.types.Context, result: Sequence[_Heard]) -> str:
        """Tell the takes; what went wrong with one of several is told."""
        if not result:
            return "Every take has its text"
        errors = [one.error or self._not_told(one) for one in result]
        failed = [(one, error) for one, error in zip(result, errors, strict=True) if error]
        if len(failed) == len(result):
            raise failed[0][1]
        for one, error in failed:
            self.warn(f"{one.name}: {error}")
        well = [one for one, error in zip(result, errors, strict=True) if error is None]
        heard = [one for one in well if one.passage.words]
        silent = ", ".join(one.name for one in well if not one.passage.words)
        if not heard:
            return f"No words are heard in {silent}"
        n, languages = sum(len(one.passage.words) for one in heard), {h.language for h in heard}
        of = f" in {counted(len(heard), 'take')}" if self.every else ""
        none = f"; none in {silent}" if silent else ""
        return f"{counted(n, 'word')} heard{of} ({', '.join(sorted(languages))}){none}"

    def _not_told(self, one: _Heard) -> EmoTalkError | None:
        """Why its take cannot be told; one without words keeps the text that it has."""
        if not one.passage.words:
            return None
        try:
            self.tell(one.uid, one.language, one.passage)
        except EmoTalkError as error:
            return error
        return None


@dataclass(frozen=True)
class _Asked:
    """A take whose words are wanted, and its sound; none where it is missing."""

    take: _Heard
    prepared: Prepared | None


def _without_text(scene: bpy.types.Scene) -> list[Any]:
    found = [take for take in scene.emotalk.takes if not take.controls.text]
    return [take for take in found if not why_silent(take)]


def _asked(scene: bpy.types.Scene, take: Any, language: str) -> _Asked:
    """A take whose words are wanted; one whose sound is missing says so when the others have been
    heard.
    """
    nothing = _Heard(take.uid, take.name, language)
    try:
        return _Asked(nothing, takes.prepare_take(scene, take))
    except EmoTalkError as error:
        return _Asked(replace(nothing, error=error), None)


def _hear_all(asked: Sequence[_Asked], recogniser: Recogniser, progress: Progress) -> list[_Heard]:
    """In a thread."""
    there = [(one.take, one.prepared) for one in asked if one.prepared is not None]
    n = len(there)
    parts = [part_of(progress, i / n, (i + 1) / n) for i in range(n)]
    sounds = [
        Spoken(
            partial(_open, prepared),
            take.language,
            part_of(part, 0.0, _HEARD),
            named=of_file_name(prepared.request.heard.file.name),
        )
        for (take, prepared), part in zip(there, parts, strict=True)
    ]
    found = {one.take.uid: one.take for one in asked}
    for i, heard in words_of_sounds(sounds, recogniser):
        take, prepared = there[i]
        found[take.uid] = _read(take, prepared, heard, parts[i])
    return [*found.values()]


def _open(prepared: Prepared, progress: Progress) -> SoundSource:
    request = prepared.request
    return to_source(request.heard, blender=request.settings.blender, progress=progress)


def _read(
    take: _Heard, prepared: Prepared, heard: HeardWords | EmoTalkError, progress: Progress
) -> _Heard:
    try:
        if isinstance(heard, EmoTalkError):
            raise heard
        if not heard.text:
            return take
        words = pronounced(heard.text, heard.language, part_of(progress, _HEARD, _READ))
        said.check_is_said(prepared, words, part_of(progress, _READ, 1.0))
    except EmoTalkError as error:
        return replace(take, error=error)
    return replace(take, language=heard.language, passage=Passage(words, heard.text, ""))


CLASSES = (EMOTALK_OT_tell_text, EMOTALK_OT_hear_words)

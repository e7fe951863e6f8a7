"""What of a longer text is said in a take: found when it is heard, kept as its own text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ....emotalk_core.engine import Encoding
from ....emotalk_core.errors import TextError
from ....emotalk_core.model.config import ModelConfig
from ....emotalk_core.pipeline import said_in_script
from ....emotalk_core.progress import Progress, part_of
from ....emotalk_core.speech.passage import Passage, Script
from ....emotalk_core.speech.transcript import Words, with_text
from ....emotalk_core.usual_voice import UsualVoice, ensure_knows_usual, usual_voice
from ..asked import controls, phones
from ..asked.prepared import Prepared
from ..jobs.session import SESSION
from ..jobs.work import Outcome, animate

__all__ = ["as_heard", "check_is_said", "passage_or_all", "remember", "usual_voice_of"]


def as_heard(prepared: Prepared, outcome: Outcome) -> Prepared:
    """The same, as if what was found in the script had been told before."""
    if outcome.script is None:
        return prepared
    words = outcome.passage.words if outcome.passage else ()
    track = replace(prepared.request.track, words=words, script=None)
    request = replace(prepared.request, track=track)
    digest = prepared.digest and controls.with_words(prepared.digest, phones.written(words))
    return replace(prepared, request=request, digest=digest)


def remember(take: Any, outcome: Outcome) -> None:
    """Let the take keep what was found in a script as its text; what an earlier one gave goes."""
    group, script, passage = take.controls, outcome.script, outcome.passage
    if script is not None:
        phones.put_text(group)
    if script is not None and passage is not None:
        phones.put_text(group, passage.text, script.language, passage.words)
        group.from_script = True


def passage_or_all(prepared: Prepared | None, script: Script, progress: Progress) -> Passage:
    """What of a text is said in a take that is there; all of it where it is all said, or nothing
    of it, or (None) its sound is not there. Safe in a thread.

    Raises
    ------
    EmoTalkError
        The model is not there, or as of `pronounced`.
    """
    words = script.words(part_of(progress, 0.0, 0.1))
    whole = Passage(words, script.text, "")
    if prepared is None:
        return whole
    encoding, config = _encoded(prepared, part_of(progress, 0.1, 0.6))
    try:
        with_text(encoding, words, config, part_of(progress, 0.6, 0.8))
    except TextError:
        track = replace(prepared.request.track, words=(), script=script)
        found = said_in_script(encoding, track, config, part_of(progress, 0.8, 1.0))
        return found[1] or whole
    return whole


def check_is_said(prepared: Prepared, words: Words, progress: Progress) -> None:
    """Raise TextError for words that are not what is said in a take. Safe in a thread."""
    encoding, config = _encoded(prepared, part_of(progress, 0.0, 0.7))
    with_text(encoding, words, config, part_of(progress, 0.7, 1.0))


def usual_voice_of(prepared: Prepared, progress: Progress) -> UsualVoice:
    """How the character of a take sounds in it. Safe in a thread.

    Raises
    ------
    EmoTalkError
        The model is not there, or as of `usual_voice`.
    """
    ensure_knows_usual(SESSION.room.engine(prepared.request.settings).config)
    encoding, config = _encoded(prepared, progress)
    return usual_voice([encoding], config)


def _encoded(prepared: Prepared, progress: Progress) -> tuple[Encoding, ModelConfig]:
    """What is heard in a take, whatever was told of it, and by which model."""
    request = prepared.request
    known = SESSION.known(prepared.uid, request.heard)
    if known is None:
        heard = replace(request, track=replace(request.track, words=(), script=None))
        known = animate(heard, SESSION.room, progress).known
        assert known is not None, "a sound was heard"
    return known.encoding, SESSION.room.engine(request.settings).config

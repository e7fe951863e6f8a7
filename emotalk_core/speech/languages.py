"""Names of languages: what espeak-ng, Whisper and the names of files call them."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from ..errors import InputError

__all__ = ["ensure_heard", "from_whisper", "in_file_name", "of_file_name", "to_whisper"]

_NAMES: Final = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he "
    "hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne "
    "nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk "
    "ur uz vi yi yo yue zh"
)
_WHISPER: Final = frozenset(_NAMES.split())
_ESPEAK: Final = MappingProxyType({"zh": "cmn", "fr": "fr-fr", "no": "nb"})
"""Those that espeak-ng calls otherwise."""
_OTHERWISE: Final = MappingProxyType(
    {ours: theirs for theirs, ours in _ESPEAK.items()} | {"zh-yue": "yue"}
)
_BRAZIL: Final = "pt-br"  # the one region whose sounds espeak-ng has and a file's name may say
_IN_NAME: Final = re.compile(r"\.([a-z]{2,3})(-[a-z0-9]+)?\.\w+$", re.IGNORECASE)


def from_whisper(language: str) -> str:
    """Whisper's language as `pronounced` takes it: `fr` is `fr-fr`."""
    return _ESPEAK.get(language, language)


def to_whisper(language: str) -> str:
    """The other way: `fr-fr` is `fr`, `en-us` is `en`; empty as it is."""
    language = language.lower()
    base = language.split("-")[0]
    return _OTHERWISE.get(language) or _OTHERWISE.get(base, base)


def ensure_heard(language: str) -> None:
    """Nothing, where Whisper knows a language, or none is named.

    Raises
    ------
    InputError
        It does not.
    """
    if language and to_whisper(language) not in _WHISPER:
        raise InputError(
            "Words in this language are not heard",
            value=language,
            remedy="Use en, de, fr-fr, es ..., or let the recogniser find out by itself.",
        )


def of_file_name(name: str) -> str:
    """The language that a file's name tells, as `pronounced` takes it: `de` of `talk.de.srt`; empty
    where it tells none.
    """
    found = _IN_NAME.search(name)
    if found is None:
        return ""
    language, region = (part.lower() for part in found.groups(default=""))
    if language + region == _BRAZIL:
        return _BRAZIL
    ours = _OTHERWISE.get(language, language)
    return from_whisper(ours) if ours in _WHISPER else ""


def in_file_name(language: str) -> str:
    """What `of_file_name` reads as this language: `.de`."""
    return f".{language if language == _BRAZIL else to_whisper(language)}"

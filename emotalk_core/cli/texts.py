"""The text that is spoken in a sound, as flags tell it, or a file beside it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputError, ReaderError, TextError
from ..rows import read_text
from ..speech.languages import of_file_name
from ..speech.passage import Script, script_of
from ..speech.script import speakers
from ..speech.transcript import ENGLISH, Words, ensure_read, pronounced, reader_of
from .streams import say
from .tables import TEXTS, is_empty, texts_beside

__all__ = [
    "add_language_flag",
    "add_text_flags",
    "add_texts_flag",
    "find_texts",
    "is_text_file",
    "language_of",
    "read_script",
    "read_words",
    "readers",
    "said_or_heard",
    "text_of",
]

_T = TypeVar("_T")


def add_text_flags(parser: argparse.ArgumentParser) -> None:
    """What is read."""
    parser.add_argument(
        "--text", metavar="TEXT|FILE",
        help="what is said, word for word: the lips are heard in the light of it; a text, "
        "subtitles, a dialogue with names, a screenplay: txt, srt, vtt, fountain",
    )  # fmt: skip
    _add_script_flags(parser, "--text")
    parser.set_defaults(text_beside=None)


def add_texts_flag(parser: argparse.ArgumentParser) -> None:
    """Texts beside sounds."""
    parser.add_argument(
        "--texts", action="store_true",
        help="NAME.lab, .txt, .srt, .vtt or .fountain beside a sound is what is said in it, word "
        "for word, NAME.de.txt in German; a text that is not what is said is left out, and told",
    )  # fmt: skip
    _add_script_flags(parser, "--texts")


def _add_script_flags(parser: argparse.ArgumentParser, beside: str) -> None:
    parser.add_argument(
        "--script", metavar="FILE",
        help="what is said in all sounds, and more: of each the passage is looked for; "
        f"{beside} goes before",
    )  # fmt: skip
    add_language_flag(parser, f"{beside} and --script")


def add_language_flag(parser: argparse.ArgumentParser, of: str) -> None:
    """How texts are read."""
    parser.add_argument(
        "--language", default=ENGLISH, metavar="NAME",
        help=f"of {of}: en (default), or as espeak-ng calls it, which some have to have installed: "
        "de, fr-fr, ja, hi; the name of a file goes before: NAME.de.txt is German",
    )  # fmt: skip


def read_words(arguments: argparse.Namespace) -> Words:
    """The phones of the text that is given; none without, and of an empty one: it says that there
    are no words.
    """
    if arguments.text is None:
        return ()
    text = text_of(arguments.text)
    if not text.strip():
        return ()
    if arguments.text_beside is None and (names := speakers(text)):
        say(f"Names of speakers in the text, which are not said: {', '.join(names)}")
    with _naming(arguments.text) if is_text_file(arguments.text) else nullcontext():
        return pronounced(text, language_of(arguments.text, arguments.language))


def read_script(arguments: argparse.Namespace) -> Script | None:
    """The script that is given, with its phones; of many sounds the same one. A text goes before,
    an empty one too.
    """
    if arguments.script is None or arguments.text is not None:
        return None
    path = Path(arguments.script)
    language = language_of(path, arguments.language)
    script = script_of(read_text(path, "script"), language, path.name)
    with _naming(path):
        script.words()
    return script


@contextmanager
def _naming(file: str | Path) -> Generator[None]:
    """Let an error tell the file of a text: there may be nothing in it."""
    try:
        yield
    except TextError as error:
        raise TextError(error.problem, value=file, remedy=error.remedy) from error


def text_of(text: str) -> str:
    """The text itself, where a file is named too."""
    if not is_text_file(text):
        return text
    try:
        return read_text(Path(text), "text")
    except InputError as error:
        raise TextError(error.problem, value=error.value, remedy=error.remedy) from error


def is_text_file(text: str) -> bool:
    """Whether --text names a file."""
    return text.lower().endswith(TEXTS) and "\n" not in text


def language_of(text: str | Path, told: str) -> str:
    """The language of a text: that which the name of its file tells, else what is told."""
    named = of_file_name(str(text)) if is_text_file(str(text)) else ""
    return named or told


def readers(options: Mapping[str, Any]) -> list[str]:
    """Who reads the texts that are given, here and now: whoever reads them later may read them
    otherwise, or be the first who can.
    """
    texts = (options["text"], options["text_beside"], options["script"])
    return [reader_of(language_of(text, options["language"])) for text in texts if text]


def find_texts(sounds: Sequence[Path], arguments: argparse.Namespace) -> dict[Path, str]:
    """The files with the words of sounds that lie beside them, where --texts asks for them;
    says of how many.

    Raises
    ------
    InputError
        There are none, or --language, which some of them go by, is none of espeak-ng's.
    ReaderError
        espeak-ng is not installed, and without it none of them can be read, or none of those that
        go by --language: told once, before anything is heard.
    """
    if not arguments.texts:
        return {}
    beside = texts_beside(sounds, arguments.language)
    found = {sound: str(text) for sound, text in beside.items()}
    empty = {text for text in beside.values() if is_empty(text)}
    read = {text for text in beside.values() if text not in empty}
    languages = {language_of(text, arguments.language) for text in read}
    for language in languages:
        is_named = language != arguments.language
        _ensure_read(language, is_named=is_named, is_only=len(languages) == 1)
    if not found:
        raise InputError(
            "No text beside any of the sounds",
            value=sounds[0],
            remedy=f"Put NAME{' or NAME'.join(TEXTS)} beside it, or leave --texts out.",
        )
    n_empty = sum(text in empty for text in beside.values())
    without = f", {n_empty} of them empty: no words" if n_empty else ""
    say(f"Texts lie beside {len(found)} of {len(sounds)} sounds{without}")
    return found


def _ensure_read(language: str, *, is_named: bool, is_only: bool) -> None:
    """One that the names of files tell may be nobody's: those are told when it is their turn."""
    try:
        ensure_read(language)
    except ReaderError:
        if is_only or not is_named:
            raise
    except InputError:
        if not is_named:
            raise


def said_or_heard(
    make: Callable[[argparse.Namespace], _T], options: argparse.Namespace
) -> tuple[_T, str]:
    """What `make` makes in the light of `text_beside`, a file; by the voice alone where that text
    cannot be read, nobody reads its language, or it is not what is said, and why: of many sounds
    nobody waits for one text.
    """
    if options.text_beside is None:
        return make(options), ""
    try:
        return make(argparse.Namespace(**(vars(options) | {"text": options.text_beside}))), ""
    except (InputError, ReaderError) as error:  # of anything else it is raised again
        return make(options), f"Heard without {Path(options.text_beside).name}: {error}"

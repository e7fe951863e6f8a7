"""`emotalk words`: what is said in sounds, as texts that lips are heard in the light of."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from ..atomic_file import atomic_file, ensure_writable
from ..audio import SoundSource, open_sound
from ..errors import EmoTalkError, InputError
from ..other_python.interpreter import find_python
from ..progress import Progress
from ..speech.heard_words import MODEL, HeardWords, Recogniser
from ..speech.languages import ensure_heard, in_file_name, of_file_name, to_whisper
from ..speech.transcript import ENGLISH
from ..speech.words_of_sounds import Spoken, words_of_sounds
from .jobs import find_sounds
from .options import add_channel_flag, add_progress_flag, read_channel
from .places import refuse_overwriting, refuse_twice
from .progress import progress_for
from .reports import with_sound
from .streams import say, tell
from .tables import texts_beside

__all__ = ["add_command"]

_ENDING: Final = ".txt"
_ENDINGS: Final = (_ENDING, ".lab")  # of what may be written over: no sound, no subtitles


def add_command(commands: Any) -> None:
    """`emotalk words SOUND... [-o OUT.txt]`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "words",
        help="what is said in sounds, as texts for --text and --texts",
        description="NAME.txt beside each NAME.wav, or NAME.de.txt where German is spoken, heard "
        "by faster-whisper, which has to be installed (pip install faster-whisper) in this or "
        "another Python. Look over what it writes: lips follow it where it fits. Texts that are "
        "there already stay. Of several sounds the language of a short one goes by the others.",
    )
    parser.add_argument(
        "audio", nargs="+", type=Path, metavar="SOUND", help="sound or film files, or folders"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT.txt",
        help="of one sound: another place than beside it; what is there is written over",
    )  # fmt: skip
    parser.add_argument(
        "--recogniser", default=MODEL, metavar="NAME|DIR",
        help="a model of faster-whisper's (tiny, base, small, medium, large-v3, turbo), which it "
        f"fetches once, or a folder with one (default: {MODEL})",
    )  # fmt: skip
    parser.add_argument(
        "--language", default="", metavar="NAME",
        help="what is spoken: en, de, fr-fr, es ... (default: as it is heard)",
    )  # fmt: skip
    add_channel_flag(parser)
    parser.add_argument(
        "--python", type=Path, metavar="PATH",
        help="the Python that has faster-whisper, a program or an environment's folder",
    )  # fmt: skip
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where it runs (default: cpu)"
    )
    add_progress_flag(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    ensure_heard(arguments.language)
    found, output = _sounds(arguments.audio), arguments.output
    if output is not None:
        _check_output(output, found)
    sounds = found if output is not None else _without_text(found, arguments.language)
    texts = [output or sound.with_suffix(_ENDING) for sound in sounds]
    refuse_overwriting("The text", texts, found)
    refuse_twice(sounds, texts)
    asked = [
        _spoken(sound, text, arguments, n=len(found))
        for sound, text in zip(sounds, texts, strict=True)
    ]
    n_written = 0
    for i, heard in words_of_sounds(asked, _recogniser(arguments)):
        try:
            if isinstance(heard, EmoTalkError):
                raise heard
            asked[i].progress(1.0, "Done")
            _write(output or _free_place(sounds[i], heard.language), heard)
            n_written += 1
        except EmoTalkError as error:
            if len(found) == 1:
                raise
            tell(f"emotalk: {with_sound(sounds[i], str(error))}")
    return 3 if n_written < len(sounds) else 0


def _check_output(output: Path, sounds: Sequence[Path]) -> None:
    if len(sounds) > 1:
        raise InputError(
            "-o is for one sound",
            value=output,
            remedy="Leave it out: each text is written beside its sound.",
        )
    if output.suffix.lower() not in _ENDINGS:
        raise InputError(
            "No such kind of text file", value=output, remedy=f"Use {', '.join(_ENDINGS)}."
        )


def _without_text(sounds: Sequence[Path], language: str) -> list[Path]:
    """Those that have none beside them yet; says which have one."""
    beside = texts_beside(sounds, language)
    for text in dict.fromkeys(beside.values()):
        say(f"{text}: is there already")
    return [sound for sound in sounds if sound not in beside]


def _recogniser(arguments: argparse.Namespace) -> Recogniser:
    python = find_python(arguments.python) if arguments.python is not None else None
    return Recogniser(arguments.recogniser, python, arguments.device)


def _spoken(sound: Path, text: Path, arguments: argparse.Namespace, *, n: int) -> Spoken:
    return Spoken(
        partial(_open, sound, text, read_channel(arguments)),
        arguments.language,
        progress_for(arguments.progress, label=sound.name if n > 1 else ""),
    )


def _open(sound: Path, text: Path, channel: int | None, progress: Progress) -> SoundSource:
    ensure_writable(text)  # before the work
    return open_sound(sound, channel=channel, progress=progress)


def _place(sound: Path, language: str) -> Path:
    """NAME.txt in English, NAME.de.txt in German: what reads it goes by that."""
    named = "" if language == ENGLISH else in_file_name(language)
    return sound.with_name(f"{sound.stem}{named}{_ENDING}")


def _free_place(sound: Path, language: str) -> Path:
    place = _place(sound, language)
    if place.is_file():  # written just now: NAME.wav in German, NAME.de.wav in English
        raise InputError(
            "Another sound has a text of this name", value=place, remedy="Rename one of the sounds."
        )
    return place


def _sounds(given: Sequence[Path]) -> list[Path]:
    found = [one for path in given for one in (find_sounds(path) if path.is_dir() else [path])]
    if not found:
        raise InputError("No sounds in it", value=given[0], remedy="Name sound files or folders.")
    return found


def _write(text: Path, heard: HeardWords) -> None:
    with atomic_file(text) as file:
        file.write(f"{heard.text}\n".encode())
    n, language = len(heard.text.split()), heard.language
    say(f"{text}: {'1 word' if n == 1 else f'{n} words'} ({language})")
    named = of_file_name(text.name)
    if named and to_whisper(named) != to_whisper(language):
        tell(f"emotalk: {text}: its name says {named}, its words are {language}: rename it")
    elif not named and language != ENGLISH:
        tell(f"emotalk: {text}: give --language {language} to what reads it")

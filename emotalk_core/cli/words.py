"""`emotalk words`: what is said in sounds, as texts that lips are heard in the light of."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from ..atomic_file import atomic_file, ensure_writable
from ..audio import SoundSource, open_sound
from ..audio.decoders import AUDIBLE_SUFFIXES
from ..errors import EmoTalkError, InputError
from ..other_python.interpreter import find_python
from ..progress import Progress
from ..speech.heard_words import MODEL, HeardWords, Recogniser
from ..speech.languages import ensure_heard, in_file_name, of_file_name, to_whisper
from ..speech.transcript import ENGLISH
from ..speech.words_of_sounds import Languages, Spoken, words_of_sounds
from .jobs import find_sounds
from .options import add_channel_flag, add_progress_flag, read_channel
from .places import refuse_overwriting, refuse_twice
from .progress import progress_for
from .reports import with_sound
from .streams import say, tell
from .tables import texts_beside
from .texts import language_of

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
        "there already stay. The language of a short sound goes by its name (NAME.de.wav), else by "
        "the others, most of all by those of its folder.",
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
    beside = texts_beside(found, arguments.language) if output is None else {}
    if output is not None:
        _check_output(output, found)
    for text in dict.fromkeys(beside.values()):
        say(f"{text}: is there already")
    sounds = [sound for sound in found if sound not in beside]
    texts = [output or sound.with_suffix(_ENDING) for sound in sounds]
    refuse_overwriting("The text", texts, found)
    refuse_twice(sounds, texts)
    asked = [_spoken(sound, arguments, n=len(found)) for sound in sounds]
    n_done = 0
    for i, heard in words_of_sounds(asked, _recogniser(arguments), _languages(beside)):
        try:
            _finish(sounds[i], output, heard, asked[i].progress)
            n_done += 1
        except EmoTalkError as error:
            if len(found) == 1:
                raise
            tell(f"emotalk: {with_sound(sounds[i], str(error))}")
    if len(found) > 1:
        say(f"{len(beside) + n_done} of {len(found)} sounds have a text")
    return 3 if n_done < len(sounds) else 0


def _finish(
    sound: Path, output: Path | None, heard: HeardWords | EmoTalkError, progress: Progress
) -> None:
    """Write what was heard, unless a text has come meanwhile, by hand or from another run."""
    text = _text_of(sound, output)
    if text is None and isinstance(heard, EmoTalkError):
        raise heard
    progress(1.0, "Done")
    if text is not None:
        say(f"{text}: is there by now")
    elif isinstance(heard, HeardWords):
        _write(output or _free_place(sound, heard.language), heard)


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


def _languages(beside: Mapping[Path, Path]) -> Languages:
    """Those of sounds that have their texts: another run has heard them, or somebody has."""
    known = Languages()
    for sound, text in beside.items():
        known.add(HeardWords("", language_of(text, ENGLISH)), sound.parent)
    return known


def _recogniser(arguments: argparse.Namespace) -> Recogniser:
    python = find_python(arguments.python) if arguments.python is not None else None
    return Recogniser(arguments.recogniser, python, arguments.device)


def _spoken(sound: Path, arguments: argparse.Namespace, *, n: int) -> Spoken:
    return Spoken(
        partial(_open, sound, arguments.output, read_channel(arguments)),
        arguments.language,
        progress_for(arguments.progress, label=sound.name if n > 1 else ""),
        named=of_file_name(sound.name),
        group=sound.parent,
    )


def _open(sound: Path, output: Path | None, channel: int | None, progress: Progress) -> SoundSource:
    text = _text_of(sound, output)
    if text is not None:  # `_finish` tells it
        raise InputError("Text is there by now", value=text, remedy="It stays.")
    ensure_writable(output or sound.with_suffix(_ENDING))  # before the work
    return open_sound(sound, channel=channel, progress=progress)


def _text_of(sound: Path, output: Path | None) -> Path | None:
    """What lies beside it, and stays; what is at the user's own place is written over."""
    return texts_beside([sound], "").get(sound) if output is None else None


def _place(sound: Path, language: str) -> Path:
    """NAME.txt in English, NAME.de.txt in German, of NAME.wav and NAME.de.wav: what reads it goes
    by that.
    """
    plain = sound.with_name(f"{sound.stem}{_ENDING}")
    if language_of(plain, ENGLISH) == language:
        return plain
    return sound.with_name(f"{sound.stem}{in_file_name(language)}{_ENDING}")


def _free_place(sound: Path, language: str) -> Path:
    place = _place(sound, language)
    others = (place.with_suffix(ending) for ending in AUDIBLE_SUFFIXES)
    if place.stem != sound.stem and any(map(Path.is_file, others)):  # NAME.de.wav, say
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

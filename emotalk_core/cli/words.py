"""`emotalk words`: what is said in sounds, as texts that lips are heard in the light of."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from ..atomic_file import atomic_file, ensure_writable
from ..audio import SoundSource, open_sound
from ..audio.decoders import AUDIBLE_SUFFIXES
from ..errors import Cancelled, EmoTalkError, InputError, unexpected
from ..other_python.interpreter import find_python
from ..progress import Progress, silent
from ..speech.heard_words import MODEL, HeardWords, Recogniser
from ..speech.languages import ensure_heard, in_file_name, of_file_name, to_whisper
from ..speech.transcript import ENGLISH
from ..speech.words_of_sounds import Languages, Spoken, words_of_sounds
from .jobs import find_sounds
from .options import add_channel_flag, add_progress_flag, read_channel
from .places import refuse_overwriting, shared_places
from .progress import progress_for
from .reports import with_sound
from .streams import say, tell
from .tables import is_empty, is_file, texts_beside

__all__ = ["add_command"]

_log = logging.getLogger(__name__)

_ENDING: Final = ".txt"
_ENDINGS: Final = (_ENDING, ".lab")  # of what may be written over: no sound, no subtitles


def add_command(commands: Any) -> None:
    """`emotalk words SOUND... [-o OUT.txt]`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "words",
        help="what is said in sounds, as texts for --text and --texts",
        description="NAME.en.txt beside each NAME.wav in which English is spoken, NAME.de.txt "
        "where it is German, heard by faster-whisper, which has to be installed (pip install "
        "faster-whisper) in this or another Python. Look over what it writes: lips follow it where "
        "it fits. Texts that are there already stay. A sound in which no words are heard has an "
        "empty NAME.txt: remove it to have it heard again. The language goes by the name of a "
        "sound (NAME.de.wav), of a short one without else by the others, most of all by those of "
        "its folder.",
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
        help="what is spoken, whatever names tell: en, de, fr-fr, es ... (default: as it is heard)",
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
    beside = texts_beside(found, arguments.language) if output is None else {}
    for text in dict.fromkeys(beside.values()):
        say(f"{text}: is there already{', without words' if is_empty(text) else ''}")
    sounds, failed = [sound for sound in found if sound not in beside], list[Path]()
    for sound, heard, progress in _heard(sounds, found, arguments, _languages(beside)):
        error = _error_of(sound, output, heard, progress)
        if error is None:
            continue
        if len(found) == 1:
            raise error
        tell(f"emotalk: {with_sound(sound, str(error))}")
        failed.append(sound)
    if len(found) > 1:
        _sum_up(found, failed)
    return 3 if failed else 0


def _heard(
    sounds: Sequence[Path], found: Sequence[Path], arguments: argparse.Namespace, known: Languages
) -> Iterator[tuple[Path, HeardWords | EmoTalkError, Progress]]:
    """Each of the sounds that have no text, of all that were found; errors of those that would have
    one text first.
    """
    output: Path | None = arguments.output
    texts = [output or sound.with_suffix(_ENDING) for sound in sounds]
    refuse_overwriting("The text", texts, found)
    shared = shared_places(sounds, texts)
    for i, error in shared.items():
        yield sounds[i], error, silent
    own = [sound for i, sound in enumerate(sounds) if i not in shared]
    asked = [_spoken(sound, arguments, n=len(found)) for sound in own]
    for i, heard in words_of_sounds(asked, _recogniser(arguments), known):
        yield own[i], heard, asked[i].progress


def _error_of(
    sound: Path, output: Path | None, heard: HeardWords | EmoTalkError, progress: Progress
) -> EmoTalkError | None:
    """Write what was heard; why that was not possible, whatever happened."""
    try:
        _finish(sound, output, heard, progress)
    except EmoTalkError as error:
        return error
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 - one of the doors
        _log.exception("This is a bug in EmoTalk, not in your file")
        return unexpected(error)
    return None


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
        _write(output or _free_place(sound, heard.language), sound, heard)


def _sum_up(found: Sequence[Path], failed: Sequence[Path]) -> None:
    """What a look in the morning wants to know."""
    texts = texts_beside(found, "")
    n_empty = sum(sound in texts and is_empty(texts[sound]) for sound in found)
    n_texts = len(found) - len(failed) - n_empty
    without = f", {n_empty} more have no words" if n_empty else ""
    say(f"{n_texts} of {len(found)} sounds have a text{without}")
    for sound in failed:
        tell(f"emotalk: failed: {sound}")


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
    """Those that the names of texts tell: another run has heard them, or somebody has."""
    known = Languages()
    for sound, text in beside.items():
        known.add(HeardWords("", of_file_name(text.name)), sound.parent)
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
    """NAME.de.txt in German, of NAME.wav and NAME.de.wav: what reads it goes by that. NAME.txt
    where there are no words.
    """
    plain = sound.with_name(f"{sound.stem}{_ENDING}")
    if not language or _is_named(plain, language):
        return plain
    return sound.with_name(f"{sound.stem}{in_file_name(language)}{_ENDING}")


def _is_named(path: Path, language: str) -> bool:
    """Whether this is the language that a file's name tells."""
    return to_whisper(of_file_name(path.name)) == to_whisper(language)


def _free_place(sound: Path, language: str) -> Path:
    place = _place(sound, language)
    others = (place.with_suffix(ending) for ending in AUDIBLE_SUFFIXES)
    if place.stem != sound.stem and any(map(is_file, others)):  # NAME.de.wav, say
        raise InputError(
            "Another sound has a text of this name", value=place, remedy="Rename one of the sounds."
        )
    return place


def _sounds(given: Sequence[Path]) -> list[Path]:
    found = [one for path in given for one in (find_sounds(path) if path.is_dir() else [path])]
    if not found:
        raise InputError("No sounds in it", value=given[0], remedy="Name sound files or folders.")
    return found


def _write(text: Path, sound: Path, heard: HeardWords) -> None:
    with atomic_file(text) as file:
        file.write(f"{heard.text}\n".encode() if heard.text else b"")
    n, language = len(heard.text.split()), heard.language
    if not n:
        say(f"{text}: no words are heard")
        return
    wrong = of_file_name(sound.name)
    doubt = f", not {wrong} as the sound's name says" if _is_misnamed(sound, language) else ""
    say(f"{text}: {'1 word' if n == 1 else f'{n} words'} ({language}{doubt})")
    if _is_misnamed(text, language):
        named = of_file_name(text.name)
        tell(f"emotalk: {text}: its name says {named}, its words are {language}: rename it")
    elif not of_file_name(text.name) and language != ENGLISH:
        tell(f"emotalk: {text}: give --language {language} to what reads it")


def _is_misnamed(path: Path, language: str) -> bool:
    return of_file_name(path.name) != "" and not _is_named(path, language)

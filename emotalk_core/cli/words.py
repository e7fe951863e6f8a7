"""`emotalk words`: what is said in sounds, as texts that lips are heard in the light of."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..atomic_file import atomic_file, ensure_writable
from ..audio import open_sound
from ..errors import EmoTalkError, InputError, RecogniserError
from ..other_python.interpreter import find_python
from ..progress import Progress, part_of
from ..speech.heard_words import MODEL, Recogniser, hear_words
from ..speech.transcript import ENGLISH
from .jobs import find_sounds
from .options import add_progress_flag, read_channel
from .places import refuse_overwriting, refuse_twice
from .progress import progress_for
from .reports import with_sound
from .streams import say, tell
from .tables import text_beside

__all__ = ["add_command"]

_ENDING: Final = ".txt"
_ENDINGS: Final = (_ENDING, ".lab")  # of what may be written over: no sound, no subtitles


def add_command(commands: Any) -> None:
    """`emotalk words SOUND... [-o OUT.txt]`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "words",
        help="what is said in sounds, as texts for --text and --texts",
        description="NAME.txt beside each NAME.wav, heard by faster-whisper, which has to be "
        "installed (pip install faster-whisper) in this or another Python. Look over what it "
        "writes: lips follow it where it fits. Texts that are there already stay.",
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
    parser.add_argument(
        "--channel", type=int, metavar="N",
        help="the one channel of the sounds that speaks, from 1 (default: the mean of all)",
    )  # fmt: skip
    parser.add_argument(
        "--python", type=Path, metavar="PATH",
        help="the Python that has faster-whisper, a program or an environment's folder",
    )  # fmt: skip
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where it runs (default: cpu)"
    )
    add_progress_flag(parser)
    parser.set_defaults(run=_run)


@dataclass(frozen=True)
class _Asked:
    """What is the same for every sound."""

    recogniser: Recogniser
    language: str
    channel: int | None


def _run(arguments: argparse.Namespace) -> int:
    found, output = _sounds(arguments.audio), arguments.output
    if output is not None:
        _check_output(output, found)
    sounds = found if output is not None else _without_text(found)
    texts = [output or sound.with_suffix(_ENDING) for sound in sounds]
    refuse_overwriting("The text", texts, found)
    refuse_twice(sounds, texts)
    asked, n = _asked(arguments), len(found)
    languages = list[str]()
    for sound, text in zip(sounds, texts, strict=True):
        progress = progress_for(arguments.progress, label=sound.name if n > 1 else "")
        languages += _attempted(
            lambda s=sound, t=text, p=progress: _hear(s, t, asked, p), sound, n=n
        )
    if not asked.language:
        _tell_languages(languages)
    return 3 if len(languages) < len(sounds) else 0


def _tell_languages(heard: Sequence[str]) -> None:
    """What --texts has to be told, which takes texts for English."""
    if set(heard) <= {ENGLISH}:
        return
    counts = ", ".join(f"{n} in {language}" for language, n in sorted(Counter(heard).items()))
    tell(
        f"emotalk: {counts}: give --language to what reads them, or a list of jobs its column "
        "`language`"
    )


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


def _without_text(sounds: Sequence[Path]) -> list[Path]:
    """Those that have none beside them yet; says which have one."""
    beside = {sound: text_beside(sound) for sound in sounds}
    for text in dict.fromkeys(filter(None, beside.values())):
        say(f"{text}: is there already")
    return [sound for sound in sounds if beside[sound] is None]


def _asked(arguments: argparse.Namespace) -> _Asked:
    python = find_python(arguments.python) if arguments.python is not None else None
    recogniser = Recogniser(arguments.recogniser, python, arguments.device)
    return _Asked(recogniser, arguments.language, read_channel(arguments))


def _sounds(given: Sequence[Path]) -> list[Path]:
    found = [one for path in given for one in (find_sounds(path) if path.is_dir() else [path])]
    if not found:
        raise InputError("No sounds in it", value=given[0], remedy="Name sound files or folders.")
    return found


def _attempted(work: Callable[[], str], sound: Path, n: int) -> list[str]:
    """The language that was heard; none where it failed. Of one sound alone errors pass, and what
    every sound would meet.
    """
    try:
        return [work()]
    except RecogniserError:
        raise
    except EmoTalkError as error:
        if n == 1:
            raise
        tell(f"emotalk: {with_sound(sound, str(error))}")
        return []


def _hear(path: Path, text: Path, asked: _Asked, progress: Progress) -> str:
    """The language that is heard."""
    ensure_writable(text)
    sound = open_sound(path, channel=asked.channel, progress=part_of(progress, 0.0, 0.1))
    heard = hear_words(sound, asked.recogniser, asked.language, part_of(progress, 0.1, 1.0))
    with atomic_file(text) as file:
        file.write(f"{heard.text}\n".encode())
    progress(1.0, "Done")
    n = len(heard.text.split())
    say(f"{text}: {'1 word' if n == 1 else f'{n} words'} ({heard.language})")
    return heard.language

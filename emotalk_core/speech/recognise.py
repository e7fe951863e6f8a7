"""A program: what is said in wav files, by faster-whisper, which the Python that runs it has.

    MODEL DEVICE REACH

MODEL is a name or a folder, REACH is `offline` where nothing may be fetched. On its standard input
come lines of json, each a sound: its `path`, and its `language`, which may be empty. It writes that
its model is opened; for each sound a line for each stretch of words, then one with how likely which
language is, or its `fault`; or, of what every sound would meet, the `problem`, and ends. A program
of its own, because its libraries, gigabytes and crashes are to stay out of Blender; one for many
sounds, because its model takes seconds to open.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import EmoTalkError, InputError, SetupError

__all__ = ["LIBRARY", "OFFLINE", "main"]

LIBRARY: Final = "faster-whisper"
OFFLINE: Final = "offline"
_BEAM: Final = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 where words cannot be heard."""
    name, device, reach = sys.argv[1:] if argv is None else argv
    try:
        model = _open(name, device, is_online=reach != OFFLINE)
    except EmoTalkError as error:
        _write_error("problem", error)
        return 2
    _write({"opened": name})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            for found in _recognised(Path(asked["path"]), model, asked["language"]):
                _write(found)
        except EmoTalkError as error:
            _write_error("fault", error)
    return 0


def _write_error(key: str, error: EmoTalkError) -> None:
    _write({key: error.problem, "value": str(error.value), "remedy": error.remedy})


def _write(line: Mapping[str, object]) -> None:
    sys.stdout.write(f"\n{json.dumps(line)}\n")  # a library's bar may stand on the line
    sys.stdout.flush()


def _open(name: str, device: str, *, is_online: bool) -> Any:
    try:
        library = importlib.import_module(LIBRARY.replace("-", "_"))
    except ImportError as error:
        raise SetupError(
            f"Words are heard by {LIBRARY}, which this Python lacks",
            value=sys.executable,
            remedy=f'Install it there: "{sys.executable}" -m pip install {LIBRARY}',
        ) from error
    if name not in library.available_models() and not Path(name).is_dir():
        raise InputError(
            "The recogniser has no such model",
            value=name,
            remedy="Use tiny, base, small, medium, large-v3, turbo, or the folder of one.",
        )
    kind = "default" if device == "cuda" else "int8"
    try:
        return library.WhisperModel(
            name, device=device, compute_type=kind, local_files_only=not is_online
        )
    except Exception as error:  # the hub's, the network's, the disk's, CTranslate2's
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if "CUDA" in why:
            raise SetupError(
                f"Words cannot be heard on this device ({why})", value=device, remedy="Use cpu."
            ) from error
        if isinstance(error, FileNotFoundError) and not is_online:
            raise SetupError(
                "The recogniser's model is not on this computer, and nothing may be fetched",
                value=name,
                remedy="Allow online access once (Blender: Preferences > System > Network), or "
                "give the folder of a model.",
            ) from error
        raise SetupError(
            f"The recogniser's model cannot be had ({why})",
            value=name,
            remedy="Give the folder of a model in CTranslate2's form, or go online and try again.",
        ) from error


def _recognised(path: Path, model: Any, language: str) -> Iterator[dict[str, Any]]:
    """Text, language and end in seconds of each stretch of words; then how likely each language is
    by the sound of the first words, empty where the language was told.
    """
    from ..audio import open_sound  # both need numpy, and a Python without it has to tell that
    from ..timing import SAMPLE_RATE
    from .stretches import stretches

    if language and language not in model.supported_languages:
        raise InputError(
            "The recogniser's model does not know this language",
            value=language,
            remedy="Take a model that does: base in place of base.en, say.",
        )
    start, likely = 0, dict[str, float]()
    for samples in stretches(open_sound(path)):
        found, info = model.transcribe(
            samples, language=language or None, beam_size=_BEAM, vad_filter=True,
            condition_on_previous_text=False,
        )  # fmt: skip
        for words in found:
            if not language:  # of the first words: one sound, one language
                language, likely = info.language, dict(info.all_language_probs or ())
            end_s = start / SAMPLE_RATE + words.end
            yield {"text": words.text.strip(), "language": language, "end_s": end_s}
        start += len(samples)
    yield {"languages": likely}

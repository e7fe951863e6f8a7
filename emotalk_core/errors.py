"""The errors that users meet, and the one signal that is none.

EmoTalkError                 problem, value, remedy -> one line; exit code 2
├── InputError               a file, number or name that the caller gave
│   └── TextError            a text that cannot be read, or is not what is said
├── ModelFolderError         missing, extra or misshapen tensor; unknown format version
├── SetupError               torch, ffmpeg, CUDA or the disk is not what is needed
│   └── RecogniserError      what hears words is missing, or has no such model
├── RigError                 nothing to drive, or not what the binding expects
└── WorkerError              the child process died; carries the last lines of its stderr
Cancelled                    control flow: exit code 130, the scene untouched
"""

from __future__ import annotations

__all__ = [
    "Cancelled",
    "EmoTalkError",
    "InputError",
    "ModelFolderError",
    "ReaderError",
    "RecogniserError",
    "RigError",
    "SetupError",
    "TextError",
    "WorkerError",
    "quoted",
    "unexpected",
]


class EmoTalkError(Exception):
    """Something that the user can mend: what is wrong, with which value, and what to do."""

    def __init__(self, problem: str, *, value: object, remedy: str) -> None:
        shown = str(value) if isinstance(value, (int, float)) else quoted(str(value))
        super().__init__(f"{problem}: {shown}. {remedy}")
        self.problem, self.value, self.remedy = problem, value, remedy
        self.reasons: tuple[str, ...] = (str(self),)  # more, where it stands for several


def quoted(text: str) -> str:
    """In quotes, with what cannot be seen spelled out; a path of Windows as one can copy it."""
    return repr(text).replace("\\\\", "\\")


def unexpected(error: Exception) -> EmoTalkError:
    """A bug of ours, for whoever goes on with the next of many."""
    remedy = "This is a bug in EmoTalk, not in your file."
    return EmoTalkError(f"Unexpected {type(error).__name__}", value=error, remedy=remedy)


class InputError(EmoTalkError):
    """A file, number or name that the caller gave cannot be used."""


class TextError(InputError):
    """A text says nothing that can be spoken, or not what is said in its sound."""


class ModelFolderError(EmoTalkError):
    """A model folder is not whole, or of a format version that this release does not know."""


class SetupError(EmoTalkError):
    """Something that the machine should have is missing: a library, a device, disk space."""


class RecogniserError(SetupError):
    """No sound's words can be heard, whichever is tried next."""


class ReaderError(SetupError):
    """Nobody here reads texts in a language."""


class RigError(EmoTalkError):
    """The target has nothing that can be driven, or not what its binding expects."""


class WorkerError(EmoTalkError):
    """The child process ended before its work did."""


class Cancelled(Exception):  # noqa: N818 - control flow, like StopIteration
    """The user asked to stop; nothing has been written."""

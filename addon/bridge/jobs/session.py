"""What lives as long as the add-on is enabled: the loaded engine, Encodings at hand, what runs,
and what was found.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ....emotalk_core.doctor import Finding
from ..sounds.sound import Heard
from .job import Job
from .work import EngineRoom, EngineSettings, Known

if TYPE_CHECKING:
    from .errand import Errand
    from .watch import Watch

__all__ = ["SESSION", "Session"]

_MAX_ENCODINGS: Final = 4  # a minute of sound takes about 2 MB


_T = TypeVar("_T")


class Session:
    """The add-on's memory. All of it can be made again; nothing of it is saved."""

    def __init__(self) -> None:
        self.room = EngineRoom()
        self.asked: EngineSettings | None = None  # by a command, in place of the preferences
        self.job: Job[Any] | None = None
        self.watch: Watch | None = None  # of `job`, where a window shows it
        self.moved: set[int] = set()  # scenes whose sliders have moved, by Blender's number
        self.followed: dict[tuple[int, str], Any] = {}  # of takes: what is said of followed keys
        self.errand: Errand | None = None
        self.told: tuple[str, str, bool] | None = None  # of the last errand: who, what, is it well
        self.left_out: list[str] = []  # why not all that was asked for last was made
        self.new_keys: tuple[str, ...] = ()  # which shape keys were made last, and notes
        self.findings: list[Finding] = []  # of the last check-up
        self.looked: dict[str, Finding] = {}  # at other Pythons, by path
        self._known: OrderedDict[str, tuple[object, Known]] = OrderedDict()
        self._shown: OrderedDict[str, Any] = OrderedDict()

    def keep(self, uid: str, heard: Heard, known: Known | None) -> None:
        """Have what the take `uid` hears at hand for its sliders."""
        if known is None:
            return
        _put(self._known, uid, (heard.key, known))

    def known(self, uid: str, heard: Heard) -> Known | None:
        """What a take hears, if it is at hand and of this very stretch of sound."""
        key, known = self._known.get(uid, (None, None))
        return known if key == heard.key else None

    def show(self, uid: str, shown: Any) -> None:
        """Have what the keys of the take `uid` show at hand; None: it is not known."""
        _put(self._shown, uid, shown)

    def shown(self, uid: str) -> Any:
        """What the keys of a take show, if it is at hand."""
        return self._shown.get(uid)

    def forget_shown(self) -> None:
        """Another file has takes of the same names, perhaps."""
        self._shown.clear()

    def share(self, uid: str, other: str) -> None:
        """Have what one take hears at hand for another one too."""
        if uid in self._known:
            self._known[other] = self._known[uid]

    def forget(self, uid: str) -> None:
        """The take's sound has changed or the take is gone."""
        self._known.pop(uid, None)
        self._shown.pop(uid, None)

    def forget_results(self) -> None:
        """Something else is asked for now, or another file is open."""
        self.left_out, self.new_keys = [], ()

    def end_job(self) -> None:
        """Stop what runs; nothing of it is written."""
        if self.job is not None:
            self.job.cancel()
            self.job = None
        if self.asked is None:  # a command opens a file for each sound, and ends it itself
            self.room.words.close()
        if self.watch is not None:
            self.watch.end()
            self.watch = None

    def end(self) -> None:
        """Stop what runs and give all memory back."""
        self.end_job()
        if self.errand is not None:
            self.errand.job.cancel()
            self.errand = None
        self._known.clear()
        self._shown.clear()
        self.forget_results()
        self.moved.clear()
        self.followed.clear()
        self.room.forget()


def _put(store: OrderedDict[str, _T], uid: str, value: _T) -> None:
    store[uid] = value
    store.move_to_end(uid)
    while len(store) > _MAX_ENCODINGS:
        store.popitem(last=False)


SESSION: Final = Session()

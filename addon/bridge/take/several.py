"""One take or several in one go: what they look at is measured first, in the scene, then all sounds
are heard, in one job, then the keys are written, take after take. What one of several lacks does
not keep the others from their keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import bpy

from ....emotalk_core.errors import EmoTalkError, RigError
from ....emotalk_core.progress import Progress, part_of
from ..asked import cast
from ..asked.prepared import LOOK_SHARE, Prepared
from ..faces import by_hand, pauses, removal
from ..faces.neighbours import each_beside
from ..jobs.panels import redraw_panels
from ..jobs.session import SESSION
from ..jobs.work import Outcome
from ..keying.bake import BakeResult
from ..keying.draft import SLICE_S, Draft
from ..keying.plans import check_at_once
from . import takes, told

__all__ = [
    "Made",
    "NoneMadeError",
    "Outcomes",
    "Several",
    "asked_of_cast",
    "asked_of_pauses",
    "settle_pauses",
]

_T = TypeVar("_T")

Outcomes = Sequence[Outcome | EmoTalkError]
"""Of each take, or why there is none."""


class NoneMadeError(EmoTalkError):
    """Of several takes not one could be made; as an error the first reason."""

    def __init__(self, failed: Sequence[EmoTalkError]) -> None:
        first = failed[0]
        super().__init__(first.problem, value=first.value, remedy=first.remedy)
        self.reasons = (*dict.fromkeys(map(str, failed)),)


@dataclass(frozen=True, eq=False)
class Made:
    """A take whose keys are in place."""

    prepared: Prepared
    outcome: Outcome
    result: BakeResult
    uid: str  # of the take

    @property
    def label(self) -> str:
        """What its sound is called; of a pause, who says nothing."""
        label = self.prepared.request.heard.label.partition(" ")[2]
        return f"{self.prepared.character} {label}" if self.prepared.source == "PAUSE" else label

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of it."""
        heard = self.prepared.request.heard
        return *self.outcome.report.warnings, *heard.notes, *self.result.notes


class Several:
    """Takes that are asked for together, and what became of them."""

    def __init__(self, asked: Sequence[Callable[[], Prepared]]) -> None:
        """Check each of them; in the main thread.

        Raises
        ------
        EmoTalkError
            The only one cannot be made.
        NoneMadeError
            Of several not one can be made.
        """
        self.is_one = len(asked) == 1
        self.made: list[Made] = []
        self.failed: list[EmoTalkError] = []
        self.is_writing = False
        self._draft: Draft | None = None
        self._place = 0  # of the take whose keys come next
        ready = [self._try(partial(_checked, one)) for one in asked]
        self._all = [prepared for prepared in ready if prepared is not None]
        if not self._all:
            raise self._none_made()
        self.is_looking = any(prepared.sight is not None for prepared in self._all)
        self._heard_from = LOOK_SHARE if self.is_looking else 0.0
        self._looks: Generator[None] | None = None

    @property
    def prepared(self) -> tuple[Prepared, ...]:
        """What is to be made, checked."""
        return tuple(self._all)

    @property
    def reasons(self) -> list[str]:
        """Why takes were left out, each once."""
        return [*dict.fromkeys(map(str, self.failed))]

    def forget_past(self) -> None:
        """Takes that shared frames while others still had to move away do not say so any more."""
        by_uid = {made.uid: made for made in self.made}
        scenes = {takes.scene_of(made.prepared) for made in self.made}  # copies have the same uids
        every = (take for scene in scenes if scene for take in scene.emotalk.takes)
        for take, others in each_beside(take for take in every if take.uid in by_uid):
            made = by_uid[take.uid]
            notes = told.without_past(made.result.notes, take, others)
            by_uid[take.uid] = replace(made, result=replace(made.result, notes=notes))
            lines = take.warnings.splitlines()
            take.warnings = "\n".join(told.without_past(lines, take, others))
        self.made = [by_uid[made.uid] for made in self.made]

    def check_made(self) -> None:
        """Nothing, where a take was made.

        Raises
        ------
        NoneMadeError
            None was.
        """
        if not self.made:
            raise self._none_made()

    def _none_made(self) -> NoneMadeError:
        """Why, which the panel shows until something is asked for again."""
        SESSION.left_out = self.reasons
        redraw_panels()
        return NoneMadeError(self.failed)

    @property
    def told(self) -> list[str]:
        """What was left out and why, and the notes on what was made, each once."""
        notes = [
            note if self.is_one else f"{made.label}: {note}"
            for made in self.made
            for note in made.notes
        ]
        return [*dict.fromkeys((*map(str, self.failed), *notes))]

    @property
    def n_keys(self) -> int:
        """Of all that was made."""
        return sum(made.result.n_keys for made in self.made)

    @property
    def holds_scene(self) -> bool:
        """Whether nothing else may change the scene."""
        return self.is_looking or self.is_writing

    @property
    def written(self) -> tuple[float, str]:
        """Share of the takes whose keys are in place, and what is written now, as progress."""
        return self._place / len(self._all), _labelled("Writing keys", self._place, len(self._all))

    @property
    def is_complete(self) -> bool:
        """Whether all keys are written."""
        return self._place == len(self._all)

    def work(
        self, each: Callable[[Prepared], Callable[[Progress], Outcome]]
    ) -> Callable[[Progress], Outcomes]:
        """The job that makes the outcomes, `each` of which gives the work on one; for a thread,
        once nothing is left to look at.
        """

        def in_turn(progress: Progress) -> Outcomes:
            assert not self.is_looking, "look first"
            progress = part_of(progress, self._heard_from, 1.0)
            works, n = [each(prepared) for prepared in self._all], len(self._all)
            return [_tried(work, _part(progress, place, n)) for place, work in enumerate(works)]

        return in_turn

    def look_on(self, progress: Progress, budget_s: float) -> None:
        """Play frames for about `budget_s`, one at least, to measure what is looked at. Until
        `is_looking` is over, something is raised or `abandon` is called, the scene is at another
        frame.

        Raises
        ------
        EmoTalkError
            The only one cannot look at its target any more.
        NoneMadeError
            Of several not one can.
        """
        self._looks = self._looks or self._look_in_turn(part_of(progress, 0.0, LOOK_SHARE))
        end_s = time.perf_counter() + budget_s
        for _ in self._looks:
            if time.perf_counter() > end_s:
                return
        self.is_looking = False

    def _look_in_turn(self, progress: Progress) -> Generator[None]:
        """Those of them that can look are left in the end; with pauses."""
        ready, n = list[Prepared](), len(self._all)
        for place, prepared in enumerate(self._all):
            try:
                ready.append((yield from takes.measuring(prepared, _part(progress, place, n))))
            except EmoTalkError as error:
                self._leave_out(error)
        self._all = ready
        if not ready:
            raise self._none_made()

    def advance(self, outcomes: Outcomes) -> None:
        """Write keys for a few milliseconds; a take's appear in the scene when all of its are
        there.

        Raises
        ------
        EmoTalkError
            The only take cannot be written.
        """
        self.is_writing = True
        if not self._try(partial(self._goes_on, outcomes[self._place])):
            self.abandon()
            self._place += 1

    def write(self, outcomes: Outcomes) -> None:
        """Write all keys at once; errors as `advance`."""
        for outcome in outcomes:
            self._try(partial(self._finish, outcome))
            self._place += 1

    def abandon(self) -> None:
        """What is not in place by now goes; a scene that is being played is as it was."""
        if self._looks is not None:
            self._looks.close()
        if self._draft is not None:
            self._draft.abandon()
            self._draft = None

    def _goes_on(self, outcome: Outcome | EmoTalkError) -> bool:
        """A slice of the take whose turn it is; whether there are more."""
        if isinstance(outcome, Outcome):
            self._draft = self._draft or takes.begin(self._all[self._place], outcome)
            if not self._draft.is_complete:
                self._draft.advance(SLICE_S)
            if not self._draft.is_complete:
                return True
        self._finish(outcome, self._draft)
        return False

    def _finish(self, outcome: Outcome | EmoTalkError, draft: Draft | None = None) -> None:
        if isinstance(outcome, EmoTalkError):
            raise outcome
        prepared = self._all[self._place]
        result = takes.finish(prepared, outcome, draft)
        self.made.append(Made(prepared, outcome, result, takes.uid_of_made(prepared)))

    def _try(self, call: Callable[[], _T]) -> _T | None:
        """What `call` returns; None where one of several fails."""
        try:
            return call()
        except EmoTalkError as error:
            self._leave_out(error)
            return None

    def _leave_out(self, error: EmoTalkError) -> None:
        if self.is_one:
            raise error
        self.failed.append(error)


def asked_of_cast(context: bpy.types.Context) -> list[Callable[[], Prepared]]:
    """Every strip on each of the cast who speaks it, to be checked in this order: where hands'
    work would be written over, and for a face that has it from another role already, an error.

    Raises
    ------
    InputError
        Nobody speaks any strip.
    """
    scene, before = context.scene, list[Prepared]()

    def checked(line: cast.Line) -> Prepared:
        prepared = takes.unless_changed(scene, partial(takes.prepare_line, scene, line))
        if any(_is_same_take(prepared, other) for other in before):
            raise RigError(
                "Two of the cast speak the same strips with one face, and the first has them",
                value=prepared.character,
                remedy="Take one out of Cast, or give each strips of its own.",
            )
        before.append(prepared)
        return prepared

    return [partial(checked, line) for line in cast.lines_of_cast(context)]


def asked_of_pauses(
    scene: bpy.types.Scene,
) -> tuple[list[Callable[[], Prepared]], list[str]]:
    """Every pause of all who speak in the scene or are of its cast, to be checked, and for
    `settle_pauses` the takes of pauses that are no more.

    Raises
    ------
    InputError
        Nobody pauses.
    """
    found, gone = pauses.find_pauses(scene)
    asked = [partial(takes.prepare_pause, scene, pause) for pause in found]
    return [partial(takes.unless_changed, scene, one) for one in asked], gone


def settle_pauses(scene: bpy.types.Scene, gone: Sequence[str], chosen: str) -> None:
    """Remove the takes of pauses that are no more, but those that hands have changed, and choose
    the take with the uid `chosen` in the list.
    """
    for uid in gone:
        take = takes.take_of(scene, uid)
        if take is not None and not by_hand.changed_curves(take):
            removal.remove(scene, [one.uid for one in scene.emotalk.takes].index(uid))
    for place, take in enumerate(scene.emotalk.takes):
        if take.uid == chosen:
            scene.emotalk.take_index = place


def _is_same_take(one: Prepared, other: Prepared) -> bool:
    is_one_face = one.character == other.character or {*one.meshes} & {*other.meshes}
    return bool(is_one_face) and (one.strip_scene, one.strip) == (other.strip_scene, other.strip)


def _checked(prepare: Callable[[], Prepared]) -> Prepared:
    prepared = prepare()
    check_at_once(prepared.request.binding.object_names)
    return prepared


def _part(progress: Progress, place: int, n: int) -> Progress:
    part = part_of(progress, place / n, (place + 1) / n)
    return lambda share, what: part(share, _labelled(what, place, n))


def _labelled(what: str, place: int, n: int) -> str:
    return f"{place + 1}/{n}: {what}" if n > 1 else what


def _tried(work: Callable[[Progress], Outcome], progress: Progress) -> Outcome | EmoTalkError:
    try:
        return work(progress)
    except EmoTalkError as error:
        return error

"""Phone times for read speech whose text is known, in any language that espeak-ng reads.

espeak-ng says which phones a text has, a model that is there says in every state which phone it
hears; the best path through both (Viterbi, "Error bounds for convolutional codes", 1967) says when
each phone was spoken. A pause may stand between words. Clips in which the text is not heard are
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from emotalk_core.engine.frontend import STATE_RATE, Encoder
from emotalk_core.model.folder import Model
from emotalk_core.model.network import Starter
from emotalk_core.speech.transcript import Words, pronounced

from .datasets import Recording, load_german, load_samples, texts_of_german, write_phones
from .faces import Phone, kind_of, numbers_of
from .features import FrontEnd, Standardise

__all__ = ["Text", "align_texts", "fitted", "german_texts"]

_LEAST: Final = -6.0  # log share of a phone that was not heard at all
_LEAST_LIKE: Final = -1.2  # mean log share of the phones: under it they are not what is said
_LONGEST_S: Final = 0.5  # nobody reads a phone longer than this
_SHORT_S, _LONG_S = 2.0, 7.5  # clips between them are taken
_PAUSE: Final = -1  # in a path, where a phone's place among the phones would stand


@dataclass(frozen=True)
class Text:
    """A recording and what is read in it."""

    recording: Recording
    text: str
    language: str  # espeak-ng's name of a voice


def german_texts(data: Path, n_clips: int) -> list[Text]:
    """The first `n_clips` of the German reader that are neither short nor long, with what she
    reads; none where she was not brought along.
    """
    readings = [r for r in load_german(data) if _SHORT_S < r.seconds < _LONG_S][:n_clips]
    said = texts_of_german(data) if readings else {}
    texts = ((r, said.get(Path(str(r.source)).name, "")) for r in readings)
    return [Text(reading, text, "de") for reading, text in texts if text]


def fitted(log_shares: np.ndarray, words: Words) -> tuple[Phone, ...]:
    """Times of the phones of `words` where they are heard.

    Parameters
    ----------
    log_shares : float (S, P)
        Logarithm of each phone's share in each state, 50 a second.
    words : sequence of words, each a sequence of symbols

    Returns
    -------
    tuple of Phone
        None when the states are too few to pass through all parts and pauses, when the text is
        not heard, or when a phone lasts longer than anybody would read it.
    """
    symbols = [symbol for word in words for symbol in word]
    numbers, places, may_miss = _states_of(words)
    if not symbols or len(numbers) > len(log_shares):
        return ()
    costs = np.maximum(log_shares, _LEAST)[:, numbers]
    path = _best_path(costs, may_miss)
    where = places[path]
    spoken = where != _PAUSE
    if costs[np.arange(len(path)), path][spoken].mean() < _LEAST_LIKE:
        return ()
    phones = []
    for place, symbol in enumerate(symbols):
        inside = np.flatnonzero(where == place)
        start, end = inside[0] / STATE_RATE, (inside[-1] + 1) / STATE_RATE
        if end - start > _LONGEST_S:
            return ()
        phones.append(Phone(float(start), float(end), symbol, kind_of(symbol)))
    return tuple(phones)


def _states_of(words: Words) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is passed through in order: number of the phone, its place among the symbols (two for
    most diphthongs), and whether it may be missing.
    """
    rows, place = [(0, _PAUSE, True)], 0
    for word in words:
        for symbol in word:
            rows += [(number, place, False) for number in numbers_of(symbol, kind_of(symbol))]
            place += 1
        rows.append((0, _PAUSE, True))
    numbers, places, may_miss = (np.array(column) for column in zip(*rows, strict=True))
    return numbers, places, may_miss


def _best_path(costs: np.ndarray, may_miss: np.ndarray) -> np.ndarray:
    """Where along the columns of `costs` (S, N) each state is, int (S,): from one of the first two
    to one of the last two, one column at a time or over one that may be missing.
    """
    n_states, n = costs.shape
    never = np.full(2, -np.inf)
    best = np.full(n, -np.inf)
    best[:2] = costs[0, :2]
    steps = np.zeros((n_states, n), np.int8)
    over = np.zeros(n, bool)
    over[2:] = may_miss[1:-1]
    for state in range(1, n_states):
        ways = np.stack(
            [
                best,
                np.concatenate([never[:1], best[:-1]]),
                np.where(over, np.concatenate([never, best[:-2]]), -np.inf),
            ]
        )
        steps[state] = ways.argmax(axis=0)
        best = ways.max(axis=0) + costs[state]
    at = n - 2 + int(np.argmax(best[-2:]))
    path = np.zeros(n_states, np.int64)
    for state in reversed(range(n_states)):
        path[state] = at
        at -= int(steps[state, at])
    return path


def align_texts(
    texts: Iterable[Text], model: Model, out: Path, report: Callable[[str], None]
) -> None:
    """Write the phones of all clips that say their text as a csv like `open_speech/phones.csv`."""
    hear = _listener(model)
    heard: dict[str, tuple[Phone, ...]] = {}
    n_texts = 0
    for one in texts:
        words = pronounced(one.text, one.language)
        phones = fitted(hear(load_samples(one.recording.source)), words)
        n_texts += 1
        if phones:
            heard[Path(str(one.recording.source)).name] = phones
        else:
            report(f"{one.recording.name} left out: {one.text!r}")
    report(f"{len(heard)} of {n_texts} texts are heard")
    write_phones(out, heard)


def _listener(model: Model) -> Callable[[np.ndarray], np.ndarray]:
    """Log shares (S, P) of a sound (n,) at 16 kHz, by the phones that `model` names."""
    network = Starter.from_tensors(model.config, model.tensors).eval()
    standardise = Standardise(network.mean.numpy(), network.scale.numpy())
    grid = model.config.front_end
    front_end = FrontEnd(Encoder(model.encoder_tensors, grid.n_layers), standardise, grid)
    phones = network.content.phones

    def hear(samples: np.ndarray) -> np.ndarray:
        states, _ = front_end.states_of(samples, 0.0)
        with torch.no_grad():
            logits = phones(phones.projected(torch.from_numpy(states[None])))
        return logits[0].log_softmax(-1).numpy()

    return hear

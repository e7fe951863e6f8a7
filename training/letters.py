"""What the letters of words stand for, learnt from words whose phones are known.

Each letter is given the phones that it stands for, none to two, so that letters and phones go
together best over all words (Viterbi training; Black, Lenzo, Pagel, "Issues in Building General
Letter to Sound Rules", 1998). A tree of the letters around then says which of them (IGTree;
Daelemans, van den Bosch, Weijters, 1997): where a letter more changes nothing, none is asked for.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Final

from emotalk_core.model.config import PHONES
from emotalk_core.speech.letter_rules import OUTSIDE, PLACES, Rules

__all__ = ["Node", "Phones", "aligned", "as_rules", "learn", "unseen_errors"]

_ROUNDS: Final = 5
_FEW: Final = 4  # of the words, every so many are enough but for the last round
_UNSEEN: Final = 12.0
_VOWEL_PHONES: Final = frozenset(
    ["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"]
).union(PHONES[PHONES.index("i") : PHONES.index("w")])
_VOWELS: Final = frozenset("aeiouyæœøаеёиоуыэюяіїєαεηιουω")
_SILENT: Final = 1.5  # costs before anything is known: of a letter that is not spoken
_ONE_MORE: Final = 1.0  # of a second phone
_ALIKE: Final = 0.5  # of a phone where it and the letter are both vowels, or neither is
_UNLIKE: Final = 3.0

Phones = tuple[str, ...]
Costs = Mapping[tuple[str, Phones], float]  # of a letter that stands for phones


def aligned(words: Mapping[str, Phones]) -> dict[str, list[Phones]]:
    """The phones of each letter of each word; without words that have more than two for a letter
    ("w").
    """
    costs: Costs = {}
    found: dict[str, list[Phones]] = {}
    for last in range(_ROUNDS):
        step = 1 if last == _ROUNDS - 1 else _FEW
        some = sorted(words.items())[::step] if len(words) > 100 * step else words.items()
        parts = ((word, _align(word, phones, costs)) for word, phones in some)
        found = {word: letters for word, letters in parts if letters is not None}
        costs = _costs(found)
    return found


def _align(word: str, phones: Phones, costs: Costs) -> list[Phones] | None:
    """The cheapest way to deal `phones` out to the letters of `word`, in order."""
    ways: list[dict[int, tuple[float, Phones]]] = [{0: (0.0, ())}]
    for place, letter in enumerate(word, 1):
        most_left = 2 * (len(word) - place)
        here: dict[int, tuple[float, Phones]] = {}
        for start, (cost, _) in ways[-1].items():
            for end in range(start, min(start + 2, len(phones)) + 1):
                if len(phones) - end > most_left:
                    continue
                part = phones[start:end]
                total = cost + _cost(letter, part, costs)
                if end not in here or total <= here[end][0]:  # of two alike the later is silent
                    here[end] = (total, part)
        ways.append(here)
    if len(phones) not in ways[-1]:
        return None
    letters, end = [], len(phones)
    for way in reversed(ways[1:]):
        letters.append(way[end][1])
        end -= len(way[end][1])
    return letters[::-1]


def _cost(letter: str, part: Phones, costs: Costs) -> float:
    if costs:
        return costs.get((letter, part), _UNSEEN)
    if not part:
        return _SILENT
    is_vowel = unicodedata.normalize("NFD", letter)[0] in _VOWELS
    is_like = (is_vowel == (phone in _VOWEL_PHONES) for phone in part)
    return sum(_ALIKE if like else _UNLIKE for like in is_like) + _ONE_MORE * (len(part) - 1)


def _costs(found: Mapping[str, Sequence[Phones]]) -> Costs:
    """Minus log shares of what each letter stands for."""
    pairs = Counter(pair for word, parts in found.items() for pair in zip(word, parts, strict=True))
    of_letter: Counter[str] = Counter()
    for (letter, _), n in pairs.items():
        of_letter[letter] += n
    return {pair: -math.log(n / of_letter[pair[0]]) for pair, n in pairs.items()}


@dataclass
class Node:
    """What a letter stands for where the letters on the way here are around it."""

    spoken: Phones
    below: dict[str, Node] = field(default_factory=dict)  # by the next letter that is asked for


@dataclass(frozen=True)
class _Letter:
    """One letter of one word."""

    word: str
    place: int
    spoken: Phones

    def beside(self, place: int) -> str:
        at = self.place + place
        return self.word[at] if 0 <= at < len(self.word) else OUTSIDE


def learn(found: Mapping[str, Sequence[Phones]]) -> Node:
    """The tree of all words, as exact as `PLACES` reach."""
    letters = [_Letter(w, i, part) for w, parts in found.items() for i, part in enumerate(parts)]
    return Node((), _grown(letters, (0, *PLACES), ()))


def _grown(letters: Sequence[_Letter], places: Sequence[int], above: Phones) -> dict[str, Node]:
    """The nodes below one that says `above`, for the letters that come to it."""
    groups: defaultdict[str, list[_Letter]] = defaultdict(list)
    for one in letters:
        groups[one.beside(places[0])].append(one)
    nodes = {}
    for beside, group in sorted(groups.items()):
        spoken = _mostly(group, above)
        is_settled = all(one.spoken == spoken for one in group) or len(places) == 1
        below = {} if is_settled else _grown(group, places[1:], spoken)
        if below or spoken != above or places[0] == 0:
            nodes[beside] = Node(spoken, below)
    return nodes


def _mostly(letters: Iterable[_Letter], above: Phones) -> Phones:
    """What most of them stand for; of several as frequent ones that which is said above."""
    counts = Counter(one.spoken for one in letters)
    return max(counts, key=lambda spoken: (counts[spoken], spoken == above))


def as_rules(tree: Node) -> Rules:
    """Level by level, the nodes below a node one after another."""
    numbers: dict[Phones, int] = {}
    letters, spoken, children = [], [], []
    waiting = deque([(OUTSIDE, tree)])
    while waiting:
        letter, node = waiting.popleft()
        letters.append(letter)
        spoken.append(numbers.setdefault(node.spoken, len(numbers)))
        children.append(len(node.below))
        waiting.extend(node.below.items())
    first = tuple(accumulate(children, initial=1))
    return Rules("".join(letters), tuple(spoken), first, tuple(numbers))


def unseen_errors(found: Mapping[str, Sequence[Phones]]) -> float:
    """Share of phones that are wrong, too many or missing (Levenshtein) in every tenth word, read
    by rules that were learnt from the others.
    """
    left_out = dict(list(found.items())[::10])
    tree = learn({word: parts for word, parts in found.items() if word not in left_out})
    rules = as_rules(tree)
    right = {word: tuple(chain.from_iterable(parts)) for word, parts in left_out.items()}
    wrong = sum(_distance(rules.read(word), phones) for word, phones in right.items())
    return wrong / sum(map(len, right.values()))


def _distance(read: Phones, right: Phones) -> int:
    row = list(range(len(right) + 1))
    for i, phone in enumerate(read, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(right, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (phone != other))
    return row[-1]

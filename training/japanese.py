"""Makes the dictionary by which Japanese is read: `python -m training.japanese` writes `ja.npz` of
`emotalk_core.speech.readers` in a minute, and says how many words it has.

Its words, how each is spoken and what it costs where two stand side by side come from UniDic
(unidic-lite: BSD), which of them are frequent from wordfreq (its data: CC BY-SA 4.0, which GPL-3.0
takes), cut into UniDic's words by MeCab. `pip install unidic-lite==1.0.8 wordfreq==3.1.1
fugashi==1.5.2`.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from emotalk_core.speech.readers.japanese import (
    EDGE,
    FILE,
    NOUN,
    UNKNOWN,
    Dictionary,
    Entry,
    write_dictionary,
)
from emotalk_core.speech.readers.kana import in_katakana

from .counters import counted
from .unidic import Word, folder, joins, words

__all__ = ["compact", "kind_of", "letters_alone", "merged"]

_OWN: Final = re.compile("[ぁ-ゖァ-ヺー々〇一-鿿㐀-䶿]+")
_KATAKANA: Final = re.compile("[ァ-ヺー]+")
_HAN: Final = re.compile("[一-鿿㐀-䶿]+")
_CHINESE: Final = re.compile("[ア-ヴ][ァィゥェォャュョ]?[ーンイクキツチッ]?")
"""What a letter's Chinese reading may be: one syllable."""
_UNIT: Final = 256  # of UniDic's costs in one of ours: a byte is enough
_LIKELY: Final = 700.0  # of its costs in which a word is e times rarer
_N_WORDS, _N_ALWAYS = 120_000, 40_000
"""Entries that are asked for, most frequent first; after the first ones only those of which the
others do not make the same sound.
"""
_N_KINDS: Final = 128  # of 925, which read no better
_FORMS: Final = 0.05  # of how frequent a word is, that all of its forms are
_FEWEST: Final = 1e-8
_EDGES: Final = 0.06  # of all words
_PATTERNS: Final = 48  # directions in which kinds differ
_ROUNDS: Final = 20
_SIGNS: Final = ("補助記号", "記号", "空白")
_AS_SPOKEN: Final = "ーワエオズジユ"  # は, へ, を, づ, ぢ, いう
_PARTICLES: Final = ("助詞", "助動詞")
_NOUNS: Final = ("名詞", "接尾辞", "接頭辞")
_COUNTED_COST: Final = -20
_LETTER_COST: Final = -15  # of each of its letters but two: else cheaper as several words
_SPOKEN: Final[Mapping[str, str]] = {
    "私": "ワタシ", "日本": "ニホン", "明日": "アシタ", "昨日": "キノー", "〇": "ゼロ",
}  # fmt: skip
"""Of several ways that UniDic has to say a word that which people say: its first is formal."""

_MORE: Final[dict[str, str]] = {
    "母さん": "カーサン", "父さん": "トーサン", "兄さん": "ニーサン", "姉さん": "ネーサン",
    "母ちゃん": "カーチャン", "父ちゃん": "トーチャン", "兄ちゃん": "ニーチャン",
    "姉ちゃん": "ネーチャン", "祖母さん": "バーサン", "祖父さん": "ジーサン",
    "母様": "カーサマ", "父様": "トーサマ", "兄様": "ニーサマ", "姉様": "ネーサマ",
    "方がいい": "ホーガイー", "方が良い": "ホーガイー", "方がよい": "ホーガヨイ",
    "方がまし": "ホーガマシ", "日本人": "ニホンジン", "何が": "ナニガ", "何を": "ナニオ",
    "何も": "ナニモ", "何か": "ナニカ", "何に": "ナニニ", "何より": "ナニヨリ",
    "何一つ": "ナニヒトツ", "何ひとつ": "ナニヒトツ", "誰一人": "ダレヒトリ",
    "十分": "ジューブン", "八百屋": "ヤオヤ",
}  # fmt: skip
"""Words that it has the parts of, which sound otherwise alone."""
_MORE_COST: Final = -10

Kind = tuple[str, ...]


def kind_of(word: Word) -> Kind:
    """What decides beside which others a word may stand: its part of speech, inflection, form; of
    particles which, of nouns whether it is Chinese, Japanese or foreign.
    """
    speech, inflection, form = word.features[:4], word.features[4].split("-")[0], word.features[5]
    kind = (*speech, inflection, form)
    if speech[0] in _PARTICLES:
        return (*kind, word.features[7])
    return (*kind, word.features[12]) if speech[0] in _NOUNS else kind


_EDGE: Final[Kind] = ("",)
_UNKNOWN: Final[Kind] = ("名詞", "普通名詞", "一般", "*", "*", "*", "外")
_COUNTRY: Final = "国"
_COUNTER: Final[Kind] = ("名詞", "普通名詞", "助数詞可能", "*", "*", "*", "漢")


def _shares(found: Sequence[Word]) -> np.ndarray:
    """How frequent each word is, float (N,): of a form that no list has as its others are."""
    tagger = importlib.import_module("fugashi").GenericTagger(f'-r /dev/null -d "{folder()}"')
    listed = importlib.import_module("wordfreq").get_frequency_dict("ja", wordlist="large")
    places: defaultdict[str, list[int]] = defaultdict(list)
    for i, word in enumerate(found):
        places[word.letters].append(i)
    likely = np.exp(-np.array([word.cost for word in found]) / _LIKELY)
    shares = np.zeros(len(found))
    for text, frequency in listed.items():
        for token in tagger(text) if _OWN.fullmatch(text) else ():
            some = places.get(token.surface, [])
            if token.surface != text:
                same = [i for i in some if found[i].features[:10] == tuple(token.feature[:10])]
                some = same or some
            if some:
                shares[some] += frequency * likely[some] / likely[some].sum()
    lemmas = [(word.features[0], word.features[6], word.features[10]) for word in found]
    total, n = defaultdict[tuple[str, ...], float](float), Counter(lemmas)
    for lemma, share in zip(lemmas, shares, strict=True):
        total[lemma] += share
    shares += [_FORMS * total[lemma] / n[lemma] for lemma in lemmas]
    return shares / shares.sum()


def merged(costs: np.ndarray, weights: np.ndarray, n: int, apart: Sequence[int]) -> np.ndarray:
    """A number below `n` for each kind: kinds of like costs beside the others (K, K) have the same
    one, those `apart` the first ones, each alone (k-means, weighed by how frequent they are).
    """
    root = np.sqrt(weights / weights.sum())
    beside = np.hstack([costs * root, costs.T * root])
    left, size, _ = np.linalg.svd(beside - beside.mean(axis=0), full_matrices=False)
    points, weights = left[:, :_PATTERNS] * size[:_PATTERNS], np.sqrt(weights)
    centres = points[list(apart)]
    while len(centres) < n:
        far = ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.vstack([centres, points[np.argmax(far * weights)]])
    numbers = np.zeros(len(points), int)
    for _ in range(_ROUNDS):
        numbers = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        numbers[list(apart)] = range(len(apart))
        for number in set(numbers.tolist()):
            some = numbers == number
            centres[number] = np.average(points[some], axis=0, weights=weights[some])
    return numbers


def _mean_joins(costs: np.ndarray, weights: np.ndarray, numbers: np.ndarray, n: int) -> np.ndarray:
    """The costs of groups, (n, n), from those of their members."""
    share = np.zeros((n, len(numbers)), np.float32)
    share[numbers, np.arange(len(numbers))] = weights
    share /= np.maximum(share.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return share @ (costs @ share.T)


def compact(dictionary: Dictionary, always: int) -> Dictionary:
    """Without the words that the others sound like together, but the first `always`."""
    kept: dict[str, Sequence[Entry]] = {}
    smaller = Dictionary(kept, dictionary.joins)
    rank = {word: i for i, word in enumerate(dictionary.entries)}
    for word in sorted(rank, key=len):
        entries = dictionary.entries[word]
        best = min(entries, key=lambda entry: entry.cost)
        is_needed = rank[word] < always or len(word) == 1
        if is_needed or "".join(kana for _, kana in smaller.words(word)) != best.kana:
            kept[word] = entries
    return smaller


def _entries(
    found: Sequence[Word], order: Sequence[int], numbers: Mapping[int, int]
) -> dict[str, Sequence[Entry]]:
    """Of each word, most frequent first, the cheapest entry of each kind."""
    best: defaultdict[str, dict[int, Entry]] = defaultdict(dict)
    for i in order:
        word = found[i]
        if _SPOKEN.get(word.letters, word.spoken) != word.spoken:
            continue
        entry = Entry(numbers[word.number], round(word.cost / _UNIT), word.spoken)
        of_word = best[word.letters]
        if entry.kind not in of_word or entry.cost < of_word[entry.kind].cost:
            of_word[entry.kind] = entry
    return {letters: tuple(of_word.values()) for letters, of_word in best.items()}


def _is_taken(word: Word) -> bool:
    """Katakana are read as they are."""
    if word.features[0] in _SIGNS or not _KATAKANA.fullmatch(word.spoken):
        return False
    is_own = _OWN.fullmatch(word.letters) and not _KATAKANA.fullmatch(word.letters)
    return bool(is_own) and not _is_misread(word)


def _is_misread(word: Word) -> bool:
    """Whether hiragana are told to be other kana than they and particles are."""
    pairs = zip(in_katakana(word.letters), word.spoken, strict=False)
    is_hiragana = not re.search("[^ぁ-ゖー]", word.letters)
    return is_hiragana and any(own != said and said not in _AS_SPOKEN for own, said in pairs)


def main() -> None:
    """Write the file that ships."""
    every = list(words())
    kinds = {word.number: kind_of(word) for word in every}
    found = [word for word in every if _is_taken(word)]
    shares, costs = _shares(found), joins()
    weights = np.full(len(costs), _FEWEST)
    np.add.at(weights, [word.number for word in found], shares)
    weights[0] = _EDGES  # UniDic's number of both ends
    names = {kind: i for i, kind in enumerate(dict.fromkeys([_EDGE, *kinds.values()]))}
    grouped = np.array([names[kinds.get(number, _EDGE)] for number in range(len(costs))])
    by_kind = _mean_joins(costs, weights, grouped, len(names))
    of_kind = np.bincount(grouped, weights, len(names))
    apart = [names[_EDGE], names[_UNKNOWN]]
    assert (EDGE, NOUN) == (0, 1), "the order of those that are apart"
    merge = merged(by_kind, of_kind, _N_KINDS, apart)
    table = _mean_joins(by_kind, of_kind, merge, _N_KINDS)
    numbers = {number: int(merge[group]) for number, group in enumerate(grouped)}
    order = np.argsort(-shares)[:_N_WORDS].tolist()
    entries = _entries(found, order, numbers)
    dictionary = compact(
        Dictionary(entries, np.rint(table / _UNIT).astype(int).tolist()), _N_ALWAYS
    )
    more = _with_more(dictionary, every, int(merge[names[_COUNTER]]))
    alone = letters_alone(more.entries, found)
    more = Dictionary({**more.entries, **alone}, more.joins)
    write_dictionary(more, FILE)
    print(f"{len(more.entries)} words; {FILE.stat().st_size} bytes")


def letters_alone(
    entries: Mapping[str, Sequence[Entry]], found: Sequence[Word]
) -> dict[str, Sequence[Entry]]:
    """How letters are read that stand in words alone, by all words of two: an unknown name would
    have no sound there. They cost what a letter does that has no reading.
    """
    begins: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word in found:
        if len(word.letters) == 2 and _HAN.fullmatch(word.letters):
            first, second = word.letters
            for n in range(1, len(word.spoken)):
                parts = (first, word.spoken[:n]), (second, word.spoken[-n:])
                for letter, kana in parts:
                    begins[letter][kana] += _CHINESE.fullmatch(kana) is not None
    silent = {letter for word in entries for letter in word if _HAN.fullmatch(letter)} - {*entries}
    return {
        letter: (Entry(NOUN, UNKNOWN, _longest_of_most(begins[letter])),)
        for letter in sorted(silent)
        if any(begins[letter].values())
    }


def _longest_of_most(shares: Counter[str]) -> str:
    """The longest reading that more than half of the words have that have its beginning, or its
    end: whichever most words have.
    """
    best = max(shares, key=lambda kana: (shares[kana], -len(kana)))
    while longer := [k for k in shares if len(k) == len(best) + 1 and best in (k[:-1], k[1:])]:
        likely = max(longer, key=lambda kana: shares[kana])
        if 2 * shares[likely] <= shares[best]:
            break
        best = likely
    return best


def _with_more(dictionary: Dictionary, found: Sequence[Word], counter: int) -> Dictionary:
    """With numbers and what they count, people by their country, and words of our own."""
    entries = dict(dictionary.entries)
    for word, kana in counted().items():
        entries[word] = (Entry(counter, _COUNTED_COST + _LETTER_COST * (len(word) - 2), kana),)
    people = {f"{w.letters}人": f"{w.spoken}ジン" for w in found if w.features[3] == _COUNTRY}
    own = {word: kana for word, kana in people.items() if _OWN.fullmatch(word)} | _MORE
    entries |= {word: (Entry(NOUN, _MORE_COST, kana),) for word, kana in own.items()}
    return Dictionary(entries, dictionary.joins)


if __name__ == "__main__":
    main()

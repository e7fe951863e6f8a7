"""Which keys of a mesh are driven by which channels: every known convention, in any usual
spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

from .. import arkit
from .flame import flame_notes, is_flame_key
from .spelling import Spelling, folded, shared_ending, spelled_channel, without_namespace
from .tables import CONVENTION_FILES, read_table
from .visemes import VISEMES, felt_channels

__all__ = ["Matching", "is_known", "match_keys", "match_meshes"]

Keys = tuple[tuple[str, float], ...]

_MOUTH_BY_CHANNELS: Final = (
    8  # with fewer mouth channels than this, visemes speak better than channels do
)
_ORDER: Final = {name: i for i, name in enumerate(arkit.CHANNELS)}
_SPOKEN: Final = tuple(
    name for name in arkit.CHANNELS if name.startswith(("jaw", "mouth", "tongue"))
)
_FELT_MOUTH: Final = ("mouthSmile", "mouthFrown")
"""Beginnings of channels of the mouth that no viseme stands for."""

_LABELS: Final = {
    "arkit": "ARKit names",
    "arkit_suffix_lr": "ARKit names with _L and _R",
    "rocketbox": "Microsoft Rocketbox",
    "cc_traditional": "Character Creator, traditional",
    "ready_player_me": "Ready Player Me",
    "flame": "FLAME",
    "none": "no known names",
}


@dataclass(frozen=True)
class Matching:
    """What is known about the shape keys of one mesh."""

    convention: str  # "arkit", "cc4_extended", "vrm1", … "none"
    label: str
    channels: Mapping[
        str, Keys
    ]  # channel (or viseme.…, vowel.…) -> keys that it drives, with weights
    missing: tuple[str, ...]  # channels of the 52 that move nothing on this mesh
    unmatched: tuple[str, ...]  # keys that nothing drives
    confidence: float  # 0..1: how much of what the convention has was found
    notes: tuple[str, ...] = ()

    def recipes(self) -> Iterator[tuple[str, Keys, float, float]]:
        """Each driven key with its (channel, weight) pairs and its limits, in the order of the
        channels.
        """
        sources: dict[str, list[tuple[str, float]]] = {}
        for channel, keys in self.channels.items():
            for key, weight in keys:
                sources.setdefault(key, []).append((channel, weight))
        for key, pairs in sources.items():
            weights = [weight for _channel, weight in pairs]
            # A signed control goes both ways; else a key stays within the range that sliders have
            # from the start, also a jaw that lips shut over.
            is_signed = any(w < 0 and channel != "mouthClose" for channel, w in pairs)
            lower = -1.0 if is_signed else 0.0
            yield key, tuple(pairs), lower, max(1.0, *weights, 0.0)


def match_keys(names: Sequence[str], *, together: Matching | None = None) -> Matching:
    """What drives the shape keys called `names`.

    Parameters
    ----------
    names : sequence of str
        All shape keys of one mesh; the basis may be among them.
    together : Matching, optional
        Of the keys of all the character's meshes, whose convention this one has too; without it the
        best one is chosen.
    """
    names = list(dict.fromkeys(names))
    if any(is_flame_key(name) for name in names) and not _generic(names)[0]:
        return _flame(names)
    known = together if together and together.convention in (*CONVENTION_FILES, "visemes") else None
    if known is None:
        candidates = [_candidate(name, names) for name in CONVENTION_FILES]
    elif known.convention == "visemes":
        candidates = [_generic_candidate(names, spoken_by=known.label)]
    else:
        candidates = [_candidate(known.convention, names, is_known=True)]
    best = max(candidates, key=lambda found: (found.score, -found.priority))
    if known is None or not best.channels:
        generic = _generic_candidate(names)
        best = generic if generic.score >= best.score else best
    return _completed(best, names)


def match_meshes(meshes: Mapping[str, Sequence[str]]) -> dict[str, Matching]:
    """A Matching for each mesh, by name; meshes whose keys nothing drives are left out.

    The convention is chosen over all keys together: a tongue with one key cannot tell by itself.
    """
    bare = {mesh: _bare(names) for mesh, names in meshes.items()}
    together = match_keys([name for names in bare.values() for name in names.values()])
    found = {mesh: match_keys([*names.values()], together=together) for mesh, names in bare.items()}
    return {
        mesh: _with_whole_names(matching, bare[mesh])
        for mesh, matching in found.items()
        if matching.channels or matching.convention == "flame"
    }


def _bare(names: Sequence[str]) -> dict[str, str]:
    """Name -> name without what all keys but the basis end in, if they mean nothing with it."""
    ending = shared_ending(names[1:])
    bare = {name: name.removesuffix(ending) for name in names}
    is_read = not ending or match_keys(names).channels
    # A FLAME matrix is of whole names.
    is_read = is_read or any(map(is_flame_key, bare.values()))
    return {name: name for name in names} if is_read else bare


def _with_whole_names(matching: Matching, bare: Mapping[str, str]) -> Matching:
    """`matching` of bare names, with the keys' own."""
    whole = {name: key for key, name in bare.items()}
    channels = {
        channel: tuple((whole[name], weight) for name, weight in keys)
        for channel, keys in matching.channels.items()
    }
    used = {key for keys in channels.values() for key, _weight in keys}
    unmatched = tuple(key for key in bare if key not in used)
    return replace(matching, channels=channels, unmatched=unmatched)


@lru_cache(maxsize=4096)
def is_known(name: str) -> bool:
    """Whether some convention has a key of this name, be it one that alone tells nothing."""
    together = (_candidate(known, [name], is_known=True).channels for known in CONVENTION_FILES)
    visemes = (_viseme_keys([name], label)[1] for label, _names in _viseme_sets())
    return bool(match_keys([name]).channels) or any(together) or any(visemes)


@dataclass(frozen=True)
class _Candidate:
    convention: str
    label: str
    channels: dict[str, Keys]
    expected: int  # channels that the convention has
    notes: tuple[str, ...] = ()
    priority: int = 0

    @property
    def score(self) -> float:
        """Channels found; mouths made of a few vowels or visemes weigh what they stand for."""
        derived = sum(name.startswith(("viseme.", "vowel.")) for name in self.channels)
        return len(self.channels) + derived


def _candidate(convention: str, names: Sequence[str], *, is_known: bool = False) -> _Candidate:
    """`is_known`: the character's other meshes have it, so a name or two are enough here."""
    table = read_table(convention)
    by_fold = _by_fold(names, strict=convention in _EXACT)
    for whole, parts in table.get("instead_of", {}).items():
        if folded(whole) in by_fold:
            for part in parts:
                by_fold.pop(folded(part), None)
    channels: dict[str, Keys] = {}
    for channel, row in table["map"].items():
        found = tuple(
            (by_fold[folded(key)], weight) for key, weight in row if folded(key) in by_fold
        )
        # What takes another key back means nothing where it makes room for none.
        if found and max(w for _, w in found) * max(w for _, w in row) > 0:
            channels[channel] = found
    # Short names such as "a" or "sad" mean something only together.
    n_telling = sum(folded(key) in by_fold for key in table["fingerprint"])
    if convention in _EXACT and n_telling < 3 and not is_known:
        channels = {}
    priority = CONVENTION_FILES.index(convention)
    notes = (note for of, note in table["notes"] if any(name.startswith(of) for name in channels))
    return _Candidate(
        convention, table["label"], channels, len(table["map"]), tuple(notes), priority
    )


_EXACT: Final = ("vrm1", "vrm0", "mmd")


def _by_fold(names: Sequence[str], *, strict: bool) -> dict[str, str]:
    """Folded name -> name; unless `strict`, also what follows a known prefix, where that is
    free.
    """
    found: dict[str, str] = {}
    for name in names:
        if not name.startswith("!"):
            found.setdefault(folded(without_namespace(name)), name)
    if not strict:
        for name in names:
            tail = _KNOWN_PREFIX.sub("", without_namespace(name))
            if not name.startswith("!"):
                found.setdefault(folded(tail), name)
    return found


_KNOWN_PREFIX: Final = re.compile(
    r"^.*(?=Fcl_)|^(?:blendshapes?\d*|bs_?node|face|(?:bls_)?head|cc_base_body|mesh)[._]+",
    re.IGNORECASE,
)


def _generic(names: Sequence[str]) -> tuple[dict[str, Keys], str]:
    """Channels of ARKit's own names in any spelling, and the prefix that most of the keys share."""
    readings: dict[str, list[tuple[Spelling, str]]] = {}
    for name in names:
        spelling = spelled_channel(name)
        if spelling is not None:
            readings.setdefault(spelling.channel, []).append((spelling, name))
    prefixes = [_stem(spelling.prefix) for found in readings.values() for spelling, _name in found]
    common = max(sorted(set(prefixes)), key=prefixes.count) if prefixes else ""
    channels = {
        channel: _best(readings[channel], common)
        for channel in arkit.CHANNELS
        if channel in readings
    }
    return channels, common


def _stem(prefix: str) -> str:
    """A prefix without its numbers: A01_ and A02_ are the same."""
    return re.sub(r"\d+", "#", prefix)


def _best(found: Sequence[tuple[Spelling, str]], common: str) -> Keys:
    """The keys of one channel: the closest spelling; where there are only halves, both of them."""

    def closeness(item: tuple[Spelling, str]) -> tuple[bool, int, bool]:
        return item[0].half, item[0].rank, _stem(item[0].prefix) != common

    closest = min(map(closeness, found))
    if not closest[0]:
        return ((min(found, key=closeness)[1], 1.0),)
    return tuple((name, 1.0) for spelling, name in found if closeness((spelling, name)) == closest)


def _generic_candidate(names: Sequence[str], *, spoken_by: str = "") -> _Candidate:
    """`spoken_by`: the set of visemes that the character's other meshes have."""
    channels, prefix = _generic(names)
    convention = _generic_name(names, channels, prefix)
    label = _LABELS.get(convention, "ARKit names")
    notes: list[str] = []
    mouth = [name for name in channels if name.startswith(("mouth", "jaw"))]
    spoken_by, visemes = _viseme_keys(names, spoken_by)
    if visemes and len(mouth) < _MOUTH_BY_CHANNELS:
        channels = {name: keys for name, keys in channels.items() if name not in mouth} | visemes
        convention, label = "visemes", spoken_by
        notes.append("The mouth is driven by visemes: a fit of the 52 curves to the 15 visemes.")
    elif visemes:
        notes.append("Visemes are left alone: the mouth has channels of its own.")
    expected = len(VISEMES) if convention == "visemes" else len(arkit.CHANNELS)
    if convention == "arkit_suffix_lr":
        expected -= 1  # ICT-FaceKit has no tongue
    return _Candidate(convention, label, channels, expected, tuple(notes), -1)


def _generic_name(names: Sequence[str], channels: Mapping[str, Keys], prefix: str) -> str:
    if not channels:
        return "none"
    if prefix == "AK_#_":
        return "rocketbox"
    if prefix == "A#_":
        return "cc_traditional"
    if any(len(keys) == 2 for keys in channels.values()):
        return "arkit_suffix_lr"
    return "ready_player_me" if {"viseme_PP", "mouthSmile"} <= set(names) else "arkit"


def _viseme_keys(names: Sequence[str], known: str) -> tuple[str, dict[str, Keys]]:
    """Label of the set of viseme names that fits best, and viseme.… -> keys of it.

    Nothing when it has no open mouth, or fewer than five keys of a set are there; of the one that
    is `known` a single one is enough.
    """

    def n_keys(item: tuple[str, dict[str, Keys]]) -> int:
        return len({*item[1].values()})  # one may stand for several visemes

    by_name = {folded(without_namespace(name)): name for name in names}
    best: tuple[str, dict[str, Keys]] = ("", {})
    for label, spellings in _viseme_sets():
        found = {f"viseme.{v}": ((by_name[key], 1.0),) for key, v in spellings if key in by_name}
        speaks = "viseme.aa" in found and n_keys((label, found)) >= 5
        if known == label or (not known and speaks):
            best = max(best, (label, found), key=n_keys)
    return best


@cache
def _viseme_sets() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Label and (folded name, viseme) pairs of each known set; of several names the last counts."""
    sets: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    for entry in read_table("viseme_names").values():
        rows = {
            viseme: [row] if isinstance(row, str) else row for viseme, row in entry["names"].items()
        }
        pairs = ((folded(name), viseme) for viseme, row in rows.items() for name in row)
        sets.append((entry["label"], tuple(pairs)))
    return tuple(sets)


def _completed(best: _Candidate, names: Sequence[str]) -> Matching:
    """The candidate with what other spellings add, and with all that is missing or left over."""
    channels, notes = dict(best.channels), list(best.notes)
    used = {key for keys in channels.values() for key, _weight in keys}
    derived = any(name.startswith(("viseme.", "vowel.")) for name in channels)
    has_feelings = any(name.startswith("feeling.") for name in channels)
    if best.convention in CONVENTION_FILES and not derived:
        extra, _prefix = _generic(names)
        channels |= {
            channel: keys
            for channel, keys in extra.items()
            if channel not in channels and used.isdisjoint(key for key, _weight in keys)
        }
    found = len(channels)
    taken = {name for name in _SPOKEN if derived and not name.startswith(_FELT_MOUTH)}
    taken |= set(felt_channels()) if has_feelings else set()
    _add_stand_ins(channels, names, notes, taken)
    ordered = dict(sorted(channels.items(), key=lambda item: _ORDER.get(item[0], len(_ORDER))))
    used = {key for keys in channels.values() for key, _weight in keys}
    return Matching(
        convention=best.convention if channels else "none",
        label=best.label
        if best.convention != "none" or not channels
        else "Stand-ins such as mouthOpen",
        channels=ordered,
        missing=tuple(
            name
            for name in arkit.CHANNELS
            if name not in channels
            and not (derived and name in _SPOKEN)
            and not (has_feelings and name in felt_channels())
        ),
        unmatched=tuple(name for name in names if name not in used),
        confidence=round(min(1.0, found / best.expected), 3)
        if found
        else (0.1 if channels else 0.0),
        notes=tuple(notes),
    )


def _add_stand_ins(
    channels: dict[str, Keys], names: Sequence[str], notes: list[str], taken: Set[str]
) -> None:
    """Drive mouthOpen, mouthSmile, eyesClosed … by channels that have no key; exact names, case
    apart. `taken`: channels that visemes or faces of feelings stand for.
    """
    by_case = {name.casefold(): name for name in names}
    for stand_in, sources in read_table("fallbacks")["map"].items():
        name = by_case.get(stand_in.casefold())
        if name is None or any(channel in channels or channel in taken for channel in sources):
            continue
        channels |= {channel: ((name, weight),) for channel, weight in sources.items()}
        notes.append(f"{name} stands in for {', '.join(sources)}.")


def _flame(names: Sequence[str]) -> Matching:
    return Matching(
        convention="flame",
        label=_LABELS["flame"],
        channels={},
        missing=arkit.CHANNELS,
        unmatched=tuple(names),
        confidence=1.0,
        notes=flame_notes(names),
    )

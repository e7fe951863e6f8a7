"""The table of the paper on our own takes: every run judged once, means and spreads, beside what
the paper reports on its data.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from torch import nn

from emotalk_core.atomic_file import atomic_file
from emotalk_core.controls import EMOTIONS

from ..baselines.simple import ConstantFace, LoudnessJaw
from ..checkpoints import read_state
from ..data.captures import CAPTURES, load_capture
from ..paper.contest import VARIANTS, Contest
from ..paper.steps import network_of
from ..paper.store import Store, open_store, shipped_front_end
from .judge import judge
from .judged import HEADINGS, Judged, cell, figures_of, line, make_all, rows_of
from .mesh import Head, read_head, shipped_head
from .table_pictures import draw_bars, draw_curves

__all__ = ["PAPER", "TITLES", "Places", "Scores", "make_table", "write_table"]

log = logging.getLogger(__name__)

PAPER: Final[Mapping[str, tuple[str, str]]] = {  # LVE / EVE in mm: RAVDESS, HDTF (Peng et al. 2023)
    "emotalk": ("2.762 / 2.493", "2.892 / 2.364"),
    "faceformer": ("3.247 / 3.757", "3.374 / 3.142"),
    "meshtalk": ("3.459 / 3.386", "3.886 / 3.124"),
    "voca": ("5.091 / 4.188", "4.447 / 3.286"),
    "no-disentangling": ("3.126 / 3.076", ""),
    "no-guidance": ("2.907 / 2.832", ""),
    "no-classification": ("3.096 / 2.815", ""),
}
TITLES: Final[Mapping[str, str]] = {
    "emotalk": "EmoTalk",
    "emotalk, level untold": "… told the normal level throughout",
    "no-disentangling": "… without disentangling",
    "no-guidance": "… without emotion-guided attention",
    "no-classification": "… without classification loss",
    "no-velocity": "… without velocity loss",
    "faceformer": "FaceFormer",
    "meshtalk": "MeshTalk",
    "voca": "VOCA",
    "loudness": "loudness → every channel",
    "constant": "one face",
}
"""Rows in order."""


@dataclass(frozen=True)
class Scores:
    """Figures of a row of the table, by set and seed."""

    row: str
    by_set: Mapping[str, Sequence[Mapping[str, float]]]


@dataclass(frozen=True)
class Places:
    """What a table is made from besides its runs, and where it goes."""

    work: Path  # gets features and `table.json`
    data: Path | None = None  # with real curves; none: parallel takes alone
    head: Path | None = None  # the head's npz; the one that ships
    pictures: Path | None = None  # folder; `work`
    text: Path | None = None  # file; `work`/table.md


@dataclass(frozen=True, eq=False)
class _Bench:
    """What every run is judged on."""

    sets: tuple[Judged, ...]
    head: Head
    kept: str  # name of the file in a run's folder that keeps its figures


def write_table(contest: Contest, store: Store, places: Places) -> None:
    """Judge all runs of a contest; leave `table.json`, the table and its pictures."""
    head = read_head(places.head) if places.head else shipped_head()
    kept_in = f"figures-{places.head.stem}.json" if places.head else "figures.json"
    parallel = Judged("parallel", store, tuple(rows_of(store, "test")))
    bench = _Bench((parallel, *_captures(places)), head, kept_in)
    scores = list(_simple_scores(bench, store))
    for variant in VARIANTS:
        scores += _variant_scores(variant, contest, bench)
    kept = {s.row: {n: list(v) for n, v in s.by_set.items()} for s in scores}
    (places.work / "table.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    text = _HEAD + make_table(scores)
    (places.text or places.work / "table.md").write_text(text, encoding="utf-8")
    print(text)  # noqa: T201 - the command's result
    pictures = places.pictures or places.work
    draw_bars(scores, TITLES, pictures / "table_bars.png")
    draw_curves(_examples(contest, parallel), pictures / "table_curves.png")


_HEAD: Final = "# The table\n\nHow to read it, and what it said: `docs/research.md`.\n\n"


def make_table(scores: Iterable[Scores]) -> str:
    """Markdown: one table for each set; mean over seeds ± their sample deviation (ddof 1), which
    one seed does not have.
    """
    by_row = {s.row: s for s in scores}
    sets = list(dict.fromkeys(n for s in by_row.values() for n in s.by_set))
    return "\n".join(_table_of(name, by_row) for name in sets)


def _table_of(name: str, by_row: Mapping[str, Scores]) -> str:
    first = name == "parallel"
    columns = [c for c in HEADINGS if any(_has(s, name, c) for s in by_row.values())]
    heads = ["", *(HEADINGS[c] for c in columns)]
    heads += ["paper: RAVDESS", "paper: HDTF"] if first else []
    lines = [f"**{name}**", "", line(heads), line(["---"] * len(heads))]
    for row, title in TITLES.items():
        if row in by_row and name in by_row[row].by_set:
            found = by_row[row].by_set[name]
            seeds = f" ({len(found)})" if row in (*VARIANTS, "emotalk, level untold") else ""
            cells = [
                title + seeds,
                *(cell([f.get(c, math.nan) for f in found], c) for c in columns),
            ]
            lines.append(line([*cells, *(PAPER.get(row, ("", "")) if first else ())]))
    return "\n".join([*lines, ""])


def _has(scores: Scores, name: str, column: str) -> bool:
    return any(math.isfinite(f.get(column, math.nan)) for f in scores.by_set.get(name, ()))


def _captures(places: Places) -> list[Judged]:
    """The real curves that are there, their test takes."""
    if places.data is None:
        return []
    front_end, sets = shipped_front_end(), []
    for name in CAPTURES:
        if not (places.data / name).is_dir():
            log.warning("%s is not in %s: left out of the table", name, places.data)
            continue
        takes = [t for t in load_capture(places.data, name) if t.split == "test"]
        store = open_store(takes, places.work / "features", front_end)
        sets.append(Judged(name, store, tuple(range(len(takes)))))
    return sets


def _simple_scores(bench: _Bench, store: Store) -> Iterable[Scores]:
    train = [store.takes[k] for k in rows_of(store, "train")]
    for row, maker in (("constant", ConstantFace(train)), ("loudness", LoudnessJaw(train))):
        found = {}
        for judged in bench.sets:
            made = [
                maker.curves(take, judged.store.n_frames(k))
                for k, take in zip(judged.rows, judged.takes, strict=True)
            ]
            found[judged.name] = [asdict(judge(made.__getitem__, judged.takes, bench.head))]
        yield Scores(row, found)


def _variant_scores(variant: str, contest: Contest, bench: _Bench) -> list[Scores]:
    """Rows of a variant: the plain one, and EmoTalk's without its level."""
    plain: dict[str, list[Mapping[str, float]]] = {}
    untold: dict[str, list[Mapping[str, float]]] = {}
    for seed in contest.seeds:
        folder = contest.folder(variant, seed)
        if not (folder / "network.pt").is_file():
            log.warning("%s is not trained: left out of the table", folder.name)
            continue
        found = _run_scores(variant, seed, contest, bench)
        for name, figures in found["plain"].items():
            plain.setdefault(name, []).append(figures)
        for name, figures in found.get("untold", {}).items():
            untold.setdefault(name, []).append(figures)
    rows = [Scores(variant, plain)] if plain else []
    return rows + ([Scores(f"{variant}, level untold", untold)] if untold else [])


def _run_scores(
    variant: str, seed: int, contest: Contest, bench: _Bench
) -> dict[str, dict[str, dict[str, float]]]:
    """Figures of one run, by row and set; kept in its folder while network, head and takes are the
    same.
    """
    folder = contest.folder(variant, seed)
    kept = folder / bench.kept
    stored: dict[str, Any] = json.loads(kept.read_text()) if kept.is_file() else {}
    keys = {s.name: _key_of(folder / "network.pt", s, bench.head) for s in bench.sets}
    missing = [s for s in bench.sets if stored.get("keys", {}).get(s.name) != keys[s.name]]
    if missing:
        network = _trained(variant, seed, contest, bench.sets[0].store)
        for judged in missing:
            for row, figures in _rows_of(variant, network, judged, bench.head).items():
                stored.setdefault(row, {})[judged.name] = figures
                log.info("%s, %s on %s: %s", folder.name, row, judged.name, figures)
            stored.setdefault("keys", {})[judged.name] = keys[judged.name]
        with atomic_file(kept) as file:
            file.write(f"{json.dumps(stored, indent=1)}\n".encode())
    rows = {row: stored.get(row, {}) for row in ("plain", "untold")}
    return {row: {n: f for n, f in found.items() if n in keys} for row, found in rows.items()}


def _rows_of(
    variant: str, network: nn.Module, judged: Judged, head: Head
) -> dict[str, dict[str, float]]:
    """Figures of a network on one set, and of EmoTalk without its level beside them."""
    rows = {"plain": figures_of(network, judged, head)}
    if judged.name == "parallel":
        rows["plain"]["cost"] = _cost(network, judged)
        if variant == "emotalk":
            rows["untold"] = figures_of(network, judged, head, level=0)
    return rows


def _key_of(network: Path, judged: Judged, head: Head) -> str:
    """A hash of what figures come from: another network, head or take has others."""
    digest = hashlib.blake2b(network.read_bytes(), digest_size=8)
    for part in (head.lips, head.upper):
        digest.update(part.tobytes())
    for k, take in zip(judged.rows, judged.takes, strict=True):
        digest.update(take.curves.tobytes() + judged.store.states_of(k)[1].tobytes())
        digest.update(take.channels_known.tobytes())
        digest.update(repr((take.level, take.person, take.phones)).encode())
    return digest.hexdigest()


def _trained(variant: str, seed: int, contest: Contest, store: Store) -> nn.Module:
    """The network of a finished run."""
    network = network_of(contest.settings(variant, seed), store)
    numbers = read_state(contest.folder(variant, seed) / "network.pt")["network"]
    network.load_state_dict(numbers)
    return network.eval()


def _cost(network: nn.Module, judged: Judged) -> float:
    """Processor seconds for a second of sound after the front end: one take alone, best of 3."""
    k = judged.rows[0]
    times = []
    for _ in range(3):
        started = time.process_time()
        make_all(network, judged.store, [k])
        times.append(time.process_time() - started)
    return min(times) / (judged.store.n_frames(k) / 30.0)


def _examples(contest: Contest, judged: Judged) -> dict[str, np.ndarray]:
    """One strong test take as every network makes it, with the first seed that is there."""
    strong = [k for k in judged.rows if judged.store.takes[k].level == 1] or list(judged.rows)
    angry = EMOTIONS.index("angry")
    k = next((k for k in strong if judged.store.takes[k].emotion == angry), strong[0])
    made = {"wanted": judged.store.takes[k].curves}
    for variant in ("emotalk", "faceformer", "meshtalk", "voca"):
        for seed in contest.seeds:
            trained = (contest.folder(variant, seed) / "network.pt").is_file()
            if variant not in made and trained:
                network = _trained(variant, seed, contest, judged.store)
                made[variant] = make_all(network, judged.store, [k])[0]
    return made

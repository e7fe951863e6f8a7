"""From takes to a trained network: what the commands do."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from emotalk_core.controls import EMOTIONS

from ..data.takes import Take
from ..features import FrontEnd
from .animator import Features, Statistics
from .batches import Pairs
from .loop import Takes, chosen_device, fit
from .networks import build
from .processes import ALONE, Processes
from .run_folder import explain
from .settings import PaperRun
from .starter import StarterAnimator
from .store import Store, front_end_key, in_stretches, open_store, shipped_front_end

__all__ = ["features_of", "network_of", "statistics_of", "train", "with_sounds"]

log = logging.getLogger(__name__)

_EXCHANGING: Final = ("emotalk", "emotalk-full", "starter")
"""Networks that are trained on the exchange of feelings."""


def train(
    run: PaperRun,
    store: Store,
    folder: Path,
    front_end: FrontEnd,
    group: Processes = ALONE,
    *,
    until: int | None = None,
) -> nn.Module:
    """Train the network of `run` on the store's training takes, or go on with it."""
    store = with_sounds(store, run)
    rows = {s: [k for k, t in enumerate(store.takes) if t.split == s] for s in ("train", "dev")}
    exchanges = run.network in _EXCHANGING and run.sizes.disentangle
    swaps = exchanges and run.losses.cross > 0
    pairs = Pairs(store, rows["train"], align=run.align, need_pairs=swaps)
    dev = Pairs(store, rows["dev"], align=run.align, need_pairs=False) if rows["dev"] else None
    if group.is_first:
        explain(folder, run, store.takes, front_end_key(front_end))
        device = chosen_device(run.pace.device)
        log.info("%d takes, %d in pairs; on %s", len(rows["train"]), pairs.n_paired, device)
        if dev is None:
            log.warning("no take has the split dev: nothing is measured, no sample is drawn")
    group.wait()
    network = network_of(run, store)
    if group.is_first and isinstance(network, StarterAnimator):
        _tell_of_shared_styles(network.network.config.n_styles, store.takes)
    shown = rows["dev"][0] if rows["dev"] else None
    fit(network, Takes(store, pairs, dev, shown), run, folder, group, until=until)
    return network


def with_sounds(store: Store, run: PaperRun) -> Store:
    """The store as the network of a run reads it: the paper's at full size hears sounds."""
    return replace(store, sounds=run.network == "emotalk-full")


def _tell_of_shared_styles(n_styles: int, takes: Sequence[Take]) -> None:
    n_persons = len({t.person for t in takes if t.split == "train"})
    if n_persons > n_styles:
        what = "%d speakers share the network's %d styles: person P has style P modulo %d"
        log.warning(what, n_persons, n_styles, n_styles)


def network_of(run: PaperRun, store: Store) -> nn.Module:
    """The untrained network of a run, the same for the same seed."""
    torch.manual_seed(run.seed)
    features = Features(store.states.shape[1], store.states.shape[2])
    train_takes = [t for t in store.takes if t.split == "train"]
    return build(run, features, statistics_of(train_takes, run.persons))


def statistics_of(takes: Sequence[Take], persons: int) -> Statistics:
    """Mean, deviation and neutral faces of training takes."""
    curves = np.concatenate([t.curves for t in takes])
    calm = [t for t in takes if t.emotion in (None, EMOTIONS.index("neutral"))] or list(takes)
    overall = np.concatenate([t.curves for t in calm]).mean(0)
    neutral = np.tile(overall, (persons, 1))
    for person in {t.person for t in calm}:
        own = [t.curves for t in calm if t.person == person]
        neutral[person] = np.concatenate(own).mean(0)
    return Statistics(*(_tensor(a) for a in (curves.mean(0), curves.std(0), neutral)))


def features_of(takes: Sequence[Take], work: Path) -> tuple[Store, FrontEnd]:
    """The store of takes under a work folder, made when it is not there; long ones are cut."""
    front_end = shipped_front_end()
    return in_stretches(open_store(takes, work / "features", front_end)), front_end


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array.astype(np.float32))

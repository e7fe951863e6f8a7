"""One process or many, by torchrun: gradients and figures are means over all of them."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
import torch.distributed as dist
from torch import Tensor, nn

__all__ = ["ALONE", "Processes", "processes"]


@dataclass(frozen=True)
class Processes:
    """One process among its siblings."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this one writes files."""
        return self.rank == 0

    def share_gradients(self, network: nn.Module) -> None:
        """Replace each gradient by the mean over all processes."""
        if self.count == 1:
            return
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        joined = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(joined)
        joined /= self.count
        at = 0
        for gradient in gradients:
            gradient.copy_(joined[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()

    def mean(self, values: Tensor) -> Tensor:
        """The mean of a tensor over all processes."""
        if self.count == 1:
            return values
        total = values.clone()
        dist.all_reduce(total)
        return total / self.count

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            dist.barrier()


ALONE: Final = Processes()


@contextmanager
def processes() -> Generator[Processes]:
    """Join the others when torchrun started us; alone otherwise."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    if torch.cuda.is_available():  # a card each; two on one would end NCCL
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Processes(dist.get_rank(), count)
    finally:
        dist.destroy_process_group()

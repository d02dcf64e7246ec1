"""The processes of a Fabric, and the few things that they say to each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from chainer_compat.errors import ProcessLostError
from chainer_compat.training._ranks import Ranks

__all__ = ["FabricRanks"]


class FabricRanks(Ranks):
    """The processes that a launched Fabric runs.

    Args:
        fabric: The Fabric.
    """

    def __init__(self, fabric: Any) -> None:
        self.size = fabric.world_size
        self.rank: int = fabric.global_rank
        self.is_zero = self.rank == 0
        # What is on the CPU goes over a group of its own where the other one is of GPUs.
        self._host_group: Any = None
        if self.size > 1 and dist.get_backend() != "gloo":
            self._host_group = dist.new_group(backend="gloo", timeout=timedelta(days=7))

    def tell(self, value: Any) -> Any:
        """Returns, on all ranks, the value that rank zero has.

        Args:
            value: Anything that can be pickled.

        Raises:
            RuntimeError: If another process has ended.
        """
        if self.size == 1:
            return value
        box = [value]
        try:
            dist.broadcast_object_list(box, src=0, group=self._host_group)
        except RuntimeError as error:
            raise _lost() from error
        return box[0]

    def gather(self, value: Any) -> list[Any]:
        """Returns the values of all ranks.

        Args:
            value: That of this one, anything that can be pickled.

        Raises:
            RuntimeError: If another process has ended.
        """
        values: list[Any] = [None] * self.size
        try:
            dist.all_gather_object(values, value, group=self._host_group)
        except RuntimeError as error:
            raise _lost() from error
        return values

    def add_up(self, tensor: torch.Tensor) -> torch.Tensor:
        """Replaces the elements of a tensor, in place, by their sums over all ranks.

        Args:
            tensor: A tensor, of one shape on all ranks.

        Raises:
            RuntimeError: If another process has ended.
        """
        return self._reduced(tensor, dist.ReduceOp.SUM)

    def compare(self, check: int, numbers: Iterable[float]) -> tuple[bool, list[float]]:
        """Says whether all ranks have the same check sum, and what numbers rank zero has.

        Args:
            check: The check sum.
            numbers: As many numbers on all ranks.
        """
        own = [float(check), -float(check), *numbers]
        if not self.is_zero:
            own[2:] = [float("-inf")] * (len(own) - 2)
        told = self._reduced(torch.tensor(own, dtype=torch.float64), dist.ReduceOp.MAX).tolist()
        return told[0] == -told[1], told[2:]

    def _reduced(self, tensor: torch.Tensor, operation: Any) -> torch.Tensor:
        try:
            dist.all_reduce(tensor, operation, group=None if tensor.is_cuda else self._host_group)
        except RuntimeError as error:
            raise _lost() from error
        return tensor


def _lost() -> ProcessLostError:
    return ProcessLostError(
        "another process of this training has ended, or cannot be reached any more; what it says "
        "itself is the reason"
    )

"""The processes of a Lightning trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from chainer_compat.serializers import NpzDeserializer, serialize
from chainer_compat.training._ranks import Ranks, is_called_by_all

__all__ = ["StrategyRanks"]


class StrategyRanks(Ranks):
    """The processes that a strategy of Lightning's runs.

    Args:
        strategy: The strategy.
    """

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy
        self.size = getattr(strategy, "world_size", 1)
        self.is_zero = strategy.is_global_zero

    def tell(self, value: Any) -> Any:
        """Returns, on all ranks, the value that rank zero has.

        Args:
            value: Plain data.
        """
        return self._strategy.broadcast(value)

    def load_alike(self, view: Any, load: Callable[[], None]) -> None:
        """Loads on rank zero, which alone need have the file, and gives the others its state.

        A snapshot that all processes call finds and loads its file in all of them.

        Args:
            view: The trainer as extensions know it.
            load: Loads what was given by hand, and has the extensions load theirs.
        """
        load()
        if self.size == 1:
            return
        loaded_by_all = any(
            is_called_by_all(entry.extension) and getattr(entry.extension, "autoload", False)
            for entry in view.runner.entries.values()
        )
        given = self.is_zero and view.was_loaded and not loaded_by_all
        state = self.tell(serialize(view) if given else None)
        if state is not None and not self.is_zero:
            NpzDeserializer(state).load(view)

    def average(self, observation: dict[str, Any]) -> None:
        """Replaces the numbers of an observation by their means over all processes.

        Args:
            observation: The observation, with the same names in all processes.
        """
        if self.size == 1:
            return
        names = sorted(name for name, value in observation.items() if _is_number(value))
        if not names:
            return
        device = self._strategy.root_device
        values = torch.stack([_as_number(observation[name]).to(device) for name in names])
        means = self._strategy.reduce(values, reduce_op="mean")
        observation.update(zip(names, means.unbind(), strict=True))


def _is_number(value: Any) -> bool:
    tensor = getattr(value, "tensor", value)
    return isinstance(value, (int, float)) or getattr(tensor, "ndim", -1) == 0


def _as_number(value: Any) -> torch.Tensor:
    tensor = getattr(value, "tensor", value)
    return torch.as_tensor(tensor).detach().double()

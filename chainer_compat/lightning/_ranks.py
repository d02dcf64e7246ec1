"""Several processes that train together: who calls extensions, and how all agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from chainer_compat.serializers import NpzDeserializer, serialize
from chainer_compat.training._runner import ExtensionRunner
from chainer_compat.training.triggers import IntervalTrigger, ManualScheduleTrigger

__all__ = ["Ranks"]

# What these answer follows from the iteration, which all processes count alike.
_ALIKE = (IntervalTrigger, ManualScheduleTrigger)


class Ranks:
    """The processes of one run; only rank zero calls extensions.

    An extension with the attribute ``all_ranks = True`` is called in all processes, whenever its
    trigger fires on rank zero.

    Args:
        strategy: Lightning's strategy.
    """

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy
        self.size: int = getattr(strategy, "world_size", 1)
        self.is_zero: bool = strategy.is_global_zero

    def restrict(self, runner: ExtensionRunner) -> ExtensionRunner:
        """Returns the extensions that this process calls.

        Args:
            runner: All extensions.
        """
        if self.size == 1:
            return runner
        own = ExtensionRunner()
        for name, entry in runner.entries.items():
            trigger = entry.trigger
            if _is_called_by_all(entry.extension):
                if not isinstance(trigger, _ALIKE):
                    trigger = _AgreedTrigger(trigger, self)
            elif not self.is_zero:
                continue
            own.extend(
                entry.extension,
                name,
                trigger,
                entry.priority,
                call_before_training=entry.call_before_training,
                invoke_before_training=entry.invoke_before_training,
            )
        return own

    def decide(self, ask: Callable[[], Any]) -> bool:
        """Asks on rank zero, and tells all.

        Args:
            ask: What to ask.
        """
        if self.size == 1:
            return bool(ask())
        answer: bool = self._strategy.broadcast(bool(ask()) if self.is_zero else False)
        return answer

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
            _is_called_by_all(entry.extension) and getattr(entry.extension, "autoload", False)
            for entry in view.runner.entries.values()
        )
        given = self.is_zero and view.was_loaded and not loaded_by_all
        state = self._strategy.broadcast(serialize(view) if given else None)
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


def _is_called_by_all(extension: Any) -> bool:
    return bool(getattr(extension, "all_ranks", False))


def _is_number(value: Any) -> bool:
    tensor = getattr(value, "tensor", value)
    return isinstance(value, (int, float)) or getattr(tensor, "ndim", -1) == 0


def _as_number(value: Any) -> torch.Tensor:
    tensor = getattr(value, "tensor", value)
    return torch.as_tensor(tensor).detach().double()


class _AgreedTrigger:
    """A trigger that rank zero alone asks."""

    def __init__(self, trigger: Any, ranks: Ranks) -> None:
        self._trigger = trigger
        self._ranks = ranks

    def __call__(self, trainer: Any) -> bool:
        return self._ranks.decide(lambda: self._trigger(trainer))

    @property
    def finished(self) -> bool:
        """As the trigger."""
        return bool(getattr(self._trigger, "finished", False))

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the trigger, if it has a state."""
        if hasattr(self._trigger, "serialize"):
            self._trigger.serialize(serializer)

    def __str__(self) -> str:
        return str(self._trigger)

"""Torch's learning rate schedulers as an extension."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch

from chainer_compat.errors import InvalidArgumentTypeError, MissingObservationError
from chainer_compat.serializer import Serializer
from chainer_compat.training._extension import Extension
from chainer_compat.training._state import load_json, save_json

__all__ = ["LRScheduler"]


class LRScheduler(Extension):
    """Steps a scheduler of ``torch.optim.lr_scheduler``, once an epoch by default.

    It serves two kinds of optimizers. For a torch optimizer, give the scheduler itself. For one of
    Chainer's, give a function that makes the scheduler; the learning rate it works out is
    set on the optimizer's attribute.

    The scheduler's state is saved, and a resumed run goes on with the same learning rate.

    Args:
        scheduler: A scheduler, or a function that makes one of a torch optimizer.
        monitor: Name of the observed value that ``ReduceLROnPlateau`` goes by.
        attr: Name of the optimizer's attribute; with a function only.
        optimizer: The optimizer; the updater's main one if None. With a function only.

    Raises:
        KeyError: When it is called and the value of ``monitor`` was not observed.

    Example:
        >>> from torch.optim.lr_scheduler import CosineAnnealingLR
        >>> from chainer_compat.training import extensions
        >>> schedule = extensions.LRScheduler(lambda optimizer: CosineAnnealingLR(optimizer, 50))
        >>> schedule.trigger
        (1, 'epoch')
    """

    trigger = (1, "epoch")

    def __init__(
        self,
        scheduler: Any,
        monitor: str | None = None,
        attr: str = "lr",
        optimizer: Any = None,
    ) -> None:
        self._make: Callable[[Any], Any] | None = None
        self._scheduler: Any = None
        if hasattr(scheduler, "step") and not isinstance(scheduler, type):
            self._scheduler = scheduler
        else:
            self._make = scheduler
        self._monitor = monitor
        self._attr = attr
        self._optimizer = optimizer
        # A state that was loaded before there was a scheduler.
        self._loaded: dict[str, Any] | None = None

    def initialize(self, trainer: Any) -> None:
        """Makes the scheduler if it is to be made, and sets the learning rate.

        Args:
            trainer: The trainer that is about to run.
        """
        if self._make is not None:
            self._optimizer = self._optimizer or trainer.updater.get_optimizer("main")
            # One group with the learning rate is all that a scheduler asks of an optimizer.
            stand_in = torch.optim.SGD(
                [torch.nn.Parameter(torch.empty(0))], lr=getattr(self._optimizer, self._attr)
            )
            self._scheduler = self._make(stand_in)
        if self._loaded is not None:
            self._take_up(self._loaded)
        else:
            self._pass_on()

    def _state(self) -> dict[str, Any] | None:
        if self._scheduler is None:
            return self._loaded
        state = {
            "scheduler": self._scheduler.state_dict(),
            "rates": [group["lr"] for group in self._groups()],
        }
        if self._make is not None:
            # Other extensions may have set it since.
            state["value"] = getattr(self._optimizer, self._attr)
        return state

    def __getstate__(self) -> dict[str, Any]:
        if self._make is None:
            return self.__dict__
        # The scheduler is made again: torch's, once used, cannot be pickled.
        return {**self.__dict__, "_scheduler": None, "_loaded": self._state()}

    def _take_up(self, state: dict[str, Any]) -> None:
        self._scheduler.load_state_dict(state["scheduler"])
        for group, rate in zip(self._groups(), state["rates"], strict=True):
            group["lr"] = rate
        self._loaded = None
        if self._make is not None:
            value = state.get("value", self._groups()[0]["lr"])
            setattr(self._optimizer, self._attr, value)

    def _groups(self) -> list[dict[str, Any]]:
        groups: list[dict[str, Any]] = self._scheduler.optimizer.param_groups
        return groups

    def __call__(self, trainer: Any) -> None:
        """Steps the scheduler.

        Args:
            trainer: The trainer that calls it.
        """
        if self._make is not None:
            # Torch warns of a scheduler that steps before its optimizer has.
            self._scheduler.optimizer.step()
        if self._monitor is None:
            self._scheduler.step()
        else:
            self._scheduler.step(self._observed(trainer))
        self._pass_on()

    def _observed(self, trainer: Any) -> float:
        if self._monitor not in trainer.observation:
            raise MissingObservationError(
                f"LRScheduler: {self._monitor!r} was not observed in this iteration; give it the "
                "trigger of the extension that observes it, and a lower priority"
            )
        return float(trainer.observation[self._monitor])

    def _pass_on(self) -> None:
        if self._make is not None:
            setattr(self._optimizer, self._attr, self._groups()[0]["lr"])

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the scheduler's state and the learning rates.

        Args:
            serializer: A serializer or deserializer.
        """
        if isinstance(serializer, Serializer):
            state = self._state()
            if state is not None:
                save_json(serializer, "state", _plain(state))
            return
        plain = load_json(serializer, "state")
        self._loaded = None if plain is None else _from_plain(plain)
        if self._loaded is not None and self._scheduler is not None:
            self._take_up(self._loaded)


# Beside what JSON has, schedulers keep tuples, counters and dictionaries whose keys are numbers.
_KINDS: dict[str, type] = {"list": list, "tuple": tuple, "dict": dict, "Counter": Counter}


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if hasattr(value, "item"):
        return value.item()
    kind = type(value).__name__
    if _KINDS.get(kind) is not type(value):
        raise InvalidArgumentTypeError(
            f"LRScheduler cannot save a scheduler whose state holds an object of {type(value)}"
        )
    parts: Any = value.items() if isinstance(value, dict) else value
    return {kind: [_plain(part) for part in parts]}


def _from_plain(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    ((kind, parts),) = plain.items()
    values = [_from_plain(part) for part in parts]
    return _KINDS[kind](dict(values) if kind in ("dict", "Counter") else values)

"""Stand-ins: an updater that has only numbers, and what is done with it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from chainer_compat.serializers import DictionarySerializer, NpzDeserializer
from chainer_compat.training import Trainer


class NumbersUpdater:
    """What an updater must have, and nothing else."""

    def __init__(self, iterations_per_epoch: int = 10, report: Any = None) -> None:
        self.iterations_per_epoch = iterations_per_epoch
        self.iteration = 0
        self._report = report
        self.events: list[str] = []

    @property
    def epoch(self) -> int:
        return self.iteration // self.iterations_per_epoch

    @property
    def epoch_detail(self) -> float:
        done, rest = divmod(self.iteration, self.iterations_per_epoch)
        return done + rest / self.iterations_per_epoch

    @property
    def previous_epoch_detail(self) -> float:
        return (self.iteration - 1) / self.iterations_per_epoch

    @property
    def is_new_epoch(self) -> bool:
        return self.iteration > 0 and self.iteration % self.iterations_per_epoch == 0

    def connect_trainer(self, trainer: Any) -> None:
        self.events.append("connect")

    def get_all_optimizers(self) -> dict[str, Any]:
        return {}

    def get_optimizer(self, name: str) -> Any:
        raise KeyError(name)

    def update(self) -> None:
        if self._report is not None:
            self._report(self.iteration + 1)
        self.iteration += 1

    def finalize(self) -> None:
        self.events.append("finalize")

    def serialize(self, serializer: Any) -> None:
        self.iteration = serializer("iteration", self.iteration)


def numbers_trainer(
    out: Any, stop: Any = (3, "iteration"), iterations_per_epoch: int = 10, report: Any = None
) -> Trainer:
    """A trainer over an updater that has only numbers."""
    return Trainer(NumbersUpdater(iterations_per_epoch, report), stop, out=out)


def saved(target: Any) -> dict[str, Any]:
    """What an object saves, by key."""
    serializer = DictionarySerializer()
    serializer.save(target)
    return serializer.target


def load(target: Any, content: dict[str, Any]) -> Any:
    """Loads an object, and returns it."""
    NpzDeserializer(content).load(target)
    return target


def ask(trigger: Any, iterations: Any, iterations_per_epoch: int = 10) -> list[int]:
    """The iterations, of those in which it is asked, that a trigger picks."""
    updater = NumbersUpdater(iterations_per_epoch)
    trainer = Trainer(updater)
    picked = []
    for iteration in iterations:
        updater.iteration = iteration
        if trigger(trainer):
            picked.append(iteration)
    return picked


def run_quietly(trainer: Trainer, *errors: type[BaseException]) -> None:
    """Runs, and drops the exceptions that are expected."""
    with suppress(*errors):
        trainer.run(show_loop_exception_msg=False)

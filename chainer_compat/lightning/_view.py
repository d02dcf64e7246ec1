"""A Lightning trainer, as triggers and extensions know a trainer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from chainer_compat.lightning._data import DataRecord, Plan
from chainer_compat.lightning._limits import LightningLimits
from chainer_compat.lightning._random import Generators
from chainer_compat.lightning._updater_view import UpdaterView
from chainer_compat.reporter import Reporter
from chainer_compat.serializer import Serializer
from chainer_compat.training._protocols import namedlinks_of
from chainer_compat.training._runner import ExtensionEntry, ExtensionRunner
from chainer_compat.training._state import (
    load_observation,
    save_observation,
)
from chainer_compat.training.triggers import get_trigger
from chainer_compat.training.triggers._missing_positions import SaidOnce

__all__ = ["TrainerView"]

_now = time.perf_counter


class TrainerView:
    """What extensions get as their trainer: everything that they may ask of Chainer's.

    Attributes:
        updater: Has an updater's numbers and getters.
        observation: What was logged and reported in this iteration.
        reporter: The reporter, which knows the module's parts as ``main/...``.
        out: The output directory.
        stop_trigger: The trigger that ends the run; by default Lightning's own limits.
        runner: The registered extensions.
        is_due: Whether this iteration's extensions are yet to be called.
        waits_for_validation: Whether the saved run was broken off while it validated.
        was_loaded: Whether a state was loaded.
        before_validation: The generators' states before the validation that runs.
    """

    def __init__(
        self,
        trainer: Any,
        module: Any,
        runner: ExtensionRunner,
        *,
        out: Any,
        stop_trigger: Any = None,
        optimizer_names: Any = None,
    ) -> None:
        self._lightning: Callable[[], tuple[Any, Any]] = lambda: (trainer, module)
        self.updater = UpdaterView(trainer, module, optimizer_names, self._validates_again)
        self.limits = LightningLimits(trainer.max_steps, trainer.max_epochs)
        self.stop_trigger = self.limits if stop_trigger is None else get_trigger(stop_trigger)
        self.observation: dict[str, Any] = {}
        self.out = out
        self.reporter = Reporter()
        self.runner = runner
        self.data = DataRecord()
        self.is_due = False
        self.waits_for_validation = False
        self.was_loaded = False
        self.before_validation: Generators | None = None
        self._done = False
        self._started_at: float | None = None
        self._earlier_time = 0.0
        self._final_time = 0.0
        self._reloaded_at: float | None = None
        self._observe(self.reporter, "main")

    def _observe(self, reporter: Reporter, name: str) -> None:
        module = self.lightning_module
        reporter.add_observer(name, module)
        reporter.add_observers(name, namedlinks_of(module))
        target = self.updater.target
        if target is not module:
            reporter.add_observer(name, target)
            reporter.add_observers(name, namedlinks_of(target))

    def reporter_of_validation(self, prefix: str) -> Reporter:
        """Returns a reporter that knows the module as ``validation/main``.

        Args:
            prefix: ``validation``.
        """
        reporter = Reporter()
        self._observe(reporter, f"{prefix}/main")
        return reporter

    @property
    def lightning(self) -> Any:
        """The Lightning trainer."""
        return self._lightning()[0]

    @property
    def lightning_module(self) -> Any:
        """The LightningModule."""
        return self._lightning()[1]

    @property
    def _extensions(self) -> dict[str, ExtensionEntry]:
        return self.runner.entries

    def _validates_again(self) -> bool:
        return self.is_due and bool(self.lightning.validating)

    @property
    def is_before_training(self) -> bool:
        """Whether no iteration has been done yet."""
        return self.updater.iteration == 0

    @property
    def elapsed_time(self) -> float:
        """Seconds of training so far, those before a resume included.

        Raises:
            RuntimeError: If the run has not started.
        """
        if self._done:
            return self._final_time
        if self._started_at is None:
            raise RuntimeError("the training has not been started yet; call trainer.fit()")
        return _now() - self._started_at + self._earlier_time

    def start_clock(self) -> None:
        """Starts the time of training."""
        self._started_at = _now()

    def finish(self) -> None:
        """Stops the time of training."""
        if self._started_at is not None and not self._done:
            self._final_time = self.elapsed_time
        self._done = True

    def extend(self, extension: Any, *args: Any, **kwargs: Any) -> None:
        """Registers an extension, which will take part in the next run.

        Args:
            extension: The extension.
            *args: As for :meth:`ChainerCallback.extend`.
            **kwargs: Likewise.
        """
        self.runner.extend(extension, *args, **kwargs)

    def get_extension(self, name: str) -> Any:
        """Returns the extension of a name.

        Args:
            name: The name, with its suffix if it got one.

        Raises:
            ValueError: If there is none.
        """
        return self.runner.get_extension(name)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads everything that takes part in the training, in Chainer's layout.

        Lightning's own state (loops, schedulers, other callbacks) goes under
        ``updater/lightning``.

        Args:
            serializer: A serializer or deserializer.
        """
        self.updater.serialize(serializer["updater"])
        self._serialize_own(serializer, self.updater.loops.batches_seen)

    def serialize_in_checkpoint(self, serializer: Any) -> None:
        """Saves or loads what Lightning's own checkpoints do not have.

        Args:
            serializer: A serializer or deserializer.
        """
        self.updater.serialize_numbers(serializer["updater"])
        loops = self.updater.loops
        # Behind an epoch's last batch, Lightning goes on with the next epoch.
        self._serialize_own(serializer, 0 if loops.is_last_batch else loops.batches_seen)

    def _serialize_own(self, serializer: Any, batches: int) -> None:
        with SaidOnce():
            if hasattr(self.stop_trigger, "serialize"):
                self.stop_trigger.serialize(serializer["stop_trigger"])
            self.runner.serialize(serializer)
        own = serializer["_resume"]
        if isinstance(serializer, Serializer):
            started = self._done or self._started_at is not None
            elapsed = self.elapsed_time if started else self._earlier_time
            serializer("_snapshot_elapsed_time", elapsed)
            save_observation(own, self.observation)
            own("is_due", self.is_due)
            own("waits_for_validation", self._validates_again())
            self._save_place_in_data(own, batches)
        else:
            self._earlier_time = serializer("_snapshot_elapsed_time", 0.0)
            self.observation = load_observation(own)
            self.is_due = own("is_due", False)
            self.waits_for_validation = own("waits_for_validation", False)
            self.was_loaded = True
            self.load_place_in_data(own)

    def _save_place_in_data(self, own: Any, batches: int) -> None:
        loops, data = self.updater.loops, self.data
        # A validation that is done again draws its random numbers again.
        again = self.before_validation if self._validates_again() else None
        now = data.capture() if again is None else again
        states = {"now": now, "loader": data.loader_start, "epoch": data.epoch_start}
        own("batches_seen", batches)
        own("is_within_epoch", bool(batches) or loops.has_just_begun)
        own("reloads_next", loops.reloads_next)
        own("reloaded_at", loops.reloaded_at)
        for name, generators in states.items():
            own(f"{name}_names", " ".join(generators or ()))
            for key, value in (generators or {}).items():
                own[name](key, value)

    def load_place_in_data(self, own: Any) -> None:
        """Loads where the training data was, and has it put there.

        Args:
            own: A deserializer at ``_resume``.
        """
        now, loader, epoch = (_load_generators(own, name) for name in ("now", "loader", "epoch"))
        batches, within = own("batches_seen", 0), own("is_within_epoch", False)
        if own("reloads_next", False):
            self.data.resume(Plan(now, None))
            return
        self._reloaded_at = own("reloaded_at", 0.0)
        if not within:
            self.data.resume(Plan(loader, now))
        else:
            # Before the first batch, the order itself is yet to be drawn.
            self.data.resume(Plan(loader, epoch, batches, now if batches else None))

    def put_data_in_place(self) -> None:
        """Once Lightning has made the loader: has what was drawn in between undone."""
        self.data.settle()
        if self._reloaded_at is not None:
            self.updater.loops.reloaded_at = self._reloaded_at
            self._reloaded_at = None


def _load_generators(own: Any, name: str) -> Generators | None:
    keys = own(f"{name}_names", "").split()
    return {key: own[name](key, None) for key in keys} or None

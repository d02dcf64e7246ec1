"""The training loop."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from chainer_compat.errors import OutputDirectoryError, ProcessLostError
from chainer_compat.reporter import Reporter
from chainer_compat.serializer import Serializer
from chainer_compat.training._interrupts import GracefulSignals, Terminated
from chainer_compat.training._processes import processes_of
from chainer_compat.training._protocols import namedlinks_of
from chainer_compat.training._random_state import RandomState
from chainer_compat.training._runner import ExtensionEntry, ExtensionRunner, show_exception
from chainer_compat.training._state import load_observation, save_observation
from chainer_compat.training.triggers._get import get_trigger
from chainer_compat.training.triggers._missing_positions import SaidOnce

__all__ = ["Trainer", "make_directory"]

_now = time.perf_counter


class Trainer:
    """Runs an updater again and again, and extensions after each update.

    One iteration: a fresh :attr:`observation` in which the models report; one update; then the
    extensions, from the highest priority to the lowest, each if its trigger picks the iteration.

    The whole state can be saved and loaded (:meth:`serialize`,
    :func:`~chainer_compat.training.extensions.snapshot`), in Chainer's layout. A run that goes on
    from such a file does so right behind the point where the file was written, with the same
    random numbers: also in the middle of an iteration's extensions.

    Args:
        updater: An :class:`~chainer_compat.training.Updater`, or anything with its numbers and
            getters.
        stop_trigger: When to stop, as for :func:`~chainer_compat.training.get_trigger`:
            ``(20, 'epoch')``. It is asked before every iteration. With None it never stops.
        out: The directory that extensions write to; made by :meth:`run`.
        extensions: Extensions to register at once.

    Attributes:
        updater: The updater.
        stop_trigger: The trigger that ends the run.
        observation: What has been reported in this iteration.
        out: The output directory.
        reporter: The reporter, which knows every part of the optimizers' targets as an observer:
            ``main``, ``main/l1``.
        graceful_signals: Signals that :meth:`run` turns into an end in good order, between two
            iterations: SIGTERM. Add ``signal.SIGINT`` to let Ctrl-C finish its iteration too
            (otherwise it raises at once); an empty tuple leaves all signals alone.

    Source: Chainer's page *chainer.training.Trainer*.
    """

    graceful_signals: tuple[int, ...] = (signal.SIGTERM,)

    def __init__(
        self,
        updater: Any,
        stop_trigger: Any = None,
        out: Any = "result",
        extensions: Any = None,
    ) -> None:
        self.updater = updater
        self.stop_trigger = get_trigger(stop_trigger)
        self.observation: dict[str, Any] = {}
        self.out = out
        self.reporter = Reporter()
        for name, optimizer in updater.get_all_optimizers().items():
            self.reporter.add_observer(name, optimizer.target)
            self.reporter.add_observers(name, namedlinks_of(optimizer.target))

        self._runner = ExtensionRunner()
        self._processes = processes_of(updater)
        if self._processes is not None:
            self._runner.ranks = self._processes.ranks
        self._random_state = RandomState()
        self._done = False
        self._start_at: float | None = None
        self._snapshot_elapsed_time = 0.0
        self._final_elapsed_time = 0.0

        updater.connect_trainer(self)
        for extension in extensions or ():
            self.extend(extension)

    @property
    def _extensions(self) -> dict[str, ExtensionEntry]:
        return self._runner.entries

    @property
    def is_before_training(self) -> bool:
        """Whether no update has been done yet."""
        iteration: int = self.updater.iteration
        return iteration == 0

    @property
    def elapsed_time(self) -> float:
        """Seconds of training so far, those before a resume included.

        Raises:
            RuntimeError: If the run has not started.
        """
        if self._done:
            return self._final_elapsed_time
        if self._start_at is None:
            raise RuntimeError("the training has not been started yet; call Trainer.run()")
        return _now() - self._start_at + self._snapshot_elapsed_time

    def extend(
        self,
        extension: Any,
        name: str | None = None,
        trigger: Any = None,
        priority: int | None = None,
        *,
        call_before_training: bool = False,
        **kwargs: Any,
    ) -> None:
        """Registers an extension.

        Args:
            extension: A callable that takes the trainer.
            name: Its name, which :meth:`get_extension` and snapshots use; else its ``name``,
                ``default_name`` or ``__name__``. A name that is taken gets ``_1``, ``_2``, …
            trigger: When it is called: what :func:`~chainer_compat.training.get_trigger` takes.
                None means the extension's own ``trigger``, else every iteration.
            priority: Its place; extensions with a higher number are called first, those with the
                same number as they were registered. None means its own ``priority``, else 100.
            call_before_training: Whether it is also called before the first update.
            **kwargs: ``invoke_before_training``, Chainer 1's flag: also call it whenever
                :meth:`run` starts, after a resume too.

        Raises:
            TypeError: If the extension cannot be called, there is no name, or a keyword is
                unknown.
            ValueError: If the name is ``training``, which is reserved.
        """
        self._runner.extend(
            extension,
            name,
            trigger,
            priority,
            call_before_training=call_before_training,
            **kwargs,
        )

    def get_extension(self, name: str) -> Any:
        """Returns the extension of a name.

        Args:
            name: The name, with its suffix if it got one.

        Raises:
            ValueError: If there is none.
        """
        return self._runner.get_extension(name)

    def run(self, show_loop_exception_msg: bool = True) -> None:
        """Trains until the stop trigger fires.

        Whatever ends the loop, extensions and updater are finalized. If it is an exception,
        Ctrl-C or one of :attr:`graceful_signals`, the extensions' ``on_error`` is called before.

        Args:
            show_loop_exception_msg: Whether to show an exception at once, before anything is
                finalized (which could hang).

        Raises:
            RuntimeError: If the training has been run to its end before.
            OSError: If the output directory cannot be made.
        """
        if self._done:
            raise RuntimeError("a Trainer runs once; make a new one to train further")
        make_directory(self.out)
        self._start_at = _now()
        with GracefulSignals(self.graceful_signals) as signals:
            self._runner.start(self)
            with self.reporter.scope(self.observation):
                self._runner.before_training(self)
            raised = True
            try:
                self._loop(signals)
                raised = False
            except (Exception, KeyboardInterrupt, Terminated) as error:
                if show_loop_exception_msg and self._is_to_show(error):
                    _show_loop_exception(error)
                self._runner.on_error(self, error, error.__traceback__)
                raise
            finally:
                self._finalize(another_is_raised=raised)
            self._final_elapsed_time = self.elapsed_time
            self._done = True
            signals.check()

    def _loop(self, signals: GracefulSignals) -> None:
        update, reporter = self.updater.update, self.reporter
        stop_trigger, run_extensions = self._agreed_stop_trigger(), self._runner.run

        self._random_state.set()
        if self._processes is not None:
            self._processes.align(self.updater)
        with reporter.scope(self.observation):
            self._runner.resume(self)
        signals.check()

        while not stop_trigger(self):
            self.observation = {}
            with reporter.scope(self.observation):
                update()
                run_extensions(self)
            if signals.received is not None:
                signals.check()

    def _agreed_stop_trigger(self) -> Any:
        trigger, ranks = self.stop_trigger, self._runner.ranks
        if ranks.size == 1:
            return trigger
        return lambda trainer: ranks.decide_trigger(trigger, trainer)

    def _is_to_show(self, error: BaseException) -> bool:
        # Where another process has failed, it has said so itself.
        return self._runner.ranks.is_zero or not isinstance(error, ProcessLostError)

    def _finalize(self, another_is_raised: bool) -> None:
        first: Exception | None = None
        for finalize in (self._runner.finalize, self.updater.finalize):
            try:
                finalize()
            except Exception as error:  # noqa: BLE001 - both are to be finalized
                # Only the first exception of a run goes on.
                if another_is_raised or first is not None:
                    show_exception("Exception in finalize", error)
                else:
                    first = error
        if first is not None:
            raise first

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the state of everything that takes part in the training.

        Chainer's keys come first. What Chainer does not save (the observation, the place within
        the iteration, the generators of random numbers) goes under ``_resume``, which Chainer
        does not read and files from Chainer do not have.

        Args:
            serializer: A serializer or deserializer.
        """
        self.updater.serialize(serializer["updater"])
        with SaidOnce():
            if hasattr(self.stop_trigger, "serialize"):
                self.stop_trigger.serialize(serializer["stop_trigger"])
            self._runner.serialize(serializer)
        own = serializer["_resume"]
        self._random_state.serialize(own)
        if isinstance(serializer, Serializer):
            serializer("_snapshot_elapsed_time", self._elapsed_time_to_save())
            save_observation(own, self.observation)
        else:
            self._snapshot_elapsed_time = serializer("_snapshot_elapsed_time", 0.0)
            if not self._runner.is_walking:
                self.observation = load_observation(own)

    def _elapsed_time_to_save(self) -> float:
        started = self._done or self._start_at is not None
        return self.elapsed_time if started else self._snapshot_elapsed_time


def make_directory(out: Any) -> None:
    """Makes the output directory of a run, if it is not there.

    Args:
        out: The directory.

    Raises:
        OSError: If it cannot be made.
    """
    try:
        # A URL is for snapshots alone, whose writers make what they need there.
        if out and "://" not in str(out):
            Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputDirectoryError(
            f"cannot make the output directory {str(out)!r} ({error.strerror}); give another one, "
            "as in Trainer(..., out=...)"
        ) from error


def _show_loop_exception(error: BaseException) -> None:
    text = str(error) or type(error).__name__
    sys.stderr.write(
        f"Exception in main training loop: {text}\nTraceback (most recent call last):\n"
    )
    traceback.print_tb(error.__traceback__)
    sys.stderr.write(
        "Will finalize trainer extensions and updater before reraising the exception.\n"
    )

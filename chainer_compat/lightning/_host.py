"""Drives the extensions from Lightning's hooks."""

from __future__ import annotations

import tempfile
from typing import Any

import lightning.pytorch as pl
import torch

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.lightning import _checkpoint
from chainer_compat.lightning._callback import ChainerCallback
from chainer_compat.lightning._lengths import refuse_fractions_of_unknown_lengths
from chainer_compat.lightning._logged import LoggedValues
from chainer_compat.lightning._ranks import StrategyRanks
from chainer_compat.lightning._reported import ReportedValues
from chainer_compat.lightning._view import TrainerView
from chainer_compat.reporter import DictSummary
from chainer_compat.serializers import NpzDeserializer, load_npz, serialize
from chainer_compat.training._runner import ExtensionRunner, show_exception
from chainer_compat.training._trainer import make_directory

__all__ = ["Host", "take_place"]


def take_place(trainer: Any, module: Any) -> None:
    """Has one host stand for all callbacks with extensions, in front of the checkpoints.

    Args:
        trainer: The Lightning trainer, in its hook ``setup``.
        module: The LightningModule.
    """
    own = [callback for callback in trainer.callbacks if isinstance(callback, ChainerCallback)]
    if not own:
        return  # the host of another one has taken their places already
    others = [callback for callback in trainer.callbacks if callback not in own]
    place = sum(not isinstance(callback, pl.callbacks.Checkpoint) for callback in others)
    # A new list: Lightning is going through the old one just now.
    trainer.callbacks = [*others[:place], Host(own, trainer, module), *others[place:]]


class Host(pl.callbacks.Checkpoint):
    """Calls the extensions of all ChainerCallbacks of a trainer, in one order.

    It is one of Lightning's checkpoint callbacks, for these are called after the module's own
    hook at the end of an epoch, and so see what the module logs there.

    The iteration's extensions are called at one of three places: right behind the batch; if
    validation follows, behind that; if the epoch ends, at its end.

    Args:
        callbacks: The callbacks.
        trainer: The Lightning trainer.
        module: The LightningModule.
    """

    hosts_extensions = True
    # The key of the state in Lightning's checkpoints; asked for at each hook, hence no property.
    state_key: Any = _checkpoint.KEY

    # Lightning spends microseconds on each hook of each callback, used or not, but passes over
    # what cannot be called.
    on_train_batch_start: Any = None
    on_before_zero_grad: Any = None
    on_before_backward: Any = None
    on_after_backward: Any = None
    on_before_optimizer_step: Any = None
    on_validation_batch_start: Any = None

    def __init__(self, callbacks: list[ChainerCallback], trainer: Any, module: Any) -> None:
        self._callbacks = callbacks
        self._ranks = StrategyRanks(trainer.strategy)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._average = any(callback.average for callback in callbacks)
        self._resume_from = _one_of(callbacks, "resume")
        self._view = view = TrainerView(
            trainer,
            module,
            _merged(callbacks),
            out=self._out(trainer),
            stop_trigger=_one_of(callbacks, "stop_trigger"),
            optimizer_names=_one_of(callbacks, "optimizer_names"),
        )
        for callback in callbacks:
            callback.trainer = view
        self._runner = view.runner
        self._runner.ranks = self._ranks
        self._loops = view.updater.loops
        self._logged = LoggedValues(trainer, self._loops.training_results)
        self._reported = ReportedValues(view)
        # The state out of a Lightning checkpoint, until there is everything that it is for.
        self._loaded: dict[str, Any] | None = None
        self._stops_itself = False
        # Observations of batches after which no optimizer stepped.
        self._unstepped: list[dict[str, Any]] = []
        # Values of a validation that no iteration waited for.
        self._late: dict[str, Any] = {}
        self._in_training: list[torch.nn.Module] = []
        self._phase = "before"
        view.data.install(trainer)

    def _out(self, trainer: Any) -> Any:
        if trainer.fast_dev_run:
            self._temporary = tempfile.TemporaryDirectory(prefix="chainer-compat-")
            return self._temporary.name
        return _one_of(self._callbacks, "out") or "result"

    # -- the start ----------------------------------------------------------------------------

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Loads a snapshot, now that there are optimizers and before the loops begin."""
        view = self._view
        if self._ranks.is_zero:
            make_directory(view.out)
        view.updater.connect_optimizers()
        if trainer.ckpt_path is not None:
            self._refuse_a_second_source(trainer.ckpt_path)
        self._ranks.load_alike(view, self._load_snapshot)

    def _refuse_a_second_source(self, ckpt_path: Any) -> None:
        entries = self._runner.entries.items()
        others = [name for name, entry in entries if getattr(entry.extension, "autoload", False)]
        if others or self._resume_from is not None:
            other = f"extension {others[0]!r} (autoload=True)" if others else "resume="
            raise InvalidArgumentError(
                f"both fit(ckpt_path={str(ckpt_path)!r}) and {other} say where to resume from; "
                "give one of them"
            )

    def _load_snapshot(self) -> None:
        if self._resume_from is not None and self._ranks.is_zero:
            load_npz(self._resume_from, self._view)
        self._runner.restore(self._view)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Initializes the extensions, and calls those that are due before the first batch."""
        view, runner = self._view, self._runner
        if self._loaded is not None:
            NpzDeserializer(self._loaded).load(_InCheckpoint(view))
            view.waits_for_validation |= self._loops.complete_batch()
        elif not view.was_loaded and self._loops.global_step:
            view.updater.start_at(self._loops.global_step)
        refuse_fractions_of_unknown_lengths(view)
        self._loops.catch_up()
        self._loops.run_starts()
        self._in_training = [module for module in pl_module.modules() if module.training]
        self._phase = "running"
        view.start_clock()
        self._reported.start()
        runner.initialize(view)
        self._stops_itself = self._ranks.decide(lambda: view.stop_trigger is not view.limits)
        with view.reporter.scope(view.observation):
            runner.before_training(view)
            view.put_data_in_place()
            runner.resume(view)
        view.reporter.observation = view.observation
        if view.is_due and not view.waits_for_validation:
            self._call_extensions()
        elif not view.is_due:
            view.reporter.observation = {}
            self._stop_if_asked()

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Undoes what other hooks have drawn of random numbers since a resume."""
        self._loops.epoch_starts()
        self._view.data.settle()

    # -- one iteration ------------------------------------------------------------------------

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Completes an iteration, if an optimizer stepped, and calls its extensions in time."""
        view = self._view
        reporter = view.reporter
        observation = reporter.observation
        was_reported = bool(observation)
        self._logged.of_step(observation)
        follows = self._loops.follow(view.updater)
        if follows is None:
            self._unstepped.append(observation)
            reporter.observation = {}
            return
        if self._unstepped or self._late:
            observation = reporter.observation = self._completed(observation)
        view.observation = observation
        if view.data.is_starting:
            view.data.started()
        if follows == "batch":
            # As in `_call_extensions`, written out: a call more costs more than all of it.
            if self._average:
                self._ranks.average(observation)
            self._runner.run(view, may_keep=not was_reported and self._logged.are_copies)
            reporter.observation = {}
            if self._stops_itself:
                self._stop_if_asked()
            return
        view.is_due = True
        if follows == "validation":
            view.before_validation = view.data.capture()
            self._in_training = [module for module in pl_module.modules() if module.training]
            # Lightning passes over a validation that has no batches.
            self.on_train_batch_start = self._call_extensions_at_last

    def _completed(self, observation: dict[str, Any]) -> dict[str, Any]:
        """The observation of an iteration of several batches, or behind a late validation."""
        batches = [*self._unstepped, observation]
        self._unstepped = []
        late, self._late = self._late, {}
        means = DictSummary()
        whole: dict[str, Any] = {}
        for part in batches:
            means.add(part)
            whole.update(part)
        return {**whole, **(means.compute_mean() if len(batches) > 1 else {}), **late}

    def _call_extensions(self) -> None:
        view = self._view
        if self._average:
            self._ranks.average(view.observation)
        view.is_due = False
        self._runner.run(view)
        view.reporter.observation = {}
        if self._stops_itself:
            self._stop_if_asked()

    def _call_extensions_at_last(self, *_: Any) -> None:
        self.on_train_batch_start = None
        if self._view.is_due:
            self._call_extensions()

    def _stop_if_asked(self) -> None:
        view = self._view
        if self._stops_itself and self._ranks.decide(lambda: view.stop_trigger(view)):
            view.lightning.should_stop = True

    # -- validation, and the end of an epoch --------------------------------------------------

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Starts to collect what is observed in a validation."""
        if self._phase == "running" and not trainer.sanity_checking:
            self.on_train_batch_start = None
            self._logged.validation_starts()
            self._reported.start_validation()

    def on_validation_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Adds up what was reported for a batch."""
        self._reported.end_of_validation_batch(dataloader_idx)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Adds what was observed to the iteration that waits for it, and calls its extensions."""
        if self._phase != "running" or trainer.sanity_checking:
            return
        view = self._view
        values = self._reported.end_validation()
        self._logged.of_validation(values, self._loops.validation_results)
        if not view.is_due:
            # A validation that Lightning repeats on a resume is none of the next iteration's.
            view.data.settle()
            self._late = {} if view.data.is_starting else values
            return
        view.observation.update(values)
        if not self._loops.ends_epoch():
            with _TrainingMode(self._in_training):
                self._call_extensions()

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Adds what was reduced over the epoch, and calls the last iteration's extensions."""
        if self._view.is_due:
            self._logged.of_epoch(self._view.observation)
            self._call_extensions()
        self._loops.epoch_ends()
        self._view.data.started()  # also where a resume had only the validation left to do

    # -- the end ------------------------------------------------------------------------------

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Finalizes the extensions."""
        self._phase = "after"
        self._view.finish()
        try:
            self._runner.finalize()
        finally:
            self._reported.stop()

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Starts and ends a run in which there was nothing left to train."""
        if self._phase == "before":
            self.on_train_start(trainer, pl_module)
            self.on_train_end(trainer, pl_module)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Tells the extensions of an error, Ctrl-C or SIGTERM, and finalizes them."""
        if self._phase == "running":
            self._phase = "after"
            try:
                self._runner.on_error(self._view, exception, exception.__traceback__)
                self._view.finish()
                self._finalize_quietly()
            finally:
                self._reported.stop()
        self._leave(trainer)

    def _finalize_quietly(self) -> None:
        try:
            self._runner.finalize()
        except Exception as error:  # noqa: BLE001 - the first exception of a run goes on
            show_exception("Exception in finalize", error)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Gives the callbacks their places back."""
        self._reported.stop()
        self._leave(trainer)

    def _leave(self, trainer: Any) -> None:
        self._view.data.uninstall(trainer)
        for callback in self._callbacks:
            callback.final_state = None
        if self._phase != "before":
            self._callbacks[0].final_state = self.state_dict()
        callbacks = trainer.callbacks
        if self in callbacks:
            place = callbacks.index(self)
            trainer.callbacks = [*callbacks[:place], *self._callbacks, *callbacks[place + 1 :]]
        if self._temporary is not None:
            self._temporary.cleanup()

    # -- Lightning's checkpoints --------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state of extensions, triggers and random numbers, for Lightning's checkpoints."""
        if self._phase == "before":
            return {}
        return _checkpoint.to_checkpoint(serialize(_InCheckpoint(self._view)))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the state out of a Lightning checkpoint.

        Args:
            state_dict: The state.
        """
        self._loaded = _checkpoint.from_checkpoint(state_dict)
        # The data loader is made before the rest of the state can be loaded.
        self._view.load_place_in_data(NpzDeserializer(self._loaded)["_resume"])


class _InCheckpoint:
    """What of a run Lightning's own checkpoints do not have."""

    def __init__(self, view: TrainerView) -> None:
        self._view = view

    def serialize(self, serializer: Any) -> None:
        self._view.serialize_in_checkpoint(serializer)


class _TrainingMode:
    """While it is entered, modules are in training mode and gradients are recorded.

    Extensions are called so behind a batch; behind a validation they find no difference.

    Args:
        modules: Those that were in training mode.
    """

    def __init__(self, modules: list[torch.nn.Module]) -> None:
        self._resting = [module for module in modules if not module.training]
        self._gradients = torch.enable_grad()

    def __enter__(self) -> None:
        for module in self._resting:
            module.training = True
        self._gradients.__enter__()

    def __exit__(self, *exc_info: object) -> None:
        self._gradients.__exit__(None, None, None)
        for module in self._resting:
            module.training = False


def _merged(callbacks: list[ChainerCallback]) -> ExtensionRunner:
    if len(callbacks) == 1:
        return callbacks[0].runner
    merged = ExtensionRunner()
    for callback in callbacks:
        for name, entry in callback.runner.entries.items():
            merged.extend(
                entry.extension,
                name,
                entry.trigger,
                entry.priority,
                call_before_training=entry.call_before_training,
                invoke_before_training=entry.invoke_before_training,
            )
    return merged


def _one_of(callbacks: list[ChainerCallback], option: str) -> Any:
    """The option of all callbacks of a trainer, which may be given to one or alike to several."""
    given = [getattr(c, option) for c in callbacks if getattr(c, option) is not None]
    if any(value != given[0] for value in given):
        raise InvalidArgumentError(
            f"the ChainerCallbacks of one trainer share one {option}; got {given}: give the same "
            "to all, or to one of them only"
        )
    return given[0] if given else None

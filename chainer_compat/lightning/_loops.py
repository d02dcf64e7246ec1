"""Where Lightning's loops are, as numbers, and as a state to go on from."""

from __future__ import annotations

from typing import Any, Literal

__all__ = ["Loops"]

_PROGRESS = ("total", "current")

# What follows an iteration. No Enum: up to Python 3.11 its members are looked up by Python code.
Follows = Literal["batch", "validation", "epoch end"]


class Loops:
    """The loops of a Lightning trainer that fits.

    What is private in Lightning is asked for here and nowhere else.

    Args:
        trainer: The Lightning trainer.

    Attributes:
        validates: Whether there is any validation in the present epoch.
    """

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self._fit: Any = trainer.fit_loop
        self._epoch: Any = trainer.fit_loop.epoch_loop
        self._batches: Any = self._epoch.batch_progress
        self._steps: Any = self._counter()
        # The steps up to which the updater's numbers have followed.
        self._followed = 0
        # Of the present epoch: its number, and its batches.
        self._number = 0
        self._length: float = 0
        self.validates = False
        self._max_steps: int = trainer.max_steps
        # Out of a loaded state: which schedulers have yet to look at which metrics.
        self._due: tuple[str, dict[str, Any]] = "", {}
        self._was_loaded = False

    def _counter(self) -> Any:
        """Lightning's own counter of steps, for which its property looks at every question."""
        if self._trainer.lightning_module.automatic_optimization:
            return self._epoch.automatic_optimization.optim_progress.optimizer.step.total
        return self._epoch.manual_optimization.optim_step_progress.total

    @property
    def global_step(self) -> int:
        """Steps of optimizers so far, each of several optimizers counted."""
        step: int = self._steps.completed
        return step

    @property
    def has_epoch_length(self) -> bool:
        """Whether the number of batches of an epoch is known."""
        return bool(self._trainer.num_training_batches != float("inf"))

    def run_starts(self) -> None:
        """Takes the steps up to now for done, and reads what holds for the epoch."""
        self.epoch_starts()  # not told by a hook if the run goes on within an epoch
        self._followed = self.global_step

    def epoch_starts(self) -> None:
        """Reads what holds for an epoch once, for Lightning works these out at every question."""
        self._steps = self._counter()
        self._number = self._trainer.current_epoch
        self._length = self._trainer.num_training_batches
        self.validates = self._trainer.enable_validation

    def follow(self, updater: Any) -> Follows | None:
        """Reads off how far the run has come, behind a batch.

        An epoch of unknown length has no fractions. All of it is written out here, for it runs
        between two batches, where each further call costs more than all its work.

        Args:
            updater: Whose numbers are to follow, if the batch was the last of an iteration.

        Returns:
            What follows the iteration; None if no optimizer stepped.
        """
        steps = self._steps.completed
        if steps == self._followed:
            return None
        self._followed = steps
        batches, number = self._batches, self._number
        ready = batches.current.ready
        ends = updater.is_new_epoch = ready == self._length or batches.is_last_batch
        updater.iteration += 1
        updater.previous_epoch_detail = updater.epoch_detail
        updater.epoch = number + ends
        updater.epoch_detail = number + (1.0 if ends else ready / self._length)
        if self.validates and self._validates_behind_the_batch():
            return "validation"
        if ends or 0 <= self._max_steps <= steps or (self._trainer.should_stop and self._stops()):
            return "epoch end"
        return "batch"

    def _stops(self) -> bool:
        return bool(self._trainer.should_stop and self._fit._can_stop_early)

    def ends_epoch(self) -> bool:
        """Whether the epoch's end follows the batch that is done, or its validation."""
        batches = self._batches
        if batches.current.ready == self._length or batches.is_last_batch:
            return True
        if 0 <= self._max_steps <= self._steps.completed:
            return True
        return self._stops()

    def _validates_behind_the_batch(self) -> bool:
        return bool(self._epoch._should_check_val_fx(self._fit._data_fetcher))

    @property
    def training_results(self) -> Any:
        """What the module has logged while training."""
        return self._epoch._results

    @property
    def validation_results(self) -> Any:
        """What the module has logged while validating."""
        return self._epoch.val_loop._results

    # -- the state ----------------------------------------------------------------------------

    @property
    def _is_between_epochs(self) -> bool:
        # In the hook at an epoch's end, the epoch counts as processed but not as completed.
        progress = self._fit.epoch_progress.current
        return bool(progress.started == progress.processed)

    @property
    def is_last_batch(self) -> bool:
        """Whether the batch that is done is the epoch's last."""
        return bool(self._epoch._num_ready_batches_reached())

    @property
    def batches_seen(self) -> int:
        """How many batches of the present epoch are done; 0 between two epochs."""
        return 0 if self._is_between_epochs else int(self._batches.current.processed)

    @property
    def has_just_begun(self) -> bool:
        """Whether an epoch has begun, and none of its batches is done."""
        return not self._is_between_epochs and self.batches_seen == 0

    @property
    def reloads_next(self) -> bool:
        """Whether the next epoch has its loader made anew."""
        every = self._trainer.reload_dataloaders_every_n_epochs
        epoch = self._fit.epoch_progress.current.processed
        return bool(
            self._is_between_epochs
            and every
            and epoch - self._fit._last_train_dl_reload_epoch >= every
        )

    @property
    def reloaded_at(self) -> float:
        """The epoch in which the loader was made."""
        return float(self._fit._last_train_dl_reload_epoch)

    @reloaded_at.setter
    def reloaded_at(self, epoch: float) -> None:
        self._fit._last_train_dl_reload_epoch = epoch

    def state(self, validates_again: bool) -> dict[str, Any]:
        """Returns the state to go on from behind the batch that is done.

        Lightning saves itself as it is inside a hook, and makes up for that when it loads, from
        version to version in another way. Here all counters are those of a moment between two
        batches or epochs.

        Args:
            validates_again: Whether a validation was broken off, to be done again from its start.
        """
        state: dict[str, Any] = self._fit.state_dict()
        state["is_between_epochs"] = self._is_between_epochs
        batches, epochs = state["epoch_loop.batch_progress"], state["epoch_progress"]
        in_batch_end = batches["current"]["processed"] > batches["current"]["completed"]
        in_epoch_end = epochs["current"]["processed"] > epochs["current"]["completed"]
        # Schedulers that look at a metric have their turn behind the hooks.
        state["schedulers_due"] = "epoch" if in_epoch_end else "step" if in_batch_end else ""
        state["metrics"] = dict(self._trainer.callback_metrics)
        if in_batch_end and not self._epoch._should_accumulate():
            state["epoch_loop.state_dict"]["_batches_that_stepped"] += 1
        for part in _PROGRESS:
            _complete(batches[part])
            if self._is_between_epochs:
                _complete(epochs[part])
        if validates_again:
            progress = state["epoch_loop.val_loop.batch_progress"]
            ready = progress["total"]["ready"] or 1
            progress["total"].update(ready=ready, started=ready)
            progress["total"].update(processed=ready - 1, completed=ready - 1)
            progress["current"].update(ready=0, started=0, processed=0, completed=0)
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Has the loops go on from a state.

        Args:
            state: What :meth:`state` returned.
        """
        self._due = state["schedulers_due"], state["metrics"]
        self._was_loaded = True
        self._fit.load_state_dict(state)
        if state["is_between_epochs"]:
            _start_afresh(self._fit)

    def complete_batch(self) -> bool:
        """Counts a batch behind which Lightning saved a checkpoint, in its hook, as completed.

        Before 2.5, where its loops have no restart stage, Lightning would do the batch again, but
        does not pass over the validation behind it.

        Returns:
            Whether that validation comes first now.
        """
        current, total = self._batches.current, self._batches.total
        if current.processed == current.completed or hasattr(self._fit, "update_restart_stage"):
            return False
        self._epoch._batches_that_stepped += not self._epoch._should_accumulate()
        current.completed, total.completed = current.processed, total.processed
        # It would also take the batches of the validation before for this one's.
        self._epoch.val_loop.batch_progress.reset_on_run()
        return bool(self._trainer.enable_validation and self._validates_behind_the_batch())

    def epoch_ends(self) -> None:
        """Is told so in the hook, where Lightning still takes a resumed epoch for a special one.

        It would deny the schedulers that look at a metric their turn.
        """
        if self._was_loaded:
            self._was_loaded = self._fit._restarting = False

    def catch_up(self) -> None:
        """Gives the schedulers that look at a metric the turn that they had not had yet."""
        due, metrics = self._due
        self._due = "", {}
        self._trainer._logger_connector._callback_metrics.update(metrics)
        epochs = self._fit.epoch_progress.current
        epochs.completed -= due == "epoch"  # it is not complete before that
        if due == "step" or (due == "epoch" and self.is_last_batch):
            self._epoch.update_lr_schedulers(due, update_plateau_schedulers=True)
        epochs.completed += due == "epoch"


def _complete(counts: dict[str, int]) -> None:
    done = counts["processed"]
    counts.update(ready=done, started=done, completed=done)


def _start_afresh(loop: Any) -> None:
    """Between epochs there is nothing that a loop would have to take up again."""
    loop._restarting = False
    loop._loaded_from_state_dict = loop._resuming_from_checkpoint = False
    for part in vars(loop).values():
        if hasattr(part, "_restarting"):
            _start_afresh(part)

"""How far the training has come, as bars."""

from __future__ import annotations

from typing import IO, Any

from chainer_compat.training._extension import Extension
from chainer_compat.training.extensions._console import ProgressDisplay, format_pace

__all__ = ["ProgressBar"]


class ProgressBar(Extension):
    """Shows bars for the whole training and the present epoch, the speed and the time left.

    On a terminal the drawing stays below what is printed; in a notebook tqdm draws it; in a log
    file it is a line at every twentieth of the way.

    Args:
        training_length: Length of the training, such as ``(20, 'epoch')``; if None, that of the
            trainer's stop trigger. If that has none either, there is no bar for the whole.
        update_interval: Number of iterations from one drawing to the next.
        bar_length: Length of the bars in characters.
        out: Stream to draw on; the standard output of the moment if None.

    Source: Chainer's page *chainer.training.extensions.ProgressBar*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> bar = extensions.ProgressBar((10, 'epoch'), update_interval=10)
        >>> bar.trigger
        (1, 'iteration')
    """

    def __init__(
        self,
        training_length: tuple[float, str] | None = None,
        update_interval: int = 100,
        bar_length: int = 50,
        out: IO[str] | None = None,
    ) -> None:
        self._training_length = training_length
        self._update_interval = update_interval
        self._display = _TrainingDisplay(training_length, bar_length, out)

    def initialize(self, trainer: Any) -> None:
        """Notes the time, so that the first drawing knows the speed.

        Args:
            trainer: The trainer that is about to run.
        """
        self._display.start(trainer)

    def __call__(self, trainer: Any) -> None:
        """Draws, if it is time.

        Args:
            trainer: The trainer that calls it.
        """
        if trainer.updater.iteration % self._update_interval == 0:
            self._display.trainer = trainer
            self._display.update()

    def finalize(self) -> None:
        """Wipes the drawing off."""
        self._display.close()


class _TrainingDisplay(ProgressDisplay):
    trainer: Any = None

    def __init__(
        self, training_length: tuple[float, str] | None, bar_length: int, out: IO[str] | None
    ) -> None:
        super().__init__(bar_length, out)
        self._training_length = training_length

    def __getstate__(self) -> dict[str, Any]:
        # What it last looked at, and drew, is not its own.
        return {**self.__dict__, "trainer": None, "_notebook_bars": None}

    def start(self, trainer: Any) -> None:
        """Notes where and when the run starts.

        Args:
            trainer: The trainer that is about to run.
        """
        self.trainer = trainer
        self._recent_timing.clear()
        self.update_speed(trainer.updater.iteration, trainer.updater.epoch_detail)

    def _length(self) -> tuple[float, str] | None:
        if self._training_length is None:
            ask = getattr(self.trainer.stop_trigger, "get_training_length", None)
            self._training_length = ask() if ask is not None else None
        return self._training_length

    def get_bars(self) -> list[tuple[str, float]]:
        updater = self.trainer.updater
        this_epoch = ("this epoch", updater.epoch_detail - int(updater.epoch_detail))
        length = self._length()
        if length is None:
            return [this_epoch]
        done = updater.iteration if length[1] == "iteration" else updater.epoch_detail
        return [("total", min(done / length[0], 1.0)), this_epoch]

    def get_status(self) -> list[str]:
        updater = self.trainer.updater
        iteration, epoch_detail = updater.iteration, updater.epoch_detail
        speed, epochs_per_second = self.update_speed(iteration, epoch_detail)
        counts = f"{iteration:10} iter, {updater.epoch} epoch"
        length = self._length()
        if length is None:
            return [counts, format_pace(speed)]
        if length[1] == "iteration":
            pace = format_pace(speed, length[0] - iteration, speed)
        else:
            pace = format_pace(speed, length[0] - epoch_detail, epochs_per_second)
        return [f"{counts} / {length[0]} {length[1]}s", pace]

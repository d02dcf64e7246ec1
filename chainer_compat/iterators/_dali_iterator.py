"""The iterator over a pipeline of NVIDIA's DALI."""

from __future__ import annotations

from typing import Any

from chainer_compat.dataset import Iterator
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.serializer import Serializer

__all__ = ["DaliIterator"]


class DaliIterator(Iterator):
    """Gives the batches of a DALI pipeline, as the pipeline makes them.

    The pipeline is built at the first batch. Give the updater a converter that knows DALI's
    outputs.

    Args:
        pipeline: A ``nvidia.dali.pipeline.Pipeline`` whose reader tells its epoch size.
        repeat: Whether to go on after the first epoch.

    Raises:
        TypeError: If the pipeline is nothing that DALI makes.

    Source: Chainer's reference, *chainer.iterators.DaliIterator*.
    """

    current_position: int
    epoch: int
    is_new_epoch: bool
    epoch_size: int

    def __init__(self, pipeline: Any, repeat: bool = True) -> None:
        missing = [name for name in ("build", "epoch_size", "run") if not hasattr(pipeline, name)]
        if missing:
            raise InvalidArgumentTypeError(
                f"DaliIterator takes a pipeline of NVIDIA DALI (pip install nvidia-dali-cuda120), "
                f"and {type(pipeline)} has no {', '.join(missing)}. For a dataset use "
                "SerialIterator or MultiprocessIterator"
            )
        self.pipeline = pipeline
        self._repeat = repeat
        self._is_build = False
        self.epoch_size = 1  # until the pipeline is built
        self.reset()

    def __next__(self) -> Any:
        """Returns what the pipeline's next run gives.

        Raises:
            StopIteration: At the end of the first epoch, if it is not repeated.
        """
        if not self._is_build:
            self.pipeline.build()
            self._is_build = True
            self.epoch_size = next(iter(self.pipeline.epoch_size().values()))
        if not self._repeat and self.epoch > 0:
            raise StopIteration
        self._previous_epoch_detail = self.epoch_detail
        end = self.current_position + self.batch_size
        self.is_new_epoch = end >= self.epoch_size
        if self.is_new_epoch:
            self.epoch += 1
            end = end - self.epoch_size if self._repeat else 0
        self.current_position = end
        return self.pipeline.run()

    next = __next__

    @property
    def batch_size(self) -> int:
        """The pipeline's batch size."""
        size: int = self.pipeline.batch_size
        return size

    @property
    def repeat(self) -> bool:
        """Whether iteration goes on after the first epoch."""
        return self._repeat

    @property
    def epoch_detail(self) -> float:
        """How many epochs have been gone through, the present one in part."""
        return self.epoch + self.current_position / self.epoch_size

    @property
    def previous_epoch_detail(self) -> float | None:
        """The value of :attr:`epoch_detail` before the last batch; None before the first."""
        previous = self._previous_epoch_detail
        return None if previous < 0 else previous

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the counters; where the pipeline's reader stands is its own affair.

        Args:
            serializer: A serializer.
        """
        position = serializer("current_position", self.current_position)
        epoch = serializer("epoch", self.epoch)
        is_new_epoch = serializer("is_new_epoch", self.is_new_epoch)
        try:
            previous = serializer("previous_epoch_detail", self._previous_epoch_detail)
        except KeyError:
            previous = None
        if isinstance(serializer, Serializer):
            return
        self.current_position, self.epoch, self.is_new_epoch = position, epoch, is_new_epoch
        if previous is None:
            before = epoch + (position - self.batch_size) / self.epoch_size
            previous = max(before, 0.0) if self.epoch_detail > 0 else -1.0
        self._previous_epoch_detail = previous

    def reset(self) -> None:
        """Sets the counters to zero."""
        self.current_position = 0
        self.epoch = 0
        self.is_new_epoch = False
        # -1 stands for None, which not every file format can hold.
        self._previous_epoch_detail = -1.0

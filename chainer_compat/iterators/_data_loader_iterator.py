"""A `torch.utils.data.DataLoader` as an iterator."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from chainer_compat.dataset import CollatedBatch, Iterator
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.serializer import Serializer

__all__ = ["DataLoaderIterator"]


class DataLoaderIterator(Iterator):
    """Gives the batches of a ``torch.utils.data.DataLoader``, epoch after epoch.

    It counts epochs for triggers, and a resumed run goes on with the very batch that would have
    come next: the loader's random order is made again from the state that torch's generator had
    when the epoch began, and the batches that were used before are loaded and dropped.

    Args:
        loader: The loader. One of an ``IterableDataset`` of unknown length will do; a batch of
            it is then loaded one ahead, to know which is the last of an epoch, and
            ``epoch_detail`` has no fraction in the first epoch.
        repeat: Whether to start over at the end.
        collated: Whether the loader puts examples together, as it does by default: then
            ``concat_examples`` sends its batches to the device as they are. False for a
            ``collate_fn`` that gives lists of examples.

    Raises:
        ValueError: On the first batch, if an empty loader is to be repeated.

    Example:
        >>> import torch
        >>> import chainer_compat as chainer
        >>> loader = torch.utils.data.DataLoader(torch.arange(5), batch_size=2)
        >>> it = chainer.iterators.DataLoaderIterator(loader)
        >>> [next(it).tolist() for _ in range(4)], it.epoch, it.epoch_detail
        ([[0, 1], [2, 3], [4], [0, 1]], 1, 1.33)
    """

    def __init__(self, loader: Any, repeat: bool = True, collated: bool = True) -> None:
        self.loader = loader
        self.repeat = repeat
        self.collated = collated
        self._length = _length_of(loader)
        # What the loader tells of an IterableDataset's length is a guess.
        iterable = isinstance(self.dataset, torch.utils.data.IterableDataset)
        self._looks_ahead = iterable or self._length is None
        self.reset()

    @property
    def dataset(self) -> Any:
        """The loader's dataset."""
        return getattr(self.loader, "dataset", None)

    @property
    def batch_size(self) -> int | None:
        """The loader's batch size, None if it has a batch sampler of its own."""
        size: int | None = getattr(self.loader, "batch_size", None)
        return size

    def reset(self) -> None:
        """Goes back to before the first batch."""
        self.current_position = 0
        self.epoch = 0
        self.is_new_epoch = False
        # -1 stands for None, which not every file format can hold.
        self._previous_epoch_detail = -1.0
        self._batches: Any = None
        self._epoch_start: list[torch.Tensor] = []

    @property
    def epoch_detail(self) -> float:
        """How many epochs have been gone through, the present one in part (by batches)."""
        return self.epoch + (self.current_position / self._length if self._length else 0.0)

    @property
    def previous_epoch_detail(self) -> float | None:
        """The value of :attr:`epoch_detail` before the last batch; None before the first."""
        previous = self._previous_epoch_detail
        return None if previous < 0 else previous

    def __next__(self) -> Any:
        """Returns the loader's next batch.

        Raises:
            StopIteration: At the end of the first epoch, if it is not repeated.
            ValueError: If an empty loader is to be repeated.
        """
        if self.epoch > 0 and not self.repeat:
            self._previous_epoch_detail = self.epoch_detail
            raise StopIteration
        if self._batches is None:
            self._batches = self._resumed() if self.current_position else self._begun()
        batch, is_last = self._batches.take()
        self._previous_epoch_detail = self.epoch_detail
        self.current_position += 1
        self.is_new_epoch = is_last
        if is_last:
            self._length = self.current_position
            self.epoch += 1
            self.current_position = 0
            self._batches = None
        if self.collated and isinstance(batch, (list, tuple)):
            return CollatedBatch(batch)
        return batch

    next = __next__

    def _begun(self) -> _Batches:
        for name in ("sampler", "batch_sampler"):
            sampler = getattr(self.loader, name, None)
            if sampler is not None and hasattr(
                sampler, "set_epoch"
            ):  # a distributed one shuffles by the epoch
                sampler.set_epoch(self.epoch)
        self._epoch_start = [generator.get_state() for generator in self._generators()]
        length = None if self._looks_ahead else self._length
        batches = _Batches(iter(self.loader), length)
        if batches.is_empty():
            if self.repeat:
                raise InvalidArgumentError(
                    "Epoch size must be positive for an iterator that repeats: "
                    "the loader gives no batch"
                )
            raise StopIteration
        return batches

    def _resumed(self) -> _Batches:
        now = torch.default_generator.get_state()
        others = np.random.get_state(legacy=False), random.getstate()  # noqa: NPY002 -- the global stream
        for generator, state in zip(self._generators(), self._epoch_start, strict=True):
            generator.set_state(state)
        batches = self._begun()
        for _ in range(self.current_position):
            batches.take()
        # What the dropped batches drew had been drawn before the run was saved.
        torch.default_generator.set_state(now)
        np.random.set_state(others[0])  # noqa: NPY002 -- the global stream
        random.setstate(others[1])
        return batches

    def _generators(self) -> list[torch.Generator]:
        found = {id(torch.default_generator): torch.default_generator}
        for holder in (self.loader, getattr(self.loader, "sampler", None)):
            generator = getattr(holder, "generator", None)
            if generator is not None:
                found[id(generator)] = generator
        return list(found.values())

    def finalize(self) -> None:
        """Gives back the loader's workers; the next batch starts the present epoch again.

        It goes on at the same place: batches that have been given are loaded and dropped.
        """
        self._batches = None

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: all but the loader's running iteration."""
        return {**self.__dict__, "_batches": None}

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the place in the loader, and the generators' states behind its order.

        Args:
            serializer: A serializer.
        """
        position = serializer("current_position", self.current_position)
        epoch = serializer("epoch", self.epoch)
        is_new_epoch = serializer("is_new_epoch", self.is_new_epoch)
        previous = serializer("previous_epoch_detail", self._previous_epoch_detail)
        if isinstance(serializer, Serializer):
            if position:
                for number, state in enumerate(self._epoch_start):
                    serializer(f"_generator_{number}", state.numpy())
            return
        starts = []
        if position:
            for number in range(len(self._generators())):
                state = serializer(f"_generator_{number}", None)
                starts.append(torch.from_numpy(np.array(state)))
        self.current_position, self.epoch, self.is_new_epoch = position, epoch, is_new_epoch
        self._previous_epoch_detail = previous
        self._epoch_start = starts
        self._batches = None


def _length_of(loader: Any) -> int | None:
    try:
        return len(loader)
    except TypeError:
        return None


class _Batches:
    """The batches of one epoch; tells the last one.

    Args:
        batches: The loader's iterator.
        length: How many there are; with None one is loaded ahead.
    """

    def __init__(self, batches: Any, length: int | None) -> None:
        self._batches = batches
        self._left = length
        self._next = next(batches, _END) if length is None else None

    def is_empty(self) -> bool:
        """Whether there is no batch at all."""
        return self._next is _END or self._left == 0

    def take(self) -> tuple[Any, bool]:
        """Returns the next batch, and whether it is the last."""
        if self._left is None:
            batch, self._next = self._next, next(self._batches, _END)
            return batch, self._next is _END
        self._left -= 1
        return next(self._batches), self._left == 0


_END = object()

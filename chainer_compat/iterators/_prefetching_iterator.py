"""What the iterators that load batches ahead have in common."""

from __future__ import annotations

import os
from collections import deque
from typing import Any, Protocol

import numpy as np

from chainer_compat.errors import WorkerError
from chainer_compat.iterators._ordered_iterator import OrderedIterator
from chainer_compat.iterators._statemachine import (
    IteratorState,
    Order,
    OrderSampler,
    iterator_statemachine,
)
from chainer_compat.serializer import Serializer

__all__ = ["Job", "PrefetchingIterator"]


class Job(Protocol):
    """The loading of one batch somewhere else."""

    def wait(self) -> None:
        """Waits until the batch is there; may be interrupted and called again."""

    def result(self) -> list[Any]:
        """Returns the examples, or raises what the dataset raised; called when it is there."""

    def cancel(self) -> None:
        """Lets go of the batch, which nobody will ask for."""


class _Ahead:
    """A batch under way: its job, where it leaves the iterator, how many orders it drew."""

    __slots__ = ("job", "orders", "state")

    def __init__(self, state: IteratorState, job: Job, orders: int) -> None:
        self.state = state
        self.job = job
        self.orders = orders


class PrefetchingIterator(OrderedIterator):
    """An iterator that has the next batches loaded while the present one is used.

    Where the iterator stands is where the batches *given* have brought it. What is under way can
    be let go at any time and started again from there with the same orders: those that have
    been drawn ahead are kept until the iterator itself comes to them, and saved in snapshots.

    Args:
        dataset: Anything with ``__len__`` and integer indexing.
        batch_size: Number of examples in a batch.
        shuffle: See :class:`~chainer_compat.iterators.SerialIterator`.
        order_sampler: Likewise.
        n_prefetch: How many batches are loaded ahead.
    """

    repeat: bool

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        shuffle: bool | None,
        order_sampler: OrderSampler | None,
        n_prefetch: int,
    ) -> None:
        super().__init__(dataset, batch_size, shuffle, order_sampler)
        self.n_prefetch = n_prefetch
        self._start_anew()
        self.reset()

    def _start_anew(self) -> None:
        self._owner = os.getpid()
        self._ahead: deque[_Ahead] = deque()
        # The orders drawn for the batches under way, in turn; and those drawn before, to be used
        # again before another is drawn.
        self._drawn: deque[Order] = deque()
        self._redrawn: deque[Order] = deque()
        # Cancelled when the next batch is asked for: a load that fails takes everything back.
        self._let_go: list[Job] = []

    def _submit(self, indices: Order, state: IteratorState) -> Job:
        """Starts loading a batch that begins where `state` tells."""
        raise NotImplementedError

    def _may_be_ahead(self) -> int:
        """How many batches may be under way, the one that is asked for included."""
        return self.n_prefetch + 1

    def _release(self) -> None:
        """Gives back threads or processes."""

    def __next__(self) -> list[Any]:
        """Returns the next batch, a list of examples.

        Raises:
            StopIteration: At the end of a dataset that is not repeated.
            ValueError: If the dataset is empty and to be repeated.
        """
        self._cancel_let_go()
        self._previous_epoch_detail, previous = self.epoch_detail, self._previous_epoch_detail
        try:
            self._load_ahead()
        except BaseException:
            # What was interrupted is done again next time.
            self._previous_epoch_detail = previous
            raise
        if not self._ahead:
            raise StopIteration
        first = self._ahead.popleft()
        for _ in range(first.orders):
            self._drawn.popleft()
        self._state = first.state
        return first.job.result()

    next = __next__

    def _load_ahead(self) -> None:
        """Waits for the first batch that is ahead, with as many others under way as may be."""
        self._fill()
        if not self._ahead:
            return
        try:
            self._ahead[0].job.wait()
        except WorkerError:
            self.finalize()
            raise
        # The very first batch may have told how to load the others.
        self._fill()

    def _fill(self) -> None:
        try:
            while len(self._ahead) < self._may_be_ahead() and self._submit_next():
                pass
        except BaseException:
            # A batch may be half submitted: all of them are started again.
            self.finalize()
            raise

    def _submit_next(self) -> bool:
        start = self._ahead[-1].state if self._ahead else self._state
        drawn_before = len(self._drawn)
        state, indices = iterator_statemachine(
            start, self.batch_size, self.repeat, self._sample, len(self.dataset)
        )
        if indices is None or not len(indices):
            return False
        job = self._submit(indices, start)
        self._ahead.append(_Ahead(state, job, len(self._drawn) - drawn_before))
        return True

    def _sample(self, order: Order, position: int) -> Order:
        drawn = self._redrawn.popleft() if self._redrawn else self.order_sampler(order, position)
        self._drawn.append(drawn)
        return drawn

    def _rewind(self) -> None:
        """Lets go of what is under way, so that it is started again."""
        self._let_go = [*self._let_go, *(ahead.job for ahead in self._ahead)]
        self._redrawn = deque([*self._drawn, *self._redrawn])
        self._ahead, self._drawn = deque(), deque()

    def _cancel_let_go(self) -> None:
        if self._owner != os.getpid():
            # Forked: neither threads nor processes nor their results are here.
            self._rewind()
            self._let_go = []
            self._release()
            self._owner = os.getpid()
        if self._let_go:
            for job in self._let_go:
                job.cancel()
            self._let_go = []

    def _move_to(self, state: IteratorState) -> None:
        self._rewind()
        super()._move_to(state)

    def reset(self) -> None:
        """Goes back to before the first batch, with an order drawn anew."""
        self._rewind()
        self._redrawn = deque()
        super().reset()

    def finalize(self) -> None:
        """Gives back threads or processes; the next batch, if any, starts others."""
        if "_let_go" in self.__dict__:  # not so if the constructor failed
            self._rewind()
            self._cancel_let_go()
            self._release()

    def serialize(self, serializer: Any) -> None:
        """Saves or loads where the iterator stands, under Chainer's keys.

        The orders of later epochs that have been drawn already are kept under a key of their
        own, so that a run that is resumed goes on exactly like one that is not.

        Args:
            serializer: A serializer.

        Raises:
            KeyError: If a file does not hold a place, or holds no order where one is needed.
        """
        super().serialize(serializer)
        if isinstance(serializer, Serializer):
            drawn = [*self._drawn, *self._redrawn]
            if drawn:
                serializer("_next_orders", np.array(drawn))
            return
        try:
            orders = serializer("_next_orders", None)
        except KeyError:
            orders = None
        self._redrawn = deque(() if orders is None else np.asarray(orders))

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: all but what is under way."""
        state = self.__dict__.copy()
        state["_redrawn"] = deque([*self._drawn, *self._redrawn])
        for name in ("_ahead", "_drawn", "_let_go", "_owner"):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._start_anew()
        self.__dict__.update(state)

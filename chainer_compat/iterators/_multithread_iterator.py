"""The iterator that loads batches ahead in threads."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from chainer_compat.dataset._examples import take_examples
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.iterators._prefetching_iterator import PrefetchingIterator

if TYPE_CHECKING:
    from chainer_compat.iterators._statemachine import IteratorState, Order, OrderSampler

__all__ = ["MultithreadIterator"]

# A batch is cut into this many pieces a thread, so that a slow example delays few others.
_PIECES_PER_THREAD = 4


class MultithreadIterator(PrefetchingIterator):
    """Gives batches of a dataset; while one is used, threads load the next.

    Threads pay off where loading waits (files, network) or runs outside Python's lock (decoding
    images, NumPy). The order of batches is that of :class:`SerialIterator`.

    Args:
        dataset: Anything with ``__len__`` and integer indexing, safe to be indexed by several
            threads at once.
        batch_size: Number of examples in a batch.
        repeat: Whether to start over at the end.
        shuffle: Whether to draw a new random order for every epoch; None shuffles too, unless
            an ``order_sampler`` is given.
        n_threads: Number of threads.
        order_sampler: Gives the order of each epoch; only with ``shuffle=None``.

    Raises:
        ValueError: If the batch size or the number of threads is not positive, or both
            ``shuffle`` and ``order_sampler`` are given.

    Source: Chainer's reference, *chainer.iterators.MultithreadIterator*.

    Example:
        >>> from chainer_compat.iterators import MultithreadIterator
        >>> with MultithreadIterator('abc', 2, repeat=False, shuffle=False, n_threads=2) as it:
        ...     list(it)
        [['a', 'b'], ['c']]
    """

    _order_keys = ("_order", "order")

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        repeat: bool = True,
        shuffle: bool | None = None,
        n_threads: int = 1,
        order_sampler: OrderSampler | None = None,
    ) -> None:
        if n_threads <= 0:
            raise InvalidArgumentError(f"n_threads must be positive; got {n_threads}")
        self.n_threads = n_threads
        self._repeat = repeat
        self._shuffle = shuffle
        self._pool: _Threads | None = None
        super().__init__(dataset, batch_size, shuffle, order_sampler, n_prefetch=1)

    @property
    def repeat(self) -> bool:  # type: ignore[override]  # read-only, as Chainer's
        """Whether iteration starts over at the end."""
        return self._repeat

    def _submit(self, indices: Order, state: IteratorState) -> _ThreadJob:
        if self._pool is None:
            self._pool = _Threads(self.n_threads)
        size = -(-len(indices) // (self.n_threads * _PIECES_PER_THREAD))
        pieces = [indices[i : i + size] for i in range(0, len(indices), size)]
        return _ThreadJob([self._pool.submit(self.dataset, piece) for piece in pieces])

    def _release(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_pool": None}


class _ThreadJob:
    """A batch that threads load piece by piece."""

    def __init__(self, pieces: list[Future[list[Any]]]) -> None:
        self._pieces = pieces

    def wait(self) -> None:
        """Waits until all pieces are there."""
        for piece in self._pieces:
            piece.exception()

    def result(self) -> list[Any]:
        """Returns the examples, or raises what the dataset raised."""
        return [example for piece in self._pieces for example in piece.result()]

    def cancel(self) -> None:
        """Takes back the pieces that no thread has begun."""
        for piece in self._pieces:
            piece.cancel()


class _Threads:
    """Daemon threads: a dataset that hangs does not keep the program from ending."""

    def __init__(self, number: int) -> None:
        self._tasks: SimpleQueue[Any] = SimpleQueue()
        self._number = number
        for _ in range(number):
            threading.Thread(target=_work, args=(self._tasks,), daemon=True).start()

    def submit(self, dataset: Any, indices: Order) -> Future[list[Any]]:
        """Has examples loaded.

        Args:
            dataset: The dataset.
            indices: Which ones.
        """
        future: Future[list[Any]] = Future()
        self._tasks.put((future, dataset, indices))
        return future

    def close(self) -> None:
        """Ends the threads, each after what it does now."""
        for _ in range(self._number):
            self._tasks.put(None)


def _work(tasks: SimpleQueue[Any]) -> None:
    while (task := tasks.get()) is not None:
        future, dataset, indices = task
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(take_examples(dataset, indices))
            except BaseException as error:  # noqa: BLE001 -- raised in the thread that asks
                future.set_exception(error)
        # What is kept until the next task would be the last batch.
        del task, future, dataset, indices

"""The iterator that loads batches ahead in processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.iterators._measuring import Measured, MeasuringJob
from chainer_compat.iterators._prefetching_iterator import Job, PrefetchingIterator
from chainer_compat.iterators._shared_arena import SharedArena
from chainer_compat.iterators._worker import Task
from chainer_compat.iterators._worker_pool import WorkerPool, pieces_of

if TYPE_CHECKING:
    from chainer_compat.iterators._statemachine import IteratorState, Order, OrderSampler

__all__ = ["MultiprocessIterator"]


class MultiprocessIterator(PrefetchingIterator):
    """Gives batches of a dataset; while one is used, worker processes load the next.

    The order of batches is that of :class:`SerialIterator`. Every worker gets the dataset once:
    it inherits it where processes are forked, and gets a pickled copy where they are spawned.
    Arrays and torch tensors come back through shared memory.

    Random numbers that the dataset draws (from NumPy's or torch's global generator, or
    ``random``) are seeded for each piece of a batch by the place of the batch, the number of
    workers and the state of NumPy's generator when the iterator was made: no two pieces are
    alike, and a resumed run draws the same ones.

    A worker that fails hands over its exception, with its traceback as the cause; a worker that
    dies is a :class:`~chainer_compat.errors.WorkerError`. Either way the iterator can be used
    further. Workers keep to one thread in torch and OpenCV.

    Args:
        dataset: Anything with ``__len__`` and integer indexing.
        batch_size: Number of examples in a batch.
        repeat: Whether to start over at the end.
        shuffle: Whether to draw a new random order for every epoch; None shuffles too, unless
            an ``order_sampler`` is given.
        n_processes: Number of workers; as many as there are CPUs if None.
        n_prefetch: How many batches are loaded ahead.
        shared_mem: Bytes of shared memory for the arrays of one example. None measures the
            first batch, which the main process loads; 0 sends arrays through a pipe.
        order_sampler: Gives the order of each epoch; only with ``shuffle=None``.
        dataset_timeout: After so many seconds of waiting for a batch a :class:`TimeoutWarning`
            is given; None for never.
        maxtasksperchild: After so many pieces of batches a worker is replaced by another, to
            give back what the dataset does not; None for never.
        start_method: ``"fork"``, ``"spawn"`` or ``"forkserver"``; Python's default if None.

    Raises:
        ValueError: If the batch size is not positive, both ``shuffle`` and ``order_sampler``
            are given, or there is no such start method.

    Source: Chainer's reference, *chainer.iterators.MultiprocessIterator*.

    Example:
        >>> from chainer_compat.iterators import MultiprocessIterator
        >>> with MultiprocessIterator('abc', 2, False, False, n_processes=1) as it:
        ...     list(it)
        [['a', 'b'], ['c']]
    """

    class TimeoutWarning(RuntimeWarning):
        """A batch takes longer than ``dataset_timeout``."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        repeat: bool = True,
        shuffle: bool | None = None,
        n_processes: int | None = None,
        n_prefetch: int = 1,
        shared_mem: int | None = None,
        order_sampler: OrderSampler | None = None,
        dataset_timeout: float | None = 30.0,
        maxtasksperchild: int | None = None,
        *,
        start_method: str | None = None,
    ) -> None:
        multiprocessing.get_context(start_method)  # raises if there is none of this name
        self.repeat = repeat
        self.shuffle = shuffle
        self.n_processes = n_processes or multiprocessing.cpu_count()
        self.shared_mem = shared_mem
        self.dataset_timeout = dataset_timeout
        self._maxtasksperchild = maxtasksperchild
        self._start_method = start_method
        self._measured = Measured(shared_mem)
        self._pool: WorkerPool | None = None
        # Taken from NumPy's generator without drawing from it.
        state = np.random.get_state(legacy=False)  # noqa: NPY002 -- Chainer's stream
        self._worker_seed = zlib.crc32(pickle.dumps(state))
        super().__init__(dataset, batch_size, shuffle, order_sampler, max(n_prefetch, 1))

    def _may_be_ahead(self) -> int:
        # The first batch tells how much shared memory the workers need.
        return 1 if self._measured.example_bytes is None else self.n_prefetch + 1

    def _submit(self, indices: Order, state: IteratorState) -> Job:
        place = f"{self._worker_seed}/{state.epoch}/{state.current_position}"

        def seeds(first: int) -> int:
            return zlib.crc32(f"{place}/{first}".encode())

        example_bytes = self._measured.example_bytes
        if example_bytes is None:
            pieces = pieces_of(indices, self.n_processes)
            tasks = [Task(piece, None, first, seeds(first)) for first, piece in pieces]
            timeout = self.dataset_timeout
            return MeasuringJob(self.dataset, tasks, self._measured, timeout, _warn_of_timeout)
        if self._pool is None or not self._pool.workers:
            self._pool = self._new_pool(example_bytes)
        return self._pool.submit(indices, seeds)

    def _new_pool(self, example_bytes: int) -> WorkerPool:
        context = multiprocessing.get_context(self._start_method)
        arena = None
        if example_bytes > 0:
            n_slots = self.n_prefetch + 1
            arena = SharedArena(context, n_slots, self.batch_size, example_bytes)
        return WorkerPool(
            context,
            self.dataset,
            self.n_processes,
            arena,
            self._maxtasksperchild,
            self.dataset_timeout,
            _warn_of_timeout,
        )

    def _release(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def serialize(self, serializer: Any) -> None:
        """Saves or loads where the iterator stands, under Chainer's keys and a few more.

        Args:
            serializer: A serializer.

        Raises:
            KeyError: If a file does not hold a place, or holds no order where one is needed.
        """
        super().serialize(serializer)
        # A file of Chainer's has no seed.
        with contextlib.suppress(KeyError):
            self._worker_seed = serializer("_worker_seed", self._worker_seed)

    def __copy__(self) -> MultiprocessIterator:
        """Returns one that goes on from the same place with workers of its own."""
        other = type(self).__new__(type(self))
        other.__setstate__(self.__getstate__())
        return other

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_pool": None}


def _warn_of_timeout() -> None:
    warnings.warn(
        "Stalled dataset is detected: a batch takes longer than `dataset_timeout`. If it never "
        "comes, the dataset hangs in a worker process: often a lock or a thread pool (of OpenCV, "
        "OpenMP) that did not survive the fork. Try start_method='forkserver', or "
        "MultithreadIterator.",
        MultiprocessIterator.TimeoutWarning,
        stacklevel=6,
    )

"""Worker processes that load batches, and what happens when one of them dies."""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import signal
import warnings
from collections import deque
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import WorkerError
from chainer_compat.iterators._worker import Failure, Loaded, Task, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainer_compat.iterators._shared_arena import SharedArena
    from chainer_compat.iterators._statemachine import Order

__all__ = ["BatchJob", "WorkerPool", "pieces_of"]

# What a worker that has been asked to end may take, in seconds, before it is ended.
_PATIENCE = 1.0


def pieces_of(indices: Order, n_pieces: int) -> list[tuple[int, Order]]:
    """Cuts the indices of a batch into runs of nearly one length, each with where it begins.

    Args:
        indices: The indices.
        n_pieces: How many runs at most.

    Example:
        >>> from chainer_compat.iterators._worker_pool import pieces_of
        >>> pieces_of([5, 6, 7, 8, 9], 3)
        [(0, [5]), (1, [6, 7]), (3, [8, 9])]
    """
    borders = [len(indices) * i // n_pieces for i in range(n_pieces + 1)]
    spans = itertools.pairwise(borders)
    return [(start, indices[start:stop]) for start, stop in spans if start < stop]


class BatchJob:
    """A batch that workers load piece by piece.

    Args:
        pool: The workers.
        slot: Where in the arena its arrays go.
    """

    def __init__(self, pool: WorkerPool, slot: int | None) -> None:
        self._pool = pool
        self.slot = slot
        self.pieces: list[Any] = []
        self.waiting_for: list[Worker] = []
        self.cancelled = False

    def wait(self) -> None:
        """Waits until all pieces are there."""
        self._pool.wait(self)

    def result(self) -> list[Any]:
        """Returns the examples, or raises what the dataset raised."""
        try:
            for piece in self.pieces:
                if isinstance(piece, Failure):
                    raise piece.raised()
            return self._pool.unpacked(self.pieces)
        finally:
            self._pool.free(self)

    def cancel(self) -> None:
        """Gives back the room as soon as no worker writes there any more."""
        self.cancelled = True
        if not self.waiting_for:
            self._pool.free(self)


class Worker:
    """A worker process, seen from the main one.

    Args:
        context: The multiprocessing context.
        dataset: The dataset.
        arena: The arena.
    """

    def __init__(self, context: Any, dataset: Any, arena: SharedArena | None) -> None:
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        # What is under way there, in turn: the job, and which piece of it.
        self.under_way: deque[tuple[BatchJob, int, Task]] = deque()
        self.n_tasks = 0
        self.process = context.Process(target=run, args=(theirs, dataset, arena), daemon=True)
        try:
            with warnings.catch_warnings():
                # Python 3.12 warns of any fork of a process with threads, such as torch's. The
                # workers neither use them nor wait for them.
                warnings.filterwarnings("ignore", ".*use of fork.*", DeprecationWarning)
                self.process.start()
        finally:
            theirs.close()

    def submit(self, job: BatchJob, piece: int, task: Task) -> None:
        """Sends a task.

        Args:
            job: The batch.
            piece: Which piece of it.
            task: The task.
        """
        self.n_tasks += 1
        self.under_way.append((job, piece, task))
        job.waiting_for.append(self)
        self.connection.send(task)

    def receive(self) -> BatchJob:
        """Takes in one result; returns its job."""
        result: Loaded | Failure = pickle.loads(self.connection.recv_bytes())  # noqa: S301 -- from our own worker
        job, piece, _ = self.under_way.popleft()
        job.pieces[piece] = result
        job.waiting_for.remove(self)
        return job

    def retire(self) -> None:
        """Lets the worker finish what it has, and end."""
        self.connection.send(None)

    def death(self) -> str:
        """Tells how it died, and over what."""
        self.process.join(_PATIENCE)
        code = self.process.exitcode
        how = f"with exit code {code}"
        if code is not None and code < 0:
            how = f"killed by {signal.Signals(-code).name}"
        indices = [int(i) for _, _, task in self.under_way for i in task.indices]
        return f"a worker process ({self.process.pid}) died, {how}, over the examples {indices}"

    def ask_to_end(self) -> None:
        """Ends a busy worker; one that is idle does it by itself."""
        if self.under_way:
            self.process.terminate()
        with contextlib.suppress(OSError):  # it is dead already
            self.retire()

    def close(self) -> None:
        """Waits for the end, not for long."""
        self.connection.close()
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


class WorkerPool:
    """Worker processes over one dataset.

    Args:
        context: The multiprocessing context.
        dataset: The dataset, which every worker gets once.
        n_processes: Number of workers.
        arena: Where workers put arrays; None to pickle them.
        max_tasks: How many pieces a worker loads before another takes its place; None for ever.
        timeout: After how many seconds of waiting `on_timeout` is called; None for never.
        on_timeout: Called with nothing.
    """

    def __init__(
        self,
        context: Any,
        dataset: Any,
        n_processes: int,
        arena: SharedArena | None,
        max_tasks: int | None,
        timeout: float | None,
        on_timeout: Callable[[], None],
    ) -> None:
        self._for_workers = context, dataset, arena
        self._arena = arena
        self._max_tasks = max_tasks
        self._timeout = timeout
        self._on_timeout = on_timeout
        self._warned_of_overflow = False
        self._free_slots = [] if arena is None else list(range(arena.n_slots))
        self._retired: list[Worker] = []
        self._owner = os.getpid()
        self.workers: list[Worker] = []
        try:
            for _ in range(n_processes):
                self.workers.append(Worker(*self._for_workers))
        except BaseException:
            self.close()
            raise

    def submit(self, indices: Order, seeds: Callable[[int], int]) -> BatchJob:
        """Starts loading a batch.

        Args:
            indices: Its indices.
            seeds: Gives the seed of the piece that begins at a place of the batch.
        """
        job = BatchJob(self, self._free_slots.pop() if self._free_slots else None)
        pieces = pieces_of(indices, len(self.workers))
        job.pieces = [None] * len(pieces)
        for number, (first, piece) in enumerate(pieces):
            worker = self.workers[number]
            try:
                if worker.n_tasks == self._max_tasks:
                    worker = self._replace(number)
                worker.submit(job, number, Task(piece, job.slot, first, seeds(first)))
            except OSError:
                self._fail(worker)
        return job

    def _replace(self, number: int) -> Worker:
        worker = self.workers[number]
        worker.retire()
        self._retired = [old for old in self._retired if not self._gone(old)]
        self._retired.append(worker)
        self.workers[number] = Worker(*self._for_workers)
        return self.workers[number]

    @staticmethod
    def _gone(worker: Worker) -> bool:
        if worker.under_way or worker.process.is_alive():
            return False
        worker.close()
        return True

    def wait(self, job: BatchJob) -> None:
        """Waits until all pieces of a batch are there.

        Args:
            job: The batch.

        Raises:
            WorkerError: If a worker died; the pool is closed then.
        """
        while job.waiting_for:
            by_source: dict[Any, Worker] = {}
            for worker in job.waiting_for:
                by_source[worker.connection] = by_source[worker.process.sentinel] = worker
            ready = wait(list(by_source), self._timeout)
            if not ready:
                self._on_timeout()
            for worker in {id(by_source[source]): by_source[source] for source in ready}.values():
                self._take_in(worker)

    def _take_in(self, worker: Worker) -> None:
        try:
            # A worker may have ended after it sent its last result.
            if not worker.connection.poll():
                self._fail(worker)
            job = worker.receive()
        except (EOFError, OSError):
            self._fail(worker)
        if job.cancelled and not job.waiting_for:
            self.free(job)

    def _fail(self, worker: Worker) -> None:
        message = worker.death()
        self.close()
        raise WorkerError(
            f"{message}. Its own output, if any, is above. Common causes: the system ran out of "
            "memory and killed it; a library crashed (try n_processes=1, or MultithreadIterator, "
            "to see where); the dataset called sys.exit or os._exit"
        )

    def unpacked(self, pieces: list[Loaded]) -> list[Any]:
        """Returns the examples of all pieces, copied out of the arena.

        Args:
            pieces: What workers sent.
        """
        if self._arena is None:
            return [example for piece in pieces for example in piece.examples]
        most_bytes = max(piece.most_bytes for piece in pieces)
        if most_bytes > self._arena.example_bytes:
            self._warn_of_overflow(most_bytes, self._arena.example_bytes)
        unpack = self._arena.unpack
        return [unpack(example) for piece in pieces for example in piece.examples]

    def _warn_of_overflow(self, needed: int, there_is: int) -> None:
        if self._warned_of_overflow:
            return
        self._warned_of_overflow = True
        warnings.warn(
            "Shared memory size is too small.\n"
            "Please set shared_mem option for MultiprocessIterator.\n"
            f"Expect shared memory size: {needed} bytes.\n"
            f"Actual shared memory size: {there_is} bytes.\n"
            "What has no room is sent through a pipe, which is slower.",
            UserWarning,
            stacklevel=5,
        )

    def free(self, job: BatchJob) -> None:
        """Gives back the room of a batch.

        Args:
            job: The batch.
        """
        if job.slot is not None:
            self._free_slots.append(job.slot)
            job.slot = None

    def close(self) -> None:
        """Ends all workers, busy or not."""
        workers, self.workers, self._retired = [*self.workers, *self._retired], [], []
        if self._owner != os.getpid():
            return  # forked: they are another process's children
        for worker in workers:
            worker.ask_to_end()
        for worker in workers:
            worker.close()

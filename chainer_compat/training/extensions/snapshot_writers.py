"""Writers: how, and by whom, a snapshot is written while training goes on.

``SimpleWriter`` writes at once. The others copy the state before they return, so that a file holds
one moment of the training, and write it in a thread or a process. At most one state is being
written and one waits; a write that failed is raised at the next snapshot, or by ``finalize``.

For the writers with a thread, a GPU copies its tensors by itself, on a stream of its own and into
pinned memory; what the training queues afterwards waits for that on the GPU, and the training's
thread goes on.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import SnapshotWriteError
from chainer_compat.serializers import save_npz
from chainer_compat.training.extensions._snapshot_folder import folder_of, state_iteration
from chainer_compat.training.extensions._snapshot_state import (
    HeldState,
    SharedState,
    can_share,
    unshared,
)
from chainer_compat.training.extensions._snapshot_workers import (
    WriterProcess,
    WriterThread,
    process_context,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ProcessQueueWriter",
    "ProcessWriter",
    "QueueWriter",
    "SimpleWriter",
    "StandardWriter",
    "ThreadQueueWriter",
    "ThreadWriter",
    "Writer",
]

_POLL_SECONDS = 0.05


class Writer:
    """Base class of the writers; ``__call__`` is what a snapshot extension calls.

    Source: Chainer's page *chainer.training.extensions.snapshot_writers*.
    """

    # Which run the files belong to, for the manifest; the snapshot extension sets it.
    snapshot_run: str | None = None

    @property
    def takes_tensors(self) -> bool:
        """Whether ``__call__`` wants a GPU's tensors as they are, not as arrays on the host.

        Only where all that becomes of them is known: a subclass may look into what it is given.
        """
        return False

    def __init__(self) -> None:
        self._post_save_hooks: list[Callable[[], Any]] = []

    def __call__(self, filename: str, outdir: str, target: dict[str, Any]) -> None:
        """Takes a snapshot.

        Args:
            filename: The file's name.
            outdir: The folder, or a URL that fsspec knows.
            target: The serialized object, a dictionary from key to array.

        Raises:
            NotImplementedError: If a subclass does not override it.
        """
        raise NotImplementedError(f"{type(self).__name__} must override __call__")

    def __del__(self) -> None:
        # One that was never made whole has nothing to wait for.
        with contextlib.suppress(AttributeError):
            self.finalize()

    def finalize(self) -> None:
        """Waits until everything is written; called at the end of the training."""

    def save(
        self,
        filename: str,
        outdir: str,
        target: dict[str, Any],
        savefun: Callable[..., Any],
        **kwds: Any,
    ) -> None:
        """Writes a file that appears under its name only when it is complete and on the disk.

        Args:
            filename: The file's name.
            outdir: The folder, or a URL that fsspec knows.
            target: The serialized object.
            savefun: Called with a path, the object and ``kwds``.
            **kwds: For ``savefun``.

        Raises:
            OSError: If it cannot be written (a :class:`SnapshotWriteError`); the file of that
                name that was there before is intact.
        """
        about = {"run": self.snapshot_run, "iteration": state_iteration(target)}
        folder_of(outdir).save(filename, lambda path: savefun(path, target, **kwds), about)
        self._post_save()

    def _add_cleanup_hook(self, hook_fun: Callable[[], Any]) -> None:
        """Adds a function to call, without arguments, after each file that was written.

        A writer that uses processes sends it there, so it must be picklable unless processes are
        forked.

        Args:
            hook_fun: The function.
        """
        self._post_save_hooks.append(hook_fun)

    def take_hooks(self, other: Writer) -> None:
        """Calls the hooks of another writer, on whose behalf this one writes.

        Args:
            other: The writer.
        """
        self._post_save_hooks[:] = other._post_save_hooks

    def _post_save(self) -> None:
        for hook in self._post_save_hooks:
            hook()


class SimpleWriter(Writer):
    """Writes at once; training waits.

    Args:
        savefun: Called with the path, the serialized object and ``kwds``.
        **kwds: For ``savefun``.

    Example:
        >>> import os, tempfile
        >>> from chainer_compat.training.extensions import snapshot_writers
        >>> writer = snapshot_writers.SimpleWriter(compression=False)
        >>> with tempfile.TemporaryDirectory() as out:
        ...     writer("snapshot", out, {"x": 1.0})
        ...     print("snapshot" in os.listdir(out))
        True
    """

    def __init__(self, savefun: Callable[..., Any] = save_npz, **kwds: Any) -> None:
        super().__init__()
        self._savefun = savefun
        self._kwds = kwds

    def __call__(self, filename: str, outdir: str, target: dict[str, Any]) -> None:
        """Writes a snapshot.

        Args:
            filename: The file's name.
            outdir: The folder.
            target: The serialized object.
        """
        self.save(filename, outdir, target, self._savefun, **self._kwds)


class StandardWriter(Writer):
    """Base class of writers that start a worker for each snapshot.

    Args:
        savefun: Called with the path, the serialized object and ``kwds``.
        **kwds: For ``savefun``.
    """

    _started = False
    _finalized = False
    _worker: Any = None

    def __init__(self, savefun: Callable[..., Any] = save_npz, **kwds: Any) -> None:
        super().__init__()
        self._savefun = savefun
        self._kwds = kwds
        self._started = False
        self._finalized = False
        self._held = HeldState()

    def __call__(self, filename: str, outdir: str, target: dict[str, Any]) -> None:
        """Starts writing a snapshot, once the one before is written.

        Args:
            filename: The file's name.
            outdir: The folder.
            target: The serialized object; it is copied, so it may change afterwards.

        Raises:
            OSError: If the snapshot before could not be written.
        """
        self._join()
        self._filename = filename
        self._worker = self.create_worker(filename, outdir, self._hold(target), **self._kwds)
        self._worker.start()
        self._started = True

    def _hold(self, target: dict[str, Any]) -> Any:
        return self._held.copy(target)

    def create_worker(self, filename: str, outdir: str, target: dict[str, Any], **kwds: Any) -> Any:
        """Makes the worker: something with ``start()`` and ``join()``.

        Args:
            filename: The file's name.
            outdir: The folder.
            target: A copy of the serialized object.
            **kwds: For the saving function.
        """
        raise NotImplementedError(f"{type(self).__name__} must override create_worker")

    def _join(self) -> None:
        if not self._started:
            return
        self._started = False
        self._worker.join()
        _raise_failure(self._worker, self._filename)

    def finalize(self) -> None:
        """Waits until the last snapshot is written.

        Raises:
            OSError: If it could not be written.
        """
        if not self._finalized:
            self._join()
        self._started = False
        self._finalized = True

    def __getstate__(self) -> dict[str, Any]:
        # A worker process needs what to do, not the worker nor the buffers.
        return {**self.__dict__, "_worker": None, "_held": HeldState(), "_started": False}


def _raise_failure(worker: Any, filename: str) -> None:
    failure = getattr(worker, "failure", None)
    if isinstance(failure, SnapshotWriteError):
        raise failure
    if isinstance(failure, BaseException):
        raise SnapshotWriteError(f"snapshot {filename!r} was not written: {failure!r}") from failure
    code = getattr(worker, "exitcode", 0)
    if isinstance(code, int) and code != 0:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        raise SnapshotWriteError(f"snapshot {filename!r} was not written: the process {how}")


class ThreadWriter(StandardWriter):
    """Writes each snapshot in a thread of its own.

    Args:
        savefun: Called with the path, the serialized object and ``kwds``.
        **kwds: For ``savefun``.
    """

    @property
    def takes_tensors(self) -> bool:
        """Whether ``__call__`` wants a GPU's tensors as they are, not as arrays on the host."""
        return type(self) is ThreadWriter

    def _hold(self, target: dict[str, Any]) -> Any:
        return self._held.start(target) if self.takes_tensors else super()._hold(target)

    def create_worker(self, filename: str, outdir: str, target: dict[str, Any], **kwds: Any) -> Any:
        """Makes the thread.

        Args:
            filename: The file's name.
            outdir: The folder.
            target: A copy of the serialized object.
            **kwds: For the saving function.
        """
        return WriterThread(self._save_held, (filename, outdir, target), kwds)

    def _save_held(self, filename: str, outdir: str, target: Any, **kwds: Any) -> None:
        self.save(filename, outdir, unshared(target), self._savefun, **kwds)


class ProcessWriter(StandardWriter):
    """Writes each snapshot in a process of its own.

    Where processes are forked, the process sees the state as it was, and nothing is copied.

    Args:
        savefun: Called with the path, the serialized object and ``kwds``.
        **kwds: For ``savefun``.
    """

    def _hold(self, target: dict[str, Any]) -> Any:
        return target  # a fork has its own copy; a spawned process gets one when it starts

    def create_worker(self, filename: str, outdir: str, target: dict[str, Any], **kwds: Any) -> Any:
        """Makes the process.

        Args:
            filename: The file's name.
            outdir: The folder.
            target: The serialized object.
            **kwds: For the saving function.
        """
        return WriterProcess(self.save, (filename, outdir, target, self._savefun), kwds)


class QueueWriter(Writer):
    """Base class of writers that hand snapshots to one worker over a queue.

    Args:
        savefun: Called with the path, the serialized object and ``kwds``.
        task: What writes: called with file name, folder and serialized object.
            ``SimpleWriter(savefun)`` by default.
        **kwds: For ``savefun``.
    """

    _started = False
    _finalized = False
    _queue: Any = None
    _consumer: Any = None

    def __init__(
        self, savefun: Callable[..., Any] = save_npz, task: Any = None, **kwds: Any
    ) -> None:
        super().__init__()
        self._task = self.create_task(savefun, **kwds) if task is None else task
        self._failures: list[BaseException] = []
        self._held = [HeldState(), HeldState()]
        self._queue = self.create_queue()
        self._consumer = self.create_consumer(self._queue)
        self._consumer.start()
        self._started = True
        self._finalized = False

    def __call__(self, filename: str, outdir: str, target: dict[str, Any]) -> None:
        """Queues a snapshot; waits while another one is waiting already.

        Args:
            filename: The file's name.
            outdir: The folder.
            target: The serialized object; it is copied, so it may change afterwards.

        Raises:
            OSError: If an earlier snapshot could not be written.
        """
        while self._queue.full() and self._consumer.is_alive():
            time.sleep(_POLL_SECONDS)
        self._check()
        self._queue.put([self._bound_task(), filename, outdir, self._hold(target)])

    def _bound_task(self) -> Any:
        # The task writes, so it is the one to call the hooks: also those added since it was made.
        if isinstance(self._task, Writer):
            self._task.snapshot_run = self.snapshot_run
            self._task.take_hooks(self)
        return self._task

    def _hold(self, target: dict[str, Any]) -> Any:
        # The queue has room for one, so when it is not full the worker is done with the snapshot
        # before the last: two buffers in turn are enough.
        self._held.reverse()
        return self._held[0].copy(target)

    def create_task(self, savefun: Callable[..., Any], **kwds: Any) -> Any:
        """Makes what writes a snapshot.

        Args:
            savefun: The saving function.
            **kwds: For ``savefun``.
        """
        return SimpleWriter(savefun=savefun, **kwds)

    def create_queue(self) -> Any:
        """Makes the queue."""
        raise NotImplementedError(f"{type(self).__name__} must override create_queue")

    def create_consumer(self, q: Any) -> Any:
        """Makes the worker, which runs ``consume``.

        Args:
            q: The queue.
        """
        raise NotImplementedError(f"{type(self).__name__} must override create_consumer")

    def consume(self, q: Any) -> None:
        """Writes what comes out of the queue until None comes.

        Args:
            q: The queue.
        """
        while True:
            item = q.get()
            try:
                if item is None:
                    return
                self._write(item)
            finally:
                q.task_done()

    def _write(self, item: list[Any]) -> None:
        task, filename, outdir, target = item
        try:
            self._task_of(task)(filename, outdir, unshared(target))
        except Exception as error:  # noqa: BLE001 - raised in the training's thread
            self._failed(error)

    def _task_of(self, task: Any) -> Any:
        return task

    def _failed(self, error: BaseException) -> None:
        self._failures.append(error)

    def _check(self) -> None:
        if self._failures:
            error = self._failures.pop(0)
            if isinstance(error, SnapshotWriteError):
                raise error
            raise SnapshotWriteError(f"a snapshot was not written: {error!r}") from error
        if self._started and not self._consumer.is_alive():
            code = getattr(self._consumer, "exitcode", None)
            self._abandon()
            raise SnapshotWriteError(
                f"the worker that writes snapshots is gone (exit code {code}); what was queued "
                "is not written"
            )

    def _abandon(self) -> None:
        self._started = False

    def finalize(self) -> None:
        """Waits until everything that was queued is written.

        Raises:
            OSError: If a snapshot could not be written.
        """
        if self._finalized or not self._started:
            self._finalized = True
            return
        self._finalized = True
        while self._queue.full() and self._consumer.is_alive():
            time.sleep(_POLL_SECONDS)
        killed = not self._consumer.is_alive()
        if not killed:
            self._queue.put(None)
            self._consumer.join()
        code = getattr(self._consumer, "exitcode", None)
        if not killed and not code:
            self._started = False
        self._check()
        self._started = False


class ThreadQueueWriter(QueueWriter):
    """Writes snapshots one after the other in one thread.

    Args:
        savefun: Called with the path, the serialized object and ``kwds``.
        task: What writes, in place of ``SimpleWriter(savefun)``.
        **kwds: For ``savefun``.
    """

    @property
    def takes_tensors(self) -> bool:
        """Whether ``__call__`` wants a GPU's tensors as they are, not as arrays on the host."""
        return type(self) is ThreadQueueWriter

    def _hold(self, target: dict[str, Any]) -> Any:
        if not self.takes_tensors:
            return super()._hold(target)
        self._held.reverse()
        return self._held[0].start(target)

    def create_queue(self) -> Any:
        """Makes the queue, which holds one snapshot."""
        return queue.Queue(maxsize=1)

    def create_consumer(self, q: Any) -> Any:
        """Makes the thread.

        Args:
            q: The queue.
        """
        return threading.Thread(target=self.consume, args=(q,), daemon=True)


class ProcessQueueWriter(QueueWriter):
    """Writes snapshots one after the other in one process, which starts with the writer.

    The state goes there through shared memory where the system has it.

    Args:
        savefun: Called with the path, the serialized object and ``kwds``.
        task: What writes, in place of ``SimpleWriter(savefun)``.
        **kwds: For ``savefun``.
    """

    def __init__(
        self, savefun: Callable[..., Any] = save_npz, task: Any = None, **kwds: Any
    ) -> None:
        self._reports: Any = process_context().SimpleQueue()
        self._shared = [SharedState(), SharedState()] if can_share() else []
        super().__init__(savefun=savefun, task=task, **kwds)

    def create_queue(self) -> Any:
        """Makes the queue, which holds one snapshot."""
        return process_context().JoinableQueue(maxsize=1)

    def create_consumer(self, q: Any) -> Any:
        """Makes the process.

        Args:
            q: The queue.
        """
        return WriterProcess(self.consume, (_OrphanProof(q, os.getpid()),), {}, daemon=True)

    def _hold(self, target: dict[str, Any]) -> Any:
        if not self._shared or type(self).create_queue is not ProcessQueueWriter.create_queue:
            return super()._hold(target)
        self._shared.reverse()
        return self._shared[0].copy(target)

    def _bound_task(self) -> Any:
        # The process has the task since it started, so a saving function of any kind will do;
        # only what was added since has to go there.
        added = _Added(self.snapshot_run, self._post_save_hooks)
        try:
            pickle.dumps(added)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise SnapshotWriteError(
                f"a hook of a ProcessQueueWriter must be picklable: {error}"
            ) from error
        return added

    def _task_of(self, task: Any) -> Any:
        if not isinstance(task, _Added):
            return task
        self.snapshot_run, self._post_save_hooks = task.run, task.hooks
        return super()._bound_task()

    def _failed(self, error: BaseException) -> None:
        self._reports.put(str(error) if isinstance(error, OSError) else repr(error))

    def _check(self) -> None:
        while not self._reports.empty():
            self._failures.append(SnapshotWriteError(self._reports.get()))
        super()._check()

    def _abandon(self) -> None:
        super()._abandon()
        # Nobody reads any more; without this the interpreter would wait at its end.
        self._queue.cancel_join_thread()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_consumer": None, "_queue": None, "_shared": [], "_held": []}


class _Added:
    """What a writer got to know after its process had started."""

    def __init__(self, run: str | None, hooks: list[Callable[[], Any]]) -> None:
        self.run = run
        self.hooks = hooks


class _OrphanProof:
    """The worker's end of the queue: it ends with the training, however that ended."""

    def __init__(self, q: Any, parent: int) -> None:
        self._queue = q
        self._parent = parent

    def get(self) -> Any:
        while True:
            try:
                return self._queue.get(timeout=1.0)
            except queue.Empty:
                if os.getppid() != self._parent:
                    return None

    def task_done(self) -> None:
        self._queue.task_done()

"""What a worker process of `MultiprocessIterator` runs."""

from __future__ import annotations

import multiprocessing
import pickle
import random
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from chainer_compat.dataset._examples import take_examples
from chainer_compat.errors import WorkerError

if TYPE_CHECKING:
    from chainer_compat.iterators._shared_arena import SharedArena

__all__ = ["Failure", "Loaded", "RemoteTraceback", "Task", "load", "run"]


class Task(NamedTuple):
    """A piece of a batch to load."""

    indices: Any
    slot: int | None
    first: int
    seed: int


class Loaded(NamedTuple):
    """A piece of a batch; `most_bytes` is the room that its largest example takes in an arena."""

    examples: list[Any]
    most_bytes: int


class RemoteTraceback(Exception):  # noqa: N818 -- the cause of an error, as in concurrent.futures
    """Carries the traceback of an exception in a worker process as text."""


class Failure(NamedTuple):
    """What the dataset raised, with its traceback."""

    error: Exception
    text: str

    def raised(self) -> Exception:
        """Returns the exception, caused by its traceback in the worker."""
        self.error.__cause__ = RemoteTraceback(f'\n"""\n{self.text}"""')
        return self.error


def load(dataset: Any, task: Task) -> list[Any]:
    """Loads a piece of a batch; its random numbers depend on nothing but the task's seed.

    Args:
        dataset: The dataset.
        task: The piece.
    """
    np.random.seed(task.seed)  # noqa: NPY002 -- datasets draw from the global stream
    random.seed(task.seed)
    torch.default_generator.manual_seed(task.seed)
    return take_examples(dataset, task.indices)


def run(connection: Connection, dataset: Any, arena: SharedArena | None) -> None:
    """Loads what is asked for until there is no one left to ask.

    Args:
        connection: Tasks come in, results go out.
        dataset: The dataset.
        arena: Where arrays are put.
    """
    _settle_in()
    results: SimpleQueue[bytes | None] = SimpleQueue()
    # In a thread of its own: a result that waits to be fetched does not keep the next from loading.
    sender = threading.Thread(target=_send_all, args=(connection, results), daemon=True)
    sender.start()
    while (task := _next_task(connection)) is not None:
        results.put(_result_of(dataset, task, arena))
    results.put(None)
    sender.join()


def _settle_in() -> None:
    # Ctrl-C reaches the whole group of processes: the main one sees to it. What it does on
    # SIGTERM is not for its children, which are ended by that.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Thread pools do not survive a fork, and waiting for one hangs.
    torch.set_num_threads(1)
    cv2 = sys.modules.get("cv2")
    if cv2 is not None:
        cv2.setNumThreads(0)


def _next_task(connection: Connection) -> Task | None:
    parent = multiprocessing.parent_process()
    sources: list[Any] = [connection, *([] if parent is None else [parent.sentinel])]
    if connection not in wait(sources):
        return None  # the main process is gone
    try:
        task: Task | None = connection.recv()
    except EOFError:
        return None
    return task


def _send_all(connection: Connection, results: SimpleQueue[bytes | None]) -> None:
    while (result := results.get()) is not None:
        try:
            connection.send_bytes(result)
        except OSError:
            return  # the main process is gone


def _result_of(dataset: Any, task: Task, arena: SharedArena | None) -> bytes:
    try:
        loaded = Loaded(load(dataset, task), 0)
        if arena is not None and task.slot is not None:
            loaded = _packed(loaded.examples, task.slot, task.first, arena)
        return pickle.dumps(loaded, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 -- raised again in the main process
        return _pickled_failure(error)


def _packed(examples: list[Any], slot: int, first: int, arena: SharedArena) -> Loaded:
    packed = [arena.pack(example, slot, first + i) for i, example in enumerate(examples)]
    return Loaded([example for example, _ in packed], max(needed for _, needed in packed))


def _pickled_failure(error: Exception) -> bytes:
    text = traceback.format_exc()
    try:
        pickled = pickle.dumps(Failure(error, text), pickle.HIGHEST_PROTOCOL)
        pickle.loads(pickled)  # noqa: S301 -- some exceptions can be pickled, and not be restored
    except Exception:  # noqa: BLE001 -- whatever keeps it from getting across
        pickled = _stand_in(error, text, "an exception that cannot be pickled")
    if isinstance(error, StopIteration):
        # In the main process it would end the iteration without a word.
        pickled = _stand_in(error, text, "which means nothing there")
    return pickled


def _stand_in(error: Exception, text: str, why: str) -> bytes:
    message = f"the dataset raised {type(error).__name__} in a worker process, {why}: {error}"
    return pickle.dumps(Failure(WorkerError(message), text), pickle.HIGHEST_PROTOCOL)

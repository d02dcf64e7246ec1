"""The first batch of `MultiprocessIterator`, from which it learns how large examples are."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from chainer_compat.configuration import config
from chainer_compat.iterators._shared_arena import bytes_needed
from chainer_compat.iterators._worker import Task, load

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Measured", "MeasuringJob"]


class Measured:
    """How much shared memory an example takes.

    Args:
        example_bytes: The number of bytes; None until the first batch is there.
    """

    def __init__(self, example_bytes: int | None) -> None:
        self.example_bytes = example_bytes


class MeasuringJob:
    """Loads a batch in the main process, as the workers would have, and measures it.

    Args:
        dataset: The dataset.
        tasks: The pieces of the batch.
        measured: Where to write the result.
        timeout: After how many seconds of waiting `on_timeout` is called; None for never.
        on_timeout: Called with nothing.
    """

    def __init__(
        self,
        dataset: Any,
        tasks: list[Task],
        measured: Measured,
        timeout: float | None,
        on_timeout: Callable[[], None],
    ) -> None:
        self._dataset = dataset
        self._tasks = tasks
        self._measured = measured
        self._timeout = timeout
        self._on_timeout = on_timeout
        self._thread: threading.Thread | None = None
        self._examples: list[Any] = []
        self._error: BaseException | None = None

    def wait(self) -> None:
        """Loads the batch, in a thread, so that waiting can be given up."""
        if self._thread is None:
            self._random_states = _random_states()
            self._thread = threading.Thread(target=self._load, args=(vars(config),), daemon=True)
            self._thread.start()
        self._thread.join(self._timeout)
        while self._thread.is_alive():
            self._on_timeout()
            self._thread.join(self._timeout)
        # The main process's own random numbers go on as if workers had loaded the batch.
        _set_random_states(self._random_states)
        if self._error is None:
            self._measured.example_bytes = max(map(bytes_needed, self._examples))

    def _load(self, entries: dict[str, Any]) -> None:
        # A forked worker has the configuration of the thread that forked it; so has this one.
        vars(config).update(entries)
        try:
            self._examples = [x for task in self._tasks for x in load(self._dataset, task)]
        except BaseException as error:  # noqa: BLE001 -- raised by `result`
            self._error = error

    def result(self) -> list[Any]:
        """Returns the examples, or raises what the dataset raised."""
        if self._error is not None:
            raise self._error
        return self._examples

    def cancel(self) -> None:
        """Lets the thread go on by itself."""


def _random_states() -> tuple[Any, Any, Any]:
    numpys = np.random.get_state(legacy=False)  # noqa: NPY002 -- the global stream
    return numpys, random.getstate(), torch.default_generator.get_state()


def _set_random_states(states: tuple[Any, Any, Any]) -> None:
    np.random.set_state(states[0])  # noqa: NPY002 -- the global stream
    random.setstate(states[1])
    torch.default_generator.set_state(states[2])

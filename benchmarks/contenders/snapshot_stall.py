"""How long training waits for a snapshot that is written beside it."""

from __future__ import annotations

import pathlib
import tempfile
import time

from benchmarks.contenders import _files
from chainer_compat.training.extensions import snapshot_writers


def copy(options):
    """A copy of the state in memory: what any consistent snapshot has to take at least."""
    state = _files.values(options)

    def measure():
        start = time.perf_counter()
        copied = {name: array.copy() for name, array in state.items()}
        stall = time.perf_counter() - start
        del copied
        return {"stall": stall}

    return measure


def thread(options):
    """ThreadWriter."""
    return _writer(options, snapshot_writers.ThreadWriter)


def process(options):
    """ProcessWriter."""
    return _writer(options, snapshot_writers.ProcessWriter)


def thread_queue(options):
    """ThreadQueueWriter."""
    return _writer(options, snapshot_writers.ThreadQueueWriter)


def process_queue(options):
    """ProcessQueueWriter."""
    return _writer(options, snapshot_writers.ProcessQueueWriter)


def simple(options):
    """SimpleWriter: training waits for all of it."""
    return _writer(options, snapshot_writers.SimpleWriter)


def _writer(options, kind):
    state, writer = _files.values(options), kind()
    folder = tempfile.TemporaryDirectory()
    path = pathlib.Path(folder.name) / "snapshot"

    def measure():
        path.unlink(missing_ok=True)
        start = time.perf_counter()
        writer(path.name, folder.name, state)
        stall = time.perf_counter() - start
        while not path.exists():  # the next turn is not to wait for this one
            time.sleep(0.01)
        time.sleep(0.05)
        return {"stall": stall}

    # Buffers are there from the second snapshot on.
    for _ in range(3):
        measure()
    return measure

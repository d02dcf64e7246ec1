"""What a worker process runs, run here."""

from __future__ import annotations

import multiprocessing
import pickle
import signal

import numpy as np
import pytest
import torch

from chainer_compat.errors import WorkerError
from chainer_compat.iterators import _worker
from chainer_compat.iterators._shared_arena import SharedArena
from chainer_compat.iterators._worker import Failure, Loaded, Task
from tests.unit.iterators._datasets import Examples, Pairs


@pytest.fixture
def ask(monkeypatch):
    """Sends messages to a worker, lets it run to its end, and returns its results."""
    monkeypatch.setattr(_worker, "_settle_in", lambda: None)

    def ask(dataset, *messages, arena=None):
        ours, theirs = multiprocessing.Pipe()
        with ours, theirs:
            for message in messages:
                ours.send(message)
            _worker.run(theirs, dataset, arena)
            return [pickle.loads(ours.recv_bytes()) for message in messages if message]

    return ask


def test_it_answers_every_task_and_ends_when_told_to(ask):
    first, second = ask(
        Pairs(4), Task(np.array([0, 1]), None, 0, 5), Task(np.array([3]), None, 2, 5), None
    )

    assert [i for _, i in first.examples] == [0, 1]
    assert [i for _, i in second.examples] == [3]


def test_it_ends_when_no_one_is_there_to_ask(ask, monkeypatch):
    ours, theirs = multiprocessing.Pipe()
    ours.close()
    with theirs:
        _worker.run(theirs, Pairs(1), None)


def test_it_ends_when_the_main_process_is_gone(monkeypatch):
    reading, writing = multiprocessing.Pipe()
    ours, theirs = multiprocessing.Pipe()

    class Parent:
        sentinel = reading

    monkeypatch.setattr(multiprocessing, "parent_process", Parent)
    monkeypatch.setattr(_worker, "_settle_in", lambda: None)
    writing.close()
    with ours, theirs, reading:
        _worker.run(theirs, Pairs(1), None)


def test_results_that_no_one_takes_end_the_sending(ask, monkeypatch):
    class Broken:
        def send_bytes(self, result):
            raise BrokenPipeError

    results = _worker.SimpleQueue()
    results.put(b"")

    assert _worker._send_all(Broken(), results) is None


def test_arrays_go_into_the_arena(ask):
    arena = SharedArena(multiprocessing.get_context("fork"), 1, 2, 64)
    dataset = Examples((np.arange(4), 1), (np.arange(40), 2))
    (loaded,) = ask(dataset, Task(np.array([0, 1]), 0, 0, 5), None, arena=arena)

    assert isinstance(loaded, Loaded)
    assert loaded.most_bytes == 320
    assert arena.unpack(loaded.examples[0])[0].tolist() == [0, 1, 2, 3]
    assert loaded.examples[1][0].tolist() == list(range(40))  # it had no room


@pytest.mark.parametrize(
    ("how", "kind"),
    [("fail", KeyError), ("fail_unpicklably", WorkerError), ("fail_unrestorably", WorkerError),
     ("stop", WorkerError)],
)  # fmt: skip
def test_what_the_dataset_raises_is_the_answer(ask, how, kind):
    (failure,) = ask(Pairs(2, **{how: 1}), Task(np.array([1]), None, 0, 5), None)

    assert isinstance(failure, Failure)
    error = failure.raised()
    assert type(error) is kind
    assert f"in {how}" in str(error.__cause__)


def test_the_seed_decides_what_is_drawn():
    class Draws:
        def __getitem__(self, i):
            return np.random.uniform(), torch.rand(()).item()

    def drawn(seed):
        return _worker.load(Draws(), Task([0], None, 0, seed))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_it_leaves_signals_to_the_main_process_and_keeps_to_one_thread(monkeypatch):
    handlers = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(torch, "set_num_threads", lambda n: handlers.__setitem__("threads", n))
    _worker._settle_in()

    assert handlers == {
        signal.SIGINT: signal.SIG_IGN,
        signal.SIGTERM: signal.SIG_DFL,
        "threads": 1,
    }

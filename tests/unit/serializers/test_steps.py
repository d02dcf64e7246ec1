from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chainer_compat.serializers import _steps
from chainer_compat.serializers._steps import Step, do_all


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_without_helpers_steps_are_done_in_order():
    done, sizes = [], []
    do_all([Step(i, lambda i=i: done.append(i)) for i in range(5)], sizes.append)
    assert done == sizes == [0, 1, 2, 3, 4]


def test_helpers_work_at_the_same_time(pool, monkeypatch):
    monkeypatch.setattr(_steps, "THREADS", 3)
    together = threading.Barrier(3, timeout=60)
    sizes = []
    do_all([Step(1, together.wait)] * 3, sizes.append, pool)
    assert sizes == [1, 1, 1]


def test_each_step_is_done_once(pool, monkeypatch):
    monkeypatch.setattr(_steps, "THREADS", 3)
    done = []
    do_all([Step(i, lambda i=i: done.append(i)) for i in range(1000)], lambda _: None, pool)
    assert sorted(done) == list(range(1000))


def test_after_a_failure_no_other_step_is_begun():
    done = []
    steps = [
        Step(1, lambda: done.append(1)),
        Step(1, lambda: 1 / 0),
        Step(1, lambda: done.append(3)),
    ]
    with pytest.raises(ZeroDivisionError):
        do_all(steps, lambda _: None)
    assert done == [1]


@pytest.mark.parametrize("in_helper", [True, False])
def test_a_failure_in_any_thread_is_raised_when_all_have_stopped(pool, monkeypatch, in_helper):
    monkeypatch.setattr(_steps, "THREADS", 2)
    main = threading.current_thread()
    both = threading.Barrier(2, timeout=60)
    failed = threading.Event()
    done = []

    def step():
        both.wait()
        if (threading.current_thread() is not main) == in_helper:
            failed.set()
            raise OSError("no more")
        failed.wait()
        done.append(1)

    with pytest.raises(OSError, match="no more"):
        do_all([Step(1, step)] * 2, lambda _: None, pool)
    assert done == [1]


def test_an_interruption_ends_the_helpers_too(pool, monkeypatch):
    monkeypatch.setattr(_steps, "THREADS", 2)
    main = threading.current_thread()
    both = threading.Barrier(2, timeout=60)
    interrupted = threading.Event()
    done = []

    def step():
        both.wait()
        if threading.current_thread() is main:
            interrupted.set()
            raise KeyboardInterrupt
        interrupted.wait()

    def later():
        time.sleep(0.001)
        done.append(1)

    steps = [Step(1, step), Step(1, step), *[Step(1, later)] * 1000]
    with pytest.raises(KeyboardInterrupt):
        do_all(steps, lambda _: None, pool)
    assert len(done) < 1000


def test_the_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(_steps.os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    assert _steps._cores() == 2
    monkeypatch.delattr(_steps.os, "sched_getaffinity")
    monkeypatch.setattr(_steps.os, "cpu_count", lambda: None)
    assert _steps._cores() == 1

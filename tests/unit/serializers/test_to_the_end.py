from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from chainer_compat.serializers._to_the_end import _Worker, do_to_the_end

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


class StopError(Exception):
    pass


@pytest.fixture(autouse=True)
def handler():
    def stop(number, frame):
        raise StopError

    before = signal.signal(signal.SIGUSR1, stop)
    yield
    signal.signal(signal.SIGUSR1, before)


def interrupt():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)


def test_work_is_done():
    done = []
    assert do_to_the_end(lambda: done.append(1)) is None
    assert done == [1]


def test_a_failure_of_the_work_is_raised():
    with pytest.raises(ZeroDivisionError):
        do_to_the_end(lambda: 1 / 0)


@pytest.mark.parametrize("times", [1, 3])
def test_what_a_signal_raises_waits_for_the_end(times):
    done = []

    def work():
        for i in range(times):
            interrupt()
            time.sleep(0.05)
            done.append(i)

    assert isinstance(do_to_the_end(work), StopError)
    assert done == list(range(times))


def test_a_failure_counts_more_than_an_interruption():
    def work():
        interrupt()
        time.sleep(0.05)
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        do_to_the_end(work)


def test_an_interruption_before_the_work_prevents_it(monkeypatch):
    done = []
    start = threading.Thread.start

    def interrupted(thread):
        start(thread)
        raise StopError

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(StopError):
        do_to_the_end(lambda: done.append(1))
    assert not done


def test_without_a_thread_nothing_is_done(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="new thread"):
        do_to_the_end(list)


def test_what_has_begun_cannot_be_prevented():
    worker = _Worker(list)
    worker.wait()
    assert not worker.cancel()

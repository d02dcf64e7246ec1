from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from chainer_compat import serializers
from chainer_compat.errors import SnapshotWriteError
from chainer_compat.training import extensions
from chainer_compat.training.extensions import snapshot_writers
from tests.unit.training.test_snapshot import names, take

ASYNCHRONOUS = ["ThreadWriter", "ProcessWriter", "ThreadQueueWriter", "ProcessQueueWriter"]
WRITERS = ["SimpleWriter", *ASYNCHRONOUS]


def make(name, *args, **kwargs):
    return getattr(snapshot_writers, name)(*args, **kwargs)


def read(path):
    with serializers.NpzArchive(path) as archive:
        return {key: archive[key] for key in archive}


def slowly(path, target, seconds=0.3):
    time.sleep(seconds)
    serializers.save_npz(path, target)


def failing(path, target):
    raise OSError(28, "No space left on device")


def broken(path, target):
    raise ZeroDivisionError("a bug")


def killing(path, target):
    os.kill(os.getpid(), signal.SIGKILL)


def write_and_finalize(writer, folder):
    writer("one", str(folder), {"x": 1})
    writer.finalize()


def write_on(writer, folder):
    for i in range(50):
        writer(f"{i}", str(folder), {"x": 1})
        time.sleep(0.05)


@pytest.fixture(params=WRITERS)
def name(request):
    return request.param


class TestEveryWriter:
    def test_it_writes_what_it_got(self, name, tmp_path):
        writer = make(name)
        arrays = {"x": np.arange(5), "none": np.asarray(None), "text": np.asarray("abc")}
        writer("one", str(tmp_path), arrays)
        writer("two", str(tmp_path), {"x": 2})
        writer.finalize()
        assert names(tmp_path) == ["one", "two"]
        found = read(tmp_path / "one")
        assert (found["x"].tolist(), found["none"][()], found["text"][()]) == (
            [0, 1, 2, 3, 4],
            None,
            "abc",
        )
        assert read(tmp_path / "two")["x"] == 2

    def test_it_writes_the_moment_of_the_call(self, name, tmp_path):
        writer = make(name, slowly)
        array = np.zeros(1000)
        for value in (1, 2, 3):
            array[:] = value
            writer(f"{value}", str(tmp_path), {"x": array})
            array[:] = 99
        writer.finalize()
        assert [set(read(tmp_path / f"{value}")["x"]) for value in (1, 2, 3)] == [{1}, {2}, {3}]

    def test_the_keywords_of_the_saving_function_arrive(self, name, tmp_path):
        writer = make(name, serializers.save_npz, compression=False)
        writer("one", str(tmp_path), {"x": np.zeros(10_000)})
        writer.finalize()
        assert (tmp_path / "one").stat().st_size > 80_000

    @pytest.mark.parametrize("savefun", [failing, broken])
    def test_a_failed_write_is_raised_at_the_latest_by_finalize(self, name, tmp_path, savefun):
        writer = make(name, savefun)
        with pytest.raises((SnapshotWriteError, ZeroDivisionError), match=r"No space left|a bug"):
            write_and_finalize(writer, tmp_path)
        writer.finalize()
        assert names(tmp_path) == []

    def test_a_failed_write_is_raised_at_the_next_snapshot(self, name, tmp_path):
        writer = make(name, failing)
        with pytest.raises(SnapshotWriteError, match="No space left"):
            write_on(writer, tmp_path)
        with contextlib.suppress(SnapshotWriteError):  # of one that was queued meanwhile
            writer.finalize()

    def test_hooks_are_called_after_each_file(self, name, tmp_path):
        writer = make(name)
        writer._add_cleanup_hook(Note(tmp_path / "notes"))
        for i in range(3):
            writer(f"{i}", str(tmp_path), {"x": 1})
        writer.finalize()
        assert (tmp_path / "notes").read_text() == "xxx"

    def test_only_the_last_files_are_kept(self, name, tmp_path):
        take(extensions.snapshot(writer=make(name), n_retains=2), tmp_path, [1, 2, 3, 4])
        assert names(tmp_path) == ["snapshot_iter_3", "snapshot_iter_4"]

    def test_finalize_may_be_called_twice_or_without_any_snapshot(self, name):
        writer = make(name)
        writer.finalize()
        writer.finalize()

    def test_it_can_be_thrown_away_unused(self, name):
        writer = make(name)
        del writer

    def test_another_object_can_be_written(self, name, tmp_path):
        writer = make(name, serializers.save_hdf5)
        writer("one.h5", str(tmp_path), {"x": np.arange(5)})
        writer.finalize()
        assert (tmp_path / "one.h5").read_bytes().startswith(b"\x89HDF")


class Note:
    def __init__(self, path):
        self.path = path

    def __call__(self):
        with Path(self.path).open("a") as file:
            file.write("x")


@pytest.mark.parametrize("name", ASYNCHRONOUS)
class TestAsynchronousWriters:
    def test_training_does_not_wait(self, name, tmp_path):
        started, release = tmp_path / "started", tmp_path / "release"

        def gated(path, target):
            started.touch()
            while not release.exists():
                time.sleep(0.01)
            serializers.save_npz(path, target)

        writer = make(name, gated)
        writer("one", str(tmp_path), {"x": 1})
        while not started.exists():
            time.sleep(0.01)
        assert "one" not in names(tmp_path)
        release.touch()
        writer.finalize()
        assert "one" in names(tmp_path)


class TestBound:
    @pytest.mark.parametrize("name", ["ThreadQueueWriter", "ProcessQueueWriter"])
    def test_no_more_than_one_state_waits(self, name, tmp_path):
        started, release = tmp_path / "started", tmp_path / "release"

        def gated(path, target):
            started.touch()
            while not release.exists():
                time.sleep(0.01)
            serializers.save_npz(path, target)

        writer = make(name, gated)
        done = []

        def produce():
            for i in range(4):
                writer(f"snapshot_{i}", str(tmp_path), {"x": i})
                done.append(i)

        producer = threading.Thread(target=produce)
        producer.start()
        while not started.exists():
            time.sleep(0.01)
        time.sleep(0.3)
        assert done == [0, 1]  # one is being written, one waits, and the third is not taken
        release.touch()
        producer.join()
        writer.finalize()
        found = [int(read(tmp_path / f"snapshot_{i}")["x"]) for i in range(4)]
        assert found == [0, 1, 2, 3]


class TestKilledWorkers:
    @pytest.mark.parametrize("name", ["ProcessWriter", "ProcessQueueWriter"])
    def test_a_killed_worker_is_an_error_and_no_hang(self, name, tmp_path):
        writer = make(name, killing)
        with pytest.raises(SnapshotWriteError, match=r"killed by signal 9|exit code -9"):
            write_and_finalize(writer, tmp_path)
        assert names(tmp_path) == []

    @pytest.mark.parametrize("name", ["ProcessWriter", "ProcessQueueWriter"])
    def test_the_next_snapshot_tells_too(self, name, tmp_path):
        writer = make(name, killing)
        with pytest.raises(SnapshotWriteError):
            write_on(writer, tmp_path)
        writer.finalize()


class TestUsersOwn:
    def test_create_worker_may_return_a_plain_thread(self, tmp_path):
        class Own(snapshot_writers.StandardWriter):
            def create_worker(self, filename, outdir, target, **kwds):
                return threading.Thread(
                    target=self.save, args=(filename, outdir, target, self._savefun), kwargs=kwds
                )

        writer = Own(compression=False)
        writer("one", str(tmp_path), {"x": 1})
        writer("two", str(tmp_path), {"x": 1})
        writer.finalize()
        assert names(tmp_path) == ["one", "two"]

    def test_create_queue_and_consumer_may_be_plain_ones(self, tmp_path):
        import queue

        class Own(snapshot_writers.QueueWriter):
            def create_queue(self):
                return queue.Queue()

            def create_consumer(self, q):
                return threading.Thread(target=self.consume, args=(q,))

        writer = Own()
        writer("one", str(tmp_path), {"x": 1})
        writer.finalize()
        assert names(tmp_path) == ["one"]

    def test_a_task_of_ones_own_is_called(self, tmp_path):
        calls = []
        writer = snapshot_writers.ThreadQueueWriter(task=lambda *args: calls.append(args))
        writer("one", str(tmp_path), {"x": 1})
        writer.finalize()
        assert calls == [("one", str(tmp_path), {"x": 1})]

    @pytest.mark.parametrize(
        ("base", "call"),
        [
            (snapshot_writers.Writer, lambda w: w("a", "b", {})),
            (snapshot_writers.StandardWriter, lambda w: w("a", "b", {})),
        ],
    )
    def test_what_a_subclass_must_override_says_so(self, base, call):
        with pytest.raises(NotImplementedError, match="must override"):
            call(base())

    def test_a_queue_writer_must_override_its_queue(self):
        with pytest.raises(NotImplementedError, match="must override create_queue"):
            snapshot_writers.QueueWriter()

    def test_a_queue_without_a_consumer_says_so(self):
        class Half(snapshot_writers.QueueWriter):
            def create_queue(self):
                return None

        with pytest.raises(NotImplementedError, match="create_consumer"):
            Half()

    def test_hooks_of_any_kind_work_in_a_forked_process(self, tmp_path):
        writer = snapshot_writers.ProcessWriter()
        writer._add_cleanup_hook((tmp_path / "hooked").touch)
        writer("one", str(tmp_path), {"x": 1})
        writer.finalize()
        assert names(tmp_path) == ["hooked", "one"]

    def test_a_hook_that_cannot_go_to_the_process_says_so(self, tmp_path):
        writer = snapshot_writers.ProcessQueueWriter()
        writer._add_cleanup_hook(lambda: None)
        with pytest.raises(SnapshotWriteError, match="must be picklable"):
            writer("one", str(tmp_path), {"x": 1})
        writer.finalize()


def test_without_shared_memory_the_state_goes_through_the_queue(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot_writers, "can_share", lambda: False)
    writer = snapshot_writers.ProcessQueueWriter()
    array = np.arange(5)
    writer("one", str(tmp_path), {"x": array})
    array[:] = 0
    writer.finalize()
    assert read(tmp_path / "one")["x"].tolist() == [0, 1, 2, 3, 4]


def test_states_that_grow_get_more_memory(tmp_path):
    writer = snapshot_writers.ProcessQueueWriter()
    for size in (10, 100_000, 10, 200_000):
        writer(f"{size}", str(tmp_path), {"x": np.arange(size), "y": np.asarray(size)})
        time.sleep(0.05)
    writer.finalize()
    for size in (10, 100_000, 200_000):
        assert read(tmp_path / f"{size}")["x"].tolist() == list(range(size))

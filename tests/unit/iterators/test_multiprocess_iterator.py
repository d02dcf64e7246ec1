from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
import traceback
import warnings

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat.errors import WorkerError
from chainer_compat.iterators import MultiprocessIterator, SerialIterator
from chainer_compat.iterators._shared_arena import PackedArray, SharedArena, bytes_needed
from chainer_compat.serializers import DictionarySerializer, NpzDeserializer
from tests.unit.iterators._datasets import Draws, Examples, Pairs, Pids


def numbers(batch):
    return [i for _, i in batch]


@pytest.fixture
def make():
    made = []

    def make(*args, **kwargs):
        made.append(MultiprocessIterator(*args, **{"n_processes": 2, **kwargs}))
        return made[-1]

    yield make
    for it in made:
        it.finalize()


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_every_start_method_gives_the_same(make, start_method):
    it = make(Pairs(5), 2, shuffle=False, start_method=start_method)

    assert [numbers(next(it)) for _ in range(3)] == [[0, 1], [2, 3], [4, 0]]


def test_an_unknown_start_method_is_refused():
    with pytest.raises(ValueError, match="teleport"):
        MultiprocessIterator([1], 1, start_method="teleport")


EXAMPLES = [
    (np.arange(6, dtype=np.int8).reshape(2, 3), "text", 1),
    [np.zeros((0, 2)), np.float16(3)],
    {"x": np.arange(3.0), "t": None},
    np.arange(4)[::-1],
    (torch.arange(3), torch.ones(1, dtype=torch.bfloat16)),
    (np.array(["a"], dtype=object), np.array(1.5)),
    1,
]


def described(value):
    if isinstance(value, dict):
        return {key: described(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(described, value))
    if isinstance(value, torch.Tensor):
        return value.dtype, value.tolist()
    return (value.dtype, value.tolist()) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("shared_mem", [None, 0, 4096])
def test_examples_arrive_as_they_are(make, shared_mem):
    it = make(Examples(*EXAMPLES), 7, shuffle=False, shared_mem=shared_mem)

    assert [described(next(it)) for _ in range(3)] == [described(EXAMPLES)] * 3


def test_what_has_no_room_in_shared_memory_is_warned_about_once_and_arrives(make):
    it = make(Examples(*[(np.arange(100), np.arange(2))] * 4), 2, shuffle=False, shared_mem=128)

    with pytest.warns(UserWarning, match="Shared memory size is too small") as caught:
        batches = [next(it) for _ in range(4)]

    assert len(caught) == 1
    assert "896 bytes" in str(caught[0].message)
    assert all(x.tolist() == list(range(100)) for batch in batches for x, _ in batch)


def test_a_batch_that_grew_has_room_in_the_pipe(make):
    it = make(Pairs(8), 2, shuffle=False)
    next(it), next(it)
    it.batch_size = 4
    next(it)  # was under way

    assert numbers(next(it)) == [6, 7, 0, 1]


class TestArena:
    def test_packed_arrays_start_aligned_and_come_back_as_copies(self):
        arena = SharedArena(multiprocessing.get_context("fork"), 2, 2, 192)
        packed, needed = arena.pack((np.arange(3), np.float64(1), np.ones((2, 2))), 1, 1)

        assert needed == 128
        assert [type(part) for part in packed] == [PackedArray, np.float64, PackedArray]
        first = arena.unpack(packed)[0]
        assert arena._view(packed[0]).__array_interface__["data"][0] % 64 == 0
        arena._view(packed[0])[...] = 7
        assert first.tolist() == [0, 1, 2]

    def test_bytes_needed_counts_all_arrays(self):
        array = np.zeros(10, np.int8)

        assert bytes_needed((array, [array])) == 64
        assert bytes_needed({"a": array, "b": torch.zeros(17)}) == 192
        assert bytes_needed(array) == 64
        assert bytes_needed(1) == 0


class TestFailures:
    def test_an_exception_has_the_traceback_of_the_worker_as_its_cause(self, make):
        it = make(Pairs(6, fail=4), 2, shuffle=False)
        next(it), next(it)

        with pytest.raises(KeyError, match="broken example") as caught:
            next(it)

        told = "".join(traceback.format_exception(caught.value))
        assert 'raise KeyError("broken example")' in told
        assert "get_example" in told

    def test_an_exception_in_the_first_batch_is_raised_as_it_is(self, make):
        with pytest.raises(KeyError, match="broken example"):
            next(make(Pairs(6, fail=1), 2, shuffle=False))

    @pytest.mark.parametrize(
        ("how", "message"),
        [
            ("fail_unpicklably", "LocalError.*cannot be pickled: lost"),
            ("fail_unrestorably", "NeedsTwoError.*cannot be pickled: a"),
            ("stop", "StopIteration"),
        ],
    )
    def test_exceptions_that_do_not_get_across_are_told_of(self, make, how, message):
        it = make(Pairs(6, **{how: 3}), 2, shuffle=False)
        next(it)

        with pytest.raises(WorkerError, match=message) as caught:
            next(it)
        assert f"in {how}" in str(caught.value.__cause__)

    @pytest.mark.parametrize(
        ("how", "message"), [("end", "with exit code 3"), ("be_killed", "killed by SIGKILL")]
    )
    def test_a_dead_worker_is_an_error_and_others_take_over(self, make, how, message):
        dataset = Pairs(6, **{how: 3})
        it = make(dataset, 2, shuffle=False, n_processes=1)
        next(it)

        for _ in range(2):
            with pytest.raises(WorkerError, match=rf"{message}, over the examples \[2, 3"):
                next(it)

        dataset.misbehaviour = {}
        assert numbers(next(it)) == [2, 3]

    def test_a_worker_that_dies_while_it_is_idle(self, make):
        it = make(Pairs(6), 2, shuffle=False)
        next(it), next(it)
        for worker in it._pool.workers:
            os.kill(worker.process.pid, signal.SIGKILL)
            worker.process.join()

        with pytest.raises(WorkerError, match="SIGKILL"):
            list(it)

    def test_an_example_that_cannot_be_pickled_is_told_of(self, make):
        it = make(Examples(1, 2, lambda: 3, 4), 2, shuffle=False)
        next(it)

        with pytest.raises(Exception, match="pickle"):
            next(it)

    def test_a_dataset_that_cannot_be_spawned_is_told_of(self, make):
        it = make(Examples(lambda: 1), 1, start_method="spawn", shared_mem=0)

        # Pythons say it in different words.
        with pytest.raises(Exception, match=r"pickle|get local object"):
            next(it)
        assert multiprocessing.active_children() == []


class TestTimeout:
    def test_a_slow_batch_is_warned_about(self, make):
        it = make(Pairs(6, dawdle=4), 2, shuffle=False, dataset_timeout=0.05)

        # On a busy machine the batches before it may be slow too.
        with pytest.warns(MultiprocessIterator.TimeoutWarning, match="Stalled dataset"):
            assert [numbers(next(it)) for _ in range(3)] == [[0, 1], [2, 3], [4, 5]]

    def test_a_slow_first_batch_too(self, make):
        it = make(Pairs(6, dawdle=0), 2, shuffle=False, dataset_timeout=0.05)

        with pytest.warns(MultiprocessIterator.TimeoutWarning, match="Stalled dataset"):
            assert numbers(next(it)) == [0, 1]

    @pytest.mark.parametrize("slow", [0, 2])
    def test_as_an_error_it_loses_nothing(self, make, slow):
        it = make(Pairs(6, dawdle=slow), 2, shuffle=False, dataset_timeout=0.05)
        batches, stalls = [], 0
        with warnings.catch_warnings():
            warnings.simplefilter("error", MultiprocessIterator.TimeoutWarning)
            while len(batches) < 3:
                before = it.epoch_detail
                try:
                    batches.append(numbers(next(it)))
                except MultiprocessIterator.TimeoutWarning:
                    stalls += 1
                    assert it.epoch_detail == before

        assert stalls
        assert batches == [[0, 1], [2, 3], [4, 5]]

    def test_none_waits_in_silence(self, make):
        it = make(Pairs(2, dawdle=0), 2, shuffle=False, dataset_timeout=None)

        assert numbers(next(it)) == [0, 1]


class TestWorkers:
    def test_they_keep_to_one_thread_and_leave_signals_to_the_main_process(self, make):
        it = make(Pids(), 4, shared_mem=0)
        pids = {pid for pid, *_ in next(it)}

        assert os.getpid() not in pids
        assert len(pids) == 2
        (_, n_threads, handlers), *_ = next(it)
        assert n_threads == 1
        assert handlers == [signal.SIG_IGN, signal.SIG_DFL]

    def test_they_are_replaced_after_maxtasksperchild_pieces(self, make):
        it = make(Pids(), 4, shared_mem=0, maxtasksperchild=2)
        pids = [{pid for pid, *_ in next(it)} for _ in range(6)]

        assert pids[0] == pids[1]
        assert len(set.union(*pids)) == 6

    def test_there_are_as_many_as_cpus_by_default(self):
        assert MultiprocessIterator([1], 1).n_processes == multiprocessing.cpu_count()

    def test_opencv_keeps_to_one_thread(self, make, monkeypatch):
        class Cv2:
            @staticmethod
            def setNumThreads(number):
                Cv2.number = number

        monkeypatch.setitem(sys.modules, "cv2", Cv2)

        class Asking(Pids):
            def get_example(self, i):
                return sys.modules["cv2"].number

        assert next(make(Asking(), 4, shared_mem=0)) == [0] * 4

    def test_a_forked_process_has_its_own(self, make):
        it = make(Pairs(6), 2, shuffle=False)
        next(it)
        receiving, sending = multiprocessing.get_context("fork").Pipe()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*use of fork.*", DeprecationWarning)
            pid = os.fork()
        if not pid:
            sending.send(numbers(next(it)))
            it.finalize()
            os._exit(0)
        os.waitpid(pid, 0)

        assert receiving.recv() == [2, 3]
        assert numbers(next(it)) == [2, 3]
        assert numbers(next(it)) == [4, 5]


class TestRandomNumbers:
    def test_no_two_examples_are_alike_and_the_main_process_draws_nothing(self, make):
        it = make(Draws(), 4)
        before = np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        drawn = [example[:3] for _ in range(3) for example in next(it)]

        assert len({x for triple in drawn for x in triple}) == 36
        assert (np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before

    def test_the_same_seed_gives_the_same(self, make):
        np.random.seed(7)
        first = [next(it) for it in [make(Draws(), 5)] for _ in range(5)]
        np.random.seed(7)
        second = [next(it) for it in [make(Draws(), 5)] for _ in range(5)]
        np.random.seed(8)
        third = [next(it) for it in [make(Draws(), 5)] for _ in range(5)]

        assert first == second
        assert first != third

    @pytest.mark.parametrize("done", [1, 3, 4])
    def test_a_resumed_run_draws_the_same(self, make, done):
        it = make(Draws(), 5)
        for _ in range(done):
            next(it)
        stored = DictionarySerializer()
        it.serialize(stored)
        state = np.random.get_state()
        expected = [next(it) for _ in range(4)]

        np.random.seed(99)
        other = make(Draws(), 5)
        other.serialize(NpzDeserializer(stored.target))
        np.random.set_state(state)

        assert [next(other) for _ in range(4)] == expected


def test_the_first_batch_sees_the_configuration_of_this_thread(make):
    class Asking(Pids):
        def get_example(self, i):
            return chainer.config.train

    it = make(Asking(), 4)
    with chainer.using_config("train", False):
        assert [next(it), next(it)] == [[False] * 4] * 2


def test_a_snapshot_of_an_unshuffled_iterator_can_be_made(make):
    it = make(Pairs(4), 2, shuffle=False)
    next(it)
    stored = DictionarySerializer()
    it.serialize(stored)
    serial = SerialIterator(Pairs(4), 2, shuffle=False)
    serial.serialize(NpzDeserializer(stored.target))

    assert numbers(next(serial)) == [2, 3]


SCRIPT = """
import os, signal, sys, time
from chainer_compat.iterators import MultiprocessIterator

class Slow:
    def __len__(self):
        return 100
    def __getitem__(self, i):
        time.sleep(0.05)
        return i

it = MultiprocessIterator(Slow(), 2, n_processes=2, shared_mem=0)
next(it)
print(*(worker.process.pid for worker in it._pool.workers), flush=True)
while True:
    next(it)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_the_main_process(number):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pids = [int(pid) for pid in process.stdout.readline().split()]
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as Ctrl-C does
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert len(pids) == 2
    assert ("KeyboardInterrupt" in errors) == (number == signal.SIGINT)
    deadline = time.monotonic() + 30
    while any(map(_is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(_is_running, pids))


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as status:  # noqa: PTH123 -- no path of ours
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

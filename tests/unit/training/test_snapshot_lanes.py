"""Copies beside the training, on a simulated GPU: streams run when, and in the order, we say."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pytest
import torch

from chainer_compat import serializers
from chainer_compat.training import extensions
from chainer_compat.training.extensions import (
    _snapshot_lanes,
    _snapshot_state,
    snapshot_writers,
)
from chainer_compat.training.extensions._snapshot_lanes import CudaQueue, Lane, gpu_tensor
from tests.unit.training.test_snapshot import StubTrainer

ORDERS = ("training first", "copies first")


class Event:
    def __init__(self, gpu):
        self.gpu = gpu
        self.happened = False

    def synchronize(self):
        self.gpu.waiting_threads.append(threading.current_thread())
        self.gpu.run(until=self)
        assert self.happened


class Stream:
    """A queue of work; a wait holds up what comes after it."""

    def __init__(self, gpu):
        self.gpu = gpu
        self.work = []

    def wait_stream(self, stream):
        self.wait_event(stream.record_event())

    def wait_event(self, event):
        self.work.append(lambda: event.happened)

    def record_event(self):
        event = Event(self.gpu)

        def record():
            event.happened = True
            return True

        self.work.append(record)
        return event

    def step(self):
        if self.work and self.work[0]():
            del self.work[0]
            return True
        return False


class GPU:
    """Runs what is queued as late as it may, in one of two orders."""

    def __init__(self, order):
        self.order = order
        self.training = Stream(self)
        self.streams = [self.training]
        self.active = self.training
        self.buffers = 0
        self.waiting_threads = []

    def queue(self, work):
        self.active.work.append(lambda: work() or True)

    def run(self, until=None):
        streams = self.streams if self.order == "training first" else self.streams[::-1]
        while not (until and until.happened) and any(stream.step() for stream in streams):
            pass

    def new_stream(self):
        self.streams.append(Stream(self))
        return self.streams[-1]

    def current_stream(self):
        return self.active

    @contextlib.contextmanager
    def on(self, stream):
        self.active, before = stream, self.active
        yield
        self.active = before

    def host_buffer(self, tensor):
        self.buffers += 1
        return Tensor(self, np.full_like(tensor.data, -1))


class Tensor:
    def __init__(self, gpu, data):
        self.gpu = gpu
        self.data = data
        self.recorded = []

    shape = property(lambda self: self.data.shape)
    dtype = property(lambda self: self.data.dtype)
    device = "simulated"

    def record_stream(self, stream):
        self.recorded.append(stream)

    def copy_(self, other, non_blocking):
        assert non_blocking
        assert self.gpu.active is not self.gpu.training
        self.gpu.queue(lambda: np.copyto(self.data, other.data))

    def fill_(self, value):
        """What an update in place does."""
        self.gpu.queue(lambda: self.data.fill(value))


@pytest.fixture(params=ORDERS)
def gpu(request):
    return GPU(request.param)


def values(transfer):
    return {key: buffer.data.tolist() for key, buffer in transfer.wait().items()}


class TestLane:
    def test_a_copy_holds_the_moment_between_two_updates(self, gpu):
        w, b = (Tensor(gpu, np.zeros(2)) for _ in range(2))
        lane = Lane(gpu)
        w.fill_(1)
        b.fill_(2)
        transfer = lane.start({"w": w, "b": b})
        w.fill_(8)
        b.fill_(9)
        assert values(transfer) == {"w": [1, 1], "b": [2, 2]}
        gpu.run()
        assert (w.data.tolist(), b.data.tolist()) == ([8, 8], [9, 9])

    def test_nothing_is_waited_for_until_the_copies_are_read(self, gpu):
        w = Tensor(gpu, np.zeros(2))
        w.fill_(1)
        transfer = Lane(gpu).start({"w": w})
        assert (gpu.waiting_threads, w.data.tolist()) == ([], [0, 0])
        transfer.wait()
        assert gpu.waiting_threads == [threading.current_thread()]

    def test_memory_that_is_being_read_is_kept_from_others(self, gpu):
        w = Tensor(gpu, np.zeros(2))
        Lane(gpu).start({"w": w})
        assert w.recorded == gpu.streams[1:]

    def test_the_next_copies_go_into_the_same_memory(self, gpu):
        w = Tensor(gpu, np.zeros(2))
        lane = Lane(gpu)
        first = lane.start({"w": w}).wait()["w"]
        w.fill_(3)
        transfer = lane.start({"w": w})
        assert values(transfer) == {"w": [3, 3]}
        assert transfer.wait()["w"] is first
        lane.start({"w": Tensor(gpu, np.zeros(5))})
        assert gpu.buffers == 2
        assert len(gpu.streams) == 2

    def test_the_training_waits_for_what_was_queued_also_when_queueing_fails(self, gpu):
        w = Tensor(gpu, np.zeros(2))
        broken = Tensor(gpu, np.zeros(2))
        broken.record_stream = None
        w.fill_(1)
        lane = Lane(gpu)
        with pytest.raises(TypeError):
            lane.start({"w": w, "broken": broken})
        w.fill_(2)
        gpu.run()
        assert all(stream.work == [] for stream in gpu.streams)


@pytest.fixture
def simulated(gpu, monkeypatch):
    """Snapshots take the simulated GPU's tensors for real ones."""

    def of(value):
        return value if isinstance(value, Tensor) else None

    def to_numpy(value, key="value"):
        return real(value.data if isinstance(value, Tensor) else value, key)

    real = _snapshot_state.to_numpy
    monkeypatch.setattr(_snapshot_state, "gpu_tensor", of)
    monkeypatch.setattr(_snapshot_state, "CudaQueue", lambda device: gpu)
    monkeypatch.setattr(_snapshot_state, "to_numpy", to_numpy)
    monkeypatch.setattr("chainer_compat.serializers._dictionary.to_numpy", to_numpy)
    return gpu


class Model:
    def __init__(self, gpu):
        self.w = Tensor(gpu, np.zeros(3, np.float32))
        self.host = np.zeros(2)

    def update(self, value):
        self.w.fill_(value)
        self.host.fill(value)

    def serialize(self, serializer):
        part = serializer["part"]
        part("host", self.host)
        part("w", self.w)
        part("count", 5)


def read(path):
    with serializers.NpzArchive(path) as archive:
        return {key: archive[key].tolist() for key in archive}


@pytest.mark.parametrize("name", ["ThreadWriter", "ThreadQueueWriter"])
def test_a_thread_writes_one_moment_and_waits_for_it_alone(simulated, tmp_path, name):
    model = Model(simulated)
    trainer = StubTrainer(tmp_path)
    writer = getattr(snapshot_writers, name)()
    extension = extensions.snapshot(target=model, filename="{.updater.iteration}", writer=writer)
    for iteration in range(1, 5):
        trainer.updater.iteration = iteration
        model.update(iteration)
        extension(trainer)
        model.update(-iteration)
    writer.finalize()
    for iteration in range(1, 5):
        assert read(tmp_path / f"{iteration}") == {
            "part/host": [iteration] * 2,
            "part/w": [iteration] * 3,
            "part/count": 5,
        }
    assert len(simulated.waiting_threads) == 4
    assert threading.main_thread() not in simulated.waiting_threads
    assert simulated.buffers <= 2


@pytest.mark.parametrize("base", ["ThreadWriter", "ThreadQueueWriter", "SimpleWriter"])
def test_others_get_arrays(simulated, tmp_path, base):
    """A class of the user's may look into what it is given."""

    class Own(getattr(snapshot_writers, base)):
        def __call__(self, filename, outdir, target):
            assert isinstance(target["part/w"], np.ndarray)
            super().__call__(filename, outdir, target)

    writer = Own()
    extension = extensions.snapshot(target=Model(simulated), filename="x", writer=writer)
    extension(StubTrainer(tmp_path))
    writer.finalize()
    assert read(tmp_path / "x")["part/w"] == [0, 0, 0]
    assert simulated.waiting_threads == []


def test_an_error_of_the_gpu_is_raised_like_that_of_a_write(simulated, tmp_path):
    def fail(event):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    writer = snapshot_writers.ThreadWriter()
    extension = extensions.snapshot(target=Model(simulated), filename="x", writer=writer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Event, "synchronize", fail)
        extension(StubTrainer(tmp_path))
        with pytest.raises(OSError, match="illegal memory access"):
            writer.finalize()
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "value",
    [torch.zeros(2), np.zeros(2), 1.0, "text", None, torch.zeros(2, device="meta")],
)
def test_what_is_on_no_gpu_goes_the_usual_way(value):
    assert gpu_tensor(value) is None


def test_the_calls_that_cuda_gets(monkeypatch):
    """The names and arguments; what they do needs a GPU."""
    device = torch.device("cuda", 1)
    for name in ("Stream", "current_stream", "stream"):
        monkeypatch.setattr(torch.cuda, name, lambda x, name=name: (name, x))
    monkeypatch.setattr(torch, "empty", lambda shape, **options: (tuple(shape), options))
    queue = CudaQueue(device)
    assert queue.new_stream() == ("Stream", device)
    assert queue.current_stream() == ("current_stream", device)
    assert queue.on("side") == ("stream", "side")
    buffer = queue.host_buffer(torch.zeros((2, 3), dtype=torch.bfloat16))
    assert buffer == ((2, 3), {"dtype": torch.bfloat16, "pin_memory": True})


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpus_tensors_are_copied_in_the_moment_of_the_call():
    w = torch.zeros(4_000_000, device="cuda")
    half = torch.zeros(3, dtype=torch.bfloat16, device="cuda")
    held = _snapshot_state.HeldState()
    for value in range(1, 4):
        w.fill_(value)
        half.fill_(value)
        state = held.start({"n": 1, "w": w, "half": half})
        w.fill_(-value)
        half.fill_(-value)
        found = _snapshot_state.unshared(state)
        assert list(found) == ["n", "w", "half"]
        assert np.unique(found["w"]).tolist() == [value]
        assert found["half"].tolist() == [value] * 3
    assert _snapshot_lanes.gpu_tensor(w) is not None

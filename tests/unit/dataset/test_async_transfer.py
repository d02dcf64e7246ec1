from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch

from chainer_compat import backend
from chainer_compat.backends import _crossing
from chainer_compat.dataset import ConcatWithAsyncTransfer, Conveyor, concat_examples

BATCHES = [
    [(1, np.zeros(2)), (2, np.ones(2))],
    [{"x": 1, "t": 2.0}, {"x": 3, "t": 4.0}],
    [np.zeros(2), np.ones(2)],
]


def plain(result):
    if isinstance(result, dict):
        return {key: part.tolist() for key, part in result.items()}
    return [part.tolist() for part in result]


@pytest.mark.parametrize("device", [None, -1, "@numpy"])
@pytest.mark.parametrize("batch", BATCHES)
def test_without_a_gpu_it_is_concat_examples(batch, device):
    assert plain(ConcatWithAsyncTransfer()(batch, device)) == plain(concat_examples(batch, device))


def test_padding():
    result = ConcatWithAsyncTransfer()([np.zeros(1), np.ones(2)], -1, padding=9)

    assert result.tolist() == [[0, 9], [1, 1]]


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="empty"):
        ConcatWithAsyncTransfer()([], -1)


def test_the_device_stays_the_same():
    converter = ConcatWithAsyncTransfer()
    converter([1], -1)
    converter([1], "@numpy")

    with pytest.raises(ValueError, match="device is different: None now, @numpy"):
        converter([1], None)


def test_a_conveyor_without_a_stream_sends_at_once():
    conveyor = Conveyor(-1)
    first, second = np.zeros(1), np.ones(1)
    conveyor.put(first)
    conveyor.put(second)

    assert conveyor.get() is first
    assert conveyor.get(sync=False) is second


class FakeStream:
    """A stream that writes down what it is asked."""

    def __init__(self, name, log):
        self.name = name
        self.log = log

    def record_event(self):
        self.log.append(f"{self.name} records")
        return f"event of {self.name}"

    def wait_event(self, event):
        self.log.append(f"{self.name} waits for {event}")


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that is the CPU in truth, and the log of what streams are asked."""
    log = []

    class FakeGpu(backend.GpuDevice):
        torch_device = torch.device("cpu")

        def __init__(self):
            pass

        def __eq__(self, other):
            return self is other

        __hash__ = object.__hash__

    def pin_memory(tensor):
        log.append("pin")
        return tensor

    def record_stream(tensor, stream):
        log.append(f"kept for {stream.name}")

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin_memory)
    monkeypatch.setattr(torch.Tensor, "record_stream", record_stream)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: FakeStream("side", log))
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: FakeStream("current", log))
    monkeypatch.setattr(
        torch.cuda, "ExternalStream", lambda ptr, device: FakeStream(f"external {ptr}", log)
    )
    monkeypatch.setattr(_crossing, "cupy_or_none", lambda: None)
    return FakeGpu(), log


def test_copies_run_in_a_side_stream_and_the_current_one_waits_for_them(gpu):
    device, log = gpu
    converter = ConcatWithAsyncTransfer()
    x, t = converter([(1, 2.0), (3, 4.0)], device)

    assert (x.tolist(), t.tolist()) == ([1, 3], [2.0, 4.0])
    assert isinstance(x, torch.Tensor)
    assert log == [
        "pin",
        "side records",
        "pin",
        "side records",
        "current waits for event of side",
        "kept for current",
        "current waits for event of side",
        "kept for current",
    ]


def test_streams_of_cupy_and_a_compute_stream(gpu):
    class CupyStream:
        def __init__(self, ptr):
            self.ptr = ptr

    device, log = gpu
    converter = ConcatWithAsyncTransfer(CupyStream(1), CupyStream(2))
    converter([torch.ones(2)], device)

    assert log == [
        "pin",
        "external 1 records",
        "external 2 waits for event of external 1",
        "kept for external 2",
    ]


def test_without_sync_the_caller_sees_to_it(gpu):
    device, log = gpu
    conveyor = Conveyor(device, FakeStream("mine", log))
    conveyor.put(np.zeros(1))
    conveyor.get(sync=False)

    assert log == ["pin", "mine records", "kept for current"]


def test_with_cupy_arrays_become_its_arrays_and_tensors_stay_tensors(gpu, monkeypatch):
    device, _ = gpu
    monkeypatch.setattr(_crossing, "cupy_or_none", lambda: "cupy")
    converter = ConcatWithAsyncTransfer()
    array, tensor = converter([(np.zeros(1), torch.zeros(1))], device)

    # `as_raw` gives NumPy's array for this fake GPU's tensor.
    assert isinstance(array, np.ndarray)
    assert isinstance(tensor, torch.Tensor)

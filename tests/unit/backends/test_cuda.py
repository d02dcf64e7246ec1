"""What of `cuda` works on a machine with no GPU, and how the rest refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import backend
from chainer_compat.backends import _crossing, cuda

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="tells of a machine with no GPU")

X = np.arange(3, dtype=np.float32)


def test_nothing_is_available() -> None:
    assert cuda.available is False
    assert cuda.cudnn_enabled is False
    assert chainer.cuda.available is False


@pytest.mark.parametrize(
    "ask",
    [
        cuda.check_cuda_available,
        lambda: cuda.get_device_from_id(0),
        lambda: cuda.get_device(0),
        lambda: cuda.to_gpu(X),
        lambda: cuda.copy(X),
        lambda: cuda.elementwise("", "", "", ""),
        lambda: cuda.reduce("", "", "", "", "", "", ""),
        lambda: cuda.raw("", ""),
        lambda: cuda.Device(0),
        lambda: chainer.Variable(X).to_gpu(),
        lambda: chainer.Link().to_gpu(),
        lambda: backend.GpuDevice.from_device_id(0),
    ],
)
def test_what_needs_a_gpu_says_what_to_do(ask: Callable[[], Any]) -> None:
    with pytest.raises(RuntimeError, match="Run on the CPU"):
        ask()


def test_a_negative_number_is_no_gpu_for_gpu_device() -> None:
    with pytest.raises(ValueError, match="from 0 on"):
        backend.GpuDevice.from_device_id(-1)


def test_the_dummy_device_stands_for_the_cpu() -> None:
    dummies = [
        cuda.get_device_from_id(-1),
        cuda.get_device_from_id(None),
        cuda.get_device_from_array(X),
        cuda.get_device(),
        cuda.get_device("f", None, X, -1),
        cuda.get_device(cuda.DummyDevice),
    ]
    assert all(d == cuda.DummyDevice for d in dummies)
    with cuda.DummyDevice as device:
        device.use()
        device.synchronize()
        assert int(device) == device.id == -1
    assert repr(device) == "<CUDA DummyDevice>"
    assert {device: 1}[cuda.DummyDeviceType()] == 1


def test_to_cpu_keeps_structure_and_identity() -> None:
    assert cuda.to_cpu(X) is X
    first, nothing = cuda.to_cpu([X, None])
    assert first is X
    assert nothing is None


@pytest.mark.skipif(_crossing.cupy_or_none() is not None, reason="CuPy is installed")
def test_without_cupy_its_names_exist_and_fail_only_when_used() -> None:
    assert repr(cuda.cupy) == "<cupy: not installed>"
    assert not hasattr(cuda.cupy, "__wrapped__")
    assert not isinstance(X, cuda.ndarray)
    for stream in (cuda.Stream(), cuda.Event()):
        with stream as entered:
            entered.synchronize()
    for ask in (lambda: cuda.cupy.zeros(1), lambda: cuda.ndarray(1)):
        with pytest.raises(ImportError, match=r"chainer-compat\[cuda\]"):
            ask()


def test_fuse_leaves_a_function_as_it_is_without_cupy() -> None:
    def double(x: int) -> int:
        return 2 * x

    assert cuda.fuse(double)(2) == 4
    assert cuda.fuse(kernel_name="k")(double)(2) == 4


def test_memoize_calls_once_for_each_set_of_arguments_until_it_is_cleared() -> None:
    calls = []

    @cuda.memoize(for_each_device=True)
    def remember(x: int, y: int = 0) -> int:
        calls.append((x, y))
        return x + y

    assert [remember(1), remember(1), remember(1, y=2)] == [1, 1, 3]
    assert calls == [(1, 0), (1, 2)]
    cuda.clear_memo()
    remember(1)
    assert len(calls) == 3


def test_cudnn_is_never_to_be_used() -> None:
    assert not cuda.should_use_cudnn(">=auto")
    assert not chainer.should_use_cudnn("==always", 5000)
    assert not cuda.should_use_cudnn_tensor_core(np.float16)


def test_the_workspace_size_is_remembered() -> None:
    before = cuda.get_max_workspace_size()
    cuda.set_max_workspace_size(1024)
    assert cuda.get_max_workspace_size() == 1024
    cuda.set_max_workspace_size(before)


def test_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = cuda.no_such_name


def test_what_is_of_cupys_or_cudnns_says_so() -> None:
    with pytest.raises(NotImplementedError, match="n_step_lstm"):
        cuda.get_cudnn_dropout_states()
    assert not isinstance(np.ones(1), cuda.ndarray)
    if cuda.ndarray.__module__.startswith("chainer_compat"):
        array = cuda.ndarray.__new__(cuda.ndarray)
        for use in (lambda: array.shape, lambda: array.device, array.get, lambda: array.set(None)):
            with pytest.raises(ImportError, match="CuPy"):
                use()

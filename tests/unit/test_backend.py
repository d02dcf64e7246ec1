"""Devices and array modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import backend
from chainer_compat.backends import cuda, intel64

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="tells of a machine with no GPU")


@pytest.mark.parametrize("spec", [-1, "-1", "@numpy", "native", "native:0", np, ("native", 0)])
def test_specifiers_of_the_cpu(spec: Any) -> None:
    device = chainer.get_device(spec)
    assert isinstance(device, backend.CpuDevice)
    assert (device.name, str(device), device.xp) == ("@numpy", "@numpy", np)
    assert device.torch_device == torch.device("cpu")


def test_a_device_is_its_own_specifier() -> None:
    device = chainer.get_device(-1)
    assert chainer.get_device(device) is device
    assert chainer.get_device(cuda.DummyDevice) == device
    assert {device: 1}[chainer.get_device("@numpy")] == 1


@no_gpu
@pytest.mark.parametrize("spec", [0, "0", "@cupy:0", "cuda:0", "cuda", ("cuda", 0)])
def test_a_gpu_where_there_is_none_says_what_to_do(spec: Any) -> None:
    with pytest.raises(RuntimeError, match="Run on the CPU"):
        chainer.get_device(spec)


@pytest.mark.parametrize("spec", ["foo", "@cupy", "@cupy:x", "@numpy0"])
def test_a_text_that_is_no_specifier_is_a_value_error(spec: str) -> None:
    with pytest.raises(ValueError, match=spec):
        chainer.get_device(spec)


@pytest.mark.parametrize("spec", [None, 1.5, (0,), True])
def test_what_is_no_specifier_at_all_is_a_type_error(spec: Any) -> None:
    with pytest.raises(TypeError, match="device specifier"):
        chainer.get_device(spec)


def test_ideep_and_chainerx_say_what_took_their_place() -> None:
    with pytest.raises(RuntimeError, match="oneDNN"):
        chainer.get_device("@intel64")
    with pytest.raises(RuntimeError, match="oneDNN"):
        intel64.check_ideep_available()
    with pytest.raises(RuntimeError, match="oneDNN"):
        intel64.mdarray()
    with pytest.raises(RuntimeError, match="@numpy"):
        backend.ChainerxDevice(None)
    with pytest.raises(RuntimeError, match="@numpy"):
        backend.to_chx(np.zeros(1))
    x = np.zeros(1)
    assert backend.from_chx(x) is x
    assert not intel64.is_ideep_available()
    assert not intel64.should_use_ideep(">=auto")
    assert not intel64.inputs_all_ready([x])
    with pytest.raises(ValueError, match="sometimes"):
        intel64.should_use_ideep("sometimes")


def test_sending_to_the_cpu_passes_on_what_is_there_and_keeps_the_structure() -> None:
    device = chainer.get_device(-1)
    x = np.zeros(2)
    assert device.send(x) is x
    first, second, nothing = device.send([x, x, None])
    assert first is x
    assert second is x
    assert nothing is None
    assert isinstance(device.send((x,)), tuple)
    np.testing.assert_array_equal(device.send(torch.ones(2)), np.ones(2))
    assert device.send(3).shape == ()
    with pytest.raises(TypeError, match="dict"):
        device.send({})


def test_a_device_knows_its_arrays() -> None:
    device = chainer.get_device(-1)
    assert device.is_array_supported(np.zeros(1))
    assert not device.is_array_supported([0])
    assert backend.CpuDevice.from_array(torch.zeros(1)) == device
    assert backend.CpuDevice.from_array([0]) is None
    assert backend.get_device_from_array(np.zeros(1), None) == device


def test_a_device_is_used_by_using_device_and_is_no_context_itself() -> None:
    with chainer.using_device(-1) as device:
        device.use()
        assert device == chainer.get_device(-1)
    with pytest.raises(RuntimeError, match="using_device"), device:
        pass  # pragma: no cover -- entering raises


def test_a_device_of_no_kind_has_no_arrays() -> None:
    plain = backend.Device()
    for ask in (lambda: plain.name, lambda: plain.torch_device, lambda: plain.send_array(1)):
        with pytest.raises(NotImplementedError):
            ask()


def test_the_array_module_of_numpy_and_of_nothing_is_numpy() -> None:
    variable = chainer.Variable(np.zeros(1))
    assert backend.get_array_module(np.zeros(1), None, 3, variable) is np


def test_copyto_casts_and_crosses_libraries() -> None:
    x = np.zeros(2, np.float32)
    backend.copyto(x, np.array([1.5, 2.5]))
    np.testing.assert_array_equal(x, [1.5, 2.5])
    backend.copyto(x, torch.tensor([3.0, 4.0]))
    np.testing.assert_array_equal(x, [3, 4])
    t = torch.zeros(2)
    backend.copyto(t, x)
    np.testing.assert_array_equal(t, [3, 4])
    with pytest.raises(TypeError, match="list"):
        backend.copyto([0], x)


def test_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = backend.no_such_name

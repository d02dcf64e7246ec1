"""The crossing between raw arrays and tensors copies nothing that can be viewed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import chainer_compat as chainer
from chainer_compat.backends import _crossing

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]


@given(hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, min_side=0)))
def test_an_array_and_its_tensor_share_memory_both_ways(array: np.ndarray[Any, Any]) -> None:
    tensor = _crossing.as_tensor(array)
    back = _crossing.as_raw(tensor)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    np.testing.assert_array_equal(back, array)
    assert array.size == 0 or np.shares_memory(back, array)


@pytest.mark.parametrize(
    "array",
    [np.arange(4.0)[::-1], np.arange(4.0).astype(">f8"), np.broadcast_to(np.float32(1), (3,))],
    ids=["negative strides", "foreign byte order", "read-only"],
)
def test_what_torch_cannot_view_is_copied(array: np.ndarray[Any, Any]) -> None:
    assert not _crossing.shares_memory(array)
    np.testing.assert_array_equal(_crossing.as_tensor(array), array)


def test_scalars_tensors_and_variables_cross() -> None:
    tensor = torch.zeros(2)
    assert _crossing.as_tensor(tensor) is tensor
    assert _crossing.as_tensor(2.5).item() == 2.5
    assert _crossing.as_tensor(np.float32(2.5)).dtype is torch.float32
    variable = chainer.Variable(np.zeros(2, np.float32))
    assert _crossing.as_tensor(variable) is variable.tensor


@pytest.mark.parametrize("value", ["text", [1], None, np.array(["a"]), np.array([None])])
def test_what_is_no_array_of_numbers_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        _crossing.as_tensor(value)


def test_dtypes_that_only_one_side_has_are_a_type_error() -> None:
    with pytest.raises(TypeError, match="cast the tensor to float32"):
        _crossing.numpy_dtype(torch.bfloat16)
    with pytest.raises(TypeError, match="torch has no dtype"):
        _crossing.torch_dtype("U3")
    for name in DTYPES:
        assert _crossing.numpy_dtype(_crossing.torch_dtype(name)) == np.dtype(name)


def test_conjugate_views_cross_with_their_values() -> None:
    tensor = torch.tensor([1 + 2j]).conj()
    np.testing.assert_array_equal(_crossing.as_raw(tensor), [1 - 2j])


def test_a_gradient_of_zeros_without_memory_crosses() -> None:
    zero = torch._efficientzerotensor((2,))
    np.testing.assert_array_equal(_crossing.as_raw(zero), [0, 0])

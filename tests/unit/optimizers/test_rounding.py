"""Sums and roots come out as NumPy rounds them, and so as Chainer has them on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from chainer_compat.optimizers._rounding import add_products, take_roots


def numbers(dtype: Any) -> list[Any]:
    random = np.random.RandomState(0)
    return [random.normal(1, 1, shape).astype(dtype) for shape in ((4096,), (3, 5), (1,))]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_product_is_rounded_before_it_is_added(dtype: Any) -> None:
    values = numbers(dtype)
    sums = [np.ones_like(value) for value in values]
    tensors = [torch.from_numpy(total.copy()) for total in sums]
    add_products(tensors, [torch.from_numpy(value) for value in values], -0.013)
    for total, value, tensor in zip(sums, values, tensors, strict=True):
        total += dtype(-0.013) * value
        np.testing.assert_array_equal(tensor.numpy(), total)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_roots_are_rounded_to_the_nearest(dtype: Any) -> None:
    squares = [abs(value) for value in numbers(dtype)]
    tensors = [torch.from_numpy(square.copy()) for square in squares]
    take_roots(tensors)
    for square, tensor in zip(squares, tensors, strict=True):
        np.testing.assert_array_equal(tensor.numpy(), np.sqrt(square))


def test_the_root_of_a_negative_number_is_nan_without_a_warning() -> None:
    tensor = torch.tensor([-1.0, 4.0])
    take_roots([tensor])
    np.testing.assert_array_equal(tensor.numpy(), [np.nan, 2])


def test_half_precision_is_left_to_torch() -> None:
    values, total = torch.tensor([1.5, 4.0]).half(), torch.ones(2).half()
    add_products([total], [values], 2.0)
    take_roots([values])
    assert total.tolist() == [4, 9]
    assert values.dtype is torch.float16
    assert values[1].item() == 2

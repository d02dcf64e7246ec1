"""Random numbers of functions: those of NumPy's global stream, however many are made at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainer_compat.functions as F

# One number, a few rows, and more than are made at a time.
SHAPES = [(), (3, 4), (0, 3), (3, 50000), (2, 1, 65536)]
DTYPES = [np.float16, np.float32, np.float64]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dropout_takes_as_many_numbers_as_there_are_elements(
    shape: tuple[int, ...], dtype: Any
) -> None:
    np.random.seed(0)
    y, mask = F.dropout(np.ones(shape, dtype), 0.3, return_mask=True)
    after = np.random.rand()

    np.random.seed(0)
    scale = np.asarray(1 / 0.7, dtype)
    expected = np.where(np.random.rand(*shape) >= 0.3, scale, np.asarray(0, dtype))
    assert after == np.random.rand()
    assert mask.dtype == y.dtype == dtype
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(y.array, expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_gaussian_takes_as_many_numbers_as_there_are_elements(
    shape: tuple[int, ...], dtype: Any
) -> None:
    zeros = np.zeros(shape, dtype)
    np.random.seed(0)
    y, noise = F.gaussian(zeros, zeros, return_eps=True)
    after = np.random.standard_normal()

    np.random.seed(0)
    expected = np.asarray(np.random.standard_normal(shape)).astype(dtype)
    assert after == np.random.standard_normal()
    assert noise.dtype == y.dtype == dtype
    np.testing.assert_array_equal(noise, expected)
    np.testing.assert_array_equal(y.array, expected)

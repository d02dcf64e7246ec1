"""Pooling and its reverse, whichever of torch's kernels does it."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat.functions as F
from chainer_compat import Variable


@pytest.mark.parametrize("shape", [(1, 2, 3, 4), (2, 16, 32, 32)])
def test_unpooling_repeats_pixels_of_few_and_of_many(shape: tuple[int, ...]) -> None:
    x = Variable(np.random.RandomState(0).uniform(-1, 1, shape).astype(np.float32))
    y = F.unpooling_2d(x, 2, cover_all=False)
    np.testing.assert_array_equal(y.array, x.array.repeat(2, axis=2).repeat(2, axis=3))
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, np.full(shape, 4, np.float32))


def test_pooling_without_the_padding_leaves_the_gradient_it_is_given_to_others() -> None:
    """The sum hands one gradient to both of its terms."""
    x = Variable(np.random.RandomState(0).uniform(-1, 1, (2, 3, 5, 5)).astype(np.float32))

    def pooled() -> Variable:
        return F.average_pooling_nd(x, 3, 1, 1, pad_value=None)

    F.sum(pooled()).backward()
    alone = x.grad
    x.cleargrad()
    F.sum(pooled() + pooled()).backward()
    np.testing.assert_allclose(x.grad, 2 * alone, rtol=1e-6)


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("pad", [0, 1])
def test_windows_over_the_end_see_what_there_is(stride: int, pad: int) -> None:
    """With a step of 5 over 5 pixels and padding, the last window begins behind the input."""
    x = Variable(np.random.RandomState(0).normal(0, 1, (2, 3, 5, 6)).astype(np.float32))
    y = F.max_pooling_2d(x, 2, stride, pad)
    starts = [range(-pad, -pad + stride * n, stride) for n in y.shape[2:]]
    for i, top in enumerate(starts[0]):
        for j, left in enumerate(starts[1]):
            window = x.array[:, :, max(top, 0) : top + 2, max(left, 0) : left + 2]
            expected = window.max((2, 3), initial=-np.inf)
            np.testing.assert_array_equal(y.array[:, :, i, j], expected)
    F.sum(F.where(y.array > -np.inf, y, np.zeros_like(y.array))).backward()
    assert x.grad.sum() == (y.array > -np.inf).sum()


def test_windows_that_overlap_add_up_what_goes_to_one_place() -> None:
    x = Variable(np.array([[[[1, 2], [4, 8]]]], np.float32))
    places = np.array([[[[3, 2], [1, 0]]]], np.int32)
    y = F.upsampling_2d(x, places, 2, 1, outsize=(3, 3))
    assert y.array.tolist() == [[[[0, 0, 0], [0, 15, 0], [0, 0, 0]]]]
    y.grad = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    y.backward()
    assert x.grad.tolist() == [[[[4, 4], [4, 4]]]]


@pytest.mark.parametrize("place", [-1, 4])
def test_a_place_that_no_window_has_is_refused(place: int) -> None:
    places = np.array([[[[0, place]]]], np.int32)
    with pytest.raises(IndexError, match="from 0 to 3"):
        F.upsampling_2d(np.ones((1, 1, 1, 2), np.float32), places, 2)

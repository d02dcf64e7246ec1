"""Pooling inside boxes by known values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainer_compat.functions as F
from chainer_compat import Variable
from chainer_compat.utils.type_check import InvalidType

X = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
FIRST = np.zeros(1, np.int32)

Function = Callable[..., Variable]
ALL: list[Function] = [
    F.roi_max_pooling_2d,
    F.roi_average_pooling_2d,
    F.roi_max_align_2d,
    F.roi_average_align_2d,
]


def boxes(*corners: float) -> np.ndarray[Any, Any]:
    return np.array([corners], np.float32)


def test_a_box_ends_with_its_last_pixel_or_before_it() -> None:
    inclusive = F.roi_pooling_2d(X, boxes(0, 0, 0, 2, 2), 1, 1, 1.0)
    assert inclusive.array.item() == 10
    assert F.roi_max_pooling_2d(X, boxes(0, 0, 2, 2), FIRST, 1, 1).array.item() == 5
    assert F.roi_average_pooling_2d(X, boxes(0, 0, 2, 2), FIRST, 1, 1).array.item() == 2.5


def test_samples_lie_between_pixels_and_count_as_zero_outside() -> None:
    middle = F.roi_average_align_2d(X, boxes(0.5, 0.5, 1.5, 1.5), FIRST, 1, 1)
    assert middle.array.item() == 5
    half_outside = F.roi_average_align_2d(X, boxes(-4, 0, 4, 1), FIRST, 1, 1, (2, 1))
    assert half_outside.array.item() == pytest.approx(X[0, 0, 2, :2].mean() / 2)


@pytest.mark.parametrize(
    ("function", "value"), list(zip(ALL, [-np.inf, 0, -np.inf, 0], strict=True))
)
def test_a_box_outside_of_the_image_is_empty_and_has_no_gradient(
    function: Function, value: float
) -> None:
    x = Variable(X)
    y = function(x, boxes(20, 20, 24, 24), FIRST, 2, 1)
    np.testing.assert_array_equal(y.array, np.full((1, 1, 2, 2), value))
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, 0)


@pytest.mark.parametrize("function", ALL)
def test_pixels_outside_of_the_box_do_not_matter(function: Function) -> None:
    x = X.copy()
    x[0, 0, 3, 3] = np.nan
    x[0, 0, 0, 3] = np.inf
    box = boxes(1, 0, 3, 2)
    np.testing.assert_array_equal(
        function(x, box, FIRST, 2, 1).array, function(X, box, FIRST, 2, 1).array
    )


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("shape", [(1, 2, 0, 3), (1, 0, 3, 3)])
def test_images_without_pixels_or_channels(function: Function, shape: tuple[int, ...]) -> None:
    y = function(Variable(np.zeros(shape, np.float32)), boxes(0, 0, 2, 2), FIRST, 2, 1)
    assert y.shape == (1, shape[1], 2, 2)
    assert not np.isnan(y.array).any()


def test_nan_is_the_largest_pixel() -> None:
    x = X.copy()
    x[0, 0, 1, 1] = np.nan
    assert np.isnan(F.roi_max_pooling_2d(x, boxes(0, 0, 4, 4), FIRST, 1, 1).array.item())


def test_the_gradient_of_a_gradient_of_an_alignment_exists() -> None:
    x = Variable(X.copy())
    y = F.sum(F.roi_average_align_2d(x, boxes(0, 0, 4, 4), FIRST, 2, 1) ** 2)
    y.backward(enable_double_backprop=True)
    grad = x.grad_var
    x.cleargrad()
    F.sum(grad * grad).backward()
    assert x.grad is not None
    assert np.abs(x.grad).max() > 0


def test_one_box_alone_is_no_array_of_boxes() -> None:
    with pytest.raises(InvalidType, match=r"in_types\[1\]\.ndim == 2"):
        F.roi_pooling_2d(X, boxes(0, 0, 0, 2, 2)[0], 1, 1, 1.0)


def test_the_gradient_of_a_box_that_reaches_over_the_edge_goes_to_the_largest_pixels() -> None:
    x = Variable(X)
    y = F.roi_pooling_2d(x, boxes(0, -2, -2, 5, 5), 2, 2, 1.0)
    np.testing.assert_array_equal(y.array, [[[[5, 7], [13, 15]]]])
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad.ravel().nonzero()[0], [5, 7, 13, 15])

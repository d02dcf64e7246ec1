"""The deformable convolution by known values."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat.functions as F


@pytest.mark.parametrize("shape", [(1, 4), (3, 1), (1, 1), (3, 4)])
def test_without_offsets_it_is_a_convolution(shape: tuple[int, int]) -> None:
    random = np.random.RandomState(0)
    x = random.uniform(-1, 1, (2, 3, *shape))
    w = random.uniform(-1, 1, (4, 3, 3, 3))
    plain = F.convolution_2d(x, w, pad=1)
    moved = F.deformable_convolution_2d_sampler(x, np.zeros((2, 18, *shape)), w, pad=1)
    np.testing.assert_allclose(moved.array, plain.array, rtol=1e-10, atol=1e-12)


def test_an_image_of_one_pixel_is_zero_beside_it() -> None:
    x, w = np.full((1, 1, 1, 1), 8.0), np.ones((1, 1, 1, 1))
    beside = np.array([0.25, 0.5]).reshape(1, 2, 1, 1)
    y = F.deformable_convolution_2d_sampler(x, beside, w)
    assert y.array.item() == pytest.approx(8 * 0.75 * 0.5)

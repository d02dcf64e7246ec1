"""Half precision on the CPU, where torch has kernels that are slow or fail."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import functions as F
from chainer_compat.functions import _convolution


@pytest.mark.parametrize("name", ["convolution_1d", "deconvolution_1d"])
def test_dilated_convolutions_have_second_derivatives(name: str) -> None:
    found = []
    for dtype in (np.float16, np.float32):
        random = np.random.RandomState(0)
        x, w = (chainer.Variable(random.uniform(-1, 1, (2, 2, n)).astype(dtype)) for n in (4, 2))
        y = getattr(F, name)(x, w, None, 3, 1, dilate=2)
        gx, gw = chainer.grad([F.sum(y * y)], [x, w], enable_double_backprop=True)
        assert y.dtype == gx.dtype == gw.dtype == dtype
        twice = chainer.grad([F.sum(gx * gx) + F.sum(gw * gw)], [x, w])
        found.append([g.array for g in (gx, gw, *twice)])
    for half, single in zip(*found, strict=True):
        np.testing.assert_allclose(half, single, rtol=1e-2, atol=1e-2)


def test_a_convolution_of_the_common_kind_runs_in_single_precision_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []

    def kernel(x: torch.Tensor, *rest: object) -> torch.Tensor:
        seen.append(x.dtype)
        return torch.conv2d(x, *rest)  # type: ignore[call-overload]  # as it was called

    monkeypatch.setitem(_convolution._CONVOLUTIONS, 2, kernel)
    _convolution._plan.cache_clear()
    try:
        # Single precision takes a shortcut of its own.
        for dtype in (np.float16, np.float64):
            x, w = np.ones((1, 1, 3, 3), dtype), np.ones((1, 1, 2, 2), dtype)
            assert F.convolution_2d(x, w).dtype == dtype
    finally:
        _convolution._plan.cache_clear()

    assert seen == [torch.float32, torch.float64]


def test_the_median_of_half_precision_pads_an_array() -> None:
    x = np.array([1, 2, 4, 8], np.float16)
    y = F.pad(x, 1, "median")
    assert y.dtype == np.float16
    assert y.array.tolist() == [3, 1, 2, 4, 8, 3]


def test_local_filters_may_be_of_another_precision() -> None:
    for dtypes in (("e", "f"), ("f", "e")):
        x, w = np.ones((1, 1, 2, 2), dtypes[0]), np.ones((1, 1, 1, 1, 2, 2), dtypes[1])
        assert F.local_convolution_2d(x, w).dtype == x.dtype


def test_weights_of_another_precision_are_an_invalid_type() -> None:
    one = np.ones((1, 1), np.float16)
    weights = np.ones((1, 1, 1), np.float16), one.astype("f"), one, one[0]
    with pytest.raises(chainer.utils.type_check.InvalidType, match=r"in_types\[3\].dtype"):
        F.bilinear(one, one, *weights)


def test_the_loss_of_the_only_path_is_nothing() -> None:
    """Though its score is a number of some size."""
    steps = [np.full((1, 1), x, np.float16) for x in (-3.1, 2.7, 1.3)]
    loss = F.crf1d(np.full((1, 1), 1.6, np.float16), steps, [np.zeros(1, np.int32)] * 3)
    assert loss.dtype == np.float16
    assert loss.array == 0


def test_the_second_derivative_of_a_batch_with_hardly_any_variance_is_finite() -> None:
    x, gamma, beta = (
        chainer.Variable(np.array(a, np.float16)) for a in ([[-0.384], [-0.3882]], [0.5], [0])
    )
    y = F.batch_normalization(x, gamma, beta)
    (gx,) = chainer.grad([F.sum(y * y * y)], [x], enable_double_backprop=True)
    (ggx,) = chainer.grad([F.sum(gx * np.array([[0.01], [0]], np.float16))], [x])
    assert gx.dtype == ggx.dtype == np.float16
    assert np.isfinite(ggx.array).all()

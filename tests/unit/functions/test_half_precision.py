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

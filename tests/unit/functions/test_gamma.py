"""The gamma function's derivatives beside values of 30 digits."""

from __future__ import annotations

import pytest
import torch

from chainer_compat.functions import _gamma

# By mpmath.psi.
POINTS = [2.14274566, 2.4588598, 1.3]
TRIGAMMA = [0.59188453058550223523, 0.50026843168568895218, 1.1342534349966193011]


@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_are_exact_in_double_precision(order: int) -> None:
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    y = _gamma.digamma(x) if order == 1 else _gamma.lgamma(x)
    for _ in range(order):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    expected = torch.tensor(TRIGAMMA, dtype=torch.float64)
    torch.testing.assert_close(y.detach(), expected, rtol=1e-14, atol=0)


def test_half_precision_keeps_its_dtype() -> None:
    x = torch.tensor(POINTS, dtype=torch.float16, requires_grad=True)
    (y,) = torch.autograd.grad(_gamma.digamma(x).sum(), x)
    assert y.dtype is torch.float16
    torch.testing.assert_close(y, torch.tensor(TRIGAMMA, dtype=torch.float16), rtol=2e-3, atol=0)

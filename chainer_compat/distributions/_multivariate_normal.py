"""`MultivariateNormal`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat import functions as F
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._parameters import Parametric, parameter
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.cache import cached_property
from chainer_compat.utils.type_check import fail

__all__ = ["MultivariateNormal"]

_LOG_NORMALIZER = 0.5 * math.log(2 * math.pi)


def _check_solve(scale_tril: Tensor, y: Tensor) -> None:
    _checks.expect_floating(scale_tril, "scale_tril")
    _checks.expect_same_dtype(scale_tril, y, "scale_tril", "x")
    if scale_tril.ndim < 2 or scale_tril.shape[-1] != scale_tril.shape[-2]:
        fail("scale_tril.shape == (..., d, d)", f"scale_tril.shape == {tuple(scale_tril.shape)}")
    if y.ndim < 2 or y.shape[-2] != scale_tril.shape[-1]:
        fail("x.shape[-1] == d", f"{y.shape[-2] if y.ndim > 1 else None} != {scale_tril.shape[-1]}")
    try:
        torch.broadcast_shapes(scale_tril.shape[:-2], y.shape[:-2])  # type: ignore[no-untyped-call]  # torch's
    except RuntimeError:
        fail(
            "the batches of scale_tril and x broadcast",
            f"{tuple(scale_tril.shape[:-2])} and {tuple(y.shape[:-2])}",
        )


@function("TriangularSolve", check=_check_solve)
def _solve(scale_tril: Tensor, y: Tensor) -> Tensor:
    """Returns the inverse of a lower triangular matrix times a matrix."""
    if scale_tril.device.type == "cpu":
        _expect_regular(scale_tril)
    # In half precision by way of single precision, which torch's kernel takes.
    wide = torch.promote_types(y.dtype, torch.float32)
    solution: Tensor = torch.linalg.solve_triangular(scale_tril.to(wide), y.to(wide), upper=False)
    return solution.to(y.dtype)


def _expect_regular(scale_tril: Tensor) -> None:
    if not scale_tril.isfinite().all():
        raise ValueError("scale_tril must be finite; there are infinities or NaNs in it")
    if (scale_tril.diagonal(dim1=-2, dim2=-1) == 0).any():
        raise np.linalg.LinAlgError(
            "scale_tril is singular: its diagonals must have no 0, so that there is a density"
        )


class MultivariateNormal(Parametric):
    """Normal distributions of vectors of ``d`` numbers that depend on each other.

    Args:
        loc: The means, a variable or array of floating point, of shape ``batch_shape + (d,)``.
        scale_tril: Lower triangular matrices ``L`` of the same dtype, of shape ``batch_shape + (d,
            d)``: the covariances are ``L L^T``.

    Raises:
        ValueError: If ``scale_tril`` is not given.

    Source: Chainer's reference, *chainer.distributions.MultivariateNormal*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> scale = np.array([[2.0, 0.0], [1.0, 1.0]], np.float32)
        >>> D.MultivariateNormal(np.zeros(2, np.float32), scale_tril=scale).covariance
        variable([[4., 2.],
                  [2., 2.]])
    """

    support = "real"
    _names = ("loc", "scale_tril")
    _event_ndim = 1

    def __init__(self, loc: Any, *, scale_tril: Any = None) -> None:
        if scale_tril is None:
            raise ValueError("give scale_tril, the lower triangular factors of the covariances")
        self._given = {"loc": loc, "scale_tril": scale_tril}

    loc = parameter("loc", "The means.")
    scale_tril = parameter("scale_tril", "The lower triangular factors of the covariances.")

    def __copy__(self) -> MultivariateNormal:
        copied: MultivariateNormal = self._copy_to(MultivariateNormal.__new__(type(self)))
        return copied

    @property
    def d(self) -> int:
        """How many numbers a vector has."""
        size: int = self.scale_tril.shape[-1]
        return size

    @cached_property
    def _log_determinant(self) -> Any:
        return F.sum(F.log(F.absolute(F.diagonal(self.scale_tril, axis1=-2, axis2=-1))), axis=-1)

    @cached_property
    def mean(self) -> Any:
        return self.loc

    @property
    def covariance(self) -> Any:
        return F.matmul(self.scale_tril, self.scale_tril, transb=True)

    @cached_property
    def entropy(self) -> Any:
        return self._log_determinant + (_LOG_NORMALIZER + 0.5) * self.d

    def log_prob(self, x: Any) -> Any:
        difference = x - F.broadcast_to(self.loc, x.shape)
        standardized = _solve(self.scale_tril, F.expand_dims(difference, axis=-1))
        squared = F.sum(standardized**2, axis=(-2, -1))
        return squared * -0.5 - self._log_determinant - _LOG_NORMALIZER * self.d

    def sample_n(self, n: int) -> Any:
        # Chainer's noise is of single precision in any case.
        noise = _sampling.draw_standard("standard_normal", n, self.loc, torch.float32)
        moved = F.matmul(self.scale_tril, noise.unsqueeze(-1))
        return F.squeeze(moved, axis=-1) + self.loc


@register_kl(MultivariateNormal, MultivariateNormal)
def _kl_of_multivariate_normals(p: MultivariateNormal, q: MultivariateNormal) -> Any:
    ratio = F.sum(_solve(q.scale_tril, p.scale_tril) ** 2, axis=(-2, -1))
    shift = _solve(q.scale_tril, F.expand_dims(p.loc - q.loc, axis=-1))
    distance = F.sum(shift**2, axis=(-2, -1))
    return q._log_determinant - p._log_determinant + (ratio + distance - p.d) * 0.5

"""Random numbers: on the CPU of NumPy's global stream, in Chainer's order; on a GPU of torch's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch import distributions as torch_distributions

from chainer_compat._variable import Variable
from chainer_compat.errors import ProbabilitiesError

__all__ = ["choices", "draw", "draw_standard", "proportions"]

_Maker = Callable[..., torch_distributions.Distribution]

# NumPy's names, with what draws the same on a GPU. Nothing is validated there: it would wait.
_STANDARD: dict[str, _Maker] = {
    "gumbel": torch_distributions.Gumbel,
    "laplace": torch_distributions.Laplace,
    "standard_cauchy": torch_distributions.Cauchy,
    "standard_exponential": lambda _, one, **options: torch_distributions.Exponential(
        one, **options
    ),
    "standard_normal": torch_distributions.Normal,
    "uniform": torch_distributions.Uniform,
}
_PARAMETRIC: dict[str, _Maker] = {
    "beta": torch_distributions.Beta,
    "binomial": torch_distributions.Bernoulli,
    "chisquare": torch_distributions.Chi2,
    "gamma": lambda k, **options: torch_distributions.Gamma(k, torch.ones_like(k), **options),
    "geometric": torch_distributions.Geometric,
    "pareto": lambda alpha, **options: torch_distributions.Pareto(
        torch.ones_like(alpha), alpha, **options
    ),
    "poisson": torch_distributions.Poisson,
}
# Where NumPy's numbers begin at another one than torch's.
_OFFSETS = {"geometric": 1, "pareto": -1}


def draw_standard(name: str, n: int, like: Variable, dtype: torch.dtype | None = None) -> Tensor:
    """Draws from a distribution without parameters.

    Args:
        name: NumPy's name of it.
        n: How many samples.
        like: A variable of the batch's shape, with the dtype and the device of the result.
        dtype: A dtype in which the numbers are rounded before.

    Returns:
        A tensor of shape ``(n,) + like.shape``.
    """
    tensor = like.tensor.detach()
    shape = (n, *tensor.shape)
    if tensor.device.type == "cpu":
        drawn = torch.from_numpy(getattr(np.random, name)(size=shape))
    else:
        drawn = _standard_by_torch(name, shape, tensor)
    return drawn.to(dtype or tensor.dtype).to(tensor.dtype)


def _standard_by_torch(name: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
    zero = _wide(like.new_zeros(()))
    return _STANDARD[name](zero, zero + 1, validate_args=False).sample(torch.Size(shape))


def draw(
    name: str, n: int, shape: tuple[int, ...], dtype: torch.dtype, *parameters: Variable
) -> Tensor:
    """Draws from a distribution with parameters; nothing of it can be differentiated.

    Args:
        name: NumPy's name of it.
        n: How many samples.
        shape: The batch's shape.
        dtype: The dtype of the result.
        *parameters: NumPy's parameters.

    Returns:
        A tensor of shape ``(n,) + shape``.

    Raises:
        ValueError: If a parameter is out of its range, on the CPU.
    """
    tensors = [parameter.tensor.detach() for parameter in parameters]
    if tensors[0].device.type == "cpu":
        arrays = [tensor.double().numpy() for tensor in tensors]
        trials = [1] if name == "binomial" else []
        drawn = getattr(np.random, name)(*trials, *arrays, size=(n, *shape))
        return torch.from_numpy(drawn).to(dtype)
    return _parametric_by_torch(name, n, tensors).to(dtype)


def _parametric_by_torch(name: str, n: int, parameters: Sequence[Tensor]) -> Tensor:
    made = _PARAMETRIC[name](*map(_wide, parameters), validate_args=False)
    return made.sample(torch.Size((n,))) + _OFFSETS.get(name, 0)


def _wide(x: Tensor) -> Tensor:
    """Half precision is drawn in single precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def choices(n: int, p: Variable) -> Tensor:
    """Draws indices of the last axis with the probabilities there.

    Args:
        n: How many samples.
        p: The probabilities, of shape ``(..., K)``.

    Returns:
        A tensor of int64, of shape ``(n, ...)``.

    Raises:
        ValueError: If the probabilities do not sum to 1 or are negative, on the CPU.
    """
    *batch, count = p.shape
    rows = p.tensor.detach().reshape(math.prod(batch), count)
    if rows.device.type == "cpu":
        _check_probabilities(rows)
        chosen = _choices_by_numpy(n, rows.double().numpy())
    else:
        chosen = _choices_by_torch(n, rows)
    return chosen.T.reshape(n, *batch)


def _choices_by_numpy(n: int, rows: Any) -> Tensor:
    # One distribution after the other, as Chainer asks NumPy for them.
    uniform = torch.from_numpy(np.random.random_sample((len(rows), n)))
    cumulative = rows.cumsum(axis=-1)
    cumulative /= cumulative[:, -1:]
    return torch.searchsorted(torch.from_numpy(cumulative), uniform, right=True)


def _choices_by_torch(n: int, rows: Tensor) -> Tensor:
    if n == 0 or len(rows) == 0:  # torch.multinomial takes neither
        return rows.new_empty((len(rows), n), dtype=torch.int64)
    return torch.multinomial(_wide(rows), n, replacement=True)


def _check_probabilities(rows: Tensor) -> None:
    if rows.shape[-1] == 0:
        raise ProbabilitiesError("there are no categories to choose from")
    totals = rows.double().sum(-1)
    # NumPy's tolerance. A NaN is in no range.
    if not ((totals - 1).abs() <= math.sqrt(torch.finfo(rows.dtype).eps)).all():
        raise ProbabilitiesError(
            f"the probabilities of a distribution sum to {totals.min():g} (the least) to "
            f"{totals.max():g} (the most); divide them by their sum"
        )
    if (rows < 0).any():
        raise ProbabilitiesError(f"there are negative probabilities, {rows.min():g} among them")


def proportions(n: int, alpha: Variable) -> Tensor:
    """Draws from Dirichlet distributions.

    Args:
        n: How many samples.
        alpha: The concentrations, of shape ``(..., K)``.

    Returns:
        A tensor of shape ``(n, ..., K)`` and ``alpha``'s dtype.

    Raises:
        ValueError: If a concentration is not positive, on the CPU.
    """
    tensor = alpha.tensor.detach()
    drawn = (
        _proportions_by_numpy(n, tensor)
        if tensor.device.type == "cpu"
        else _proportions_by_torch(n, tensor)
    )
    return drawn.to(tensor.dtype)


def _proportions_by_numpy(n: int, alpha: Tensor) -> Tensor:
    *batch, count = alpha.shape
    rows = alpha.double().numpy().reshape(math.prod(batch), 1, count)
    if (rows <= 0).any():
        raise ValueError(f"concentrations are positive; there is {rows.min():g} among them")
    # One distribution after the other, as Chainer asks NumPy for them.
    parts = np.random.standard_gamma(rows, size=(len(rows), n, count))
    parts /= parts.cumsum(axis=-1)[..., -1:]  # summed in order, as NumPy's own does
    return torch.from_numpy(parts).transpose(0, 1).reshape(n, *batch, count)


def _proportions_by_torch(n: int, alpha: Tensor) -> Tensor:
    made = torch_distributions.Dirichlet(_wide(alpha), validate_args=False)
    return made.sample(torch.Size((n,)))

"""What torch draws on a GPU is distributed as what NumPy draws on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chainer_compat.distributions import _sampling

QUANTILES = np.linspace(0.05, 0.95, 10)


@pytest.fixture(autouse=True)
def _seeds() -> None:
    np.random.seed(0)
    torch.manual_seed(0)


def assert_distributed_alike(ours: torch.Tensor, numpys: np.ndarray) -> None:
    found, expected = np.quantile(ours.numpy(), QUANTILES), np.quantile(numpys, QUANTILES)
    assert found == pytest.approx(expected, rel=0.05, abs=0.02)


@pytest.mark.parametrize("name", sorted(_sampling._STANDARD))
def test_without_parameters(name: str) -> None:
    ours = _sampling._standard_by_torch(name, (40_000, 2), torch.zeros(2))
    assert ours.shape == (40_000, 2)
    assert_distributed_alike(ours, getattr(np.random, name)(size=(40_000, 2)))


@pytest.mark.parametrize("name", sorted(_sampling._PARAMETRIC))
def test_with_parameters(name: str) -> None:
    values = [2.0, 3.0] if name == "beta" else [0.3] if name in ("geometric", "binomial") else [2.5]
    parameters = [torch.full((2,), value) for value in values]
    ours = _sampling._parametric_by_torch(name, 40_000, parameters)
    assert ours.shape == (40_000, 2)
    trials = [1] if name == "binomial" else []
    assert_distributed_alike(ours, getattr(np.random, name)(*trials, *values, size=(40_000, 2)))


def test_half_precision_is_drawn_in_single() -> None:
    half = torch.full((2,), 2.5, dtype=torch.float16)
    assert _sampling._parametric_by_torch("gamma", 3, [half]).dtype is torch.float32
    assert _sampling._standard_by_torch("gumbel", (3,), half).dtype is torch.float32


def test_choices() -> None:
    rows = torch.tensor([[0.2, 0.8, 0.0], [0.0, 0.5, 0.5]])
    for draw in (
        _sampling._choices_by_torch,
        lambda n, p: _sampling._choices_by_numpy(n, p.numpy()),
    ):
        drawn = draw(20_000, rows)
        shares = torch.stack([(drawn == i).float().mean(1) for i in range(3)], 1)
        assert shares.numpy() == pytest.approx(rows.numpy(), abs=0.02)
    assert _sampling._choices_by_torch(0, rows).shape == (2, 0)
    assert _sampling._choices_by_torch(3, rows[:0]).shape == (0, 3)


def test_proportions() -> None:
    alpha = torch.tensor([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]])
    for draw in (_sampling._proportions_by_torch, _sampling._proportions_by_numpy):
        drawn = draw(20_000, alpha).double()
        assert drawn.shape == (20_000, 2, 3)
        assert drawn.sum(-1).numpy() == pytest.approx(1)
        assert drawn.mean(0).numpy() == pytest.approx((alpha / 6).numpy(), abs=0.01)

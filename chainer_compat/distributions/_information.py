"""What the entropies of discrete distributions are made of."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from chainer_compat.functions._boundary import function

__all__ = ["xlogx"]


def _warn(_: Tensor) -> None:
    warnings.warn(
        "the entropy has no derivative where a probability is 0: it is taken as 0 there",
        RuntimeWarning,
        stacklevel=2,
    )


@function("ModifiedXLogX")
def xlogx(x: Tensor) -> Tensor:
    """Returns ``x log(x)``, and 0 where ``x`` is 0.

    A backward pass through a 0 warns of it, on the CPU: on a GPU it would have to wait.

    Args:
        x: Probabilities.
    """
    positive = x > 0
    y = x * torch.log(torch.where(positive, x, 1))
    if y.requires_grad and y.device.type == "cpu" and not positive.all():
        y.register_hook(_warn)  # type: ignore[no-untyped-call]  # torch's
    return y

"""Functions without a gradient (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat._variable import Variable, as_variable

__all__ = ["floor"]


def floor(x: Any) -> Variable:
    """Returns the largest integer not above each element; it is no part of a graph.

    Args:
        x: A variable or array of floating point.

    Returns:
        A variable of the same shape and dtype.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.floor(np.array([-0.5, 1.5], np.float32))
        variable([-1.,  1.])
    """
    return Variable(torch.floor(as_variable(x).tensor.detach()), requires_grad=False)

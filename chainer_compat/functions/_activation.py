"""Activation functions (Chainer: *Activation functions*)."""

from __future__ import annotations

import torch
from torch import Tensor

from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function

__all__ = ["relu", "sigmoid", "tanh"]


@function("ReLU", check=_checks.floating)
def relu(x: Tensor) -> Tensor:
    """Returns ``max(x, 0)``, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.relu(np.array([-1.0, 2.0], np.float32))
        variable([0., 2.])
    """
    return torch.relu(x)


@function("Sigmoid", check=_checks.floating)
def sigmoid(x: Tensor) -> Tensor:
    """Returns ``1 / (1 + exp(-x))``, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.sigmoid(np.array([0.0], np.float32))
        variable([0.5])
    """
    return torch.sigmoid(x)


@function("Tanh", check=_checks.floating)
def tanh(x: Tensor) -> Tensor:
    """Returns the hyperbolic tangent, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.tanh(np.array([0.0], np.float32))
        variable([0.])
    """
    return torch.tanh(x)

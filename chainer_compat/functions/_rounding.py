"""Functions without a gradient (Chainer: *Mathematical functions*)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable, is_raw_array
from chainer_compat.backends import _crossing

__all__ = ["ceil", "fix", "floor", "sign"]


def _off_the_graph(kernel: Callable[[Tensor], Tensor], x: Any) -> Variable:
    # Numbers and lists will do, as NumPy's functions take them.
    array = x if isinstance(x, Variable) or is_raw_array(x) else np.asarray(x)
    return Variable(kernel(_crossing.as_tensor(array).detach()), requires_grad=False)


def floor(x: Any) -> Variable:
    """Returns the largest integer not above each element; it is no part of a graph.

    Args:
        x: A variable or array of numbers.

    Returns:
        A variable of the same shape and dtype.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.floor(np.array([-0.5, 1.5], np.float32))
        variable([-1.,  1.])
    """
    return _off_the_graph(torch.floor, x)


def ceil(x: Any) -> Variable:
    """Returns the smallest integer not below each element; it is no part of a graph.

    Args:
        x: A variable or array of numbers.

    Returns:
        A variable of the same shape and dtype.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.ceil(np.array([-1.5, 1.5], np.float32))
        variable([-1.,  2.])
    """
    return _off_the_graph(torch.ceil, x)


def fix(x: Any) -> Variable:
    """Returns each element rounded towards zero; it is no part of a graph.

    Args:
        x: A variable or array of numbers.

    Returns:
        A variable of the same shape and dtype.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.fix(np.array([-1.5, 1.5], np.float32))
        variable([-1.,  1.])
    """
    return _off_the_graph(torch.trunc, x)


def sign(x: Any) -> Variable:
    """Returns -1, 0 or 1 by the sign of each element; it is no part of a graph.

    Args:
        x: A variable or array of numbers.

    Returns:
        A variable of the same shape and dtype.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.sign(np.array([-1.5, 0.0, 3.0], np.float32))
        variable([-1.,  0.,  1.])
    """
    return _off_the_graph(_sign, x)


def _sign(x: Tensor) -> Tensor:
    if not x.is_floating_point():
        return x.sign()
    # torch's sign of NaN is 0. Where there is none, the sum tells it soonest.
    if x.is_cpu and not math.isnan(x.sum()):
        return x.sign()
    return torch.where(x.isnan(), x, x.sign())

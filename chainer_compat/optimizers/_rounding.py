"""Arithmetic with the roundings of Chainer on the CPU, which is NumPy's.

What comes back in the next gradient or is divided by a small difference magnifies a rounding.
"""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["add_products", "is_numpys", "take_roots"]

# As torch's functions over many tensors take and give them.
Tensors = list[torch.Tensor] | tuple[torch.Tensor, ...]

_ONES = {
    dtype: torch.ones((), dtype=dtype, device="cpu") for dtype in (torch.float32, torch.float64)
}


def is_numpys(tensors: Tensors) -> bool:
    """Whether NumPy would compute with tensors in their own precision.

    Args:
        tensors: The tensors.
    """
    return all(tensor.is_cpu and tensor.dtype in _ONES for tensor in tensors)


def add_products(targets: Tensors, values: Tensors, factor: float) -> None:
    """Adds values times a number in place, each product rounded before it is added.

    Args:
        targets: What is changed, of one dtype and on one device.
        values: As many tensors of the same shapes.
        factor: The number.
    """
    first = targets[0]
    if first.is_cpu and (one := _ONES.get(first.dtype)) is not None:
        # torch's sums round once for product and sum; with a division in between they cannot.
        torch._foreach_addcdiv_(targets, values, [one] * len(targets), value=factor)
    else:
        torch._foreach_add_(targets, values, alpha=factor)


def take_roots(tensors: Tensors) -> None:
    """Takes square roots in place. Of a thousand, torch's own rounds about six to the wrong side.

    Args:
        tensors: The numbers, without a gradient, of one dtype and on one device.
    """
    if not is_numpys(tensors[:1]):
        torch._foreach_sqrt_(tensors)
        return
    with np.errstate(invalid="ignore"):
        for tensor in tensors:
            array = tensor.numpy()
            np.sqrt(array, out=array)

"""By what backward passes have scaled gradients, and how it is taken out again, once."""

from __future__ import annotations

from collections.abc import Iterable

from chainer_compat import _backprop
from chainer_compat.variable import Variable

__all__ = ["is_in_use", "mark", "unscale"]

is_in_use = _backprop.loss_scales_in_use


def mark(variables: Iterable[Variable], scale: float) -> None:
    """Notes that gradients are scaled, for a graph of which the record may not know all leaves.

    Args:
        variables: The variables that have them.
        scale: By what.
    """
    _backprop.loss_scale_seen()
    for variable in variables:
        variable._loss_scale = scale


def unscale(variable: Variable) -> None:
    """Takes the scale out of a variable's gradient.

    Args:
        variable: The variable.
    """
    scale = variable._loss_scale
    if scale is None:
        return
    grad = variable._grad_tensor()
    if grad is not None:
        grad.data.div_(scale)
    variable._loss_scale = None

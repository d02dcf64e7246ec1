"""By what backward passes have scaled gradients, and how it is taken out again, once."""

from __future__ import annotations

from collections.abc import Iterable

from chainer_compat.variable import Variable

__all__ = ["is_in_use", "mark", "unscale"]

# Whether any backward pass was ever scaled: only then is each parameter asked.
_in_use = False


def is_in_use() -> bool:
    """Whether any backward pass of this process was scaled."""
    return _in_use


def mark(variables: Iterable[Variable], scale: float) -> None:
    """Notes that gradients are scaled.

    Args:
        variables: The variables that have them.
        scale: By what.
    """
    global _in_use  # noqa: PLW0603 -- a switch of the process, off for all but float16 training
    _in_use = True
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

"""`GradientHook`: hooks that change the gradients of all parameters alike."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.errors import InvalidArgumentTypeError

__all__ = ["GradientHook", "call_for_all"]


class GradientHook:
    """A hook that changes each gradient by itself, whichever parameter it belongs to.

    Attributes:
        name: Its name among the hooks.
        timing: When it is called: ``"pre"``, before updates.
        call_for_each_param: That it takes a rule and a parameter.
    """

    name: str = ""
    call_for_each_param: bool = True
    timing: str = "pre"

    def __call__(self, rule: Any, param: Any = None) -> None:
        """Changes the gradient of one parameter, if it has one.

        Args:
            rule: The parameter's rule; or an optimizer alone, for all its parameters, as in
                Chainer 1.
            param: The parameter.

        Raises:
            TypeError: If there is no parameter, nor an optimizer.
        """
        if param is None:
            call_for_all(self, rule)
            return
        data = param._data_tensor()
        grad = None if data is None else param._grad_tensor()
        if grad is not None:
            self._change([data.data], [grad.data], param._loss_scale)

    def is_plain(self) -> bool:
        """Whether all gradients may be changed at once: nothing of it is overridden."""
        return type(self).__call__ is GradientHook.__call__ and self.call_for_each_param

    def _change(
        self, data: list[torch.Tensor], grads: list[torch.Tensor], scale: float | None
    ) -> None:
        """Changes gradients in place.

        Args:
            data: The parameters.
            grads: Their gradients.
            scale: By what the gradients are scaled, if they are.
        """
        raise NotImplementedError


def call_for_all(hook: Any, optimizer: Any) -> None:
    """Calls a hook for each parameter of an optimizer, as Chainer 1's hooks did by themselves.

    Args:
        hook: A hook of one parameter.
        optimizer: The optimizer.

    Raises:
        TypeError: If it has no target.
    """
    target = getattr(optimizer, "target", None)
    if target is None:
        raise InvalidArgumentTypeError(
            f"a hook takes a rule and a parameter, or an optimizer; got {type(optimizer)} alone"
        )
    for param in target.params():
        hook(optimizer, param)

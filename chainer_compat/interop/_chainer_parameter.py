"""A Chainer parameter as a torch parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from chainer_compat.variable import Parameter

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ChainerParameter"]


class ChainerParameter(torch.nn.Parameter):
    """A Chainer parameter as a torch parameter: one tensor, known to both sides from then on.

    Value and gradient are the same memory, whichever side changes them. Of a parameter that is
    one of torch's already, that one is returned.

    Args:
        data: The Chainer parameter, which must be initialized; or a tensor, as for
            ``torch.nn.Parameter``.
        requires_grad: As for ``torch.nn.Parameter``; a Chainer parameter knows it itself.

    Raises:
        RuntimeError: If the parameter is not initialized.

    Example:
        >>> import torch
        >>> import chainer_compat as chainer
        >>> from chainer_compat.interop import ChainerParameter
        >>> p = chainer.Parameter(0.5, (2,))
        >>> torch.nn.init.ones_(ChainerParameter(p)) is p.tensor
        True
        >>> p.array
        array([1., 1.], dtype=float32)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        if not isinstance(data, Parameter):
            return super().__new__(cls, data, requires_grad)
        if not data.is_initialized:
            raise RuntimeError(
                f"the parameter {data.name or ''} is not initialized yet, so torch cannot have "
                "it; run a forward pass first"
            )
        tensor: Any = data._data_tensor()
        known = isinstance(tensor, torch.nn.Parameter)
        chosen: Self = tensor if known else _adopt(cls, data, tensor)
        return chosen


def _adopt(kind: Any, parameter: Parameter, tensor: torch.Tensor) -> Any:
    """Puts a torch parameter over the same memory in the place of the Chainer one's tensor."""
    if parameter._grad_initializer is not None:
        parameter.cleargrad()  # Chainer starts with NaN, to which torch would add
    trains = parameter.requires_grad and tensor.is_floating_point()
    adopted = torch.Tensor._make_subclass(kind, tensor.detach(), trains)
    gradient = parameter._grad_tensor()
    if parameter._unshared:
        parameter._array, parameter._unshared = None, False
    parameter._tensor, parameter._plain = adopted, None
    if trains:
        adopted.grad, parameter._own_grad = gradient, None
    if parameter._node is not None:
        parameter._node.attach(adopted)
    return adopted

"""What goes into functions, printed."""

from __future__ import annotations

import sys
import warnings
from typing import IO, Any

import torch

from chainer_compat.backends import _crossing
from chainer_compat.function_hook import FunctionHook
from chainer_compat.variable import Variable

__all__ = ["PrintHook"]


class PrintHook(FunctionHook):
    r"""Prints what goes into each function, forward and backward.

    Args:
        sep: Deprecated, without effect.
        end: What follows each line.
        file: Where to print; ``sys.stdout`` if None.
        flush: Whether to flush after each function.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> x = chainer.Variable(np.zeros(3, np.float32), name='x')
        >>> with chainer.function_hooks.PrintHook():
        ...     y = x * 2
        function	_ * 2
        input data
        <variable at 0x...>
        - device: CPU
        - backend: <class 'numpy.ndarray'>
        - shape: (3,)
        - dtype: float32
        - statistics: mean=0.00000000, std=0.00000000
        - grad: None
    """

    name = "PrintHook"

    def __init__(
        self,
        sep: str | None = None,
        end: str = "\n",
        file: IO[str] | None = None,
        flush: bool = True,
    ) -> None:
        if sep is not None:
            warnings.warn(
                "the argument sep of PrintHook is deprecated and has no effect",
                DeprecationWarning,
                stacklevel=2,
            )
        self.sep = sep
        self.end = end
        self.file = sys.stdout if file is None else file
        self.flush = flush

    def forward_preprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Prints the inputs.

        Args:
            function: The function's node.
            in_data: Its inputs.
        """
        self._write(self._head(function, in_data))

    def backward_preprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Prints the inputs and the gradients of the outputs.

        Args:
            function: The function's node.
            in_data: Its inputs; None for one that is gone.
            out_grad: The gradients of its outputs; None for none.
        """
        grads = [_grad_text(grad) for grad in out_grad]
        self._write([*self._head(function, in_data), "output gradient", *grads])

    @staticmethod
    def _head(function: Any, in_data: tuple[Any, ...]) -> list[str]:
        inputs = [
            "(removed)" if array is None else Variable(array).debug_print() for array in in_data
        ]
        return [f"function\t{function.label}", "input data", *inputs]

    def _write(self, messages: list[str]) -> None:
        for message in messages:
            self.file.write(message + self.end)
        if self.flush and hasattr(self.file, "flush"):
            self.file.flush()


def _grad_text(grad: Any) -> str:
    if grad is None:
        return Variable().debug_print()
    # Shown as the gradient of zeros, since the output itself may be gone.
    variable = Variable(torch.zeros_like(_crossing.as_tensor(grad)))
    variable.grad = grad
    return variable.debug_print()

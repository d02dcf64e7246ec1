"""`FunctionHook`: code around the forward and backward passes of functions."""

from __future__ import annotations

from typing import Any

from chainer_compat.configuration import _this_thread

__all__ = ["FunctionHook", "get_function_hooks"]


def get_function_hooks() -> dict[str, Any]:
    """Returns this thread's hooks of all functions, by name."""
    return _this_thread.mode.function_hooks


class FunctionHook:
    """Code around each function's passes, inside a ``with`` block or on one function.

    ``with hook:`` has it called around every function of this thread;
    ``function.add_hook(hook)`` around one. Arrays are given raw.

    Source: Chainer's reference, *chainer.FunctionHook*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Names(chainer.FunctionHook):
        ...     name = 'Names'
        ...     def forward_preprocess(self, function, in_data):
        ...         print(function.label)
        >>> x = chainer.Variable(np.ones(2, np.float32))
        >>> with Names():
        ...     y = x * 2
        _ * 2
    """

    name = "FunctionHook"

    def __enter__(self) -> FunctionHook:
        hooks = get_function_hooks()
        if self.name in hooks:
            raise KeyError(f"there is a hook named {self.name!r} already in this thread")
        hooks[self.name] = self
        self.added(None)
        return self

    def __exit__(self, *exc_info: object) -> None:
        hooks = get_function_hooks()
        hooks[self.name].deleted(None)
        del hooks[self.name]

    def added(self, function: Any) -> None:
        """Called when it is added.

        Args:
            function: The function it was added to; None for all of this thread.
        """

    def deleted(self, function: Any) -> None:
        """Called when it is removed.

        Args:
            function: The function it is removed from; None for all of this thread.
        """

    def forward_preprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Called before a function's forward pass.

        Args:
            function: The function's node.
            in_data: Its inputs, as raw arrays.
        """

    def forward_postprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Called after a function's forward pass.

        Args:
            function: The function's node.
            in_data: Its inputs, as raw arrays.
        """

    def backward_preprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Called before a function's backward pass.

        Args:
            function: The function's node.
            in_data: Its inputs, as raw arrays; None for one that is gone.
            out_grad: The gradients of its outputs, as raw arrays; None for none.
        """

    def backward_postprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Called after a function's backward pass.

        Args:
            function: The function's node.
            in_data: Its inputs, as raw arrays; None for one that is gone.
            out_grad: The gradients of its outputs, as raw arrays; None for none.
        """

"""How long functions take."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat._profiling import TimeRecord
from chainer_compat.function_hook import FunctionHook

__all__ = ["TimerHook"]


class TimerHook(TimeRecord, FunctionHook):
    """Measures how long each function takes, forward and backward.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> hook = chainer.function_hooks.TimerHook()
        >>> with hook:
        ...     y = chainer.Variable(np.ones(3)) * 2
        >>> hook.summary()['MulConstant']['occurrence']
        1
        >>> hook.print_report()  # doctest: +SKIP
        FunctionName  ElapsedTime  Occurrence
         MulConstant      12.34us           1
    """

    name = "TimerHook"
    _heading = "FunctionName"

    def forward_preprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Starts the clock.

        Args:
            function: The function's node.
            in_data: Its inputs.
        """
        self._start(_on_gpu(in_data))

    def forward_postprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Stops the clock.

        Args:
            function: The function's node.
            in_data: Its inputs.
        """
        self._stop(function._impl_name)

    def backward_preprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Starts the clock.

        Args:
            function: The function's node.
            in_data: Its inputs.
            out_grad: The gradients of its outputs.
        """
        self._start(_on_gpu((*in_data, *out_grad)))

    def backward_postprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Stops the clock.

        Args:
            function: The function's node.
            in_data: Its inputs.
            out_grad: The gradients of its outputs.
        """
        self._stop(function._impl_name)


def _on_gpu(arrays: tuple[Any, ...]) -> bool:
    return any(
        array is not None and not isinstance(array, np.ndarray) and _is_cuda(array)
        for array in arrays
    )


def _is_cuda(array: Any) -> bool:
    return bool(getattr(array, "is_cuda", hasattr(array, "__cuda_array_interface__")))

"""Functions as ranges in NVIDIA's profilers."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.backends import cuda
from chainer_compat.function_hook import FunctionHook

__all__ = ["CUDAProfileHook"]

_push: Any = torch.cuda.nvtx.range_push
_pop: Any = torch.cuda.nvtx.range_pop


class CUDAProfileHook(FunctionHook):
    """Marks each function, forward and backward, as a range for NVIDIA's profilers (NVTX).

    Raises:
        RuntimeError: If there is no GPU.
    """

    name = "CUDAProfileHook"

    def __init__(self) -> None:
        cuda.check_cuda_available()

    def forward_preprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Opens a range.

        Args:
            function: The function's node.
            in_data: Its inputs.
        """
        _push(f"{function.label}.forward")

    def forward_postprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Closes the range.

        Args:
            function: The function's node.
            in_data: Its inputs.
        """
        _pop()

    def backward_preprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Opens a range.

        Args:
            function: The function's node.
            in_data: Its inputs.
            out_grad: The gradients of its outputs.
        """
        _push(f"{function.label}.backward")

    def backward_postprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Closes the range.

        Args:
            function: The function's node.
            in_data: Its inputs.
            out_grad: The gradients of its outputs.
        """
        _pop()

"""Factors on a loss, against underflow of its gradients in float16."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.interop._step import step
from chainer_compat.serializer import Serializer
from chainer_compat.training._state import load_json, save_json

__all__ = ["DynamicScale", "FixedScale", "NoScale"]


class NoScale:
    """Leaves the loss as it is."""

    def backward(self, loss: Any) -> None:
        """Computes gradients."""
        loss.backward()

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Updates the parameters."""
        step(optimizer)

    def serialize(self, serializer: Any) -> None:
        """Has no state."""


class FixedScale(NoScale):
    """Multiplies the loss, and divides the gradients.

    Args:
        scale: The factor.
    """

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def backward(self, loss: Any) -> None:
        """Computes gradients of the scaled loss."""
        if isinstance(loss, torch.Tensor):
            (loss * self._scale).backward()  # type: ignore[no-untyped-call]  # untyped in torch
        else:
            loss.backward(loss_scale=self._scale)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Divides the gradients and updates the parameters."""
        gradients = [
            parameter.grad
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        if gradients:
            torch._foreach_div_(gradients, self._scale)
        step(optimizer)


class DynamicScale(NoScale):
    """Multiplies the loss by a factor that adapts itself, torch's ``GradScaler``.

    Args:
        device: The type of the parameters' device.
        interval: After so many updates without an overflow the factor is doubled.
        scale: The factor to start with.
    """

    def __init__(self, device: str, interval: int, scale: float | None) -> None:
        start = 2.0**16 if scale is None else float(scale)
        self._scaler = torch.amp.GradScaler(device, init_scale=start, growth_interval=interval)

    def backward(self, loss: Any) -> None:
        """Computes gradients of the scaled loss."""
        scaled: Any = self._scaler.scale(getattr(loss, "tensor", loss))
        scaled.backward()

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Updates the parameters, unless a gradient has overflowed."""
        self._scaler.step(optimizer)
        self._scaler.update()

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the factor and the count of updates."""
        if isinstance(serializer, Serializer):
            save_json(serializer, "loss_scaler", self._scaler.state_dict())
        else:
            state = load_json(serializer, "loss_scaler")
            if state is not None:
                self._scaler.load_state_dict(state)

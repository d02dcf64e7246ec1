"""Weights of mean zero and variance one."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.link_hooks._weight import WeightHook

__all__ = ["WeightStandardization"]


class WeightStandardization(WeightHook):
    """Standardizes a link's weight in each call, output by output.

    Source: Qiao et al., *Weight standardization* (https://arxiv.org/abs/1903.10520).

    Args:
        eps: What is added to the variance.
        weight_name: The weight's name.
        name: The hook's name; ``'WeightStandardization'`` if None.

    Raises:
        ValueError: When added to a link without that weight.
    """

    name = "WeightStandardization"

    def __init__(
        self, *, eps: float = 1e-5, weight_name: str = "W", name: str | None = None
    ) -> None:
        super().__init__(weight_name, name)
        self.eps = eps

    def added(self, link: Any) -> None:
        """Raises unless the link has the weight.

        Args:
            link: The link.
        """
        self._weight(link)

    def computed(self, link: Any, weight: Any) -> Any:
        """Returns the weight with mean zero and variance one.

        Args:
            link: The link.
            weight: Its parameter.
        """
        from chainer_compat.functions import group_normalization

        tensor = weight.tensor
        gamma = torch.ones(tensor.shape[1], dtype=tensor.dtype, device=tensor.device)
        return group_normalization(weight, 1, gamma, torch.zeros_like(gamma), eps=self.eps)

"""Drawing from a discrete law in constant time (Chainer: *chainer.utils.WalkerAlias*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from chainer_compat.device_resident import DeviceResident

__all__ = ["WalkerAlias"]


class WalkerAlias(DeviceResident):
    """Draws numbers with given probabilities, by Walker's alias method.

    Source: Walker, *An efficient method for generating discrete random variables with general
    distributions* (1977).

    Args:
        probs: The probabilities of 0, 1, 2, …; they are divided by their sum.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import utils
        >>> np.random.seed(0)
        >>> utils.WalkerAlias([5, 3, 2]).sample((4,))
        array([1, 0, 1, 1], dtype=int32)
    """

    def __init__(self, probs: Sequence[float] | np.ndarray[Any, Any]) -> None:
        super().__init__()
        self.threshold, self.values = _table(np.array(probs, np.float32))

    @property
    def use_gpu(self) -> bool:
        """Whether it draws on a GPU."""
        return bool(self.device.xp is not np)

    def device_resident_accept(self, visitor: Any) -> None:
        """Moves the tables; called by ``to_device`` and its like.

        Args:
            visitor: What moves arrays.
        """
        super().device_resident_accept(visitor)
        self.threshold = visitor.visit_array(self.threshold)
        self.values = visitor.visit_array(self.values)

    def sample(self, shape: Any) -> Any:
        """Draws numbers.

        On the CPU they come from NumPy's global stream, as in Chainer.

        Args:
            shape: The shape of the result.

        Returns:
            An array of int32, on the sampler's device.
        """
        if isinstance(self.threshold, torch.Tensor):
            return self._chosen(
                torch.rand(shape, device=self.threshold.device) * len(self.threshold)
            )
        with self.device.create_context():
            return self.sample_xp(self.device.xp, shape)

    def sample_gpu(self, shape: Any) -> Any:
        """Draws numbers on a GPU; see :meth:`sample`.

        Args:
            shape: The shape of the result.
        """
        return self.sample(shape)

    def sample_xp(self, xp: Any, shape: Any) -> Any:
        """Draws numbers from the global stream of an array module.

        Args:
            xp: NumPy or CuPy.
            shape: The shape of the result.
        """
        return self._chosen(xp.random.uniform(0, len(self.threshold), shape))

    def _chosen(self, places: Any) -> Any:
        """The numbers at places between 0 and n: in slot i below its threshold, or above it."""
        if isinstance(places, torch.Tensor):
            # Rounding may give n itself.
            index = places.long().clamp_(max=len(self.threshold) - 1)
            return self.values[2 * index + (self.threshold[index] < places - index)]
        index = places.astype(np.int32)
        rest = places.astype(np.float32) - index.astype(np.float32)
        return self.values[2 * index + (self.threshold[index] < rest).astype(np.int32)]


def _table(probs: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """Fills slot after slot, the less likely numbers first; each slot is topped up by a later one.

    Float64 numbers throughout, as Chainer under NumPy 1 had, whose scalars were promoted.
    """
    probs /= np.sum(probs)
    n = len(probs)
    threshold = np.empty(n, np.float32)
    values = np.zeros(2 * n, np.int32)
    topped_up = 0
    for filled, (prob, number) in enumerate(sorted(zip(probs.tolist(), range(n), strict=True))):
        left = prob * n
        while left > 1 and topped_up < filled:
            values[2 * topped_up + 1] = number
            left -= 1.0 - float(threshold[topped_up])
            topped_up += 1
        threshold[filled] = left
        values[2 * filled] = number
    return threshold, values

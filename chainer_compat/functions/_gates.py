"""The gates of an LSTM in raw arrays, which scripts take from ``chainer.functions.rnn.lstm``.

Links that set the biases of their gates one by one write through what :func:`_extract_gates` gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__: list[str] = []


def _extract_gates(x: Any) -> list[Any]:
    """Returns the four gates, which lie one element behind the other: views where arrays allow it.

    Args:
        x: An array of shape ``(N, 4 * units, ...)``.

    Returns:
        Four of shape ``(N, units, ...)``: the input, its gate, the forget gate, the output gate.
    """
    gates = x.reshape((x.shape[0], x.shape[1] // 4, 4, *x.shape[2:]))
    return [gates[:, :, i] for i in range(4)]


def _sigmoid(x: Any, xp: Any = np) -> Any:
    """The logistic function, without an overflow.

    Args:
        x: An array.
        xp: Its module.
    """
    return xp.tanh(x * 0.5) * 0.5 + 0.5


def _grad_sigmoid(x: Any) -> Any:
    """The derivative of the logistic function, where it has the value ``x``."""
    return x * (1 - x)


def _grad_tanh(x: Any) -> Any:
    """The derivative of the hyperbolic tangent, where it has the value ``x``."""
    return 1 - x * x

"""Weight initializers (Chainer: *Weight Initializers*)."""

from __future__ import annotations

from typing import Any

from chainer_compat import backend as backend
from chainer_compat import types as types
from chainer_compat.initializers._constant import Constant, Identity, NaN, One, Zero
from chainer_compat.initializers._generating import (
    check_is_initializer_like as _check_is_initializer_like,
)
from chainer_compat.initializers._generating import generate_array
from chainer_compat.initializers._generating import get_initializer as _get_initializer
from chainer_compat.initializers._orthogonal import Orthogonal
from chainer_compat.initializers._random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LeCunNormal,
    LeCunUniform,
    Normal,
    Uniform,
)
from chainer_compat.initializers._sampling import DownsamplingConvFilter, UpsamplingDeconvFilter

# The two private names are what links of the user's call (14 of 123 surveyed repositories).
__all__ = [
    "Constant",
    "DownsamplingConvFilter",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "LeCunNormal",
    "LeCunUniform",
    "NaN",
    "Normal",
    "One",
    "Orthogonal",
    "Uniform",
    "UpsamplingDeconvFilter",
    "Zero",
    "_check_is_initializer_like",
    "_get_initializer",
    "generate_array",
]


def _init_weight(weights: Any, initializer: Any, scale: float = 1.0) -> None:
    """Fills an array, as Chainer 1's `init_weight` does.

    Args:
        weights: The array.
        initializer: What fills it; LeCun's normal one if None.
        scale: What the values are multiplied by.
    """
    _get_initializer(initializer, scale)(weights)


def __getattr__(name: str) -> Any:
    if name == "init_weight":
        return _init_weight
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)

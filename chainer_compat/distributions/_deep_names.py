"""What the modules of Chainer's distributions have beside the distributions."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat._unsupported import missing_name, unsupported

__all__ = ["find"]

_CONSTANTS: dict[str, Any] = {
    "EULER": 0.5772156649015329,  # Euler's and Mascheroni's
    "ENTROPYC": 0.5 * math.log(2 * math.pi * math.e),
    "LOGPROBC": -0.5 * math.log(2 * math.pi),
    "PROBC": 1 / math.sqrt(2 * math.pi),
    "available_cpu": True,
}
_FUNCTIONS = ("BernoulliLogProb", "LaplaceCDF", "LaplaceICDF", "ModifiedXLogX", "TriangularInv")
_REASON = "It is a piece of one of Chainer's distributions: call the distribution's methods."


def find(name: str) -> Any:
    """Returns what a deep module has under a name.

    Args:
        name: The name, ``"EULER"``.

    Raises:
        AttributeError: If there is nothing.
    """
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if name in _FUNCTIONS:
        return unsupported(f"chainer.distributions.{name}", _REASON)
    raise missing_name("chainer_compat.distributions", name)

"""Links: layers and models with parameters (Chainer: *Link and Chains*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.links._classifier import Classifier
from chainer_compat.links._linear import Linear
from chainer_compat.links._torch_module import TorchModule

__all__ = ["Classifier", "Linear", "TorchModule"]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)

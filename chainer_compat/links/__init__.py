"""Links: layers and models with parameters (Chainer: *Link and Chains*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.links._classifier import Classifier
from chainer_compat.links._convolution import (
    Convolution1D,
    Convolution2D,
    Convolution3D,
    ConvolutionND,
    Deconvolution1D,
    Deconvolution2D,
    Deconvolution3D,
    DeconvolutionND,
    DepthwiseConvolution2D,
    DilatedConvolution2D,
)
from chainer_compat.links._embed_id import EmbedID
from chainer_compat.links._linear import Linear
from chainer_compat.links._normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
)
from chainer_compat.links._torch_module import TorchModule

__all__ = [
    "BatchNormalization",
    "Classifier",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "ConvolutionND",
    "Deconvolution1D",
    "Deconvolution2D",
    "Deconvolution3D",
    "DeconvolutionND",
    "DepthwiseConvolution2D",
    "DilatedConvolution2D",
    "EmbedID",
    "GroupNormalization",
    "LayerNormalization",
    "Linear",
    "TorchModule",
]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)

"""Crossings between Chainer's objects and torch's, without a copy.

A torch optimizer behind Chainer's protocol, for the Trainer; a torch module as a Link, and a Link
as a torch module, over the same parameters; arrays as tensors, and the reverse.
"""

from chainer_compat.interop._arrays import asarray, astensor
from chainer_compat.interop._chainer_parameter import ChainerParameter
from chainer_compat.interop._link_as_torch_model import LinkAsTorchModel
from chainer_compat.interop._torch_optimizer import TorchOptimizer
from chainer_compat.links import TorchModule

__all__ = [
    "ChainerParameter",
    "LinkAsTorchModel",
    "TorchModule",
    "TorchOptimizer",
    "asarray",
    "astensor",
]

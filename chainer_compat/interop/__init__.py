"""Crossings between Chainer's objects and torch's, without a copy.

A torch optimizer behind Chainer's protocol, for the Trainer; a torch module as a Link, and a Link
as a torch module, over the same parameters; arrays as tensors, and the reverse.
"""

from chainer_compat.interop._arrays import asarray, astensor
from chainer_compat.interop._torch_optimizer import TorchOptimizer

__all__ = ["TorchOptimizer", "asarray", "astensor"]

"""Functions of Theano, which are not supported."""

from __future__ import annotations

from chainer_compat._unsupported import unsupported

__all__ = ["TheanoFunction"]

TheanoFunction = unsupported(
    "chainer.links.TheanoFunction",
    "Theano's last release needs a NumPy of before 2021 and does not run beside today's. Write the "
    "expression with chainer.functions or with functions of torch, which take variables as they "
    "are; if it has weights, put a torch.nn.Module into chainer.links.TorchModule.",
)

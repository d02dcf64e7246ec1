"""Functions of Theano, which are not supported."""

from __future__ import annotations

from chainer_compat._unsupported import unsupported

__all__ = ["TheanoFunction", "theano_function"]

_INSTEAD = (
    "Theano's last release needs a NumPy of before 2021 and does not run beside today's. Write the "
    "expression with chainer.functions or with functions of torch, which take variables as they "
    "are; for a derivative of its own, subclass chainer.FunctionNode."
)

TheanoFunction = unsupported("chainer.functions.theano.theano_function.TheanoFunction", _INSTEAD)
theano_function = unsupported("chainer.functions.theano.theano_function.theano_function", _INSTEAD)

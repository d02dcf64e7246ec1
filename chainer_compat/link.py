"""`Link`, `Chain`, `ChainList`: parameters and the structure above them."""

from __future__ import annotations

from chainer_compat._chain import Chain
from chainer_compat._chain_list import ChainList
from chainer_compat._function_set import FunctionSet
from chainer_compat._link import Link

__all__ = ["Chain", "ChainList", "FunctionSet", "Link"]

# Where users find them: what `repr` and `pickle` say.
for _public in (Chain, ChainList, FunctionSet, Link):
    _public.__module__ = __name__

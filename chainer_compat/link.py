"""`Link`, `Chain`, `ChainList`: parameters and the structure above them."""

from __future__ import annotations

from chainer_compat._chain import Chain
from chainer_compat._chain_list import ChainList
from chainer_compat._link import Link

__all__ = ["Chain", "ChainList", "Link"]

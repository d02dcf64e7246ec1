"""Helpers (Chainer: *chainer.utils*)."""

from __future__ import annotations

import collections.abc as collections_abc
import importlib
from typing import Any

from chainer_compat.utils import (
    argument,
    array,
    cache,
    conv,
    conv_nd,
    conv_nd_kernel,
    imgproc,
    meta,
    type_check,
)
from chainer_compat.utils._forcing import force_array, force_type, tempdir
from chainer_compat.utils._warning import experimental, nondeterministic
from chainer_compat.utils.array import size_of_shape, sum_to
from chainer_compat.utils.conv import get_conv_outsize, get_deconv_outsize
from chainer_compat.utils.meta import enable_final, final

__all__ = [
    "CooMatrix",
    "WalkerAlias",
    "argument",
    "array",
    "cache",
    "collections_abc",
    "conv",
    "conv_nd",
    "conv_nd_kernel",
    "enable_final",
    "experimental",
    "final",
    "force_array",
    "force_type",
    "get_conv_outsize",
    "get_deconv_outsize",
    "get_order",
    "imgproc",
    "meta",
    "nondeterministic",
    "size_of_shape",
    "sparse",
    "sum_to",
    "tempdir",
    "to_coo",
    "type_check",
    "walker_alias",
]

# These need Variable and Link, which themselves need type_check.
_LATER = {
    "CooMatrix": "sparse",
    "WalkerAlias": "walker_alias",
    "get_order": "sparse",
    "sparse": "sparse",
    "to_coo": "sparse",
    "walker_alias": "walker_alias",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        from chainer_compat._unsupported import missing_name

        raise missing_name(__name__, name)
    module = importlib.import_module(f"{__name__}.{_LATER[name]}")
    value = module if name == _LATER[name] else getattr(module, name)
    globals()[name] = value
    return value

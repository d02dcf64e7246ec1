"""Chainer's generators of CUDA source, which nothing here needs."""

from __future__ import annotations

from typing import Any

from chainer_compat._unsupported import missing_name, unsupported

_INSTEAD = "Use utils.conv_nd.im2col_nd and col2im_nd, or torch.nn.functional.unfold and fold."

Col2imNDKernel = unsupported("chainer.utils.conv_nd_kernel.Col2imNDKernel", _INSTEAD)
Im2colNDKernel = unsupported("chainer.utils.conv_nd_kernel.Im2colNDKernel", _INSTEAD)

__all__ = ["Col2imNDKernel", "Im2colNDKernel"]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name)

"""Chainer's generators of CUDA source, which nothing here needs."""

from __future__ import annotations

from typing import Any

from chainer_compat._unsupported import missing_name, unsupported

_INSTEAD = "Use utils.conv_nd.im2col_nd and col2im_nd, or torch.nn.functional.unfold and fold."


def _refused(name: str) -> Any:
    return unsupported(f"chainer.utils.conv_nd_kernel.{name}", _INSTEAD)


Col2imNDKernel = _refused("Col2imNDKernel")
Im2colNDKernel = _refused("Im2colNDKernel")
Writer = _refused("Writer")
andexp = _refused("andexp")
map_ = _refused("map_")
muladdexp = _refused("muladdexp")
mulexp = _refused("mulexp")
succ_sublists = _refused("succ_sublists")
vars = _refused("vars")

__all__ = [
    "Col2imNDKernel",
    "Im2colNDKernel",
    "Writer",
    "andexp",
    "map_",
    "muladdexp",
    "mulexp",
    "succ_sublists",
    "vars",
]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name)

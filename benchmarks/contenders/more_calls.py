"""Functions and links that move elements, draw or normalize, and are used less.

torch's pixel_shuffle and rrelu, and its batch_norm in the place of batch renormalization, which it
lacks, are the nearest that it has.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contenders import function_calls
from benchmarks.contenders.function_calls import Row, floats


def torch_calls(torch, options):
    """The bare functions of torch."""
    return function_calls.torch_calls(torch, options, ROWS)


def calls(chainer, options):
    """The functions and links of this package, or Chainer's."""
    return function_calls.calls(chainer, options, ROWS)


_MATRIX = (128, 1000)
_IMAGES = (32, 64, 28, 28)
_ORDER = np.random.RandomState(0).permutation(64).astype(np.int32)

ROWS = {
    "im2col": Row(
        floats((32, 32, 28, 28)),
        lambda _, nn, x: nn.unfold(x, 3, padding=1),
        lambda F, x: F.im2col(x, 3, 1, 1),
    ),
    "depth2space": Row(
        floats((32, 64, 14, 14)),
        lambda _, nn, x: nn.pixel_shuffle(x, 2),
        lambda F, x: F.depth2space(x, 2),
    ),
    "space2depth": Row(
        floats((32, 16, 28, 28)),
        lambda _, nn, x: nn.pixel_unshuffle(x, 2),
        lambda F, x: F.space2depth(x, 2),
    ),
    "zoneout": Row(
        floats(_MATRIX, _MATRIX),
        lambda torch, _, h, x: torch.where(torch.rand(_MATRIX) >= 0.5, x, h),
        lambda F, h, x: F.zoneout(h, x),
    ),
    "rrelu": Row(
        floats(_MATRIX),
        lambda _, nn, x: nn.rrelu(x, training=True),
        lambda F, x: F.rrelu(x),
    ),
    "permutate": Row(
        floats(_IMAGES),
        lambda torch, _, x: x.index_select(1, torch.from_numpy(_ORDER)),
        lambda F, x: F.permutate(x, _ORDER, 1),
    ),
    "BatchRenormalization": Row(
        floats(_IMAGES),
        lambda _, nn, x: nn.batch_norm(x, None, None, training=True),
        lambda link, x: link(x),
        link=lambda links: links.BatchRenormalization(64),
    ),
}

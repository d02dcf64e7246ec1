"""Convolutions, pooling and other connections give what Chainer's give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import functions
from tests.parity.functions._contract import (
    Arguments,
    Row,
    array,
    check,
    dtypes,
    labels,
    shapes,
)

variables = st.sampled_from(["v", "v", "v'"])


def _spatial(draw: Any, ndim: int) -> tuple[list[int], list[int], list[int], list[int]]:
    """Sizes of the input and the window, steps and padding that give a non-empty output."""
    k = [draw(st.integers(1, 3)) for _ in range(ndim)]
    s = [draw(st.integers(1, 3)) for _ in range(ndim)]
    p = [draw(st.integers(0, 2)) for _ in range(ndim)]
    n = [draw(st.integers(max(1, k_ - 2 * p_), 6)) for k_, p_ in zip(k, p, strict=True)]
    return n, k, s, p


def convolved(ndim: int, two_d: bool = False) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        n, k, s, p = _spatial(draw, ndim)
        d = draw(st.sampled_from([1, 1, 2]))
        n = [max(size, (kk - 1) * d + 1) for size, kk in zip(n, k, strict=True)]
        groups = draw(st.sampled_from([1, 1, 2]))
        channels, out, dtype = 2 * groups, 2 * groups, draw(dtypes)
        x = array(draw, (draw(st.integers(1, 2)), channels, *n), dtype)
        w = array(draw, (out, channels // groups, *k), dtype)
        b = array(draw, (out,), dtype) if draw(st.booleans()) else None
        options = {
            "stride": tuple(s), "pad": tuple(p), "dilate": d, "groups": groups,
            "cover_all": draw(st.booleans()),
        }  # fmt: skip
        return [(draw(variables), x), ("v", w), ("v", b)], options

    return draw_arguments


def dilated(draw: Any) -> Arguments:
    """Of the older function, which has no groups, and one dilation for both axes."""
    (x, w, b), options = convolved(2)(draw)
    del options["groups"]
    return [x, ("v", array(draw, (2, x[1].shape[1], *w[1].shape[2:]), x[1].dtype.name)), (
        "v", None if b[1] is None else b[1][:2].copy()
    )], options  # fmt: skip


def linear(draw: Any) -> Arguments:
    """With rows of one axis or of several, and batches of one axis or of several."""
    dtype = draw(dtypes)
    before = draw(shapes(min_dims=1, max_dims=3, max_side=3))
    # Chainer fails where there are no rows, but for rows of one axis.
    behind = draw(shapes(1, 2 if all(before) else 1, min_side=1, max_side=3))
    before = before if all(before) else (0,)
    out = draw(st.integers(1, 3))
    x = array(draw, (*before, *behind), dtype)
    w = array(draw, (out, int(np.prod(behind))), dtype)
    b = array(draw, (out,), dtype) if draw(st.booleans()) else None
    options = {} if len(before) == 1 else {"n_batch_axes": len(before)}
    return [(draw(variables), x), (draw(variables), w), ("v", b)], options


def deconvolved(ndim: int) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        k = [draw(st.integers(1, 3)) for _ in range(ndim)]
        s = [draw(st.integers(1, 3)) for _ in range(ndim)]
        d = draw(st.sampled_from([1, 1, 2]))
        n = [draw(st.integers(2, 4)) for _ in range(ndim)]
        p = [draw(st.integers(0, min(1, (kk - 1) * d))) for kk in k]
        groups = draw(st.sampled_from([1, 1, 2]))
        dtype = draw(dtypes)
        x = array(draw, (draw(st.integers(1, 2)), 2 * groups, *n), dtype)
        w = array(draw, (2 * groups, 2, *k), dtype)
        b = array(draw, (2 * groups,), dtype) if draw(st.booleans()) else None
        default = [
            (size - 1) * ss + (kk - 1) * d + 1 - 2 * pp
            for size, ss, kk, pp in zip(n, s, k, p, strict=True)
        ]
        bigger = tuple(o + draw(st.integers(0, ss - 1)) for o, ss in zip(default, s, strict=True))
        options = {"stride": tuple(s), "pad": tuple(p), "dilate": d, "groups": groups}
        options["outsize"] = draw(st.sampled_from([None, bigger]))
        return [(draw(variables), x), ("v", w), ("v", b)], options

    return draw_arguments


def _padding(size: int, window: int, stride: int, pad: int) -> int:
    """A padding in which no window lies alone: there Chainer's second derivative is infinite."""
    pad = min(pad, window - 1)
    while -(-(size + 2 * pad - window) // stride) * stride - pad >= size:
        pad -= 1
    return pad


def pooled(ndim: int, **fixed: Any) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        n, k, s, p = _spatial(draw, ndim)
        s = [min(ss, kk) for ss, kk in zip(s, k, strict=True)]
        n = [max(size, kk) for size, kk in zip(n, k, strict=True)]
        stride = draw(st.sampled_from([None, tuple(s)]))
        p = [_padding(*each) for each in zip(n, k, stride or k, p, strict=True)]
        x = array(draw, (draw(st.integers(1, 2)), 2, *n), draw(dtypes))
        options = {"stride": stride, "pad": tuple(p)}
        options |= {name: draw(values) for name, values in fixed.items()}
        return [(draw(variables), x), ("o", tuple(k))], options

    return draw_arguments


def unpooled(ndim: int) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        k, s = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        n = tuple(draw(st.integers(2, 4)) for _ in range(ndim))
        x = array(draw, (2, 2, *n), draw(dtypes))
        options = {"stride": s, "pad": draw(st.integers(0, 1 if k > 1 else 0))}
        options["cover_all"] = draw(st.booleans())
        return [(draw(variables), x), ("o", k)], options

    return draw_arguments


def upsampled(draw: Any) -> Arguments:
    k = draw(st.integers(1, 3))
    shape = (2, 2, draw(st.integers(2, 3)), draw(st.integers(2, 3)))
    x = array(draw, shape, draw(dtypes))
    indexes = labels(draw, shape, k * k)
    return [("v", x), ("o", indexes), ("o", k)], {"cover_all": draw(st.booleans())}


def depthwise(draw: Any) -> Arguments:
    n, k, s, p = _spatial(draw, 2)
    dtype = draw(dtypes)
    x, w = array(draw, (2, 3, *n), dtype), array(draw, (2, 3, *k), dtype)
    return [("v", x), ("v", w)], {"stride": tuple(s), "pad": tuple(p)}


def local(draw: Any) -> Arguments:
    k, s = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    height, width = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    outs = ((height - k) // s + 1, (width - k) // s + 1)
    dtype = draw(dtypes)
    x = array(draw, (2, 2, height, width), dtype)
    w = array(draw, (3, *outs, 2, k, k), dtype)
    b = array(draw, (3, *outs), dtype) if draw(st.booleans()) else None
    return [("v", x), ("v", w), ("v", b)], {"stride": s}


def deformed(draw: Any) -> Arguments:
    dtype = draw(dtypes)
    kh, kw, outs = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(shapes(2, 2, 1, 3))
    x = array(draw, (2, 2, draw(st.integers(2, 5)), draw(st.integers(2, 5))), dtype)
    offset = array(draw, (2, 2 * kh * kw, *outs), dtype, low=-1.5, high=1.5)
    w = array(draw, (3, 2, kh, kw), draw(dtypes))
    b = array(draw, (3,), np.result_type(x, w).name) if draw(st.booleans()) else None
    pad = st.integers(0, 2)
    options = {"stride": draw(st.integers(1, 2)), "pad": draw(pad | st.tuples(pad, pad))}
    return [("v", x), ("v", offset), ("v", w), ("v", b)], options


def shifted(draw: Any) -> Arguments:
    channels = draw(st.integers(9, 20))
    x = array(draw, (1, channels, draw(st.integers(1, 4)), 3), draw(dtypes))
    return [("v", x)], {"ksize": draw(st.sampled_from([3, 1])), "dilate": draw(st.integers(1, 2))}


def embedded(draw: Any) -> Arguments:
    shape = draw(st.sampled_from([(3,), (2, 2), (1, 2, 3)]))
    ignore = draw(st.sampled_from([None, -1, 1]))
    x = labels(draw, shape, 4, draw(st.sampled_from(["int32", "int64"])), lowest=-1)
    return [("a", x), ("v", array(draw, (4, 3), draw(dtypes)))], {"ignore_label": ignore}


def bilinear(draw: Any) -> Arguments:
    dtype = "float32"  # the only one that Chainer's takes
    sizes = {"e1": (2, 3), "e2": (2, 4), "W": (3, 4, 5), "V1": (3, 5), "V2": (4, 5), "b": (5,)}
    count = draw(st.sampled_from([3, 6]))
    arrays = [array(draw, shape, dtype) for shape in list(sizes.values())[:count]]
    return [("v", a) for a in arrays], {}


def pyramid(draw: Any) -> Arguments:
    shape = (2, 2, draw(st.integers(4, 7)), draw(st.integers(4, 7)))
    height = draw(st.integers(1, 3))
    return [("v", array(draw, shape, draw(dtypes))), ("o", height), ("o", "max")], {}


covers, nothing_or_zero = st.booleans(), st.sampled_from([0, None])

ROWS = [
    Row("average_pooling_1d", pooled(1, pad_value=nothing_or_zero)),
    Row("average_pooling_2d", pooled(2)),
    Row("average_pooling_3d", pooled(3, pad_value=nothing_or_zero)),
    Row("average_pooling_nd", pooled(2, pad_value=nothing_or_zero)),
    Row("bilinear", bilinear),
    Row("convolution_1d", convolved(1)),
    Row("convolution_2d", convolved(2)),
    Row("convolution_3d", convolved(3)),
    Row("convolution_nd", convolved(2)),
    Row("deconvolution_1d", deconvolved(1)),
    Row("deconvolution_2d", deconvolved(2)),
    Row("deconvolution_3d", deconvolved(3)),
    Row("deconvolution_nd", deconvolved(2)),
    Row("deformable_convolution_2d_sampler", deformed, order=1),
    Row("depthwise_convolution_2d", depthwise),
    Row("dilated_convolution_2d", dilated),
    Row("embed_id", embedded),
    Row("linear", linear),
    Row("local_convolution_2d", local, order=1),
    Row("max_pooling_1d", pooled(1, cover_all=covers, return_indices=covers)),
    Row("max_pooling_2d", pooled(2, cover_all=covers, return_indices=covers)),
    Row("max_pooling_3d", pooled(3, cover_all=covers), order=1),
    Row("max_pooling_3d", pooled(3, cover_all=st.just(False)), label=" twice"),
    Row("max_pooling_nd", pooled(2, cover_all=covers)),
    Row("shift", shifted),
    # Chainer's second derivative is infinite where a window lies in the padding alone.
    Row("spatial_pyramid_pooling_2d", pyramid, order=1),
    Row("unpooling_1d", unpooled(1)),
    Row("unpooling_2d", unpooled(2)),
    Row("unpooling_3d", unpooled(3)),
    Row("unpooling_nd", unpooled(2)),
    Row("upsampling_2d", upsampled),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


X = np.zeros((2, 3, 4, 5), np.float32)
OFFSET = np.zeros((2, 8, 3, 4), np.float32)
W = np.ones((2, 3, 2, 2), np.float32)
B = np.ones(2, np.float32)


@pytest.mark.parametrize(
    "arrays",
    [
        (X.astype("i"), OFFSET, W),
        (X[0], OFFSET, W),
        (X, OFFSET[0], W),
        (X, OFFSET, W[0]),
        (X, OFFSET[:, :6], W),
        (X, OFFSET.astype("d"), W),
        (X, OFFSET, W.astype("i")),
        (X, OFFSET, W, B.astype("d")),
        (X, OFFSET, W, np.ones(3, np.float32)),
        (X[:1], OFFSET, W),
        (X, OFFSET, W[:, :2]),
    ],
)
def test_bad_arguments_of_the_deformable_convolution(both: Any, arrays: Any) -> None:
    arguments = [("v", a) for a in arrays]
    assert both(functions.call, "deformable_convolution_2d_sampler", arguments, {}, 1) is None

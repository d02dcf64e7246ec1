"""The helpers of chainer.utils give the same as Chainer's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.bodies import utils as bodies


@given(
    st.integers(1, 20),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(0, 3),
    st.booleans(),
    st.integers(1, 3),
)
def test_sizes_of_convolutions(both, size, k, s, p, cover_all, d):
    for name in ("get_conv_outsize", "get_deconv_outsize", "conv.get_conv_outsize"):
        both(bodies.call, name, (size, k, s, p, cover_all, d), {})
        both(bodies.call, name, (size, k, s, p), {"d": d})


KERNELS = list(itertools.product([(3, 2)], [(1, 1), (2, 3)], [(0, 0), (1, 2)], [1, 2]))


@pytest.mark.parametrize("cover_all", [False, True])
@pytest.mark.parametrize(("kernel", "stride", "pad", "dilate"), KERNELS)
def test_patches_of_two_axes(both, kernel, stride, pad, dilate, cover_all):
    image = np.arange(2 * 3 * 7 * 8, dtype="f").reshape(2, 3, 7, 8)
    args = (image, *kernel, *stride, *pad)
    keywords = {"cover_all": cover_all, "dy": dilate, "dx": 1}
    col, _ = both(bodies.call, "conv.im2col_cpu", (*args, 0.5), keywords)
    both(bodies.call, "conv.im2col", args, keywords)
    both(bodies.call, "conv.col2im_cpu", (col, *stride, *pad, 7, 8, dilate, 1), {})
    both(bodies.call, "conv.col2im", (col, *stride, *pad, 7, 8), {"dy": dilate})


@pytest.mark.parametrize("out", [1, 2, 5, 6, 0])
def test_patches_of_a_given_number(both, out):
    image = np.arange(36, dtype="f").reshape(1, 1, 6, 6)
    both(bodies.call, "conv.im2col_cpu", (image, 2, 2, 1, 1, 0, 0), {"out_h": out})


@pytest.mark.parametrize("cover_all", [False, True])
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_patches_of_any_axes(both, ndim, cover_all):
    shape = (2, 2, 7, 6, 5)[: 2 + ndim]
    image = np.arange(np.prod(shape), dtype="d").reshape(shape)
    ksize, stride, pad = (2, 3, 2)[:ndim], (2, 1, 3)[:ndim], (1, 0, 2)[:ndim]
    keywords = {"cover_all": cover_all, "dilate": 1}
    col, _ = both(bodies.call, "conv_nd.im2col_nd_cpu", (image, ksize, stride, pad), keywords)
    both(bodies.call, "conv_nd.im2col_nd", (image, ksize, stride, pad), keywords)
    both(bodies.call, "conv_nd.col2im_nd_cpu", (col, stride, pad, shape[2:]), {})
    both(bodies.call, "conv_nd.col2im_nd", (col, stride, pad, shape[2:]), {"dilate": 1})


def test_patches_refuse_what_does_not_fit(both):
    image = np.zeros((1, 1, 2, 2), "f")
    both(bodies.call, "conv.im2col_cpu", (image, 5, 5, 1, 1, 0, 0), {})
    both(bodies.call, "conv_nd.im2col_nd_cpu", (image, (5, 5), (1, 1), (0, 0)), {})
    both(bodies.call, "conv_nd.im2col_nd_cpu", (image, (1,), (1, 1), (0, 0)), {})
    both(bodies.call, "conv_nd.col2im_nd_cpu", (image, (1, 1), (0,), (2, 2)), {})
    both(bodies.call, "conv_nd.as_tuple", ((1, 2), 3), {})


def test_as_tuple(both):
    for value in (3, (1, 2), [1, 2], np.array([1, 2])):
        both(bodies.call, "conv_nd.as_tuple", (value, 2), {})


ARRAYS = [np.float32(1.5), 2, 1.5, np.arange(3.0), np.zeros((), "i"), True]


@pytest.mark.parametrize("value", ARRAYS)
@pytest.mark.parametrize("dtype", [None, "f", "e"])
def test_force_array(both, value, dtype):
    both(bodies.call, "force_array", (value,), {} if dtype is None else {"dtype": dtype})


@pytest.mark.parametrize("value", ARRAYS)
def test_force_type(both, value):
    both(bodies.force_type, "f", value)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), [4, 0], (2.0, 3)])
def test_size_of_shape(both, shape):
    both(bodies.call, "size_of_shape", (shape,), {})


@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 4), (1, 4), (2, 1, 1), (4,), (1,), ()])
def test_sum_to(both, shape):
    both(bodies.call, "sum_to", (np.arange(24).reshape(2, 3, 4), shape), {})


@pytest.mark.parametrize("name", ["as_vec", "as_mat"])
@pytest.mark.parametrize("shape", [(6,), (2, 3), (2, 1, 3)])
def test_deprecated_reshapes(both, name, shape):
    both(bodies.call, f"array.{name}", (np.arange(6).reshape(shape),), {})


@pytest.mark.parametrize("kwargs", [{}, {"a": 1}, {"b": 2, "a": 1}, {"z": 1, "y": 2}, {"gone": 1}])
def test_keyword_arguments(both, kwargs):
    both(bodies.parse, kwargs, [("a", 10), ("b", 20)], {"gone": "it is gone"})
    both(bodies.call, "argument.check_unexpected_kwargs", (kwargs,), {"gone": "it is gone"})
    both(bodies.kwargs_empty, kwargs)


def test_cached_property(both):
    both(bodies.cached)


@pytest.mark.parametrize("meta", [False, True])
@pytest.mark.parametrize("override", [False, True])
@pytest.mark.parametrize("action", [None, "warning", "error"])
def test_final(both, action, override, meta):
    both(bodies.final, action, override, meta)


@pytest.mark.parametrize("switch", [False, True])
def test_warnings(both, switch):
    both(bodies.experimental, switch)
    both(bodies.nondeterministic, switch)


@pytest.mark.parametrize("crop", [(3, 4), (6, 7), (1, 1)])
def test_oversample(both, crop):
    images = list(np.arange(2 * 3 * 6 * 7, dtype="f").reshape(2, 3, 6, 7))
    both(bodies.call, "imgproc.oversample", (images, crop), {})


@settings(max_examples=100)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=40), st.sampled_from([(), 5, (2, 3)]))
def test_walker_alias(both, weights, shape):
    both(bodies.walker_alias, weights, shape)


@pytest.mark.parametrize("ldnz", [None, 2, 9])
@pytest.mark.parametrize("dtype", ["f", "d", "i"])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (1, 1), (4,)])
def test_sparse_from_dense(both, shape, dtype, ldnz):
    dense = np.arange(np.prod(shape)).reshape(shape) % 3
    both(bodies.to_coo, dense.astype(dtype), ldnz)


DATA, ROW, COL = np.array([1.0, 2, 3]), np.array([0, 1, 1]), np.array([2, 0, 1])


@pytest.mark.parametrize(
    ("data", "row", "col", "shape", "order"),
    [
        (DATA, ROW, COL, (2, 3), None),
        (DATA, COL, ROW, (3, 2), None),
        (DATA, ROW[::-1], COL, (2, 3), None),
        (DATA, ROW, COL, (2, 3), "other"),
        (DATA, ROW, COL, (2, 3), "D"),
        (DATA, ROW, COL, (2, 3, 4), None),
        (DATA, ROW, COL, (0, 3), None),
        (DATA, ROW[None], COL, (2, 3), None),
        (DATA, ROW[:2], COL, (2, 3), None),
        (DATA, np.array([0, 1, -1]), COL, (2, 3), None),
        (DATA, np.array([1, 1, 1]), np.array([2, 2, 2]), (2, 3), None),
        (np.stack([DATA, DATA]), np.stack([ROW, ROW]), np.stack([COL, ROW]), (2, 3), None),
        (DATA[None, None], ROW[None, None], COL[None, None], (2, 3), None),
    ],
)
def test_sparse_from_parts(both, data, row, col, shape, order):
    both(bodies.coo_matrix, data, row, col, shape, order)

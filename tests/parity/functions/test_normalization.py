"""Normalization gives what Chainer's gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import functions
from tests.parity.functions._contract import Arguments, Row, array, check, exact_dtypes, shapes


def keyed(weights: int, **extra: Any) -> Any:
    """An array and weights for the axes behind the first one."""

    def draw_arguments(draw: Any) -> Arguments:
        batch, channels = draw(st.integers(2, 4)), draw(st.integers(1, 3))
        rest = draw(shapes(max_dims=2, min_side=1, max_side=3))
        dtype = draw(exact_dtypes)
        x = array(draw, (batch, channels, *rest), dtype)
        keys = x.shape[1 : draw(st.integers(2, x.ndim))]
        if x.size < 4 * np.prod(keys):
            # Two or three may have next to no variance, which float32 cannot divide by.
            dtype = "float64"
            x = x.astype(dtype)
        arrays = [array(draw, keys, dtype) for _ in range(weights)]
        if weights == 4:
            arrays[3] = abs(arrays[3]) + 0.1
        options = {name: draw(values) for name, values in extra.items()}
        return [("v", x), *(("v", a) for a in arrays)], options

    return draw_arguments


def over_axes(draw: Any) -> Arguments:
    dtype = draw(exact_dtypes)
    x = array(draw, (3, 2, 2, 3), dtype)
    axis = draw(st.sampled_from([(0,), (0, 2), (0, 3), (0, 2, 3), (0, 1, 2)]))
    keys = tuple(n for a, n in enumerate(x.shape) if a not in axis)
    return [("v", x), ("v", array(draw, keys, dtype)), ("v", array(draw, keys, dtype))], {
        "axis": axis
    }


def rows(draw: Any) -> Arguments:
    size = draw(st.integers(2, 6))
    dtype = draw(exact_dtypes) if size > 3 else "float64"  # as above
    x = array(draw, (draw(st.integers(1, 4)), size), dtype)
    options = {"eps": draw(st.sampled_from([1e-5, 0.1]))}
    weights = [("v", array(draw, (size,), dtype)) for _ in range(2)]
    return [("v", x), *weights], options


def widely_grouped(draw: Any) -> Arguments:
    groups, channels = draw(st.sampled_from([(1, 4), (2, 8), (1, 5)]))
    x = array(draw, (2, channels, *draw(shapes(max_dims=2, min_side=1))))
    weights = [("v", array(draw, (channels,))) for _ in range(2)]
    return [("v", x), ("o", groups), *weights], {"eps": draw(st.sampled_from([1e-2, 0.1]))}


def grouped(draw: Any) -> Arguments:
    # A group of two or three may have next to no variance, which float32 cannot divide by.
    groups, dtype = draw(st.integers(1, 3)), "float64"
    channels = groups * draw(st.integers(2, 3))
    x = array(draw, (2, channels, *draw(shapes(max_dims=2, min_side=1))), dtype)
    weights = [("v", array(draw, (channels,), dtype)) for _ in range(2)]
    return [("v", x), ("o", groups), *weights], {}


def neighbours(draw: Any) -> Arguments:
    x = array(draw, draw(shapes(min_dims=2, min_side=1)), draw(exact_dtypes))
    return [("v", x)], {"n": draw(st.integers(1, 5)), "alpha": draw(st.sampled_from([1e-4, 0.5]))}


def normed(draw: Any) -> Arguments:
    x = array(draw, draw(shapes(min_dims=2, min_side=1)), draw(exact_dtypes))
    axes = st.integers(0, x.ndim - 1)
    return [("v", x)], {"axis": draw(axes | st.just((0, 1))), "eps": draw(st.just(1e-3))}


def renormalized(draw: Any) -> Arguments:
    batch, channels = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    dtype = draw(exact_dtypes)
    x = array(draw, (batch, channels, *draw(shapes(max_dims=2, min_side=1, max_side=3))), dtype)
    keys = x.shape[1 : draw(st.integers(2, x.ndim))]
    running = array(draw, keys, dtype), abs(array(draw, keys, dtype)) + 0.1
    options = {
        "rmax": draw(st.sampled_from([1, 1.5, 3])), "dmax": draw(st.sampled_from([0, 0.5, 5])),
        "eps": draw(st.sampled_from([2e-5, 0.1])), "running_mean": running[0],
        "running_var": running[1], "update_statistics": draw(st.booleans()),
    }  # fmt: skip
    return [("v", x), ("v", array(draw, keys, dtype)), ("v", array(draw, keys, dtype))], options


def whitened(draw: Any) -> Arguments:
    # More examples than channels: otherwise rounding decides about the smallest eigenvalues.
    groups, size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dtype = draw(exact_dtypes)
    x = array(
        draw,
        (draw(st.integers(8, 12)), groups * size, *draw(shapes(max_dims=2, min_side=1))),
        dtype,
    )
    return [("v", x)], {"groups": groups, "eps": draw(st.sampled_from([2e-3, 0.1]))}


def whitened_as_before(draw: Any) -> Arguments:
    groups, size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dtype = draw(exact_dtypes)
    x = array(
        draw, (draw(st.integers(1, 3)), groups * size, *draw(shapes(max_dims=2, min_side=1))), dtype
    )
    statistics = array(draw, (groups, size), dtype), array(draw, (groups, size, size), dtype)
    return [("v", x), *(("a", a) for a in statistics)], {"groups": groups}


ROWS = [
    Row("batch_normalization", keyed(2, eps=st.sampled_from([2e-5, 0.1]))),
    Row("batch_normalization", over_axes, label=" over axes"),
    Row("batch_renormalization", renormalized, order=1),
    Row("decorrelated_batch_normalization", whitened, order=1),
    Row("fixed_batch_normalization", keyed(4, eps=st.sampled_from([2e-5, 0.1]))),
    Row("fixed_decorrelated_batch_normalization", whitened_as_before, order=1),
    Row("group_normalization", grouped),
    Row("group_normalization", widely_grouped, label=" of many"),
    Row("layer_normalization", rows),
    Row("local_response_normalization", neighbours, order=1),
    Row("normalize", normed),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


X = np.arange(24, dtype=np.float32).reshape(4, 6)
KEYS = np.ones(6, np.float32)
ROWS_OF_2 = np.zeros((3, 2), np.float32)
MATRICES = np.ones((3, 2, 2), np.float32)
RUNNING = {"rmax": 1, "dmax": 0, "running_mean": KEYS, "running_var": KEYS}


@pytest.mark.parametrize(
    ("name", "arrays", "options", "config"),
    [
        ("batch_renormalization", [X, KEYS, KEYS], {"rmax": 1, "dmax": 0}, {}),
        ("batch_renormalization", [X, KEYS, KEYS], {**RUNNING, "running_var": None}, {}),
        ("batch_renormalization", [X, KEYS, KEYS], RUNNING, {"train": False}),
        ("batch_renormalization", [X.astype("i"), KEYS, KEYS], RUNNING, {}),
        ("batch_renormalization", [X, KEYS[:2], KEYS[:2]], RUNNING, {}),
        ("batch_renormalization", [X, KEYS, KEYS[:2]], RUNNING, {}),
        ("batch_renormalization", [X, KEYS, KEYS.astype("d")], RUNNING, {}),
        ("batch_renormalization", [X[0], KEYS, KEYS], RUNNING, {}),
        ("batch_renormalization", [X, KEYS, KEYS], {**RUNNING, "running_mean": KEYS[:2]}, {}),
        ("decorrelated_batch_normalization", [X], {}, {}),
        ("decorrelated_batch_normalization", [X], {"groups": 3, "colour": 1}, {}),
        ("decorrelated_batch_normalization", [X.astype("i")], {"groups": 3}, {}),
        ("decorrelated_batch_normalization", [X], {"groups": 3, "running_mean": KEYS}, {}),
        ("fixed_decorrelated_batch_normalization", [X.astype("i"), ROWS_OF_2, MATRICES], {}, {}),
        ("fixed_decorrelated_batch_normalization", [X, ROWS_OF_2, MATRICES.astype("d")], {}, {}),
        ("fixed_decorrelated_batch_normalization", [X, ROWS_OF_2.astype("d"), MATRICES], {}, {}),
        ("fixed_decorrelated_batch_normalization", [X, ROWS_OF_2, MATRICES], {"groups": 2}, {}),
        ("fixed_decorrelated_batch_normalization", [X, ROWS_OF_2, MATRICES], {"groups": 4}, {}),
        ("fixed_decorrelated_batch_normalization", [X[0], ROWS_OF_2, MATRICES], {}, {}),
    ],
)
def test_bad_arguments_give_the_same_class_of_error(
    both: Any, name: str, arrays: Any, options: Any, config: Any
) -> None:
    arguments = [("v", a) for a in arrays]
    assert both(functions.call, name, arguments, options, 1, config) is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_running_statistics_move(both: Any, dtype: str) -> None:
    both(functions.running_statistics, dtype, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 3, 5), (1, 3), (2, 3, 1, 1)])
@pytest.mark.parametrize("axis", [None, "last"])
@pytest.mark.parametrize("dtypes", ["fff", "ddd", "eff", "ddf"])
def test_the_statistics_of_batches_move(both: Any, shape: Any, axis: Any, dtypes: str) -> None:
    options = {} if axis is None else {"axis": tuple(range(len(shape) - 1))}
    rtol = 1e-10 if dtypes == "ddd" else 1e-5
    both(functions.batch_statistics, shape, dtypes, options, rtol=rtol, atol=rtol)


def test_half_precision_with_weights_in_single(both: Any) -> None:
    arguments = [("v", X.astype("e")), ("v", KEYS), ("v", KEYS)]
    both(functions.call, "batch_renormalization", arguments, RUNNING, 1, rtol=1e-2, atol=1e-2)


def test_the_fixed_renormalization_warns(both: Any) -> None:
    both(functions.warned, "fixed_batch_renormalization", [X, *[KEYS] * 4], rtol=1e-5, atol=1e-5)

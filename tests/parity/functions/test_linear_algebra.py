"""Products of matrices, functions of matrices and Fourier transforms give what Chainer's give."""

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
    exact_dtypes,
    shapes,
    variable_kinds,
)

sides = st.integers(1, 4)


def multiplied(draw: Any) -> Arguments:
    """Vectors, matrices and stacks of matrices, of one dtype or of two."""
    n, m, k = draw(sides), draw(sides), draw(sides)
    transa, transb = draw(st.booleans()), draw(st.booleans())
    stack = draw(shapes(max_dims=2, min_side=1))
    a = draw(st.sampled_from([(k,), (k, n) if transa else (n, k)]))
    b = draw(st.sampled_from([(k,), (m, k) if transb else (k, m)]))
    if len(a) > 1 and draw(st.booleans()):
        a = stack + a
    if len(b) > 1 and draw(st.booleans()):
        b = stack + b
    dtypes = draw(exact_dtypes), draw(exact_dtypes)
    arrays = [array(draw, shape, dtype) for shape, dtype in zip((a, b), dtypes, strict=True)]
    return [(draw(variable_kinds), x) for x in arrays], {"transa": transa, "transb": transb}


def multiplied_in_batches(draw: Any) -> Arguments:
    count, n, m, k = (draw(sides) for _ in range(4))
    transa, transb = draw(st.booleans()), draw(st.booleans())
    a = (count, k, n) if transa else (count, n, k)
    b = (count, m, k) if transb else (count, k, m)
    dtype = "float32"  # Chainer refuses others here; this package takes them
    kinds = st.sampled_from(["v", "v'"])
    return (
        [(draw(kinds), array(draw, a, dtype)), (draw(kinds), array(draw, b, dtype))],
        {"transa": transa, "transb": transb},
    )


def sparsely_multiplied(draw: Any) -> Arguments:
    n, m, k = draw(sides), draw(sides), draw(sides)
    batch = (draw(sides),) if draw(st.booleans()) else ()
    transa, transb = draw(st.booleans()), draw(st.booleans())
    a = array(draw, (*batch, *((k, n) if transa else (n, k))), draw(exact_dtypes))
    b = array(draw, (*batch, *((m, k) if transb else (k, m))), a.dtype.name)
    kinds = ["coo", "v"]
    sparse_first = draw(st.booleans())
    for x in (a if sparse_first else b,):
        x[x < 0] = 0
        x.flat[0] = 1  # Chainer fails where nothing is left
    options = {"transa": transa, "transb": transb}
    return list(zip(kinds if sparse_first else kinds[::-1], (a, b), strict=True)), options


def contracted(draw: Any) -> Arguments:
    common = draw(shapes(max_dims=2, min_side=1))
    a = draw(shapes(max_dims=2, min_side=1)) + common
    b = common + draw(shapes(max_dims=2, min_side=1))
    axes: Any = len(common)
    if draw(st.booleans()):
        axes = list(range(len(a) - len(common), len(a))), list(range(len(common)))
    dtype = draw(exact_dtypes)
    return [("v", array(draw, a, dtype)), ("v", array(draw, b, dtype))], {"axes": axes}


SUBSCRIPTS = [
    "ij,jk->ik", "ij,jk", "ij,ij->", "ij->ji", "ji", "ii->i", "ii", "i,j->ij", "ijk,ikl->ijl",
    "...i,...i->...", "i...,i...->...", "ij,ik,kl->jl", "bA", "ij,ij", " i j , j k -> i k ", "ij->",
]  # fmt: skip
LENGTHS = {"i": 2, "j": 3, "k": 2, "l": 4, "b": 2, "A": 3}


def summed(draw: Any) -> Arguments:
    text = draw(st.sampled_from(SUBSCRIPTS))
    dots = draw(shapes(max_dims=2, min_side=1))
    dtype = draw(exact_dtypes)
    arrays = []
    for part in text.replace(" ", "").split("->")[0].split(","):
        before, has_dots, after = part.partition("...")
        own = tuple(LENGTHS[c] for c in before) + (dots if has_dots else ())
        arrays.append(("v", array(draw, own + tuple(LENGTHS[c] for c in after), dtype)))
    return [("o", text), *arrays], {}


def regular(count: int = 0, symmetric: bool = False, lowest: int = 1) -> Any:
    """A matrix far from a singular one, or a batch of them."""

    def draw_arguments(draw: Any) -> Arguments:
        n = draw(st.integers(lowest, 4))
        shape = (draw(st.integers(1, 3)), n, n) if count else (n, n)
        x = array(draw, shape, draw(exact_dtypes), -1, 1)
        if symmetric:
            x = x @ x.swapaxes(-1, -2)
        return [("v", x + 4 * np.eye(n, dtype=x.dtype))], {}

    return draw_arguments


def complex_parts(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_dims=1, min_side=1)), draw(exact_dtypes)
    return [("s", [("v", array(draw, shape, dtype)) for _ in range(2)])], {}


ROWS = [
    Row("batch_det", regular(1, lowest=2)),
    Row("batch_inv", regular(1)),
    Row("batch_matmul", multiplied_in_batches),
    Row("cholesky", regular(symmetric=True)),
    Row("det", regular(lowest=2)),
    Row("einsum", summed),
    Row("fft", complex_parts),
    Row("ifft", complex_parts),
    Row("inv", regular()),
    Row("matmul", multiplied),
    Row("sparse_matmul", sparsely_multiplied),
    Row("tensordot", contracted),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


X = np.arange(6, dtype=np.float32).reshape(2, 3)
ZEROS = np.zeros((2, 2), np.float32)
BAD = [
    ("batch_matmul", [X[None], X[None]], {}),
    ("batch_matmul", [X, X], {}),
    ("batch_matmul", [X[0], X[0]], {}),
    ("batch_matmul", [X[None, None], X], {}),
    ("batch_matmul", [X, np.ones((3, 3), "f")], {"transa": True}),
    ("batch_matmul", [X, X.astype("d")], {"transa": True}),
    ("matmul", [X, X], {}),
    ("matmul", [X[0, 0], X], {}),
    ("matmul", [X.astype("i"), X], {}),
    ("matmul", [np.ones((3, 3, 4), "f"), np.ones((2, 4, 5), "f")], {}),
    ("tensordot", [X, X], {"axes": 1}),
    ("tensordot", [X, X], {"axes": 3}),
    ("tensordot", [X, X], {"axes": ([0, 1], [0])}),
    ("tensordot", [X, X], {"axes": ([5], [0])}),
    ("tensordot", [X.astype("i"), X], {"axes": 2}),
    ("einsum", [], {}),
    ("einsum", ["ii", X], {}),
    ("einsum", ["ij,ij", X], {}),
    ("einsum", ["ij->jij", X], {}),
    ("einsum", ["ij->k", X], {}),
    ("einsum", ["i...->i", X], {}),
    ("einsum", ["ij,jk->ik", X, X[:1]], {}),
    ("einsum", ["i->i", X], {}),
    ("einsum", ["ijk->i", X], {}),
    ("einsum", ["i1->i", X], {}),
    ("einsum", ["i.j->i", X], {}),
    ("einsum", ["ij->i->j", X], {}),
    ("einsum", ["ij", X.astype("i")], {}),
    ("einsum", ["...ij,...jk->...ik", np.ones((5, 2, 3), "f"), np.ones((3, 4), "f")], {}),
    ("einsum", ["i->i", 3], {}),
    ("einsum", [X, ["a", 1]], {}),
    ("cholesky", [X[0]], {}),
    ("cholesky", [X], {}),
    ("cholesky", [-np.eye(2, dtype="f")], {}),
    ("cholesky", [X.astype("i")], {}),
    ("inv", [X], {}),
    ("inv", [X[None]], {}),
    ("inv", [ZEROS], {}),
    ("inv", [X.astype("i")], {}),
    ("batch_inv", [X], {}),
    ("batch_inv", [X[None]], {}),
    ("batch_inv", [ZEROS[None]], {}),
    ("det", [X], {}),
    ("det", [X.astype("i")], {}),
    ("batch_det", [X], {}),
    ("batch_det", [X[None]], {}),
    ("fft", [[X]], {}),
    ("fft", [[X, X[:1]]], {}),
    ("fft", [[X, X.astype("d")]], {}),
    ("fft", [[X.astype("i"), X.astype("i")]], {}),
    ("ifft", [[X[:, :0], X[:, :0]]], {}),
    ("fft", [[X[0, 0], X[0, 0]]], {}),
    ("sparse_matmul", [X, X], {}),
]


@pytest.mark.parametrize(("name", "values", "options"), BAD)
def test_bad_inputs_give_the_same_class_of_error(
    both: Any, name: str, values: list[Any], options: dict[str, Any]
) -> None:
    def argument(value: Any) -> tuple[str, Any]:
        if isinstance(value, list) and isinstance(value[0], np.ndarray):
            return "s", [("v", x) for x in value]
        return ("v" if isinstance(value, np.ndarray) else "o"), value

    both(functions.call, name, [argument(value) for value in values], options, 0)


@pytest.mark.parametrize("name", ["matmul", "inv", "det", "tensordot"])
def test_half_precision(both: Any, name: str) -> None:
    x = np.array([[4, 1], [1, 3]], np.float16)
    arguments = [("v", x)] * (2 if name in ("matmul", "tensordot") else 1)
    both(functions.call, name, arguments, {}, 0, rtol=1e-2, atol=1e-2)


def test_einsum_with_lists_of_subscripts(both: Any) -> None:
    arguments = [("v", X), ("o", [0, 1]), ("v", X), ("o", [0, 1]), ("o", [0])]
    both(functions.call, "einsum", arguments, {})
    both(functions.call, "einsum", [("v", X), ("o", [1, 0])], {})


@pytest.mark.parametrize("transa", [False, True])
@pytest.mark.parametrize("transb", [False, True])
@pytest.mark.parametrize("sparse_first", [False, True])
@pytest.mark.parametrize("batch", [False, True])
def test_products_with_a_sparse_matrix(
    both: Any, transa: bool, transb: bool, sparse_first: bool, batch: bool
) -> None:
    both(functions.multiply_sparse, transa, transb, sparse_first, batch, rtol=1e-5, atol=1e-5)

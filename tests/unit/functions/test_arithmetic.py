"""The operators of `Variable`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat.functions as F
from chainer_compat import Variable
from chainer_compat.utils.type_check import InvalidType

X = np.array([1, 2, 3], np.float32)
Y = np.array([4, 5, 6], np.float32)
OPERATIONS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow,
]  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
def test_variables_arrays_and_scalars_on_either_side(operation: Callable[..., Any]) -> None:
    expected = operation(X, Y)
    for left, right in ((Variable(X), Variable(Y)), (Variable(X), Y), (X, Variable(Y))):
        np.testing.assert_allclose(operation(left, right).array, expected, rtol=1e-6)
    for scalar in (2, 2.0, np.float64(2), np.array(2.0), np.int64(2)):
        left, right = operation(Variable(X), scalar), operation(scalar, Variable(X))
        assert left.dtype == right.dtype == np.float32
        np.testing.assert_allclose(left.array, operation(X, 2), rtol=1e-6)
        np.testing.assert_allclose(right.array, operation(2, X), rtol=1e-6)


def test_signs_absolute_values_and_floors() -> None:
    x = Variable(np.array([-1.5, 2], np.float32))
    np.testing.assert_array_equal((-x).array, [1.5, -2])
    assert +x is x
    np.testing.assert_array_equal(abs(x).array, [1.5, 2])
    np.testing.assert_array_equal((x // 1).array, [-2, 2])
    np.testing.assert_array_equal((3 // x).array, [-2, 1])
    assert (x // 1).creator is None


def test_division_by_the_number_zero_is_a_zero_division_error() -> None:
    with pytest.raises(ZeroDivisionError):
        Variable(X) / 0


def test_matrix_products_on_either_side() -> None:
    assert (Variable(X) @ Variable(Y)).item() == (Variable(X) @ Y).item() == 32
    assert (X @ Variable(Y)).item() == 32


def test_raw_arrays_are_cast_to_the_variable_beside_them() -> None:
    assert (Variable(X) + np.ones(3)).dtype == np.float32
    assert (np.ones(3) + Variable(X)).dtype == np.float32
    assert (Variable(X) + np.ones(3, np.int32)).dtype == np.float32


def test_scalars_beside_integers_are_cut_to_integers() -> None:
    i = Variable(np.arange(3, dtype=np.int32))
    np.testing.assert_array_equal((i + 1.5).array, [1, 2, 3])
    np.testing.assert_array_equal((i / 2).array, [0, 0, 0])
    assert (i * 2.5).dtype == np.int32


def test_shapes_broadcast_and_gradients_come_back_in_shape() -> None:
    x, y = Variable(np.ones((2, 1), np.float32)), Variable(X)
    F.sum(x * y).backward()
    np.testing.assert_array_equal(x.grad, [[6], [6]])
    np.testing.assert_array_equal(y.grad, [2, 2, 2])


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (lambda: Variable(X) + Variable(X.astype("d")), r"_ \+ _ \(Forward\)[^$]*lhs.dtype == rhs"),
        (lambda: Variable(X) - np.zeros(2, "f"), r"rhs.shape = \(2,\)"),
        (lambda: F.add(X, X, np.zeros(2, "f")), "cannot broadcast"),
        (lambda: F.add(X, X, X.astype("d")), "x0.dtype == x2.dtype"),
        (lambda: 1 / Variable(np.arange(3)), "1 / _"),
        (lambda: Variable(np.arange(3)) ** 2, r"_ \*\* 2"),
        (lambda: abs(Variable(np.arange(3))), r"\|_\|"),
        (lambda: Variable(np.arange(3)) * Variable(np.arange(3)), "lhs.dtype.kind == f"),
        (lambda: Variable(X) @ Variable(np.zeros((2, 3), "f")), "MatMul"),
        (lambda: Variable(np.arange(3)) @ X, "a.dtype.kind == f"),
        (lambda: F.matmul(np.array(1, "f"), X), "a.ndim >= 1"),
    ],
)
def test_types_that_do_not_fit(operation: Callable[[], Any], text: str) -> None:
    with pytest.raises(InvalidType, match=text):
        operation()


@pytest.mark.parametrize("other", ["a", None, [1, 2, 3]])
def test_what_is_no_operand_is_a_type_error(other: Any) -> None:
    for operation in (*OPERATIONS, operator.matmul):
        with pytest.raises(TypeError, match="operand"):
            operation(Variable(X), other)
        with pytest.raises(TypeError, match="operand"):
            operation(other, Variable(X))


def test_add_takes_any_number_of_arrays() -> None:
    variable = Variable(X)
    assert F.add(variable) is variable
    np.testing.assert_array_equal(F.add(X, 2).array, [3, 4, 5])
    np.testing.assert_array_equal(F.add(X, X, X).array, [3, 6, 9])
    np.testing.assert_array_equal(F.add(X, X).array, [2, 4, 6])
    assert F.add(X, X, X).creator.label == "MultiAdd"


def test_a_tensor_beside_a_variable_is_an_array() -> None:
    np.testing.assert_array_equal((Variable(X) + torch.ones(3)).array, [2, 3, 4])


CUBE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "index",
    [
        0, -1, np.int64(1), slice(None), slice(None, None, -1), (slice(None), slice(2, 0, -1)), ...,
        None, (..., 0), (None, 0, ..., None), (0, slice(None, None, -2), 1), ([0, 1], [1, 2]),
        (slice(None), [0, 2]), np.array([1, 0]), np.array(1), (slice(None), [True, False, True]),
        CUBE > 5, (..., slice(3, None, -1)), (0, slice(0, 2, -1)), [], True, np.True_, range(2),
        (None, slice(None, None, -1), ..., slice(None, None, -1)),
    ],
    ids=str,
)  # fmt: skip
def test_indexing_gives_what_numpy_gives(index: Any) -> None:
    x = Variable(CUBE)
    expected = CUBE[index] if not (isinstance(index, list) and not index) else CUBE[[]]
    y = x[index]
    np.testing.assert_array_equal(y.array, expected)
    y.grad = np.ones_like(y.array)
    y.backward()
    gradient = np.zeros_like(CUBE)
    gradient[index] = 1
    np.testing.assert_array_equal(x.grad, gradient)


@pytest.mark.parametrize("index", ["a", 1.0, 5, Variable(X), (0, 0, 0, 0), np.array([1.0]), {}])
def test_what_is_no_index_is_an_index_error(index: Any) -> None:
    with pytest.raises(IndexError):
        Variable(CUBE)[index]


def test_a_negative_step_beside_an_array_of_indices_says_what_to_do() -> None:
    with pytest.raises(IndexError, match="index twice"):
        Variable(CUBE)[[0, 1], ::-1]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_number_is_divided_at_once_not_multiplied_with_a_reciprocal(dtype: Any) -> None:
    x = np.random.RandomState(0).uniform(0.1, 3, 1000).astype(dtype)
    y = 2.7 / Variable(x)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y.array, dtype(2.7) / x)

"""Products and functions of matrices, sums over subscripts, Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F
from chainer_compat import utils
from chainer_compat.utils.type_check import InvalidType

X = np.arange(6, dtype=np.float32).reshape(2, 3)
STACK = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
SQUARE = np.array([[4, 1], [1, 3]], np.float32)


def test_products_of_matrices() -> None:
    np.testing.assert_allclose(F.matmul(X, X, transa=True).array, X.T @ X)
    np.testing.assert_allclose(F.matmul(X, X, transb=True).array, X @ X.T)
    np.testing.assert_allclose(F.matmul(STACK, STACK[0], transb=True).array, STACK @ STACK[0].T)
    assert F.matmul(X[0], X[0]).item() == 5


def test_products_of_two_dtypes_are_of_the_more_precise() -> None:
    assert F.matmul(X, X.T.astype("d")).dtype == np.float64
    assert F.tensordot(X.astype("e"), X, 2).dtype == np.float32
    assert F.einsum("ij,ij", X, X.astype("d")).dtype == np.float64


def test_products_of_batches() -> None:
    expected = np.einsum("nij,nkj->nik", STACK, STACK)
    np.testing.assert_allclose(F.batch_matmul(STACK, STACK, transb=True).array, expected)
    y = F.batch_matmul(STACK.swapaxes(1, 2), STACK, transa=True, transb=True)
    np.testing.assert_allclose(y.array, expected)
    assert F.batch_matmul(X, X, transa=True).shape == (2, 1, 1)


@pytest.mark.parametrize(
    ("axes", "shape"), [(2, ()), (([0], [0]), (3, 3)), ((1, 1), (2, 2)), (0, (2, 3, 2, 3))]
)
def test_tensordot(axes: Any, shape: tuple[int, ...]) -> None:
    y = F.tensordot(X, X, axes)
    assert y.shape == shape
    np.testing.assert_allclose(y.array, np.tensordot(X, X, axes))


def test_sums_over_subscripts() -> None:
    for text in ("ij,ij->i", "ij,kj", "...j,...j->...", "ij,ij", " i j , k j -> k i "):
        np.testing.assert_allclose(F.einsum(text, X, X).array, np.einsum(text, X, X))
    np.testing.assert_allclose(F.einsum("ii->i", SQUARE).array, [4, 3])
    np.testing.assert_allclose(F.einsum(X, [0, 1], X, [2, 1]).array, X @ X.T)
    np.testing.assert_allclose(F.einsum(X, [..., 0], [...]).array, X.sum(1))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_functions_of_matrices(dtype: type) -> None:
    a = SQUARE.astype(dtype)
    tolerance = 5e-3 if dtype is np.float16 else 1e-5
    for y, expected in (
        (F.inv(a), np.linalg.inv(SQUARE)),
        (F.batch_inv(a[None]), np.linalg.inv(SQUARE)[None]),
        (F.det(a), 11),
        (F.batch_det(a[None]), [11]),
        (F.cholesky(a), np.linalg.cholesky(SQUARE)),
    ):
        assert y.dtype == dtype
        np.testing.assert_allclose(y.array, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_fourier_transforms_undo_each_other(dtype: type) -> None:
    real, imag = F.fft((X.astype(dtype), X.astype(dtype) + 1))
    expected = np.fft.fft(X + 1j * (X + 1))
    tolerance = 1e-2 if dtype is np.float16 else 1e-5
    np.testing.assert_allclose(real.array, expected.real, atol=tolerance)
    np.testing.assert_allclose(imag.array, expected.imag, atol=tolerance)
    back = F.ifft((real, imag))
    np.testing.assert_allclose(back[0].array, X, atol=tolerance)


@pytest.mark.parametrize("batch", [False, True])
def test_products_with_a_sparse_matrix(batch: bool) -> None:
    dense = np.array([[[0, 1, 2], [0, 0, 3]], [[4, 0, 0], [0, 0, 0]]], np.float32)
    other = STACK[:, :, :2]
    if not batch:
        dense, other = dense[0], other[0]
    sparse = utils.to_coo(dense, requires_grad=True)
    y = F.sparse_matmul(sparse, other)
    np.testing.assert_allclose(y.array, dense @ other)
    F.sum(y).backward()
    assert sparse.data.grad.shape == sparse.data.shape
    turned = dense.swapaxes(-1, -2)
    product = F.sparse_matmul(other, sparse, transa=True, transb=True)
    np.testing.assert_allclose(product.array, other.swapaxes(-1, -2) @ turned)
    product = F.sparse_matmul(sparse, other.swapaxes(-1, -2), transb=True)
    np.testing.assert_allclose(product.array, dense @ other)


SPARSE = utils.to_coo(X)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: F.matmul(X, X), InvalidType),
        (lambda: F.matmul(np.array(1.0), X), InvalidType),
        (lambda: F.matmul(np.ones((3, 1, 2)), np.ones((2, 2, 1))), InvalidType),
        (lambda: F.batch_matmul(X, X), InvalidType),
        (lambda: F.batch_matmul(X[0], X), InvalidType),
        (lambda: F.batch_matmul(STACK[None], X), InvalidType),
        (lambda: F.batch_matmul(np.ones((2, 3)), np.ones((3, 3)), True), ValueError),
        (lambda: F.tensordot(X, X, 1), ValueError),
        (lambda: F.tensordot(X, X, 3), ValueError),
        (lambda: F.tensordot(X, X, ([0, 1], [0])), ValueError),
        (F.einsum, ValueError),
        (lambda: F.einsum("ii", X), InvalidType),
        (lambda: F.einsum("ij,ij", X), ValueError),
        (lambda: F.einsum("ij->ii", X), ValueError),
        (lambda: F.einsum("ij->k", X), ValueError),
        (lambda: F.einsum("i...->i", X), ValueError),
        (lambda: F.einsum("ij->...", X), ValueError),
        (lambda: F.einsum("i", X), ValueError),
        (lambda: F.einsum("ijk", X), IndexError),
        (lambda: F.einsum("i1", X), ValueError),
        (lambda: F.einsum("ij->i->j", X), ValueError),
        (lambda: F.einsum(X, ["a", 1]), TypeError),
        (lambda: F.inv(X), InvalidType),
        (lambda: F.inv(np.zeros((2, 2))), ValueError),
        (lambda: F.batch_inv(X[None]), InvalidType),
        (lambda: F.det(X), InvalidType),
        (lambda: F.cholesky(X), np.linalg.LinAlgError),
        (lambda: F.cholesky(-SQUARE), np.linalg.LinAlgError),
        (lambda: F.fft((X, X[:1])), InvalidType),
        (lambda: F.fft((np.array(1.0), np.array(1.0))), InvalidType),
        (lambda: F.fft((X[:, :0], X[:, :0])), ValueError),
        (lambda: F.sparse_matmul(X, X), ValueError),
        (lambda: F.sparse_matmul(SPARSE, X), InvalidType),
        (lambda: F.sparse_matmul(SPARSE, STACK), InvalidType),
        (lambda: F.sparse_matmul(utils.to_coo(STACK), STACK[:1].swapaxes(1, 2)), InvalidType),
    ],
)
def test_what_is_refused(call: Any, error: Any) -> None:
    with pytest.raises(error):
        call()


def test_gradients_reach_both_matrices() -> None:
    a, b = chainer.Variable(X), chainer.Variable(X.T.astype("d"))
    F.sum(F.matmul(a, b)).backward()
    assert (a.grad.dtype, b.grad.dtype) == (np.float32, np.float64)


def test_products_of_batches_of_double_precision() -> None:
    assert F.batch_matmul(STACK.astype("d"), STACK.astype("d"), transb=True).dtype == np.float64


def test_sparse_matrices_on_the_right() -> None:
    np.testing.assert_allclose(F.sparse_matmul(X, SPARSE, transa=True).array, X.T @ X)
    np.testing.assert_allclose(F.sparse_matmul(SPARSE, X, transa=True).array, X.T @ X)

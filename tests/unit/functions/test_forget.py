"""Functions of which no result in between is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F

X = np.array([1, 2], np.float32)


def test_values_and_gradients_are_those_of_the_function() -> None:
    x, w = chainer.Variable(X), chainer.Parameter(np.array([3, 4], np.float32))
    calls = []

    def func(x: Any) -> Any:
        calls.append(chainer.config.enable_backprop)
        return x * x * w

    y = F.forget(func, x)
    np.testing.assert_array_equal(y.array, [3, 16])
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, 2 * X * w.array)
    np.testing.assert_array_equal(w.grad, X * X)
    assert calls == [False, True]


def test_several_arguments_and_results() -> None:
    a, b = chainer.Variable(X), chainer.Variable(X)
    total, product = F.forget(lambda a, b: (a + b, a * b), a, b)
    assert total.creator.label == "Forget"
    F.sum(product).backward()
    np.testing.assert_array_equal(a.grad, X)
    assert F.forget(lambda x: x * 2, X).creator.label == "Forget"


def test_a_result_that_depends_on_nothing_gives_no_gradient() -> None:
    x = chainer.Variable(X)
    F.sum(F.forget(lambda x: chainer.Variable(X), x)).backward()
    assert x.grad is None or not x.grad.any()


def test_it_cannot_be_differentiated_twice() -> None:
    x = chainer.Variable(X)
    y = F.sum(F.forget(lambda x: x**3, x))
    with pytest.raises(RuntimeError, match="differentiated twice"):
        chainer.grad([y], [x], enable_double_backprop=True)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.forget(2, X), TypeError, "calls a function"),
        (lambda: F.forget(lambda x: x, 2), TypeError, "array"),
        (lambda: F.forget(lambda x: 2, X), RuntimeError, "returns a Variable"),
        (lambda: F.forget(lambda x: [x], X), RuntimeError, "returns a Variable"),
    ],
)
def test_what_is_refused(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()

"""Tests of functions of one argument that NumPy has too."""

from __future__ import annotations

import unittest
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainer_compat import functions, gradient_check
from chainer_compat.backends import cuda
from chainer_compat.errors import InvalidArgumentError, UnexpectedArrayError
from chainer_compat.function import Function
from chainer_compat.testing import attr
from chainer_compat.testing.array import assert_allclose
from chainer_compat.testing.attr import check_available, is_available
from chainer_compat.testing.parameterized import parameterize, product
from chainer_compat.variable import Variable

__all__ = ["check_available", "is_available", "unary_math_function_unittest"]

_HALF_EPS = float(np.finfo(np.float16).eps)


def _draw(shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any, Any]:
    x, gy, ggx = (np.random.uniform(-1, 1, shape).astype(dtype) for _ in range(3))
    return x, gy, ggx


def _tolerances(dtype: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the forward pass, and of the backward passes."""
    if dtype == np.float16:
        coarse = {"eps": 2**-4, "atol": 2**-4, "rtol": 2**-4, "dtype": np.float64}
        return {"atol": _HALF_EPS, "rtol": _HALF_EPS}, coarse
    return {"atol": 1e-4, "rtol": 1e-4}, {"atol": 1e-4, "rtol": 1e-4, "dtype": np.float64}


def unary_math_function_unittest(
    func: Any,
    func_expected: Callable[..., Any] | None = None,
    label_expected: str | None = None,
    make_data: Callable[..., Any] | None = None,
    is_linear: bool | None = None,
    forward_options: dict[str, Any] | None = None,
    backward_options: dict[str, Any] | None = None,
    double_backward_options: dict[str, Any] | None = None,
) -> Callable[[Any], Any]:
    """Puts tests of a function of one argument into a test class.

    Its outputs, gradients and second gradients are tested for shapes ``(3, 2)`` and ``()`` and for
    float16, float32 and float64, on the CPU and (marked ``gpu``) on a GPU.

    Args:
        func: The function; an old-style Function is tested without second gradients.
        func_expected: The function of arrays that gives the same; by default NumPy's of that name.
        label_expected: Its label in graphs; the name of the function by default.
        make_data: Called with shape and dtype, returns input, gradient and second gradient; by
            default they are drawn between -1 and 1.
        is_linear: Deprecated: whether to square the result for the test of second gradients.
        forward_options: Tolerances of the outputs.
        backward_options: Arguments of ``check_backward``.
        double_backward_options: Arguments of ``check_double_backward``.

    Returns:
        A decorator of test classes.

    Raises:
        ValueError: If NumPy has no function of that name.
    """
    check_available()
    old_style = isinstance(func, Function)
    name = type(func).__name__.lower() if old_style else func.__name__
    expected = getattr(np, name, None) if func_expected is None else func_expected
    if expected is None:
        raise InvalidArgumentError(f"NumPy has no function {name!r}; give func_expected")
    node = type(func) if old_style else getattr(functions, name.capitalize(), None)
    if node is None and label_expected is not None:
        raise InvalidArgumentError(f"{name!r} has no class whose label could be tested")
    if is_linear is not None:
        warnings.warn("is_linear option is deprecated", DeprecationWarning, stacklevel=2)

    members: dict[str, Any] = {
        "func": staticmethod(func),
        "func_expected": staticmethod(expected),
        "make_data": staticmethod(make_data or _draw),
        "given_options": (forward_options, backward_options, double_backward_options),
        "squared": bool(is_linear),
    }
    kinds: tuple[type, ...] = (_FirstOrder,) if old_style else (_FirstOrder, _SecondOrder)
    if node is not None:
        label = name if label_expected is None else label_expected
        members["test_label"] = lambda self: self.check_label(node().label, label)

    def decorate(klass: type) -> Any:
        if not issubclass(klass, unittest.TestCase):
            raise UnexpectedArrayError(f"{klass.__name__} is no subclass of unittest.TestCase")
        for kind in reversed(kinds):
            members.update({k: v for k, v in vars(kind).items() if not k.startswith("__")})
        for key, value in members.items():
            setattr(klass, key, value)
        shapes_and_dtypes = {
            "shape": [(3, 2), ()],
            "dtype": [np.float16, np.float32, np.float64],
        }
        return parameterize(*product(shapes_and_dtypes))(klass)

    return decorate


class _FirstOrder(unittest.TestCase):
    """The methods that every decorated class gets."""

    __test__ = False
    func: Any
    func_expected: Any
    make_data: Any
    given_options: Any
    shape: Any
    dtype: Any

    def setUp(self) -> None:
        data = self.make_data(self.shape, self.dtype)
        self.x, self.gy, self.ggx = (*data, None)[:3]
        forward, backward = _tolerances(self.dtype)
        defaults = (forward, backward, dict(backward))
        options = [
            {**default, **(given or {})}
            for default, given in zip(defaults, self.given_options, strict=True)
        ]
        self.forward_options, self.backward_options, self.double_backward_options = options

    def check_forward(self, x_data: Any) -> None:
        y = self.func(Variable(x_data))
        if y.dtype != self.dtype:
            self.fail(f"the output is of {y.dtype}, the input of {self.dtype}")
        expected = self.func_expected(cuda.to_cpu(x_data), dtype=self.dtype)
        assert_allclose(expected, y.tensor.detach(), **self.forward_options)

    def check_label(self, label: str, expected: str) -> None:
        if label != expected:
            self.fail(f"the label is {label!r}, not {expected!r}")

    def check_backward(self, x_data: Any, y_grad: Any) -> None:
        gradient_check.check_backward(self.func, x_data, y_grad, **self.backward_options)

    def test_forward_cpu(self) -> None:
        self.check_forward(self.x)

    @attr.gpu
    def test_forward_gpu(self) -> None:
        self.check_forward(cuda.to_gpu(self.x))

    def test_backward_cpu(self) -> None:
        self.check_backward(self.x, self.gy)

    @attr.gpu
    def test_backward_gpu(self) -> None:
        self.check_backward(cuda.to_gpu(self.x), cuda.to_gpu(self.gy))


class _SecondOrder(unittest.TestCase):
    """The methods that a decorated class gets besides, if the function is not old-style."""

    __test__ = False
    func: Any
    squared: bool
    x: Any
    gy: Any
    ggx: Any
    double_backward_options: Any

    def check_double_backward(self, x_data: Any, y_grad: Any, x_grad_grad: Any) -> None:
        def squared(x: Any) -> Any:
            y = self.func(x)
            return y * y

        gradient_check.check_double_backward(
            squared if self.squared else self.func,
            x_data,
            y_grad,
            x_grad_grad,
            **self.double_backward_options,
        )

    def test_double_backward_cpu(self) -> None:
        self.check_double_backward(self.x, self.gy, self.ggx)

    @attr.gpu
    def test_double_backward_gpu(self) -> None:
        self.check_double_backward(*map(cuda.to_gpu, (self.x, self.gy, self.ggx)))

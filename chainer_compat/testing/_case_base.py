"""What the test cases of functions and of links have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainer_compat._dtypes import get_array_types
from chainer_compat.backends import _crossing, cuda
from chainer_compat.errors import (
    ChainerCompatError,
    InvalidArgumentTypeError,
    UnexpectedArrayError,
)
from chainer_compat.testing.array import assert_allclose, noncontiguous
from chainer_compat.variable import Variable

__all__ = [
    "CaseBase",
    "FunctionTestError",
    "LinkTestError",
    "TestError",
    "check_equal",
    "check_variables",
    "random_like",
    "raw_or_on_cpu",
    "until_differentiable",
]


class TestError(ChainerCompatError, AssertionError):
    """What is tested is wrong."""

    __test__ = False  # for pytest, which collects what is called Test

    @classmethod
    def check(cls, expr: Any, message: str) -> None:
        """Raises unless something holds.

        Args:
            expr: What is to hold.
            message: The error's message.
        """
        if not expr:
            raise cls(message)

    @classmethod
    def fail(cls, message: str, exc: BaseException | None = None) -> None:
        """Raises.

        Args:
            message: The error's message.
            exc: What was the cause.
        """
        if exc is None:
            raise cls(message)
        raise cls(f"{message}\n\n(caused by)\n{type(exc).__name__}: {exc}\n") from exc

    @classmethod
    @contextlib.contextmanager
    def raise_if_fail(cls, message: str, error_types: Any = AssertionError) -> Iterator[None]:
        """Turns errors of the ``with`` block into this one.

        Args:
            message: The error's message.
            error_types: Which errors.
        """
        try:
            yield
        except error_types as error:
            cls.fail(message, error)


class FunctionTestError(TestError):
    """A function that is tested is wrong."""


class LinkTestError(TestError):
    """A link that is tested is wrong."""


class CaseBase:
    """Options and helpers; the methods are those that a test case may define."""

    error: type[TestError] = TestError
    backend_config: Any = None
    test_name: str | None = None
    contiguous: str | None = None

    def before_test(self, test_name: str) -> None:
        """Called before each test; may skip it.

        Args:
            test_name: ``"test_forward"``, ``"test_backward"``, …
        """

    def generate_inputs(self) -> tuple[Any, ...]:
        """Returns the inputs, as a tuple of NumPy arrays; to be defined."""
        raise NotImplementedError("generate_inputs() is not implemented.")

    def _begin(self, test_name: str, backend_config: Any) -> None:
        self.backend_config = backend_config
        self.test_name = test_name
        self.before_test(test_name)

    def _arranged(self, arrays: Any) -> Any:
        """The arrays with the contiguousness that is to be tested."""
        if self.contiguous not in (None, "C"):
            raise UnexpectedArrayError(f"contiguous is None or 'C'; got {self.contiguous!r}")
        return arrays if self.contiguous == "C" else noncontiguous(arrays)

    def _sent(self, arrays: Any) -> Any:
        return self._arranged(self.backend_config.get_array(arrays))

    def _generated(self, method: str, *args: Any) -> tuple[Any, ...]:
        """What a method of the test case gives, which must be NumPy arrays."""
        arrays = getattr(self, method)(*args)
        if not isinstance(arrays, tuple):
            raise InvalidArgumentTypeError(f"{method}() must return a tuple, not {type(arrays)}")
        if not all(array is None or isinstance(array, np.ndarray) for array in arrays):
            raise InvalidArgumentTypeError(
                f"{method}() must return a tuple of NumPy arrays or None; "
                f"got {', '.join(str(type(array)) for array in arrays)}"
            )
        return arrays

    def check_forward_outputs(self, outputs: Any, expected_outputs: Any) -> None:
        """Compares outputs with what was expected.

        Args:
            outputs: The outputs, as arrays.
            expected_outputs: What was expected, as NumPy arrays.

        Raises:
            FunctionTestError: If a function's differ.
            LinkTestError: If a link's differ.
        """
        for arrays in (outputs, expected_outputs):
            if not isinstance(arrays, tuple) or not all(
                isinstance(array, get_array_types()) for array in arrays
            ):
                raise UnexpectedArrayError(f"outputs are tuples of arrays; got {arrays!r}")
        options = getattr(self, "check_forward_options", None) or {}
        check_equal(outputs, expected_outputs, self.error, **options)


def random_like(arrays: Sequence[Any]) -> tuple[Any, ...]:
    """Arrays drawn between -1 and 1.

    Args:
        arrays: Whose shapes and dtypes they have.
    """
    return tuple(np.random.uniform(-1, 1, a.shape).astype(a.dtype) for a in arrays)


def raw_or_on_cpu(variable: Variable) -> Any:
    """The raw array of a Variable; without CuPy, of one on a GPU a copy on the CPU.

    Args:
        variable: A Variable.
    """
    tensor = variable.tensor
    if tensor.is_cuda and _crossing.cupy_or_none() is None:
        return cuda.to_cpu(tensor)
    return variable.array


def until_differentiable(check: Any, dodge: bool) -> None:
    """Runs a check that draws its inputs, again and again if it draws a corner.

    Args:
        check: The check.
        dodge: Whether to run it again, rather than to raise.
    """
    from chainer_compat.gradient_check import NondifferentiableError

    while True:
        try:
            return check()  # type: ignore[no-any-return]  # it returns None
        except NondifferentiableError:
            if not dodge:
                raise


def check_variables(variables: Any, device: Any, method: str, error: type[TestError]) -> None:
    """Raises unless a forward method gave a tuple of Variables on the device.

    Args:
        variables: What it gave.
        device: The device.
        method: The method's name.
        error: What to raise.
    """
    if not isinstance(variables, tuple):
        error.fail(f"{method}() must return a tuple, not {type(variables)}")
    if not all(isinstance(variable, Variable) for variable in variables):
        types = ", ".join(str(type(variable)) for variable in variables)
        error.fail(f"{method}() must return a tuple of Variables; got {types}")
    if not all(variable.device == device for variable in variables):
        devices = ", ".join(str(variable.device) for variable in variables)
        error.fail(f"{method}() must return Variables on {device}; got {devices}")


def _shown(arrays: Sequence[Any]) -> str:
    return ", ".join(f"{array.shape}:{array.dtype.name}" for array in arrays)


def check_equal(
    actual: Sequence[Any], expected: Sequence[Any], error: type[TestError], **options: Any
) -> None:
    """Raises unless arrays agree in number, shapes, dtypes and values.

    Args:
        actual: Arrays.
        expected: Arrays.
        error: What to raise.
        **options: Arguments of ``assert_allclose``.
    """
    problem = _difference(actual, expected, options)
    if problem:
        error.fail(
            f"{problem}\nExpected shapes and dtypes: {_shown(expected)}\n"
            f"Actual shapes and dtypes:   {_shown(actual)}\n"
        )


def _difference(actual: Sequence[Any], expected: Sequence[Any], options: dict[str, Any]) -> str:
    if len(actual) != len(expected):
        return f"Number of outputs ({len(actual)}, {len(expected)}) does not match"
    pairs = list(zip(actual, expected, strict=True))
    if any(a.shape != e.shape or a.dtype != e.dtype for a, e in pairs):
        return "Shapes and/or dtypes do not match"
    details = []
    for i, (a, e) in enumerate(pairs):
        try:
            assert_allclose(a, e, **options)
        except AssertionError as error:
            details.append(f"Error details of output [{i}]:\n{error}")
    if not details:
        return ""
    return "\n".join(["Outputs do not match the expected values.", *details])

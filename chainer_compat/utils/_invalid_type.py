"""What a failed type check raises, and whose check it is."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, NoReturn

from chainer_compat.errors import ChainerCompatError

__all__ = ["FunctionCheckContext", "InvalidType", "fail", "state"]


class _State(threading.local):
    light_mode = False
    current_function: Any = None


state = _State()


class InvalidType(ChainerCompatError):  # noqa: N818 (Chainer's name)
    """The inputs of a function have dtypes or shapes that it does not take.

    Args:
        expect: The condition that was to hold.
        actual: What was found.
        msg: The whole message; None to make it of the two, and of the label of the function
            whose check is running.

    Example:
        >>> from chainer_compat.utils import type_check
        >>> print(type_check.InvalidType('x.ndim == 2', '3 != 2'))
        Expect: x.ndim == 2
        Actual: 3 != 2
    """

    def __init__(self, expect: Any, actual: Any, msg: str | None = None) -> None:
        self._has_label = msg is not None
        super().__init__(f"Expect: {expect}\nActual: {actual}" if msg is None else msg)
        self.expect = expect
        self.actual = actual
        if state.current_function is not None:
            self.add_label(state.current_function.label)

    def add_label(self, label: str) -> None:
        """Names the function in the message, unless that was done before.

        Args:
            label: The function's label, such as ``"ReLU"``.
        """
        if not self._has_label:
            self._has_label = True
            self.args = (
                f"\nInvalid operation is performed in: {label} (Forward)\n\n{self.args[0]}",
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.expect, self.actual, self.args[0])


def fail(expect: str, actual: str) -> NoReturn:
    """Raises :class:`InvalidType`: how the functions of this package report a failed check.

    Args:
        expect: The condition that was to hold, ``"x.dtype == y.dtype"``.
        actual: What was found, ``"float32 != float64"``.

    Raises:
        InvalidType: Always.
    """
    raise InvalidType(expect, actual)


class FunctionCheckContext:
    """While it is entered, failed checks are those of one function.

    Args:
        function: An object with a ``label``, or None.
    """

    __slots__ = ("function", "outer")

    def __init__(self, function: Any) -> None:
        self.function = function
        self.outer: Any = None

    def __enter__(self) -> None:
        self.outer = state.current_function
        state.current_function = self.function

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        state.current_function = self.outer

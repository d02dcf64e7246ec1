"""Keyword arguments that are checked by hand (Chainer: *chainer.utils.argument*)."""

from __future__ import annotations

import inspect
from typing import Any

from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError

__all__ = ["assert_kwargs_empty", "check_unexpected_kwargs", "parse_kwargs"]


def check_unexpected_kwargs(kwargs: dict[str, Any], **unexpected: str) -> None:
    """Raises if an argument was given that is known to be gone.

    Args:
        kwargs: The keyword arguments that were given.
        **unexpected: For each argument that is gone, the message.

    Raises:
        ValueError: With the message of the first one that was given.
    """
    for key, message in unexpected.items():
        if key in kwargs:
            raise InvalidArgumentError(message)


def parse_kwargs(
    kwargs: dict[str, Any], *name_and_values: tuple[str, Any], **unexpected: str
) -> tuple[Any, ...]:
    """Takes keyword arguments out of a dictionary.

    Args:
        kwargs: The keyword arguments that were given; it is emptied.
        *name_and_values: The name and the default of each argument that is taken.
        **unexpected: For each argument that is gone, the message.

    Returns:
        The values, in the order of the names.

    Raises:
        ValueError: If an argument was given that is gone.
        TypeError: If one was given that nobody knows.

    Example:
        >>> from chainer_compat.utils import argument
        >>> argument.parse_kwargs({'b': 2}, ('a', 1), ('b', 0))
        (1, 2)
    """
    values = tuple([kwargs.pop(name, default) for name, default in name_and_values])
    if kwargs:
        check_unexpected_kwargs(kwargs, **unexpected)
        raise _unknown(kwargs, inspect.currentframe())
    return values


def assert_kwargs_empty(kwargs: dict[str, Any]) -> None:
    """Raises if any keyword argument was given.

    Args:
        kwargs: The keyword arguments that were given.

    Raises:
        TypeError: If there are any.
    """
    if kwargs:
        raise _unknown(kwargs, inspect.currentframe())


def _unknown(kwargs: dict[str, Any], frame: Any) -> InvalidArgumentTypeError:
    """The error; it names the function that called the one whose frame is given."""
    caller = frame.f_back.f_code.co_name
    names = ", ".join(map(repr, sorted(kwargs)))
    return InvalidArgumentTypeError(f"{caller}() got unexpected keyword argument(s) {names}")

"""Type checks of functions (Chainer: *chainer.utils.type_check*).

A ``Function`` or ``FunctionNode`` of the user's checks its inputs in ``check_type_forward(self,
in_types)``. The check first runs on plain values, which is fast (*light mode*); only if it fails
does it run again on expressions, which can be shown in the message.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import numpy as np
import torch

from chainer_compat._dtypes import get_array_types
from chainer_compat.backends import _crossing, cuda
from chainer_compat.errors import UnexpectedArrayError
from chainer_compat.utils._expressions import (
    Atom,
    BinaryOperator,
    BoolBinaryOperator,
    Call,
    Constant,
    Expr,
    GetAttr,
    GetItem,
    Testable,
    UnaryOperator,
    Variable,
)
from chainer_compat.utils._invalid_type import FunctionCheckContext, InvalidType, fail, state

__all__ = [
    "Atom",
    "BinaryOperator",
    "BoolBinaryOperator",
    "Call",
    "Constant",
    "Expr",
    "GetAttr",
    "GetItem",
    "InvalidType",
    "LightMode",
    "LightTypeInfoTuple",
    "Testable",
    "TypeInfo",
    "TypeInfoTuple",
    "UnaryOperator",
    "Variable",
    "argname",
    "check_forward",
    "eval",
    "expect",
    "expect_broadcast_shapes",
    "fail",
    "get_function_check_context",
    "get_light_types",
    "get_types",
    "in_light_mode",
    "light_mode",
    "make_variable",
    "prod",
    "same_types",
]


class TypeInfo:
    """What a type check knows of an array.

    Args:
        shape: The array's shape.
        dtype: The array's dtype as NumPy knows it; None where there is no array.
    """

    __slots__ = ("dtype", "ndim", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


class TypeInfoTuple(tuple[Any, ...]):  # noqa: SLOT001 (it carries its name)
    """The types of all inputs, as expressions."""

    name = "types"

    def size(self) -> Variable:
        """Returns the number of inputs, as an expression."""
        return Variable(len(self), f"{self.name}.size")


class LightTypeInfoTuple(tuple[Any, ...]):
    """The inputs themselves, in light mode."""

    __slots__ = ()

    def size(self) -> int:
        """Returns the number of inputs."""
        return len(self)


def _info(array: Any, shape: tuple[int, ...] | None = None) -> TypeInfo:
    dtype = array.dtype
    if isinstance(array, torch.Tensor):
        dtype = _crossing.numpy_dtype(array.dtype)
    return TypeInfo(tuple(array.shape) if shape is None else shape, dtype)


def get_types(
    data: tuple[Any, ...],
    name: str,
    accept_none: bool,
    *,
    shapes: tuple[tuple[int, ...], ...] | None = None,
) -> TypeInfoTuple:
    """Returns the types of arrays as expressions.

    Args:
        data: The arrays.
        name: How the whole is shown; an array is ``name[i]``.
        accept_none: Whether None may stand among the arrays (a gradient that is not there).
        shapes: The shapes; None for those of the arrays.

    Raises:
        AssertionError: If something is no array.
    """
    infos = []
    for i, array in enumerate(data):
        if array is None and accept_none:
            info = TypeInfo((), None)
        elif isinstance(array, get_array_types()):
            info = _info(array, None if shapes is None else shapes[i])
        else:
            raise UnexpectedArrayError(f"{name}[{i}] is no array: {type(array)}")
        infos.append(Variable(info, f"{name}[{i}]"))
    types = TypeInfoTuple(infos)
    types.name = name
    return types


def get_light_types(
    data: tuple[Any, ...], *, shapes: tuple[tuple[int, ...], ...] | None = None
) -> LightTypeInfoTuple:
    """Returns what stands for the types of arrays in light mode.

    Args:
        data: The arrays.
        shapes: The shapes; None for those of the arrays.
    """
    if shapes is not None:
        return LightTypeInfoTuple(map(_info, data, shapes))
    return LightTypeInfoTuple(
        _info(array) if isinstance(array, torch.Tensor) else array for array in data
    )


class LightMode:
    """In light mode, checks work on plain values; a failure has no message yet."""

    def __enter__(self) -> None:
        state.light_mode = True

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        state.light_mode = False


light_mode = LightMode()


def in_light_mode() -> bool:
    """Whether this thread is in light mode."""
    return state.light_mode


def get_function_check_context(f: Any) -> AbstractContextManager[None]:
    """Returns a context manager in which failed checks name a function.

    Args:
        f: An object with a ``label``.
    """
    return FunctionCheckContext(f)


def check_forward(function: Any, in_data: tuple[Any, ...]) -> None:
    """Runs the check of a function on its inputs.

    Args:
        function: An object with ``check_type_forward(in_types)`` and ``label``.
        in_data: The arrays that go into it.

    Raises:
        InvalidType: If the check fails; the message names the function, what was expected and
            what was found.
    """
    state.light_mode = True
    try:
        function.check_type_forward(get_light_types(in_data))
    except InvalidType:
        pass  # run again below, for the message
    except AttributeError as error:
        # Checks of Chainer 1 and 2 ask expressions for their values: `in_types.size().eval()`.
        if error.name != "eval":
            raise
    else:
        return
    finally:
        state.light_mode = False
    with FunctionCheckContext(function):
        function.check_type_forward(get_types(in_data, "in_types", False))


def expect(*bool_exprs: Any) -> None:
    """Raises unless all conditions hold.

    Args:
        *bool_exprs: Comparisons of what came from ``in_types``.

    Raises:
        InvalidType: If one does not hold; the message tells what was expected and what was found.

    Example:
        >>> from chainer_compat.utils import type_check
        >>> n = type_check.make_variable(3, 'n')
        >>> type_check.expect(n > 0, n < 3)
        Traceback (most recent call last):
          ...
        chainer_compat.utils._invalid_type.InvalidType: Expect: n < 3
        Actual: 3 >= 3
    """
    for condition in bool_exprs:
        if isinstance(condition, Testable):
            condition.expect()
        elif not state.light_mode:
            raise UnexpectedArrayError(
                f"expect() takes comparisons of expressions; got {condition!r}"
            )
        elif not condition:
            raise InvalidType("", "")


def eval(exp: Any) -> Any:
    """Returns the value of what came from ``in_types``.

    Args:
        exp: An expression; in light mode, its value.
    """
    if state.light_mode and not isinstance(exp, Expr):
        return exp
    return exp.eval()


def make_variable(value: Any, name: str) -> Any:
    """Gives a value a name for messages.

    Args:
        value: Any value.
        name: How it is shown.

    Returns:
        An expression; in light mode, the value.
    """
    return value if state.light_mode else Variable(value, name)


def _make_variable_from_array(array: Any, name: str) -> Any:
    if not isinstance(array, get_array_types()):
        raise InvalidType(f"isinstance({name}, ndarray)", f"type({name}) == {type(array)}")
    return array if state.light_mode else Variable(_info(array), name)


def _product(xs: Iterable[Any]) -> Any:
    return math.prod(xs)


_PROD = Variable(_product, "prod")


def prod(xs: Any) -> Any:
    """Returns the product of the elements of a shape.

    Args:
        xs: A shape, or an expression that gives one.
    """
    return _product(xs) if state.light_mode else _PROD(xs)


def same_types(*arrays: Any) -> bool:
    """Whether all arrays are of one library.

    Args:
        *arrays: Arrays.
    """
    return any(
        all(isinstance(array, kind) for array in arrays)
        for kind in (np.ndarray, cuda.ndarray, torch.Tensor)
    )


def argname(in_types: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """Names the inputs for messages.

    Args:
        in_types: What ``check_type_forward`` got.
        names: A name for each.

    Raises:
        InvalidType: If there are not as many inputs as names.
    """
    if len(in_types) != len(names):
        raise InvalidType(
            f"{len(names)} argument(s)",
            f"{len(in_types)} argument(s)",
            f"Invalid number of arguments: {', '.join(names)} expected, {len(in_types)} given",
        )
    for in_type, name in zip(in_types, names, strict=True):
        if isinstance(in_type, Variable):
            in_type.name = name


# Chainer 6 and 7 gave it the underscore.
_argname = argname


def expect_broadcast_shapes(*shape_types: Any) -> None:
    """Raises unless shapes broadcast to a common one.

    Args:
        *shape_types: Shapes, or expressions that give them.

    Raises:
        InvalidType: If they do not; the message shows them all.
    """
    shapes = [eval(shape) for shape in shape_types]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        lines = [f"{written} = {shape}" for written, shape in zip(shape_types, shapes, strict=True)]
        raise InvalidType(
            "", "", "\n".join(["cannot broadcast inputs of the following shapes:", *lines])
        ) from None

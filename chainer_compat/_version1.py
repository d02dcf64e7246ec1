"""Arguments that Chainer 1 had and Chainer 7 refuses, with the meaning that they had.

One table says what each argument of a call means, :data:`_IN_CALLS`, and one what each argument of
a link's constructor does to those that took its place, :data:`_IN_CONSTRUCTORS`. A function or link
names the arguments that its like in Chainer 1 had; all others stay refused. What is never given
costs nothing: a call without keyword arguments does not come here.

Source: Chainer 1.24.0's reference.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import numpy as np
import torch

from chainer_compat.configuration import using_config
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.initializers import _get_initializer

__all__ = [
    "CONVOLUTION_2D",
    "CONVOLUTION_ND",
    "DECONVOLUTION_2D",
    "DECONVOLUTION_ND",
    "DILATED_CONVOLUTION_2D",
    "LINEAR",
    "MLP_CONVOLUTION_2D",
    "expect_switch",
    "is_switch",
    "name",
    "reader",
    "switches",
    "take",
    "takes",
]

# The arguments of links in Chainer 1's order.
LINEAR = ("in_size", "out_size", "wscale", "bias", "nobias", "initialW", "initial_bias")
_FILTERS = ("in_channels", "out_channels", "ksize", "stride", "pad")
_SCALED = ("wscale", "bias", "nobias")
_REST = ("use_cudnn", "initialW", "initial_bias")
CONVOLUTION_2D = (*_FILTERS, *_SCALED, *_REST, "deterministic")
DECONVOLUTION_2D = (*_FILTERS, *_SCALED, "outsize", *_REST, "deterministic")
DILATED_CONVOLUTION_2D = (*_FILTERS, "dilate", *_SCALED, *_REST)
# Without a scale; the filters' initializer came where there is a switch now.
_ND = ("ndim", *_FILTERS)
CONVOLUTION_ND = (*_ND, "initialW", "initial_bias", "use_cudnn", "cover_all")
DECONVOLUTION_ND = (*_ND, "outsize", "initialW", "initial_bias", "use_cudnn")
MLP_CONVOLUTION_2D = (*_FILTERS, "wscale", "activation", "use_cudnn", "conv_init", "bias_init")

_F = TypeVar("_F", bound=Callable[..., Any])
_Context = AbstractContextManager[Any]


def _nothing(_value: Any) -> None:
    """Takes what no number depends on: torch chooses its kernels by itself."""


def _deterministic(value: Any) -> None:
    # torch asks for it in the backward pass too, where no context of a call reaches.
    if value:
        torch.backends.cudnn.deterministic = True


def _train(value: Any) -> _Context | None:
    return None if value is None else using_config("train", bool(value))


def _test(value: Any) -> _Context | None:
    return None if value is None else using_config("train", not value)


# What an argument of a call means: a context to run it in, or None.
_IN_CALLS: dict[str, Callable[[Any], _Context | None]] = {
    "deterministic": _deterministic,
    "requires_x_grad": _nothing,
    "test": _test,
    "train": _train,
    "use_cudnn": _nothing,
}


def take(kwargs: dict[str, Any], *names: str) -> _Context | None:
    """Takes arguments of Chainer 1 out of the keyword arguments of a call.

    Args:
        kwargs: The keyword arguments; those that are named are taken out.
        *names: Which: ``deterministic``, ``requires_x_grad``, ``test``, ``train``, ``use_cudnn``.

    Returns:
        A context in which the call is to run, where an argument asks for one; else None.

    Example:
        >>> from chainer_compat import _version1
        >>> arguments = {'train': False, 'ratio': 0.5}
        >>> with _version1.take(arguments, 'train') as _:
        ...     arguments
        {'ratio': 0.5}
    """
    context = None
    for name in names:
        if name in kwargs:
            context = _IN_CALLS[name](kwargs.pop(name)) or context
    return context


def name(kwargs: dict[str, Any], values: tuple[Any, ...], *names: str) -> None:
    """Gives names to arguments that Chainer 1 took by position, too.

    Args:
        kwargs: The keyword arguments, to which they are added.
        values: The arguments.
        *names: Their names, in order.

    Raises:
        TypeError: If there are more than names, or one is given twice.
    """
    if len(values) > len(names):
        raise InvalidArgumentTypeError(
            f"got {len(values) - len(names)} more arguments than {', '.join(names)}"
        )
    for key, value in zip(names, values, strict=False):
        if key in kwargs:
            raise InvalidArgumentTypeError(f"got two values for the argument {key!r}")
        kwargs[key] = value


def switches(kwargs: dict[str, Any], values: tuple[Any, ...], *names: str) -> None:
    """Gives names to switches that Chainer 1 took by position, too.

    Args:
        kwargs: The keyword arguments, to which they are added.
        values: The switches.
        *names: Their names, in order.

    Raises:
        TypeError: If there are more than names, one is given twice, or one is no switch.
    """
    name(kwargs, values, *names)
    for value in values:
        if value is None:
            raise InvalidArgumentTypeError(f"there is no argument in the place of {value!r}")
        expect_switch(value)


def is_switch(value: Any) -> bool:
    """Whether a value is a switch of Chainer 1: a bool, in a place where there are none now.

    Args:
        value: The value.
    """
    return isinstance(value, (bool, np.bool_))


def expect_switch(value: Any) -> None:
    """Refuses what is no switch in the place of one, such as ``use_cudnn``.

    Args:
        value: The value.

    Raises:
        TypeError: If it is neither true nor false.
    """
    if not _may_be_switch(value):
        raise InvalidArgumentTypeError(
            f"got {value!r} in the place of a switch of Chainer 1, true or false; there is no "
            "other argument in this place"
        )


def _may_be_switch(value: Any) -> bool:
    # Scripts also wrote 0, 1 and None.
    return is_switch(value) or value is None or (type(value) is int and value in (0, 1))


def reader(defaults: list[Any], first: int, telling: int) -> Callable[..., tuple[Any, ...]]:
    """Returns what reads the options of a function in either order.

    Args:
        defaults: Their defaults.
        first: Before which one Chainer 1 had ``use_cudnn``.
        telling: Which one is a switch in Chainer 1's order only.

    Returns:
        A function of all options and ``use_cudnn`` behind them, which returns the options.

    Example:
        >>> from chainer_compat import _version1
        >>> read = _version1.reader([True, 'mean'], 0, 1)  # normalize and reduce
        >>> read(False, 'no', None)
        (False, 'no')
        >>> read(True, False, 'no')  # use_cudnn, normalize and reduce
        (False, 'no')
    """
    ends = [*defaults, None]

    def read(*values: Any) -> tuple[Any, ...]:
        if not is_switch(values[telling]):
            expect_switch(values[-1])
            return values[:-1]
        moved = [
            default if values[i + 1] is ends[i + 1] else values[i + 1]
            for i, default in enumerate(defaults)
        ]
        expect_switch(values[first])
        return (*values[:first], *moved[first:])

    return read


def _scale_weights(arguments: dict[str, Any], target: str, value: Any) -> None:
    # The root is Chainer 1's, for the sake of its own earlier versions.
    arguments[target] = _get_initializer(arguments.get(target), math.sqrt(value))


def _set_default(arguments: dict[str, Any], target: str, value: Any) -> None:
    if arguments.get(target) is None:
        arguments[target] = value


def _ignore(_arguments: dict[str, Any], _target: str, value: Any) -> None:
    pass


def _make_deterministic(_arguments: dict[str, Any], _target: str, value: Any) -> None:
    _deterministic(value)


# What an argument of a constructor does to the argument that took its place.
_IN_CONSTRUCTORS: dict[str, Callable[[dict[str, Any], str, Any], None]] = {
    "bias": _set_default,
    "deterministic": _make_deterministic,
    "use_cudnn": _ignore,
    "wscale": _scale_weights,
}


def takes(order: tuple[str, ...] = (), **targets: str) -> Callable[[_F], _F]:
    """Lets a constructor take arguments of Chainer 1, without showing them.

    Args:
        order: All arguments in Chainer 1's order, for scripts that give them by position; empty
            where nobody could tell. It has ``wscale`` where there is another one now; without one,
            ``nobias`` is now where it has what follows ``pad``.
        **targets: For each argument, the one that took its place; an empty string where none did.
    """
    scales = "wscale" in order
    place = order.index("wscale" if scales else "pad") + (not scales) if order else math.inf

    def decorate(init: _F) -> _F:
        signature = inspect.signature(init)
        most = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in signature.parameters.values()) - 1

        @functools.wraps(init)
        def accepting(self: Any, *args: Any, **kwargs: Any) -> None:
            if len(args) > place and (
                _is_scale(int(place), most, args, kwargs)
                if scales
                else _is_without_nobias(int(place), order, args)
            ):
                name(kwargs, args, *order)
                args = ()
            old = {key: kwargs.pop(key) for key in targets if key in kwargs}
            if not old:
                init(self, *args, **kwargs)
                return
            bound = signature.bind_partial(self, *args, **kwargs)
            arguments = _by_name(bound)
            for key, value in old.items():
                _IN_CONSTRUCTORS[key](arguments, targets[key], value)
            init(**arguments)

        return accepting  # type: ignore[return-value]  # the same, with more arguments

    return decorate


def _is_scale(place: int, most: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether an argument that now is a switch is Chainer 1's scale of the weights.

    ``Convolution2D(3, 8, 3, 1, 1, 0.5)`` tells it, and so does an integer among arguments that
    have no other reading; 0 and 1 alone may be a switch.
    """
    value = args[place]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (float, int, np.number)):
        return False
    return (
        value not in (0, 1)
        or isinstance(value, (float, np.floating))
        or len(args) > most
        or not kwargs.keys().isdisjoint(("bias", "nobias"))
        or any(isinstance(other, bool) for other in args[place + 1 :])
    )


def _is_without_nobias(place: int, order: tuple[str, ...], args: tuple[Any, ...]) -> bool:
    """Whether what is now a switch is something else, or ``use_cudnn`` comes behind it.

    ``ConvolutionND(2, 3, 8, 3, 1, 1, W)`` tells it; None, 0 and 1 alone may be a switch.
    """
    last = order.index("use_cudnn")
    return not _may_be_switch(args[place]) or (len(args) > last and is_switch(args[last]))


def _by_name(bound: inspect.BoundArguments) -> dict[str, Any]:
    """All arguments of a call under their names."""
    arguments = dict(bound.arguments)
    for parameter in bound.signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(arguments.pop(parameter.name, {}))
    return arguments

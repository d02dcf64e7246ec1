"""Decorators that leave what they decorate as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from chainer_compat._unsupported import unsupported
from chainer_compat.errors import InvalidArgumentTypeError

__all__ = [
    "ArrayInfo",
    "ScheduleInfo",
    "ScheduleManager",
    "StaticScheduleFunction",
    "static_code",
    "static_forward_optimizations",
    "static_graph",
]

_RECORD = "Here a static graph runs as it is written, and nothing is recorded of it."

ArrayInfo = unsupported("chainer.graph_optimizations.static_graph.ArrayInfo", _RECORD)
ScheduleInfo = unsupported("chainer.graph_optimizations.static_graph.ScheduleInfo", _RECORD)
ScheduleManager = unsupported("chainer.graph_optimizations.static_graph.ScheduleManager", _RECORD)
StaticScheduleFunction = unsupported(
    "chainer.graph_optimizations.static_graph.StaticScheduleFunction", _RECORD
)

_GRAPH_OPTIONS = {
    "enable_double_backprop",
    "force_test_define_by_run",
    "minimize_cache_size",
    "verbosity_level",
}
_CODE_OPTIONS = {"func_name"}


class _ScheduleManager:
    """Stands where Chainer keeps the records of a static chain."""

    def end_forward(self) -> None:
        """Does nothing: there is no record to be freed."""


def _decorator(name: str, args: tuple[Any, ...], options: Any, known: set[str], wrap: Any) -> Any:
    unknown = sorted(set(options) - known)
    if unknown:
        raise InvalidArgumentTypeError(
            f"{name}() got unexpected keyword arguments {', '.join(unknown)}"
        )
    if len(args) == 1 and not options and callable(args[0]):
        return wrap(args[0])
    return wrap


def static_forward_optimizations(func: Any, inputs: tuple[Any, ...]) -> Any:
    """Runs the forward computation of a function's node; nothing is recorded of it.

    Args:
        func: The node.
        inputs: Raw arrays.

    Returns:
        The outputs.
    """
    return func.forward(inputs)


def static_graph(*args: Any, **kwargs: Any) -> Any:
    """Marks a chain's forward method as a static graph; it runs as it is written.

    Used with or without arguments. The chain gets the attribute ``schedule_manager`` that scripts
    call ``end_forward()`` of.

    Args:
        *args: The method.
        **kwargs: Chainer's options, without effect.

    Raises:
        TypeError: If an option is unknown.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> from chainer_compat.graph_optimizations import static_graph
        >>> class Double(chainer.Chain):
        ...     @static_graph
        ...     def forward(self, x):
        ...         return x * 2
        >>> Double()(chainer.Variable(np.ones(1)))
        variable([2.])
    """

    def wrap(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def wrapped(chain: Any, *inputs: Any, **options: Any) -> Any:
            if "schedule_manager" not in vars(chain):
                vars(chain)["schedule_manager"] = _ScheduleManager()
            return method(chain, *inputs, **options)

        return wrapped

    return _decorator("static_graph", args, kwargs, _GRAPH_OPTIONS, wrap)


def static_code(*dec_args: Any, **dec_kwargs: Any) -> Any:
    """Marks code that belongs to a static graph; it runs as it is written.

    Used with or without arguments.

    Args:
        *dec_args: The function.
        **dec_kwargs: Chainer's options, without effect.

    Raises:
        TypeError: If an option is unknown.
    """
    return _decorator("static_code", dec_args, dec_kwargs, _CODE_OPTIONS, lambda f: f)

"""Names that NumPy and Python had when Chainer's scripts were written, and have removed since.

They are put back for a script under ``chainer-compat run``, and for nothing else: a library must
not change what other code finds in ``numpy``. A name that is still there is left as it is, but for
the functions of NumPy that refuse today what they took then: see ``_OLD_WAYS``.
"""

from __future__ import annotations

import atexit
import collections
import collections.abc
import contextlib
import fractions
import functools
import inspect
import math
import pickle
import time
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

__all__ = ["keep_legacy_names", "legacy_names"]

# What NumPy 1.24 removed (aliases of Python's types), 1.25 and 2.0 (second names), and later.
_NUMPY: dict[str, Any] = {
    "NAN": np.nan,
    "NINF": -np.inf,
    "NZERO": -0.0,
    "NaN": np.nan,
    "PINF": np.inf,
    "PZERO": 0.0,
    "Inf": np.inf,
    "Infinity": np.inf,
    "infty": np.inf,
    "bool": bool,
    "bool8": np.bool_,
    "bytes0": np.bytes_,
    "cfloat": np.complex128,
    "clongfloat": np.clongdouble,
    "complex": complex,
    "complex_": np.complex128,
    "float": float,
    "float_": np.float64,
    "int": int,
    "int0": np.intp,
    "long": int,
    "longcomplex": np.clongdouble,
    "longfloat": np.longdouble,
    "object": object,
    "object0": np.object_,
    "singlecomplex": np.complex64,
    "str": str,
    "str0": np.str_,
    "string_": np.bytes_,
    "uint0": np.uintp,
    "unicode": str,
    "unicode_": np.str_,
    "void0": np.void,
    "alen": len,
    "alltrue": np.all,
    "cumproduct": np.cumprod,
    "loads": pickle.loads,
    "mat": np.asmatrix,
    "product": np.prod,
    "rank": np.ndim,
    "round_": np.round,
    "row_stack": np.vstack,
    "sometrue": np.any,
    "typeDict": np.sctypeDict,
    "AxisError": np.exceptions.AxisError,
    "ComplexWarning": np.exceptions.ComplexWarning,
    "ModuleDeprecationWarning": np.exceptions.ModuleDeprecationWarning,
    "RankWarning": getattr(np.exceptions, "RankWarning", RuntimeWarning),
    "TooHardError": np.exceptions.TooHardError,
    "VisibleDeprecationWarning": np.exceptions.VisibleDeprecationWarning,
}


def _numpy_name(function: Callable[..., Any]) -> Callable[..., Any]:
    """Registers what is not another name of something that is still there."""
    _NUMPY[function.__name__] = function
    return function


@_numpy_name
def asfarray(a: Any, dtype: Any = np.float64) -> Any:
    """The array, as floating-point numbers."""
    return np.asarray(a, dtype if np.issubdtype(dtype, np.inexact) else np.float64)


@_numpy_name
def asscalar(a: Any) -> Any:
    """The one element of an array as a number of Python's."""
    return a.item()


@_numpy_name
def in1d(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Which elements of a flattened array are in another."""
    return np.isin(np.ravel(ar1), ar2, assume_unique=assume_unique, invert=invert)


@_numpy_name
def msort(a: Any) -> Any:
    """A copy, sorted along the first axis."""
    return np.sort(a, axis=0)


@_numpy_name
def trapz(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezoidal rule."""
    return np.trapezoid(y, x, dx, axis)


def _random_integers(low: int, high: int | None = None, size: Any = None) -> Any:
    """Integers from ``low`` to ``high``, which is included."""
    first, last = (1, low) if high is None else (low, high)
    return np.random.randint(first, last + 1, size)  # noqa: NPY002 (the global stream, by definition)


class _ArgSpec(NamedTuple):
    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[Any, ...] | None


def _getargspec(func: Any) -> _ArgSpec:
    """The positional arguments of a function, without annotations."""
    return _ArgSpec(*inspect.getfullargspec(func)[:4])


_MODULES: dict[types.ModuleType, dict[str, Any]] = {
    np: _NUMPY,
    np.random: {"random_integers": _random_integers},
    collections: {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    fractions: {"gcd": math.gcd},
    inspect: {"getargspec": _getargspec},
    time: {"clock": time.process_time},
}


def _array(still_there: Callable[..., Any]) -> Callable[..., Any]:
    """Makes ``np.array`` and ``np.asarray`` take rows of unequal lengths, and ``copy=False``."""
    if_needed: bool | None = None
    try:
        np.array(0, copy=if_needed)
    except ValueError:  # NumPy 1, where False means it
        if_needed = False

    @functools.wraps(still_there)
    def array(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("copy", True) is False:
            kwargs["copy"] = if_needed
        try:
            return still_there(*args, **kwargs)
        except ValueError as error:
            dtype_given = len(args) > 1 or kwargs.get("dtype") is not None
            if dtype_given or "inhomogeneous shape" not in str(error):
                raise
        return still_there(*args, **{**kwargs, "dtype": object})

    return array


def _of_arrays(still_there: Callable[..., Any]) -> Callable[..., Any]:
    """Makes ``np.vstack`` and its like take a generator of arrays."""

    @functools.wraps(still_there)
    def join(arrays: Any, *args: Any, **kwargs: Any) -> Any:
        if not hasattr(arrays, "__getitem__"):
            arrays = list(arrays)
        return still_there(arrays, *args, **kwargs)

    return join


def _fromstring(still_there: Callable[..., Any]) -> Callable[..., Any]:
    """Makes ``np.fromstring`` read bytes again, which is how old scripts read MNIST's files."""

    def fromstring(string: Any, dtype: Any = float, count: int = -1, *, sep: str = "") -> Any:
        if sep:
            return still_there(string, dtype, count, sep=sep)
        return np.frombuffer(string, dtype, count).copy()

    return fromstring


# What NumPy has kept, with fewer uses: the function in its place for each.
_OLD_WAYS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "array": _array,
    "asarray": _array,
    "fromstring": _fromstring,
    **dict.fromkeys(("column_stack", "dstack", "hstack", "stack", "vstack"), _of_arrays),
}


@contextlib.contextmanager
def legacy_names() -> Iterator[None]:
    """Puts the removed names back for the time of a ``with`` statement.

    >>> hasattr(np, "float")
    False
    >>> with legacy_names():
    ...     np.float
    <class 'float'>
    """
    # Looked for in the module's dict, for NumPy's __getattr__ warns about some.
    added = [
        (module, name)
        for module, names in _MODULES.items()
        for name in names
        if name not in vars(module)
    ]
    for module, name in added:
        setattr(module, name, _MODULES[module][name])
    still_there = {name: getattr(np, name) for name in _OLD_WAYS}
    for name, function in still_there.items():
        setattr(np, name, _OLD_WAYS[name](function))
    try:
        yield
    finally:
        for name, function in still_there.items():
            setattr(np, name, function)
        for module, name in added:
            delattr(module, name)


def keep_legacy_names() -> None:
    """Puts the removed names back for the rest of the process.

    A script may go on in threads after its last line, and in functions that run at exit.
    """
    names = contextlib.ExitStack()
    names.enter_context(legacy_names())
    atexit.register(names.close)

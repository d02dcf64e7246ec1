"""Test classes for each of many parameters (Chainer: *chainer.testing.parameterize*)."""

from __future__ import annotations

import functools
import itertools
import types
import unittest
from collections.abc import Iterator, Sequence
from typing import Any

from chainer_compat.errors import InvalidArgumentTypeError, UnexpectedArrayError
from chainer_compat.testing import _bundle

__all__ = [
    "from_pytest_parameterize",
    "parameterize",
    "parameterize_pytest",
    "product",
    "product_dict",
]

_LONGEST_VALUE, _LONGEST_NAME = 100, 5000


def parameterize(*params: dict[str, Any]) -> Any:
    """Makes a test class for each set of parameters, which its methods find as attributes.

    The classes are put into the module of the class that is decorated; decorators may be combined.

    Args:
        *params: Names and values of the attributes.

    Returns:
        A decorator of test classes.

    Example:
        >>> import unittest
        >>> from chainer_compat import testing
        >>> @testing.parameterize({'n': 1}, {'n': 2})
        ... class TestPositive(unittest.TestCase):
        ...     def test_positive(self):
        ...         self.assertGreater(self.n, 0)
        >>> [case.class_name for case in TestPositive.cases]
        ['TestPositive_param_0_{n=1}', 'TestPositive_param_1_{n=2}']
    """

    def generate(base: type) -> Iterator[tuple[str, dict[str, Any], _bundle.MethodWrapper]]:
        for i, param in enumerate(params):
            yield _class_name(base.__name__, i, param), _members(base, param), _wrapper(base, param)

    return _bundle.decorator(generate)


def _class_name(base: str, i: int, param: dict[str, Any]) -> str:
    shown = ", ".join(
        f"{key}={_shortened(_shown(value), _LONGEST_VALUE)}" for key, value in sorted(param.items())
    )
    return f"{base}_param_{i}_{{{_shortened(shown, _LONGEST_NAME)}}}"


def _shown(value: Any) -> str:
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else repr(value)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    head = (longest - 3) // 2
    return f"{text[:head]}...{text[head - longest + 3 :]}"


def _members(base: Any, param: dict[str, Any]) -> dict[str, Any]:
    def shown(self: Any) -> str:
        return f"{base.__str__(self)}  parameter: {param}"

    # A plain function as an attribute of a class would get the instance as its first argument.
    values = {
        key: staticmethod(value) if isinstance(value, types.FunctionType) else value
        for key, value in sorted(param.items())
    }
    return {"__str__": shown, **values}


def _wrapper(base: type, param: dict[str, Any]) -> _bundle.MethodWrapper:
    def wrap(method: Any) -> Any:
        @functools.wraps(method)
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return method(self, *args, **kwargs)
            except unittest.SkipTest:
                raise
            except Exception as error:  # noqa: BLE001 (raised again, with the parameters)
                told = _with_parameters(error, f"{base.__name__}.{method.__name__}", param)
                raise told.with_traceback(error.__traceback__) from None

        return wrapped

    return wrap


def _with_parameters(error: Exception, test: str, param: dict[str, Any]) -> Exception:
    """The same kind of exception, which tells the parameters too."""
    lines = [
        "Parameterized test failed.",
        "",
        f"Base test method: {test}",
        "Test parameters:",
        *(f"  {key}: {value}" for key, value in sorted(param.items())),
        "",
        "",
        "(caused by)",
        f"{type(error).__name__}: {error}",
        "",
    ]
    try:
        return type(error)("\n".join(lines))
    except TypeError:
        return error  # a class that is made of something else than a message


def _values_to_dicts(names: Any, values: Any) -> list[dict[str, Any]]:
    if not isinstance(names, str) or not isinstance(values, (tuple, list)):
        raise UnexpectedArrayError(
            f"names are a text and values a list or tuple; got {names!r} and {values!r}"
        )
    keys = names.split(",")
    if len(keys) == 1:
        return [{keys[0]: value} for value in values]
    for value in values:
        if not isinstance(value, (tuple, list)) or len(value) != len(keys):
            raise UnexpectedArrayError(
                f"{len(keys)} values are needed for {names!r}; got {value!r}"
            )
    return [dict(zip(keys, value, strict=True)) for value in values]


def from_pytest_parameterize(names: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Returns sets of parameters from what ``pytest.mark.parametrize`` takes.

    Args:
        names: One name, or several with commas between.
        values: The values; tuples for several names.

    Example:
        >>> from chainer_compat import testing
        >>> testing.from_pytest_parameterize('a,b', [(1, 2), (3, 4)])
        [{'a': 1, 'b': 2}, {'a': 3, 'b': 4}]
    """
    return _values_to_dicts(names, values)


def parameterize_pytest(names: str, values: Sequence[Any]) -> Any:
    """:func:`parameterize` with the arguments of ``pytest.mark.parametrize``.

    Args:
        names: One name, or several with commas between.
        values: The values; tuples for several names.
    """
    return parameterize(*from_pytest_parameterize(names, values))


def product(parameter: Any) -> list[dict[str, Any]]:
    """Returns all combinations of parameters.

    Args:
        parameter: A dict from names (one, or several with commas between) to lists of values; or
            a list of lists of dicts.

    Raises:
        TypeError: If it is neither.

    Example:
        >>> from chainer_compat import testing
        >>> testing.product({'a': [1, 2], 'b': [3]})
        [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]
    """
    if isinstance(parameter, dict):
        return product_dict(*(_values_to_dicts(*item) for item in sorted(parameter.items())))
    if isinstance(parameter, list) and all(
        isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices)
        for choices in parameter
    ):
        return product_dict(*parameter)
    raise InvalidArgumentTypeError(
        f"product() takes a dict, or a list of lists of dicts; got {parameter!r}"
    )


def product_dict(*parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns all combinations of sets of parameters, each joined into one.

    Args:
        *parameters: Lists of dicts.

    Example:
        >>> from chainer_compat import testing
        >>> testing.product_dict([{'a': 1}, {'a': 2}], [{'b': 3}])
        [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]
    """
    return [
        {key: value for choice in choices for key, value in choice.items()}
        for choices in itertools.product(*parameters)
    ]

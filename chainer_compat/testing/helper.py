"""Requirements, warnings and mocks of tests (Chainer: *chainer.testing*)."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import sys
import unittest
import unittest.mock
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from packaging.requirements import Requirement

__all__ = ["assert_warns", "patch", "with_requires", "without_requires"]


def satisfied(requirements: tuple[str, ...]) -> bool:
    """Whether packages are installed in the versions that are asked for.

    Args:
        requirements: Such as ``"numpy>=1.20"``.
    """
    for requirement in map(Requirement, requirements):
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            return False
        if not requirement.specifier.contains(version, prereleases=True):
            return False
    return True


def with_requires(*requirements: str) -> Callable[[Any], Any]:
    """Skips a test unless packages are installed.

    Args:
        *requirements: Such as ``"numpy>=1.20"``.

    Example:
        >>> import unittest
        >>> from chainer_compat import testing
        >>> class TestNew(unittest.TestCase):
        ...     @testing.with_requires('numpy>=1000')
        ...     def test_new(self):
        ...         raise AssertionError('not run')
        >>> result = TestNew('test_new').run()
        >>> result.skipped[0][1]
        'requires: numpy>=1000'
    """
    return unittest.skipIf(not satisfied(requirements), f"requires: {','.join(requirements)}")


def without_requires(*requirements: str) -> Callable[[Any], Any]:
    """Skips a test if packages are installed.

    Args:
        *requirements: Such as ``"numpy>=1.20"``.
    """
    return unittest.skipIf(satisfied(requirements), f"requires: {','.join(requirements)}")


@contextlib.contextmanager
def assert_warns(expected: type[Warning]) -> Iterator[None]:
    """Asserts that the ``with`` block gives a warning.

    Args:
        expected: The warning's class.

    Raises:
        AssertionError: If it gives none of that class.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    if not any(isinstance(warning.message, expected) for warning in caught):
        raise AssertionError(f"{expected.__name__} not triggerred")


def _find(name: str) -> Any:
    first, *rest = name.split(".")
    if first not in sys.modules:
        raise RuntimeError(f"cannot patch {name}: the module {first} is not imported")
    return functools.reduce(getattr, rest, sys.modules[first])


def patch(target: str, *args: Any, **kwargs: Any) -> Any:
    """``unittest.mock.patch`` by a mock that passes its calls on to what it stands for.

    Args:
        target: The full name of what is patched.
        *args: Arguments of ``unittest.mock.patch``.
        **kwargs: Arguments of ``unittest.mock.patch``; ``wraps`` for another object to call.

    Example:
        >>> import math
        >>> from chainer_compat import testing
        >>> with testing.patch('math.sqrt') as mock:
        ...     math.sqrt(4)
        2.0
        >>> mock.call_count
        1
    """
    wraps = kwargs.pop("wraps") if "wraps" in kwargs else _find(target)
    return unittest.mock.patch(target, *args, wraps=wraps, **kwargs)

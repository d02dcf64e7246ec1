"""Tests that draw the same numbers each time (Chainer: *chainer.testing.fix_random*)."""

from __future__ import annotations

import functools
import os
import random
import types
from typing import Any

import numpy as np
import torch

from chainer_compat.errors import UnexpectedArrayError
from chainer_compat.testing import _bundle

__all__ = ["do_setup", "do_teardown", "fix_random", "generate_seed"]

_SEED = 100


class _Saved:
    """The states of all streams, and how often they were asked for since."""

    depth = 0
    states: Any = None


def do_setup(deterministic: bool = True) -> None:
    """Saves the states of NumPy's, torch's and Python's streams, and seeds NumPy's and torch's.

    Args:
        deterministic: Whether from a fixed seed, or from the system's randomness.
    """
    _Saved.states = (random.getstate(), np.random.get_state(), torch.random.get_rng_state())
    np.random.seed(_SEED if deterministic else None)
    if deterministic:
        torch.manual_seed(_SEED)
    else:
        torch.seed()


def do_teardown() -> None:
    """Restores the states that :func:`do_setup` saved."""
    of_python, of_numpy, of_torch = _Saved.states
    random.setstate(of_python)
    np.random.set_state(of_numpy)
    torch.random.set_rng_state(of_torch)
    _Saved.states = None


def _enter() -> None:
    # Nested where a test is repeated: only the outermost counts.
    if _Saved.depth == 0:
        do_setup(not int(os.environ.get("CHAINER_TEST_RANDOM_NONDETERMINISTIC", "0")))
    _Saved.depth += 1


def _leave() -> None:
    _Saved.depth -= 1
    if _Saved.depth == 0:
        do_teardown()


def generate_seed() -> int:
    """Returns a seed, within a test that :func:`fix_random` decorates.

    Raises:
        AssertionError: Outside of one.
    """
    if _Saved.depth == 0:
        raise UnexpectedArrayError("generate_seed() is for tests under testing.fix_random()")
    return int(np.random.randint(0xFFFFFFFF))


def fix_random(*, setup_method: str = "setUp", teardown_method: str = "tearDown") -> Any:
    """Seeds the streams before each test and restores them after it.

    Args:
        setup_method: The name of the method that runs before each test.
        teardown_method: The name of the method that runs after it.

    Returns:
        A decorator of test classes, or of a test method.

    Example:
        >>> import unittest
        >>> import numpy as np
        >>> from chainer_compat import testing
        >>> class TestDrawn(unittest.TestCase):
        ...     @testing.fix_random()
        ...     def test_drawn(self):
        ...         self.assertAlmostEqual(np.random.uniform(), 0.54340494)
        >>> TestDrawn('test_drawn').debug()
    """

    def decorate(target: Any) -> Any:
        if isinstance(target, types.FunctionType) and target.__name__.startswith("test_"):
            return _fixed_method(target)
        bundle = _bundle.opened(target)
        for klass, _, _ in bundle.cases:
            _fix_class(klass, setup_method, teardown_method)
        return target

    return decorate


def _fixed_method(method: Any) -> Any:
    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        _enter()
        try:
            return method(self, *args, **kwargs)
        finally:
            _leave()

    return wrapped


def _fix_class(klass: type, setup_method: str, teardown_method: str) -> None:
    set_up, tear_down = getattr(klass, setup_method), getattr(klass, teardown_method)

    @functools.wraps(set_up)
    def new_set_up(self: Any) -> None:
        _enter()
        set_up(self)

    @functools.wraps(tear_down)
    def new_tear_down(self: Any) -> None:
        try:
            tear_down(self)
        finally:
            _leave()

    setattr(klass, setup_method, new_set_up)
    setattr(klass, teardown_method, new_tear_down)

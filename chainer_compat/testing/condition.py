"""Tests that may fail now and then (Chainer: *chainer.testing.condition*)."""

from __future__ import annotations

import functools
import sys
import unittest
from collections.abc import Callable
from typing import Any

from chainer_compat.errors import UnexpectedArrayError

__all__ = ["QuietTestRunner", "repeat", "repeat_with_success_at_least", "retry"]


class QuietTestRunner:
    """Runs tests without a word."""

    def run(self, suite: Any) -> unittest.TestResult:
        """Runs a suite of tests.

        Args:
            suite: The suite.
        """
        result = unittest.TestResult()
        suite(result)
        return result


def repeat_with_success_at_least(times: int, min_success: int) -> Callable[[Any], Any]:
    """Runs a test method several times, each in a fresh test case; it may fail some of them.

    Args:
        times: How often to run it, at most.
        min_success: How often it must succeed; then it is not run any further.

    Returns:
        A decorator of methods of ``unittest.TestCase``.

    Raises:
        AssertionError: If it is to succeed more often than it runs.
    """
    if times < min_success:
        raise UnexpectedArrayError(f"{min_success} successes in {times} times are impossible")

    def decorate(method: Any) -> Any:
        @functools.wraps(method)
        def wrapped(self: unittest.TestCase, *args: Any, **kwargs: Any) -> None:
            if not isinstance(self, unittest.TestCase):
                raise UnexpectedArrayError(f"it repeats methods of TestCase; got {self!r}")
            successes = 0
            failures: list[unittest.TestResult] = []
            while successes < min_success and len(failures) <= times - min_success:
                result = _run_once(self, method, args, kwargs)
                if result.skipped:
                    self.skipTest(result.skipped[0][1])
                if result.wasSuccessful():
                    successes += 1
                else:
                    failures.append(result)
            if successes < min_success:
                self.fail(_report(successes, failures))

        return wrapped

    return decorate


def _run_once(test: unittest.TestCase, method: Any, args: Any, kwargs: Any) -> unittest.TestResult:
    fresh = type(test)(test._testMethodName)

    def body() -> None:
        skipped = getattr(sys.modules.get("pytest"), "skip", None)
        try:
            method(fresh, *args, **kwargs)
        except getattr(skipped, "Exception", ()) as error:  # pytest.skip() inside unittest
            fresh.skipTest(str(error))

    case = unittest.FunctionTestCase(body, setUp=fresh.setUp, tearDown=fresh.tearDown)
    return QuietTestRunner().run(unittest.TestSuite([case]))


def _report(successes: int, failures: list[unittest.TestResult]) -> str:
    first = "\n".join(text for _, text in failures[0].failures + failures[0].errors)
    return f"\nFail: {len(failures)}, Success: {successes}\n\nThe first error message:\n{first}"


def repeat(times: int) -> Callable[[Any], Any]:
    """Runs a test method several times; it must succeed each time.

    Args:
        times: How often.
    """
    return repeat_with_success_at_least(times, times)


def retry(times: int) -> Callable[[Any], Any]:
    """Runs a test method until it succeeds.

    Args:
        times: How often, at most.

    Example:
        >>> import unittest
        >>> from chainer_compat.testing import condition
        >>> outcomes = iter([False, True])
        >>> class TestFlaky(unittest.TestCase):
        ...     @condition.retry(3)
        ...     def test_flaky(self):
        ...         self.assertTrue(next(outcomes))
        >>> TestFlaky('test_flaky').debug()
    """
    return repeat_with_success_at_least(times, 1)

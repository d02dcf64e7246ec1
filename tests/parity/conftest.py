"""`oracle` is real Chainer; `both` runs one body on both libraries and compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainer_compat
from tests.parity import _comparing, _oracle, _running
from tests.parity._examples import SLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.parity._running import Body

_NEEDS_ORACLE = {"oracle", "both", "oracle_python"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ask the oracle, by the fixtures that they take."""
    for item in items:
        if _NEEDS_ORACLE.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.oracle)
            if SLOW:
                item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(scope="session")
def oracle_python() -> str:
    """The path of the oracle's Python; without one the test fails and says how to make it."""
    try:
        return str(_oracle.python())
    except _oracle.OracleMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def oracle(oracle_python: str) -> Iterator[_oracle.Oracle]:
    """Real Chainer, started once for the session."""
    asked = _oracle.Oracle()
    yield asked
    asked.close()


class Both:
    """Compares what a body gives on chainer_compat with what it gives on Chainer."""

    def __init__(self, oracle: _oracle.Oracle) -> None:
        self._oracle = oracle

    def __call__(
        self,
        body: Body,
        *args: Any,
        theirs: tuple[Any, ...] | None = None,
        rtol: float = 0.0,
        atol: float = 0.0,
    ) -> Any:
        """Run one case on both; return our value if they agree (None if both raised).

        With `theirs`, Chainer gets these arguments after the others, and we do not.
        """
        __tracebackhide__ = True
        ours, theirs = self.outcomes(body, *args, theirs=theirs)
        different = _comparing.differences(ours, theirs, rtol, atol)
        if different:
            pytest.fail(f"{body.__name__}{args!r}\n" + "\n".join(different), pytrace=False)
        return ours.value if isinstance(ours, _running.Returned) else None

    def outcomes(
        self, body: Body, *args: Any, theirs: tuple[Any, ...] | None = None
    ) -> tuple[Any, Any]:
        """Our outcome and Chainer's, for a test that has its own idea of how they should differ."""
        state = np.random.get_state()
        with self._oracle.asking(body, [(*args, *(theirs or ()))]) as answers:
            ours = _running.run(chainer_compat, body, args)
        np.random.set_state(state)
        return ours, answers[0]


@pytest.fixture(scope="session")
def both(oracle: _oracle.Oracle) -> Both:
    """One test body, two libraries."""
    return Both(oracle)

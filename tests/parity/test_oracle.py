"""The machinery that compares: what crosses the pipe, and what happens when a body fails."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tests.parity import _comparing, _oracle, _wire
from tests.parity._running import Raised, Returned
from tests.parity.bodies import machinery

PLAIN = {
    "numbers": [1, 2.5, float("inf"), 1 << 70, True, None, 1j],
    "text": ("é", b"\x00", {1, 2}),
    "array": np.arange(6, dtype=np.float16).reshape(2, 3)[:, ::-1],
    "empty": np.zeros((0, 3), np.int8),
    "scalar": np.float32(0.1),
    "big_endian": np.array([1, 2], ">i4"),
}


def test_plain_data_crosses_the_pipe_unchanged(oracle):
    answer = oracle.ask(machinery.echo, PLAIN)

    assert _comparing.differences(answer, Returned(PLAIN)) == []


@pytest.mark.parametrize("value", [np.array([None]), object])
def test_what_is_not_plain_data_is_refused(value):
    with pytest.raises((pickle.PicklingError, pickle.UnpicklingError), match="plain data"):
        _wire.loads(_wire.dumps(value))


def test_many_cases_take_one_message(oracle):
    cases = [(i,) for i in range(1000)]

    assert oracle.ask_many(machinery.echo, cases) == [Returned(i) for i in range(1000)]


def test_bodies_start_from_the_same_random_numbers(both):
    first = both(machinery.draw, 3)

    assert both(machinery.draw, 3).tolist() == first.tolist()


def test_random_numbers_of_the_test_itself_go_on(both):
    np.random.seed(1)
    expected = np.random.uniform(size=2)
    np.random.seed(1)
    first = np.random.uniform()
    both(machinery.draw, 3)

    assert [first, np.random.uniform()] == expected.tolist()


def test_exceptions_come_back_with_class_message_and_traceback(oracle):
    answer = oracle.ask(machinery.fail, "lost")

    assert answer.classes[:2] == ("KeyError", "LookupError")
    assert answer.message == "'lost'"
    assert "in fail" in answer.traceback


def test_the_same_exception_on_both_sides_agrees(both):
    both(machinery.fail, "lost")


def test_an_object_as_a_result_fails(oracle):
    answer = oracle.ask(machinery.return_an_object)

    assert isinstance(answer, Raised)


def test_output_of_a_body_stays_out_of_the_pipe(oracle):
    assert oracle.ask(machinery.say, "hello") == Returned(5)


def test_a_body_that_ends_the_process_is_reported_and_the_next_one_runs(oracle):
    with pytest.raises(_oracle.OracleDiedError, match="exit status 3"):
        oracle.ask(machinery.die)

    assert oracle.ask(machinery.echo, 1) == Returned(1)


def test_a_body_that_never_ends_is_stopped(oracle_python):
    impatient = _oracle.Oracle(timeout=5.0)
    assert impatient.ask(machinery.echo, 1) == Returned(1)
    impatient._timeout = 0.2

    with pytest.raises(_oracle.OracleDiedError, match="no answer"):
        impatient.ask(machinery.sleep, 60)
    impatient.close()


def test_a_missing_oracle_says_how_to_make_it(monkeypatch):
    monkeypatch.setenv(_oracle.VARIABLE, "/nowhere/python")

    with pytest.raises(_oracle.OracleMissingError, match="make_oracle_env"):
        _oracle.python()


def test_a_difference_names_its_place(both):
    with pytest.raises(pytest.fail.Exception, match="chainer_compat"):
        both(machinery.name)


@pytest.mark.parametrize(
    ("ours", "theirs", "different"),
    [
        (1, 1, False),
        (1, 1.0, True),
        (float("nan"), float("nan"), False),
        (1.0, 1.0 + 1e-9, True),
        (np.float32(1), np.float64(1), True),
        (np.zeros(2), np.zeros((1, 2)), True),
        (np.array([np.nan]), np.array([np.nan]), False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1, 2], [1, 2, 3], True),
        ((1,), [1], True),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, False),
    ],
)
def test_comparison_is_exact_and_knows_types(ours, theirs, different):
    assert bool(_comparing.differences(Returned(ours), Returned(theirs))) is different


def test_tolerances_apply_to_floats():
    ours, theirs = Returned([1.0, np.float32(2.0)]), Returned([1.00001, np.float32(2.00001)])

    assert _comparing.differences(ours, theirs, rtol=1e-4) == []


def test_an_exception_of_ours_may_be_a_subclass():
    ours = Raised(("MissingNameError", "AttributeError", "Exception"), "", "")

    assert _comparing.differences(ours, Raised(("AttributeError", "Exception"), "", "")) == []
    assert _comparing.differences(ours, Raised(("KeyError", "Exception"), "", "")) != []
    assert _comparing.differences(ours, Returned(None)) != []

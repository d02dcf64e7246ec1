"""Where iterators, datasets, converters and summaries do better than Chainer's, seen on both."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat
from tests.parity import _oracle
from tests.parity._running import Raised, Returned
from tests.parity.bodies import data_faults


def is_what(outcome, expected):
    """Whether an outcome is a value, or an exception of a class."""
    if isinstance(expected, type):
        return isinstance(outcome, Raised) and expected.__name__ in outcome.classes
    if not isinstance(outcome, Returned):
        return False
    value = outcome.value
    if isinstance(value, np.ndarray):
        return value.tolist() == expected
    return value == expected or (value != value and expected != expected)  # noqa: PLR0124 -- NaN


NAN = float("nan")
CASES = {
    "scope_after_exception": ((), False, True),
    "deviation_of_equal_values": ((), NAN, 0.0),
    "resumed_summary": ((), TypeError, 3.0),
    "text_in_summary": ((), TypeError, ["x"]),
    "no_examples": ((), [[], []], ValueError),
    "snapshot_unshuffled": (
        (),
        AttributeError,
        ["_worker_seed", "current_position", "epoch", "is_new_epoch", "previous_epoch_detail"],
    ),
    "copy_unshuffled": ((), False, True),
    "after_finalize": ((), NotImplementedError, [1, 2]),
    "drawn_in_workers": ((), False, True),
    "steps_over_concatenated": ((), [2, 1], [2]),
    "no_column": ((), True, TypeError),
}


@pytest.mark.parametrize("name", CASES)
def test_one_does_better(both, name):
    args, theirs, ours = CASES[name]
    outcomes = both.outcomes(getattr(data_faults, name), *args)

    assert is_what(outcomes[1], theirs), outcomes[1]
    assert is_what(outcomes[0], ours), outcomes[0]


@pytest.mark.parametrize(
    ("batch", "padding", "theirs", "ours"),
    [
        (np.zeros((2, 2)), None, ValueError, [[0, 0], [0, 0]]),
        ([("a", 1)], None, TypeError, (["a"], [1])),
        ([np.ones((2, 2)), np.zeros(2)], 0, [[[1, 1], [1, 1]], [[0, 0], [0, 0]]], ValueError),
    ],
    ids=["an array", "text", "axes"],
)
def test_concat_examples_does_better(both, batch, padding, theirs, ours):
    ours_is, theirs_is = both.outcomes(data_faults.concat, batch, padding)

    assert is_what(theirs_is, theirs), theirs_is
    if isinstance(ours, tuple):
        assert tuple(part.tolist() for part in ours_is.value) == ours
    else:
        assert is_what(ours_is, ours), ours_is


@pytest.mark.parametrize(
    ("name", "repeat", "theirs", "ours"),
    [
        ("SerialIterator", True, ZeroDivisionError, ValueError),
        ("SerialIterator", False, ZeroDivisionError, []),
        ("MultithreadIterator", False, ZeroDivisionError, []),
    ],
)
def test_empty_datasets(both, name, repeat, theirs, ours):
    outcomes = both.outcomes(data_faults.empty, name, repeat)

    assert is_what(outcomes[1], theirs), outcomes[1]
    assert is_what(outcomes[0], ours), outcomes[0]


@pytest.mark.parametrize(
    ("how", "at", "shared_mem", "theirs", "ours"),
    [
        ("raise", 3, None, "timeout", "KeyError"),
        ("raise", 1, None, "TypeError", "KeyError"),
    ],
)
def test_failing_workers(both, how, at, shared_mem, theirs, ours):
    outcomes = both.outcomes(data_faults.worker, how, at, shared_mem)
    ends = [outcome.value[-1] for outcome in outcomes]

    assert ends[1] == theirs or ends[1][0] == theirs
    assert ends[0][0] == ours


def test_a_dead_worker_hangs_chainer_and_is_an_error_here(oracle_python):
    impatient = _oracle.Oracle()
    assert impatient.ask(data_faults.resumed_summary)  # it is there
    impatient._timeout = 5.0
    with pytest.raises(_oracle.OracleDiedError, match="no answer"):
        impatient.ask(data_faults.worker, "exit", 3, 8)
    impatient.close()

    assert data_faults.worker(chainer_compat, np, "exit", 3, 8)[-1][0] == "WorkerError"


@pytest.mark.parametrize("name", ["MultithreadIterator", "MultiprocessIterator"])
def test_saving_does_not_disturb_a_run(both, name):
    ours, theirs = both.outcomes(data_faults.saving_while_running, name)

    assert (ours.value, theirs.value) == (True, False)


@pytest.mark.parametrize(("index", "theirs"), [(0, KeyError), (-1, IndexError)])
def test_indices_of_zipped_images(both, index, theirs):
    outcomes = both.outcomes(data_faults.zipped_images, index)

    assert is_what(outcomes[1], theirs), outcomes[1]
    assert outcomes[0] == Returned((1, 2, 3))

"""Where trainers, triggers and extensions do better than Chainer's, seen on both."""

from __future__ import annotations

import signal

import pytest

from tests.parity._running import Raised
from tests.parity.bodies import training_faults

# Body, its arguments, what Chainer gives, what we give.
CASES = {
    "a tenth of an epoch": ("times_of_fractions", (0.1, 10, 5), 40, 50),
    "a hundredth of an epoch": ("times_of_fractions", (0.01, 100, 5), 368, 500),
    "interval asked twice": ("asked_twice", ("interval",), [True, False], [True, True]),
    "schedule asked twice": ("asked_twice", ("schedule",), [True, False], [True, True]),
    "once asked twice": ("asked_twice", ("once",), [True, False], [True, True]),
    "best value asked twice": ("asked_twice", ("best",), [True, False], [True, True]),
    "shared trigger": ("shared", (), {"a": [2, 4, 6], "b": []}, {"a": [2, 4, 6], "b": [2, 4, 6]}),
    "burst": ("burst", (), [True] * 6 + [False, True], [True] + [False] * 6 + [True]),
    "early stopping": ("early_stopping", (), 9, 5),
    "multistep": (
        "rate_after_resume",
        ("MultistepShift", (0.5, (1, 2), 1.0)),
        (1, 0.25),
        (0.25, 0.25),
    ),
    "warmup": ("rate_after_resume", ("WarmupShift", (0.0, 2, 8.0)), (0, 8), (8, 8)),
    "two shifts": ("two_shifts", (), False, True),
    "polynomial": ("polynomial_at_its_end", (), ("ZeroDivisionError", 0.5), ("well", 0.25)),
    "micro average": ("micro_average", (), [5, 6], [6]),
    "plot": ("plot_sums", (), [[2, 1.5], [4, 4.0]], [[2, 1.5], [4, 3.5]]),
    "rest of the iteration": ("rest_of_the_iteration", (), (6, 5), (6, 6)),
    "random numbers": ("random_numbers", (), False, True),
    "ctrl-c": (
        *("ctrl_c", ()),
        ["KeyboardInterrupt", "finalize"],
        ["KeyboardInterrupt", "on_error", "finalize"],
    ),
    "sigterm": (
        *("terminated", ()),
        ("", -signal.SIGTERM),
        ("on_error finalize", 128 + signal.SIGTERM),
    ),
    "handler raises": ("handler_raises", (), "UnboundLocalError", "KeyError"),
    "finalizer raises": (
        *("finalizer_raises", ()),
        ("ValueError", ["a"], False),
        ("KeyError", ["a", "b"], True),
    ),
    "nan": ("nan_in_the_log", (), "NaN", None),
    "escapes": ("escapes_in_a_file", (), True, False),
    "arguments of the bar": ("bar_arguments", (), False, True),
    "bar without a length": ("bar_without_a_length", (), "AttributeError", "well"),
    "endless evaluation": (
        "warning_of_a_repeating_iterator",
        (),
        *("OverflowError", "RuntimeError"),
    ),
    "method": ("bound_method", (), "AttributeError", 2),
    "saved before the start": ("saved_before_the_start", (), "RuntimeError", 0.0),
    "no gradient": (
        *("parameter_without_gradient", ()),
        ("AttributeError", []),
        ("well", ["None/W/data/mean"]),
    ),
    "minimal iterator": ("minimal_iterator", (), "AttributeError", 1),
    "other axis": ("other_axis", (), ("KeyError", []), ("well", [[1, 1], [2, 2]])),
    "folder": ("folder_that_cannot_be_made", (), ("well", 6), ("OSError", 0)),
    "finished run": ("finished_run_goes_on", (), (6, 5), (3, 5)),
}


@pytest.mark.parametrize("name", CASES)
def test_one_does_better(both, name):
    body, args, theirs, ours = CASES[name]
    outcomes = both.outcomes(getattr(training_faults, body), *args)
    for outcome in outcomes:
        assert not isinstance(outcome, Raised), outcome

    assert (outcomes[1].value, outcomes[0].value) == (theirs, ours)

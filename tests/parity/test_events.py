"""Everything a trainer does, in order: generated sets of extensions on both libraries."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainer_compat
from tests.parity import _golden, _running
from tests.parity._examples import examples
from tests.parity.bodies import events, plans

GOLDEN = json.loads((_golden.FOLDER / "events.json").read_text(encoding="utf-8"))

names = st.sampled_from(["a", "b", "a_1", "training"])
priorities = st.sampled_from([-100, 0, 1, 100, 200, 300])
intervals = st.tuples(
    st.just("interval"), st.integers(1, 3), st.sampled_from(["iteration", "epoch"])
)
askers = st.tuples(st.sampled_from(["asked", "finished"]), st.integers(1, 3))
schedules = st.tuples(st.just("points"), st.lists(st.integers(1, 6), min_size=1, max_size=3))
readers = st.tuples(st.just("max"), st.sampled_from(["x", "y"]))
given_triggers = st.one_of(intervals, askers, schedules, readers, st.just(("once",)))
own_triggers = st.one_of(intervals, askers)


def failures(*places):
    """Where an extension raises: at its nth call, or elsewhere."""
    at = {"call": st.integers(1, 3), "on_error": st.just(True), "initialize": st.just(True)}
    return st.fixed_dictionaries({}, optional={place: at[place] for place in places})


def extensions(failing):
    return st.fixed_dictionaries(
        {
            "label": st.sampled_from(["a", "b", "c"]),
            "kind": st.sampled_from(["function", "lambda", "decorated", "extension", "plain"]),
            "own_trigger": own_triggers,
            "own_priority": priorities,
        },
        optional={
            "name": names,
            "default_name": names,
            "trigger": given_triggers,
            "priority": priorities,
            "call_before_training": st.booleans(),
            "reports": st.sampled_from(["x", "y"]),
            "same_as": st.integers(0, 5),
            "fails": failing,
        },
    )


def runs(failing, update_fails_at):
    return st.fixed_dictionaries(
        {
            "size": st.integers(2, 6),
            "batch": st.integers(1, 2),
            "stop": st.tuples(st.integers(1, 6), st.sampled_from(["iteration", "epoch"])),
            "extensions": st.lists(extensions(failing), max_size=7),
        },
        optional={"update_fails_at": update_fails_at},
    )


@examples()
@given(runs(failures(), st.nothing()))
def test_events_of_a_run(both, plan):
    both(events.run_trainer, plan)


@examples()
@given(runs(failures("call", "on_error", "initialize"), st.integers(1, 4)))
def test_events_of_a_run_in_which_something_raises(both, plan):
    both(events.run_trainer, plan)


@pytest.mark.parametrize("name", plans.PLANS)
def test_events_of_a_written_plan(both, name):
    both(events.run_trainer, plans.PLANS[name])


@pytest.mark.parametrize("name", plans.PLANS)
def test_events_of_a_written_plan_are_the_golden_ones(name):
    """The same without an oracle at hand."""
    outcome = _running.run(chainer_compat, events.run_trainer, [plans.PLANS[name]])

    assert outcome == _running.Returned(GOLDEN[name]["outcome"])


def test_golden_events_are_those_of_the_plans():
    written = {name: json.loads(json.dumps(plan)) for name, plan in plans.PLANS.items()}

    assert {name: golden["plan"] for name, golden in GOLDEN.items()} == written

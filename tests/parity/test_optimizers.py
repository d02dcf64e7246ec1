"""Each optimizer goes Chainer's way, with hooks, and through Chainer's files in the middle."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat
from tests.parity import _running
from tests.parity.bodies import optimizers as bodies
from tests.parity.bodies import tiny

STEPS = 200
VARIANTS = {
    "AMSBound": {"final_lr": 0.05},
    "AMSGrad": {"alpha": 0.01},
    "AdaBound": {"gamma": 0.01},
    "AdaDelta": {"rho": 0.9, "eps": 1e-4},
    "AdaGrad": {"lr": 0.1},
    "Adam": {"alpha": 0.01, "beta1": 0.5, "eps": 1e-4, "weight_decay_rate": 0.01, "eta": 0.5},
    "AdamW": {"weight_decay_rate": 0.001},
    "CorrectedMomentumSGD": {"lr": 0.02, "momentum": 0.5},
    "MSVAG": {"lr": 0.05, "weight_decay_rate": 0.01, "eta": 0.9},
    "MomentumSGD": {"lr": 0.02, "momentum": 0.5},
    "NesterovAG": {"lr": 0.02, "momentum": 0.5},
    "RMSprop": {"eps_inside_sqrt": True, "eps": 1e-3},
    "RMSpropGraves": {"lr": 0.01, "eps": 0.1},
    "SGD": {"lr": 0.1},
    "SMORMS3": {"lr": 0.01},
}
CASES = [(name, {}) for name in tiny.OPTIMIZERS] + list(VARIANTS.items())


def test_each_optimizer_has_a_variant():
    assert set(VARIANTS) == set(tiny.OPTIMIZERS)


def ours(body, *args):
    outcome = _running.run(chainer_compat, body, args)
    assert isinstance(outcome, _running.Returned), outcome
    return outcome.value


def theirs(oracle, body, *args):
    with oracle.asking(body, [args]) as answers:
        pass  # the answer is there at the end of the block
    outcome = answers[0]
    assert isinstance(outcome, _running.Returned), outcome
    return outcome.value


def assert_alike(actual, expected, rtol=1e-6):
    """Each array agrees, relative to its largest element; the states to twice as much."""
    assert list(actual) == list(expected)
    for key, value in expected.items():
        tolerance = 2 * rtol if key.count("/") > 1 else rtol
        scale = np.max(np.abs(value))
        np.testing.assert_allclose(actual[key], value, rtol=0, atol=tolerance * scale, err_msg=key)


@pytest.mark.parametrize(("name", "kwargs"), CASES)
def test_two_hundred_updates_lead_to_the_same_place(oracle, name, kwargs):
    asked = (bodies.run, name, kwargs, "none", STEPS, 1)

    assert_alike(ours(*asked), theirs(oracle, *asked))


@pytest.mark.parametrize(("name", "kwargs"), [c for c in CASES if c[0] == "RMSpropGraves"])
def test_so_they_do_over_many_small_parameters_at_once(oracle, name, kwargs):
    asked = (bodies.run, name, kwargs, "none", STEPS, 6, "f", False, 8)

    assert_alike(ours(*asked), theirs(oracle, *asked))


@pytest.mark.parametrize("hooks", ["decay", "noise", "all", "lars"])
@pytest.mark.parametrize("name", tiny.OPTIMIZERS)
def test_so_they_do_with_hooks(oracle, name, hooks):
    asked = (bodies.run, name, {}, hooks, STEPS, 2)

    assert_alike(ours(*asked), theirs(oracle, *asked))


@pytest.mark.parametrize("name", tiny.OPTIMIZERS)
def test_so_they_do_where_each_step_decides_the_next_gradient(oracle, name):
    asked = (bodies.run, name, {}, "decay", STEPS, 2, "f", True)

    assert_alike(ours(*asked), theirs(oracle, *asked))


@pytest.mark.parametrize("name", tiny.OPTIMIZERS)
def test_in_float64_the_formulas_are_the_same(oracle, name):
    asked = (bodies.run, name, {}, "decay", STEPS, 3, "d", True)

    assert_alike(ours(*asked), theirs(oracle, *asked), 1e-13)


@pytest.mark.parametrize("name", tiny.OPTIMIZERS)
def test_we_go_on_from_chainers_file(oracle, name):
    whole = theirs(oracle, bodies.run, name, {}, "decay", STEPS, 4)
    files = theirs(oracle, bodies.save, name, {}, "decay", STEPS // 2, 4)

    resumed = ours(bodies.resume, name, {}, "decay", STEPS // 2, STEPS // 2, 4, files)

    assert_alike(resumed, whole)


# M-SVAG in Chainer forgets how far it was.
@pytest.mark.parametrize("name", [name for name in tiny.OPTIMIZERS if name != "MSVAG"])
def test_chainer_goes_on_from_our_file(oracle, name):
    whole = ours(bodies.run, name, {}, "decay", STEPS, 5)
    files = ours(bodies.save, name, {}, "decay", STEPS // 2, 5)

    resumed = theirs(oracle, bodies.resume, name, {}, "decay", STEPS // 2, STEPS // 2, 5, files)

    assert_alike(resumed, whole)

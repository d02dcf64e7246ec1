"""Optimizers, rules and hooks do what Chainer's do, besides arithmetic."""

from __future__ import annotations

import pytest

from tests.parity.bodies import optimizer_behaviour as bodies
from tests.parity.bodies import tiny

CLOSE = {"rtol": 1e-6, "atol": 1e-7}


@pytest.mark.parametrize(
    "body",
    [
        bodies.lazy_parameter,
        bodies.disabled,
        bodies.own_hyperparameters,
        bodies.rules_of_the_users,
        bodies.overridden,
        bodies.order_of_events,
        bodies.hooks_that_replace,
        bodies.two_optimizers,
        bodies.live_state,
        bodies.dynamic_scaling,
        bodies.copies,
        bodies.refused,
        bodies.deprecations,
        bodies.zero_grads_of_update,
    ],
)
def test_the_same_happens(both, body):
    both(body, **CLOSE)


@pytest.mark.parametrize("name", tiny.OPTIMIZERS)
def test_missing_gradients_are_zeros(both, name):
    both(bodies.no_gradients, name, **CLOSE)


@pytest.mark.parametrize("name", tiny.OPTIMIZERS)
def test_a_shared_parameter_is_updated_once_for_each_place(both, name):
    both(bodies.shared_parameter, name, **CLOSE)


@pytest.mark.parametrize("name", tiny.OPTIMIZERS)
def test_files_have_chainers_keys(both, name):
    both(bodies.saved, name, **CLOSE)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("drop", [(), ("a/v",), ("b/v",)])
def test_a_state_is_loaded_before_the_first_update(both, enabled, drop):
    both(bodies.load_first, enabled, drop)


@pytest.mark.parametrize("scale", [1, 128, 0.5])
def test_a_loss_scale_is_taken_out_again(both, scale):
    both(bodies.loss_scaling, scale, **CLOSE)


@pytest.mark.parametrize("scale", [None, 64])
@pytest.mark.parametrize("fp32", [True, False])
@pytest.mark.parametrize("name", ["Adam", "SGD", "MomentumSGD", "RMSprop", "AdaGrad"])
def test_half_precision(both, name, fp32, scale):
    both(bodies.half_precision, name, fp32, scale, rtol=2e-3, atol=2e-3)


EPSILONS = [0, 1e-50, 1e-45, 1e-8, 1e-4]


@pytest.mark.parametrize("dtype", ["e", "f", "d"])
@pytest.mark.parametrize("eps", EPSILONS)
def test_an_epsilon_that_rounds_to_zero_is_refused(both, eps, dtype):
    both(bodies.small_eps, "RMSprop", eps, dtype)


@pytest.mark.parametrize("dtype", ["e", "f", "d"])
@pytest.mark.parametrize("eps", EPSILONS)
def test_adam_refuses_it_without_an_error_in_its_message(both, eps, dtype):
    ours, theirs = both.outcomes(bodies.small_eps, "Adam", eps, dtype)

    assert ours.value == (None if theirs.value is None else "ValueError")


@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize(
    "values",
    [[3.0, -4.0], [1e-20, 0.0], [float("inf"), 1.0], [float("nan"), 1.0], [1e-3, 2e-3, 3e-3]],
)
def test_gradients_are_clipped_alike(both, dtype, values):
    both(bodies.clipping, dtype, values, **CLOSE)


@pytest.mark.parametrize("name", ["SGD", "Adam", "MSVAG"])
def test_parameters_without_elements(both, name):
    both(bodies.no_elements, name, **CLOSE)

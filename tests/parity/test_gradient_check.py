"""Gradient checks pass, fail and refuse where Chainer's do, with the same directions."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.bodies import gradient_check as bodies

X = np.array([0.5, 1.5, -2.0])
ONES = np.ones(3)


@pytest.mark.parametrize("detect", [False, True])
@pytest.mark.parametrize("name", ["square", "cube", "abs", "step", "log", "root"])
@pytest.mark.parametrize("x", [X, X + 2, np.array([0.0, 1.0, 2e-4]), X.astype("f")])
def test_numerical_gradients_are_the_same(both, name, x, detect):
    options = {"detect_nondifferentiable": detect}
    both(bodies.numerical_grad, name, x, (ONES,), options, rtol=1e-9, atol=1e-12)


def test_numerical_gradients_of_several_outputs_are_the_same(both):
    for gys in [(ONES, np.array(2.0)), (ONES, None), (2.0, 3), (None, None)]:
        both(bodies.numerical_grad, "two", X, gys, {}, rtol=1e-9)
    both(bodies.numerical_grad, "none", X, (ONES, None), {}, rtol=1e-9)


@pytest.mark.parametrize("eps", [1e-1, 1e-4])
def test_numerical_gradients_of_other_steps_are_the_same(both, eps):
    both(bodies.numerical_grad, "cube", X, (ONES,), {"eps": eps}, rtol=1e-8)


def test_numerical_gradients_refuse_the_same(both):
    both(bodies.numerical_grad, "square", np.arange(3), (ONES,), {})
    both(bodies.numerical_grad, "square", X, (ONES,), {"eps": 0})
    both(bodies.numerical_grad, "square", X, (ONES, ONES), {})
    both(bodies.numerical_grad, "square", X, (np.ones(2),), {})
    both(bodies.numerical_grad, "none", X, (ONES, ONES), {})


A, B, G = (np.random.RandomState(i).normal(size=(2, 3)) for i in range(3))
FUNCTIONS = ["mul", "unused", "wrong", "node", "wrong_double", "abs"]


@pytest.mark.parametrize("dtype", [None, "d"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_backward_checks_pass_and_fail_alike(both, name, dtype):
    options = {"dtype": dtype, "atol": 1e-3, "rtol": 1e-3}
    both(bodies.check_backward, name, (A, B), G, options)
    both(bodies.check_backward, name, (A.astype("f"), B.astype("f")), G.astype("f"), options)


def test_backward_checks_of_several_outputs_pass_and_fail_alike(both):
    for gys in [(G, G), (G, None), G, None, (G, G[0]), (G, G.astype("f"))]:
        both(bodies.check_backward, "both", (A, B), gys, {})


def test_backward_checks_of_a_loss_pass_and_fail_alike(both):
    both(bodies.check_backward, "loss", (A, B), None, {})
    both(bodies.check_backward, "loss", (A, B), (None,), {})
    both(bodies.check_backward, "mul", (A, B), None, {})


def test_backward_checks_leave_out_what_has_no_gradient(both):
    ints = np.arange(6).reshape(2, 3)
    both(bodies.check_backward, "mul", (A, ints), G, {})
    both(bodies.check_backward, "mul", (A, B), G, {"no_grads": [False, True]})
    both(bodies.check_backward, "unused", (A, B), G, {"no_grads": [False, True]})
    both(bodies.check_backward, "unused", (A, B), G, {"no_grads": [False, True], "dtype": "d"})
    both(bodies.check_backward, "mul", (A, B), G, {"no_grads": [False]})
    both(bodies.check_backward, "mul", (A, B), G, {"dtype": "i"})


@pytest.mark.parametrize("x", [A, np.zeros((2, 3)), np.full((2, 3), 1e-4)])
def test_backward_checks_detect_corners_alike(both, x):
    options = {"detect_nondifferentiable": True, "atol": 1e-3, "rtol": 1e-3}
    both(bodies.check_backward, "abs", (x, B), G, options)


def test_failures_tell_the_same_gradients(both):
    both(bodies.check_backward_failure, (A, B), G, atol=1e-5)


@pytest.mark.parametrize("dtype", [None, "d"])
@pytest.mark.parametrize("name", ["mul", "node", "wrong_double"])
def test_double_backward_checks_pass_and_fail_alike(both, name, dtype):
    options = {"dtype": dtype, "atol": 1e-2, "rtol": 1e-2}
    both(bodies.check_double_backward, name, (A, B), G, (A, G), options)


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("dtype", [None, "d"])
def test_parameters_are_checked_alike(both, dtype, double):
    both(bodies.check_params, dtype, double)


@pytest.mark.parametrize(
    ("x", "y", "options"),
    [
        (A, A, {}),
        (A, A + 1, {}),
        (A, A + 1e-6, {}),
        (A, A + 1e-6, {"atol": 0, "rtol": 0}),
        (1.0, np.float32(1), {}),
        (A, A[0], {}),
        (A, A[:, :2], {}),
        (np.array([np.nan]), np.array([np.nan]), {}),
        (np.arange(3), np.arange(3), {"verbose": False}),
        (np.zeros(0), np.zeros(0), {}),
        (2.0, 3, {}),
    ],
)
def test_arrays_are_compared_alike(both, x, y, options):
    both(bodies.assert_allclose, x, y, options)
    both(bodies.deprecated_assert_allclose, x, y)

"""Gradient checks by themselves; tests/parity compares them with Chainer's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import gradient_check
from chainer_compat.errors import ChainerCompatError
from chainer_compat.gradient_check import NondifferentiableError


class Wrong(chainer.Function):
    def forward(self, inputs):
        return (inputs[0] * 2,)

    def backward(self, inputs, grads):
        return (grads[0] * 3,)


def test_numerical_gradients_of_tensors_are_tensors():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (gx,) = gradient_check.numerical_grad(lambda: (x.detach() ** 2,), (x,), (torch.ones(2),))

    assert gx.dtype == torch.float32
    np.testing.assert_allclose(gx.numpy(), [2, 4], rtol=1e-3)


def test_five_points_are_better_than_two():
    x = np.array([1.0])
    errors = [
        abs(gradient_check.numerical_grad(lambda: (x**4,), (x,), (1,), 0.1, detect)[0] - 4)
        for detect in (False, True)
    ]

    assert errors[1] < 1e-9 < errors[0]


@pytest.mark.parametrize("x", [0.0, 1e-4, -3e-4])
def test_corners_are_detected_and_told(x):
    x = np.array([2.0, x])
    with pytest.raises(NondifferentiableError, match=r"index on x: \(1,\)") as caught:
        gradient_check.numerical_grad(
            lambda: (abs(x),), (x,), (np.ones(2),), detect_nondifferentiable=True
        )
    assert "y[x-eps/2]" in str(caught.value)
    assert isinstance(caught.value, ChainerCompatError)


def test_the_border_of_a_domain_is_detected():
    x = np.array([0.0])
    with (
        np.errstate(all="ignore"),
        pytest.raises(NondifferentiableError, match="non-differentiable"),
    ):
        gradient_check.numerical_grad(
            lambda: (np.sqrt(x),), (x,), (np.ones(1),), detect_nondifferentiable=True
        )


def test_a_wrong_gradient_is_told_with_both_values():
    with pytest.raises(AssertionError) as caught:
        gradient_check.check_backward(Wrong(), np.ones(3), np.ones(3))

    message = str(caught.value)
    for part in ("inputs[0]:", "grad_outputs[0]:", "directions[0]:", "gradients (numeric):"):
        assert part in message


def test_tensors_can_be_checked():
    x, gy = torch.rand(3, dtype=torch.float64), torch.rand(3, dtype=torch.float64)
    gradient_check.check_backward(lambda x: x * x, x, gy)
    gradient_check.check_double_backward(lambda x: x * x * x, x, gy, gy)


def test_inputs_may_be_none():
    x = np.ones(2)
    gradient_check.check_backward(lambda x, y: x * x, (x, None), np.ones(2))


def test_parameters_are_put_back_as_they_were():
    W = chainer.Parameter(np.ones(3, "f"))
    before = W.array
    for dtype in (None, np.float64):
        gradient_check.check_backward(
            lambda x: x * W, np.ones(3, "f"), np.ones(3, "f"), W, dtype=dtype, atol=1e-2
        )
    assert W.array is before
    assert W.array.tolist() == [1, 1, 1]


def test_wrong_parameters_are_found():
    W = chainer.Parameter(np.ones(3))
    with pytest.raises(AssertionError, match="check_backward failed"):
        gradient_check.check_backward(lambda x: x * Wrong()(W), np.ones(3), np.ones(3), W)


def test_a_gradient_that_must_not_be_is_told():
    with pytest.raises(RuntimeError, match="must be None"):
        gradient_check.check_backward(
            lambda x, y: x * y, (np.ones(2), np.ones(2)), np.ones(2), no_grads=[False, True]
        )


def test_a_gradient_that_nothing_depends_on_counts_as_zero():
    x, gy = np.ones(2), np.ones(2)
    gradient_check.check_double_backward(lambda x: x * 2, x, gy, gy)


def test_a_failure_of_second_gradients_is_told():
    class Square(chainer.FunctionNode):
        def forward(self, inputs):
            self.retain_inputs((0,))
            return (inputs[0] ** 2,)

        def backward(self, indexes, grads):
            (x,) = self.get_retained_inputs()
            return (chainer.Variable(2 * x.array) * grads[0],)  # cut from x

    x = np.ones(2)
    with pytest.raises(AssertionError, match=r"check_double_backward failed(.|\n)*grad_grad\[0\]"):
        gradient_check.check_double_backward(lambda x: Square().apply((x,))[0], x, x, x)


def test_parameters_as_arrays():
    check = gradient_check._check_backward_with_params
    x, W = np.ones(3), np.full(3, 2.0)
    check(lambda xs, ps: xs[0] * ps[0] * ps[0], x, x, (W,))
    with pytest.raises(ValueError, match="parameters are arrays"):
        check(lambda xs, ps: xs[0], x, x, (chainer.Parameter(W),))


def test_empty_arrays_have_nothing_to_check():
    gradient_check.check_backward(lambda x: x * 2, np.ones((0, 3)), np.ones((0, 3)))


def test_functions_may_run_backward_passes_of_their_own():
    def penalty(x):
        y = (x * x * x)[0]
        (gx,) = chainer.grad([y], [x], enable_double_backprop=True)
        return gx

    gradient_check.check_backward(penalty, np.ones(2), np.ones(2))

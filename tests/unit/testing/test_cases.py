"""The test cases of functions and links find what is wrong."""

from __future__ import annotations

import unittest

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import testing

CPU = testing.BackendConfig({})


class SquareTest(testing.FunctionTestCase):
    __test__ = False

    def generate_inputs(self):
        return (np.random.uniform(-1, 1, (2, 3)).astype(np.float32),)

    def forward(self, inputs, device):
        (x,) = inputs
        return (x * x,)

    def forward_expected(self, inputs):
        return (inputs[0] ** 2,)


def test_a_right_function_passes():
    test = SquareTest("test_forward")
    test.test_forward(CPU)
    assert test.test_name == "test_forward"
    test.test_backward(CPU)
    test.test_double_backward(CPU)


def test_contiguous_arrays_on_request():
    seen = []

    class Case(SquareTest):
        def forward(self, inputs, device):
            seen.append(inputs[0].array.flags.c_contiguous)
            return super().forward(inputs, device)

    Case("test_forward").test_forward(CPU)
    Case.contiguous = "C"
    Case("test_forward").test_forward(CPU)
    Case.contiguous = "F"

    assert seen == [False, True]
    with pytest.raises(AssertionError, match="contiguous is None or 'C'"):
        Case("test_forward").test_forward(CPU)


class WrongGradient(chainer.Function):
    def forward(self, inputs):
        return (inputs[0] ** 2,)

    def backward(self, inputs, grads):
        return (grads[0] * inputs[0],)


WRONG = {
    "Outputs do not match": lambda self, inputs, device: (inputs[0] * 3,),
    "dtypes do not match": lambda self, inputs, device: (inputs[0][0] ** 2,),
    "Number of outputs": lambda self, inputs, device: (inputs[0] ** 2,) * 2,
    "must return a tuple, not": lambda self, inputs, device: inputs[0] ** 2,
    "must return a tuple of Variables": lambda self, inputs, device: (inputs[0].array,),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_output_is_told(message):
    case = type("Case", (SquareTest,), {"forward": WRONG[message]})
    with pytest.raises(testing.FunctionTestError, match=message):
        case("test_forward").test_forward(CPU)


def test_a_changed_input_is_told():
    class Case(SquareTest):
        def forward(self, inputs, device):
            y = inputs[0].array ** 2
            inputs[0].array[...] = 0
            return (chainer.Variable(y),)

    with pytest.raises(
        testing.FunctionTestError, match=r"modified during forward(.|\n)*Input\[0\]"
    ):
        Case("test_forward").test_forward(CPU)


def test_a_wrong_gradient_is_told():
    class Case(SquareTest):
        def forward(self, inputs, device):
            return (WrongGradient()(inputs[0]),)

    Case("test_forward").test_forward(CPU)
    with pytest.raises(testing.FunctionTestError, match="backward is not implemented correctly"):
        Case("test_backward").test_backward(CPU)


def test_corners_are_dodged_on_request():
    draws = iter([0.0, 1e-5, 0.7])

    class Case(SquareTest):
        dodge_nondifferentiable = True

        def generate_inputs(self):
            return (np.array([next(draws)]),)

        def forward(self, inputs, device):
            return (abs(inputs[0]),)

        def forward_expected(self, inputs):
            return (abs(inputs[0]),)

    Case("test_backward").test_backward(CPU)

    assert list(draws) == []


def test_tests_are_skipped_on_request():
    class Case(SquareTest):
        skip_forward_test = skip_backward_test = skip_double_backward_test = True

    for name in ("forward", "backward", "double_backward"):
        with pytest.raises(unittest.SkipTest, match=f"skip_{name}_test is set"):
            getattr(Case(f"test_{name}"), f"test_{name}")(CPU)


def test_integers_have_no_gradients():
    class Case(SquareTest):
        def generate_inputs(self):
            return (*super().generate_inputs(), np.arange(3))

        def forward(self, inputs, device):
            x, n = inputs
            return (x * x * n.array.astype("f"),)

        def forward_expected(self, inputs):
            x, n = inputs
            return (x * x * n.astype("f"),)

    Case.numerical_grad_dtype = np.float64
    Case("test_double_backward").test_double_backward(CPU)


@pytest.mark.parametrize("method", ["generate_inputs", "forward_expected"])
def test_methods_must_give_tuples_of_arrays(method):
    for wrong in ([np.zeros(1)], (1,)):
        case = type("Case", (SquareTest,), {method: lambda self, *args, wrong=wrong: wrong})
        with pytest.raises(TypeError, match=rf"{method}\(\) must return a tuple"):
            case("test_forward").test_forward(CPU)


@pytest.mark.parametrize("base", [testing.FunctionTestCase, testing.LinkTestCase])
def test_what_is_to_be_defined_is_told(base):
    with pytest.raises(NotImplementedError, match="not implemented"):
        base("test_forward").test_forward(CPU)


class Scale(chainer.Link):
    """Its parameter gets its shape from the input."""

    def __init__(self, W):
        super().__init__()
        with self.init_scope():
            self.W = chainer.Parameter(W)

    def forward(self, x):
        if not self.W.is_initialized:
            self.W.initialize(x.shape)
        return x * self.W


class ScaleTest(testing.LinkTestCase):
    __test__ = False
    param_names = ("W",)

    def generate_params(self):
        return (np.random.uniform(1, 2, 3).astype("f"),)

    def create_link(self, initializers):
        return Scale(chainer.initializers._get_initializer(*initializers))

    def generate_inputs(self):
        return (np.random.uniform(-1, 1, 3).astype("f"),)

    def forward_expected(self, link, inputs):
        return (inputs[0] * link.W.array,)


def test_a_right_link_passes():
    ScaleTest("test_forward").test_forward(CPU)
    ScaleTest("test_backward").test_backward(CPU)


def test_a_wrong_link_is_told():
    class Case(ScaleTest):
        def forward_expected(self, link, inputs):
            return (inputs[0] * link.W.array + 1,)

    class Wrong(ScaleTest):
        def forward(self, link, inputs, device):
            return (WrongGradient()(super().forward(link, inputs, device)[0]),)

    class Missing(ScaleTest):
        param_names = ("W", "b")

    with pytest.raises(testing.LinkTestError, match="do not match"):
        Case("test_forward").test_forward(CPU)
    with pytest.raises(testing.LinkTestError, match="backward is not implemented correctly"):
        Wrong("test_backward").test_backward(CPU)
    with pytest.raises(testing.LinkTestError, match="parameter named 'b'"):
        Missing("test_backward").test_backward(CPU)


def test_a_link_test_may_be_skipped():
    class Case(ScaleTest):
        skip_forward_test = skip_backward_test = True

    for name in ("forward", "backward"):
        with pytest.raises(unittest.SkipTest):
            getattr(Case(f"test_{name}"), f"test_{name}")(CPU)


@pytest.mark.parametrize(
    ("method", "wrong", "error", "message"),
    [
        ("create_link", lambda self, inits: 3, TypeError, "must return a Link"),
        ("generate_params", lambda self: 3, TypeError, "must return a tuple or a list"),
        ("generate_params", lambda self: (None,), ValueError, "InitializerArgument"),
        ("generate_params", lambda self: ([1],), TypeError, "initializer"),
    ],
)
def test_wrong_link_cases_are_told(method, wrong, error, message):
    case = type("Case", (ScaleTest,), {method: wrong})
    with pytest.raises(error, match=message):
        case("test_forward").test_forward(CPU)


class ScaleInitializersTest(testing.LinkInitializersTestCase):
    __test__ = False
    param_names = ("W",)
    generate_params = ScaleTest.generate_params
    create_link = ScaleTest.create_link
    generate_inputs = ScaleTest.generate_inputs

    def get_initializers(self):
        return (
            [2, np.arange(3.0), testing.InitializerArgument(3, chainer.initializers.Constant(3))],
        )


def test_initializers_are_tested():
    ScaleInitializersTest("test_initializers").test_initializers(CPU)


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        (([testing.InitializerArgument(3, 4)],), testing.LinkTestError, "do not match"),
        (3, TypeError, "must return a tuple or a list"),
        ((3,), TypeError, "must return a tuple or a list"),
        (([None],), ValueError, "InitializerArgument"),
    ],
)
def test_wrong_initializers_are_told(choices, error, message):
    case = type("Case", (ScaleInitializersTest,), {"get_initializers": lambda self: choices})
    with pytest.raises(error, match=message):
        case("test_initializers").test_initializers(CPU)


def test_the_errors_check_and_wrap():
    testing.FunctionTestError.check(True, "fine")
    with pytest.raises(testing.FunctionTestError, match="not fine"):
        testing.FunctionTestError.check(False, "not fine")
    with (
        pytest.raises(testing.LinkTestError, match=r"outer(.|\n)*KeyError: 'inner'"),
        testing.LinkTestError.raise_if_fail("outer", KeyError),
    ):
        raise KeyError("inner")

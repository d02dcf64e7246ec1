"""The decorators and test cases that make whole sets of tests."""

from __future__ import annotations

import math
import types
import unittest

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import testing
from chainer_compat.functions import tanh


def run(klass, names=None):
    suite = unittest.TestSuite(
        klass(name) for name in names or unittest.defaultTestLoader.getTestCaseNames(klass)
    )
    result = unittest.TestResult()
    suite.run(result)
    return result


CPU = ["test_forward_cpu", "test_backward_cpu", "test_double_backward_cpu"]


def outcome(decorate, names=CPU):
    """Which tests of a decorated class fail on the CPU, for any shape and dtype."""
    bundle = decorate(type("TestFunction", (unittest.TestCase,), {"__module__": __name__}))
    failed = set()
    for case in bundle.cases:
        result = run(case.klass, names)
        failed |= {test._testMethodName for test, _ in result.failures + result.errors}
    return len(bundle.cases), sorted(failed)


def test_a_right_function_passes_for_all_shapes_and_dtypes():
    assert outcome(testing.unary_math_function_unittest(tanh)) == (6, [])


def wrong_value(x):
    return tanh(x) * 2


class WrongGradient(chainer.Function):
    def forward(self, inputs):
        return (np.tanh(inputs[0]),)

    def backward(self, inputs, grads):
        return (grads[0] * 2,)


def wrong_gradient(x):
    return WrongGradient()(x)


def wrong_dtype(x):
    return chainer.Variable(np.tanh(x.array.astype("f")))


@pytest.mark.parametrize(
    ("func", "failed"),
    [
        (wrong_value, ["test_forward_cpu"]),
        (wrong_gradient, ["test_backward_cpu", "test_double_backward_cpu"]),
        (wrong_dtype, ["test_backward_cpu", "test_forward_cpu"]),
    ],
)
def test_a_wrong_function_fails(func, failed):
    found = outcome(testing.unary_math_function_unittest(func, np.tanh))[1]

    assert set(failed) <= set(found)


def test_an_old_style_function_has_no_second_gradients():
    class Tanh(chainer.Function):
        def forward(self, inputs):
            return (np.tanh(inputs[0]),)

        def backward(self, inputs, grads):
            gx = grads[0] * (1 - np.tanh(inputs[0]) ** 2)
            return (gx.astype(inputs[0].dtype),)  # NumPy 1 widens what has no dimensions

    decorate = testing.unary_math_function_unittest(
        Tanh(),
        label_expected="Tanh",
        make_data=lambda shape, dtype: (np.ones(shape, dtype), np.ones(shape, dtype)),
    )
    assert outcome(decorate, [*CPU[:2], "test_label"]) == (6, [])
    with pytest.raises(ValueError, match="no such test"):
        run(decorate(type("TestT", (unittest.TestCase,), {})).cases[0].klass, CPU[2:])


def test_options_and_data_may_be_given():
    drawn = []

    def make_data(shape, dtype):
        drawn.append(shape)
        return tuple(np.full(shape, 0.5, dtype) for _ in range(3))

    tight = {"atol": 0, "rtol": 0}
    with pytest.warns(DeprecationWarning, match="is_linear"):
        decorate = testing.unary_math_function_unittest(
            tanh,
            make_data=make_data,
            is_linear=True,
            forward_options={"atol": 1},
            backward_options=tight,
            double_backward_options={"atol": 1},
        )

    assert outcome(decorate) == (6, ["test_backward_cpu"])
    assert set(drawn) == {(), (3, 2)}


def test_what_cannot_be_tested_is_told():
    def no_such_function(x):
        return x

    with pytest.raises(ValueError, match="give func_expected"):
        testing.unary_math_function_unittest(no_such_function)
    with pytest.raises(ValueError, match="no class whose label"):
        testing.unary_math_function_unittest(no_such_function, np.abs, label_expected="x")
    with pytest.raises(AssertionError, match="TestCase"):
        testing.unary_math_function_unittest(tanh)(object)


def test_a_wrong_label_fails():
    class Tanh(chainer.Function):
        def forward(self, inputs):
            return (np.tanh(inputs[0]),)

    decorate = testing.unary_math_function_unittest(Tanh(), label_expected="tan")

    assert outcome(decorate, ["test_label"]) == (6, ["test_label"])


class Normal:
    """A distribution, as Chainer's."""

    event_shape = ()
    support = "real"
    error = 0.0

    def __init__(self, loc, scale):
        self.loc, self.scale = chainer.as_variable(loc), chainer.as_variable(scale)
        self.batch_shape = self.loc.shape

    mean = property(lambda self: self.loc + self.error)
    stddev = property(lambda self: self.scale)
    variance = property(lambda self: self.scale * self.scale)

    @property
    def entropy(self):
        return self._of(lambda m, s: 0.5 * np.log(2 * np.pi * np.e * s**2))

    def _of(self, function):
        return chainer.Variable(np.asarray(function(self.loc.array, self.scale.array), "f"))

    def log_prob(self, x):
        return self._of(lambda m, s: log_density(x, m, s))

    def prob(self, x):
        return self._of(lambda m, s: np.exp(log_density(x, m, s)))

    def cdf(self, x):
        return self._of(lambda m, s: distribution(x, m, s))

    def log_cdf(self, x):
        return self._of(lambda m, s: np.log(distribution(x, m, s)))

    def survival_function(self, x):
        return self._of(lambda m, s: 1 - distribution(x, m, s))

    def log_survival_function(self, x):
        return self._of(lambda m, s: np.log(1 - distribution(x, m, s)))

    def icdf(self, x):
        return self._of(lambda m, s: quantile(x, m, s))

    def sample(self, sample_shape):
        shape = (*sample_shape, *self.batch_shape)
        return self._of(lambda m, s: np.random.normal(m, s, shape))


def log_density(x, loc, scale):
    return -((x - loc) ** 2) / (2 * scale**2) - np.log(scale * math.sqrt(2 * math.pi))


def distribution(x, loc, scale):
    return 0.5 * (1 + np.vectorize(math.erf)((x - loc) / (scale * math.sqrt(2))))


def quantile(p, loc, scale):
    # Of no normal law: what matters is that both are asked for the same.
    return loc + scale * np.tan(np.pi * (p - 0.5))


SCIPY = types.SimpleNamespace(
    cdf=distribution,
    logcdf=lambda x, loc, scale: np.log(distribution(x, loc, scale)),
    sf=lambda x, loc, scale: 1 - distribution(x, loc, scale),
    logsf=lambda x, loc, scale: np.log(1 - distribution(x, loc, scale)),
    pdf=lambda x, loc, scale: np.exp(log_density(x, loc, scale)),
    logpdf=log_density,
    ppf=quantile,
    mean=lambda loc, scale: loc,
    std=lambda loc, scale: scale,
    var=lambda loc, scale: scale**2,
    entropy=lambda loc, scale: 0.5 * np.log(2 * np.pi * np.e * scale**2),
    rvs=np.random.normal,
)
TARGETS = {
    "batch_shape", "cdf", "entropy", "event_shape", "icdf", "log_cdf", "log_prob", "log_survival",
    "mean", "prob", "sample", "stddev", "support", "survival", "variance",
}  # fmt: skip


class NormalTest(testing.distribution_unittest):
    __test__ = False
    is_variable = True
    targets = TARGETS

    def setUp_configure(self):
        self.dist, self.scipy_dist = Normal, SCIPY
        self.shape, self.sample_shape = (3, 2), (2,)
        loc = np.random.uniform(-1, 1, self.shape).astype("f")
        scale = np.random.uniform(0.5, 1, self.shape).astype("f")
        self.params = {"loc": loc, "scale": scale}
        self.scipy_params = {"loc": loc, "scale": scale}
        self.test_targets = set(self.targets)

    def sample_for_test(self):
        return np.random.normal(size=(*self.sample_shape, *self.shape)).astype("f")


ON_CPU = [f"test_{target}_cpu" for target in sorted(TARGETS)]


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("is_variable", [False, True])
def test_a_right_distribution_passes(is_variable, one_by_one):
    case = type("Case", (NormalTest,), {"is_variable": is_variable, "scipy_onebyone": one_by_one})
    result = run(case, ON_CPU)

    assert [text for _, text in result.failures + result.errors] == []
    assert result.skipped == []


def test_a_wrong_distribution_fails():
    class Case(NormalTest):
        def setUp_configure(self):
            super().setUp_configure()
            self.dist = type("Wrong", (Normal,), {"error": 1.0, "support": "positive"})

    result = run(Case, ON_CPU)

    assert [test._testMethodName for test, _ in result.failures] == [
        "test_mean_cpu",
        "test_support_cpu",
    ]


def test_targets_that_were_not_named_are_skipped():
    result = run(type("Case", (NormalTest,), {"targets": {"mean"}}), ON_CPU)

    assert len(result.skipped) == len(TARGETS) - 1
    with pytest.raises(ValueError, match="no_such"):
        type("Case", (NormalTest,), {"targets": {"no_such"}})("test_mean_cpu").setUp()


def test_each_target_has_a_test_on_the_gpu():
    for target in TARGETS:
        test = getattr(testing.distribution_unittest, f"test_{target}_gpu")
        assert [mark.name for mark in test.pytestmark] == ["gpu"]

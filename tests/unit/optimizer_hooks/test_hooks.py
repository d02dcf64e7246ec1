"""Each hook, on one parameter and on all."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import optimizer_hooks

DATA = {"a": [1.0, -2.0], "b": [0.0, 0.5]}
GRADS = {"a": [3.0, 0.0], "b": [-4.0, 0.25]}


@pytest.fixture(params=["all at once", "one by one", "by hand"])
def gradients_after(request):
    """The gradients after a hook of the optimizer, or one called with it, as in Chainer 1."""

    def call(hook):
        link = chainer.Link(a=(2,), b=(2,))
        for name, param in link.namedparams():
            param.array[...] = DATA[name[1:]]
            param.grad = np.array(GRADS[name[1:]], np.float32)
        optimizer = chainer.optimizers.SGD().setup(link)
        if request.param == "all at once":
            optimizer.call_hook(hook)
        elif request.param == "by hand":
            hook(optimizer)
        else:
            chainer.Optimizer.call_hook(optimizer, hook)
        return np.concatenate([link.a.grad, link.b.grad])

    return call


def test_weight_decay(gradients_after):
    hook = optimizer_hooks.WeightDecay(0.5)

    assert gradients_after(hook).tolist() == [3.5, -1, -4, 0.5]


def test_lasso(gradients_after):
    hook = optimizer_hooks.Lasso(0.5)

    assert gradients_after(hook).tolist() == [3.5, -0.5, -4, 0.75]


def test_hard_clipping(gradients_after):
    hook = optimizer_hooks.GradientHardClipping(-1, 0.5)

    assert gradients_after(hook).tolist() == [0.5, 0, -1, 0.25]


@pytest.mark.parametrize("threshold", [1, 100])
def test_clipping_of_the_norm(gradients_after, threshold):
    norm = np.sqrt(9 + 16 + 0.0625)
    plain = np.array([3, 0, -4, 0.25])

    result = gradients_after(optimizer_hooks.GradientClipping(threshold))

    assert result == pytest.approx(plain * min(1, threshold / norm))


def test_lars(gradients_after):
    result = gradients_after(optimizer_hooks.GradientLARS(threshold=1, weight_decay=0.5))
    norm = np.sqrt(5)
    rate = norm / (1e-9 + 3 + 0.5 * norm)

    # The second parameter's norm is not above the threshold.
    assert result == pytest.approx([3.5 * rate, -1 * rate, -4, 0.5])


def test_noise_draws_from_numpys_stream(gradients_after):
    np.random.seed(3)
    expected = np.array([3, 0, -4, 0.25]) + np.random.normal(0, np.sqrt(0.25), 4)
    np.random.seed(3)

    assert gradients_after(optimizer_hooks.GradientNoise(0.25)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "hook",
    [
        optimizer_hooks.WeightDecay(1),
        optimizer_hooks.Lasso(1),
        optimizer_hooks.GradientHardClipping(0, 1),
        optimizer_hooks.GradientLARS(),
        optimizer_hooks.GradientNoise(1),
    ],
)
def test_what_has_no_array_or_no_gradient_is_left_alone(hook):
    lazy = chainer.Parameter()
    plain = chainer.Parameter(np.ones(2, np.float32))
    hook(None, lazy)
    hook(None, plain)

    assert (lazy.array, plain.grad) == (None, None)


def test_clipping_needs_no_gradients():
    link = chainer.Link(a=(2,))
    link.cleargrads()
    optimizer_hooks.GradientClipping(1)(chainer.optimizers.SGD().setup(link))

    assert link.a.grad is None


def test_squares_of_float16_do_not_overflow():
    link = chainer.Link()
    with link.init_scope():
        link.a = chainer.Parameter(np.zeros(2, np.float16))
    link.a.grad = np.full(2, 300, np.float16)
    optimizer_hooks.GradientClipping(1)(chainer.optimizers.SGD().setup(link))

    assert link.a.grad == pytest.approx([2**-0.5] * 2, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("WeightDecay", (0.5,)),
        ("Lasso", (0.5,)),
        ("GradientClipping", (1,)),
        ("GradientHardClipping", (-1, 0.5)),
        ("GradientNoise", (1,)),
    ],
)
def test_old_names_warn_and_are_the_hooks(name, args):
    new = getattr(optimizer_hooks, name)
    with pytest.warns(DeprecationWarning, match=f"optimizer_hooks.{name}"):
        hook = getattr(chainer.optimizer, name)(*args)

    assert isinstance(hook, new)
    assert vars(hook) == vars(new(*args))
    assert type(hook).__name__ == name


@pytest.mark.parametrize("hook", [optimizer_hooks.WeightDecay(1), optimizer_hooks.GradientNoise(1)])
def test_what_is_no_optimizer_has_no_parameters_to_call_a_hook_for(hook):
    with pytest.raises(TypeError, match=r"a rule and a parameter, or an optimizer; got .*Link"):
        hook(chainer.Link())

"""The formulas, beside NumPy's arithmetic in float64, step by step."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat as chainer

STEPS = 5
RNG = np.random.RandomState(0)
START = RNG.uniform(-1, 1, (3, 2))
GRADS = RNG.normal(0, 1, (STEPS, 3, 2))


def sgd(p, g, s, t, lr=0.01):
    return p - lr * g


def momentum_sgd(p, g, s, t, lr=0.01, momentum=0.9):
    s["v"] = momentum * s.get("v", 0) - lr * g
    return p + s["v"]


def corrected_momentum_sgd(p, g, s, t, lr=0.01, momentum=0.9):
    s["v"] = momentum * s.get("v", 0) - g
    return p + lr * s["v"]


def nesterov_ag(p, g, s, t, lr=0.01, momentum=0.9):
    s["v"] = momentum * s.get("v", 0) - lr * g
    return p + momentum**2 * s["v"] - (1 + momentum) * lr * g


def ada_grad(p, g, s, t, lr=0.001, eps=1e-8):
    s["h"] = s.get("h", 0) + g**2
    return p - lr * g / (np.sqrt(s["h"]) + eps)


def ada_delta(p, g, s, t, rho=0.95, eps=1e-6):
    s["msg"] = rho * s.get("msg", 0) + (1 - rho) * g**2
    step = np.sqrt((s.get("msdx", 0) + eps) / (s["msg"] + eps)) * g
    s["msdx"] = rho * s.get("msdx", 0) + (1 - rho) * step**2
    return p - step


def rmsprop(p, g, s, t, lr=0.01, alpha=0.99, eps=1e-8):
    s["ms"] = alpha * s.get("ms", 0) + (1 - alpha) * g**2
    return p - lr * g / (np.sqrt(s["ms"]) + eps)


def rmsprop_graves(p, g, s, t, lr=1e-4, alpha=0.95, momentum=0.9, eps=1e-4):
    s["n"] = alpha * s.get("n", 0) + (1 - alpha) * g**2
    s["g"] = alpha * s.get("g", 0) + (1 - alpha) * g
    rate = lr / np.sqrt(s["n"] - s["g"] ** 2 + eps)
    s["delta"] = momentum * s.get("delta", 0) - rate * g
    return p + s["delta"]


def adam(p, g, s, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    rate = alpha * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return p - rate * s["m"] / (np.sqrt(s["v"]) + eps)


def ams_bound(p, g, s, t, final_lr=0.1, gamma=1e-3):
    before = np.array(p)
    adam(before, g, s, t)
    s["vhat"] = np.maximum(s.get("vhat", 0), s["v"])
    rate = 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) / (np.sqrt(s["vhat"]) + 1e-8)
    lower, upper = final_lr * (1 - 1 / (gamma * t + 1)), final_lr * (1 + 1 / (gamma * t))
    return p - np.clip(rate, lower, upper) * s["m"]


def smorms3(p, g, s, t, lr=0.001, eps=1e-16):
    mem = s.get("mem", 1)
    r = 1 / (mem + 1)
    s["g"] = (1 - r) * s.get("g", 0) + r * g
    s["g2"] = (1 - r) * s.get("g2", 0) + r * g**2
    x = s["g"] ** 2 / (s["g2"] + eps)
    s["mem"] = 1 + mem * (1 - x)
    return p - g * np.minimum(x, lr) / (np.sqrt(s["g2"]) + eps)


def msvag(p, g, s, t, lr=0.1, beta=0.9):
    power = beta**t
    rho = (1 - beta) ** 2 * (1 - power**2) / ((1 - power) ** 2 * (1 - beta**2))
    rho = min(rho, 0.9999)
    s["m"] = beta * s.get("m", 0) + (1 - beta) * g
    s["v"] = beta * s.get("v", 0) + (1 - beta) * g**2
    mean, square = s["m"] / (1 - power), s["v"] / (1 - power)
    variance = (square - mean**2) / (1 - rho)
    return p - lr * mean * np.clip(mean**2 / (mean**2 + rho * variance), 0, 1)


FORMULAS = {
    "SGD": sgd,
    "MomentumSGD": momentum_sgd,
    "CorrectedMomentumSGD": corrected_momentum_sgd,
    "NesterovAG": nesterov_ag,
    "AdaGrad": ada_grad,
    "AdaDelta": ada_delta,
    "RMSprop": rmsprop,
    "RMSpropGraves": rmsprop_graves,
    "Adam": adam,
    "AMSBound": ams_bound,
    "SMORMS3": smorms3,
    "MSVAG": msvag,
}


def expected(formula):
    p, state = START.copy(), {}
    for t, grad in enumerate(GRADS, 1):
        p = formula(p, grad, state, t)
    return p, state


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("name", "formula"), FORMULAS.items())
def test_the_formula(name, formula, together):
    link = chainer.Link()
    with link.init_scope():
        link.w = chainer.Parameter(START.copy())
    optimizer = getattr(chainer.optimizers, name)().setup(link)
    if not together:
        link.w.update_rule.add_hook(lambda rule, param: None, "goes alone")
    for grad in GRADS:
        link.w.grad = grad.copy()
        optimizer.update()
    result, state = expected(formula)

    np.testing.assert_allclose(link.w.array, result, rtol=1e-12)
    for key, value in link.w.update_rule.state.items():
        np.testing.assert_allclose(value, state[key], rtol=1e-11, err_msg=key)


@pytest.mark.parametrize("name", ["AdaBound", "AMSGrad", "AdamW", "AMSBound"])
def test_variants_of_adam_are_adam_with_switches(name):
    hyperparam = getattr(chainer.optimizers, name)().hyperparam

    assert hyperparam.amsgrad == (name in {"AMSGrad", "AMSBound"})
    assert hyperparam.adabound == (name in {"AdaBound", "AMSBound"})


def run(optimizer, grads=GRADS):
    link = chainer.Link()
    with link.init_scope():
        link.w = chainer.Parameter(START.copy())
    optimizer.setup(link)
    for grad in grads:
        link.w.grad = grad.copy()
        optimizer.update()
    return link.w


def test_weight_decay_of_adam_does_not_depend_on_its_rate():
    zeros = np.zeros((1, 3, 2))
    param = run(chainer.optimizers.AdamW(alpha=5, eta=0.5, weight_decay_rate=0.1), zeros)

    np.testing.assert_allclose(param.array, START * 0.95)


def test_weight_decay_of_msvag():
    param = run(chainer.optimizers.MSVAG(eta=0.5, weight_decay_rate=0.1), np.zeros((1, 3, 2)))

    np.testing.assert_allclose(param.array, START * 0.95)


def test_eps_inside_the_root_of_rmsprop():
    param = run(chainer.optimizers.RMSprop(lr=1, alpha=0, eps=3, eps_inside_sqrt=True), GRADS[:1])

    np.testing.assert_allclose(param.array, START - GRADS[0] / np.sqrt(GRADS[0] ** 2 + 3))


def test_bounds_of_adabound_follow_the_rate():
    optimizer = chainer.optimizers.AdaBound(alpha=0.5, final_lr=0.1, gamma=1)
    rule = run(optimizer, GRADS[:1]).update_rule
    assert rule.bounds == pytest.approx((0.05, 0.2))
    optimizer.alpha = 0.25

    assert rule.bounds == pytest.approx((0.025, 0.1))


def test_rates_of_adam_begin_with_the_first_update():
    optimizer = chainer.optimizers.AdaBound()
    rule = chainer.optimizers.AdamRule()
    for ask in (lambda: optimizer.alpha_t, lambda: rule.alpha_t, lambda: rule.bounds):
        with pytest.raises(RuntimeError, match="before the first update"):
            ask()
    param = run(optimizer, GRADS[:2])

    assert optimizer.alpha_t == param.update_rule.alpha_t
    assert optimizer.alpha_t == pytest.approx(0.001 * np.sqrt(1 - 0.999**2) / (1 - 0.9**2))
    with pytest.warns(DeprecationWarning, match="alpha_t"):
        assert optimizer.lr == optimizer.alpha_t
    with pytest.warns(DeprecationWarning, match="alpha_t"):
        assert param.update_rule.lr == optimizer.alpha_t


@pytest.mark.parametrize("name", ["Adam", "RMSprop"])
@pytest.mark.parametrize(("dtype", "eps"), [(np.float32, 1e-50)])
def test_an_epsilon_that_rounds_to_zero_is_refused(name, dtype, eps):
    link = chainer.Link()
    with link.init_scope():
        link.w = chainer.Parameter(np.ones(2, dtype))
    link.w.grad = np.ones(2, dtype)

    with pytest.raises(ValueError, match=f"eps of {name} is too small"):
        getattr(chainer.optimizers, name)(eps=eps).setup(link).update()


def test_rules_are_reached_where_chainers_deep_modules_look():
    rules = [chainer.optimizers.AdamRule, chainer.optimizers.SMORMS3Rule]
    assert [rule.__name__ for rule in rules] == ["AdamRule", "SMORMS3Rule"]
    with pytest.raises(AttributeError, match="Adamm"):
        chainer.optimizers.Adamm  # noqa: B018 -- the look-up is the test

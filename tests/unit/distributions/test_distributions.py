"""Distributions, where they go beyond Chainer's; the rest is in tests/parity."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.distributions as D
from chainer_compat import functions as F

ZERO, ONE = np.zeros(2, np.float32), np.ones(2, np.float32)


def test_a_cross_entropy_adds_the_entropy_which_is_a_property() -> None:
    p, q = D.Normal(ZERO, ONE), D.Normal(ONE, 2 * ONE)
    expected = p.entropy.array + chainer.kl_divergence(p, q).array
    assert np.array_equal(chainer.cross_entropy(p, q).array, expected)


def test_a_cross_entropy_takes_a_method_too() -> None:
    class Mine(chainer.Distribution):
        def entropy(self) -> float:  # type: ignore[override]
            return 2.0

    chainer.register_kl(Mine, Mine)(lambda p, q: 3.0)
    assert chainer.cross_entropy(Mine(), Mine()) == 5.0


def test_a_registered_function_keeps_its_name() -> None:
    class Mine(chainer.Distribution):
        pass

    @chainer.register_kl(Mine, D.Normal)
    def divergence(p: object, q: object) -> str:
        return "mine"

    assert divergence(None, None) == "mine"
    assert chainer.kl_divergence(Mine(), D.Normal(ZERO, ONE)) == "mine"


def test_a_divergence_that_is_not_known_says_how_to_define_it() -> None:
    class Narrow(D.Normal):
        pass

    with pytest.raises(KeyError, match=r"Narrow and Normal .*register_kl.*exactly") as caught:
        chainer.kl_divergence(Narrow(ZERO, ONE), D.Normal(ZERO, ONE))
    assert isinstance(caught.value, NotImplementedError)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_normal_vectors_of_any_precision(dtype: type) -> None:
    scale = np.array([[2, 0], [1, 1]], dtype)
    made = D.MultivariateNormal(np.array([1, -1], dtype), scale_tril=scale)
    x = np.array([0.5, 0.5], dtype)
    inverse = np.linalg.inv(scale.astype(float))
    squared = ((inverse @ (x - made.loc.array)) ** 2).sum()
    expected = -0.5 * squared - np.log(2) - np.log(2 * np.pi)
    found = made.log_prob(x)
    assert found.dtype == dtype
    assert found.array == pytest.approx(expected, rel=5e-3 if dtype is np.float16 else 1e-12)
    assert made.sample((3,)).dtype == dtype
    assert chainer.kl_divergence(made, made).array == pytest.approx(0, abs=1e-3)


def test_a_batch_of_vectors_may_share_its_scale_and_be_empty() -> None:
    scale = np.eye(2, dtype=np.float32)
    shared = D.MultivariateNormal(np.zeros((3, 2), np.float32), scale_tril=scale)
    assert shared.log_prob(np.zeros((3, 2), np.float32)).shape == (3,)
    empty = D.MultivariateNormal(np.zeros((0, 2), np.float32), scale_tril=scale[None][:0])
    assert empty.log_prob(np.zeros((0, 2), np.float32)).shape == (0,)
    assert chainer.kl_divergence(empty, empty).shape == (0,)


def test_copies_and_pickles() -> None:
    made = D.MultivariateNormal(ZERO, scale_tril=np.eye(2, dtype=np.float32))
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert np.array_equal(again.covariance.array, np.eye(2))
    target = D.Normal(ZERO, ONE)
    assert D.Normal(ONE, 2 * ONE)._copy_to(target) is target
    assert np.array_equal(target.loc.array, ONE)


@pytest.mark.parametrize("logit", [-200.0, 200.0])
def test_a_coin_that_is_nearly_certain_has_finite_probabilities(logit: float) -> None:
    scores = chainer.Variable(np.full(2, logit, np.float32))
    made = D.Bernoulli(logit=scores)
    log_prob = made.log_prob(np.array([0, 1], np.float32))
    expected = [min(0, -logit), min(0, logit)]
    assert log_prob.array.tolist() == expected
    F.sum(log_prob).backward()
    assert scores.grad.tolist() == ([0, 1] if logit < 0 else [-1, 0])
    other = D.Bernoulli(logit=-scores)
    assert chainer.kl_divergence(made, other).array.tolist() == [200, 200]


def test_a_checked_coin_gives_no_chance_to_other_values() -> None:
    made = D.Bernoulli(ONE / 2, binary_check=True)
    assert made.log_prob(np.array([2, -1], np.float32)).array.tolist() == [-np.inf, -np.inf]
    with pytest.raises(FloatingPointError, match="binary_check=True"):
        D.Bernoulli(ONE / 2).log_prob(2 * ONE)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_shares_have_the_dtype_of_their_weights(dtype: type) -> None:
    made = D.Dirichlet(chainer.Variable(np.array([1, 2, 3], dtype)))
    shares = made.sample((4,))
    assert shares.dtype == dtype
    assert made.log_prob(shares).shape == (4,)


def test_the_covariance_where_no_axis_is_taken() -> None:
    scale = np.broadcast_to(np.array([[2, 0], [1, 1]], np.float32), (3, 2, 2)).copy()
    made = D.MultivariateNormal(np.zeros((3, 2), np.float32), scale_tril=scale)
    assert np.array_equal(D.Independent(made, 0).covariance.array, made.covariance.array)


def test_independent_blocks_of_independent_blocks() -> None:
    scale = np.broadcast_to(np.array([[2, 0], [1, 1]], np.float32), (3, 4, 2, 2)).copy()
    made = D.MultivariateNormal(np.zeros((3, 4, 2), np.float32), scale_tril=scale)
    nested = D.Independent(D.Independent(made, 1), 1).covariance.array
    assert nested.shape == (24, 24)
    assert np.array_equal(nested, np.kron(np.eye(12), made.covariance.array[0, 0]))


def test_probabilities_that_do_not_sum_to_1_are_told() -> None:
    with pytest.raises(ValueError, match=r"sum to 1\.2.*divide"):
        D.Categorical(np.array([0.5, 0.7], np.float32)).sample()
    with pytest.raises(ValueError, match="no categories"):
        D.Categorical(np.zeros((2, 0), np.float32)).sample()


def test_samples_are_differentiated_by_the_parameters() -> None:
    loc, scale = chainer.Variable(ZERO.copy()), chainer.Variable(ONE.copy())
    sample = D.Normal(loc, scale).sample((3,))
    F.sum(sample).backward()
    assert loc.grad.tolist() == [3, 3]
    assert scale.grad == pytest.approx(sample.array.sum(axis=0))


def test_second_derivatives() -> None:
    x = chainer.Variable(np.array([0.5, -2], np.float64))
    made = D.Laplace(np.zeros(2), np.ones(2))
    (first,) = chainer.grad([made.cdf(x)], [x], enable_double_backprop=True)
    (second,) = chainer.grad([first], [x])
    assert first.array == pytest.approx(0.5 * np.exp(-np.abs(x.array)))
    assert second.array == pytest.approx(-np.sign(x.array) * first.array)


def test_the_slopes_of_laplace_at_its_kink_are_those_beside_it() -> None:
    made = D.Laplace(np.zeros(3, np.float32), np.ones(3, np.float32))
    x = chainer.Variable(np.array([-200, 0, 200], np.float32))
    (density,) = chainer.grad([F.sum(made.cdf(x))], [x])
    assert density.array == pytest.approx([0, 0.5, 0])
    p = chainer.Variable(np.array([0.25, 0.5, 0.75], np.float32))
    (slope,) = chainer.grad([F.sum(made.icdf(p))], [p])
    assert slope.array == pytest.approx([4, 2, 4])


def test_a_constructor_computes_nothing() -> None:
    for made in (D.Normal(ZERO, log_scale=ZERO), D.Uniform(low=ZERO, high=ONE)):
        assert list(vars(made)) in (["_given"], ["_names", "_given"])


def test_names_that_are_not_there() -> None:
    with pytest.raises(AttributeError, match=r"no attribute .Zipf."):
        D.Zipf  # noqa: B018


def test_the_constants_of_the_modules_are_chainers() -> None:
    from chainer_compat.distributions import _find_deep_name

    theirs = {  # printed by Chainer 7.8.1
        "EULER": 0.5772156649015329,
        "ENTROPYC": 1.4189385332046727,
        "LOGPROBC": -0.9189385332046727,
        "PROBC": 0.3989422804014327,
    }
    for name, value in theirs.items():
        assert _find_deep_name(name) == pytest.approx(value, rel=1e-15)


def test_a_piece_of_chainers_own_says_what_to_use_instead() -> None:
    from chainer_compat.distributions import _find_deep_name

    assert _find_deep_name("Gumbel") is D.Gumbel
    with pytest.raises(NotImplementedError, match="call the distribution's methods"):
        _find_deep_name("LaplaceCDF")()
    with pytest.raises(AttributeError, match="NoSuchThing"):
        _find_deep_name("NoSuchThing")

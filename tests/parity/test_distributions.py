"""Distributions say and draw what Chainer's do, with the same gradients and errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import distributions
from tests.parity.functions._contract import TOLERANCES

Random = np.random.RandomState
Array = np.ndarray[Any, Any]


def uniform(low: float, high: float, event: int = 0) -> Callable[..., Array]:
    """Parameters that lie in a range; `event` says how many axes are the event's."""

    def make(random: Random, batch: tuple[int, ...], size: int) -> Array:
        return random.uniform(low, high, batch + (size,) * event)

    return make


def probabilities(random: Random, batch: tuple[int, ...], size: int) -> Array:
    values = random.uniform(0.1, 1, (*batch, size))
    return values / values.sum(axis=-1, keepdims=True)


def factors(random: Random, batch: tuple[int, ...], size: int) -> Array:
    values = random.uniform(-1, 1, (*batch, size, size))
    return np.tril(values) * (1 - np.eye(size)) + np.eye(size) * random.uniform(0.5, 2, size)


def one_hot(random: Random, shape: tuple[int, ...], size: int) -> Array:
    return np.eye(size)[random.randint(0, size, shape)]


def whole(low: int, high: int) -> Callable[..., Array]:
    def make(random: Random, shape: tuple[int, ...], size: int) -> Array:
        return random.randint(low, high, shape).astype(float)

    return make


def classes(random: Random, shape: tuple[int, ...], size: int) -> Array:
    return random.randint(0, size, shape)


@dataclass(frozen=True)
class Row:
    """A distribution, how its parameters are drawn, and values that it may take."""

    name: str
    parameters: dict[str, Callable[..., Array]]
    observed: Callable[..., Array]
    options: dict[str, Any] = field(default_factory=dict)
    # Axes of the batch that Independent takes.
    taken: int = 0
    dtypes: tuple[str, ...] = ("float32", "float64", "float16")
    # Where Chainer lacks it or fails, which is in deviations.md.
    empty: bool = True
    draws: tuple[str, ...] = ("float32", "float64", "float16")
    diverges: bool = True
    label: str = ""

    def __str__(self) -> str:
        return self.name + self.label


LOC = uniform(-2, 2)
SCALE = uniform(0.5, 2)
SHARE = uniform(0.2, 0.8)
COUNTED = uniform(1.1, 3)
REAL = uniform(-3.1, 3.1)
POSITIVE = uniform(0.2, 4)
IN_BOTH = uniform(-0.5, 1.5)
BOTH = ("float32", "float64")

ROWS = [
    Row("Bernoulli", {"p": SHARE}, whole(0, 2)),
    Row("Bernoulli", {"logit": LOC}, uniform(0, 1), label=" by logit"),
    Row("Bernoulli", {"p": SHARE}, whole(0, 2), {"binary_check": True}, label=" checked"),
    Row("Beta", {"a": COUNTED, "b": COUNTED}, IN_BOTH),
    Row("Categorical", {"p": probabilities}, classes, empty=False),
    Row("Categorical", {"logit": uniform(-2, 2, 1)}, classes, empty=False, label=" by logit"),
    Row("Cauchy", {"loc": LOC, "scale": SCALE}, REAL, diverges=False),
    Row("Chisquare", {"k": COUNTED}, POSITIVE, diverges=False),
    Row(
        "Dirichlet", {"alpha": uniform(1.1, 3, 1)}, probabilities, empty=False, draws=("float32",)
    ),
    Row("Exponential", {"lam": SCALE}, REAL),
    Row("Gamma", {"k": COUNTED, "theta": SCALE}, POSITIVE),
    Row("Geometric", {"p": SHARE}, whole(1, 5)),
    Row("Gumbel", {"loc": LOC, "scale": SCALE}, REAL),
    Row("Laplace", {"loc": LOC, "scale": SCALE}, REAL),
    Row("LogNormal", {"mu": LOC, "sigma": SCALE}, POSITIVE),
    Row(
        "MultivariateNormal", {"loc": uniform(-2, 2, 1), "scale_tril": factors},
        uniform(-3, 3, 1), dtypes=("float32",), empty=False, draws=BOTH,
    ),
    Row("Normal", {"loc": LOC, "scale": SCALE}, REAL),
    Row("Normal", {"loc": LOC, "log_scale": uniform(-1, 1)}, REAL, label=" by log_scale"),
    Row("OneHotCategorical", {"p": probabilities}, one_hot, empty=False),
    Row("Pareto", {"scale": SCALE, "alpha": COUNTED}, POSITIVE),
    Row("Poisson", {"lam": SCALE}, whole(0, 5)),
    Row("Uniform", {"low": LOC, "high": uniform(2.5, 4)}, REAL),
    Row("Uniform", {"loc": LOC, "scale": SCALE}, REAL, label=" by loc"),
    Row("Normal", {"loc": LOC, "scale": SCALE}, REAL, {"independent": ()}, 1, label=" independent"),
    Row(
        "Bernoulli", {"logit": LOC}, whole(0, 2), {"independent": (2,)}, 2,
        label=" independent in two axes",
    ),
    Row("Laplace", {"loc": LOC, "scale": SCALE}, REAL, {"independent": (0,)}, label=" dependent"),
    Row(
        "MultivariateNormal", {"loc": uniform(-2, 2, 1), "scale_tril": factors},
        uniform(-3, 3, 1), {"independent": (1,)}, 1, dtypes=("float32",), empty=False,
        draws=BOTH, label=" independent",
    ),
]  # fmt: skip

# For second derivatives, by precision.
ROUGH = {"float16": 0.1, "float32": 1e-5, "float64": 1e-10}

named = pytest.mark.parametrize("row", ROWS, ids=str)


def shapes(row: Row, least: int = 0) -> Any:
    sides = st.integers(0 if row.empty else 1, 3)
    return st.lists(sides, min_size=max(row.taken, least), max_size=max(row.taken, 2)).map(tuple)


def arguments(
    draw: Any, row: Row, dtype: str, batch: tuple[int, ...], size: int
) -> dict[str, Array]:
    random = Random(draw(st.integers(0, 2**16)))
    return {
        key: np.asarray(make(random, batch, size), dtype) for key, make in row.parameters.items()
    }


def observed(row: Row, random: Random, shape: tuple[int, ...], size: int, dtype: str) -> Array:
    x = np.asarray(row.observed(random, shape, size))
    return x if x.dtype.kind == "i" else x.astype(dtype)


def wrapped(draw: Any, row: Row) -> list[str]:
    """Which of the parameters and the value are variables; a raw logit is none in Chainer."""
    names = [*row.parameters, "x"]
    return draw(st.lists(st.sampled_from(names), unique=True)) if draw(st.booleans()) else names


def tolerances(dtype: str, looser: float = 1) -> dict[str, float]:
    """Those of functions; looser for sums of many terms."""
    rtol, atol = TOLERANCES[np.dtype(dtype).char]
    return {"rtol": looser * rtol, "atol": looser * atol}


@named
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_what_a_distribution_says(both: Any, row: Row, data: st.DataObject) -> None:
    draw = data.draw
    dtype = draw(st.sampled_from(row.dtypes))
    batch, size = draw(shapes(row)), draw(st.integers(2, 4))
    made = arguments(draw, row, dtype, batch, size)
    samples = draw(st.sampled_from([(), (2,), (2, 1)]))
    random = Random(draw(st.integers(0, 2**16)))
    x = observed(row, random, samples + batch, size, dtype)
    said = both(
        distributions.described, row.name, made, row.options, wrapped(draw, row), x,
        **tolerances(dtype),
    )  # fmt: skip
    assert "y" in said["log_prob"]


@named
@examples(ci=10, slow=2000)
@given(data=st.data())
def test_gradients_of_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    draw = data.draw
    # In half precision Chainer's log_ndtr overflows, and so do ours of an infinite variance.
    overflow = {"Normal", "Pareto"}
    dtype = draw(
        st.sampled_from([d for d in row.dtypes if d != "float16" or row.name not in overflow])
    )
    batch, size = draw(shapes(row)), draw(st.integers(2, 4))
    first, second = (arguments(draw, row, dtype, batch, size) for _ in range(2))
    x = observed(row, Random(draw(st.integers(0, 2**16))), batch, size, dtype)
    wrap = [*row.parameters, "x"]
    # Second derivatives of ndtr, lgamma and the like have fewer digits in either library.
    rough = dict.fromkeys(("rtol", "atol"), ROUGH[dtype])
    said = both(distributions.described, row.name, first, row.options, wrap, x, 2, **rough)
    assert isinstance(said["log_prob"]["ggx"], list)
    if row.diverges:
        both(distributions.diverging, row.name, first, second, row.options, wrap, 2, **rough)


@named
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_what_a_distribution_draws(both: Any, row: Row, data: st.DataObject) -> None:
    draw = data.draw
    dtype = draw(st.sampled_from(row.draws))
    batch, size = draw(shapes(row)), draw(st.integers(2, 4))
    made = arguments(draw, row, dtype, batch, size)
    samples = draw(st.sampled_from([(), 1, 3, 0, (2,), (2, 3), (0, 2)]))
    drawn = both(
        distributions.drawn, row.name, made, row.options, wrapped(draw, row), samples,
        **tolerances(dtype),
    )  # fmt: skip
    assert "y" in drawn["sample"]
    assert "y" in drawn["sample_n"]


@pytest.mark.parametrize("row", [row for row in ROWS if row.diverges], ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_divergences(both: Any, row: Row, data: st.DataObject) -> None:
    draw = data.draw
    # Chainer's log_ndtr overflows in half precision, and gives NaN, where ours is finite.
    dtype = draw(st.sampled_from([d for d in row.dtypes if d != "float16" or row.name != "Normal"]))
    batch, size = draw(shapes(row)), draw(st.integers(2, 4))
    first, second = (arguments(draw, row, dtype, batch, size) for _ in range(2))
    divergence = both(
        distributions.diverging, row.name, first, second, row.options, wrapped(draw, row),
        **tolerances(dtype),
    )  # fmt: skip
    assert "y" in divergence


@named
@examples(ci=20, slow=2000)
@given(data=st.data())
def test_parameters_of_shapes_that_broadcast(both: Any, row: Row, data: st.DataObject) -> None:
    if len(row.parameters) < 2 or row.name == "MultivariateNormal":
        return
    draw = data.draw
    first, second = draw(st.sampled_from([((2, 3), (3,)), ((2, 3), (2, 1)), ((2, 3), ())]))
    names = list(row.parameters)
    made = {
        **arguments(draw, row, "float32", first, 2),
        names[-1]: arguments(draw, row, "float32", second, 2)[names[-1]],
    }
    x = observed(row, Random(0), (2, *first), 2, "float32")
    wrap = wrapped(draw, row)
    # Sums over the axes that broadcast cancel: 1.3 times the tolerance has been met.
    summed = tolerances("float32", 3)
    both(distributions.described, row.name, made, row.options, wrap, x, **summed)
    both(distributions.drawn, row.name, made, row.options, wrap, (2,), **summed)


@pytest.mark.parametrize(
    "case",
    [
        "no scale", "two scales", "three positions", "unknown keyword", "number as parameter",
        "no p", "two ps", "no categories", "two categories", "unknown category keyword",
        "uniform by position", "half a uniform", "two uniforms", "a uniform and a half",
        "no factor", "factor by position", "too many axes", "no inverse", "list of samples",
        "negative samples", "float samples", "no samples", "number of samples", "number observed",
        "wider array observed", "wider variable observed", "dtypes differ", "shapes differ",
        "beta's shapes differ", "gamma's shapes differ", "negative gamma", "negative beta",
        "negative poisson", "negative chisquare", "negative pareto", "negative dirichlet",
        "geometric of two", "bernoulli of two", "sum of probabilities",
        "sum of one-hot probabilities", "negative probability", "negative one-hot probability",
        "no such category", "last category", "category as float", "one category for all",
        "beyond a coin", "beyond a coin, checked", "integers as a coin",
        "integers as a coin's probability", "integer variable of a geometric",
        "number for a uniform", "number for an exponential", "number for a gamma",
        "wider array for a beta", "wider array for a uniform", "fewer values than uniforms",
        "singular factor", "nan in a factor", "factor too large", "vector too long",
        "unregistered", "events differ", "events differ within", "nothing defined", "no module",
    ],
)  # fmt: skip
def test_wrong_arguments_and_edges(both: Any, case: str) -> None:
    both(distributions.chosen, case, rtol=1e-6, atol=1e-6)


def test_what_a_subclass_does_not_define_is_not_implemented(both: Any) -> None:
    both(distributions.undefined)


def test_a_divergence_is_that_of_the_very_classes(both: Any) -> None:
    both(distributions.registered)


def test_what_was_computed_is_kept_with_a_graph_and_without(both: Any) -> None:
    assert both(distributions.cached)[:4] == [True, False, True, True]


INF = float("inf")


@pytest.mark.parametrize("checked", [False, True])
def test_a_coin_that_is_certain_has_no_derivative(both: Any, checked: bool) -> None:
    logit = np.array([INF, INF, -INF, -INF, 0, 30, -30], "float32")
    x = np.array([1, 0, 1, 0, 1, 1, 0], "float32")
    options = {"binary_check": checked}
    both(distributions.log_prob, "Bernoulli", {"logit": logit}, options, x, rtol=1e-5, atol=1e-7)
    x = np.array([0.5] * 7, "float32")
    both(distributions.log_prob, "Bernoulli", {"logit": logit}, options, x, rtol=1e-5, atol=1e-7)


def test_values_outside_of_the_support(both: Any) -> None:
    one = np.ones(4, "float32")
    x = np.array([-1, 0, 0.5, 1.5], "float32")
    for name, arguments in {
        "Beta": {"a": 2 * one, "b": 2 * one},
        "Exponential": {"lam": one},
        "Gamma": {"k": 2 * one, "theta": one},
        "Pareto": {"scale": one, "alpha": one},
        "Uniform": {"low": 0 * one, "high": one},
    }.items():
        both(distributions.log_prob, name, arguments, {}, x, rtol=1e-5, atol=1e-6)


def test_entropies_with_a_probability_of_zero_warn_in_the_backward_pass(both: Any) -> None:
    p = np.array([[0, 0.5, 0.5], [0.2, 0.3, 0.5]], "float32")
    both(distributions.entropy_warnings, "Categorical", p, rtol=1e-5, atol=1e-6)
    both(distributions.entropy_warnings, "Categorical", p[1:], rtol=1e-5, atol=1e-6)
    both(distributions.entropy_warnings, "Bernoulli", p, rtol=1e-5, atol=1e-6)


def test_moments_of_cauchy_distributions_warn(both: Any) -> None:
    both(distributions.cauchy_warnings)


def test_what_is_finite_of_a_pareto_distribution(both: Any) -> None:
    alpha = np.array([0.5, 1, 1.5, 2, 2.5], "float32")
    arguments = {"scale": np.ones(5, "float32"), "alpha": alpha}
    both(
        distributions.described, "Pareto", arguments, {}, ["scale", "alpha"], alpha,
        rtol=1e-5, atol=1e-5,
    )  # fmt: skip


def test_divergences_from_what_a_distribution_does_not_reach(both: Any) -> None:
    low, high = np.array([0, 0, 1], "float32"), np.array([2, 3, 2], "float32")
    p = {"low": low, "high": high}
    q = {"low": np.zeros(3, "float32"), "high": np.full(3, 2, "float32")}
    for first, second in [(p, q), (q, p)]:
        both(
            distributions.diverging, "Uniform", first, second, {}, ["low", "high"],
            rtol=1e-5, atol=1e-5,
        )  # fmt: skip
    p = {"scale": low + 1, "alpha": high}
    q = {"scale": high, "alpha": high}
    both(distributions.diverging, "Pareto", p, q, {}, ["scale", "alpha"], rtol=1e-5, atol=1e-5)


def test_one_does_better_samples_of_no_distribution(both: Any) -> None:
    """Chainer joins a list of nothing; a row of deviations.md."""
    for name in ("Categorical", "OneHotCategorical", "Dirichlet"):
        ours, theirs = both.outcomes(distributions.sampled_from_nothing, name)
        assert theirs.classes[0] == "ValueError"
        assert ours.value == [2, 0, *([] if name == "Categorical" else [3])]

"""Distributions: what they say of themselves, what they say of values, and what they draw."""

from __future__ import annotations

PROPERTIES = (
    "mean", "variance", "stddev", "mode", "covariance", "entropy", "p", "logit", "log_p", "loc",
    "scale", "log_scale", "scale_tril", "low", "high", "alpha0",
)  # fmt: skip
METHODS = (
    "log_prob", "prob", "cdf", "icdf", "log_cdf", "survival_function", "log_survival_function",
    "perplexity",
)  # fmt: skip


def described(chainer, np, name, arguments, options, wrap, x, order=1):
    """Everything that a distribution says without drawing, and gradients of an order.

    `arguments` are arrays by parameter; `wrap` names those that are variables, "x" among them.
    """
    parameters = _parameters(chainer, arguments, wrap)
    made = _make(chainer, name, parameters, options)
    result = {
        "batch_shape": made.batch_shape,
        "event_shape": made.event_shape,
        "support": _attempt(lambda: made.support),
        "params": sorted(made.params),
        "xp": made.xp.__name__,
    }
    leaves = {key: value for key, value in parameters.items() if hasattr(value, "cleargrad")}
    for key in PROPERTIES:
        if hasattr(type(made), key):
            result[key] = _measured(chainer, np, lambda key=key: getattr(made, key), leaves, order)
    for key in METHODS:
        inside = key == "icdf" and x.dtype.kind == "f"
        value = np.asarray(np.clip(x, 0.05, 0.95), x.dtype) if inside else x
        inputs = dict(leaves)
        if "x" in wrap:
            value = chainer.Variable(value)
            if value.dtype.kind == "f":
                inputs["x"] = value
        method = getattr(made, key)
        result[key] = _measured(
            chainer, np, lambda method=method, value=value: method(value), inputs, order
        )
    return result


def drawn(chainer, np, name, arguments, options, wrap, sample_shape):
    """Samples, and their gradients, and what is drawn next."""
    parameters = _parameters(chainer, arguments, wrap)
    made = _make(chainer, name, parameters, options)
    leaves = {key: value for key, value in parameters.items() if hasattr(value, "cleargrad")}
    return {
        "sample": _measured(chainer, np, lambda: made.sample(sample_shape), leaves),
        "sample_n": _measured(chainer, np, lambda: made.sample_n(3), leaves),
        "next": np.random.rand(),
    }


def diverging(chainer, np, name, first, second, options, wrap, order=1):
    """The divergence of two distributions of a kind, with gradients."""
    p, q = (_parameters(chainer, arguments, wrap) for arguments in (first, second))
    one, other = (_make(chainer, name, parameters, options) for parameters in (p, q))
    leaves = {
        f"{side}_{key}": value
        for side, parameters in (("p", p), ("q", q))
        for key, value in parameters.items()
        if hasattr(value, "cleargrad")
    }
    return _measured(chainer, np, lambda: chainer.kl_divergence(one, other), leaves, order)


def _parameters(chainer, arguments, wrap):
    return {
        key: chainer.Variable(value.copy()) if key in wrap else value
        for key, value in arguments.items()
    }


def _make(chainer, name, parameters, options):
    options = dict(options)
    axes = options.pop("independent", None)
    made = getattr(chainer.distributions, name)(**parameters, **options)
    return made if axes is None else chainer.distributions.Independent(made, *axes)


def _attempt(function, *arguments):
    """What a function returns, or the builtin class of its exception."""
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001 (every exception is a result to compare)
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return {"raised": next((kind for kind in kinds if kind in KNOWN), kinds[0])}


KNOWN = (
    "InvalidType", "FloatingPointError", "NotImplementedError", "IndexError", "KeyError",
    "LinAlgError", "ValueError", "TypeError", "AttributeError", "RuntimeError", "AssertionError",
)  # fmt: skip


def _measured(chainer, np, function, inputs, order=1):
    """A variable's array, its gradients and, for the second order, the gradients of these."""
    y = _attempt(function)
    if not hasattr(y, "array"):
        return y
    result = {"y": y.array}
    if not inputs or y.dtype.kind != "f":
        return result
    random = np.random.RandomState(1)
    seed = chainer.Variable(np.asarray(random.uniform(-1, 1, y.shape), y.dtype))
    variables = list(inputs.values())
    grads = chainer.grad([y], variables, [seed], enable_double_backprop=order > 1)
    result["gx"] = {
        key: None if g is None else g.array for key, g in zip(inputs, grads, strict=True)
    }
    # Times 1: of two outputs that are one variable, Chainer loses one.
    found = [g * 1 for g in grads if g is not None and g.requires_grad]
    if order < 2 or not found:
        return result
    variables = [v for v, g in zip(variables, grads, strict=True) if g is not None]
    weights = [chainer.Variable(np.asarray(random.uniform(-1, 1, g.shape), g.dtype)) for g in found]
    result["ggx"] = _arrays(chainer, np, found, [*variables, seed], weights)
    return result


def _arrays(chainer, np, ys, variables, weights):
    """Second gradients; where nothing depends on a variable, torch knows it more often."""
    grads = chainer.grad(ys, variables, weights)
    return [
        np.zeros_like(v.array) if g is None else g.array
        for v, g in zip(variables, grads, strict=True)
    ]


def chosen(chainer, np, case):
    """What a distribution makes of arguments that are wrong or at an edge."""
    F32 = np.float32
    D = chainer.distributions
    zero, one = np.zeros(1, F32), np.ones(1, F32)
    normal = D.Normal(zero, one)
    cases = {
        "no scale": lambda: D.Normal(zero),
        "two scales": lambda: D.Normal(zero, one, log_scale=zero),
        "three positions": lambda: D.Normal(zero, one, zero),
        "unknown keyword": lambda: D.Normal(zero, foo=one),
        "number as parameter": lambda: D.Normal(0.0, 1.0).loc,
        "no p": D.Bernoulli,
        "two ps": lambda: D.Bernoulli(zero, zero),
        "no categories": D.Categorical,
        "two categories": lambda: D.Categorical(one, logit=one),
        "unknown category keyword": lambda: D.Categorical(foo=one),
        "uniform by position": lambda: D.Uniform(zero, one),
        "half a uniform": lambda: D.Uniform(low=zero),
        "two uniforms": lambda: D.Uniform(low=zero, high=one, loc=zero, scale=one),
        "a uniform and a half": lambda: D.Uniform(low=zero, high=one, loc=one).loc.array,
        "no factor": lambda: D.MultivariateNormal(zero),
        "factor by position": lambda: D.MultivariateNormal(zero, np.eye(1, dtype=F32)),
        "too many axes": lambda: D.Independent(normal, 2),
        "no inverse": lambda: D.Independent(normal).icdf(one),
        "list of samples": lambda: normal.sample([2]),
        "negative samples": lambda: normal.sample(-1),
        "float samples": lambda: normal.sample(1.5),
        "no samples": lambda: normal.sample(0).array,
        "number of samples": lambda: normal.sample(2).array,
        "number observed": lambda: normal.log_prob(0.0).array,
        "wider array observed": lambda: normal.log_prob(np.zeros(1)).array,
        "wider variable observed": lambda: normal.log_prob(chainer.Variable(np.zeros(1))),
        "dtypes differ": lambda: D.Normal(zero, np.ones(1)).sample(),
        "shapes differ": lambda: D.Normal(np.zeros((2, 1), F32), np.ones((2, 3), F32)).sample(2),
        "beta's shapes differ": lambda: D.Beta(np.ones((2, 1), F32), np.ones((2, 3), F32)).sample(),
        "gamma's shapes differ": lambda: D.Gamma(
            np.ones((2, 1), F32), np.ones((2, 3), F32)
        ).sample(),
        "negative gamma": lambda: D.Gamma(-one, one).sample(),
        "negative beta": lambda: D.Beta(-one, one).sample(),
        "negative poisson": lambda: D.Poisson(-one).sample(),
        "negative chisquare": lambda: D.Chisquare(-one).sample(),
        "negative pareto": lambda: D.Pareto(one, -one).sample(),
        "negative dirichlet": lambda: D.Dirichlet(np.array([1, -1], F32)).sample(),
        "geometric of two": lambda: D.Geometric(one + 1).sample(),
        "bernoulli of two": lambda: D.Bernoulli(one + 1).sample(),
        "sum of probabilities": lambda: D.Categorical(np.array([0.5, 0.7], F32)).sample(),
        "sum of one-hot probabilities": lambda: D.OneHotCategorical(
            np.array([0.5, 0.7], F32)
        ).sample(),
        "negative probability": lambda: D.Categorical(np.array([1.5, -0.5], F32)).sample(),
        "negative one-hot probability": lambda: D.OneHotCategorical(
            np.array([1.5, -0.5], F32)
        ).sample(),
        "no such category": lambda: D.Categorical(np.array([0.5, 0.5], F32)).log_prob(
            np.array([2])
        ),
        "last category": lambda: (
            D.Categorical(np.array([0.2, 0.8], F32)).log_prob(np.array([-1])).array
        ),
        "category as float": lambda: (
            D.Categorical(np.array([0.2, 0.8], F32)).log_prob(np.array([1.7], F32)).array
        ),
        "one category for all": lambda: (
            D.Categorical(np.full((3, 2), 0.5, F32)).log_prob(np.array(1)).array
        ),
        "beyond a coin": lambda: D.Bernoulli(one / 2).log_prob(one * 2),
        "beyond a coin, checked": lambda: (
            D.Bernoulli(one / 2, binary_check=True).prob(one * 2).array
        ),
        "integers as a coin": lambda: D.Bernoulli(one / 2).log_prob(np.array([1])).array,
        "integers as a coin's probability": lambda: D.Bernoulli(one / 2).prob(np.array([1])),
        "integer variable of a geometric": lambda: D.Geometric(one / 2).log_prob(
            chainer.Variable(np.array([1]))
        ),
        "number for a uniform": lambda: D.Uniform(low=zero, high=one).log_prob(0.5),
        "number for an exponential": lambda: D.Exponential(one).log_prob(0.5).array,
        "number for a gamma": lambda: D.Gamma(one, one).log_prob(0.5),
        "wider array for a beta": lambda: D.Beta(one, one).log_prob(np.array([0.5])),
        "wider array for a uniform": lambda: (
            D.Uniform(low=zero, high=one).log_prob(np.array([0.5])).array
        ),
        "fewer values than uniforms": lambda: D.Uniform(
            low=np.zeros((2, 3), F32), high=np.ones((2, 3), F32)
        ).log_prob(np.zeros(3, F32)),
        "singular factor": lambda: D.MultivariateNormal(
            np.zeros(2, F32), scale_tril=np.zeros((2, 2), F32)
        ).log_prob(np.zeros(2, F32)),
        "nan in a factor": lambda: D.MultivariateNormal(
            np.zeros(2, F32), scale_tril=np.full((2, 2), np.nan, F32)
        ).log_prob(np.zeros(2, F32)),
        "factor too large": lambda: D.MultivariateNormal(
            np.zeros(2, F32), scale_tril=np.eye(3, dtype=F32)
        ).log_prob(np.zeros(2, F32)),
        "vector too long": lambda: D.MultivariateNormal(
            np.zeros(2, F32), scale_tril=np.eye(2, dtype=F32)
        ).log_prob(np.zeros(3, F32)),
        "unregistered": lambda: chainer.kl_divergence(normal, D.Laplace(zero, one)),
        "events differ": lambda: chainer.kl_divergence(
            D.Independent(normal, 1), D.Independent(normal, 0)
        ),
        "events differ within": lambda: chainer.kl_divergence(
            D.Independent(normal, 1),
            D.Independent(D.MultivariateNormal(zero, scale_tril=np.eye(1, dtype=F32)), 0),
        ),
        "nothing defined": lambda: chainer.Distribution().sample(),
        "no module": lambda: chainer.Distribution().xp,
    }
    return cases[case]()


def undefined(chainer, np):
    """What the base class says to everything that a subclass does not define."""
    base = chainer.Distribution()
    properties = (
        "batch_shape covariance entropy event_shape mean mode params stddev support variance"
    )
    found = {key: _attempt(getattr, base, key) for key in properties.split()}
    for key in METHODS:
        found[key] = _attempt(getattr(base, key), 1)
    found["sample_n"] = _attempt(base.sample_n, 1)
    return found


def registered(chainer, np):
    """Which function a divergence comes from: classes count exactly, the last one registered."""
    D = chainer.distributions
    zero, one = np.zeros(1, np.float32), np.ones(1, np.float32)

    class Narrow(D.Normal):
        pass

    made = {"normal": D.Normal(zero, one), "narrow": Narrow(one, one)}

    def table():
        return {
            f"{p} {q}": _attempt(lambda p=p, q=q: str(chainer.kl_divergence(made[p], made[q])))
            for p in made
            for q in made
        }

    result = [table()]
    for number, pair in enumerate([(Narrow, D.Normal), (Narrow, Narrow), (Narrow, D.Normal)]):
        chainer.register_kl(*pair)(lambda p, q, number=number: f"registered {number}")
        result.append(table())
    return result


def cached(chainer, np):
    """What is computed once: with a graph and without."""
    made = chainer.distributions.Normal(*[chainer.Variable(np.ones(1, np.float32)) for _ in "ab"])
    first = made.variance
    with chainer.no_backprop_mode():
        apart = made.variance
        again = made.variance
    refused = _attempt(setattr, made, "variance", 1)
    return [
        made.variance is first, apart is first, again is apart, apart.creator is None, refused
    ]  # fmt: skip


def log_prob(chainer, np, name, arguments, options, x):
    """The probabilities of values, and the gradients with respect to the parameters."""
    parameters = {key: chainer.Variable(value) for key, value in arguments.items()}
    made = _make(chainer, name, parameters, options)
    return _measured(chainer, np, lambda: made.log_prob(x), parameters)


def entropy_warnings(chainer, np, name, p):
    """An entropy, its gradient, and whether that warned."""
    import warnings

    p = chainer.Variable(p)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        entropy = getattr(chainer.distributions, name)(p).entropy
        before = len(caught)
        chainer.functions.sum(entropy).backward()
    warned = {w.category.__name__ for w in caught[before:]}
    return {"y": entropy.array, "g": p.grad, "before": before, "warned": sorted(warned)}


def cauchy_warnings(chainer, np):
    """The moments of a distribution that has none."""
    import warnings

    made = chainer.distributions.Cauchy(*[chainer.Variable(np.ones(2, np.float32)) for _ in "ab"])
    result = []
    for moment in ("mean", "variance"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = getattr(made, moment)
        categories = [w.category.__name__ for w in caught]
        result.append((value.array, value.requires_grad, categories))
    return result


def sampled_from_nothing(chainer, np, name):
    """The shape of samples of a batch without distributions."""
    p = np.ones((0, 3), np.float32)
    return list(getattr(chainer.distributions, name)(p).sample(2).shape)

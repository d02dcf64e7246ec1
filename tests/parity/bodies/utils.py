"""Bodies that call the helpers of chainer.utils."""

from __future__ import annotations

import warnings


def call(chainer, np, path, args, kwargs):
    """A function of chainer.utils, by its path, and what it warned of."""
    found = chainer.utils
    for part in path.split("."):
        found = getattr(found, part)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = found(*args, **kwargs)
    return value, [w.category.__name__ for w in caught]


def force_type(chainer, np, dtype, value):
    """A scalar or an array in a dtype."""
    return chainer.utils.force_type(np.dtype(dtype), value)


def parse(chainer, np, kwargs, wanted, unexpected):
    """parse_kwargs, as a function of the user's calls it."""

    def my_function(**kwargs):
        return chainer.utils.argument.parse_kwargs(kwargs, *wanted, **unexpected), kwargs

    try:
        return my_function(**kwargs)
    except TypeError as error:
        return str(error)


def kwargs_empty(chainer, np, kwargs):
    """assert_kwargs_empty."""
    chainer.utils.argument.assert_kwargs_empty(kwargs)


def cached(chainer, np):
    """How often a cached property is computed."""
    calls = []

    class Owner:
        @chainer.utils.cache.cached_property
        def value(self):
            """Doc."""
            calls.append(chainer.config.enable_backprop)
            return len(calls)

    owner = Owner()
    seen = [owner.value, owner.value]
    with chainer.no_backprop_mode():
        seen += [owner.value, owner.value]
    seen += [owner.value, Owner().value, Owner.value.__doc__, Owner.value.__name__]
    try:
        owner.value = 3
    except AttributeError:
        seen.append("read-only")
    return seen, calls


def final(chainer, np, action, override, meta):
    """A final method, overridden or not."""

    class Meta(type):
        pass

    named = {None: None, "warning": DeprecationWarning, "error": KeyError}
    decorate = chainer.utils.final
    if named[action] is not None:
        decorate = chainer.utils.final(action=named[action])

    class Plain:
        def other(self):
            return "other"

    class Base(chainer.utils.enable_final(base=Plain, meta_base=Meta if meta else ())):
        @decorate
        def method(self):
            return "base"

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        class Derived(Base):
            if override:

                def method(self):
                    return "derived"

    return (
        Derived().method(),
        Derived().other(),
        isinstance(Derived, Meta),
        [w.category.__name__ for w in caught],
    )


def experimental(chainer, np, disabled):
    """The warning of an experimental feature."""
    chainer.disable_experimental_feature_warning = disabled
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            chainer.utils.experimental("my.feature")
    finally:
        chainer.disable_experimental_feature_warning = False
    return [(w.category.__name__, str(w.message)) for w in caught]


def nondeterministic(chainer, np, switch):
    """The warning of a function that is not deterministic."""
    with (
        chainer.using_config("warn_nondeterministic", switch),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        chainer.utils.nondeterministic("my_function")
    return [w.category.__name__ for w in caught]


def walker_alias(chainer, np, probs, shape):
    """The tables, draws, and the next number of the global stream."""
    sampler = chainer.utils.WalkerAlias(probs)
    drawn = sampler.sample(shape)
    return sampler.threshold, sampler.values, drawn, np.random.uniform(), sampler.use_gpu


def to_coo(chainer, np, dense, ldnz):
    """A sparse matrix and back."""
    made = chainer.utils.to_coo(dense, ldnz)
    parts = made.data.array, made.row, made.col, made.shape, made.order
    return parts, made.to_dense(), made.data.requires_grad


def coo_matrix(chainer, np, data, row, col, shape, order):
    """A sparse matrix from its parts."""
    made = chainer.utils.CooMatrix(data, row, col, shape, order, requires_grad=True)
    return made.order, made.to_dense(), made.data.requires_grad

"""Bodies that fill arrays from NumPy's global stream, or from a generator."""

from __future__ import annotations


def _shown(chainer, name, kwargs, shape, dtype):
    import numpy as np

    initializer = getattr(chainer.initializers, name)(**kwargs)
    return chainer.initializers.generate_array(initializer, shape, np, dtype)


def generate(chainer, np, name, kwargs, shape, dtype):
    """One array, and the next number of the global stream."""
    return _shown(chainer, name, kwargs, shape, dtype), float(np.random.uniform())


def generate_with_rng(chainer, np, name, kwargs, shape, dtype, seed):
    """One array from a generator; the global stream is left alone."""
    kwargs = {**kwargs, "rng": np.random.RandomState(seed)}
    return _shown(chainer, name, kwargs, shape, dtype), float(np.random.uniform())


def generate_under_config(chainer, np, config_dtype, own_dtype, dtype):
    """The dtype that comes of the configuration, the initializer and the argument."""
    named = {"mixed16": chainer.mixed16}
    with chainer.using_config("dtype", named.get(config_dtype, np.dtype(config_dtype or "f"))):
        initializer = chainer.initializers.Normal(dtype=named.get(own_dtype, own_dtype))
        return chainer.initializers.generate_array(initializer, (2, 3), np, named.get(dtype, dtype))


def fill(chainer, np, name, kwargs, shape, dtype):
    """Fill an array that is there already."""
    array = np.ones(shape, dtype)
    getattr(chainer.initializers, name)(**kwargs)(array)
    return array


def standing_for(chainer, np, value, shape):
    """What a scalar, an array or None as an initializer gives."""
    initializer = chainer.initializers._get_initializer(value)
    return type(initializer).__name__, chainer.initializers.generate_array(initializer, shape, np)


def fans(chainer, np, shape):
    """fan_in and fan_out."""
    from_here = __import__(chainer.__name__ + ".initializer", fromlist=["get_fans"])
    return from_here.get_fans(shape)


def check(chainer, np, value):
    """Whether something may stand for an initializer."""
    chainer.initializers._check_is_initializer_like(value)

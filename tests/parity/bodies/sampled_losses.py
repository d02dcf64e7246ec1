"""Losses that draw samples."""

from __future__ import annotations


def negative_sampling(chainer, np, x, t, W, counts, size, options, dtype="int32"):
    """Draw negative samples, and differentiate the loss twice."""
    alias = chainer.utils.WalkerAlias(counts)

    def sampler(shape):
        return alias.sample(shape).astype(dtype)

    variables = [chainer.Variable(x.copy()), chainer.Variable(W.copy())]
    found = chainer.functions.negative_sampling(
        variables[0], t, variables[1], sampler, size, **options
    )
    y, samples = found if isinstance(found, tuple) else (found, None)
    random = np.random.RandomState(1)
    seed = chainer.Variable(random.uniform(-1, 1, y.shape).astype(y.dtype))
    grads = chainer.grad([y], variables, [seed], enable_double_backprop=True)
    weights = [chainer.Variable(random.uniform(-1, 1, g.shape).astype(g.dtype)) for g in grads]
    second = chainer.grad(grads, [*variables, seed], weights)
    return {
        "y": y.array,
        "samples": samples,
        "g": [g.array for g in grads],
        "gg": [g.array for g in second],
        "next": np.random.rand(),
    }


def forward_only(chainer, np, x, t, W, shape):
    """Call the loss with samples of a given shape."""

    def sampler(asked):
        assert asked == shape
        return np.zeros(shape, np.int32)

    y = chainer.functions.negative_sampling(x, t, W, sampler, shape[1] - 1, reduce="no")
    return [y.array, y.creator.label, len(y.creator.inputs)]


def refused(chainer, np, x, t, W, options, sample=0):
    """Call the loss with something that is wrong."""
    return chainer.functions.negative_sampling(
        x, t, W, lambda shape: np.full(shape, sample, np.int32), 2, **options
    ).array

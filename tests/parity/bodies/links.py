"""Links: first weights, results, gradients, statistics, and what is saved."""

from __future__ import annotations


def used(chainer, np, name, arguments, options, shape, dtype, calls=2):
    """Make a link, call it, differentiate, and save it."""
    link = getattr(chainer.links, name)(*arguments, **options)
    random = np.random.RandomState(1)
    result = {"before": _saved(chainer, np, link)}
    if name != "BatchNormalization":  # Chainer's shows other values than it has, or fails
        result["text"] = str(link)
    for _ in range(calls):
        if dtype == "int32":
            x = random.randint(0, 3, shape).astype(dtype)
        else:
            x = chainer.Variable(random.uniform(-1, 1, shape).astype(dtype))
        link.cleargrads()
        y = link(x)
        chainer.functions.sum(y * random.uniform(-1, 1, y.shape).astype(y.dtype)).backward()
        result["y"] = y.array
        result["gx"] = None if dtype == "int32" else x.grad
        result["grads"] = {path: p.grad for path, p in sorted(link.namedparams())}
    with chainer.using_config("train", False):
        result["testing"] = link(x).array
    result["after"] = _saved(chainer, np, link)
    return result


def _saved(chainer, np, link):
    found = {}
    chainer.serializers.DictionarySerializer(found).save(link)
    return {
        key: None if value is None or value.dtype == object else np.array(value)
        for key, value in sorted(found.items())
    }


def loaded(chainer, np, name, arguments, options, shape):
    """Load what one link has saved into another one that was not called yet."""
    first = getattr(chainer.links, name)(*arguments, **options)
    x = np.random.RandomState(1).uniform(-1, 1, shape).astype(np.float32)
    first(x)
    saved = {}
    chainer.serializers.DictionarySerializer(saved).save(first)
    second = getattr(chainer.links, name)(*arguments, **options)
    chainer.serializers.NpzDeserializer(saved).load(second)
    with chainer.using_config("train", False):
        return [first(x).array, second(x).array]

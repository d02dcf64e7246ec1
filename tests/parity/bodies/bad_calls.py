"""Calls that are wrong somehow: what they raise, or the shapes and dtypes of what they return."""

from __future__ import annotations

# What stands for an object of no use, which does not go over the wire.
OBJECT = "<an object>"


def called(chainer, np, target, arguments, options):
    """Call what `target` names: `F.relu`, `L.Linear`, `L.Linear()` (a call of it), `V.reshape`."""
    family, _, name = target.partition(".")
    arguments = [object() if _is_object(value) else value for value in arguments]
    if family == "F":
        result = getattr(chainer.functions, name)(*arguments, **options)
    elif family == "O":
        result = _optimized(chainer, np, name, arguments, options)
    elif family == "V":
        array, *rest = arguments
        result = getattr(chainer.Variable(array), name)(*rest, **options)
    elif name.endswith("()"):
        made, *rest = arguments
        result = getattr(chainer.links, name[:-2])(*made)(*rest, **options)
    else:
        result = getattr(chainer.links, name)(*arguments, **options)
    return _shown(chainer, result)


def _optimized(chainer, np, name, arguments, options):
    optimizer = getattr(chainer.optimizers, name)(*arguments, **options)
    link = chainer.links.Linear(2, 3)
    optimizer.setup(link)
    link.cleargrads()
    chainer.functions.sum(link(np.ones((1, 2), np.float32))).backward()
    optimizer.update()
    return link.W


def _shown(chainer, result):
    if isinstance(result, (tuple, list)):
        return [_shown(chainer, item) for item in result]
    if isinstance(result, chainer.Variable) or hasattr(result, "dtype"):
        return [tuple(result.shape), str(result.dtype)]
    return type(result).__name__


def _is_object(value):
    return isinstance(value, str) and value == OBJECT

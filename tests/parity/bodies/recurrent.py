"""Recurrent links over whole sequences: weights, results, gradients, copies."""

from __future__ import annotations

import pickle

from tests.parity.bodies.links import _saved


def run(chainer, np, name, arguments, options, lengths, given=(), train=True, raw=False):
    """Make a link, run it over sequences from given states or none, differentiate, and save it."""
    link = getattr(chainer.links, name)(*arguments, **options)
    random = np.random.RandomState(1)
    result = {"before": _saved(chainer, np, link), "text": str(link), "n_cells": link.n_cells}
    layers, width, units, _ = arguments
    xs = [random.uniform(-1, 1, (n, width)).astype("f") for n in lengths]
    if not raw:
        xs = [chainer.Variable(x) for x in xs]
    shape = (layers * link.direction, len(lengths), units)
    states = [
        chainer.Variable(random.uniform(-1, 1, shape).astype("f")) if place in given else None
        for place in range(link.n_cells)
    ]
    link.cleargrads()
    with chainer.using_config("train", train):
        *ends, ys = link(*states, xs)
    result["ends"] = [h.array for h in ends]
    result["ys"] = [type(ys).__name__, [y.array for y in ys]]
    loss = 0
    for y in [*ends, *ys]:
        loss += chainer.functions.sum(y * random.uniform(-1, 1, y.shape).astype("f"))
    loss.backward()
    result["gx"] = None if raw else [x.grad for x in xs]
    result["gh"] = [None if h is None else h.grad for h in states]
    result["grads"] = {path: p.grad for path, p in sorted(link.namedparams())}
    # Whatever comes next of NumPy's numbers, as after dropout.
    result["next"] = np.random.rand()
    return result


def differentiated_twice(chainer, np, name, lengths):
    """Differentiate the gradients of a link by its weights and inputs."""
    link = getattr(chainer.links, name)(2, 3, 2, 0.5)
    random = np.random.RandomState(1)
    xs = [chainer.Variable(random.uniform(-1, 1, (n, 3)).astype("d")) for n in lengths]
    for parameter in link.params():
        parameter.array = random.uniform(-1, 1, parameter.shape)
    link.cleargrads()
    *ends, ys = link(*[None] * link.n_cells, xs)
    loss = sum(chainer.functions.sum(y * y) for y in [*ends, *ys])
    variables = [*xs, *(p for _, p in sorted(link.namedparams()))]
    grads = chainer.grad([loss], variables, enable_double_backprop=True)
    again = chainer.grad([sum(chainer.functions.sum(g * g) for g in grads)], variables)
    return [g.array for g in again]


def copied(chainer, np, name, how):
    """Copy a link in some way, change a weight of the original, and run the copy."""
    link = getattr(chainer.links, name)(2, 3, 2, 0.0)
    if how == "pickle":
        fresh = pickle.loads(pickle.dumps(link))
    elif how == "repeat":
        fresh = link.repeat(2)[1]
    elif how == "to_device":
        fresh = link.copy("copy")
        fresh.to_device("@numpy")
    else:
        fresh = link.copy(how)
    link[0].w0.array[...] = 2
    fresh[1].b0.array[...] = -1
    xs = [np.ones((2, 3), "f"), np.ones((3, 3), "f")]
    *ends, ys = fresh(*[None] * link.n_cells, xs)
    return {
        "ends": [h.array for h in ends],
        "ys": [y.array for y in ys],
        "own": [fresh.ws[0][0] is fresh[0].w0, fresh.ws[0][0] is link[0].w0],
        "saved": _saved(chainer, np, fresh),
    }


def subclassed(chainer, np, where):
    """Give a link another cell, in a subclass or in place."""
    seen = []

    def rnn(n_layers, dropout, hx, ws, bs, xs):
        seen.append([n_layers, dropout, hx.shape, len(ws), len(bs), [x.shape for x in xs]])
        return hx * 2, [chainer.functions.concat([x, x]) for x in xs]

    kind = chainer.links.NStepGRU
    if where == "class":
        kind = type("Doubling", (kind,), {"rnn": lambda self, *args: rnn(*args)})
    link = kind(2, 3, 2, 0.25)
    if where == "instance":
        link.rnn = rnn
    hx = np.arange(8, dtype="f").reshape(2, 2, 2)
    hy, ys = link(hx, [np.ones((1, 3), "f"), np.zeros((2, 3), "f")])
    return [seen, hy.array, [y.array for y in ys]]


def refused(chainer, np, name, arguments, options, call):
    """Make a link, and call it with the arguments that are described."""
    link = getattr(chainer.links, name)(*arguments, **options)
    made = [
        [np.ones(shape, dtype) for shape, dtype in value] if isinstance(value, list)
        else value if value is None else np.ones(*value)
        for value in call
    ]  # fmt: skip
    outcome = link(*made)
    return [getattr(y, "array", y) for y in outcome[:-1]] + [[y.array for y in outcome[-1]]]


def order(chainer, np, lengths):
    """The order of sequences by falling length, and lists put in order."""
    module = getattr(chainer.links, "argsort_list_descent", None)
    if module is None:
        from chainer.links.rnn.n_step_rnn import argsort_list_descent, permutate_list
    else:
        argsort_list_descent = chainer.links.argsort_list_descent
        permutate_list = chainer.links.permutate_list
    found = argsort_list_descent([range(n) for n in lengths])
    return [
        found,
        permutate_list(list(lengths), found, inv=False),
        permutate_list(list(lengths), found, inv=True),
    ]


def tree(chainer, np, name, arguments, children, present, with_input, again=True):
    """Compute a node of a tree whose children have states or None, and differentiate."""
    link = getattr(chainer.links, name)(*arguments)
    random = np.random.RandomState(1)
    before = _saved(chainer, np, link)

    def variable(*shape):
        return chainer.Variable(random.uniform(-1, 1, shape).astype("f"))

    states = [variable(2, 3) if given else None for given in present]
    x = variable(2, 4) if with_input else None
    link.cleargrads()
    c, h = link(*states, x)
    if again:
        # A node above, with the first one as its only child that has states.
        rest = [None] * (children - 1)
        c, h = link(c, *rest, h, *rest, x)
    loss = chainer.functions.sum(c * random.uniform(-1, 1, c.shape).astype("f"))
    loss += chainer.functions.sum(h * random.uniform(-1, 1, h.shape).astype("f"))
    loss.backward()
    grads = {path: p.grad for path, p in sorted(link.namedparams())}
    inputs = [None if v is None else v.grad for v in [*states, x]]
    return [before, str(link), c.array, h.array, inputs, grads]


def dropconnected(chainer, np, arguments, options, call):
    """Call a layer that drops weights with and without a mask, and save it."""
    link = chainer.links.SimplifiedDropconnect(*arguments, **options)
    result = [_saved(chainer, np, link), str(link)]
    x = np.random.RandomState(1).uniform(-1, 1, (2, 2, 2)).astype("f")
    for keywords in call:
        keywords = dict(keywords)
        if "mask" in keywords:
            keywords["mask"] = np.array(keywords["mask"])
        link.cleargrads()
        y = link(x, **keywords)
        chainer.functions.sum(y * y).backward()
        result += [y.array, link.W.grad, _saved(chainer, np, link)]
    return result

"""Networks of random steps, with functions of the users' own, and all their gradients."""

from __future__ import annotations


def differentiate(chainer, np, steps, ends, retain, twice):
    """Build a network over two variables, and go backward from some of its variables.

    A step is what to do and the places of two variables; `retain` keeps gradients in between, and
    `twice` goes backward a second time.
    """
    random = np.random.RandomState(0)
    leaves = [chainer.Variable(random.uniform(-1, 1, (2, 3))) for _ in range(2)]
    known = list(leaves)
    for what, i, j in steps:
        x, y = known[i % len(known)], known[j % len(known)]
        known += _step(chainer, np, what, x, y)
    loss = 0
    for end in ends:
        loss = loss + chainer.functions.sum(known[end % len(known)] ** 2)
    for _ in range(2 if twice else 1):
        loss.backward(retain_grad=retain)
    result = {
        "values": [x.array for x in known],
        "grads": [x.grad for x in known],
    }
    if not any(what == "unchain" for what, _, _ in steps):
        result["ranks"] = [x.rank for x in known]
    if not any(what in {"old", "unchain"} for what, _, _ in steps):
        grads = chainer.grad([loss], leaves, enable_double_backprop=True)
        found = [g for g in grads if g is not None]
        again = chainer.grad([chainer.functions.sum(g * g) for g in found], leaves)
        result["again"] = [np.zeros((2, 3)) if g is None else g.array for g in again]
    return result


def _step(chainer, np, what, x, y):
    functions = chainer.functions

    class Old(chainer.Function):
        def forward(self, inputs):
            a, b = inputs
            return a * b, a - 2 * b

        def backward(self, inputs, grads):
            a, b = inputs
            first, second = (0 if g is None else g for g in grads)
            return first * b + second, first * a - 2 * second

    class New(chainer.FunctionNode):
        def forward(self, inputs):
            self.retain_inputs((0,))
            self.retain_outputs((1,))
            a, b = inputs
            return a * a + b, np.tanh(a)

        def backward(self, indexes, grads):
            (a,), (t,) = self.get_retained_inputs(), self.get_retained_outputs()
            first, second = grads
            ga = gb = None
            if first is not None:
                ga, gb = 2 * a * first, first
            if second is not None:
                more = (1 - t * t) * second
                ga = more if ga is None else ga + more
            return ga, gb

    def unchained():
        fresh = x * 1.5
        fresh.unchain()
        return [fresh]

    steps = {
        "add": lambda: [x + y],
        "multiply": lambda: [x * y],
        "sine": lambda: [functions.sin(x)],
        "mean": lambda: [functions.broadcast_to(functions.mean(x, axis=0), x.shape) - y],
        "split": lambda: functions.split_axis(functions.concat([x, y], axis=1), 2, axis=1),
        "index": lambda: [functions.flip(x, 1)[:, [0, 0, 2]]],
        "old": lambda: Old()(x, y),
        "new": lambda: New().apply((x, y)),
        "unchain": unchained,
    }
    return list(steps[what]())

"""Bodies that show graphs and hook into functions and links."""

from __future__ import annotations

import collections
import importlib
import io
import re

_NODE = re.compile(r'(\d+) \[((?:\w+="[^"]*",?)*)\];')
_EDGE = re.compile(r"(\d+) -> (\d+);")


def canonical(text):
    """A graph in Graphviz's language without its arbitrary numbers: two equal ones are alike."""
    nodes = dict(_NODE.findall(text))
    edges = _EDGE.findall(text)
    colours = dict(nodes)
    for _ in range(len(nodes)):
        around = collections.defaultdict(lambda: ([], []))
        for a, b in edges:
            around[a][0].append(colours[b])
            around[b][1].append(colours[a])
        names = {
            node: (colours[node], tuple(sorted(around[node][0])), tuple(sorted(around[node][1])))
            for node in nodes
        }
        ranks = {name: str(i) for i, name in enumerate(sorted(set(names.values())))}
        colours = {node: f"{nodes[node]}#{ranks[names[node]]}" for node in nodes}
    shown = sorted(colours.values()), sorted((colours[a], colours[b]) for a, b in edges)
    return text.split(";", 1)[0], shown, text.endswith("}")


STEPS = {
    "add": lambda F, a, b: a + b,
    "mul": lambda F, a, b: a * b,
    "sub": lambda F, a, b: a - b,
    "scale": lambda F, a, b: 2.5 * a - 1,
    "negative": lambda F, a, b: a * -0.5 + a / 2,
    "tanh": lambda F, a, b: F.tanh(a),
    "matmul": lambda F, a, b: F.matmul(F.matmul(a, F.transpose(b, (1, 0))), b),
    "transpose": lambda F, a, b: F.transpose(F.transpose(a, (1, 0)), (1, 0)),
    "power": lambda F, a, b: a**2 + (-a) ** 1 + abs(a),
    "cut": lambda F, a, b: a * 1,
    "name": lambda F, a, b: 1 - a,
}


def _build(chainer, np, steps):
    """A graph from random steps: each takes variables made before, and makes one."""
    F = chainer.functions
    made = [
        chainer.Variable(np.ones((2, 3), "f"), name="x"),
        chainer.Parameter(np.ones((2, 3), "f")),
        np.ones((2, 3), "f"),
    ]
    for kind, i, j in steps:
        a, b = made[i % len(made)], made[j % len(made)]
        if isinstance(a, np.ndarray):
            a = chainer.Variable(a, requires_grad=False)
        y = STEPS[kind](F, a, b)
        if kind == "cut":
            y.unchain()
        if kind == "name":
            y.name = f"named{i}"
        made.append(y)
    return made[3:] or [made[0]]


def dump(chainer, np, steps, options, n_outputs):
    """The text of a graph."""
    graph = importlib.import_module(f"{chainer.__name__}.computational_graph")
    outputs = _build(chainer, np, steps)[-n_outputs:]
    return canonical(graph.build_computational_graph(outputs, **options).dump())


def dump_of_nodes(chainer, np):
    """Nodes of variables and functions as outputs, and one variable by itself."""
    graph = importlib.import_module(f"{chainer.__name__}.computational_graph")
    x = chainer.Variable(np.ones(3, "f"))
    y = (x + 1) * x
    return [
        canonical(graph.build_computational_graph(output).dump())
        for output in (y, y.node, y.creator_node, [y, x], x)
    ]


def dump_of_functions(chainer, np):
    """The user's own functions in a graph."""
    graph = importlib.import_module(f"{chainer.__name__}.computational_graph")

    class OldStyle(chainer.Function):
        def forward(self, inputs):
            return inputs[0] + inputs[1], inputs[0] - inputs[1]

    class Labelled(chainer.FunctionNode):
        label = "my label"

        def forward(self, inputs):
            return (inputs[0] * 2,)

    x = chainer.Variable(np.ones(3, "f"))
    a, _ = OldStyle()(x, x)
    (y,) = Labelled().apply((a,))
    return canonical(graph.build_computational_graph([y]).dump())


GRADIENTS = {
    "identity": lambda F, h: h,
    "power": lambda F, h: h**2,
    "exp": lambda F, h: F.exp(h),
    "sigmoid": lambda F, h: F.sigmoid(h),
    "tanh twice": lambda F, h: F.tanh(h) * h,
    "scale": lambda F, h: h * 3,
    "deep": lambda F, h: F.sin(F.cos(h) * h) / h,
}


def gradient(chainer, np, kind):
    """What can be seen of the graph of a gradient, and of cutting it."""
    graph = importlib.import_module(f"{chainer.__name__}.computational_graph")
    F = chainer.functions
    x = chainer.Variable(np.array([1.0, 2.0], "f"), name="x")
    w = chainer.Variable(np.array([3.0, 4.0], "f"), name="w")
    h = x * w
    h.name = "h"
    y = F.sum(GRADIENTS[kind](F, h))
    (gx,) = chainer.grad([y], [x], enable_double_backprop=True)
    seen = [gx.creator is not None, gx.rank > 0, gx.rank == gx.creator.rank + 1]
    nodes = graph.build_computational_graph([gx]).nodes
    seen.append(sorted(node.name for node in nodes if getattr(node, "name", None)))
    penalty = F.sum(gx * gx)
    penalty.backward()
    seen += [x.grad.copy(), penalty.rank > gx.rank]
    gx.unchain_backward()
    seen += [gx.creator is None, h.creator is None, y.creator is None]
    return seen


def refused(chainer, np, what):
    """Arguments that are refused."""
    graph = importlib.import_module(f"{chainer.__name__}.computational_graph")
    y = chainer.Variable(np.ones(3, "f")) * 2
    if what == "output":
        graph.build_computational_graph([y, 3])
    elif what == "array":
        graph.build_computational_graph([np.ones(3)])
    elif what == "rankdir":
        graph.build_computational_graph([y], rankdir="XX")
    elif what == "remove_split":
        graph.build_computational_graph([y], remove_split=False)
    elif what == "format":
        graph.build_computational_graph([y]).dump("json")
    elif what == "edge":
        graph.ComputationalGraph([y.node], [(y.node, y.node)]).dump()
    elif what == "node":
        graph.DotNode(y)


def dot_node(chainer, np):
    """A single node."""
    graph = importlib.import_module(f"{chainer.__name__}.computational_graph")
    y = chainer.Variable(np.ones((3, 1), "d"), name="y") * 2
    y.name = "y"
    nodes = [
        graph.DotNode(y.node),
        graph.DotNode(y.node, {"shape": "circle", "color": "red"}),
        graph.DotNode(y.node, show_name=False),
        graph.DotNode(y.creator_node, {"a": "b"}),
    ]
    return [
        (node.label.split(" ", 1)[1], node.attribute, node.id_ == id(node.node)) for node in nodes
    ]


def timer(chainer, np):
    """What a hook that measures time has seen, forward only; and its table without the times."""
    hooks = importlib.import_module(f"{chainer.__name__}.function_hooks")
    hook = hooks.TimerHook()
    x = chainer.Variable(np.ones((2, 3), "f"))
    with hook:
        y = chainer.functions.sum(chainer.functions.tanh(x * 2) + x * 3)
    tables = []
    for unit in ("auto", "sec", "ms", "us", "ns", "auto_foreach"):
        out = io.StringIO()
        hook.print_report(unit, out)
        tables.append(
            [re.sub(r"[\d.]+(sec|ms|us|ns)", "T", line) for line in out.getvalue().split("\n")]
        )
    occurrences = {name: record["occurrence"] for name, record in hook.summary().items()}
    total = sum(seconds for _, seconds in hook.call_history)
    squeezed = [[line.split() for line in table] for table in tables]
    return (
        [name for name, _ in hook.call_history],
        occurrences,
        squeezed,
        abs(hook.total_time() - total) < 1e-9,
        y.array.shape,
    )


def report(chainer, np, history, unit):
    """The table of given times."""
    hooks = importlib.import_module(f"{chainer.__name__}.function_hooks")
    links = importlib.import_module(f"{chainer.__name__}.link_hooks")
    texts = []
    for hook in (hooks.TimerHook(), links.TimerHook()):
        hook.call_history = [tuple(entry) for entry in history]
        out = io.StringIO()
        hook.print_report(unit, out)
        texts.append((out.getvalue(), dict(hook.summary())))
    return texts


def link_timer(chainer, np):
    """What a hook that measures links has seen."""
    hooks = importlib.import_module(f"{chainer.__name__}.link_hooks")

    class Inner(chainer.Link):
        def forward(self, x):
            return x * 2

    class Outer(chainer.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.inner = Inner()

        def __call__(self, x):
            return self.inner(self.inner(x))

        def forward(self, x):
            return self.inner(x)

    class Plain(chainer.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.inner = Inner()

        def forward(self, x):
            return self.inner(x)

    hook = hooks.TimerHook()
    x = chainer.Variable(np.ones(3, "f"))
    with hook:
        Outer()(x)
        Plain()(x)
    total = hook.total_time()
    outer = [seconds for name, seconds in hook.call_history if name == "Plain"]
    return [name for name, _ in hook.call_history], total >= outer[0] > 0


def printed(chainer, np, end):
    """What is printed about the inputs of functions, forward."""
    hooks = importlib.import_module(f"{chainer.__name__}.function_hooks")
    out = io.StringIO()
    x = chainer.Variable(np.zeros((2, 3), "f"))
    with hooks.PrintHook(file=out, end=end, flush=False):
        chainer.functions.sum(x * 2 + np.ones((2, 3), "f"))
    return re.sub(r"0x[0-9a-f]+", "0x", out.getvalue())


def printed_backward(chainer, np):
    """What is printed about a backward pass of one function: its name and gradients."""
    hooks = importlib.import_module(f"{chainer.__name__}.function_hooks")
    out = io.StringIO()
    x = chainer.Variable(np.ones((2, 3), "f"))
    y = chainer.functions.tanh(x)
    y.grad = np.full((2, 3), 2, "f")
    with hooks.PrintHook(file=out):
        y.backward()
    lines = re.sub(r"0x[0-9a-f]+", "0x", out.getvalue()).split("\n")
    start = lines.index("output gradient")
    return lines[0], lines[start : start + 7]


def _scale(chainer, W):
    class Scale(chainer.Link):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.W = chainer.Parameter(W)

        def forward(self, x):
            seen.append(type(self.W).__name__)
            return chainer.functions.matmul(x, self.W)

    seen = []
    return Scale(), seen


def spectral(chainer, np, options, train, iterations):
    """A link with the hook: outputs, gradients, the vector, gamma, what is left afterwards."""
    hooks = importlib.import_module(f"{chainer.__name__}.link_hooks")
    link, seen = _scale(chainer, np.random.normal(size=(4, 3)).astype("f"))
    hook = hooks.SpectralNormalization(**options)
    link.add_hook(hook)
    x = np.random.normal(size=(2, 4)).astype("f")
    outputs = []
    with chainer.using_config("train", train):
        for _ in range(iterations):
            y = link(x)
            link.cleargrads()
            chainer.functions.sum(y * y).backward()
            outputs += [y.array, link.W.grad, getattr(link, hook.vector_name).copy()]
    names = [name for name, _ in link.namedparams()]
    gamma = link.gamma.array if options.get("use_gamma") else None
    link.delete_hook(hook.name)
    left = hasattr(link, hook.vector_name), hasattr(link, "gamma")
    return outputs, seen, sorted(names), gamma, left, hook.axis, type(link.W).__name__


def spectral_refused(chainer, np, what):
    """Uses that are refused."""
    hooks = importlib.import_module(f"{chainer.__name__}.link_hooks")
    link, _ = _scale(chainer, np.ones((0 if what == "empty" else 2, 3), "f"))
    hook = hooks.SpectralNormalization(weight_name="V" if what == "name" else "W")
    if what == "context":
        with hook:
            pass
    link.add_hook(hook)


def vectors(chainer, np, n):
    """Power iteration on a matrix."""
    module = importlib.import_module(f"{chainer.__name__}.link_hooks.spectral_normalization")
    matrix = chainer.Variable(np.random.normal(size=(4, 3)))
    u = np.random.normal(size=4)
    u, v = module.update_approximate_vectors(matrix, u, n, 1e-12)
    sigma = module.calculate_max_singular_value(matrix, u, v)
    return u, v, sigma.array, module.l2normalize(np, v, 0.5)

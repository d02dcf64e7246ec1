"""Classes of functions, made by hand: results, gradients, their place in the graph."""

from __future__ import annotations

import importlib
import operator


def applied(chainer, np, module, name, arguments, options, inputs, train=True):
    """Apply an object of the class; show what comes out and what the graph says of it."""
    chainer_functions = importlib.import_module(f"{chainer.__name__}.functions")
    if chainer.__name__ == "chainer":
        cls = getattr(importlib.import_module(f"chainer.functions.{module}"), name)
    else:
        cls = chainer_functions._find_deep_name(name)
    variables = [chainer.Variable(x) if x.dtype.kind == "f" else x for x in inputs]
    np.random.seed(0)
    node = cls(*arguments, **options)
    with chainer.using_config("train", train):
        is_node = issubclass(cls, chainer.FunctionNode)
        result = node.apply(variables) if is_node else node(*variables)
    outputs = result if isinstance(result, tuple) else (result,)
    random = np.random.RandomState(1)
    shown = {
        "outputs": [y.array for y in outputs],
        "creator": outputs[0].creator is node,
        "label": node.label,
        "class": type(node).__name__,
        "inputs": len(node.inputs),
        "rank": node.rank,
    }
    if all(y.dtype.kind == "f" for y in outputs) and any(
        isinstance(x, chainer.Variable) for x in variables
    ):
        loss = sum(
            chainer_functions.sum(y * random.uniform(-1, 1, y.shape).astype(y.dtype))
            for y in outputs
        )
        loss.backward()
        shown["grads"] = [getattr(x, "grad", None) for x in variables]
    return shown


def derived(chainer, np, module, name, arguments, inputs):
    """A subclass that changes the gradient of the class and calls what it overrides."""
    if chainer.__name__ == "chainer":
        cls = getattr(importlib.import_module(f"chainer.functions.{module}"), name)
    else:
        cls = importlib.import_module("chainer_compat.functions")._find_deep_name(name)

    class Derived(cls):
        def backward(self, indexes, grad_outputs):
            gradients = super().backward(indexes, grad_outputs)
            return tuple(None if g is None else g * 3 for g in gradients)

    variables = [chainer.Variable(x) for x in inputs]
    (y,) = Derived(*arguments).apply(variables)
    y.grad = np.random.RandomState(1).uniform(-1, 1, y.shape).astype(y.dtype)
    y.backward(enable_double_backprop=True)
    first = [x.grad for x in variables]
    second = chainer.grad(
        [x.grad_var for x in variables[:1]], variables[:1], enable_double_backprop=False
    )
    return {
        "y": y.array,
        "grads": first,
        "second": [
            np.zeros_like(x.array) if g is None else g.array
            for g, x in zip(second, variables, strict=False)
        ],
        "creator": type(y.creator).__name__,
    }


def recorded(chainer, np, name, arguments, options, config=None):
    """Call a function, and show each node that it records as a hook meets it."""
    from tests.parity.bodies import functions

    seen = []

    class Meeting(chainer.FunctionHook):
        name = "Meeting"

        def forward_postprocess(self, function, in_data):
            seen.append(getattr(function, "function", function))  # of an old-style one

    made = [functions._make(chainer, np, argument, []) for argument in arguments]
    settings = config or {}
    for key, value in settings.items():
        setattr(chainer.config, key, value)
    try:
        with Meeting():
            home = operator if name.startswith("__") else chainer.functions
            kept = getattr(home, name)(*made, **options)
            shown = [[type(node).__name__, _attributes(chainer, np, node)] for node in seen]
    finally:
        for key in settings:
            delattr(chainer.config, key)
    del kept
    return shown


def _attributes(chainer, np, node):
    of_all = {*dir(chainer.FunctionNode), *dir(chainer.Function)}
    found = {}
    for name in dir(node):
        value = None if name in of_all or name.startswith("_") else getattr(node, name)
        if name not in of_all and not name.startswith("_") and not callable(value):
            found[name] = _plain(np, value)
    return found


def _plain(np, value):
    """An attribute as plain data: arrays as they are, lists and tuples told apart."""
    if hasattr(value, "array"):
        return {"variable": value.array}
    if value is None or isinstance(value, (bool, int, float, str, np.ndarray, np.generic)):
        return value
    if isinstance(value, slice):
        return {"slice": [_plain(np, v) for v in (value.start, value.stop, value.step)]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_plain(np, v) for v in value]}
    if isinstance(value, dict):
        return {str(key): _plain(np, v) for key, v in value.items()}
    if isinstance(value, np.dtype):
        return {"dtype": str(value)}
    return {"other": type(value).__name__}


def computed_again(chainer, np, name, arguments, options, order=1, config=None):
    """Call a function; let each node compute its outputs once more, and the last its gradients.

    The gradients are asked for where the inputs are the arguments, which are alive.
    """
    from tests.parity.bodies import functions

    seen, outputs, grads = [], [], []

    class Repeating(chainer.FunctionHook):
        name = "Repeating"

        def forward_postprocess(self, function, in_data):
            seen.append(type(getattr(function, "function", function)).__name__)
            np.random.seed(0)
            outputs.extend(function.forward(in_data))

    settings = config or {}
    for key, value in settings.items():
        setattr(chainer.config, key, value)
    try:
        given = []
        made = [functions._make(chainer, np, _variable(x), given) for x in arguments]
        np.random.seed(0)
        home = operator if name.startswith("__") else chainer.functions
        with Repeating():
            kept = functions._flat(getattr(home, name)(*made, **options))
    finally:
        for key in settings:
            delattr(chainer.config, key)
    node = getattr(kept[0], "creator_node", None)
    alive = {id(x.node) for x in [*given, *(m for m in made if hasattr(m, "node"))]}
    if order and node is not None and _is_differentiable(node, kept, alive):
        random = np.random.RandomState(1)
        seeds = [random.uniform(-1, 1, y.shape).astype(y.dtype) for y in kept]
        wanted = tuple(i for i, x in enumerate(node.inputs) if x.dtype.kind == "f")
        found = node.backward(wanted, tuple(map(chainer.Variable, seeds)))
        found = found if isinstance(found, tuple) else (found,)
        if len(found) == len(node.inputs):  # some give one for each input, asked for or not
            found = tuple(found[i] for i in wanted)
        grads = [None if g is None else g.array for g in found]
    return {"classes": seen, "y": outputs, "grads": grads}


def _variable(argument):
    kind, value = argument
    is_label = kind.startswith("a") and value.dtype.kind != "f"
    return (kind.replace("a", "v") if is_label else kind, value)


def _is_differentiable(node, outputs, alive):
    return (
        len(node.outputs) == len(outputs)
        and all(y.dtype.kind == "f" for y in outputs)
        and all(id(x) in alive for x in node.inputs)
        and any(x.dtype.kind == "f" for x in node.inputs)
    )


def private(chainer, np, module, name, arguments):
    """Call a function of a deep module that is private there."""
    if chainer.__name__ == "chainer":
        found = getattr(importlib.import_module(f"chainer.functions.{module}"), name)
    else:
        found = importlib.import_module("chainer_compat.functions")._find_deep_name(name)
    return _plain(np, found(*arguments))

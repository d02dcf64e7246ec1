"""Classes of functions, made by hand: results, gradients, their place in the graph."""

from __future__ import annotations

import importlib


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

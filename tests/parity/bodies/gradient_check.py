"""Bodies that check gradients, right and wrong ones."""

from __future__ import annotations

import importlib


def _module(chainer, name):
    # Chainer does not import these by itself.
    return importlib.import_module(f"{chainer.__name__}.{name}")


NUMERICAL = {
    "square": lambda np, x: (x * x,),
    "cube": lambda np, x: (x * x * x,),
    "two": lambda np, x: (x * 2, x[0] * x[1]),
    "none": lambda np, x: (x * 2, None),
    "abs": lambda np, x: (abs(x),),
    "step": lambda np, x: (np.where(x > 0, 1.0, 0.0),),
    "log": lambda np, x: (np.log(x),),
    "root": lambda np, x: (np.sqrt(x),),
}


def numerical_grad(chainer, np, name, x, gys, kwargs):
    """Finite differences of a function of arrays; the input is left as it was."""
    before = x.copy()
    with np.errstate(all="ignore"):
        grads = _module(chainer, "gradient_check").numerical_grad(
            lambda: NUMERICAL[name](np, x), (x,), gys, **kwargs
        )
    return grads, bool((x == before).all())


def _functions(chainer, np):
    class WrongGradient(chainer.Function):
        def forward(self, inputs):
            return (inputs[0] * 2,)

        def backward(self, inputs, grads):
            return (grads[0] * 3,)

    class Square(chainer.FunctionNode):
        def forward(self, inputs):
            self.retain_inputs((0,))
            return (inputs[0] * inputs[0],)

        def backward(self, indexes, grads):
            (x,) = self.get_retained_inputs()
            return (2 * x * grads[0],)

    class WrongDouble(chainer.FunctionNode):
        def forward(self, inputs):
            self.retain_inputs((0,))
            return (inputs[0] * inputs[0],)

        def backward(self, indexes, grads):
            (x,) = self.get_retained_inputs()
            return (chainer.Variable(2 * x.array * grads[0].array),)

    return {
        "mul": lambda x, y: x * y,
        "both": lambda x, y: (x + y, x * y),
        "loss": lambda x, y: (x * y)[0, 0] * 3,
        "unused": lambda x, y: x * 1,
        "wrong": lambda x, y: WrongGradient()(x) + y,
        "node": lambda x, y: Square().apply((x,))[0] * y,
        "wrong_double": lambda x, y: WrongDouble().apply((x,))[0] * y,
        "abs": lambda x, y: abs(x) + y,
    }


def check_backward(chainer, np, name, xs, gys, kwargs):
    """check_backward, and the next number of the global stream."""
    func = _functions(chainer, np)[name]
    _module(chainer, "gradient_check").check_backward(func, xs, gys, **kwargs)
    return float(np.random.uniform())


def check_backward_failure(chainer, np, xs, gys):
    """The gradients that the message of a failure tells."""
    func = _functions(chainer, np)["wrong"]
    try:
        _module(chainer, "gradient_check").check_backward(func, xs, gys)
    except AssertionError as error:
        lines = str(error).splitlines()
        return [
            round(float(line.split(":")[1]), 6) for line in lines if line.startswith("gradients")
        ]


def check_double_backward(chainer, np, name, xs, gys, ggxs, kwargs):
    """check_double_backward, and the next number of the global stream."""
    func = _functions(chainer, np)[name]
    _module(chainer, "gradient_check").check_double_backward(func, xs, gys, ggxs, **kwargs)
    return float(np.random.uniform())


def check_params(chainer, np, dtype, double):
    """Gradients by a parameter that the function reads."""
    W = chainer.Parameter(np.random.normal(size=(2, 3)).astype("f"))
    x = np.random.normal(size=(2, 3)).astype("f")
    gy = np.random.normal(size=(2, 3)).astype("f")
    check = _module(chainer, "gradient_check")
    options = {"dtype": dtype, "atol": 1e-2, "rtol": 1e-2}

    def func(x):
        return x * x * W * W

    if double:
        check.check_double_backward(func, x, gy, gy, (W,), (gy,), **options)
    else:
        check.check_backward(func, x, gy, W, **options)
    return float(np.random.uniform())


def deprecated_assert_allclose(chainer, np, x, y):
    """The old place of assert_allclose."""
    _module(chainer, "gradient_check").assert_allclose(x, y)


def assert_allclose(chainer, np, x, y, kwargs):
    """Arrays that agree or not."""
    _module(chainer, "testing").assert_allclose(x, y, **kwargs)

"""Bodies that build, show and evaluate the expressions of type checks."""

from __future__ import annotations

SHOWN = {
    "sum": lambda x, y: x + y * 2 - 1,
    "brackets": lambda x, y: (x + y) * (2 - x),
    "left": lambda x, y: x - (y - 1) - 2,
    "quotients": lambda x, y: x / (y / 2) // 3 % 5,
    "power": lambda x, y: (x**y) ** 2,
    "power_right": lambda x, y: x ** (y**2),
    "shifts": lambda x, y: (x << 2) >> (y << 1),
    "bits": lambda x, y: x & y | x ^ (y | 1),
    "unary": lambda x, y: -(x + y) + +x - ~y,
    "unary_of_unary": lambda x, y: -(+x),
    "reflected": lambda x, y: 2 + x * (3 - y),
    "reflected_more": lambda x, y: (7 // x, 7 % y, 2 << x, 8 >> x, 1 & x, 1 | x, 1 ^ x, 1.5 / x),
    "comparison": lambda x, y: x + 1 == y,
    "comparisons": lambda x, y: (x != y, x < y, x <= y, x > y, x >= y, x > 1),
    "comparison_of_tuple": lambda x, y: (x, y) == x,
}


def show(chainer, np, name):
    """An expression as text and its value."""
    T = chainer.utils.type_check
    x, y = T.Variable(4, "x"), T.Variable(3, "y")
    made = SHOWN[name](x, y)
    many = made if isinstance(made, tuple) else (made,)
    return [(str(one), one.eval()) for one in many]


def show_parts(chainer, np):
    """Attributes, indices and calls as text and values."""
    T = chainer.utils.type_check
    a = T.Variable(np.arange(24).reshape(2, 3, 4), "a")
    i = T.Variable(1, "i")
    many = [
        a.shape,
        a.shape[i],
        a.shape[-1],
        a[0, 1],
        a[..., i],
        a[:, i:],
        a[::2, :i, 1:3:1],
        a[(0,)],
        a.sum(),
        a.sum(i),
        a.sum((0, 1)),
        a.sum([0, i][1]),
        T.GetAttr(a, T.Constant("ndim")),
        T.GetAttr(a, T.Variable("ndim", "name")),
        T.Constant((1, i)),
        T.Constant([i, 2]),
        T.Constant(()),
        T.prod(a.shape),
        T.prod(a.shape[1:]) * 2,
    ]
    return [(str(one), _plain(np, one, i)) for one in many]


def _plain(np, one, i):
    if type(one).__name__ == "Constant" or "slice" in str(one) or ":" in str(one):
        return None
    value = one.eval()
    return value.tolist() if isinstance(value, np.ndarray) else value


def bool_of_an_expression(chainer, np):
    """Raises."""
    bool(chainer.utils.type_check.Variable(1, "x") == 1)


def hash_of_an_expression(chainer, np):
    """Raises."""
    hash(chainer.utils.type_check.Variable(1, "x"))


CHECKS = {
    "kind": lambda T, t: T.expect(t[0].dtype.kind == "f"),
    "dtype": lambda T, t: T.expect(t[0].dtype == t[1].dtype),
    "ndim": lambda T, t: T.expect(t[0].ndim == 2, t[1].ndim >= 1),
    "shape": lambda T, t: T.expect(t[0].shape == t[1].shape),
    "axis": lambda T, t: T.expect(t[0].shape[1] == t[1].shape[0]),
    "slice": lambda T, t: T.expect(t[0].shape[1:] == t[1].shape[1:]),
    "size": lambda T, t: T.expect(t.size() == 2),
    "elements": lambda T, t: T.expect(t[0].size == 6),
    "prod": lambda T, t: T.expect(T.prod(t[0].shape[1:]) == t[1].shape[-1]),
    "named": lambda T, t: T.expect(t[0].shape[0] % T.make_variable(2, "r") == 0),
    "argname": lambda T, t: (T._argname(t, ("x", "y")), T.expect(t[0].ndim == t[1].ndim)),
    "argname_count": lambda T, t: T._argname(t, ("x",)),
    "broadcast": lambda T, t: T.expect_broadcast_shapes(t[0].shape, t[1].shape),
    "eval": lambda T, t: T.expect(t[1].ndim == T.eval(t[0].ndim)),
    "no_comparison": lambda T, t: T.expect(False),
}


def check(chainer, np, name, shapes, dtypes):
    """Run a check as Chainer does: by values, then, if that fails, by expressions."""
    T = chainer.utils.type_check
    data = tuple(np.zeros(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True))

    class Function:
        label = "My Function"

    with T.light_mode:
        try:
            CHECKS[name](T, T.get_light_types(data))
            light = True
        except T.InvalidType as error:
            light = str(error)
        assert T.in_light_mode()
    with T.get_function_check_context(Function):
        try:
            CHECKS[name](T, T.get_types(data, "in_types", False))
        except T.InvalidType as error:
            return light, str(error), str(error.expect), str(error.actual)
    return light, T.in_light_mode()


def invalid_type(chainer, np, args):
    """The exception by itself, also after pickling."""
    import pickle

    error = chainer.utils.type_check.InvalidType(*args)
    twin = pickle.loads(pickle.dumps(error))
    return str(error), str(twin), twin.expect, twin.actual, twin.args


def same_types(chainer, np):
    """Arrays of one library or not."""
    T = chainer.utils.type_check
    a = np.zeros(2)
    return T.same_types(a, a), T.same_types(a, 1), T.same_types(1, 2), T.same_types()


def types_with_shapes(chainer, np):
    """Shapes given apart."""
    T = chainer.utils.type_check
    data = (np.zeros((2, 3, 4), "f"),)
    full = T.get_types(data, "t", False, shapes=((2, 4, 3),))
    light = T.get_light_types(data, shapes=((2, 4, 3),))
    return full[0].shape.eval(), light[0].shape, light[0].size, light[0].ndim, light[0].dtype.str

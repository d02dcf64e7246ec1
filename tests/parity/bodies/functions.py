"""Functions of variables: values, gradients, gradients of gradients, and errors."""

from __future__ import annotations


def call(chainer, np, name, arguments, options, order=2, config=None, seed_dtype=None):
    """Call a function and differentiate it.

    `name` is a function of `chainer.functions`. An argument is a pair of kind and value: ("v",
    array) a variable, ("a", array) a raw array, ("o", value) anything else, and ("s", list) a list
    of such pairs; ("v'", array) and ("a'", array) are the same in a layout that is not contiguous;
    ("coo", array) a sparse matrix, ("sampler", (counts, dtype)) a function that draws samples, and
    ("function", None) one of variables; ("index", list) an index, with tuples for slices.
    `order` says how often to differentiate. `config` are entries of the configuration. What goes
    into the derivatives is rounded to `seed_dtype`, if there is one.
    """
    for key, value in (config or {}).items():
        setattr(chainer.config, key, value)
    try:
        variables = []
        made = [_make(chainer, np, argument, variables) for argument in arguments]
        outcome = getattr(chainer.functions, name)(*made, **options)
        outputs = _flat(outcome)
        result = {"y": [None if y is None else _data(y) for y in outputs]}
        ends = [y for y in outputs if _is_floating(y)]
        if order and ends and variables:
            _differentiate(chainer, np, result, ends, variables, order, seed_dtype)
        return result
    finally:
        for key in config or {}:
            delattr(chainer.config, key)


def _make(chainer, np, argument, variables):
    kind, value = argument
    if kind == "o" or (value is None and kind != "function"):
        return value
    if kind == "s":
        return [_make(chainer, np, item, variables) for item in value]
    if kind == "coo":
        matrix = chainer.utils.to_coo(value, requires_grad=True)
        variables.append(matrix.data)
        return matrix
    if kind == "sampler":
        alias = chainer.utils.WalkerAlias(value[0])
        return lambda shape: alias.sample(shape).astype(value[1])
    if kind == "index":
        return tuple(slice(*item[1:]) if item and item[0] == "slice" else item for item in value)
    if kind == "function":
        return lambda x, *others: sum(others, chainer.functions.sin(x)) * x
    if kind.endswith("'"):
        value = np.repeat(value, 2, axis=-1)[..., ::2] if value.ndim else value
    if kind.startswith("a"):
        return value
    variable = chainer.Variable(value.copy() if not kind.endswith("'") else value)
    if value.dtype.kind == "f":
        variables.append(variable)
    return variable


def _flat(outcome):
    if isinstance(outcome, (list, tuple)):
        return [y for item in outcome for y in _flat(item)]
    return [outcome]


def _data(y):
    return y.array if hasattr(y, "array") else y


def _is_floating(y):
    return hasattr(y, "array") and y.array is not None and y.array.dtype.kind == "f"


def _differentiate(chainer, np, result, ends, variables, order, seed_dtype):
    random = np.random.RandomState(1)

    def like(y):
        drawn = random.uniform(-1, 1, y.shape).astype(seed_dtype or y.dtype)
        return chainer.Variable(drawn.astype(y.dtype))

    seeds = [like(y) for y in ends]
    grads = chainer.grad(ends, variables, seeds, enable_double_backprop=order > 1)
    result["gx"] = [None if g is None else g.array for g in grads]
    found = [g for g in grads if g is not None and g.requires_grad]
    if order < 2 or not found:
        return
    second = chainer.grad(found, variables + seeds, [like(g) for g in found])
    result["ggx"] = [
        # Chainer gives zeros where torch knows that nothing depends on it, and the reverse.
        None if g is None or not g.array.any() else g.array
        for g in second
    ]


def multiply_sparse(chainer, np, transa, transb, sparse_first, batch):
    """Multiply a sparse and a dense matrix, and differentiate with respect to both."""
    random = np.random.RandomState(0)
    sparse = random.uniform(-1, 1, (2, 3, 4)).astype("f")
    sparse[sparse < 0] = 0
    # So that the entries of the batch are not equally many.
    sparse[1, :2] = 0
    transposed = transa if sparse_first else transb
    inner = 3 if transposed == sparse_first else 4
    dense_shape = (inner, 2) if sparse_first != transb else (2, inner)
    if not sparse_first:
        dense_shape = (inner, 2) if transa else (2, inner)
    dense = random.uniform(-1, 1, (2, *dense_shape)).astype("f")
    if not batch:
        sparse, dense = sparse[0], dense[0]
    matrix = chainer.utils.to_coo(sparse, requires_grad=True)
    dense = chainer.Variable(dense)
    operands = (matrix, dense) if sparse_first else (dense, matrix)
    y = chainer.functions.sparse_matmul(*operands, transa=transa, transb=transb)
    seed = chainer.Variable(random.uniform(-1, 1, y.shape).astype("f"))
    variables = [matrix.data, dense]
    grads = chainer.grad([y], variables, [seed], enable_double_backprop=True)
    weights = [chainer.Variable(np.ones_like(g.array)) for g in grads]
    second = chainer.grad(grads, [*variables, seed], weights)
    return {
        "y": y.array,
        "g": [g.array for g in grads],
        "gg": [None if g is None else g.array for g in second],
    }


def forget(chainer, np, double):
    """Differentiate a function whose results in between are not kept."""
    x, w = (chainer.Variable(np.array(v, "f")) for v in ([1, 2], [3, 4]))
    y = chainer.functions.forget(lambda x: chainer.functions.sin(x) * w, x)
    if double:
        chainer.grad([y], [x], enable_double_backprop=True)
    y.grad = np.ones(2, "f")
    y.backward()
    return {"y": y.array, "x": x.grad, "w": w.grad, "label": y.creator.label}


def running_statistics(chainer, np, dtype):
    """Move running statistics by batches."""
    functions, random = chainer.functions, np.random.RandomState(0)
    x = random.uniform(-1, 1, (8, 6, 2)).astype(dtype)
    one, zero = np.ones(6, dtype), np.zeros(6, dtype)
    mean, var = zero.copy(), one.copy()
    rows, matrices = np.zeros((2, 3), dtype), np.zeros((2, 3, 3), dtype)
    for keeps in (False, True):
        functions.batch_renormalization(
            x, one, zero, 2, 1, 1e-3, mean, var, 0.8, update_statistics=keeps
        )
        functions.decorrelated_batch_normalization(
            x, groups=2, eps=1e-3, decay=0.8,
            running_mean=rows if keeps else None, running_projection=matrices,
        )  # fmt: skip
    return [mean, var, rows, matrices]


def batch_statistics(chainer, np, shape, dtypes, options):
    """Move the running statistics of batches, whose dtypes and axes may be others."""
    random = np.random.RandomState(0)
    size = shape[-1] if "axis" in options else shape[1]
    gamma, beta = np.ones(size, dtypes[1]), np.zeros(size, dtypes[1])
    mean, var = np.full(size, 0.5, dtypes[2]), np.full(size, 2, dtypes[2])
    for decay in (0.9, 0.0, 1.0, 0.5):
        x = random.uniform(-1, 1, shape).astype(dtypes[0])
        chainer.functions.batch_normalization(
            x, gamma, beta, running_mean=mean, running_var=var, decay=decay, **options
        )
    return [mean, var]


def warned(chainer, np, name, arrays):
    """Call a function and tell which warnings it gives."""
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y = getattr(chainer.functions, name)(*arrays)
    return [y.array, [warning.category.__name__ for warning in caught]]

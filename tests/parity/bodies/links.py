"""Links: first weights, results, gradients, statistics, and what is saved."""

from __future__ import annotations

import copy
import pickle


def used(chainer, np, name, arguments, options, shape, dtype, calls=2):
    """Make a link, call it, differentiate, and save it."""
    link = getattr(chainer.links, name)(*arguments, **options)
    random = np.random.RandomState(1)
    result = {"before": _saved(chainer, np, link)}
    if "Batch" not in name:  # Chainer's shows other values than it has, or fails
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


def stepped(chainer, np, name, arguments, options, batches):
    """Step a recurrent link through batches, differentiate, and save it."""
    link = getattr(chainer.links, name)(*arguments, **options)
    random = np.random.RandomState(1)
    result = {"before": _saved(chainer, np, link), "text": str(link)}
    is_given = name in ("StatelessGRU", "StatelessMGU")
    state = np.zeros((batches[0], 3), np.float32) if is_given else None
    inputs, outputs, loss = [], [], 0
    link.cleargrads()
    for batch in batches:
        x = chainer.Variable(random.uniform(-1, 1, (batch, 4)).astype(np.float32))
        if name == "StatelessLSTM":
            state = link(*(state or (None, None)), x)
            y = state[0] + state[1]
        elif is_given:
            y = state = link(state, x)
        else:
            y = link(x)
        inputs.append(x)
        outputs.append(y.array)
        loss += chainer.functions.sum(y * random.uniform(-1, 1, y.shape).astype(np.float32))
    loss.backward()
    result["outputs"] = outputs
    result["inputs"] = [x.grad for x in inputs]
    result["grads"] = {path: p.grad for path, p in sorted(link.namedparams())}
    result["after"] = _saved(chainer, np, link)
    result["states"] = {
        key: getattr(link, key).array for key in ("c", "h") if getattr(link, key, None) is not None
    }
    return result


def state_kept(chainer, np, name, names):
    """Set, move and reset the state of a recurrent link."""
    link = getattr(chainer.links, name)(4, 3)
    random = np.random.RandomState(1)
    x = random.uniform(-1, 1, (2, 4)).astype(np.float32)
    first = link(x).array
    states = [random.uniform(-1, 1, (2, 3)).astype(np.float32) for _ in names]
    variables = [chainer.Variable(state) for state in states]
    link.set_state(*variables)
    kept = [getattr(link, name) is v for name, v in zip(names, variables, strict=True)]
    second = link(x).array
    link.to_device("@numpy")
    visited = []

    class Visitor(chainer.device_resident.DeviceResidentsVisitor):
        def visit_device_resident(self, device_resident):
            pass

        def visit_array(self, arr):
            return arr

        def visit_variable(self, param):
            visited.append(param)

    link.device_resident_accept(Visitor())
    seen = [any(getattr(link, name) is v for v in visited) for name in names]
    link.reset_state()
    empty = [getattr(link, name) is None for name in names]
    return [first, second, link(x).array, kept, seen, empty]


def state_refused(chainer, np, name, count):
    """Set a state that is no variable."""
    getattr(chainer.links, name)(4, 3).set_state(*[np.zeros((2, 3), np.float32)] * count)


def called_with(chainer, np, name, arguments, *shapes):
    """Call a link with as many arrays as there are shapes, and differentiate."""
    link = getattr(chainer.links, name)(*arguments)
    random = np.random.RandomState(1)
    link.cleargrads()
    inputs = [chainer.Variable(random.uniform(-1, 1, s).astype(np.float32)) for s in shapes]
    y = link(*inputs)
    chainer.functions.sum(y * random.uniform(-1, 1, y.shape).astype(np.float32)).backward()
    grads = {path: p.grad for path, p in sorted(link.namedparams())}
    return [_saved(chainer, np, link), str(link), y.array, [x.grad for x in inputs], grads]


def with_arrays(chainer, np, name, arguments, option, shape):
    """Give a link an array to begin with."""
    array = np.random.RandomState(1).uniform(-1, 1, shape).astype(np.float32)
    return _saved(chainer, np, getattr(chainer.links, name)(*arguments, **{option: array}))


def filled_by_functions(chainer, np):
    """Let plain functions fill the parameters of a maxout layer."""
    shapes = []

    def fill(array):
        shapes.append(array.shape)
        array[...] = np.arange(array.size).reshape(array.shape)

    link = chainer.links.Maxout(4, 3, 2, fill, fill)
    return [shapes, _saved(chainer, np, link)]


def parameter_held(chainer, np):
    """Hold a parameter in a link and differentiate it."""
    array = np.arange(3, dtype=np.float64)
    link = chainer.links.Parameter(array)
    first = [link.W.grad, _saved(chainer, np, link), str(link)]
    link.cleargrads()
    chainer.functions.sum(link() * link()).backward()
    return [*first, link().array, link.W.grad, link.W.array is array]


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


def finetuned(chainer, np, name, arguments, options):
    """Collect the statistics of batches, begin anew, and use them."""
    link = getattr(chainer.links, name)(*arguments, **options)
    random = np.random.RandomState(1)
    found = []
    for _ in range(2):
        link.start_finetuning()
        for _ in range(3):
            x = random.uniform(-1, 1, (8, 4)).astype(np.float32)
            link(x, finetune=True)
        with chainer.using_config("train", False):
            found += [link.N, link(x).array, _saved(chainer, np, link)]
    return found


def forgotten(chainer, np, name, arguments, finetune):
    """Normalize batches of which nothing is kept, so that each is normalized twice."""
    link = getattr(chainer.links, name)(*arguments)
    random = np.random.RandomState(1)
    found = []
    for _ in range(3):
        x = chainer.Variable(random.uniform(-1, 1, (8, 4)).astype(np.float32))
        y = chainer.functions.forget(lambda x: link(x, finetune=finetune), x)
        link.cleargrads()
        chainer.functions.sum(y * y * y).backward()
        found += [y.array, x.grad, [p.grad for p in link.params()], _saved(chainer, np, link)]
    return found


def loaded_whitening(chainer, np, groups, shapes):
    """Load running statistics, as files of version 6 have them, too."""
    import warnings

    link = chainer.links.DecorrelatedBatchNormalization(4, groups)
    arrays = {
        name: np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        for name, shape in zip(("avg_mean", "avg_projection"), shapes, strict=True)
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        chainer.serializers.NpzDeserializer({**arrays, "N": np.array(3)}).load(link)
    return [link.avg_mean, link.avg_projection, link.N, len(caught)]


def from_parameters(chainer, np, name, shape, bias, options, dtype="float32", wrap=False):
    """Make a link from arrays or variables; show its parameters and what it gives."""
    random = np.random.RandomState(0)
    arrays = {"W": random.uniform(-1, 1, shape).astype(dtype)}
    if bias is not None:
        arrays["b"] = random.uniform(-1, 1, bias).astype(dtype)
    if wrap:
        arrays = {key: chainer.Variable(array) for key, array in arrays.items()}
    link = getattr(chainer.links, name).from_params(**arrays, **options)
    if name == "EmbedID":
        x = np.array([0, 1], np.int32)
    else:
        channels = shape[1] * options.get("groups", 1)
        x = random.uniform(-1, 1, (2, channels, *(4,) * (len(shape) - 2))).astype(np.float32)
    return {
        "text": str(link),
        "parameters": {path: p.array for path, p in sorted(link.namedparams())},
        "y": link(x).array,
    }


def sequential(chainer, np, mode, steps, links):
    """Edit a sequential and copy it; show what its links are called, in files and in order.

    A step is what to do, at which place, and whether with a link; `links` start the sequential.
    """
    sizes = iter(range(2, 1000))

    def layer(is_link):
        return chainer.links.Linear(1, next(sizes)) if is_link else chainer.functions.tanh

    model = chainer.Sequential(*map(layer, links))
    for what, place, is_link in steps:
        model = _edited(chainer, model, mode, layer, what, place, is_link)
    inside = chainer.Chain()
    with inside.init_scope():
        inside.model = model
    copies = [model.copy(mode), copy.deepcopy(model), model.repeat(3, mode), inside.copy(mode)]
    shown = [_shown(chainer, each) for each in [model, inside, *copies]]
    # Last, for a link has one name, however many lists it is in.
    return [*shown, _shown(chainer, (model + model).flatten())]


def drawn_again(chainer, np, shape):
    """Copy links of one link each and more, all drawn anew; `shape` says what is inside what."""

    class Net(chainer.Chain):
        def __init__(self, inside):
            super().__init__()
            with self.init_scope():
                self.p = chainer.Parameter(chainer.initializers.Normal(), (1,))
                self.inside = inside

    model = chainer.links.Linear(1, 2)
    for kind in shape:
        more = chainer.links.Linear(2, 1)
        if kind == "chain":
            model = chainer.Chain(inside=model)
        elif kind == "net":
            model = Net(model)
        else:
            cls = chainer.ChainList if kind == "list" else chainer.Sequential
            model = cls(more, model)
    fresh = [model.copy("init"), model.repeat(2)]
    return [
        [(path, p.array) for each in fresh for path, p in sorted(each.namedparams())],
        np.random.uniform(),
    ]


def _edited(chainer, model, mode, layer, what, place, is_link):
    """A sequential after one step, or another one that was made of it."""
    size = len(model)

    def remove_type():
        model.remove_by_layer_type("Linear" if is_link else "tanh")

    in_place = {
        "remove type": remove_type,
        "insert": lambda: model.insert(place % (2 * size + 1) - size, layer(is_link)),
        "append": lambda: model.append(layer(is_link)),
        "extend": lambda: model.extend([layer(is_link), layer(not is_link), layer(True)]),
        "add to": lambda: model.__iadd__(chainer.Sequential(layer(is_link), layer(True))),
    }
    if size:
        in_place |= {
            "delete": lambda: model.__delitem__(place % size),
            "pop": lambda: model.pop(place % size),
            "remove": lambda: model.remove(model[place % size]),
            "set": lambda: model.__setitem__(place % size, layer(is_link)),
        }
    another = {
        "copy": lambda: model.copy(mode),
        "repeat": lambda: model.repeat(2, mode) if size < 40 else model,
        "nest": lambda: chainer.Sequential(layer(is_link), model, layer(True)),
        "flatten": model.flatten,
        "part": lambda: chainer.Sequential(*model.copy(mode)[place % (size + 1) :]),
    }
    if what in another:
        return another[what]()
    in_place.get(what, list)()
    return model


def _shown(chainer, model):
    target = {}
    chainer.serializers.DictionarySerializer(target).save(model)
    return [
        {key: (array.shape, array) for key, array in sorted(target.items())},
        [(path, p.shape) for path, p in model.namedparams() if path.endswith("W")],
        [link.name for link in model.links()],
    ]


def sequential_refuses(chainer, np, what):
    """Ask of a sequential what it cannot do."""
    model = chainer.Sequential(chainer.links.Linear(1, 2), chainer.functions.tanh)
    relu = chainer.functions.relu
    asked = {
        "set behind the end": lambda: model.__setitem__(2, relu),
        "set before the start": lambda: model.__setitem__(-3, relu),
        "set what cannot be called": lambda: model.__setitem__(0, 3),
        "pop": lambda: model.pop(2),
        "delete": lambda: model.__delitem__(2),
        "remove": lambda: model.remove(relu),
        "copy": lambda: model.copy("colour"),
        "copy parameters": lambda: model.copyparams(chainer.ChainList(model[0])),
        "add": lambda: model.__add__([relu]),
        "pickle": lambda: pickle.dumps(chainer.Sequential(lambda x: x)),
    }
    asked[what]()


def inserted(chainer, np, place):
    """Insert a layer into a sequential of two, at a place that may be outside."""
    model = chainer.Sequential(chainer.functions.relu, chainer.functions.tanh)
    model.insert(place, chainer.functions.sigmoid)
    return len(model)

"""What optimizers, rules and their hooks do besides arithmetic."""

from __future__ import annotations

import copy
import pickle
import warnings


def pair(chainer, np, **optimizer):
    """A link of two parameters, one of them without a shape yet, under an optimizer."""
    link = chainer.Link()
    with link.init_scope():
        link.a = chainer.Parameter(np.arange(3, dtype="f"))
        link.b = chainer.Parameter(chainer.initializers.Constant(2))
    name = optimizer.pop("name", "MomentumSGD")
    return link, getattr(chainer.optimizers, name)(**optimizer).setup(link)


def plain(np, value):
    """A state or an array as plain data."""
    if isinstance(value, dict):
        return {key: plain(np, value[key]) for key in sorted(value)}
    return np.array(value) if hasattr(value, "dtype") else value


def shown(np, link):
    """Arrays, gradients, states and counts of a link's parameters."""
    found = {}
    for name, param in sorted(link.namedparams()):
        rule = param.update_rule
        grad = param.grad if param.array is not None else None
        found[name] = [plain(np, x) for x in (param.array, grad, rule.state, rule.t)]
    return found


def raised(call):
    """The builtin class of what a call raises, by its name."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 (every exception is a result to compare)
        return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return None


def rule_class(chainer, module, name):
    """A rule of the library's, which Chainer has in a deep module."""
    here = vars(chainer.optimizers).get(module)
    return getattr(chainer.optimizers if here is None else here, name)


def lazy_parameter(chainer, np):
    """Updates before and after a parameter has its shape."""
    link, optimizer = pair(chainer, np)
    first = raised(optimizer.update)  # the gradient of `b` is not known
    before = shown_counts(link, optimizer)
    link.cleargrads()
    optimizer.update()
    between = shown(np, link)
    link.b.initialize((2,))
    link.b.grad = np.ones(2, "f")
    optimizer.update()
    return first, before, between, shown(np, link), optimizer.t


def shown_counts(link, optimizer):
    """How often each part was updated."""
    return [param.update_rule.t for _, param in sorted(link.namedparams())], optimizer.t


def no_gradients(chainer, np, name):
    """Parameters without gradients get zeros, and momentum goes on."""
    link, optimizer = pair(chainer, np, name=name)
    link.cleargrads()
    link.a.grad = np.ones(3, "f")
    optimizer.update()
    link.cleargrads()
    for _ in range(3):
        optimizer.update()
    return shown(np, link), optimizer.t


def disabled(chainer, np):
    """A rule that is switched off for a while, and hence counts less."""
    link = chainer.Link(a=(2,), b=(2,))
    optimizer = chainer.optimizers.Adam().setup(link)
    for step in range(6):
        link.a.array[...] = link.b.array[...] = 0
        for param in link.params():
            param.grad = np.ones(2, "f")
        link.a.update_rule.enabled = step not in (2, 3)
        optimizer.update()
    link.disable_update()
    optimizer.update()
    return shown(np, link), link.update_enabled, optimizer.t


def own_hyperparameters(chainer, np):
    """A rule with a value of its own, set late, and changed at the optimizer."""
    link = chainer.Link(a=(2,), b=(2,), c=(2,))
    optimizer = chainer.optimizers.MomentumSGD(lr=0.1).setup(link)
    texts = []
    for step in range(5):
        for param in link.params():
            param.grad = np.ones(2, "f")
            param.array[...] = 0
        if step == 1:
            link.a.update_rule.hyperparam.lr = 1.0
        if step == 2:
            optimizer.lr = 0.5
        if step == 3:
            optimizer.hyperparam.momentum = 0.25
            link.c.update_rule.hyperparam.momentum = 0.0
        optimizer.update()
        texts.append(repr(link.a.update_rule.hyperparam))
    return shown(np, link), texts, link.c.update_rule.hyperparam.get_dict()


def rules_of_the_users(chainer, np):
    """Another rule for one parameter, and one of the user's own with a list in its state."""
    link = chainer.Link(a=(2,), b=(2,), c=(2,))
    optimizer = chainer.optimizers.SGD(lr=0.1).setup(link)

    class Remembering(chainer.UpdateRule):
        def init_state(self, param):
            self.state["seen"] = []
            self.state["sum"] = param.device.xp.zeros_like(param.array)

        def update_core_cpu(self, param):
            self.state["seen"].append(float(param.grad.sum()))
            self.state["sum"] = self.state["sum"] + param.grad
            param.array -= self.hyperparam.lr * self.state["sum"]

    link.b.update_rule = rule_class(chainer, "momentum_sgd", "MomentumSGDRule")(lr=0.5)
    link.c.update_rule = Remembering(optimizer.hyperparam)
    for step in range(3):
        for param in link.params():
            param.grad = np.full(2, step + 1, "f")
            if step == 0:
                param.array[...] = 1
        optimizer.update()
    return shown(np, link), repr(link.b.update_rule.hyperparam)


def overridden(chainer, np):
    """Subclasses of the library's rules."""
    adam = rule_class(chainer, "adam", "AdamRule")

    class Counting(adam):
        calls = 0

        def update_core_cpu(self, param):
            self.calls += 1
            super().update_core_cpu(param)

    class Starting(adam):
        def init_state(self, param):
            super().init_state(param)
            self.state["m"] += 1

    class Slow(adam):
        @property
        def alpha_t(self):
            return super().alpha_t / 10

    link = chainer.Link(a=(2,), b=(2,), c=(2,))
    optimizer = chainer.optimizers.Adam(alpha=0.1).setup(link)
    for param, kind in zip(link.params(), (Counting, Starting, Slow), strict=True):
        param.array[...] = 0
        param.update_rule = kind(optimizer.hyperparam)
    for _ in range(3):
        for param in link.params():
            param.grad = np.ones(2, "f")
        optimizer.update()
    return shown(np, link), link.a.update_rule.calls


def order_of_events(chainer, np):
    """Hooks of the optimizer and of a rule, before and after, around the loss."""
    link = chainer.Link(a=(2,), b=(2,))
    link.a.array[...] = link.b.array[...] = 1
    log = []

    def note(text):
        return lambda *args: log.append((text, [type(arg).__name__ for arg in args]))

    class Each:
        call_for_each_param = True
        timing = "post"
        name = "each"

        def __call__(self, rule, param):
            log.append((self.name, param.name, rule.t))

    optimizer = chainer.optimizers.SGD(lr=0.5).setup(link)
    optimizer.add_hook(note("first"), "first")
    optimizer.add_hook(note("last"), "last", timing="post")
    optimizer.add_hook(Each())
    link.b.update_rule.add_hook(note("rule before"), "x")
    link.b.update_rule.add_hook(note("rule after"), "y", timing="post")

    def loss():
        log.append(("loss", plain(np, link.a.grad)))
        return chainer.functions.sum(link.a * 3)

    link.a.grad = np.full(2, 7, "f")
    optimizer.update(loss)
    optimizer.remove_hook("first")
    link.b.update_rule.remove_hook("x")
    optimizer.update(loss)
    return log, shown(np, link), raised(lambda: optimizer.remove_hook("first"))


def hooks_that_replace(chainer, np):
    """A hook that clears a gradient, one that replaces it, one that replaces an array."""
    link = chainer.Link(a=(2,), b=(2,), c=(2,))
    optimizer = chainer.optimizers.SGD(lr=0.5).setup(link)

    def change(opt):
        opt.target.a.cleargrad()
        opt.target.b.grad = np.full(2, 3, "f")
        opt.target.c.array = np.full(2, 10, "f")

    for timing in ("pre", "post"):
        optimizer.add_hook(change, timing, timing)
    for _ in range(2):
        for param in link.params():
            param.array[...] = 1
            param.grad = np.ones(2, "f")
        optimizer.update()
    return shown(np, link)


def shared_parameter(chainer, np, name):
    """The same parameter in two places, and the same memory in two parameters."""
    param = chainer.Parameter(np.ones(2, "f"))

    class Holder(chainer.Link):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.p = param

    model = chainer.Chain(x=Holder(), y=Holder())
    optimizer = getattr(chainer.optimizers, name)().setup(model)
    twin = chainer.Link(a=(2,))
    twin.a.array[...] = 1
    both = chainer.Chain(left=twin, right=twin.copy())
    other = getattr(chainer.optimizers, name)().setup(both)
    for _ in range(3):
        param.grad = np.ones(2, "f")
        optimizer.update()
        for member in both.params():
            member.grad = np.ones(2, "f")
        other.update()
    return shown(np, model), shown(np, both)


def two_optimizers(chainer, np):
    """The second to be set up has the rules of the parameters that both have."""
    model = chainer.Chain(x=chainer.Link(a=(2,)), y=chainer.Link(a=(2,)))
    for param in model.params():
        param.array[...] = 0
    first = chainer.optimizers.SGD(lr=1).setup(model)
    second = chainer.optimizers.SGD(lr=0.1).setup(model.y)
    for optimizer in (first, second, first):
        for param in model.params():
            param.grad = np.ones(2, "f")
        optimizer.update()
    again = shown(np, model), first.t, second.t
    first.setup(model)
    return again, first.t, shown(np, model)


def live_state(chainer, np):
    """States are raw arrays, live, and can be replaced."""
    link, optimizer = pair(chainer, np, lr=0.1)
    link.cleargrads()
    kinds = [type(link.a.update_rule.state).__name__]
    for step in range(4):
        link.a.grad = np.ones(3, "f")
        optimizer.update()
        state = link.a.update_rule.state
        kinds += [type(state).__name__, type(state["v"]).__name__, state["v"].dtype.name]
        if step == 0:
            state["v"][...] = 5
        if step == 1:
            state["v"] = np.full(3, -1, "f")
        if step == 2:
            link.a.array = np.full(3, 100, "f")
    return shown(np, link), kinds


def saved(chainer, np, name):
    """The keys and values that a file holds of an optimizer."""
    link, optimizer = pair(chainer, np, name=name)
    link.cleargrads()
    optimizer.new_epoch()
    for _ in range(2):
        optimizer.update()
    saver = chainer.serializers.DictionarySerializer()
    saver.save(optimizer)
    return {
        key: None if value is None or value.dtype.hasobject else np.array(value)
        for key, value in sorted(saver.target.items())
        if "hyperparam" not in key and not key.endswith("_beta_power")
    }


def load_first(chainer, np, enabled, drop):
    """A file loaded before the first update: without a state, it is made at that update."""
    link, optimizer = pair(chainer, np)
    link.cleargrads()
    link.a.update_rule.enabled = enabled
    file = {
        "t": np.array(7), "epoch": np.array(1), "a/t": np.array(5), "b/t": np.array(4),
        "a/v": np.arange(3, dtype="f"), "b/v": np.array([3], "f"),
    }  # fmt: skip
    for key in drop:
        del file[key]
    error = raised(lambda: chainer.serializers.NpzDeserializer(file).load(optimizer))
    if error is None:
        link.b.initialize((1,))
        link.a.grad, link.b.grad = np.ones(3, "f"), np.ones(1, "f")
        optimizer.update()
    return error, shown(np, link) if error is None else None


def loss_scaling(chainer, np, scale):
    """Gradients are scaled in the backward pass, and the scale is taken out for the update."""
    link = chainer.Link(a=(3,), b=(3,))
    link.a.array[...] = link.b.array[...] = 1
    optimizer = chainer.optimizers.MomentumSGD(lr=0.5).setup(link)
    optimizer.set_loss_scale(scale)
    optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(0.1))
    grads = []
    optimizer.add_hook(lambda opt: grads.append(np.array(opt.target.a.grad)), "look")
    for _ in range(3):
        optimizer.update(lambda: chainer.functions.sum(link.a * link.a) / 3)
    loss = chainer.functions.sum(link.a * link.b)
    link.cleargrads()
    loss.backward(loss_scale=8.0)
    optimizer.update()
    return shown(np, link), grads


def dynamic_scaling(chainer, np):
    """The scale grows until a gradient is not finite, which skips the update."""
    link = chainer.Link(a=(2,))
    link.a.array[...] = 1
    optimizer = chainer.optimizers.SGD(lr=0.125).setup(link)
    optimizer.loss_scaling(interval=2)
    log = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(8):
            factor = 1e38 if step in (3, 5) else 1.0
            optimizer.update(lambda f=factor: chainer.functions.sum(link.a * f * 4))
            log.append((optimizer._loss_scale, optimizer.is_safe_to_update(), optimizer.t))
    return log, np.array(link.a.array), [w.category is UserWarning for w in caught].count(True)


def half_precision(chainer, np, name, fp32, scale):
    """float16 parameters, through copies in float32 or not."""
    link = chainer.Link()
    with link.init_scope():
        link.a = chainer.Parameter(np.linspace(-1, 1, 8).astype("e"))
        link.b = chainer.Parameter(np.linspace(1, 2, 4).astype("f"))
    optimizer = getattr(chainer.optimizers, name)()
    if name in ("Adam", "RMSprop"):
        optimizer.eps = 1e-4
    if fp32:
        optimizer.use_fp32_update()
    optimizer.setup(link)
    if scale:
        optimizer.set_loss_scale(scale)
    for _ in range(20):
        optimizer.update(
            lambda: chainer.functions.sum(link.a * link.a) + chainer.functions.sum(link.b * 2)
        )
    dtypes = [str(x.dtype) for x in (link.a.update_rule.state or {}).values()]
    return np.array(link.a.array), np.array(link.b.array), dtypes


def copies(chainer, np):
    """A copy and a pickle go on by themselves."""
    link, optimizer = pair(chainer, np, lr=0.1)
    link.cleargrads()
    link.a.grad = np.ones(3, "f")
    optimizer.update()
    found = []
    for other in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        other.target.a.grad = np.ones(3, "f")
        other.update()
        found.append((shown(np, other.target), other.t, repr(other.hyperparam)))
    return found, shown(np, link), optimizer.t


def refused(chainer, np):
    """What is refused, and by which class of exception."""
    link = chainer.Link(a=(2,))
    link.a.grad = np.zeros(2, "f")
    unset, sgd = chainer.optimizers.SGD(), chainer.optimizers.SGD().setup(link)
    hooks = chainer.optimizer_hooks
    nameless = type("H", (), {"__call__": lambda *_: None})
    sgd.add_hook(lambda opt: None, "taken")
    calls = [
        unset.update,
        lambda: unset.add_hook(hooks.WeightDecay(0.1)),
        lambda: unset.remove_hook("x"),
        unset.call_hooks,
        lambda: unset.setup(3),
        lambda: unset.setup(None),
        lambda: sgd.remove_hook("missing"),
        lambda: sgd.call_hooks("during"),
        lambda: sgd.add_hook(3),
        lambda: sgd.add_hook(lambda opt: None, "x", "during"),
        lambda: sgd.add_hook(nameless()),
        lambda: sgd.add_hook(lambda opt: None, "taken", "post"),
        lambda: sgd.loss_scaling(interval=0),
        lambda: sgd.loss_scaling(scale=-1),
        lambda: sgd.set_loss_scale(0),
        lambda: sgd.new_epoch(auto=True),
        lambda: chainer.optimizer.GradientMethod().setup(link),
        lambda: chainer.Optimizer().update(),
        lambda: chainer.UpdateRule().update(link.a),
        lambda: chainer.optimizers.Adam().alpha_t,
        lambda: chainer.optimizers.Adam().lr,
        lambda: sgd.hyperparam.missing,
        lambda: sgd.momentum,
        lambda: chainer.optimizers.SGD(0.1, 2),
        lambda: chainer.optimizers.SGD(momentum=2),
        hooks.WeightDecay,
        hooks.GradientClipping,
        lambda: chainer.optimizer.Hyperparameter().lr,
        lambda: link.a.update_rule.add_hook(nameless()),
    ]
    return [raised(call) for call in calls]


def small_eps(chainer, np, name, eps, dtype):
    """An epsilon that rounds to zero is refused."""
    link = chainer.Link()
    with link.init_scope():
        link.a = chainer.Parameter(np.ones(2, dtype))
    link.a.grad = np.ones(2, dtype)
    optimizer = getattr(chainer.optimizers, name)(eps=eps).setup(link)
    return raised(optimizer.update)


def deprecations(chainer, np):
    """Old names and switches warn."""
    link = chainer.Link(a=(2,))
    link.a.grad = np.ones(2, "f")
    adam = chainer.optimizers.Adam().setup(link)
    adam.update()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        values = [adam.lr, link.a.update_rule.lr, adam.alpha_t, link.a.update_rule.alpha_t]
        adam.use_cleargrads(False)
        for name, args in (
            ("WeightDecay", (0.1,)), ("Lasso", (0.1,)), ("GradientClipping", (1,)),
            ("GradientNoise", (1,)), ("GradientHardClipping", (-1, 1)),
        ):  # fmt: skip
            hook = getattr(chainer.optimizer, name)(*args)
            values.append((hook.name, isinstance(hook, getattr(chainer.optimizer_hooks, name))))
        odd = type("H", (), {"__call__": lambda *_: None, "timing": "during", "name": "odd"})
        adam.add_hook(odd())
    return values, [w.category.__name__ for w in caught]


def zero_grads_of_update(chainer, np):
    """`use_cleargrads(False)` leaves zeros where the loss does not reach."""
    link = chainer.Link(a=(2,), b=(2,))
    link.a.array[...] = link.b.array[...] = 1
    optimizer = chainer.optimizers.SGD(lr=1).setup(link)
    optimizer.use_cleargrads(False)
    optimizer.update(lambda: chainer.functions.sum(link.a))
    return shown(np, link)


def clipping(chainer, np, dtype, values):
    """Clipping of tiny, large and non-finite gradients."""
    link = chainer.Link()
    with link.init_scope():
        link.a = chainer.Parameter(np.zeros(len(values), dtype))
        link.b = chainer.Parameter(np.zeros((2, 2), dtype))
    optimizer = chainer.optimizers.SGD().setup(link)
    found = []
    for name, args in (("GradientClipping", (2,)), ("GradientHardClipping", (-1, 0.5)),
                       ("GradientLARS", ())):  # fmt: skip
        link.a.grad = np.array(values, dtype)
        link.b.grad = np.ones((2, 2), dtype)
        optimizer.call_hook(getattr(chainer.optimizer_hooks, name)(*args))
        found.append((np.array(link.a.grad), np.array(link.b.grad)))
    return found


def no_elements(chainer, np, name):
    """Parameters without elements."""
    link = chainer.Link(b=(2,))
    link.b.array[...] = 1
    with link.init_scope():
        link.a = chainer.Parameter(np.zeros((0, 3), "f"))
    optimizer = getattr(chainer.optimizers, name)().setup(link)
    optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(1))
    for _ in range(2):
        for param in link.params():
            param.grad = np.ones(param.shape, "f")
        optimizer.update()
    return shown(np, link)

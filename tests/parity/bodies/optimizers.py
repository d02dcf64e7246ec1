"""Optimizers over generated problems: quadratic bowls with noise, of several shapes."""

from __future__ import annotations

import io

SHAPES = {"b": (5,), "W": (4, 3), "deep": (2, 3, 2), "one": (1,)}

# Hooks by name and arguments; a tuple of them is one case.
HOOKS = {
    "none": (),
    "decay": (("WeightDecay", (0.01,)),),
    "all": (
        ("WeightDecay", (0.01,)),
        ("Lasso", (0.001,)),
        ("GradientHardClipping", (-2.0, 1.5)),
        ("GradientClipping", (3.0,)),
    ),
    "lars": (("GradientLARS", (0.01, 0.001)),),
    "noise": (("GradientNoise", (0.01,)),),
}


class Problem:
    """A link, and noisy gradients that pull each parameter to a target of its own.

    Closed, they pull from where the parameter is now, so that every rounding comes back in the
    next gradient; else from where it began.
    """

    def __init__(self, chainer, np, seed, dtype, closed, copies=1):
        self.np = np
        self.closed = closed
        self.random = np.random.RandomState(seed)
        self.link = chainer.Link()
        self.starts, self.targets, self.slopes = {}, {}, {}
        with self.link.init_scope():
            shapes = [
                (name if copy == 0 else f"{name}{copy}", shape)
                for copy in range(copies)
                for name, shape in SHAPES.items()
            ]
            for name, shape in shapes:
                start = np.asarray(self.random.uniform(-1, 1, shape), dtype)
                setattr(self.link, name, chainer.Parameter(start))
                self.starts[name] = start.copy()
                self.targets[name] = np.asarray(self.random.uniform(1, 3, shape), dtype)
                self.slopes[name] = np.asarray(self.random.uniform(0.5, 2, shape), dtype)

    def set_gradients(self):
        """The next gradients."""
        for name, param in sorted(self.link.namedparams()):
            name = name.lstrip("/")
            noise = self.random.normal(0, 0.3, param.shape)
            place = param.array if self.closed else self.starts[name]
            grad = self.slopes[name] * (place - self.targets[name])
            param.grad = self.np.asarray(grad + noise, param.dtype)

    def run(self, optimizer, steps):
        """So many updates."""
        for _ in range(steps):
            self.set_gradients()
            optimizer.update()

    def outcome(self, np):
        """The parameters, the states, and the counts."""
        found = {}
        for name, param in sorted(self.link.namedparams()):
            rule = param.update_rule
            state = {} if rule.state is None else rule.state
            found[name] = np.array(param.array)
            found[name + "/t"] = rule.t
            found.update({f"{name}/{key}": np.array(state[key]) for key in sorted(state)})
        return found


def prepared(chainer, np, name, kwargs, hooks, seed, dtype="f", closed=False, copies=1):
    """A problem, and an optimizer set up for it."""
    problem = Problem(chainer, np, seed, dtype, closed, copies)
    optimizer = getattr(chainer.optimizers, name)(**kwargs).setup(problem.link)
    for hook, args in HOOKS[hooks]:
        optimizer.add_hook(getattr(chainer.optimizer_hooks, hook)(*args))
    return problem, optimizer


def run(chainer, np, name, kwargs, hooks, steps, seed, dtype="f", closed=False, copies=1):
    """Where so many updates lead; with copies, those of as many problems at once."""
    problem, optimizer = prepared(chainer, np, name, kwargs, hooks, seed, dtype, closed, copies)
    problem.run(optimizer, steps)
    return problem.outcome(np)


def save(chainer, np, name, kwargs, hooks, steps, seed):
    """The link and the optimizer after so many updates, as two files' bytes."""
    problem, optimizer = prepared(chainer, np, name, kwargs, hooks, seed)
    problem.run(optimizer, steps)
    files = []
    for saved in (problem.link, optimizer):
        file = io.BytesIO()
        chainer.serializers.save_npz(file, saved)
        files.append(np.frombuffer(file.getvalue(), np.uint8))
    return files


def resume(chainer, np, name, kwargs, hooks, steps, more, seed, files):
    """Where `more` updates lead from the files that hold the first `steps`."""
    problem, optimizer = prepared(chainer, np, name, kwargs, hooks, seed)
    for _ in range(steps):
        problem.set_gradients()  # to be where the stream of noise was
    for file, loaded in zip(files, (problem.link, optimizer), strict=True):
        chainer.serializers.load_npz(io.BytesIO(file.tobytes()), loaded)
    problem.run(optimizer, more)
    return problem.outcome(np)

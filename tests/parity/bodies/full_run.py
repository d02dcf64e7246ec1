"""A body that runs a trainer with every extension that Chainer has, and writes down the order."""

from __future__ import annotations

import contextlib
import functools
import io
import pathlib
import tempfile
import types


def run_every_extension(chainer, np, more=None):
    """Three epochs of a linear classifier; gives the calls, and what each iteration observed.

    `more` makes further extensions, as `_extensions` does.
    """
    log = []
    with (
        tempfile.TemporaryDirectory() as out,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        trainer, rates = _trainer(chainer, np, out)
        extensions = _extensions(chainer, np, trainer, rates) + (more(trainer) if more else [])
        for extension, options in extensions:
            trainer.extend(_recorded(extension, log), **options)
        trainer.extend(lambda trainer: log.append(sorted(trainer.observation)), priority=-1000)
        trainer.run()
        # A name that starts with a dot is bookkeeping, not a result.
        files = sorted(path.name for path in pathlib.Path(out).glob("[!.]*"))
        entries = trainer.get_extension("LogReport").log
    return {
        "log": log,
        "rates": {name: float(rate.value) for name, rate in rates.items()},
        "files": files,
        "entries": [sorted(entry) for entry in entries],
        "registered": list(trainer._extensions),
    }


def _trainer(chainer, np, out):
    functions, links = chainer.functions, chainer.links

    class Model(chainer.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.linear = links.Linear(3, 2)

        def forward(self, x, t):
            loss = functions.softmax_cross_entropy(self.linear(x), t)
            chainer.report({"loss": loss, "correct": 1, "total": len(t)}, self)
            return loss

    x = np.random.uniform(-1, 1, (12, 3)).astype(np.float32)
    t = (x.sum(axis=1) > 0).astype(np.int32)
    optimizer = chainer.optimizers.SGD(0.1).setup(Model())
    dataset = chainer.datasets.TupleDataset(x, t)
    iterator = chainer.iterators.SerialIterator(dataset, 4)
    updater = chainer.training.updaters.StandardUpdater(iterator, optimizer)
    trainer = chainer.training.Trainer(updater, (3, "epoch"), out)
    trainer.dataset = dataset
    shifts = ("exponential", "linear", "inverse", "polynomial", "step", "multistep", "warmup")
    return trainer, {name: types.SimpleNamespace(value=1.0) for name in shifts}


def _extensions(chainer, np, trainer, rates):
    """Every extension, registered in an order that priorities must undo."""
    made = chainer.training.extensions
    model = trainer.updater.get_optimizer("main").target
    test = chainer.iterators.SerialIterator(trainer.dataset, 4, repeat=False, shuffle=False)
    epoch = {"trigger": (1, "epoch")}
    return [
        (made.snapshot(n_retains=1), {}),
        (made.snapshot_object(model, "model_{.updater.iteration}"), epoch),
        (made.ProgressBar(update_interval=2), {}),
        (made.PrintReport(["epoch", "main/loss", "validation/main/loss"]), {}),
        (made.LogReport(), {}),
        (made.PlotReport(["main/loss"], "iteration", (1, "epoch"), filename="loss.png"), {}),
        (made.VariableStatisticsPlot(model, trigger=(1, "epoch"), filename="stats.png"), {}),
        (made.Evaluator(test, model), epoch),
        (made.DumpGraph("main/loss"), {}),
        (made.FailOnNonNumber(), {}),
        (made.MicroAverage("main/correct", "main/total", "main/share"), {}),
        (made.ParameterStatistics(model, {"mean": np.mean}, trigger=(2, "iteration")), {}),
        (made.observe_lr(), {}),
        (made.observe_value("one", lambda trainer: 1.0), {}),
        (made.unchain_variables(), {}),
        (made.ExponentialShift("value", 0.5, optimizer=rates["exponential"]), epoch),
        (made.LinearShift("value", (1.0, 0.0), (2, 6), optimizer=rates["linear"]), {}),
        (made.InverseShift("value", 0.5, 1.0, optimizer=rates["inverse"]), {}),
        (made.PolynomialShift("value", 2.0, 20, optimizer=rates["polynomial"]), {}),
        (made.StepShift("value", 0.5, 4, optimizer=rates["step"]), {}),
        (made.MultistepShift("value", 0.5, [2, 5], 1.0, optimizer=rates["multistep"]), {}),
        (made.WarmupShift("value", 0.1, 5, 1.0, optimizer=rates["warmup"]), {}),
    ]


def _recorded(extension, log):
    """The same extension, writing down its calls: by a subclass, or by a wrapper of a function."""
    if isinstance(extension, types.FunctionType):

        @functools.wraps(extension)
        def wrapper(trainer):
            log.append(f"{trainer.updater.iteration} {wrapper.name}")
            return extension(trainer)

        return wrapper
    cls = type(extension)

    def call(self, trainer):
        log.append(f"{trainer.updater.iteration} {self.name}")
        return cls.__call__(self, trainer)

    extension.__class__ = type(cls.__name__, (cls,), {"__call__": call})
    return extension

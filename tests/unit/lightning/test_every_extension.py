"""Every extension of the package does its work in a real Lightning trainer, too."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat.iterators import SerialIterator
from chainer_compat.lightning import ChainerCallback, LinkModule
from chainer_compat.training import Extension, extensions, make_extension
from tests.unit.lightning._runs import Module, fit

ITERATIONS = 8


class Reporting(Module):
    """Reports a Variable with its graph."""

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        chainer.report({"variable": F.sum(chainer.Variable(batch[0]) * 2)}, self)
        chainer.report({"hits": 3, "tries": 4}, self)
        return loss


class Run:
    """A run with one extension, and a log of every iteration."""

    def __init__(self, out, make, before=()):
        self.module = Reporting("sgd")
        self.log = extensions.LogReport(trigger=(1, "iteration"))
        self.callback = ChainerCallback(out, list(before))
        self.extension = make(self.module)
        self.callback.extend(self.extension, trigger=(1, "iteration"))
        self.callback.extend(self.log, name="own_log", priority=-50)
        self.trainer = fit(self.callback, self.module, val=None)
        self.out = out

    @property
    def rates(self):
        return self.trainer.optimizers[0].param_groups[0]["lr"]

    def values(self, name):
        return [entry[name] for entry in self.log.log]


def shift(make, expected):
    def check(run):
        assert run.rates == pytest.approx(expected)

    return (lambda module: make()), check


def writes(name):
    def check(run):
        assert (run.out / name).stat().st_size > 0

    return check


def sees(name, expected=None):
    def check(run):
        values = run.values(name)
        assert len(values) == ITERATIONS
        if expected is not None:
            assert values == pytest.approx(expected)

    return check


def evaluator(module):
    data = [np.ones(2, np.float32), np.zeros(2, np.float32)]
    linear = module.net[0]

    def score(x):
        chainer.report({"score": linear(torch.from_numpy(x)).sum()}, linear)

    return extensions.Evaluator(SerialIterator(data, 1, repeat=False), linear, eval_func=score)


def scheduler():
    return extensions.LRScheduler(
        lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    )


def printed(run):
    """What it prints is looked at where it prints; here, that it was called to the end."""
    assert run.extension._log_len == 2


# Of each: how it is made for a module, and what it must have done.
CASES = {
    "DumpGraph": (lambda m: extensions.DumpGraph("main/variable"), writes("cg.dot")),
    "Evaluator": (evaluator, sees("validation/main/score")),
    "ExponentialShift": shift(lambda: extensions.ExponentialShift("lr", 0.5), 0.1 / 2**8),
    "FailOnNonNumber": (lambda m: extensions.FailOnNonNumber(), sees("loss")),
    "InverseShift": shift(lambda: extensions.InverseShift("lr", 0.5, 1), 0.1 / 5),
    "LRScheduler": shift(scheduler, 0.1 / 2**8),
    "LinearShift": shift(lambda: extensions.LinearShift("lr", (1, 2), (3, 4)), 2),
    "LogReport": (lambda m: extensions.LogReport(), writes("log")),
    "MicroAverage": (
        lambda m: extensions.MicroAverage("main/hits", "main/tries", "ratio", (1, "iteration")),
        sees("ratio", [0.75] * ITERATIONS),
    ),
    "MultistepShift": shift(lambda: extensions.MultistepShift("lr", 0.5, (1, 2), 1.0), 0.25),
    "ParameterStatistics": (
        lambda m: extensions.ParameterStatistics(
            m.net, {"mean": np.mean}, report_grads=False, trigger=(1, "iteration")
        ),
        sees("Sequential/0/weight/data/mean"),
    ),
    "PlotReport": (
        lambda m: extensions.PlotReport(["loss"], trigger=(2, "iteration")),
        writes("plot.png"),
    ),
    "PolynomialShift": shift(lambda: extensions.PolynomialShift("lr", 1, 16), 0.1 / 2),
    "PrintReport": (
        lambda m: extensions.PrintReport(["loss"], extensions.LogReport(filename=None)),
        printed,
    ),
    "ProfileReport": (
        lambda m: extensions.ProfileReport("profile"),
        lambda run: run.extension.calls["extension own_log"] == ITERATIONS,
    ),
    "ProgressBar": (lambda m: extensions.ProgressBar(update_interval=1), sees("loss")),
    "StepShift": shift(lambda: extensions.StepShift("lr", 0.5, 2), 0.1 / 2**4),
    "VariableStatisticsPlot": (
        lambda m: extensions.VariableStatisticsPlot(m.net, trigger=(2, "iteration")),
        writes("statistics.png"),
    ),
    "WarmupShift": shift(lambda: extensions.WarmupShift("lr", 0.1, 8, 0.9), 0.9),
    "observe_lr": (lambda m: extensions.observe_lr(), sees("lr", [0.1] * ITERATIONS)),
    "observe_value": (
        lambda m: extensions.observe_value("iteration_", lambda t: t.updater.iteration),
        sees("iteration_", list(range(1, ITERATIONS + 1))),
    ),
    "snapshot": (lambda m: extensions.snapshot(), writes("snapshot_iter_8")),
    "snapshot_object": (
        lambda m: extensions.snapshot_object(chainer.links.Linear(1, 1), "object"),
        writes("object"),
    ),
    "unchain_variables": (lambda m: extensions.unchain_variables(), sees("loss")),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_works(tmp_path, name, capsys):
    make, check = CASES[name]
    found = check(run := Run(tmp_path, make))
    assert found is None or found
    assert run.trainer.global_step == ITERATIONS
    assert len(json.loads((tmp_path / "log").read_text())) > 0


def test_none_is_left_out():
    kinds = (type(Extension), type(make_extension))
    public = {
        name
        for name in extensions.__all__
        if isinstance(getattr(extensions, name), kinds) and not name.startswith("_")
    }
    assert public - CASES.keys() == {"dump_graph"}  # an old name of DumpGraph


def test_a_chainer_model_reports_to_them_all(tmp_path, capsys):
    model = L.Classifier(L.Linear(2, 3))
    optimizer = chainer.optimizers.SGD(0.1).setup(model)
    callback = ChainerCallback(tmp_path, [extensions.LogReport(), extensions.ProgressBar()])
    callback.extend(extensions.PrintReport(["epoch", "main/loss", "validation/main/loss", "lr"]))
    callback.extend(extensions.observe_lr())
    callback.extend(extensions.ParameterStatistics(model, {"mean": np.mean}))
    callback.extend(extensions.ExponentialShift("lr", 0.5), trigger=(1, "epoch"))
    x = torch.rand(12, 2)
    data = torch.utils.data.TensorDataset(x, torch.zeros(12, dtype=torch.int32))
    batches = torch.utils.data.DataLoader(data, 4)
    fit(callback, LinkModule(optimizer), batches, batches)

    log = json.loads((tmp_path / "log").read_text())
    assert optimizer.lr == pytest.approx(0.025)
    assert {"main/loss", "validation/main/accuracy", "lr"} < log[1].keys()
    assert any(name.endswith("W/grad/mean") for name in log[1])
    assert capsys.readouterr().out.count("epoch") >= 1

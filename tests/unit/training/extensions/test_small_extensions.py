from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat.configuration import using_config
from chainer_compat.errors import DivergedError
from chainer_compat.training import extensions
from tests.unit.training._doubles import load, numbers_trainer, saved


class Parameter:
    """What has arrays and no tensors."""

    def __init__(self, array, grad=None):
        self.array = self.data = array
        self.grad = grad


class Link:
    name = None

    def __init__(self, **parameters):
        self.parameters = parameters

    def namedlinks(self, skipself=False):
        yield from ()

    def namedparams(self):
        for name, parameter in self.parameters.items():
            yield "/" + name, parameter

    def params(self, include_uninit=True):
        yield from self.parameters.values()


class Optimizer:
    def __init__(self, target, lr=0.25):
        self.target, self.lr = target, lr


def with_optimizers(trainer, **optimizers):
    trainer.updater.get_all_optimizers = lambda: optimizers
    trainer.updater.get_optimizer = optimizers.__getitem__
    return trainer


class TestObserve:
    def test_value_and_learning_rate(self, tmp_path):
        trainer = with_optimizers(
            numbers_trainer(tmp_path, stop=(1, "iteration")),
            main=Optimizer(None),
            gen=Optimizer(None, 4.0),
        )
        seen = {}
        for extension in (
            extensions.observe_lr(),
            extensions.observe_lr("gen", "gen/lr"),
            extensions.observe_value("three", lambda t: t.updater.iteration + 2),
        ):
            assert (extension.trigger, extension.priority) == ((1, "epoch"), 300)
            trainer.extend(extension, trigger=(1, "iteration"))
        trainer.extend(lambda t: seen.update(t.observation), name="look")
        trainer.run()

        assert seen == {"lr": 0.25, "gen/lr": 4.0, "three": 3}
        assert list(trainer._extensions)[:2] == ["_observe_value", "_observe_value_1"]


class TestFailOnNonNumber:
    def run(self, tmp_path, **targets):
        trainer = with_optimizers(
            numbers_trainer(tmp_path), **{n: Optimizer(target) for n, target in targets.items()}
        )
        trainer.extend(extensions.FailOnNonNumber())
        trainer.run(show_loop_exception_msg=False)

    def test_finite_parameters_pass(self, tmp_path):
        self.run(
            tmp_path,
            net=torch.nn.Linear(2, 2),
            link=Link(W=Parameter(np.ones(2)), later=Parameter(None)),
            empty=Link(),
        )

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_others_are_named(self, tmp_path, bad):
        link = Link(W=Parameter(np.ones(2)), b=Parameter(np.array([0, bad])))
        with pytest.raises(DivergedError, match=r"optimizer 'gen' diverge: .* in /b$"):
            self.run(tmp_path, main=Link(), gen=link)

    def test_those_of_torch_modules_too(self, tmp_path):
        net = torch.nn.Sequential(torch.nn.Linear(2, 2))
        net[0].weight.data[0, 1] = float("nan")
        with pytest.raises(RuntimeError, match=r"in /0/weight$"):
            self.run(tmp_path, main=net)


class TestMicroAverage:
    def run(self, out, values, resume=None, stop=None):
        def report(iteration):
            correct, total = values[iteration - 1]
            chainer.report({"correct": correct, "total": total})

        trainer = numbers_trainer(out, stop=(stop or len(values), "iteration"), report=report)
        average = extensions.MicroAverage("correct", "total", "ratio", (2, "iteration"))
        trainer.extend(average)
        seen = []
        trainer.extend(lambda t: seen.append(t.observation.get("ratio")), name="look")
        if resume is not None:
            load(trainer, resume)
        trainer.run()
        return trainer, seen

    def test_is_the_quotient_of_the_sums(self, tmp_path):
        _, seen = self.run(tmp_path, [(1, 2), (8, 8), (0, 1), (1, 3)])

        assert seen == [None, 0.9, None, 0.25]

    @pytest.mark.parametrize("kind", [int, np.float32, lambda x: torch.tensor(float(x))])
    def test_goes_on_after_a_resume_whatever_the_numbers_are(self, tmp_path, kind):
        values = [(kind(c), kind(t)) for c, t in [(1, 2), (8, 8), (0, 1), (1, 3)]]
        first, _ = self.run(tmp_path, values, stop=3)
        _, seen = self.run(tmp_path, values, resume=saved(first))

        assert seen == [0.25]

    def test_iterations_without_the_values_do_not_count(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        average = extensions.MicroAverage("correct", "total", "ratio", (1, "iteration"))
        trainer.extend(average)
        trainer.run()

        assert (average._numerator, average.priority) == (0, 200)


class TestUnchainVariables:
    class Variable:
        chained = True

        def unchain_backward(self):
            self.chained = False

    def test_cuts_graphs_while_they_are_kept_and_once_more(self, tmp_path):
        trainer = numbers_trainer(tmp_path, stop=(4, "iteration"))
        made = []

        def observe(trainer):
            if trainer.updater.iteration == 2:
                chainer.config.keep_graph_on_report = False
            made.append(self.Variable())
            trainer.observation.update(variable=made[-1], number=1)

        trainer.extend(observe, priority=300)
        trainer.extend(extensions.unchain_variables())
        with using_config("keep_graph_on_report", True):
            trainer.run()

        assert [variable.chained for variable in made] == [False, False, True, True]


class TestParameterStatistics:
    def collect(self, links, **kwargs):
        trainer = numbers_trainer("unused")
        statistics = extensions.ParameterStatistics(links, trigger=(1, "iteration"), **kwargs)
        trainer.updater.iteration = 1
        observation = {}
        with trainer.reporter.scope(observation):
            statistics(trainer)
        return observation

    def test_default_statistics(self):
        array = np.arange(-5, 5, dtype=np.float32).reshape(2, 5)
        observed = self.collect(Link(W=Parameter(array, array * 2)))
        percentiles = np.percentile(array, (0.13, 2.28, 15.87, 50, 84.13, 97.72, 99.87))

        assert observed["None/W/data/mean"] == -0.5
        assert observed["None/W/grad/std"] == np.std(array * 2)
        assert observed["None/W/data/min"] == -5
        assert observed["None/W/data/max"] == 4
        assert observed["None/W/data/zeros"] == 1
        assert [observed[f"None/W/data/percentile/{i}"] for i in range(7)] == list(percentiles)
        assert len(observed) == 2 * (5 + 7)

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
    def test_dtypes_that_torch_has(self, dtype):
        net = torch.nn.Linear(2, 1, bias=False, dtype=dtype)
        torch.nn.init.constant_(net.weight, 0.5)

        assert self.collect(net, report_grads=False)["Linear/weight/data/mean"] == 0.5

    def test_names_and_choices(self):
        link = Link(W=Parameter(np.ones(2), np.ones(2)), later=Parameter(None))
        link.name = "mlp"
        net = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False))
        observed = self.collect(
            [link, net], statistics={"sum": np.sum}, report_grads=False, prefix="p"
        )

        assert list(observed) == ["p/mlp/W/data/sum", "p/Sequential/0/weight/data/sum"]
        assert self.collect(link, statistics=None) == {}
        assert list(self.collect(link, statistics={"n": len}, report_params=False)) == [
            "mlp/W/grad/n"
        ]

    def test_own_statistics_can_be_registered(self):
        statistics = extensions.ParameterStatistics(Link(), statistics=None)
        statistics.register_statistics("n", len)

        assert statistics._statistics == {"n": len}
        with pytest.raises(ValueError, match="'default'"):
            extensions.ParameterStatistics(Link(), statistics="all")

    def test_nan_can_be_passed_over(self):
        link = Link(W=Parameter(np.array([1.0, np.nan])))
        observed = self.collect(link, statistics={"n": len}, skip_nan_params=True)

        assert np.isnan(observed["None/W/data/n"])

    def test_means_over_the_interval_are_reported_also_after_a_resume(self, tmp_path):
        array = np.zeros(1)

        def build(stop):
            trainer = numbers_trainer(tmp_path, stop=(stop, "iteration"))

            def change(iteration):
                array[:] = iteration

            trainer.updater._report = change
            trainer.extend(
                extensions.ParameterStatistics(
                    Link(W=Parameter(array)),
                    {"mean": np.mean},
                    report_grads=False,
                    trigger=(2, "iteration"),
                )
            )
            return trainer

        first = build(3)
        first.run()
        second = load(build(4), saved(first))
        second.run()

        assert second.observation == {"None/W/data/mean": 3.5}


class TestDumpGraph:
    class Graph:
        def dump(self):
            return "digraph {}"

    class Root:
        def _build_graph(self, **styles):
            self.styles = styles
            return TestDumpGraph.Graph()

    def run(self, out, root, **kwargs):
        flags = []
        trainer = numbers_trainer(out)
        trainer.extend(
            lambda t: (
                flags.append(chainer.config.keep_graph_on_report),
                t.observation.update(root),
            ),
            name="observe",
            priority=300,
        )
        trainer.extend(extensions.DumpGraph("loss", **kwargs))
        trainer.run(show_loop_exception_msg=False)
        return trainer, flags

    def test_writes_the_graph_once_and_keeps_graphs_until_then(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", "")
        root = self.Root()
        trainer, flags = self.run(tmp_path, {"loss": root}, function_style={"shape": "box"})

        assert [path.name for path in tmp_path.iterdir()] == ["cg.dot"]
        assert (tmp_path / "cg.dot").read_text() == "digraph {}"
        assert flags == [True, False, False]
        assert root.styles["function_style"] == {"shape": "box"}
        assert root.styles["variable_style"]["shape"] == "octagon"
        again = load(extensions.DumpGraph("loss"), saved(trainer.get_extension("dump_graph")))
        again.initialize(trainer)
        assert (again.trigger(trainer), chainer.config.keep_graph_on_report) == (False, False)

    def test_is_done_where_a_file_of_chainer_1_says_nothing_of_it(self):
        resumed = load(extensions.DumpGraph("loss"), {})
        resumed.initialize(None)
        assert not resumed.trigger(None)
        assert chainer.config.keep_graph_on_report is False

    def test_draws_it_where_graphviz_is(self, tmp_path, monkeypatch):
        command = tmp_path / "bin" / "dot"
        command.parent.mkdir()
        command.write_text('#!/bin/sh\necho "$1" > "$4"\n')
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{command.parent}:/bin:/usr/bin")
        self.run(tmp_path / "out", {"loss": self.Root()}, filename="graph.dot")

        assert (tmp_path / "out" / "graph.png").read_text() == "-Tpng\n"

    def test_older_name_of_the_file(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", "")
        self.run(tmp_path, {"loss": self.Root()}, out_name="old.dot")

        assert [path.name for path in tmp_path.iterdir()] == ["old.dot"]
        with pytest.raises(TypeError, match="'name'"):
            extensions.DumpGraph("loss", name="x")

    @pytest.mark.parametrize(
        ("root", "error", "match"),
        [({"loss": 1.0}, TypeError, "needs a Variable"), ({"x": 1}, KeyError, r"there is: x")],
    )
    def test_what_is_no_variable_is_an_error_and_the_flag_is_put_back(
        self, tmp_path, root, error, match
    ):
        with pytest.raises(error, match=match):
            self.run(tmp_path, root)

        assert not chainer.config.keep_graph_on_report

    def test_is_also_called_dump_graph(self):
        assert extensions.dump_graph is extensions.DumpGraph


class TestOnChainersOwnModels:
    def make(self):
        model = chainer.links.Linear(2, 3)
        model.name = "fc"
        loss = chainer.functions.softmax_cross_entropy(
            model(np.ones((2, 2), np.float32)), np.zeros(2, np.int32)
        )
        model.cleargrads()
        loss.backward()
        return model, loss

    def test_statistics_of_parameters_and_gradients(self, tmp_path):
        model, _ = self.make()
        trainer = numbers_trainer(tmp_path, stop=(1, "iteration"))
        trainer.extend(
            extensions.ParameterStatistics(model, {"sum": np.sum}, trigger=(1, "iteration"))
        )
        trainer.extend(extensions.VariableStatisticsPlot([model.W, model]))
        trainer.run()

        assert trainer.observation == {
            f"fc/{name}/{attr}/sum": np.sum(getattr(parameter, attr))
            for name, parameter in (("W", model.W), ("b", model.b))
            for attr in ("data", "grad")
        }

    def test_parameters_that_are_not_initialized_are_left_out(self, tmp_path):
        model = chainer.links.Linear(None, 3)
        trainer = with_optimizers(numbers_trainer(tmp_path), main=Optimizer(model))
        trainer.extend(extensions.FailOnNonNumber())
        trainer.extend(
            extensions.ParameterStatistics(model, {"sum": np.sum}, trigger=(1, "iteration"))
        )
        trainer.run()

        assert {name.split("/")[1] for name in trainer.observation} == {"b"}

    def test_graph_is_dumped_and_let_go(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", "")
        trainer = numbers_trainer(
            tmp_path, report=lambda iteration: chainer.report({"loss": self.make()[1]})
        )
        trainer.extend(extensions.DumpGraph("loss"))
        trainer.extend(extensions.unchain_variables())
        trainer.run()

        assert "SoftmaxCrossEntropy" in (tmp_path / "cg.dot").read_text()
        assert trainer.observation["loss"].creator is None

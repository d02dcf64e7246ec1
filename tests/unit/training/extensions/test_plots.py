from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat.training import extensions
from chainer_compat.training.extensions._variable_statistics_plot import Reservoir
from tests.unit.training._doubles import load, numbers_trainer, saved

PNG = b"\x89PNG"


def _report(iteration):
    chainer.report({"loss": np.float32(iteration), "other": 1.0, "nan": float("nan")})


@pytest.fixture
def figures(monkeypatch):
    """The figures that were made."""
    from chainer_compat.training.extensions import _figure

    made, original = [], _figure.new_figure

    def record(**kwargs):
        made.append(original(**kwargs))
        return made[-1]

    monkeypatch.setattr(_figure, "new_figure", record)
    return made


@pytest.fixture
def _no_matplotlib(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find(name)
    )


def run(out, *plots, stop=4, resume=None):
    trainer = numbers_trainer(out, stop=(stop, "iteration"), report=_report)
    for plot in plots:
        trainer.extend(plot)
    if resume is not None:
        load(trainer, resume)
    trainer.run()
    return trainer


def points(plot):
    return {key: [tuple(point) for point in data] for key, data in plot._data.items()}


class TestPlotReport:
    def make(self, *args, **kwargs):
        return extensions.PlotReport(*args, **{"trigger": (2, "iteration"), **kwargs})

    def test_draws_means_over_intervals(self, tmp_path, figures):
        run(tmp_path, self.make(["loss", "other", "absent"]))
        axes = figures[-1].axes[0]

        assert (tmp_path / "plot.png").read_bytes()[:4] == PNG
        assert {
            line.get_label(): (line.get_xdata().tolist(), line.get_ydata().tolist())
            for line in axes.lines
        } == {"loss": ([2, 4], [1.5, 3.5]), "other": ([2, 4], [1, 1])}
        assert axes.get_xlabel() == "iteration"
        assert {line.get_marker() for line in axes.lines} == {"x"}

    @pytest.mark.parametrize("x_key", ["iteration", "epoch"])
    def test_counts_along_the_axis_are_whole(self, tmp_path, figures, x_key):
        run(tmp_path, self.make(["loss"], x_key), stop=6)
        ticks = figures[-1].axes[0].get_xticks()

        assert len(ticks) > 0
        assert ticks.tolist() == [round(tick) for tick in ticks]

    def test_other_axis_name_and_looks(self, tmp_path, figures):
        run(tmp_path, self.make("loss", "other", file_name="x.svg", marker=None, grid=False))
        (axes,) = figures[-1].axes

        assert [path.name for path in tmp_path.iterdir()] == ["x.svg"]
        assert axes.get_xlabel() == "other"
        assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 1]]

    def test_axis_that_is_not_observed_is_an_error(self, tmp_path):
        with pytest.raises(KeyError, match="'absent', its x_key"):
            run(tmp_path, self.make("loss", "absent"))

    def test_nothing_to_draw_writes_nothing(self, tmp_path):
        run(tmp_path, self.make(["absent"]), self.make(None))

        assert list(tmp_path.iterdir()) == []

    def test_postprocess_gets_figure_axes_and_sums(self, tmp_path, figures):
        given = []
        run(tmp_path, self.make(["loss"], postprocess=lambda *args: given.append(args)), stop=2)

        ((figure, axes, sums),) = given
        assert (figure, axes) == (figures[0], figures[0].axes[0])
        assert sums.compute_mean() == {"loss": 1.5}

    def test_goes_on_after_a_resume(self, tmp_path):
        first = run(tmp_path, self.make(["loss"]), stop=3)
        again = self.make(["loss"])
        run(tmp_path, again, stop=6, resume=saved(first))

        assert points(again) == {"loss": [(2, 1.5), (4, 3.5), (6, 5.5)]}

    def test_a_file_of_chainers_has_the_points_only(self, tmp_path):
        first = run(tmp_path, self.make(["loss"]))
        content = saved(first.get_extension("PlotReport"))
        again = load(self.make(["loss"]), {"_plot_plot.png": content["_plot_plot.png"]})

        assert json.loads(str(content["_plot_plot.png"])) == {"loss": [[2, 1.5], [4, 3.5]]}
        assert points(again) == {"loss": [(2, 1.5), (4, 3.5)]}
        assert points(load(again, {"_plot_plot.png": np.array("")})) == points(again)

    def test_unknown_keyword_is_refused(self):
        with pytest.raises(TypeError, match="'name'"):
            extensions.PlotReport(["loss"], name="x")

    @pytest.mark.usefixtures("_no_matplotlib")
    def test_without_matplotlib_it_warns_and_does_nothing(self, tmp_path):
        with pytest.warns(UserWarning, match="matplotlib is not installed"):
            plot = self.make(["loss"])
        with pytest.warns(UserWarning, match="matplotlib is not installed"):
            assert not plot.available()
        with pytest.warns(UserWarning, match="matplotlib is not installed"):
            run(tmp_path, plot)

        assert list(tmp_path.iterdir()) == []


class TestVariableStatisticsPlot:
    def net(self):
        net = torch.nn.Linear(2, 2)
        net.weight.data[:] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        net.bias.data[:] = torch.tensor([5.0, 6.0])
        return net

    def make(self, targets, **kwargs):
        return extensions.VariableStatisticsPlot(targets, trigger=(2, "iteration"), **kwargs)

    def test_draws_values_and_gradients(self, tmp_path, figures):
        assert extensions.VariableStatisticsPlot.available()
        plot = self.make(self.net())
        run(tmp_path, plot)
        idxs, data = plot._samples.get_data()

        assert (tmp_path / "statistics.png").read_bytes()[:4] == PNG
        assert [axes.get_title() for axes in figures[-1].axes] == ["data", "grad", "", ""]
        assert idxs.tolist() == [1, 2, 3, 4]
        assert data[0, 0, :2].tolist() == [3.5, np.float32(np.arange(1, 7).std())]
        assert data[0, 0, 2:].tolist() == pytest.approx(
            np.percentile(np.arange(1, 7), (0, 0.13, 2.28, 15.87, 50, 84.13, 97.72, 99.87, 100))
        )
        assert not data[0, 1].any()

    @pytest.mark.parametrize(
        ("kwargs", "panels", "columns"),
        [
            ({"report_grad": False}, 2, 11),
            ({"report_data": False, "plot_mean": False}, 2, 10),
            ({"plot_std": False, "percentile_sigmas": ()}, 2, 1),
            ({"plot_mean": False, "plot_std": False, "percentile_sigmas": 50}, 2, 1),
            ({"percentile_sigmas": (10, 90), "grid": False, "marker": "o"}, 4, 4),
        ],
    )
    def test_chooses_what_is_drawn(self, tmp_path, figures, kwargs, panels, columns):
        plot = self.make(self.net(), filename="x.png", figsize=(3, 2), **kwargs)
        run(tmp_path, plot)

        assert len(figures[-1].axes) == panels
        assert plot._samples.data.shape[2] == columns
        assert figures[-1].get_size_inches().tolist() == [3, 2]
        assert (tmp_path / "x.png").exists()

    def test_legend_names_each_band_and_hides_no_curve(self, tmp_path, figures):
        plot = self.make(self.net(), percentile_sigmas=(0, 25, 50, 75, 100))
        run(tmp_path, plot)
        figure = figures[-1]
        left, right = figure.axes[2:]
        legend = right.get_legend()
        bands = {tuple(band.get_facecolor()[0]) for band in right.collections}

        assert [text.get_text() for text in legend.get_texts()] == [
            "0 to 100 %",
            "25 to 75 %",
            "50 %",
        ]
        assert left.get_legend() is None
        assert legend.get_window_extent().x0 > right.get_window_extent().x1
        assert {tuple(patch.get_facecolor()) for patch in legend.get_patches()} == bands
        assert len(bands) == 2

    def test_dtypes_that_numpy_lacks(self, tmp_path):
        plot = self.make(self.net().bfloat16())
        run(tmp_path, plot)

        assert plot._samples.get_data()[1][0, 0, 0] == 3.5

    def test_targets_are_variables_links_modules_and_lists_of_them(self):
        class Variable:
            array = np.zeros(3)

        class Link:
            def namedparams(self):
                raise AssertionError

            def params(self, include_uninit):
                assert include_uninit
                return [Variable()]

        plot = self.make([Variable(), (Link(), self.net()), torch.zeros(2)])

        assert len(plot._vars) == 5

    @pytest.mark.parametrize(
        ("kwargs", "message"),
        [
            ({"targets": []}, "hold none"),
            ({"plot_mean": False, "plot_std": False, "percentile_sigmas": ()}, "nothing to plot"),
            ({"report_data": False, "report_grad": False}, "nothing to plot"),
        ],
    )
    def test_nothing_to_draw_is_an_error(self, kwargs, message):
        with pytest.raises(ValueError, match=message):
            extensions.VariableStatisticsPlot(**{"targets": torch.nn.Linear(1, 1), **kwargs})

    def test_unknown_keyword_is_refused_and_an_older_name_taken(self):
        assert self.make(self.net(), file_name="old.png")._filename == "old.png"
        with pytest.raises(TypeError, match="'name'"):
            self.make(self.net(), name="x")

    def test_goes_on_after_a_resume(self, tmp_path):
        first = run(tmp_path, self.make(self.net()), stop=3)
        again = self.make(self.net())
        run(tmp_path, again, stop=5, resume=saved(first))

        assert again._samples.get_data()[0].tolist() == [1, 2, 3, 4, 5]

    def test_draws_with_a_pyplot_that_is_given(self, tmp_path):
        import matplotlib.figure

        class PyPlot:
            closed = []

            def figure(self, figsize):
                return matplotlib.figure.Figure(figsize=figsize)

            def close(self, figure):
                self.closed.append(figure)

        plot = self.make(self.net())
        run(tmp_path, plot, stop=1)
        plot.save_plot_using_module(tmp_path / "y.png", PyPlot())

        assert (tmp_path / "y.png").exists()
        assert len(PyPlot.closed) == 1

    @pytest.mark.usefixtures("_no_matplotlib")
    def test_without_matplotlib_it_warns_and_does_nothing(self, tmp_path):
        with pytest.warns(UserWarning, match="matplotlib is not installed"):
            run(tmp_path, self.make(self.net()))

        assert list(tmp_path.iterdir()) == []


class TestReservoir:
    def test_holds_all_until_it_is_full_then_a_sample(self):
        reservoir = Reservoir(5, (1,))
        for i in range(5):
            reservoir.add([i], idx=10 * i)
        full = [array.tolist() for array in reservoir.get_data()]
        for i in range(5, 500):
            reservoir.add([i])
        idxs, data = reservoir.get_data()

        assert full == [[0, 10, 20, 30, 40], [[0], [1], [2], [3], [4]]]
        assert reservoir.counter == 500
        assert len(set(idxs.tolist())) == 5
        assert idxs.tolist() == sorted(idxs)
        assert idxs.max() > 100
        assert data[:, 0].tolist() == idxs.tolist()


def test_script_keeps_its_backend_and_its_figures(tmp_path):
    code = """
import sys
import chainer_compat as chainer
from chainer_compat.training import extensions
from tests.unit.training._doubles import numbers_trainer
import torch
assert 'matplotlib' not in sys.modules
plots = [extensions.PlotReport(['loss']), extensions.VariableStatisticsPlot(torch.nn.Linear(1, 1))]
assert 'matplotlib' not in sys.modules
import matplotlib
matplotlib.use('svg')
import matplotlib.pyplot as plt
mine = plt.figure()
trainer = numbers_trainer(sys.argv[1], report=lambda i: chainer.report({'loss': i}))
for plot in plots:
    plot._trigger = lambda trainer: True
    trainer.extend(plot)
trainer.run()
assert matplotlib.get_backend() == 'svg'
assert plt.get_fignums() == [mine.number]
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(tmp_path)], check=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["plot.png", "statistics.png"]

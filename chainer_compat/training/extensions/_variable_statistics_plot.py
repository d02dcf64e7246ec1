"""Statistics of variables over a run, as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.training._extension import Extension
from chainer_compat.training._protocols import data_of, grad_of, is_torch_module, raw
from chainer_compat.training._state import serialize_part
from chainer_compat.training.extensions import _figure
from chainer_compat.training.triggers._get import get_trigger

__all__ = ["Reservoir", "Statistician", "VariableStatisticsPlot"]

_COLOR = "#1f77b4"
_RGB = np.array([0x1F, 0x77, 0xB4]) / 255


class Reservoir:
    """A sample of fixed size of all that was added, each with the same chance to be in it.

    Args:
        size: Size of the sample.
        data_shape: Shape of what is added.
        dtype: Its dtype.

    Attributes:
        data: The sample, of shape ``(size, *data_shape)``.
        idxs: The number under which each was added.
        counter: How many were added.
    """

    def __init__(self, size: int, data_shape: tuple[int, ...], dtype: Any = np.float32) -> None:
        self.size = size
        self.data = np.zeros((size, *data_shape), dtype)
        self.idxs = np.zeros(size, np.int32)
        self.counter = 0

    def add(self, x: Any, idx: int | None = None) -> None:
        """Adds one, in the place of another if the sample is full.

        Args:
            x: What to add.
            idx: Its number; the count of those before it if None.
        """
        place: int | None = self.counter
        if self.counter >= self.size:
            # Chainer's draws from NumPy's global stream, so that batches come in the same order.
            kept = np.random.random() < self.size / float(self.counter + 1)  # noqa: NPY002
            place = np.random.randint(self.size) if kept else None  # noqa: NPY002
        if place is not None:
            self.data[place] = x
            self.idxs[place] = self.counter if idx is None else idx
        self.counter += 1

    def get_data(self) -> tuple[Any, Any]:
        """Returns the numbers in the sample, rising, and what was added under them."""
        idxs = self.idxs[: min(self.counter, self.size)]
        order = np.argsort(idxs)
        return idxs[order], self.data[order]

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the sample.

        Args:
            serializer: A serializer or deserializer.
        """
        self.data = serializer("data", self.data)
        self.idxs = serializer("idxs", self.idxs)
        self.counter = serializer("counter", self.counter)


class Statistician:
    """Computes statistics of an array (Chainer's helper; the extension computes its own).

    Args:
        collect_mean: Whether to compute the mean.
        collect_std: Whether to compute the standard deviation.
        percentile_sigmas: The percentiles to compute, from 0 to 100; none if empty.
    """

    def __init__(self, collect_mean: bool, collect_std: bool, percentile_sigmas: Any) -> None:
        self.collect_mean = collect_mean
        self.collect_std = collect_std
        self.percentile_sigmas = percentile_sigmas

    def __call__(self, x: Any, axis: Any = 0, dtype: Any = None, xp: Any = None) -> dict[str, Any]:
        """Computes them.

        Args:
            x: An array.
            axis: An axis or several; all of them if None.
            dtype: Accepted, as in Chainer.
            xp: Likewise.
        """
        if axis is None:
            axis = range(x.ndim)
        return self.collect(x, tuple(axis) if hasattr(axis, "__iter__") else (axis,))

    def collect(self, x: Any, axis: tuple[int, ...]) -> dict[str, Any]:
        """Computes them over axes; by the names ``mean``, ``std``, ``percentile``.

        Args:
            x: An array.
            axis: The axes.
        """
        found: dict[str, Any] = {}
        if self.collect_mean:
            found["mean"] = x.mean(axis=axis)
        if self.collect_std:
            found["std"] = x.std(axis=axis)
        if self.percentile_sigmas:
            found["percentile"] = np.percentile(x, self.percentile_sigmas, axis=axis)
        return found


class VariableStatisticsPlot(Extension):
    """Draws mean, standard deviation and percentiles of variables and their gradients.

    All variables are taken together, at every call. What is drawn is a sample of bounded size of
    the calls so far. It draws with matplotlib, whose backend and figures of the script it leaves
    alone.

    Args:
        targets: A Variable, a torch parameter, a Link or a torch module, or a list of such.
        max_sample_size: Size of the sample.
        report_data: Whether to draw statistics of the values.
        report_grad: Whether to draw statistics of the gradients.
        plot_mean: Whether to draw the mean.
        plot_std: Whether to draw the standard deviation.
        percentile_sigmas: Percentiles to draw, from 0 to 100; none if empty.
        trigger: When to draw the file anew, as for :func:`~chainer_compat.training.get_trigger`.
        filename: Name of the file in the output directory; ``'statistics.png'`` by default.
        figsize: Width and height of the picture in inches.
        marker: Matplotlib's marker of the points; none if None.
        grid: Whether to draw a grid.
        **kwargs: ``file_name``, the older name of ``filename``.

    Raises:
        ValueError: If there are no variables, or there is nothing to draw.

    Source: Chainer's page *chainer.training.extensions.VariableStatisticsPlot*.

    Example:
        >>> import torch
        >>> from chainer_compat.training import extensions
        >>> plot = extensions.VariableStatisticsPlot(torch.nn.Linear(2, 3))
        >>> plot.default_name
        'VariableStatisticsPlot'
    """

    def __init__(
        self,
        targets: Any,
        max_sample_size: int = 1000,
        report_data: bool = True,
        report_grad: bool = True,
        plot_mean: bool = True,
        plot_std: bool = True,
        percentile_sigmas: Any = (0, 0.13, 2.28, 15.87, 50, 84.13, 97.72, 99.87, 100),
        trigger: Any = (1, "epoch"),
        filename: str | None = None,
        figsize: tuple[float, float] | None = None,
        marker: str | None = None,
        grid: bool = True,
        **kwargs: Any,
    ) -> None:
        file_name = kwargs.pop("file_name", "statistics.png")
        if kwargs:
            raise InvalidArgumentTypeError(
                f"VariableStatisticsPlot got an unexpected keyword argument {next(iter(kwargs))!r}"
            )
        self._vars = tuple(_variables_in(targets))
        if not self._vars:
            raise InvalidArgumentError(
                "VariableStatisticsPlot needs at least one variable; the targets hold none"
            )
        self._keys = ["data"] * report_data + ["grad"] * report_grad
        self._percentiles = np.atleast_1d(percentile_sigmas)
        self._plot_mean = plot_mean
        self._plot_std = plot_std
        if not (self._keys and (plot_mean or plot_std or self._percentiles.size)):
            raise InvalidArgumentError("VariableStatisticsPlot has nothing to plot")
        self._trigger = get_trigger(trigger)
        self._filename = file_name if filename is None else filename
        self._figsize = figsize
        self._marker = marker
        self._grid = grid
        columns = plot_mean + plot_std + self._percentiles.size
        self._samples = Reservoir(max_sample_size, (len(self._keys), columns))

    @staticmethod
    def available() -> bool:
        """Says whether matplotlib can be imported, and warns if it cannot."""
        return _figure.warn_if_unavailable()

    def __call__(self, trainer: Any) -> None:
        """Adds the statistics of the moment to the sample, and draws if it is time.

        Args:
            trainer: The trainer that calls it.
        """
        if not self.available():
            return
        rows = [self._statistics(key) for key in self._keys]
        self._samples.add(np.stack(rows), idx=trainer.updater.iteration)
        if self._trigger(trainer):
            figure = _figure.new_figure(figsize=self._figsize)
            self._draw(figure)
            figure.savefig(Path(trainer.out, self._filename), bbox_inches="tight")

    def save_plot_using_module(self, file_path: Any, plt: Any) -> None:
        """Draws into a file with a given pyplot.

        Args:
            file_path: The file.
            plt: The module ``matplotlib.pyplot``, or one like it.
        """
        figure = plt.figure(figsize=self._figsize)
        self._draw(figure)
        figure.savefig(file_path, bbox_inches="tight")
        plt.close(figure)

    def _statistics(self, key: str) -> Any:
        tensors = [data_of(var) if key == "data" else grad_of(var) for var in self._vars]
        there = [tensor.detach().reshape(-1) for tensor in tensors if tensor is not None]
        if not there:
            return np.zeros(self._samples.data.shape[2], np.float32)
        x = raw(torch.cat(there).cpu())
        statistics = [x.mean()] * self._plot_mean + [x.std()] * self._plot_std
        return np.array([*statistics, *np.percentile(x, self._percentiles)], np.float32)

    def _draw(self, figure: Any) -> None:
        has_means = self._plot_mean or self._plot_std
        rows = int(has_means) + bool(self._percentiles.size)
        grid = figure.subplots(rows, len(self._keys), sharex=True, squeeze=False)
        idxs, data = self._samples.get_data()
        for column, key in enumerate(self._keys):
            grid[0, column].set_title(key)
            grid[-1, column].set_xlabel("iteration")
            _figure.count_along_x(grid[-1, column])
            if has_means:
                self._draw_means(grid[0, column], idxs, data[:, column])
            if self._percentiles.size:
                self._draw_percentiles(grid[-1, column], idxs, data[:, column])
        if self._grid:
            for axes in grid.flat:
                axes.grid(alpha=0.3)
                axes.set_axisbelow("line")  # above the bands
        # Beside the panels, where they hide no curve: those of a row are alike.
        legends = [_legend_beside(axes) for axes in grid[:, -1]]
        figure.tight_layout()
        for legend in legends:
            legend.set_in_layout(True)

    def _draw_means(self, axes: Any, idxs: Any, data: Any) -> None:
        label = "mean" if self._plot_mean else "std"
        axes.plot(idxs, data[:, 0], color=_COLOR, label=label, marker=self._marker)
        if self._plot_mean and self._plot_std:
            mean, std = data[:, 0], data[:, 1]
            axes.fill_between(idxs, mean - std, mean + std, label="mean ± std", **_band(0.2))

    def _draw_percentiles(self, axes: Any, idxs: Any, data: Any) -> None:
        percentiles = data[:, self._plot_mean + self._plot_std :]
        names = [f"{percentile:g}" for percentile in self._percentiles]
        count = len(names)
        bands = count // 2
        for low in range(bands):
            high = count - 1 - low
            axes.fill_between(
                idxs,
                percentiles[:, low],
                percentiles[:, high],
                label=f"{names[low]} to {names[high]} %",
                **_band(0.6 * (low + 1) / bands),
            )
        if count % 2:
            axes.plot(
                idxs,
                percentiles[:, bands],
                color=_COLOR,
                label=f"{names[bands]} %",
                marker=self._marker,
            )

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the sample and the trigger, which Chainer does not save.

        Args:
            serializer: A serializer or deserializer.
        """
        serialize_part(serializer, "_trigger", self._trigger)
        serialize_part(serializer, "_samples", self._samples)


def _band(depth: float) -> dict[str, Any]:
    """How a band is drawn: opaque, so that its colour is that of the legend."""
    return {"color": tuple(1 - depth * (1 - _RGB)), "linewidth": 0}


def _legend_beside(axes: Any) -> Any:
    legend = axes.legend(
        fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0
    )
    legend.set_in_layout(False)  # or the panels would make room for it
    return legend


def _variables_in(targets: Any) -> Iterator[Any]:
    if isinstance(targets, (list, tuple)):
        for target in targets:
            yield from _variables_in(target)
    elif is_torch_module(targets):
        yield from targets.parameters()
    elif hasattr(targets, "namedparams"):
        yield from targets.params(include_uninit=True)
    elif isinstance(targets, torch.Tensor) or hasattr(targets, "array"):
        yield targets

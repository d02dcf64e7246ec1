"""Curves of reported values, as a picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from chainer_compat.errors import InvalidArgumentTypeError, MissingObservationError
from chainer_compat.reporter import DictSummary
from chainer_compat.serializer import Serializer
from chainer_compat.training._extension import Extension
from chainer_compat.training._state import serialize_part
from chainer_compat.training.extensions import _figure
from chainer_compat.training.triggers._get import get_trigger

__all__ = ["PlotReport"]


class PlotReport(Extension):
    """Sums up values and draws the curves of their means into a file.

    Like :class:`LogReport` it is called in every iteration; its own ``trigger`` argument says
    when a point is added and the file is drawn anew. It draws with matplotlib, whose backend and
    figures of the script it leaves alone.

    Args:
        y_keys: Names of the values, one curve each; a name or several.
        x_key: Name of the value along the axis: ``'iteration'``, ``'epoch'`` or any other.
        trigger: When to add a point, as for :func:`~chainer_compat.training.get_trigger`.
        postprocess: Called with the figure, the axes and the sums before the file is written.
        filename: Name of the file in the output directory, ``'plot.png'`` by default; its ending
            chooses the format.
        marker: Matplotlib's marker of the points; none if None.
        grid: Whether to draw a grid.
        **kwargs: ``file_name``, the older name of ``filename``.

    Source: Chainer's page *chainer.training.extensions.PlotReport*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> plot = extensions.PlotReport(['main/loss', 'validation/main/loss'], 'epoch')
        >>> plot.default_name
        'PlotReport'
    """

    def __init__(
        self,
        y_keys: str | Iterable[str] | None,
        x_key: str = "iteration",
        trigger: Any = (1, "epoch"),
        postprocess: Callable[[Any, Any, Any], Any] | None = None,
        filename: str | None = None,
        marker: str | None = "x",
        grid: bool = True,
        **kwargs: Any,
    ) -> None:
        file_name = kwargs.pop("file_name", "plot.png")
        if kwargs:
            raise InvalidArgumentTypeError(
                f"PlotReport got an unexpected keyword argument {next(iter(kwargs))!r}"
            )
        _figure.warn_if_unavailable()
        self._x_key = x_key
        self._y_keys = (y_keys,) if isinstance(y_keys, str) else tuple(y_keys or ())
        self._trigger = get_trigger(trigger)
        self._postprocess = postprocess
        self._file_name = file_name if filename is None else filename
        self._marker = marker
        self._grid = grid
        self._data: dict[str, list[Any]] = {key: [] for key in self._y_keys}
        self._init_summary()

    @staticmethod
    def available() -> bool:
        """Says whether matplotlib can be imported, and warns if it cannot."""
        return _figure.warn_if_unavailable()

    def _init_summary(self) -> None:
        self._summary = DictSummary()

    def __call__(self, trainer: Any) -> None:
        """Adds up the observation, and draws if it is time.

        Args:
            trainer: The trainer that calls it.
        """
        if not self.available():
            return
        observation = trainer.observation
        keys = (self._x_key, *self._y_keys)
        self._summary.add({key: observation[key] for key in keys if key in observation})
        if trainer.is_before_training or self._trigger(trainer):
            self._add_point(trainer)
            self._draw(Path(trainer.out, self._file_name))
            self._init_summary()

    def _add_point(self, trainer: Any) -> None:
        point: dict[str, Any] = {
            name: float(mean) for name, mean in self._summary.compute_mean().items()
        }
        updater = trainer.updater
        point["epoch"], point["iteration"] = updater.epoch, updater.iteration
        if self._x_key not in point:
            raise MissingObservationError(
                f"PlotReport: no number was observed under {self._x_key!r}, its x_key"
            )
        for key in self._y_keys:
            if key in point:
                self._data[key].append((point[self._x_key], point[key]))

    def _draw(self, path: Path) -> None:
        figure = _figure.new_figure()
        axes = figure.add_subplot(111)
        axes.set_xlabel(self._x_key)
        if self._x_key in ("epoch", "iteration"):
            _figure.count_along_x(axes)
        if self._grid:
            axes.grid(alpha=0.3)
            axes.set_axisbelow(True)
        for key, points in self._data.items():
            if points:
                x, y = zip(*points, strict=True)
                axes.plot(x, y, marker=self._marker, label=key)
        if axes.has_data():
            if self._postprocess is not None:
                self._postprocess(figure, axes, self._summary)
            legend = axes.legend(bbox_to_anchor=(1.05, 1), loc=2, borderaxespad=0.0)
            figure.savefig(path, bbox_extra_artists=(legend,), bbox_inches="tight")

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the points; also the sums and the trigger, which Chainer does not save.

        Args:
            serializer: A serializer or deserializer.
        """
        key = f"_plot_{self._file_name}"
        if isinstance(serializer, Serializer):
            serializer(key, json.dumps(self._data))
        else:
            text = serializer(key, "")
            self._data = json.loads(text) if text else self._data
        serialize_part(serializer, "_trigger", self._trigger)
        serialize_part(serializer, "_summary", self._summary)

"""Statistics of parameters and gradients, as reported values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from chainer_compat.backend import get_array_module
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.reporter import DictSummary, report
from chainer_compat.training._extension import PRIORITY_WRITER, Extension
from chainer_compat.training._protocols import data_of, grad_of, named_parameters_of, raw
from chainer_compat.training._state import serialize_part
from chainer_compat.training.triggers._get import get_trigger

__all__ = ["ParameterStatistics"]

Statistic = Callable[[Any], Any]

# Shares of a normal distribution at 0, 1, 2 and 3 standard deviations.
_PERCENTILES = (0.13, 2.28, 15.87, 50, 84.13, 97.72, 99.87)


def _percentile(x: Any) -> Any:
    return get_array_module(x).percentile(x, _PERCENTILES)


def _zeros(x: Any) -> Any:
    return get_array_module(x).count_nonzero(x == 0)


class ParameterStatistics(Extension):
    """Reports statistics of the parameters of models, and of their gradients.

    The names are made of the model's name, the path of the parameter, ``data`` or ``grad``, and
    the statistic's name: ``mlp/l1/W/data/mean``. Parameters that are not initialized, and
    gradients that are not there, are left out.

    Args:
        links: A model, Link or torch module, or several.
        statistics: Name to function; a function takes a flat array and returns a number, or an
            array whose elements get ``/0``, ``/1``, … behind the name. ``'default'`` stands for
            mean, std, min, max, zeros (their count) and percentile (seven of them); None for none.
        report_params: Whether to report on the parameters.
        report_grads: Whether to report on the gradients.
        prefix: Put before the names, with a slash.
        trigger: The interval over which the statistics are averaged, as for
            :func:`~chainer_compat.training.get_trigger`.
        skip_nan_params: Whether the statistics of an array that holds NaN are NaN at once.

    Source: Chainer's page *chainer.training.extensions.ParameterStatistics*.

    Example:
        >>> import torch
        >>> from chainer_compat.training import extensions
        >>> statistics = extensions.ParameterStatistics(torch.nn.Linear(2, 3))
        >>> sorted(statistics.default_statistics)
        ['max', 'mean', 'min', 'percentile', 'std', 'zeros']
    """

    default_name = "parameter_statistics"
    priority = PRIORITY_WRITER
    report_key_template = "{prefix}{link_name}{param_name}/{attr_name}/{function_name}"
    default_statistics: dict[str, Statistic] = {
        "mean": np.mean,
        "std": np.std,
        "min": np.min,
        "max": np.max,
        "zeros": _zeros,
        "percentile": _percentile,
    }

    def __init__(
        self,
        links: Any,
        statistics: Mapping[str, Statistic] | str | None = "default",
        report_params: bool = True,
        report_grads: bool = True,
        prefix: str | None = None,
        trigger: Any = (1, "epoch"),
        skip_nan_params: bool = False,
    ) -> None:
        self._links = links if isinstance(links, (list, tuple)) else (links,)
        if isinstance(statistics, str):
            if statistics != "default":
                raise InvalidArgumentError(
                    f"statistics is a dictionary, 'default' or None, not {statistics!r}"
                )
            statistics = self.default_statistics
        self._statistics: dict[str, Statistic] = dict(statistics or {})
        self._attrs = ["data"] * report_params + ["grad"] * report_grads
        self._prefix = prefix
        self._trigger = get_trigger(trigger)
        self._summary = DictSummary()
        self._skip_nan_params = skip_nan_params

    def register_statistics(self, name: str, function: Statistic) -> None:
        """Adds a statistic.

        Args:
            name: Its name.
            function: Computes it from a flat array.
        """
        self._statistics[name] = function

    def __call__(self, trainer: Any) -> None:
        """Computes the statistics, and reports their means if it is time.

        Args:
            trainer: The trainer that calls it.
        """
        self._summary.add(dict(self._all_statistics()))
        if self._trigger(trainer):
            report(self._summary.compute_mean())
            self._summary = DictSummary()

    def _all_statistics(self) -> Iterator[tuple[str, Any]]:
        prefix = f"{self._prefix}/" if self._prefix else ""
        for link in self._links:
            for path, parameter in named_parameters_of(link):
                for attr in self._attrs:
                    tensor = data_of(parameter) if attr == "data" else grad_of(parameter)
                    if tensor is None:
                        continue
                    flat = raw(tensor.detach()).ravel()
                    for name, value in self._statistics_of(flat):
                        key = self.report_key_template.format(
                            prefix=prefix,
                            link_name=getattr(link, "name", type(link).__name__),
                            param_name=path,
                            attr_name=attr,
                            function_name=name,
                        )
                        yield from _numbered(key, value)

    def _statistics_of(self, flat: Any) -> Iterator[tuple[str, Any]]:
        skipped = self._skip_nan_params and bool(get_array_module(flat).isnan(flat).any())
        for name, function in self._statistics.items():
            yield name, float("nan") if skipped else function(flat)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the sums and the trigger, which Chainer does not save.

        Args:
            serializer: A serializer or deserializer.
        """
        serialize_part(serializer, "_trigger", self._trigger)
        serialize_part(serializer, "_summary", self._summary)


def _numbered(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if getattr(value, "size", 1) > 1:
        for index, element in enumerate(value):
            yield f"{key}/{index}", element
    else:
        yield key, value

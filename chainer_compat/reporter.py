"""Observed values: where they are reported to, and how they are summed up.

Source: Chainer's reference, *Reporter*, *Summary* and *DictSummary*.
"""

from __future__ import annotations

import copy
import json
import math
import numbers
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from chainer_compat.backends import cuda
from chainer_compat.backends._crossing import as_tensor
from chainer_compat.configuration import _this_thread
from chainer_compat.errors import (
    InvalidArgumentError,
    InvalidArgumentTypeError,
    NoReporterError,
    ObserverError,
)
from chainer_compat.serializer import Deserializer, Serializer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

__all__ = [
    "DictSummary",
    "Reporter",
    "Summary",
    "get_current_reporter",
    "report",
    "report_scope",
]

_Tensor = torch.Tensor

# Immutable and without a graph: reported as they are, summed up as they are.
_PLAIN = frozenset({float, int, bool})

_NUMPY_NUMBERS = frozenset(np.dtype(code).type for code in "?bhilqBHILQefdg")


class Reporter:
    """Collects values under names that tell who observed them.

    Attributes:
        observation: The dictionary that values are written to.

    Example:
        >>> from chainer_compat import Reporter
        >>> reporter, model, seen = Reporter(), object(), {}
        >>> reporter.add_observer('main', model)
        >>> with reporter.scope(seen):
        ...     reporter.report({'loss': 0.5}, model)
        >>> seen
        {'main/loss': 0.5}
    """

    def __init__(self) -> None:
        # id(observer) -> name: observers are told apart by identity, equal or hashable or not.
        self._observer_names: dict[int, str] = {}
        self.observation: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Makes this reporter the current one of the thread."""
        _this_thread.mode.reporters.append(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Gives the place back to the reporter that was current before."""
        _this_thread.mode.reporters.pop()

    def scope(self, observation: dict[str, Any]) -> _Scope:
        """Collects into another dictionary inside a ``with`` block, as the current reporter.

        Args:
            observation: Where values reported inside the block are written.

        Returns:
            A context manager; leaving it puts the former dictionary and reporter back.
        """
        return _Scope(self, observation)

    def add_observer(self, name: str, observer: Any) -> None:
        """Registers who may report, and the prefix of what it reports.

        Args:
            name: The prefix.
            observer: Any object, a Link or a torch module for one; known by its identity.
        """
        self._observer_names[id(observer)] = name

    def add_observers(self, prefix: str, observers: Iterable[tuple[str, Any]]) -> None:
        """Registers many observers at once.

        Args:
            prefix: Put before each name.
            observers: Pairs of a name and an observer, such as ``link.namedlinks()`` gives.
        """
        names = self._observer_names
        for name, observer in observers:
            names[id(observer)] = prefix + name

    def report(self, values: Mapping[str, Any], observer: Any = None) -> None:
        """Writes values to the current observation.

        A Variable or a tensor is written without the graph that led to it, so that the graph is
        not kept alive; ``chainer.config.keep_graph_on_report`` keeps it. This holds for the
        parts of a ``(value, weight)`` tuple too.

        Args:
            values: Names and values.
            observer: Who observed them; names get its prefix. With None they stay as they are.

        Raises:
            KeyError: If the observer has not been registered.
        """
        observation = self.observation
        prefix = ""
        if observer is not None:
            try:
                prefix = self._observer_names[id(observer)] + "/"
            except KeyError:
                raise ObserverError(_unknown_observer(observer, self._observer_names)) from None
        keeps_graph = _this_thread.mode.keep_graph_on_report
        for key, value in values.items():
            kind = type(value)
            if kind is _Tensor:
                # Of a torch model all are these.
                kept = value if keeps_graph or not value.requires_grad else value.detach()
            else:
                kept = value if kind in _PLAIN else _for_observation(value, keeps_graph)
            observation[prefix + key] = kept


class _Scope:
    """What `Reporter.scope` and `report_scope` return."""

    __slots__ = ("_observation", "_old", "_pushes", "_reporter")

    def __init__(
        self, reporter: Reporter, observation: dict[str, Any], pushes: bool = True
    ) -> None:
        self._reporter = reporter
        self._observation = observation
        self._pushes = pushes
        self._old: dict[str, Any] = {}

    def __enter__(self) -> None:
        reporter = self._reporter
        self._old = reporter.observation
        reporter.observation = self._observation
        if self._pushes:
            reporter.__enter__()

    def __exit__(self, *exc_info: object) -> None:
        reporter = self._reporter
        if self._pushes:
            reporter.__exit__(*exc_info)
        reporter.observation = self._old


def _unknown_observer(observer: Any, names: dict[int, str]) -> str:
    known = ", ".join(repr(name) for name in names.values()) or "none"
    return (
        f"Given observer is not registered to the reporter: an object of {type(observer)}. "
        f"Registered are: {known}. Register it with reporter.add_observer(name, observer), or "
        "make it part of the model that the updater or the Evaluator was given"
    )


def _for_observation(value: Any, keeps_graph: bool) -> Any:
    if isinstance(value, torch.Tensor):
        return value if keeps_graph or not value.requires_grad else value.detach()
    if isinstance(value, tuple):
        if type(value) is not tuple:
            return value
        return tuple(_for_observation(part, keeps_graph) for part in value)
    if _is_variable(value) and not keeps_graph:
        return copy.copy(value)
    return value


def _is_variable(value: Any) -> bool:
    return isinstance(getattr(value, "tensor", None), torch.Tensor)


def _get_device(x: Any) -> Any:
    """The device of a scalar, as extensions written for Chainer 1 to 4 ask for it."""
    return cuda.DummyDevice if np.isscalar(x) else cuda.get_device_from_array(x)


def get_current_reporter() -> Reporter:
    """Returns the reporter that is current in this thread.

    Raises:
        IndexError: If there is none.
    """
    reporters = _this_thread.mode.reporters
    if not reporters:
        raise NoReporterError(
            "no reporter is current in this thread: enter one with `with reporter:` or "
            "`with reporter.scope(observation):`; inside a Trainer there always is one"
        )
    innermost: Reporter = reporters[-1]
    return innermost


def report(values: Mapping[str, Any], observer: Any = None) -> None:
    """Reports values to the current reporter; where there is none, does nothing.

    Called from a model, this makes the values known to the extensions of the Trainer that runs
    it: ``report({'loss': loss}, self)`` becomes ``'main/loss'`` while training and
    ``'validation/main/loss'`` inside an Evaluator. Parts of a torch module report likewise,
    under their path in the module.

    Args:
        values: Names and values. A tuple is a value and its weight.
        observer: Who observed them; see :meth:`Reporter.report`.

    Raises:
        KeyError: If the observer has not been registered.

    Example:
        >>> import chainer_compat as chainer
        >>> seen = {}
        >>> with chainer.Reporter().scope(seen):
        ...     chainer.report({'x': 1})
        >>> seen
        {'x': 1}
    """
    reporters = _this_thread.mode.reporters
    if reporters:
        reporters[-1].report(values, observer)


def report_scope(observation: dict[str, Any]) -> _Scope:
    """Collects what the current reporter gets into another dictionary, inside a ``with`` block.

    Args:
        observation: Where values reported inside the block are written.

    Raises:
        IndexError: If no reporter is current.

    Example:
        >>> import chainer_compat as chainer
        >>> with chainer.Reporter():
        ...     with chainer.report_scope({}) as nothing:
        ...         chainer.report({'x': 1})
    """
    return _Scope(get_current_reporter(), observation, pushes=False)


class Summary:
    """Sums up scalars one by one: their mean and standard deviation, weighted if asked.

    Numbers and values on the CPU are summed in double precision. Values on a GPU are summed
    there, also in double precision, and nothing waits for the GPU until a result is read.

    Example:
        >>> from chainer_compat import Summary
        >>> summary = Summary()
        >>> summary.add(1.0)
        >>> summary.add(4.0, weight=2)
        >>> summary.compute_mean()
        3.0
    """

    # Whether a NumPy value was among those on the CPU: then so are the results, as in Chainer.
    _as_numpy = False

    def __init__(self) -> None:
        # The sums of weight*x, of weight*x*x and of the weights, under Chainer's keys of a file.
        self._x: Any = 0.0
        self._x2: Any = 0.0
        self._n: Any = 0

    def add(self, value: Any, weight: Any = 1) -> None:
        """Adds a value.

        Args:
            value: A number, an array or tensor of no dimensions, or a Variable over one. Arrays
                of one shape are summed up element by element, in their precision.
            weight: Its weight, likewise.

        Raises:
            TypeError: If one of them is neither a number nor an array of numbers.
        """
        scalar, scalar_weight = _scalar(value), _scalar(weight)
        if scalar is None or scalar_weight is None:
            self._add_arrays(_array(value, scalar), _array(weight, scalar_weight))
        else:
            self._add(scalar, scalar_weight, as_numpy=type(value) not in _PLAIN)

    def _add_arrays(self, value: Any, weight: Any) -> None:
        weighted = weight * value
        self._x = self._x + weighted
        self._x2 = self._x2 + weighted * value
        self._n = self._n + weight

    def _add(self, value: Any, weight: Any, as_numpy: bool) -> None:
        if isinstance(value, torch.Tensor) or isinstance(weight, torch.Tensor):
            self._add_on_device(value, weight)
            return
        weighted = weight * value
        self._x += weighted
        self._x2 += weighted * value
        self._n += weight
        if as_numpy:
            self._as_numpy = True

    def _add_on_device(self, value: Any, weight: Any) -> None:
        total = self._x
        if (
            isinstance(total, torch.Tensor)
            and isinstance(value, torch.Tensor)
            and isinstance(weight, (int, float))
        ):
            value = value.to(total.device, non_blocking=True)
            # In place: two kernels, however many values there have been.
            total.add_(value, alpha=weight)
            self._x2.addcmul_(value, value, value=weight)
        else:
            weighted = weight * value
            self._x = total + weighted
            self._x2 = self._x2 + weighted * value
        self._n = self._n + weight

    def compute_mean(self) -> Any:
        """Returns the mean: a number, or a tensor on the GPU if the values were there.

        Raises:
            ZeroDivisionError: If nothing has been added.
        """
        if self._as_numpy and type(self._x) is float:
            return np.float64(self._x) / self._n
        return self._x / self._n

    def make_statistics(self) -> tuple[Any, Any]:
        """Returns the mean and the standard deviation (of the population, as ``numpy.std``).

        Raises:
            ZeroDivisionError: If nothing has been added.
        """
        mean = self.compute_mean()
        variance = self._x2 / self._n - mean * mean
        if isinstance(variance, torch.Tensor):
            return mean, variance.clamp(min=0).sqrt()
        if np.ndim(variance):
            return mean, np.sqrt(np.maximum(variance, 0))
        # Rounding can leave a variance of zero a little below it; NaN stays NaN.
        return mean, np.float64(math.sqrt(max(variance, 0.0)))

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the sums.

        Args:
            serializer: A serializer; a file without the sums is warned about and leaves them.
        """
        loads = isinstance(serializer, Deserializer)
        # A number of integral weights is saved as an integer, any other as a float; either loads.
        count = float(self._n) if loads else self._n
        try:
            x = serializer("_x", self._x)
            x2 = serializer("_x2", self._x2)
            count = serializer("_n", count)
        except KeyError:
            warnings.warn("The previous statistics are not saved.", stacklevel=2)
            return
        if loads and float(count).is_integer():
            count = int(count)
        self._x, self._x2, self._n = x, x2, count


def _scalar(value: Any) -> Any:
    """A number of the CPU, a tensor of no dimensions on a GPU, or None for what is no scalar."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return value.item() if value.ndim == 0 and value.dtype.kind in "biufc" else None
    tensor = value if isinstance(value, torch.Tensor) else getattr(value, "tensor", None)
    if not isinstance(tensor, torch.Tensor):
        if isinstance(value, numbers.Number):
            return value if isinstance(value, (int, float, complex)) else float(value)  # type: ignore[arg-type]  # Fraction, Decimal
        if not hasattr(value, "__cuda_array_interface__"):
            return None
        tensor = as_tensor(value)
    if tensor.dim():
        return None
    return tensor.detach().double() if tensor.is_cuda else tensor.item()


def _array(value: Any, scalar: Any) -> Any:
    """The scalar if there is one, else the array of numbers that a value is or holds."""
    if scalar is not None:
        return scalar
    if _is_variable(value):
        value = value.array
    if isinstance(value, torch.Tensor):
        return value.detach()
    if getattr(getattr(value, "dtype", None), "kind", "") not in ("b", "i", "u", "f", "c"):
        raise InvalidArgumentTypeError(
            f"a Summary takes numbers and arrays of numbers; got {type(value)}"
        )
    return value


class DictSummary:
    """Sums up dictionaries of scalars, each name by itself.

    Example:
        >>> from chainer_compat import DictSummary
        >>> summary = DictSummary()
        >>> summary.add({'loss': 1.0, 'accuracy': (0.5, 10)})
        >>> summary.add({'loss': 3.0, 'accuracy': (0.8, 20), 'image': [1, 2]})
        >>> summary.compute_mean()
        {'loss': 2.0, 'accuracy': 0.7}
    """

    def __init__(self) -> None:
        self._summaries: defaultdict[str, Summary] = defaultdict(Summary)

    def add(self, d: Mapping[str, Any]) -> None:
        """Adds the scalars of a dictionary and ignores the rest.

        Args:
            d: Names and values. Scalars are numbers, arrays and tensors of no dimensions and
                Variables over such. A tuple is a value and its weight.

        Raises:
            ValueError: If a weight is no scalar.
        """
        summaries = self._summaries
        for key, value in d.items():
            kind = type(value)
            if kind is float or kind is int:
                # What Summary.add does, written out: most values are these.
                summary = summaries[key]
                summary._x += value
                summary._x2 += value * value
                summary._n += 1
            elif kind is _Tensor and not value.is_cuda:
                # Of a torch model all are these.
                if not value.dim():
                    number = value.item()
                    summary = summaries[key]
                    summary._x += number
                    summary._x2 += number * number
                    summary._n += 1
                    summary._as_numpy = True
            elif kind in _NUMPY_NUMBERS:
                summaries[key]._add(value.item(), 1, as_numpy=True)
            elif isinstance(value, tuple):
                scalar, weight = _value_and_weight(key, value)
                if scalar is not None:
                    as_numpy = type(value[0]) not in _PLAIN
                    summaries[key]._add(scalar, weight, as_numpy)
            else:
                scalar = _scalar(value)
                if scalar is not None:
                    summaries[key]._add(scalar, 1, as_numpy=kind is not bool)

    def compute_mean(self) -> dict[str, Any]:
        """Returns the mean of each name."""
        return {name: summary.compute_mean() for name, summary in self._summaries.items()}

    def make_statistics(self) -> dict[str, Any]:
        """Returns the mean of each name, and under ``name.std`` its standard deviation."""
        statistics = {}
        for name, summary in self._summaries.items():
            statistics[name], statistics[name + ".std"] = summary.make_statistics()
        return statistics

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the sums; the names are saved as one JSON text.

        Args:
            serializer: A serializer; a file without the names is warned about and leaves none.
        """
        if isinstance(serializer, Serializer):
            names = list(self._summaries)
            serializer("_names", json.dumps(names))
        else:
            self._summaries.clear()
            try:
                names = json.loads(serializer("_names", ""))
            except KeyError:
                warnings.warn("The names of statistics are not saved.", stacklevel=2)
                return
        for index, name in enumerate(names):
            self._summaries[name].serialize(serializer["_summaries"][str(index)])


def _value_and_weight(key: str, pair: tuple[Any, ...]) -> tuple[Any, Any]:
    if len(pair) < 2:
        raise InvalidArgumentError(
            f"a tuple is reported as (value, weight); {key!r} has {len(pair)} element(s)"
        )
    weight = _scalar(pair[1])
    if weight is None:
        raise InvalidArgumentError(
            f"Given weight to {key} was not scalar: it is of {type(pair[1])}"
        )
    return _scalar(pair[0]), weight

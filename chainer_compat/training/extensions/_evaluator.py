"""Evaluation on held-out data."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from chainer_compat.backend import get_device
from chainer_compat.configuration import no_backprop_mode, using_config
from chainer_compat.dataset import concat_examples
from chainer_compat.dataset._converter import _call_converter
from chainer_compat.errors import InvalidArgumentTypeError, IteratorError
from chainer_compat.reporter import DictSummary, Reporter, report, report_scope
from chainer_compat.training import _processes
from chainer_compat.training._extension import PRIORITY_WRITER, Extension
from chainer_compat.training._protocols import (
    call_with,
    is_torch_module,
    iterators_of,
    named,
    namedlinks_of,
)
from chainer_compat.training.extensions._console import ProgressDisplay, format_pace

__all__ = ["Evaluator"]


class Evaluator(Extension):
    """Sweeps over a data set, averages what the model reports, and reports the averages.

    The names reported get the extension's name as a prefix: ``validation/main/loss``. While it
    runs, ``chainer.config.train`` is False, no graph is built, and torch modules among the
    targets are in evaluation mode; afterwards everything is as it was.

    It may be called without a trainer: ``evaluator()`` returns the averages.

    Args:
        iterator: Iterator that ends after one sweep (``repeat=False``), registered as
            ``'main'``, or a dictionary of iterators. A ``torch.utils.data.DataLoader`` will do.
        target: The model, a Link or a torch module, likewise.
        converter: Makes arrays of a batch and a device.
        device: Device that the data is sent to, as for :func:`chainer_compat.get_device`.
        eval_hook: Called with this extension before each sweep, to reset a recurrent state say.
        eval_func: Called with the arrays of each batch; the main target if None.
        progress_bar: Whether to show the progress of a sweep.

    Attributes:
        converter: The converter.
        device: The device, or None.
        eval_hook: The hook, or None.
        eval_func: The function, or None.

    Source: Chainer's page *chainer.training.extensions.Evaluator*.
    """

    trigger = (1, "epoch")
    default_name = "validation"
    priority = PRIORITY_WRITER
    name: str | None = None

    def __init__(
        self,
        iterator: Any,
        target: Any,
        converter: Callable[..., Any] = concat_examples,
        device: Any = None,
        eval_hook: Callable[[Any], Any] | None = None,
        eval_func: Callable[..., Any] | None = None,
        *,
        progress_bar: bool = False,
    ) -> None:
        self._iterators = iterators_of(iterator, repeat=False)
        self._targets = named(target)
        self.converter = converter
        processes = _processes.current()
        if processes is not None:
            self.device: Any = processes.device
        else:
            self.device = None if device is None else get_device(device)
        self.eval_hook = eval_hook
        self.eval_func = eval_func
        self._progress_bar = progress_bar

    def get_iterator(self, name: str) -> Any:
        """Returns the iterator of a name.

        Args:
            name: The name; ``'main'`` unless a dictionary was given.
        """
        return self._iterators[name]

    def get_all_iterators(self) -> dict[str, Any]:
        """Returns a new dictionary of all iterators."""
        return dict(self._iterators)

    def get_target(self, name: str) -> Any:
        """Returns the target of a name.

        Args:
            name: The name; ``'main'`` unless a dictionary was given.
        """
        return self._targets[name]

    def get_all_targets(self) -> dict[str, Any]:
        """Returns a new dictionary of all targets."""
        return dict(self._targets)

    def __call__(self, trainer: Any = None) -> dict[str, Any]:
        """Evaluates, and reports the result.

        Args:
            trainer: Not used; an Evaluator can be called by itself.

        Returns:
            The means, by name.
        """
        reporter = Reporter()
        prefix = f"{self.name}/" if self.name is not None else ""
        for name, target in self._targets.items():
            reporter.add_observer(prefix + name, target)
            reporter.add_observers(prefix + name, namedlinks_of(target))
        with reporter, using_config("train", False), _evaluation_mode(self._targets.values()):
            result = self.evaluate()
        report(result)
        return result

    def evaluate(self) -> dict[str, Any]:
        """Does one sweep; the method to override.

        Returns:
            The means of what was reported, by name.

        Raises:
            RuntimeError: If the main iterator repeats, so that the sweep would never end.
        """
        iterator = self._iterators["main"]
        eval_func = self.eval_func or self._targets["main"]
        _refuse_endless(iterator)
        if self.eval_hook:
            self.eval_hook(self)
        sweep = _rewound(iterator)
        summary = DictSummary()
        display = _SweepDisplay(sweep) if self._progress_bar else None
        for batch in sweep:
            observation: dict[str, Any] = {}
            with report_scope(observation):
                in_arrays = _call_converter(self.converter, batch, self.device)
                with no_backprop_mode(), torch.no_grad():
                    call_with(eval_func, in_arrays)
            summary.add(observation)
            if display:
                display.update()
        if display:
            display.close()
        return summary.compute_mean()

    def finalize(self) -> None:
        """Finalizes the iterators that can be."""
        for iterator in self._iterators.values():
            if hasattr(iterator, "finalize"):
                iterator.finalize()


def _refuse_endless(iterator: Any) -> None:
    if getattr(iterator, "repeat", False) is True:
        raise IteratorError(
            "Evaluator sweeps over its iterator until it ends, and this "
            f"{type(iterator).__name__} repeats for ever; make it with repeat=False, or override "
            "Evaluator.evaluate"
        )


def _rewound(iterator: Any) -> Any:
    if hasattr(iterator, "reset"):
        iterator.reset()
        return iterator
    warnings.warn(
        f"{type(iterator).__name__} has no reset(); Evaluator sweeps over a copy of it, as "
        "Chainer 1 to 3 did. Give it a reset() method",
        DeprecationWarning,
        stacklevel=3,
    )
    return copy.copy(iterator)


@contextmanager
def _evaluation_mode(targets: Any) -> Iterator[None]:
    modules = [
        module for target in targets if is_torch_module(target) for module in target.modules()
    ]
    training = [module for module in modules if module.training]
    with ExitStack() as stack:
        for module in training:
            module.training = False
            stack.callback(setattr, module, "training", True)
        yield


class _SweepDisplay(ProgressDisplay):
    def __init__(self, iterator: Any) -> None:
        super().__init__()
        if not (hasattr(iterator, "current_position") and hasattr(iterator, "epoch_detail")):
            raise InvalidArgumentTypeError(
                f"Evaluator(progress_bar=True) needs an iterator with current_position and "
                f"epoch_detail; {type(iterator).__name__} lacks one of them"
            )
        self._iterator = iterator
        self.update_speed(iterator.current_position, iterator.epoch_detail)

    def get_bars(self) -> list[tuple[str, float]]:
        return [("validation", self._iterator.epoch_detail)]

    def get_status(self) -> list[str]:
        position, epoch_detail = self._iterator.current_position, self._iterator.epoch_detail
        size = getattr(self._iterator, "_epoch_size", None)
        if size and epoch_detail >= 1.0:
            position = size  # behind the last batch, iterators are back at the beginning
        speed, epochs_per_second = self.update_speed(position, epoch_detail)
        return [
            f"{position:10} / {size} iterations" if size else f"{position:10} iterations",
            format_pace(speed, 1.0 - epoch_detail, epochs_per_second),
        ]

"""The updater for one model on one device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainer_compat.backend import Device, get_device
from chainer_compat.dataset import concat_examples
from chainer_compat.dataset._converter import _call_converter
from chainer_compat.training._processes import Processes, current
from chainer_compat.training._protocols import (
    iterators_of,
    named,
    next_batch,
    send_target,
    serialize_target,
)
from chainer_compat.training._updater import Updater

__all__ = ["StandardUpdater"]


class StandardUpdater(Updater):
    """Fetches a batch, converts it, and has the optimizer do one update of the loss on it.

    With several iterators or optimizers, give dictionaries and override :meth:`update_core`,
    where ``self.iteration`` is the number of updates done before this one.

    Args:
        iterator: Iterator over the training data, registered as ``'main'``, or a dictionary of
            iterators. A ``torch.utils.data.DataLoader`` will do: it becomes a
            :class:`~chainer_compat.iterators.DataLoaderIterator`.
        optimizer: Optimizer that is set up with its model, likewise; a torch optimizer goes in as
            a :class:`~chainer_compat.interop.TorchOptimizer`.
        converter: Makes arrays of a batch and a device. A tuple becomes the positional arguments
            of the loss function, a dictionary its keywords, anything else its one argument.
        device: Device that the models are sent to, as for :func:`chainer_compat.get_device`;
            with None they stay where they are.
        loss_func: Computes the loss from the arrays; the model of the main optimizer if None.
        loss_scale: Factor on the loss before its gradients are computed, undone before the
            update, against underflow in float16.
        auto_new_epoch: Whether the main optimizer is told when an epoch is complete.
        input_device: Device that the data is sent to; ``device`` if None.

    Attributes:
        converter: The converter.
        loss_func: The loss function, or None.
        iteration: Number of updates done.
        auto_new_epoch: As the argument.

    Source: Chainer's page *chainer.training.updaters.StandardUpdater*.
    """

    # What trains together with other processes, or in another precision, if anything does.
    _processes: Processes | None = None

    def __init__(
        self,
        iterator: Any,
        optimizer: Any,
        converter: Callable[..., Any] = concat_examples,
        device: Any = None,
        loss_func: Callable[..., Any] | None = None,
        loss_scale: float | None = None,
        auto_new_epoch: bool = True,
        *,
        input_device: Any = None,
    ) -> None:
        self._device = None if device is None else get_device(device)
        self._input_device = self._device if input_device is None else get_device(input_device)
        self._iterators = iterators_of(iterator, repeat=True)
        self._optimizers = named(optimizer)
        self.converter = converter
        self.loss_func = loss_func
        self.iteration = 0
        self.loss_scale = loss_scale
        self.auto_new_epoch = auto_new_epoch
        for each in self._optimizers.values():
            if self._device is not None:
                send_target(each.target, self._device)
            if loss_scale is not None:
                each.set_loss_scale(loss_scale)
            if auto_new_epoch:
                each.use_auto_new_epoch = True
        processes = current()
        if processes is not None:
            self._join(processes)

    def _join(self, processes: Processes) -> None:
        self._processes = processes
        self._device = self._input_device = processes.device
        for optimizer in self._optimizers.values():
            send_target(optimizer.target, processes.device)
            processes.prepare(optimizer)
        self._iterators = {
            name: processes.shared(iterator) for name, iterator in self._iterators.items()
        }

    @property
    def device(self) -> Device | None:
        """The device that the models were sent to, or None."""
        return self._device

    @property
    def input_device(self) -> Device | None:
        """The device that the data is sent to, or None."""
        return self._input_device

    @property
    def epoch(self) -> int:
        """Complete sweeps of the main iterator."""
        epoch: int = self._iterators["main"].epoch
        return epoch

    @property
    def epoch_detail(self) -> float:
        """Sweeps of the main iterator, with the fraction of the present one."""
        epoch_detail: float = self._iterators["main"].epoch_detail
        return epoch_detail

    @property
    def previous_epoch_detail(self) -> float:
        """:attr:`epoch_detail` before the last update."""
        epoch_detail: float = self._iterators["main"].previous_epoch_detail
        return epoch_detail

    @property
    def is_new_epoch(self) -> bool:
        """Whether the last update completed a sweep."""
        is_new_epoch: bool = self._iterators["main"].is_new_epoch
        return is_new_epoch

    def finalize(self) -> None:
        """Finalizes the iterators that can be."""
        for iterator in self._iterators.values():
            if hasattr(iterator, "finalize"):
                iterator.finalize()

    def get_optimizer(self, name: str) -> Any:
        """Returns the optimizer of a name.

        Args:
            name: The name; ``'main'`` unless a dictionary was given.
        """
        return self._optimizers[name]

    def get_all_optimizers(self) -> dict[str, Any]:
        """Returns a new dictionary of all optimizers."""
        return dict(self._optimizers)

    def get_iterator(self, name: str) -> Any:
        """Returns the iterator of a name.

        Args:
            name: The name; ``'main'`` unless a dictionary was given.
        """
        return self._iterators[name]

    def update(self) -> None:
        """Does one iteration: :meth:`update_core`, then :attr:`iteration` goes up by one."""
        if self._processes is None:
            self.update_core()
        else:
            self._processes.update(self)
        self.iteration += 1

    def update_core(self) -> None:
        """Does what one iteration consists of; the method to override."""
        iterator = self._iterators["main"]
        in_arrays = _call_converter(self.converter, next_batch(iterator), self._input_device)
        optimizer = self._optimizers["main"]
        loss_func = self.loss_func or optimizer.target
        if isinstance(in_arrays, tuple):
            optimizer.update(loss_func, *in_arrays)
        elif isinstance(in_arrays, dict):
            optimizer.update(loss_func, **in_arrays)
        else:
            optimizer.update(loss_func, in_arrays)
        if self.auto_new_epoch and iterator.is_new_epoch:
            optimizer.new_epoch(auto=True)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads iterators, optimizers, their models and the iteration.

        Args:
            serializer: A serializer or deserializer; the keys are ``iterator:NAME``,
                ``optimizer:NAME``, ``model:NAME`` and ``iteration``.
        """
        for name, iterator in self._iterators.items():
            if hasattr(iterator, "serialize"):
                iterator.serialize(serializer["iterator:" + name])
        for name, optimizer in self._optimizers.items():
            optimizer.serialize(serializer["optimizer:" + name])
            serialize_target(serializer["model:" + name], optimizer.target)
        self.iteration = serializer("iteration", self.iteration)

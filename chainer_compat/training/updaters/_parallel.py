"""The updater for copies of one model on several devices."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from chainer_compat.backend import using_device
from chainer_compat.configuration import force_backprop_mode
from chainer_compat.dataset import concat_examples
from chainer_compat.errors import DeviceKeyError, InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.training._protocols import (
    call_with,
    is_torch_module,
    named,
    namedlinks_of,
    next_batch,
)
from chainer_compat.training.updaters._standard import StandardUpdater

__all__ = ["ParallelUpdater"]


class ParallelUpdater(StandardUpdater):
    """Splits each batch among copies of a model, adds their gradients up, and updates once.

    The copies report under their own names. It runs one copy after the other in one process; for
    speed use one process per GPU.

    Args:
        iterator: Iterator over the training data, or a dictionary with one under ``'main'``.
        optimizer: Optimizer that is set up with the main model.
        converter: Makes arrays of a batch and a device.
        models: Name to model, the main one under ``'main'``; if None, the main model is copied
            to each of the devices.
        devices: Name to device, for the same names as ``models``; if None, each of the ``models``
            gets its batches on the device where it is.
        loss_func: Computes the loss from the arrays; each model itself if None.
        loss_scale: Factor on the loss before its gradients are computed, undone before the
            update.
        auto_new_epoch: Whether the optimizer is told when an epoch is complete.

    Raises:
        ValueError: If there are neither models nor devices.
        KeyError: If ``devices`` has no ``'main'``.
        TypeError: If the model is a torch module.

    Source: Chainer's page *chainer.training.updaters.ParallelUpdater*.
    """

    def __init__(
        self,
        iterator: Any,
        optimizer: Any,
        converter: Callable[..., Any] = concat_examples,
        models: dict[str, Any] | None = None,
        devices: dict[str, Any] | None = None,
        loss_func: Callable[..., Any] | None = None,
        loss_scale: float | None = None,
        auto_new_epoch: bool = True,
    ) -> None:
        super().__init__(
            iterator,
            optimizer,
            converter,
            loss_func=loss_func,
            loss_scale=loss_scale,
            auto_new_epoch=auto_new_epoch,
        )
        main = named(optimizer)["main"].target
        if is_torch_module(main):
            raise InvalidArgumentTypeError(
                "ParallelUpdater copies Links; for a torch module use torch's "
                "DistributedDataParallel, or Lightning's strategies"
            )
        if devices is None and models is None:
            raise InvalidArgumentError(
                "either models or devices must be specified: devices={'main': 0, 'second': 1}"
            )
        if self._processes is not None and devices is not None:
            # Each process has one device, for all its copies.
            devices = dict.fromkeys(devices, self._processes.device)
        self._models: Any = _copies(main, devices) if models is None else models
        self._devices = devices

    def connect_trainer(self, trainer: Any) -> None:
        """Makes the copies known to the trainer's reporter.

        Args:
            trainer: The trainer.
        """
        for name, model in self._others().items():
            trainer.reporter.add_observer(name, model)
            trainer.reporter.add_observers(name, namedlinks_of(model))

    def _others(self) -> dict[str, Any]:
        main = self.get_optimizer("main").target
        return {name: model for name, model in self._models.items() if model is not main}

    def update_core(self) -> None:
        """Does what one iteration consists of."""
        optimizer = self.get_optimizer("main")
        main = optimizer.target
        iterator = self.get_iterator("main")
        batch = next_batch(iterator)
        for model in self._models.values():
            model.cleargrads()
        losses = [
            self._loss(name, model, batch[index :: len(self._models)])
            for index, (name, model) in enumerate(self._models.items())
        ]
        # Once more: parameters that this batch has initialized.
        for model in self._models.values():
            model.cleargrads()
        for loss in losses:
            loss.backward(loss_scale=self.loss_scale)
        for model in self._others().values():
            main.addgrads(model)
        optimizer.update()
        for model in self._others().values():
            model.copyparams(main)
        if self.auto_new_epoch and iterator.is_new_epoch:
            optimizer.new_epoch(auto=True)

    def _loss(self, name: str, model: Any, part: Any) -> Any:
        device = model.device if self._devices is None else self._devices[name]
        with force_backprop_mode(), using_device(device):
            return call_with(self.loss_func or model, self.converter(part, device))


def _copies(main: Any, devices: Any) -> dict[str, Any]:
    if "main" not in devices:
        raise DeviceKeyError(f"devices must have a 'main'; it has {sorted(devices)}")
    models = {"main": main}
    for name, device in devices.items():
        if name != "main":
            models[name] = copy.deepcopy(main)
            models[name].to_device(device)
    main.to_device(devices["main"])
    return models

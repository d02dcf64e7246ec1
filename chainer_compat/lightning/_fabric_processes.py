"""Trains what an updater updates on the processes of a Fabric, in its precision."""

from __future__ import annotations

import zlib
from contextlib import ExitStack
from typing import Any

import torch

from chainer_compat.backend import Device, get_device
from chainer_compat.errors import InvalidArgumentError, NoReporterError, NotSupportedError
from chainer_compat.lightning import _random
from chainer_compat.lightning._fabric_ranks import FabricRanks
from chainer_compat.lightning._mean_over_ranks import mean_over_ranks
from chainer_compat.lightning._numbers import numbers_of, set_numbers
from chainer_compat.lightning._shared_iterator import SharedIterator
from chainer_compat.lightning._streams import Streams
from chainer_compat.reporter import get_current_reporter
from chainer_compat.serializers import NpzDeserializer, serialize
from chainer_compat.training._protocols import grad_of, named_parameters_of

__all__ = ["FabricProcesses"]

_MIXED = ("16-mixed", "bf16-mixed")
_PRECISIONS = ("32-true", *_MIXED)


class FabricProcesses:
    """The processes of a Fabric, each with its share of every batch.

    One update is that of the whole batch: gradients are averaged between the backward pass and
    the optimizer's hooks, weighted by the sizes of the shares, and so is what was reported. The
    hyperparameters are those of rank zero, where extensions may have changed them.

    Args:
        fabric: The Fabric, launched if it has more than one process.

    Raises:
        RuntimeError: If the Fabric has not been launched.
        NotImplementedError: If its strategy or its precision does not go with Chainer's models.
    """

    # Whether an updater has taken part.
    is_used = False

    def __init__(self, fabric: Any) -> None:
        _refuse(fabric)
        self._fabric = fabric
        self.ranks = FabricRanks(fabric)
        self.device: Device = _device_of(fabric.device)
        self._precision: str = fabric.strategy.precision.precision
        self._streams = Streams(self.ranks.rank)
        self._is_aligned = self.ranks.size == 1
        # Whether parameters may get their shapes, and their values, in the next update.
        self._is_fresh = self.ranks.size > 1
        self._main: Any = None

    # -- what an updater asks -----------------------------------------------------------------

    def prepare(self, optimizer: Any) -> None:
        """Has an optimizer average its gradients over the processes.

        Args:
            optimizer: The optimizer, whose model is on the device.

        Raises:
            NotImplementedError: If the optimizer's updates are not known.
        """
        self.is_used = True
        if self._precision in _MIXED:
            if not hasattr(optimizer, "_leave_loss_scaling_to"):
                raise _strange(optimizer)
            optimizer._leave_loss_scaling_to(dynamic=self._precision == "16-mixed")
        if self.ranks.size > 1:
            if not hasattr(optimizer, "_between_ranks"):
                raise _strange(optimizer)
            optimizer._between_ranks = self

    def shared(self, iterator: Any) -> Any:
        """Returns an iterator that gives this process its share of each batch.

        Args:
            iterator: An iterator that gives the same batches in all processes.
        """
        if self.ranks.size == 1 or isinstance(iterator, SharedIterator):
            return iterator
        return SharedIterator(iterator, self.ranks.rank, self.ranks.size, self._streams)

    def own_of(self, iterators: Any) -> Any:
        """Returns the iterator of this process, which it has for itself.

        Args:
            iterators: As many as there are processes.
        """
        size = self.ranks.size
        return SharedIterator(iterators[self.ranks.rank], 0, 1, self._streams, part=1 / size)

    def align(self, updater: Any) -> None:
        """Gives all processes the state and the random numbers of rank zero.

        Args:
            updater: The updater.
        """
        if self.ranks.size == 1:
            return
        own = self.ranks.is_zero
        told = self.ranks.tell((serialize(updater), _random.capture()) if own else None)
        if not own:
            # Not strict: an optimizer that has done nothing yet has no state.
            NpzDeserializer(told[0], strict=False).load(updater)
            _random.put(told[1])
        self._is_aligned = True

    def update(self, updater: Any) -> None:
        """Has an updater do what one iteration consists of.

        Args:
            updater: The updater.
        """
        if not self._is_aligned:
            self.align(updater)
        if self.ranks.size == 1:
            with self._fabric.autocast():
                updater.update_core()
            return
        self._main = updater.get_iterator("main")
        self._is_fresh = self._is_fresh and _has_parameters_to_come(updater)
        with ExitStack() as stack:
            if not self._is_fresh:
                # The first values of parameters are to be alike.
                stack.enter_context(self._streams.apart(updater.iteration))
            stack.enter_context(self._fabric.autocast())
            updater.update_core()
        if self._is_fresh:
            self.align(updater)
        try:
            observation = get_current_reporter().observation
        except NoReporterError:
            return  # driven by hand, without a Trainer
        mean_over_ranks(observation, self._main.weight, self.ranks)

    # -- what an optimizer asks ---------------------------------------------------------------

    def update_starts(self, optimizer: Any) -> None:
        """Averages an optimizer's gradients, and sets its hyperparameters as on rank zero.

        Args:
            optimizer: The optimizer, with the gradients of this process's share.

        Raises:
            RuntimeError: If another process has ended.
            ValueError: If the processes have gradients of different parameters.
        """
        self._streams.switch()
        gradients, layout = _gradients(optimizer)
        numbers = numbers_of(optimizer)
        agree, told = self.ranks.compare(zlib.crc32(layout.encode()), [n.value for n in numbers])
        if not agree:
            raise InvalidArgumentError(
                "the processes have gradients of different parameters, which cannot be averaged: "
                "what is trained in an iteration may not depend on the share of the batch"
            )
        if not self.ranks.is_zero:
            set_numbers(numbers, told)
        weight = self._main.weight if self._main is not None else 1 / self.ranks.size
        for group in _by_kind(gradients):
            self._average(group, weight)

    def _average(self, gradients: list[torch.Tensor], weight: float) -> None:
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        if weight:
            flat *= weight
        else:
            flat.zero_()  # the share is an example that does not count; it may even be infinite
        self.ranks.add_up(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        torch._foreach_copy_(
            gradients, [part.view(g.shape) for part, g in zip(parts, gradients, strict=True)]
        )

    def update_ends(self) -> None:
        """Is told that the parameters have been updated."""
        self._streams.switch()


def _refuse(fabric: Any) -> None:
    from lightning.fabric.strategies.ddp import DDPStrategy
    from lightning.fabric.strategies.single_device import SingleDeviceStrategy

    strategy, precision = fabric.strategy, fabric.strategy.precision.precision
    if type(strategy) not in (DDPStrategy, SingleDeviceStrategy):
        raise NotSupportedError(
            f"a Chainer model trains with strategy='ddp' or on one device, not with "
            f"{type(strategy).__name__}: each process has to hold the whole of it. For other "
            "strategies give its LinkAsTorchModel to a LightningModule"
        )
    if precision not in _PRECISIONS:
        raise NotSupportedError(
            f"precision={precision!r} would change the dtype of the parameters, which "
            "chainer.config.dtype decides (or the environment's CHAINER_DTYPE); use one of "
            f"{', '.join(_PRECISIONS)}"
        )
    if fabric.world_size > 1 and not torch.distributed.is_initialized():
        raise RuntimeError("call fabric.launch() before the updater is made")


def _device_of(device: torch.device) -> Device:
    return get_device(-1 if device.type == "cpu" else device.index or 0)


def _strange(optimizer: Any) -> NotSupportedError:
    return NotSupportedError(
        f"{type(optimizer).__name__} cannot train on several processes or in another precision: "
        "make it a subclass of GradientMethod, or wrap a torch optimizer in "
        "chainer_compat.interop.TorchOptimizer"
    )


def _has_parameters_to_come(updater: Any) -> bool:
    return any(
        getattr(parameter, "is_initialized", True) is False
        for optimizer in updater.get_all_optimizers().values()
        for _, parameter in named_parameters_of(optimizer.target)
    )


def _gradients(optimizer: Any) -> tuple[list[torch.Tensor], str]:
    """The gradients that there are, and a text that says of what."""
    found, layout = [], []
    for path, parameter in named_parameters_of(optimizer.target):
        gradient = grad_of(parameter)
        if gradient is not None:
            found.append(gradient.detach())
            layout.append(f"{path}{tuple(gradient.shape)}")
    return found, " ".join(layout)


def _by_kind(gradients: list[torch.Tensor]) -> list[list[torch.Tensor]]:
    kinds: dict[Any, list[torch.Tensor]] = {}
    for gradient in gradients:
        kinds.setdefault((gradient.dtype, gradient.device), []).append(gradient)
    return list(kinds.values())

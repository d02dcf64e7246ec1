"""A LightningModule around a Chainer model and its optimizer."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
import torch

from chainer_compat.errors import InvalidArgumentTypeError, MissingNameError
from chainer_compat.interop import LinkAsTorchModel
from chainer_compat.lightning import _checkpoint
from chainer_compat.reporter import Reporter
from chainer_compat.serializers import NpzDeserializer, serialize
from chainer_compat.training._protocols import namedlinks_of

__all__ = ["LinkModule"]


class LinkModule(pl.LightningModule):
    """A ``LightningModule`` that trains a Chainer model by its Chainer optimizer.

    Batches go to the model as from an updater: a tuple or list as positional arguments, a
    dictionary as keywords, anything else as the one argument. What the model reports is logged by
    ``self.log``, under Chainer's names: ``main/loss``, and ``validation/main/loss`` as the mean
    over batches, as an Evaluator has it. With a
    :class:`~chainer_compat.lightning.ChainerCallback`, snapshots have Chainer's keys.

    Args:
        optimizer: A Chainer optimizer that is set up with the model, whose parameters are
            initialized.
        loss_func: Computes the loss of a batch, if not the model itself; it gets tensors.

    Attributes:
        model: The model as a torch module, over the same parameters.
        chainer_target: The model itself.

    Raises:
        TypeError: If it is no Chainer optimizer, or its target no Link.
        AttributeError: If the optimizer has no target yet.
        RuntimeError: If a parameter is not initialized.

    Example:
        >>> import chainer_compat as chainer
        >>> from chainer_compat.lightning import LinkModule
        >>> model = chainer.links.Classifier(chainer.links.Linear(2, 3))
        >>> module = LinkModule(chainer.optimizers.Adam().setup(model))
        >>> [name for name, _ in module.named_parameters()]
        ['model.predictor.W', 'model.predictor.b']
    """

    def __init__(self, optimizer: Any, loss_func: Any = None) -> None:
        super().__init__()
        if not (hasattr(optimizer, "target") and hasattr(optimizer, "update")):
            raise InvalidArgumentTypeError(
                f"LinkModule takes a Chainer optimizer that is set up, not {type(optimizer)}"
            )
        if optimizer.target is None:
            raise MissingNameError("the optimizer has no target; call optimizer.setup(model) first")
        self.chainer_target: Any = optimizer.target
        self.model = LinkAsTorchModel(optimizer.target)
        optimizer.use_auto_new_epoch = True
        self._optimizer = optimizer
        self._loss_func = loss_func
        self._reporter = Reporter()
        self._reporter.add_observer("main", self.chainer_target)
        self._reporter.add_observers("main", namedlinks_of(self.chainer_target))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the model.

        Args:
            *args: Tensors or arrays.
            **kwargs: Likewise.
        """
        return self.model(*args, **kwargs)

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        """Returns the loss of a batch, and logs what the model reports.

        Args:
            batch: The batch.
            batch_idx: Its number.
        """
        loss: torch.Tensor
        loss, seen = self._observed(batch)
        self.log_dict(seen, on_step=True, on_epoch=False, batch_size=1)
        return loss

    def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Logs the means, over the batches, of what the model reports.

        Args:
            batch: The batch.
            batch_idx: Its number.
            dataloader_idx: The number of its data loader.
        """
        _, seen = self._observed(batch)
        prefix = f"validation_{dataloader_idx}" if dataloader_idx else "validation"
        means = {f"{prefix}/{name}": value for name, value in seen.items()}
        # Each batch counts once, whatever its size.
        self.log_dict(means, on_epoch=True, batch_size=1, add_dataloader_idx=False)

    def _observed(self, batch: Any) -> tuple[Any, dict[str, Any]]:
        observation: dict[str, Any] = {}
        function = self._loss_func or self.model
        with self._reporter.scope(observation):
            if isinstance(batch, (tuple, list)):
                loss = function(*batch)
            elif isinstance(batch, dict):
                loss = function(**batch)
            else:
                loss = function(batch)
        seen = {name: _as_metric(value) for name, value in observation.items()}
        numbers = {name: value for name, value in seen.items() if value is not None}
        return getattr(loss, "tensor", loss), numbers

    def on_train_epoch_end(self) -> None:
        """Tells the optimizer that a sweep over the data is complete."""
        self._optimizer.new_epoch(auto=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Returns the optimizer, for Lightning to call."""
        return _AsTorchOptimizer(self._optimizer, list(self.parameters()))


def _as_metric(value: Any) -> Any:
    tensor = getattr(value, "tensor", value)
    if isinstance(tensor, torch.Tensor):
        return tensor.detach().float() if tensor.ndim == 0 else None
    return (
        float(tensor) if getattr(tensor, "ndim", 0) == 0 and hasattr(tensor, "__float__") else None
    )


class _AsTorchOptimizer(torch.optim.Optimizer):
    """A Chainer optimizer, to whoever calls torch's: its steps are the Chainer optimizer's.

    Args:
        chainer_optimizer: The Chainer optimizer.
        parameters: The parameters that it updates.
    """

    def __init__(self, chainer_optimizer: Any, parameters: list[torch.Tensor]) -> None:
        super().__init__(parameters, {})
        self.chainer_optimizer = chainer_optimizer

    def step(self, closure: Any = None) -> Any:
        """Does one update, of the gradients that the closure computes."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.chainer_optimizer.update()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of the Chainer optimizer, for Lightning's checkpoints."""
        state = _checkpoint.to_checkpoint(serialize(self.chainer_optimizer))
        return {"state": state, "param_groups": []}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Loads the state of the Chainer optimizer.

        Args:
            state_dict: What :meth:`state_dict` returned.
        """
        state = _checkpoint.from_checkpoint(state_dict["state"])
        NpzDeserializer(state).load(self.chainer_optimizer)

"""A torch optimizer that a Trainer can use."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from chainer_compat.backends._crossing import as_tensor
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError, MissingNameError
from chainer_compat.interop import _optimizer_state
from chainer_compat.interop._loss_scale import DynamicScale, FixedScale, NoScale

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["TorchOptimizer"]

# Set as usual; any other name that is an option of the torch optimizer goes to its groups.
_OWN = frozenset({
    "_between_ranks", "_closes", "_link", "_probe", "_scale", "epoch", "t", "target",
    "torch_optimizer", "use_auto_new_epoch",
})  # fmt: skip


class TorchOptimizer:
    """A torch optimizer behind Chainer's protocol, for a Trainer or any other Chainer loop.

    Options of the torch optimizer are attributes: ``optimizer.lr`` reads that of the first group,
    and setting it sets it in every group (groups that differ keep their ratio to the first), so
    that extensions such as ``ExponentialShift("lr", 0.5)`` and ``observe_lr()`` work.

    Saved under Chainer's ``t`` and ``epoch`` and, by the paths of the module's parameters, the
    torch optimizer's whole state and options: a run resumes exactly.

    Args:
        torch_optimizer: The torch optimizer, over parameters of the module.
        module: The torch module, or a Link, that it optimizes; :meth:`setup` can give it later.

    Attributes:
        torch_optimizer: The torch optimizer.
        target: The module.
        t: Number of updates done.
        epoch: Number of sweeps over the data that are complete.
        use_auto_new_epoch: Whether the updater calls :meth:`new_epoch`.

    Raises:
        ValueError: If the torch optimizer has a parameter that is not the module's.

    Example:
        >>> import torch
        >>> from chainer_compat.interop import TorchOptimizer
        >>> net = torch.nn.Linear(2, 1)
        >>> optimizer = TorchOptimizer(torch.optim.SGD(net.parameters(), lr=0.1), net)
        >>> optimizer.update(lambda x: net(x).sum(), torch.ones(1, 2))
        >>> optimizer.t, optimizer.lr
        (1, 0.1)
    """

    target: Any = None
    torch_optimizer: torch.optim.Optimizer

    def __init__(self, torch_optimizer: torch.optim.Optimizer, module: Any = None) -> None:
        if not isinstance(torch_optimizer, torch.optim.Optimizer):
            raise InvalidArgumentTypeError(
                "TorchOptimizer takes a torch optimizer and its module, as in "
                f"TorchOptimizer(torch.optim.Adam(net.parameters()), net); got "
                f"{type(torch_optimizer)}"
            )
        self.torch_optimizer = torch_optimizer
        self.t = 0
        self.epoch = 0
        self.use_auto_new_epoch = False
        self._scale: Any = NoScale()
        self._link = False
        self._probe: torch.Tensor | None = None
        # Set by an updater that trains on several processes.
        self._between_ranks: Any = None
        # LBFGS and its like evaluate the loss several times in one step.
        closure = inspect.signature(torch_optimizer.step).parameters.get("closure")
        self._closes = closure is not None and closure.default is closure.empty
        if module is not None:
            self.setup(module)

    def __getattr__(self, name: str) -> Any:
        # Only for names that are not found; `torch_optimizer` itself is not, while unpickling.
        if name != "torch_optimizer":
            groups = self.torch_optimizer.param_groups
            if groups and name in groups[0]:
                return groups[0][name]
        raise MissingNameError(f"{type(self).__name__} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _OWN and "torch_optimizer" in self.__dict__:
            groups = self.torch_optimizer.param_groups
            if groups and name in groups[0] and name != "params":
                _set_option(groups, name, value)
                return
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {type(self.torch_optimizer).__name__}, t={self.t}>"

    def setup(self, module: Any) -> Self:
        """Sets what it optimizes.

        Args:
            module: A torch module or a Link that has all of the torch optimizer's parameters.

        Returns:
            Itself.

        Raises:
            TypeError: If it is neither.
            ValueError: If a parameter is not the module's.
        """
        self._link = hasattr(module, "namedlinks")
        if not self._link and not isinstance(module, torch.nn.Module):
            raise InvalidArgumentTypeError(
                f"the target of a TorchOptimizer is a torch module or a Link, not {type(module)}"
            )
        self.target = module
        _optimizer_state.names_of(self.torch_optimizer, module)
        groups = self.torch_optimizer.param_groups
        self._probe = next((p for group in groups for p in group["params"]), None)
        return self

    def update(self, lossfun: Callable[..., Any] | None = None, *args: Any, **kwds: Any) -> None:
        """Does one update.

        Args:
            lossfun: Computes the loss, a scalar. With None the gradients that are there are used.
            *args: Its arguments. Arrays among them become tensors on the module's device.
            **kwds: Its keyword arguments, likewise.
        """
        if lossfun is not None and not self._link:
            probe = self._probe
            # Most batches are tensors on the CPU already, which is seen at once.
            if kwds or probe is None or not (probe.is_cpu and all(map(_is_on_cpu, args))):
                device = None if probe is None else probe.device
                args, kwds = _sent(args, device), _sent(kwds, device)
        self.__dict__["t"] += 1
        if self._closes:
            self._step_with_closure(lossfun, args, kwds)
            return
        if lossfun is not None:
            loss = lossfun(*args, **kwds)
            self._clear_gradients()
            self._scale.backward(loss)
            del loss  # its graph, before the step allocates
        between_ranks = self._between_ranks
        if between_ranks is not None:
            between_ranks.update_starts(self)
        self._scale.step(self.torch_optimizer)
        if between_ranks is not None:
            between_ranks.update_ends()

    def _step_with_closure(self, lossfun: Callable[..., Any] | None, args: Any, kwds: Any) -> None:
        if lossfun is None or not isinstance(self._scale, NoScale):
            raise InvalidArgumentError(
                f"{type(self.torch_optimizer).__name__} evaluates the loss itself: call "
                "update(lossfun, *args), without a loss scale"
            )

        if self._between_ranks is not None:
            raise InvalidArgumentError(
                f"{type(self.torch_optimizer).__name__} evaluates the loss several times in one "
                "step, which does not go on several processes; use one, or another optimizer"
            )

        def closure() -> Any:
            loss = lossfun(*args, **kwds)
            self._clear_gradients()
            loss.backward()
            return getattr(loss, "tensor", loss)

        self.torch_optimizer.step(closure)

    def _clear_gradients(self) -> None:
        for group in self.torch_optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
        if self._link:
            self.target.cleargrads()

    def new_epoch(self, auto: bool = False) -> None:
        """Is told that a sweep over the data is complete.

        Args:
            auto: Whether it is the updater that tells.

        Raises:
            RuntimeError: If it is told by hand although the updater does so, or the reverse.
        """
        if auto != self.use_auto_new_epoch:
            raise RuntimeError(
                "new_epoch() is called by the updater already; do not call it by hand"
                if self.use_auto_new_epoch
                else "the updater called new_epoch(auto=True), but use_auto_new_epoch is off"
            )
        self.epoch += 1

    def set_loss_scale(self, loss_scale: float) -> None:
        """Scales the loss by a fixed factor before its gradients are computed.

        Args:
            loss_scale: The factor; the gradients are divided by it before the update.
        """
        self._scale = FixedScale(loss_scale)

    def loss_scaling(self, interval: int = 1000, scale: float | None = None) -> None:
        """Scales the loss by a factor that adapts itself.

        An update whose gradients overflow is skipped and halves the factor.

        Args:
            interval: After so many updates without an overflow the factor is doubled.
            scale: The factor to start with; 2 to the 16th if None.
        """
        device = "cpu" if self._probe is None else self._probe.device.type
        self._scale = DynamicScale(device, interval, scale)

    def _leave_loss_scaling_to(self, dynamic: bool) -> None:
        self._scale = NoScale()
        if dynamic:
            self.loss_scaling(interval=2000)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the counters and the torch optimizer's state and options.

        Args:
            serializer: A serializer or deserializer.

        Raises:
            KeyError: If the file holds the state of other parameters.
        """
        self.t = serializer("t", self.t)
        self.epoch = serializer("epoch", self.epoch)
        _optimizer_state.serialize(serializer, self.torch_optimizer, self.target)
        self._scale.serialize(serializer)


def _is_on_cpu(value: Any) -> bool:
    return type(value) is torch.Tensor and value.is_cpu


def _sent(value: Any, device: torch.device | None) -> Any:
    if isinstance(value, torch.Tensor):
        if device is None or value.device == device:
            return value
        return value.to(device, non_blocking=True)
    if isinstance(value, tuple):
        return tuple([_sent(part, device) for part in value])
    if isinstance(value, list):
        return [_sent(part, device) for part in value]
    if isinstance(value, dict):
        return {name: _sent(part, device) for name, part in value.items()}
    if isinstance(value, np.ndarray) or hasattr(value, "__cuda_array_interface__"):
        return _sent(as_tensor(value), device)
    return value


def _set_option(groups: list[dict[str, Any]], name: str, value: Any) -> None:
    first = groups[0][name]
    for group in groups:
        old = group[name]
        ratio = 1 if old == first else _ratio(name, old, first)
        new = value if ratio == 1 else value * ratio
        if isinstance(old, torch.Tensor) and not isinstance(new, torch.Tensor):
            old.fill_(new)
        else:
            group[name] = new


def _ratio(name: str, value: Any, first: Any) -> float:
    try:
        return float(value / first)
    except (TypeError, ZeroDivisionError):
        raise InvalidArgumentError(
            f"the groups of the torch optimizer have different values of {name!r} ({first!r}, "
            f"{value!r}), which have no ratio to keep; set each group's in "
            "torch_optimizer.param_groups"
        ) from None

"""A link as a torch module, over the link's own parameters."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils import _pytree

from chainer_compat.backend import get_device_from_array
from chainer_compat.backends import _crossing
from chainer_compat.configuration import using_config
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.interop._chainer_parameter import ChainerParameter
from chainer_compat.link import Link
from chainer_compat.links import TorchModule
from chainer_compat.variable import Variable

__all__ = ["LinkAsTorchModel"]


class _Part(torch.nn.Module):
    """What torch knows of one link: its parameters, persistent values and child links."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.__dict__["_of"] = link
        # Straight into the dictionaries: a child link may have the name of a method of modules.
        for child in link.children():
            assert child.name is not None  # noqa: S101 - a child has a name
            part = child.module if isinstance(child, TorchModule) else _Part(child)
            self._modules[child.name] = part

    def get_extra_state(self) -> dict[str, Any]:
        """Returns the persistent values that are no arrays."""
        return dict(_plain_persistents(self.__dict__["_of"]))

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Sets them."""
        self.__dict__["_of"].__dict__.update(state)


def _plain_persistents(link: Link) -> Iterator[tuple[str, Any]]:
    for name in sorted(link._persistent):
        value = link.__dict__[name]
        if not _is_array(value):
            yield name, value


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "shape")


class LinkAsTorchModel(_Part):
    """A link as a torch module: the same parameters, under torch's kind of names (``l1.W``).

    It can be given to torch optimizers, Lightning, ``DistributedDataParallel`` and the like, and
    moved by ``.to(...)``, which moves the link. A call takes tensors and returns tensors: the link
    gets raw arrays, as from an updater, and Variables for tensors that need a gradient.
    ``module.train()`` and ``module.eval()`` set ``chainer.config.train`` while the link runs.

    Args:
        link: The link; its parameters must be initialized.

    Attributes:
        link: The link.

    Raises:
        TypeError: If it is no link.
        RuntimeError: If a parameter is not initialized.

    Example:
        >>> import torch
        >>> import chainer_compat.links as L
        >>> from chainer_compat.interop import LinkAsTorchModel
        >>> module = LinkAsTorchModel(L.Linear(2, 3))
        >>> [name for name, _ in module.named_parameters()]
        ['W', 'b']
        >>> module(torch.ones(1, 2)).shape
        torch.Size([1, 3])
    """

    link: Any

    def __init__(self, link: Any) -> None:
        if not isinstance(link, Link):
            raise InvalidArgumentTypeError(f"LinkAsTorchModel wraps a Link, not {type(link)}")
        missing = [path for path, p in link.namedparams() if not p.is_initialized]
        if missing:
            raise RuntimeError(
                "the link has parameters that are not initialized yet, so torch cannot have "
                f"them; call it with an example first: {', '.join(missing)}"
            )
        super().__init__(link)
        self.link = link
        # Not those of torch modules inside, which hold their own.
        self._of_links = [
            (part, part.__dict__["_of"]) for part in self.modules() if isinstance(part, _Part)
        ]
        self._adopt()

    def _adopt(self) -> None:
        """Has the parts hold what the links hold now; a link may have replaced its arrays."""
        for part, link in self._of_links:
            for name in sorted(link._params):
                parameter = link.__dict__[name]
                if part._parameters.get(name) is not parameter._tensor or parameter._tensor is None:
                    part._parameters[name] = ChainerParameter(parameter)
            for name in link._persistent:
                array = link.__dict__[name]
                if _is_array(array):
                    part._buffers[name] = _crossing.as_tensor(array)

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        self._adopt()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # untyped in torch
        for part, link in self._of_links:
            _follow(link, part)
        return self

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the state of the link under torch's names.

        Args:
            *args: As for ``torch.nn.Module.state_dict``.
            **kwargs: Likewise.
        """
        self._adopt()
        return super().state_dict(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the link.

        Args:
            *args: Its arguments; tensors among them, also inside containers, become raw arrays,
                or Variables if they need a gradient.
            **kwargs: Its keyword arguments, likewise.

        Returns:
            What the link returns, with Variables as tensors.
        """
        self._adopt()
        args, kwargs = _pytree.tree_map(_for_link, (args, kwargs))
        with (
            using_config("train", self.training),
            using_config("enable_backprop", torch.is_grad_enabled()),
        ):
            result = self.link(*args, **kwargs)
        return _pytree.tree_map(_for_torch, result)

    def __deepcopy__(self, memo: dict[int, Any]) -> LinkAsTorchModel:
        fresh = memo[id(self)] = type(self)(copy.deepcopy(self.link, memo))
        return fresh.train(self.training)

    def __reduce__(self) -> Any:
        return _rebuilt, (type(self), self.link, self.training)


def _rebuilt(kind: type[LinkAsTorchModel], link: Any, training: bool) -> LinkAsTorchModel:
    return kind(link).train(training)


def _follow(link: Link, part: torch.nn.Module) -> None:
    """Has a link see that torch has moved or cast its parameters."""
    for name in sorted(link._params):
        parameter: Any = link.__dict__[name]
        tensor: Any = part._parameters[name]
        parameter._tensor = tensor
        parameter._plain = parameter._array = parameter._grad_cache = None
        if parameter._node is not None:
            parameter._node.attach(tensor)
        link._device = get_device_from_array(tensor.detach())
    for name, buffer in part._buffers.items():
        if buffer is not None and name in link._persistent:
            own = link.__dict__[name]
            if _crossing.as_tensor(own).data_ptr() != buffer.data_ptr():
                link.__dict__[name] = _raw_or_tensor(buffer)


def _raw_or_tensor(tensor: torch.Tensor) -> Any:
    without_cupy = tensor.is_cuda and _crossing.cupy_or_none() is None
    has_no_array = without_cupy or tensor.dtype is torch.bfloat16
    return tensor if has_no_array else _crossing.as_raw(tensor)


def _for_link(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return Variable(value) if value.requires_grad else _raw_or_tensor(value)


def _for_torch(value: Any) -> Any:
    return value.tensor if isinstance(value, Variable) else value

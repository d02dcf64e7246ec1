"""`TorchModule`: a torch module as a link, over its own parameters."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.parameter import is_lazy
from torch.utils import _pytree

from chainer_compat.backend import Device, get_device, get_device_from_array
from chainer_compat.backends import _crossing
from chainer_compat.configuration import config
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.functions._boundary import call_torch
from chainer_compat.link import Link
from chainer_compat.links._module_parameter import ModuleParameter

if TYPE_CHECKING:
    from chainer_compat.device_resident import DeviceResidentsVisitor
    from chainer_compat.serializer import AbstractSerializer

__all__ = ["TorchModule"]


class TorchModule(Link):
    """A torch module as a link: its parameters are the link's, without a copy.

    A Chain makes one by itself when a torch module is assigned inside ``init_scope()``. The
    module's parts are child links, under their names; so are parameters and buffers:
    ``link.conv1.weight``, ``link['0']``. Values are saved under torch's own names, with a slash
    for the dot.

    Calls take Variables, arrays and tensors and give Variables. The module is in training mode
    when ``chainer.config.train`` is on, and parts that the user put in evaluation mode stay so.

    Args:
        module: The torch module.

    Attributes:
        module: The torch module.

    Raises:
        TypeError: If it is none.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> import chainer_compat as chainer
        >>> class Model(chainer.Chain):
        ...     def __init__(self):
        ...         super().__init__()
        ...         with self.init_scope():
        ...             self.body = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
        ...     def forward(self, x):
        ...         return self.body(x)
        >>> model = Model()
        >>> [name for name, _ in model.namedparams()]
        ['/body/0/weight', '/body/0/bias']
        >>> model(np.ones((1, 2), np.float32)).shape
        (1, 3)
    """

    module: torch.nn.Module

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        if not isinstance(module, torch.nn.Module):
            raise InvalidArgumentTypeError(f"TorchModule wraps a torch module, not {type(module)}")
        self.module = module
        self._parts: dict[str, TorchModule] = {}
        # By owner and name; the links of the module's parts share it.
        self._views: dict[tuple[int, str], ModuleParameter] = {}
        # The parts that go back to training after an evaluation.
        self._at_rest: list[torch.nn.Module] | None = None

    def __getattr__(self, name: str) -> Any:
        module = self.__dict__.get("module")
        if module is not None:
            if module._modules.get(name) is not None:
                return self._part(name)
            if module._parameters.get(name) is not None:
                return self._view(module, name)
            if module._buffers.get(name) is not None:
                return _crossing.as_raw(module._buffers[name])
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __getitem__(self, name: str) -> Any:
        """Returns a part.

        Args:
            name: Its name.
        """
        return self._part(name)

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.module})"

    def _part(self, name: str) -> TorchModule:
        module: Any = self.module._modules[name]
        part = self._parts.get(name)
        if part is None or part.module is not module:
            part = self._parts[name] = TorchModule(module)
            part._views = self._views
            part.name = name
        return part

    def _view(self, owner: torch.nn.Module, name: str) -> ModuleParameter:
        key = id(owner), name
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = ModuleParameter(owner, name)
        return view

    # -- the call -----------------------------------------------------------------------------

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the module.

        Args:
            *args: Its arguments; Variables and arrays among them, also inside lists, tuples and
                dictionaries, become tensors.
            **kwargs: Its keyword arguments, likewise.

        Returns:
            What it returns, with tensors as Variables.
        """
        self._follow(bool(config.train))
        args, kwargs = _pytree.tree_map(_array_to_tensor, (args, kwargs))
        # The record must know them: a backward pass that it watches gives gradients to its inputs.
        return call_torch(self.module, args, kwargs, also=self._trainable)

    def _trainable(self) -> list[ModuleParameter]:
        return [p for p in self.params(include_uninit=False) if p.requires_grad]

    def _follow(self, train: bool) -> None:
        """Puts the module in the mode of `chainer.config.train`."""
        if train == self.module.training:
            return
        if not train:
            self._at_rest = [part for part in self.module.modules() if part.training]
            for part in self._at_rest:
                part.training = False
        elif self._at_rest:
            for part in self._at_rest:
                part.training = True
        else:
            self.module.train()

    # -- walking ------------------------------------------------------------------------------

    def params(self, include_uninit: bool = True) -> Iterator[ModuleParameter]:
        """Yields all parameters of the module, one that has several names once.

        Args:
            include_uninit: Also those that are not initialized yet (of torch's lazy modules).
        """
        for _, parameter in self.namedparams(include_uninit):
            yield parameter

    def namedparams(self, include_uninit: bool = True) -> Iterator[tuple[str, ModuleParameter]]:
        """Yields all parameters of the module, with their paths, ``/0/weight``.

        Args:
            include_uninit: Also those that are not initialized yet.
        """
        seen = set()
        for path, owner in self.module.named_modules():
            for name, parameter in owner._parameters.items():
                if parameter is None or id(parameter) in seen:
                    continue
                seen.add(id(parameter))
                if include_uninit or not is_lazy(parameter):
                    full = f"{path}.{name}" if path else name
                    yield "/" + full.replace(".", "/"), self._view(owner, name)

    def links(self, skipself: bool = False) -> Iterator[Link]:
        """Yields the links of all parts of the module, itself first.

        Args:
            skipself: Leave itself out.
        """
        for _, link in self.namedlinks(skipself):
            yield link

    def namedlinks(self, skipself: bool = False) -> Iterator[tuple[str, Link]]:
        """Yields the links of all parts of the module, with their paths, itself first.

        Args:
            skipself: Leave itself out.
        """
        if not skipself:
            yield "/", self
        for child in self.children():
            yield f"/{child.name}", child
            for path, link in child.namedlinks(skipself=True):
                yield f"/{child.name}{path}", link

    def children(self) -> Iterator[Link]:
        """Yields the links of the module's own parts."""
        for name, module in self.module._modules.items():
            if module is not None:
                yield self._part(name)

    # -- copies -------------------------------------------------------------------------------

    def copy(self, mode: str = "share") -> TorchModule:
        """Returns a copy.

        Args:
            mode: ``"share"`` for another link over the same module; ``"copy"`` copies the module;
                ``"init"`` does so and has its parts reset their parameters.

        Raises:
            ValueError: If the mode is another one.
        """
        if mode == "share":
            return type(self)(self.module)
        fresh: TorchModule = super().copy(mode="copy" if mode == "init" else mode)
        if mode == "init":
            for part in fresh.module.modules():
                reset = getattr(part, "reset_parameters", None)
                if reset is not None:
                    reset()
        return fresh

    def __deepcopy__(self, memo: dict[int, Any]) -> TorchModule:
        fresh = memo[id(self)] = type(self)(copy.deepcopy(self.module, memo))
        fresh.name = self.name
        return fresh

    def __reduce__(self) -> Any:
        return type(self), (self.module,), {"name": self.name}

    def copyparams(self, link: Link, copy_persistent: bool = True) -> None:
        """Copies the values of another link over a module of the same structure.

        Args:
            link: The other link.
            copy_persistent: Also buffers.

        Raises:
            KeyError: If the other lacks one.
        """
        theirs = dict(link.namedparams())
        for path, parameter in self.namedparams():
            parameter.copydata(theirs[path])
        if copy_persistent and isinstance(link, TorchModule):
            buffers = dict(link.module.named_buffers())
            for name, buffer in self.module.named_buffers():
                buffer.copy_(buffers[name])

    def addgrads(self, link: Link) -> None:
        """Adds the gradients of another link over a module of the same structure.

        Args:
            link: The other link.
        """
        theirs = dict(link.namedparams())
        for path, parameter in self.namedparams():
            parameter.addgrad(theirs[path])

    # -- devices and files --------------------------------------------------------------------

    @property
    def device(self) -> Device:
        """Where the module's first parameter or buffer lives."""
        for tensor in (*self.module.parameters(), *self.module.buffers()):
            if not is_lazy(tensor):
                return get_device_from_array(tensor.detach())
        return super().device

    def to_device(self, device: Any) -> TorchModule:
        """Moves the module.

        Args:
            device: What :func:`chainer_compat.get_device` takes.

        Returns:
            Itself.
        """
        self._device = get_device(device)
        self.module.to(self._device.torch_device)
        return self

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Shows a visitor the link, its parameters and its buffers.

        Args:
            visitor: The visitor.
        """
        visitor.visit_device_resident(self)
        for parameter in self.params():
            visitor.visit_variable(parameter)
        for part in self.module.modules():
            for name, buffer in part._buffers.items():
                if buffer is not None:
                    part._buffers[name] = _crossing.as_tensor(visitor.visit_array(buffer))

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the module's state dictionary, ``0/weight`` for ``0.weight``.

        Args:
            serializer: What saves or loads.
        """
        for name, value in self.module.state_dict(keep_vars=True).items():
            key = name.replace(".", "/")
            if isinstance(value, torch.Tensor) and not is_lazy(value):
                serializer(key, value)
            elif is_lazy(value):
                data = serializer(key, None)
                if data is not None:
                    value.materialize(np.shape(data))
                    value.data.copy_(torch.from_numpy(np.array(data)))
            else:
                owner = self.module.get_submodule(name.rpartition(".")[0])
                owner.set_extra_state(serializer(key, value))


def _array_to_tensor(value: Any) -> Any:
    if isinstance(value, np.ndarray) or hasattr(value, "__cuda_array_interface__"):
        return _crossing.as_tensor(value)
    return value

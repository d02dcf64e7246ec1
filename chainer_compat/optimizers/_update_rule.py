"""`UpdateRule`: how one parameter is updated, and the state that it takes."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import numpy as np
import torch

from chainer_compat.backend import using_device
from chainer_compat.backends import _crossing
from chainer_compat.optimizers import _revision
from chainer_compat.optimizers._hookable import Hookable
from chainer_compat.optimizers._hyperparameter import Hyperparameter
from chainer_compat.optimizers._loss_scale import unscale
from chainer_compat.serializer import Deserializer
from chainer_compat.variable import Parameter, Variable

__all__ = ["UpdateRule", "raw_of"]

# What changes at each update, or is asked for at each: nothing that a plan has to be made for.
_ASKED_EACH_TIME = frozenset({"t", "enabled", "_state", "_fp32_param"})


def raw_of(tensor: torch.Tensor) -> Any:
    """Returns the raw array over a tensor's memory; on a GPU without CuPy, the tensor itself.

    Args:
        tensor: A tensor outside any graph.
    """
    if tensor.is_cuda and _crossing.cupy_or_none() is None:
        return tensor
    return _crossing.as_raw(tensor)


class UpdateRule:
    """How one parameter is updated.

    A rule of one's own overrides :meth:`update_core`, or both :meth:`update_core_cpu` and
    :meth:`update_core_gpu`, and :meth:`init_state` if it has a state.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.

    Attributes:
        enabled: Whether :meth:`update` does anything.
        hyperparam: The rule's hyperparameters.
        t: How often the rule has updated its parameter.

    Source: Chainer's reference, *chainer.UpdateRule*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class SignRule(chainer.UpdateRule):
        ...     def update_core_cpu(self, param):
        ...         param.array -= 0.5 * np.sign(param.grad)
        >>> param = chainer.Parameter(np.array([1.0, 2.0], np.float32))
        >>> param.update_rule = SignRule()
        >>> param.grad = np.array([3.0, -3.0], np.float32)
        >>> param.update()
        >>> param.array
        array([0.5, 2.5], dtype=float32)
    """

    is_elementwise: bool = False

    enabled: bool
    hyperparam: Any  # a Hyperparameter, whose attributes are the user's choice
    t: int
    _state: dict[str, Any] | None
    _fp32_param: Parameter | None

    def __init__(self, parent_hyperparam: Hyperparameter | None = None) -> None:
        self._state = None
        self.enabled = True
        self.hyperparam = Hyperparameter(parent_hyperparam)
        self.t = 0
        self._use_fp32_update = False
        self._fp32_param = None
        self._hookable = Hookable()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _ASKED_EACH_TIME:
            _revision.bump()
        self.__dict__[name] = value

    @property
    def state(self) -> Any:
        """The state by name, as raw arrays where it is arrays; None before the first update."""
        return self._state

    def add_hook(self, hook: Any, name: str | None = None, timing: str = "auto") -> None:
        """Adds a function that is called before or after each update of the parameter.

        Args:
            hook: A callable that takes the rule and the parameter.
            name: Its name; by default its ``name``, else its ``__name__``.
            timing: ``"pre"`` or ``"post"``; ``"auto"`` for what its ``timing`` says.

        Raises:
            TypeError: If the hook cannot be called.
            ValueError: If there is no name, or no such timing.
            KeyError: If there is a hook of that name.
        """
        self._hookable.add(hook, name, timing)

    def remove_hook(self, name: str) -> None:
        """Removes a hook.

        Args:
            name: Its name.

        Raises:
            KeyError: If there is none of that name.
        """
        self._hookable.remove(name)

    def update(self, param: Variable) -> None:
        """Updates a parameter, with the hooks around it.

        Args:
            param: The parameter; one without an array yet only counts the step.
        """
        if not self.enabled:
            return
        self.t += 1
        with using_device(param.device):
            if self._use_fp32_update and param.dtype == np.float16:
                self._update_in_fp32(param)
            else:
                self._update_hooked(param, param._data_tensor() is not None)

    def _update_hooked(self, param: Variable, initialized: bool) -> None:
        if initialized:
            self._init_states(param)
            unscale(param)
        self._hookable.call("pre", lambda hook: hook(self, param))
        self.update_core(param)
        self._hookable.call("post", lambda hook: hook(self, param))

    def _update_in_fp32(self, param: Variable) -> None:
        master = self._master_of(param)
        data, grad = param._data_tensor(), None
        if data is not None:
            grad = param._grad_tensor()
            master._set_grad_tensor(None if grad is None else grad.detach().float())
            master._loss_scale, param._loss_scale = param._loss_scale, None
        self._update_hooked(master, data is not None)
        if data is not None:
            data.data.copy_(master.tensor.data)
        master.cleargrad()

    def _master_of(self, param: Variable) -> Parameter:
        """The parameter in float32 that is updated in place of one in float16."""
        master = self._fp32_param
        data = param._data_tensor()
        if master is None or not (data is None or master.is_initialized):
            if data is None:
                master = Parameter(Hyperparameter(), name=param.name)
                master.initializer.dtype = np.float32
                master.cleargrad()
            else:
                master = Parameter(raw_of(data.detach().float()), name=param.name)
            self._fp32_param = master
        return master

    def update_core(self, param: Variable) -> None:
        """Updates a parameter by its gradient, without the hooks.

        Args:
            param: The parameter.
        """
        data = param._data_tensor()
        if data is not None and data.is_cuda:
            self.update_core_gpu(param)
        else:
            self.update_core_cpu(param)

    def update_core_cpu(self, param: Variable) -> None:
        """Updates a parameter on the CPU.

        Args:
            param: The parameter.
        """
        raise NotImplementedError(
            f"{type(self).__name__} defines neither update_core nor update_core_cpu"
        )

    def update_core_gpu(self, param: Variable) -> None:
        """Updates a parameter on a GPU.

        Args:
            param: The parameter.
        """
        raise NotImplementedError(
            f"{type(self).__name__} defines neither update_core nor update_core_gpu"
        )

    def update_core_chainerx(self, param: Variable) -> None:
        """Updates a parameter of ChainerX, of which there are none: as :meth:`update_core` does.

        Args:
            param: The parameter.
        """
        self.update_core(param)

    def init_state(self, param: Variable) -> None:
        """Fills :attr:`state` before the first update; nothing by default.

        Args:
            param: The parameter, or a stand-in of one element where the state is to be loaded.
        """

    def _init_states(self, param: Variable) -> None:
        """Makes the state if there is none, and brings it to the parameter's device."""
        state = self._state
        if state is None:
            state = self._state = {}
            self.init_state(param)
        device = param.tensor.device
        for name, value in state.items():
            if _crossing.is_array(value) and not _is_on(value, device):
                state[name] = raw_of(_crossing.as_tensor(value).to(device))

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the count of updates and the state; the parameter itself is not part.

        Args:
            serializer: What saves or loads.

        Raises:
            KeyError: If the file lacks an entry of the state, and the rule is enabled.
        """
        # Chainer 1 and 2 kept one count for all parameters, which the optimizer has set here.
        with contextlib.suppress(KeyError):
            self.t = serializer("t", self.t)
        if self._state is not None:
            for name in self._state:
                self._state[name] = serializer(name, self._state[name])
        elif isinstance(serializer, Deserializer):
            self._load_first_state(serializer)

    def _load_first_state(self, serializer: Deserializer) -> None:
        loaded: dict[str, Any] = {}
        for name, first in self._first_state().items():
            try:
                # An array comes as it is in the file, for the parameter may have no shape yet.
                value = serializer(name, None if _crossing.is_array(first) else first)
            except KeyError:
                if self.enabled:
                    raise
                value = None
            if value is None:
                # Saved before the first update, which will make the state.
                return
            loaded[name] = value
        self._state = loaded

    def _first_state(self) -> dict[str, Any]:
        """The state as it would start, with arrays of one element."""
        stand_in = copy.copy(self)
        stand_in.__dict__["_state"] = {}
        array = np.zeros(1, np.float32)
        stand_in.init_state(Variable(array, grad=array.copy()))
        state: dict[str, Any] = stand_in.state
        return state

    def use_fp32_update(self, flag: bool = True) -> None:
        """Makes the rule update a float16 parameter through a copy of it in float32.

        Args:
            flag: Whether to.
        """
        self._use_fp32_update = flag


def _is_on(value: Any, device: torch.device) -> bool:
    if isinstance(value, np.ndarray):
        return device.type == "cpu"
    if isinstance(value, torch.Tensor):
        return value.device == device
    return device.type == "cuda" and value.device.id == device.index

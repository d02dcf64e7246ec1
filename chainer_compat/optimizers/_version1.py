"""Optimizers as Chainer 1 had them: the optimizer itself updates each parameter.

Such a class overrides ``update_one_cpu(param, state)`` and the like, and often never calls
``super().__init__()``.
"""

from __future__ import annotations

from typing import Any

from chainer_compat.optimizers._update_rule import UpdateRule
from chainer_compat.variable import Variable

__all__ = ["Version1Methods", "Version1Rule"]

_UPDATES = ("update_one", "update_one_cpu", "update_one_gpu")


class Version1Methods:
    """What a subclass written for Chainer 1 may override, and call."""

    @classmethod
    def _is_of_version_1(cls) -> bool:
        return any(getattr(cls, name) is not getattr(Version1Methods, name) for name in _UPDATES)

    def init_state(self, param: Variable, state: dict[str, Any]) -> None:
        """Fills the state of one parameter (Chainer 1).

        Args:
            param: The parameter.
            state: Its state.
        """
        if _is_on_gpu(param):
            self.init_state_gpu(param, state)
        else:
            self.init_state_cpu(param, state)

    def init_state_cpu(self, param: Variable, state: dict[str, Any]) -> None:
        """Fills the state of a parameter on the CPU (Chainer 1); nothing by default.

        Args:
            param: The parameter.
            state: Its state.
        """

    def init_state_gpu(self, param: Variable, state: dict[str, Any]) -> None:
        """Fills the state of a parameter on a GPU (Chainer 1); nothing by default.

        Args:
            param: The parameter.
            state: Its state.
        """

    def update_one(self, param: Variable, state: dict[str, Any]) -> None:
        """Updates one parameter (Chainer 1).

        Args:
            param: The parameter.
            state: Its state.
        """
        if _is_on_gpu(param):
            self.update_one_gpu(param, state)
        else:
            self.update_one_cpu(param, state)

    def update_one_cpu(self, param: Variable, state: dict[str, Any]) -> None:
        """Updates a parameter on the CPU (Chainer 1).

        Args:
            param: The parameter.
            state: Its state.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define update_one_cpu")

    def update_one_gpu(self, param: Variable, state: dict[str, Any]) -> None:
        """Updates a parameter on a GPU (Chainer 1).

        Args:
            param: The parameter.
            state: Its state.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define update_one_gpu")


def _is_on_gpu(param: Variable) -> bool:
    data = param._data_tensor()
    return data is not None and data.is_cuda


class Version1Rule(UpdateRule):
    """The rule of a parameter that its optimizer updates by itself.

    Args:
        optimizer: The optimizer.
    """

    def __init__(self, optimizer: Version1Methods) -> None:
        super().__init__()
        self._optimizer = optimizer

    def init_state(self, param: Variable) -> None:
        """Lets the optimizer fill the state.

        Args:
            param: The parameter.
        """
        self._optimizer.init_state(param, self.state)

    def update_core(self, param: Variable) -> None:
        """Lets the optimizer update the parameter.

        Args:
            param: The parameter; nothing happens before it has an array.
        """
        if param._data_tensor() is not None:
            self._optimizer.update_one(param, self.state)

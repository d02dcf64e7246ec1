"""`FunctionSet`: what chains were called in Chainer 1.0 to 1.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainer_compat._chain import Chain
from chainer_compat._link import Link
from chainer_compat.backend import copyto

__all__ = ["FunctionSet"]


class FunctionSet(Chain):
    """A chain in which every link that is assigned is registered, by Chainer 1's rules.

    Args:
        **links: Child links, by name.

    Source: Chainer 1's reference, *chainer.FunctionSet*.

    Example:
        >>> import chainer_compat as chainer
        >>> import chainer_compat.links as L
        >>> model = chainer.FunctionSet(l1=L.Linear(2, 3))
        >>> [p.shape for p in model.parameters]
        [(3, 2), (3,)]
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Link) and not self._within_init_scope:
            self.__dict__.pop(name, None)
            self._children.discard(name)
            with self.init_scope():
                super().__setattr__(name, value)
        else:
            super().__setattr__(name, value)

    def collect_parameters(self) -> FunctionSet:
        """Returns itself: what ``optimizer.setup`` takes."""
        return self

    @property
    def parameters(self) -> tuple[Any, ...]:
        """The raw arrays of all parameters."""
        return tuple(p.array for p in self.params())

    @parameters.setter
    def parameters(self, params: Sequence[Any]) -> None:
        self.copy_parameters_from(params)

    @property
    def gradients(self) -> tuple[Any, ...]:
        """The raw gradients of all parameters."""
        return tuple(p.grad for p in self.params())

    @gradients.setter
    def gradients(self, grads: Sequence[Any]) -> None:
        for parameter, grad in zip(self.params(), grads, strict=True):
            parameter.grad = grad

    def copy_parameters_from(self, params: Sequence[Any]) -> None:
        """Copies arrays into the parameters.

        Args:
            params: One for each, in the order of :attr:`parameters`.

        Raises:
            ValueError: If there are not as many.
        """
        for parameter, source in zip(self.params(), params, strict=True):
            copyto(parameter.array, source)

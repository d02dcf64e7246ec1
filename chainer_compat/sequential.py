"""`Sequential`: links and functions, called one after the other."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from types import LambdaType
from typing import Any, TypeVar

from chainer_compat._chain import indented
from chainer_compat._chain_list import ChainList
from chainer_compat._link import Link
from chainer_compat.errors import InvalidArgumentError, UnpicklableError

__all__ = ["Sequential"]

_S = TypeVar("_S", bound="Sequential")


class Sequential(ChainList):
    """Links and other callables, called one after the other.

    What one returns is given to the next; a tuple is given as several arguments. Only links have
    parameters, and are numbered among themselves: the first is ``0``, and of those that follow it
    the last is ``1``, as in Chainer, which names the arrays of a file so.

    Args:
        *layers: Links, functions or other callables.

    Raises:
        ValueError: If a layer cannot be called.

    Source: Chainer's reference, *chainer.Sequential*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> import chainer_compat.functions as F
        >>> import chainer_compat.links as L
        >>> model = chainer.Sequential(L.Linear(2, 3), F.relu, L.Linear(3, 1))
        >>> model(np.ones((4, 2), np.float32)).shape
        (4, 1)
    """

    # All layers, in order; the links among them are the `_children`, in an order of their own.
    _layers: list[Any]

    def __init__(self, *layers: Any) -> None:
        super().__init__()
        self._layers = []
        for layer in layers:
            self.append(layer)

    @staticmethod
    def _checked(layer: Any) -> Any:
        if not callable(layer):
            raise ValueError(f"a layer of a Sequential must be callable; {layer!r} is not")
        return layer

    def __str__(self) -> str:
        return indented(type(self).__name__, [(str(i), c) for i, c in enumerate(self._layers)])

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._layers)

    def __reversed__(self) -> Iterator[Any]:
        return iter(self._layers[::-1])

    def __contains__(self, item: Any) -> bool:
        return item in self._layers

    def __getitem__(self, i: Any) -> Any:
        """Returns a layer, or a list of layers for a slice.

        Args:
            i: Its place, or a slice.
        """
        return self._layers[i]

    def __setitem__(self, i: Any, layer: Any) -> None:
        """Replaces a layer, or several for a slice.

        Args:
            i: Its place, or a slice.
            layer: The new layer, or an iterable of layers.

        Raises:
            ValueError: If it cannot be called, or if there are not so many layers.
            IndexError: If a negative place is outside.
        """
        if isinstance(i, slice):
            layers = list(self._layers)
            layers[i] = [self._checked(fresh) for fresh in layer]
            self.clear()
            self.extend(layers)
        elif i >= len(self):
            raise InvalidArgumentError(f"there is no layer {i} in a Sequential of {len(self)}")
        elif self[i] is not self._checked(layer):
            place = range(len(self))[i]
            del self[place]
            self.insert(place, layer)

    def __delitem__(self, i: Any) -> None:
        """Removes a layer, or several for a slice.

        Args:
            i: Its place, or a slice.
        """
        places = range(len(self))[i] if isinstance(i, slice) else [range(len(self))[i]]
        for place in sorted(places, reverse=True):
            layer = self._layers.pop(place)
            if isinstance(layer, Link):
                same = next(n for n, child in enumerate(self._children) if child is layer)
                super().__delitem__(same)

    def __iadd__(self: _S, other: Any) -> _S:
        if not isinstance(other, Sequential):
            raise ValueError(f"only a Sequential can be added to a Sequential; got {type(other)}")
        self.extend(other)
        return self

    def __add__(self, other: Any) -> Sequential:
        # Of no subclass, whose constructor may take something else.
        fresh: Sequential = Sequential(*self._layers)
        fresh += other
        return fresh

    def append(self, layer: Any) -> None:
        """Appends a layer.

        Args:
            layer: A link, a function or another callable.

        Raises:
            ValueError: If it cannot be called.
        """
        self.insert(len(self), layer)

    def insert(self, i: int, layer: Any) -> None:
        """Inserts a layer.

        Args:
            i: Its place.
            layer: A link, a function or another callable.

        Raises:
            ValueError: If it cannot be called.
            IndexError: If there is no such place.
        """
        self._checked(layer)
        size = len(self)
        if not -size <= i <= size:
            raise IndexError(f"there is no place {i} in a Sequential of {size} layers")
        place = i + size if i < 0 else i
        if isinstance(layer, Link):
            # Files name the links by this order of Chainer's: a link comes right after the first.
            before = (n for n, other in enumerate(self._layers[:place]) if isinstance(other, Link))
            self._children.insert(next(before, 0) + 1 if place else 0, layer)
            self._rename()
        self._layers.insert(place, layer)

    def add_link(self, link: Any) -> None:
        """Appends a layer.

        Args:
            link: A link, a function or another callable.
        """
        self.append(link)

    def extend(self, sequential: Iterable[Any]) -> None:
        """Appends layers.

        Args:
            sequential: A sequential, or an iterable of layers.
        """
        for layer in list(sequential):
            self.append(layer)

    def pop(self, i: int = -1) -> Any:
        """Removes and returns a layer.

        Args:
            i: Its place.
        """
        layer = self[i]
        del self[i]
        return layer

    def clear(self) -> None:
        """Removes all layers."""
        del self[:]

    def remove(self, layer: Any) -> None:
        """Removes the first of equal layers.

        Args:
            layer: The layer.

        Raises:
            ValueError: If there is none.
        """
        del self[self.index(layer)]

    def remove_by_layer_type(self, type_name: str) -> None:
        """Removes all layers of a type.

        Args:
            type_name: The name of a link's class, or of a function.
        """
        for place in reversed(range(len(self))):
            if _type_name(self[place]) == type_name:
                del self[place]

    def index(self, layer: Any, start: int | None = None, end: int | None = None) -> int:
        """Returns the place of the first of equal layers.

        Args:
            layer: The layer.
            start: Where to begin.
            end: Where to stop.

        Raises:
            ValueError: If there is none.
        """
        return self._layers.index(layer, start or 0, len(self) if end is None else end)

    def count(self, layer: Any) -> int:
        """Returns how often a layer is there.

        Args:
            layer: The layer.
        """
        return self._layers.count(layer)

    def count_by_layer_type(self, type_name: str) -> int:
        """Returns how many layers of a type there are.

        Args:
            type_name: The name of a link's class, or of a function.
        """
        return sum(_type_name(layer) == type_name for layer in self._layers)

    def forward(self, *x: Any) -> Any:
        """Calls the layers one after the other.

        Args:
            *x: What the first one takes.

        Raises:
            RuntimeError: If there is no layer.
        """
        if not self._layers:
            raise RuntimeError("this Sequential has no layers; append some before calling it")
        for layer in self._layers:
            result = layer(*x)
            x = result if isinstance(result, tuple) else (result,)
        return x if len(x) > 1 else x[0]

    def flatten(self) -> Sequential:
        """Returns a sequential in which those inside it are taken apart."""
        fresh = Sequential()
        for layer in self._layers:
            if isinstance(layer, Sequential):
                fresh.extend(layer.flatten())
            else:
                fresh.append(layer)
        return fresh

    def copy(self: _S, mode: str = "share") -> _S:
        """Returns a copy of the structure, whose links are numbered as if just appended.

        Args:
            mode: See :meth:`Link.copy`.

        Raises:
            ValueError: If the mode is another one.
        """
        fresh = super().copy(mode)
        fresh.name = None
        return fresh

    def _number_again(self) -> None:
        super()._number_again()
        layers = list(self._layers)
        self.clear()
        self.extend(layers)

    def _copy_shared(self: _S) -> _S:
        # Past ChainList's, which would copy the links a second time.
        fresh = super(ChainList, self)._copy_shared()
        fresh._children, fresh._layers = [], []
        for layer in self._layers:
            fresh.append(layer.copy() if isinstance(layer, Link) else copy.copy(layer))
        return fresh

    def _links_in_order(self) -> list[Link]:
        """The links among the layers, in the order in which they are called."""
        return [layer for layer in self._layers if isinstance(layer, Link)]

    def copyparams(self, link: Link, copy_persistent: bool = True) -> None:
        """Copies the values of another sequential of the same structure into its own arrays.

        Args:
            link: The other one.
            copy_persistent: Also persistent values.

        Raises:
            ValueError: If it is no sequential.
            IndexError: If it has another number of links.
        """
        if not isinstance(link, Sequential):
            raise InvalidArgumentError(
                f"only the parameters of a Sequential can be copied into a Sequential; got "
                f"{type(link)}"
            )
        links = self._links_in_order()
        others = link._links_in_order()
        if len(others) != len(links):
            raise IndexError(f"cannot copy the parameters of {len(others)} links into {len(links)}")
        for own, other in zip(links, others, strict=True):
            own.copyparams(other, copy_persistent)

    def __reduce_ex__(self, protocol: Any) -> Any:
        for layer in self._layers:
            if isinstance(layer, LambdaType) and layer.__name__ == "<lambda>":
                raise UnpicklableError(
                    "a Sequential with a lambda cannot be pickled; use a function that is defined "
                    "in a module, or functools.partial of one"
                )
        return super().__reduce_ex__(protocol)

    def __deepcopy__(self: _S, memo: dict[int, Any]) -> _S:
        # Not by `__reduce_ex__`: what cannot be pickled can still be copied.
        fresh = type(self).__new__(type(self))
        memo[id(self)] = fresh
        for name, value in self.__dict__.items():
            object.__setattr__(fresh, name, copy.deepcopy(value, memo))
        return fresh


def _type_name(layer: Callable[..., Any]) -> str:
    return type(layer).__name__ if isinstance(layer, Link) else getattr(layer, "__name__", "")

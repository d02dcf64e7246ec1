"""`ChainList`: a link of links, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSequence
from typing import TYPE_CHECKING, Any, TypeVar

from chainer_compat._chain import indented
from chainer_compat._link import Link

if TYPE_CHECKING:
    from chainer_compat.device_resident import DeviceResidentsVisitor
    from chainer_compat.serializer import AbstractSerializer
    from chainer_compat.variable import Parameter

__all__ = ["ChainList"]

_C = TypeVar("_C", bound="ChainList")


class ChainList(Link, MutableSequence[Any]):
    """A link of links, under their places in it.

    Args:
        *links: Child links.

    Source: Chainer's reference, *chainer.ChainList*.

    Example:
        >>> import chainer_compat as chainer
        >>> import chainer_compat.links as L
        >>> model = chainer.ChainList(L.Linear(2, 3), L.Linear(3, 1))
        >>> len(model), model[1].name
        (2, '1')
    """

    # The child links, in order; the name of each is its place.
    _children: list[Link]

    def __init__(self, *links: Link) -> None:
        super().__init__()
        self._children = []
        for link in links:
            self.add_link(link)

    def __str__(self) -> str:
        return indented(type(self).__name__, [(str(i), c) for i, c in enumerate(self._children)])

    # MutableSequence compares as a sequence would; links are told apart by identity.
    __hash__ = Link.__hash__

    def __setattr__(self, name: str, value: Any) -> None:
        if self._within_init_scope and isinstance(value, Link):
            raise TypeError(
                "the links of a ChainList have no names: use `append` outside of `init_scope`"
            )
        super().__setattr__(name, value)

    def __getitem__(self, index: Any) -> Any:
        """Returns a child, or a list of children for a slice.

        Args:
            index: Its place, or a slice.
        """
        return self._children[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        """Replaces a child, or several for a slice.

        Args:
            index: Its place, or a slice.
            value: The new child, or an iterable of children.
        """
        self._children[index] = value
        self._rename()

    def __delitem__(self, index: Any) -> None:
        """Removes a child, or several for a slice.

        Args:
            index: Its place, or a slice.
        """
        del self._children[index]
        self._rename()

    def __len__(self) -> int:
        return len(self._children)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._children)

    def insert(self, index: int, link: Link) -> None:
        """Inserts a child.

        Args:
            index: Its place.
            link: The child.
        """
        if index == len(self._children):
            self._children.append(link)
            link.name = str(index)
        else:
            self._children.insert(index, link)
            self._rename()

    def _rename(self) -> None:
        for place, link in enumerate(self._children):
            link.name = str(place)

    def add_link(self, link: Link) -> None:
        """Appends a child.

        Args:
            link: The child.
        """
        self.append(link)

    def extend(self, values: Iterable[Any]) -> None:
        """Appends children.

        Args:
            values: The children.
        """
        for link in values:
            self.append(link)

    def children(self) -> Iterator[Link]:
        """Yields its own child links, in order."""
        return iter(self._children)

    def params(self, include_uninit: bool = True) -> Iterator[Parameter]:
        """Yields all parameters under it.

        Args:
            include_uninit: Also those that are not initialized yet.
        """
        yield from super().params(include_uninit)
        for child in self._children:
            yield from child.params(include_uninit)

    def namedparams(self, include_uninit: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Yields all parameters under it, with their paths.

        Args:
            include_uninit: Also those that are not initialized yet.
        """
        yield from super().namedparams(include_uninit)
        for place, child in enumerate(self._children):
            for path, parameter in child.namedparams(include_uninit):
                yield f"/{place}{path}", parameter

    def links(self, skipself: bool = False) -> Iterator[Link]:
        """Yields all links under it, itself first.

        Args:
            skipself: Leave itself out.
        """
        yield from super().links(skipself)
        for child in self._children:
            yield from child.links()

    def namedlinks(self, skipself: bool = False) -> Iterator[tuple[str, Link]]:
        """Yields all links under it, with their paths, itself first.

        Args:
            skipself: Leave itself out.
        """
        yield from super().namedlinks(skipself)
        for place, child in enumerate(self._children):
            yield f"/{place}", child
            for path, link in child.namedlinks(skipself=True):
                yield f"/{place}{path}", link

    def _copy_shared(self: _C) -> _C:
        fresh = super()._copy_shared()
        fresh._children = [child.copy(mode="share") for child in self._children]
        fresh._rename()
        return fresh

    def copyparams(self, link: Link, copy_persistent: bool = True) -> None:
        """Copies the values of another list of the same structure into its own arrays.

        Args:
            link: The other list.
            copy_persistent: Also persistent values.
        """
        super().copyparams(link, copy_persistent)
        for own, other in zip(self._children, link.children(), strict=False):
            own.copyparams(other, copy_persistent)

    def addgrads(self, link: Link) -> None:
        """Adds the gradients of another list of the same structure.

        Args:
            link: The other list.
        """
        super().addgrads(link)
        for own, other in zip(self._children, link.children(), strict=False):
            own.addgrads(other)

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Shows a visitor the list and all under it.

        Args:
            visitor: The visitor.
        """
        super().device_resident_accept(visitor)
        for child in self._children:
            child.device_resident_accept(visitor)

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads all under it, each child under its place.

        Args:
            serializer: What saves or loads.
        """
        super().serialize(serializer)
        for place, child in enumerate(self._children):
            child.serialize(serializer[str(place)])

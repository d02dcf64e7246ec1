"""`Chain`: a link of links, under their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from chainer_compat._link import Link

if TYPE_CHECKING:
    from chainer_compat.device_resident import DeviceResidentsVisitor
    from chainer_compat.serializer import AbstractSerializer
    from chainer_compat.variable import Parameter

__all__ = ["Chain", "indented"]

_C = TypeVar("_C", bound="Chain")


def indented(name: str, children: list[tuple[str, Any]]) -> str:
    """Returns the text of a link of links, a line for each child.

    Args:
        name: The class's name.
        children: Pairs of name and child.
    """
    if not children:
        return f"{name}()"
    lines = [f"({child_name}): {child}," for child_name, child in children]
    body = "\n".join(lines).replace("\n", "\n  ")
    return f"{name}(\n  {body}\n)"


class Chain(Link):
    """A link of links: a child is registered by assigning it inside ``with self.init_scope():``.

    A torch module that is assigned there becomes a link by itself.

    Args:
        **links: Child links, by name.

    Source: Chainer's reference, *chainer.Chain*.

    Example:
        >>> import chainer_compat as chainer
        >>> import chainer_compat.links as L
        >>> model = chainer.Chain(l1=L.Linear(2, 3), l2=L.Linear(3, 1))
        >>> [name for name, _ in model.namedparams()]
        ['/l1/W', '/l1/b', '/l2/W', '/l2/b']
    """

    # The names of the child links, which are attributes.
    _children: set[str]

    def __init__(self, **links: Link) -> None:
        super().__init__()
        self._children = set()
        for name, link in links.items():
            self.add_link(name, link)

    def __str__(self) -> str:
        return indented(
            type(self).__name__, [(name, self.__dict__[name]) for name in sorted(self._children)]
        )

    def __getitem__(self, name: str) -> Any:
        """Returns a child.

        Args:
            name: Its name.
        """
        return getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._within_init_scope:
            if isinstance(value, torch.nn.Module):
                from chainer_compat.links import TorchModule

                value = TorchModule(value)
            if isinstance(value, Link):
                if hasattr(self, name):
                    raise AttributeError(f"cannot register a new link {name}: attribute exists")
                value.name = name
                self._children.add(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self.__dict__.get("_children", set()).discard(name)
        super().__delattr__(name)

    def add_link(self, name: str, link: Link) -> None:
        """Registers a child.

        Args:
            name: Its name.
            link: The child.

        Raises:
            AttributeError: If there is an attribute of that name.
            TypeError: If it is no link, or the name no text.
        """
        if not isinstance(name, str):
            raise TypeError(f"the name of a link is text; got {name!r}")
        if name in self.__dict__:
            raise AttributeError(f"cannot register a new link {name}: attribute exists")
        if not isinstance(link, (Link, torch.nn.Module)):
            raise TypeError(f"cannot register as a child what is no link: {type(link)}")
        with self.init_scope():
            setattr(self, name, link)

    def children(self) -> Iterator[Link]:
        """Yields its own child links, by name."""
        for name in sorted(self._children):
            yield self.__dict__[name]

    def params(self, include_uninit: bool = True) -> Iterator[Parameter]:
        """Yields all parameters under it.

        Args:
            include_uninit: Also those that are not initialized yet.
        """
        yield from super().params(include_uninit)
        for child in self.children():
            yield from child.params(include_uninit)

    def namedparams(self, include_uninit: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Yields all parameters under it, with their paths.

        Args:
            include_uninit: Also those that are not initialized yet.
        """
        yield from super().namedparams(include_uninit)
        for name in sorted(self._children):
            for path, parameter in self.__dict__[name].namedparams(include_uninit):
                yield f"/{name}{path}", parameter

    def links(self, skipself: bool = False) -> Iterator[Link]:
        """Yields all links under it, itself first.

        Args:
            skipself: Leave itself out.
        """
        yield from super().links(skipself)
        for child in self.children():
            yield from child.links()

    def namedlinks(self, skipself: bool = False) -> Iterator[tuple[str, Link]]:
        """Yields all links under it, with their paths, itself first.

        Args:
            skipself: Leave itself out.
        """
        yield from super().namedlinks(skipself)
        for name in sorted(self._children):
            child = self.__dict__[name]
            yield f"/{name}", child
            for path, link in child.namedlinks(skipself=True):
                yield f"/{name}{path}", link

    def _draw_again(self) -> None:
        # All below it twice, as in Chainer: a seed then gives the same numbers here and after it.
        for parameter in self.params(include_uninit=False):
            parameter.initialize(parameter.shape)
        for link in self.children():
            link._draw_again()

    def _copy_shared(self: _C) -> _C:
        fresh = super()._copy_shared()
        fresh._children = set(self._children)
        for name in self._children:
            child = self.__dict__[name].copy(mode="share")
            child.name = name
            fresh.__dict__[name] = child
        return fresh

    def copyparams(self, link: Link, copy_persistent: bool = True) -> None:
        """Copies the values of another chain of the same structure into its own arrays.

        Args:
            link: The other chain.
            copy_persistent: Also persistent values.

        Raises:
            KeyError: If the other chain lacks one.
        """
        super().copyparams(link, copy_persistent)
        for name in sorted(self._children):
            self.__dict__[name].copyparams(link.__dict__[name], copy_persistent)

    def addgrads(self, link: Link) -> None:
        """Adds the gradients of another chain of the same structure.

        Args:
            link: The other chain.
        """
        super().addgrads(link)
        for name in sorted(self._children):
            self.__dict__[name].addgrads(link.__dict__[name])

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Shows a visitor the chain and all under it.

        Args:
            visitor: The visitor.
        """
        super().device_resident_accept(visitor)
        for child in self.children():
            child.device_resident_accept(visitor)

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads all under it, each child under its name.

        Args:
            serializer: What saves or loads.
        """
        super().serialize(serializer)
        for name in sorted(self._children):
            self.__dict__[name].serialize(serializer[name])

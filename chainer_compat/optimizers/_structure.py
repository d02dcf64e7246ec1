"""The parameters of a target, walked once: asking whether a tree is as it was costs less."""

from __future__ import annotations

from operator import attrgetter, getitem, is_
from typing import Any

from chainer_compat.link import Chain, ChainList, Link
from chainer_compat.variable import Parameter

__all__ = ["Structure"]

_params_of = attrgetter("_params")
_children_of = attrgetter("_children")


class Structure:
    """A tree of links as it was when its parameters were listed.

    It holds as long as every link has the same names, and under each name the same object.
    """

    def __init__(self) -> None:
        self._target: Any = None
        self._regular = False
        self._found: list[Parameter] = []
        self._forget()

    def _forget(self) -> None:
        self._links: list[Link] = []
        self._names: list[set[str]] = []
        # Links of links, with the names or the list of their children.
        self._chains: list[Chain | ChainList] = []
        self._children: list[Any] = []
        # Where each parameter and each named child is: a dictionary, a name, and the object.
        self._dicts: list[dict[str, Any]] = []
        self._keys: list[str] = []
        self._objects: list[Any] = []

    def params(self, target: Link) -> list[Parameter]:
        """Lists the parameters of a target, in order.

        Args:
            target: The target.

        Returns:
            The very list of last time, if nothing has changed.
        """
        if not (self._regular and target is self._target and self._holds()):
            self._walk(target)
        return self._found

    def _holds(self) -> bool:
        try:
            return (
                list(map(_params_of, self._links)) == self._names
                and list(map(_children_of, self._chains)) == self._children
                and all(map(is_, map(getitem, self._dicts, self._keys), self._objects))
            )
        except KeyError:
            return False

    def _walk(self, target: Link) -> None:
        self._forget()
        self._target = target
        self._found = list(target.params())
        self._regular = self._note(target)

    def _note(self, link: Link) -> bool:
        """Notes a link and all under it; False if a class of the user's lists parameters itself."""
        kind = type(link)
        self._links.append(link)
        self._names.append(set(link._params))
        self._note_names(link, link._params)
        if "params" in link.__dict__:
            return False
        if isinstance(link, ChainList):
            self._chains.append(link)
            self._children.append(list(link._children))
            return kind.params is ChainList.params and all(map(self._note, link._children))
        if isinstance(link, Chain):
            self._chains.append(link)
            self._children.append(set(link._children))
            self._note_names(link, link._children)
            return (
                kind.params is Chain.params
                and kind.children is Chain.children
                and all(map(self._note, link.children()))
            )
        return kind.params is Link.params

    def _note_names(self, link: Link, names: set[str]) -> None:
        for name in names:
            self._dicts.append(link.__dict__)
            self._keys.append(name)
            self._objects.append(link.__dict__[name])

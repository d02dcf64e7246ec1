"""One load from a store, whatever kind of file it is: the deserializer, and the call around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.serializer import Deserializer
from chainer_compat.serializers._explain import load_all_or_nothing
from chainer_compat.serializers._session import DirectSession, Session, Store

__all__ = ["IgnoreNames", "StoreDeserializer", "as_predicate", "load_object"]

IgnoreNames = str | Callable[[str], bool] | Iterable[str | Callable[[str], bool]] | None


def as_predicate(ignore_names: IgnoreNames) -> Callable[[str], bool]:
    """Turns ``ignore_names`` into one function of a full key.

    Args:
        ignore_names: A full key, a function of it, or a list of these.

    Raises:
        ValueError: If it is anything else.
    """
    rules = [] if ignore_names is None else ignore_names
    listed = list(rules) if isinstance(rules, (list, tuple)) else [rules]
    names = {rule for rule in listed if isinstance(rule, str)}
    tests: list[Callable[[str], bool]] = []
    for rule in listed:
        if callable(rule):
            tests.append(rule)
        elif not isinstance(rule, str):
            raise InvalidArgumentError(
                f"ignore_names takes a name, a function of a name, or a list of these; got {rule!r}"
            )
    return lambda key: key in names or any(test(key) for test in tests)


class StoreDeserializer(Deserializer):
    """Loads the values of an object from a store.

    Args:
        store: The arrays.
        path: What every key begins with.
        strict: Whether a value that the store lacks is an error.
        ignore_names: Values to leave as they are.
    """

    def __init__(
        self,
        store: Store,
        path: str = "",
        strict: bool = True,
        ignore_names: IgnoreNames = None,
    ) -> None:
        self.path = path
        self.strict = strict
        self.ignore_names = [] if ignore_names is None else ignore_names
        self._ignored = as_predicate(ignore_names)
        self._store = store
        self._session: Session = DirectSession(store)

    def _part(self, path: str) -> StoreDeserializer:
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__)
        part.path = path
        return part

    def within(self, session: Session) -> StoreDeserializer:
        """Returns a deserializer of the same place that hands each value to a session.

        Args:
            session: What keeps count of one load.
        """
        part = self._part(self.path)
        part.__dict__["_session"] = session
        return part

    def __getitem__(self, key: str) -> StoreDeserializer:
        return self._part(f"{self.path}{key.strip('/')}/")

    def __call__(self, key: str, value: Any) -> Any:
        full = self.path + key.lstrip("/")
        if not self.strict and full not in self._store:
            return value
        if self._ignored(full):
            return value
        return self._session.assign(full, value)


def load_object(
    store: Store,
    obj: Any,
    path: str = "",
    strict: bool | str = True,
    ignore_names: IgnoreNames = None,
) -> None:
    """Loads an object from a store, all of it or nothing.

    Args:
        store: The arrays.
        obj: Anything with ``serialize(serializer)``.
        path: Where in the store the object is.
        strict: True, False or ``"exact"``, as for ``load_npz``.
        ignore_names: As for ``load_npz``.
    """
    deserializer = StoreDeserializer(store, path, bool(strict), ignore_names)
    load_all_or_nothing(
        store, obj, deserializer.within,
        path=path, exact=strict == "exact", ignored=as_predicate(ignore_names),
    )  # fmt: skip

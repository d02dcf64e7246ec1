"""Remembers the attributes of an object and of all that hangs on it, to put them back later.

A `serialize` method assigns as it goes, so a load that fails halfway has already changed counters,
triggers and parameters that had no shape yet. What arrays contain is not remembered here.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Iterable, MutableSequence, MutableSet
from typing import Any

import numpy as np
import torch

__all__ = ["remember"]

_MOST_OBJECTS = 200_000
# A longer list of plain values is data, not state: a dataset, an order, a log.
_LONG = 1000
_LEAVES = (
    str, bytes, int, float, complex, bool, type(None), type, range, slice, np.ndarray, np.generic,
    np.dtype, torch.dtype, torch.device, types.ModuleType, types.FunctionType,
    types.BuiltinFunctionType, types.MethodType, types.GeneratorType, types.CodeType,
)  # fmt: skip
_HEAP_TYPE = 1 << 9
# Running things, whose attributes change by themselves.
_MACHINERY = frozenset({
    "_thread", "asyncio", "concurrent", "io", "logging", "multiprocessing", "queue", "socket",
    "subprocess", "tempfile", "threading", "weakref",
})  # fmt: skip


def _differs(now: dict[Any, Any], before: dict[Any, Any]) -> bool:
    return len(now) != len(before) or any(
        key is not old_key or value is not old
        for (key, value), (old_key, old) in zip(now.items(), before.items(), strict=True)
    )


def _slots(obj: Any) -> list[tuple[types.MemberDescriptorType, Any]]:
    # Not by name: a class may have a property of a slot's name, as paths do since Python 3.13.
    slots = [
        slot
        for kind in type(obj).__mro__
        if "__slots__" in vars(kind)
        for slot in vars(kind).values()
        if isinstance(slot, types.MemberDescriptorType)
    ]
    found = []
    for slot in slots:
        try:
            found.append((slot, slot.__get__(obj)))
        except AttributeError:
            continue
    return found


def _is_data(items: Any) -> bool:
    if len(items) <= _LONG:
        return False
    first = next(iter(items))
    return isinstance(first, (*_LEAVES, torch.Tensor, tuple, list, dict))


class _Memento:
    """Collects, for each object reached, a function that puts it back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._seen: dict[int, Any] = {}

    def visit(self, root: Any) -> None:
        waiting = deque([root])
        while waiting and len(self._seen) < _MOST_OBJECTS:
            obj = waiting.popleft()
            if isinstance(obj, _LEAVES) or id(obj) in self._seen:
                continue
            self._seen[id(obj)] = obj
            waiting.extend(self._remember(obj))

    def _remember(self, obj: Any) -> Iterable[Any]:
        if isinstance(obj, dict):
            return self._remember_dict(obj)
        if isinstance(obj, (list, deque, set)):
            if not _is_data(obj):
                self._undo.append(_refill(obj))
                return (*obj, *self._remember_attributes(obj))
            return ()
        if isinstance(obj, (tuple, frozenset)):
            return () if _is_data(obj) else tuple(obj)
        if isinstance(obj, torch.Tensor):
            return ()
        return self._remember_attributes(obj)

    def _remember_dict(self, mapping: dict[Any, Any]) -> Iterable[Any]:
        if mapping and _is_data(mapping.values()):
            return ()
        before = dict(mapping)

        def undo() -> None:
            # What has not changed is not touched: a dict of the user's own class may mind.
            if _differs(mapping, before):
                mapping.clear()
                mapping.update(before)

        self._undo.append(undo)
        return before.values()

    def _remember_attributes(self, obj: Any) -> Iterable[Any]:
        # Objects of the interpreter's own (locks, files, iterators) have no state to put back.
        kind = type(obj)
        if not kind.__flags__ & _HEAP_TYPE or kind.__module__.partition(".")[0] in _MACHINERY:
            return ()
        held: list[Any] = []
        attributes = getattr(obj, "__dict__", None)
        if isinstance(attributes, dict):
            held.extend(self._remember_dict(attributes))
        slots = _slots(obj)
        if slots:
            self._undo.append(_reassign(obj, slots))
            held.extend(value for _, value in slots)
        return held

    def restore(self) -> None:
        for undo in self._undo:
            undo()


def _refill(items: MutableSequence[Any] | MutableSet[Any]) -> Callable[[], None]:
    before = list(items)

    def undo() -> None:
        items.clear()
        for item in before:
            items.add(item) if isinstance(items, MutableSet) else items.append(item)

    return undo


def _reassign(obj: Any, slots: list[tuple[types.MemberDescriptorType, Any]]) -> Callable[[], None]:
    def undo() -> None:
        for slot, value in slots:
            slot.__set__(obj, value)

    return undo


def remember(obj: Any) -> Callable[[], None]:
    """Remembers an object's state, and returns the function that puts it back.

    Args:
        obj: The object; what its attributes and containers hold is followed.

    Example:
        >>> class Counter:
        ...     count = [1]
        ...     def __init__(self):
        ...         self.value, self.log = 3, [1]
        >>> counter = Counter()
        >>> restore = remember(counter)
        >>> counter.value = 4; counter.log.append(2); counter.extra = True
        >>> restore()
        >>> vars(counter)
        {'value': 3, 'log': [1]}
    """
    memento = _Memento()
    memento.visit(obj)
    return memento.restore

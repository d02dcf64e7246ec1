from __future__ import annotations

import threading
from collections import OrderedDict, deque
from pathlib import Path

import numpy as np
import torch

from chainer_compat.serializers._memento import remember


class Thing:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x):
        self.x = x


def test_attributes_at_any_depth_come_back():
    inner = Thing(value=1)
    outer = Thing(parts={"a": [inner]}, pair=(inner,))
    restore = remember(outer)
    inner.value, inner.more, outer.parts = 2, 3, None
    restore()
    assert vars(inner) == {"value": 1}
    assert outer.parts == {"a": [inner]}


def test_containers_come_back_in_place():
    items = [1, 2], {3}, deque([4]), {"a": 1}, OrderedDict(b=2)
    thing = Thing(items=items)
    restore = remember(thing)
    for item in items:
        item.clear()
    restore()
    assert items == ([1, 2], {3}, deque([4]), {"a": 1}, OrderedDict(b=2))


def test_slots_come_back():
    thing = Slotted(1)
    restore = remember([thing])
    thing.x = 2
    restore()
    assert thing.x == 1
    assert not hasattr(thing, "y")


def test_slots_of_one_name_and_hidden_ones_come_back():
    class Base:
        __slots__ = ("__hidden", "_name")

        def __init__(self):
            self.__hidden = 1
            Base._name.__set__(self, "base")

        def state(self):
            return self.__hidden, Base._name.__get__(self)

        def change(self):
            self.__hidden = 2
            Base._name.__set__(self, "changed")

    class Derived(Base):
        __slots__ = ()

        @property
        def _name(self):
            return "derived"

    thing = Derived()
    restore = remember([thing])
    thing.change()
    assert thing.state() == (2, "changed")
    restore()
    assert thing.state() == (1, "base")


def test_a_path_has_a_property_of_a_slots_name():
    remember(Thing(path=Path("folder") / "file"))()


def test_cycles_end():
    thing = Thing()
    thing.self = thing
    remember(thing)()
    assert thing.self is thing


def test_parameters_of_a_torch_module_come_back():
    module = torch.nn.Linear(2, 3)
    weight = module.weight
    restore = remember(module)
    module.weight = torch.nn.Parameter(torch.zeros(1))
    restore()
    assert module.weight is weight


def test_data_is_not_walked():
    data = [(np.zeros(1), 0) for _ in range(2000)]
    thing = Thing(data=data)
    restore = remember(thing)
    data.append(None)
    restore()
    assert len(data) == 2001


def test_what_runs_by_itself_is_left_alone():
    lock, thread = threading.Lock(), threading.Thread(target=lambda: None)
    thing = Thing(lock=lock, thread=thread, names="x")
    restore = remember(thing)
    thread.start()
    thread.join()
    restore()
    assert not thread.is_alive()

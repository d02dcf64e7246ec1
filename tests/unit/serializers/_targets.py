"""Objects to save and load, with every kind of value that Chainer's objects hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


class Part:
    """A link without children: an array, a tensor, and a place for what has no shape yet."""

    def __init__(self, value: float = 0) -> None:
        self.array = np.full((2, 3), value, np.float32)
        self.tensor = torch.full((4,), float(value))
        self.late: Any = None

    def serialize(self, serializer: Any) -> None:
        self.array = serializer("array", self.array)
        self.tensor = serializer("tensor", self.tensor)
        self.late = serializer("late", self.late)


class Whole:
    """A target with parts, counters and text."""

    def __init__(self, value: float = 0) -> None:
        self.part = Part(value)
        self.count = int(value)
        self.rate = float(value)
        self.flag = bool(value)
        self.text = f"text {value}"
        self.nothing = None
        self.log: list[float] = [value]

    def serialize(self, serializer: Any) -> None:
        self.part.serialize(serializer["part"])
        self.count = serializer("count", self.count)
        self.rate = serializer("rate", self.rate)
        self.flag = serializer("flag", self.flag)
        self.text = serializer("text", self.text)
        self.nothing = serializer("nothing", self.nothing)


def state(whole: Whole) -> dict[str, Any]:
    """All of a target's state, to compare."""
    return {
        "array": whole.part.array.tolist(),
        "tensor": whole.part.tensor.tolist(),
        "late": None if whole.part.late is None else whole.part.late.tolist(),
        "count": whole.count,
        "rate": whole.rate,
        "flag": whole.flag,
        "text": whole.text,
        "nothing": whole.nothing,
        "log": list(whole.log),
        "attributes": sorted(vars(whole)),
    }

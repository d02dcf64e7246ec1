"""Run one body on one library. The oracle's worker and the tests both do it with this code."""

from __future__ import annotations

import importlib
import random
import traceback
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.parity import _wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    Body = Callable[..., Any]


@dataclass(frozen=True)
class Returned:
    """A body came to its end."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """A body ended in an exception; `classes` are the names of its class and of the bases."""

    classes: tuple[str, ...]
    message: str
    traceback: str

    def __str__(self) -> str:
        return f"{self.classes[0]}: {self.message}\n{self.traceback}"


def reference(body: Body) -> tuple[str, str]:
    """Name a body so that another process finds it."""
    module, name = body.__module__, body.__qualname__
    if not module.startswith("tests.parity.bodies.") or "." in name:
        raise ValueError(f"{module}.{name} is no top-level function of tests.parity.bodies")
    return module, name


def find(module: str, name: str) -> Body:
    """Find the body that `reference` named."""
    return getattr(importlib.import_module(module), name)


def run(library: ModuleType, body: Body, args: Sequence[Any]) -> Returned | Raised:
    """Run a body from known seeds, with warnings ignored unless the body records them itself."""
    random.seed(0)
    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = body(library, np, *args)
            # Over the wire in any case: what is not plain data fails on both sides alike.
            return Returned(_wire.loads(_wire.dumps(value)))
        except Exception as error:  # noqa: BLE001 (every exception is a result to compare)
            classes = tuple(cls.__name__ for cls in type(error).__mro__)
            return Raised(classes, str(error), traceback.format_exc())

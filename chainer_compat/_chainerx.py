"""Stands in for ``chainerx``: never available, and no array is one of its.

Scripts ask ``chainerx.is_available()`` and ``isinstance(x, chainerx.ndarray)`` before they use it,
as they had to where Chainer was built without it.
"""

from __future__ import annotations

from typing import Any, NoReturn

from chainer_compat.errors import MissingNameError, NotSupportedError

__all__ = ["is_available", "ndarray"]

_available = False


def is_available() -> bool:
    """Whether ChainerX can be used, which is never so here.

    >>> is_available()
    False
    """
    return _available


class ndarray:  # noqa: N801 (ChainerX's name)
    """The type of ChainerX's arrays: nothing is an instance of it, and none can be made."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise NotSupportedError("ChainerX is not available; use numpy or cupy arrays.")


def __getattr__(name: str) -> NoReturn:
    raise MissingNameError(
        f"chainerx.{name}: ChainerX is not available. Ask chainerx.is_available() first, and use "
        "numpy or cupy arrays; on a GPU the device is chainer.get_device('@cupy:0').",
        name=name,
    )

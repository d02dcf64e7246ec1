"""iDeep, which is gone: torch's own CPU kernels use oneDNN, iDeep's successor."""

from __future__ import annotations

from typing import Any

from chainer_compat.backends._cpu import CpuDevice
from chainer_compat.configuration import config as config  # noqa: PLC0414 -- Chainer's name
from chainer_compat.errors import DeviceUnavailableError

__all__ = [
    "Intel64Device",
    "check_ideep_available",
    "inputs_all_ready",
    "is_ideep_available",
    "mdarray",
    "should_use_ideep",
]

_LEVELS = ("==always", ">=auto")


class mdarray:  # noqa: N801 -- Chainer's spelling
    """The type of iDeep's arrays: nothing is an instance of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise _unavailable()


def _unavailable() -> DeviceUnavailableError:
    return DeviceUnavailableError(
        "iDeep is not available. Use the device '@numpy': torch's CPU kernels use oneDNN, "
        "which took iDeep's place"
    )


class Intel64Device(CpuDevice):
    """The device ``@intel64``, which cannot be made."""

    def __init__(self) -> None:
        raise _unavailable()


def is_ideep_available() -> bool:
    """Whether iDeep is available: never."""
    return False


def check_ideep_available() -> None:
    """Raises, since iDeep is never available.

    Raises:
        RuntimeError: Always, with what to use instead.
    """
    raise _unavailable()


def should_use_ideep(level: str) -> bool:
    """Whether iDeep should be used at a level of ``config.use_ideep``: never.

    Args:
        level: ``"==always"`` or ``">=auto"``.

    Raises:
        ValueError: If the level is another one.
    """
    if level not in _LEVELS:
        raise ValueError(f"invalid level: {level!r}; one of {', '.join(_LEVELS)}")
    return False


def inputs_all_ready(inputs: Any, supported_ndim: tuple[int, ...] = (2, 4)) -> bool:
    """Whether iDeep could work on these arrays: never.

    Args:
        inputs: Arrays.
        supported_ndim: Numbers of dimensions.
    """
    return False

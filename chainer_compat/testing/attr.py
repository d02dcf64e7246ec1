"""Marks of tests that need something special (Chainer: *chainer.testing.attr*)."""

from __future__ import annotations

import os
import unittest
from typing import Any

from chainer_compat.errors import MissingDependencyError

__all__ = [
    "chainerx",
    "check_available",
    "cudnn",
    "get_error",
    "gpu",
    "ideep",
    "is_available",
    "multi_gpu",
    "slow",
]


def get_error() -> ImportError | None:
    """Returns why marks cannot be used, or None if they can: they need pytest."""
    try:
        import pytest  # noqa: F401 (only whether it can be imported)
    except ImportError as error:
        return error
    return None


def is_available() -> bool:
    """Whether marks can be used."""
    return get_error() is None


class _PytestMissingError(MissingDependencyError, RuntimeError):
    """Chainer raises a RuntimeError."""


def check_available() -> None:
    """Raises if marks cannot be used.

    Raises:
        RuntimeError: If pytest is not installed.
    """
    error = get_error()
    if error is not None:
        raise _PytestMissingError(
            f"chainer.testing needs pytest, which cannot be imported ({error}): pip install pytest"
        )


def _mark(name: str, *args: Any, **kwargs: Any) -> Any:
    check_available()
    import pytest

    return getattr(pytest.mark, name)(*args, **kwargs)


def chainerx(*args: Any, **kwargs: Any) -> Any:
    """Marks a test that needs ChainerX.

    Args:
        *args: The test.
        **kwargs: Arguments of the mark.
    """
    return _mark("chainerx", *args, **kwargs)


def cudnn(*args: Any, **kwargs: Any) -> Any:
    """Marks a test that needs cuDNN.

    Args:
        *args: The test.
        **kwargs: Arguments of the mark.
    """
    return _mark("cudnn", *args, **kwargs)


def ideep(*args: Any, **kwargs: Any) -> Any:
    """Marks a test that needs iDeep.

    Args:
        *args: The test.
        **kwargs: Arguments of the mark.
    """
    return _mark("ideep", *args, **kwargs)


def slow(*args: Any, **kwargs: Any) -> Any:
    """Marks a test that takes long.

    Args:
        *args: The test.
        **kwargs: Arguments of the mark.
    """
    return _mark("slow", *args, **kwargs)


def multi_gpu(gpu_num: int) -> Any:
    """Marks a test that needs several GPUs.

    It is skipped where the environment variable ``CHAINER_TEST_GPU_LIMIT`` allows fewer;
    ``pytest -m "not gpu"`` leaves it out.

    Args:
        gpu_num: How many GPUs it needs.

    Returns:
        A decorator of tests.
    """
    check_available()
    limit = int(os.environ.get("CHAINER_TEST_GPU_LIMIT", "-1"))
    skip = unittest.skipIf(0 <= limit < gpu_num, reason=f"{gpu_num} GPUs required")
    return lambda test: skip(_mark("gpu", test))


def gpu(f: Any) -> Any:
    """Marks a test that needs a GPU; see :func:`multi_gpu`.

    Args:
        f: The test.
    """
    return multi_gpu(1)(f)

"""Conditions of doctests (Chainer: *chainer.testing.doctest_helper*)."""

from __future__ import annotations

import os

from chainer_compat.testing.helper import satisfied

__all__ = ["skipif", "skipif_not_enough_cuda_devices", "skipif_requires_satisfied"]


def skipif(condition: bool) -> bool:
    """Whether to skip a doctest; never where documentation is built on Read the Docs.

    Args:
        condition: Whether to skip it elsewhere.
    """
    return os.environ.get("READTHEDOCS") != "True" and condition


def skipif_requires_satisfied(*requirements: str) -> bool:
    """Whether to skip a doctest because packages are installed.

    Args:
        *requirements: Such as ``"numpy>=1.20"``.
    """
    return satisfied(requirements) and skipif(True)


def skipif_not_enough_cuda_devices(device_count: int) -> bool:
    """Whether to skip a doctest because ``CHAINER_TEST_GPU_LIMIT`` allows too few GPUs.

    Args:
        device_count: How many it needs.
    """
    return skipif(0 <= int(os.environ.get("CHAINER_TEST_GPU_LIMIT", "-1")) < device_count)

"""Test cases of functions and links (Chainer: *chainer.testing.FunctionTestCase* and others)."""

from __future__ import annotations

from chainer_compat.testing._case_base import FunctionTestError, LinkTestError
from chainer_compat.testing._function_case import FunctionTestBase, FunctionTestCase
from chainer_compat.testing._link_case import (
    InitializerArgument,
    LinkInitializersTestCase,
    LinkTestCase,
)

__all__ = [
    "FunctionTestBase",
    "FunctionTestCase",
    "FunctionTestError",
    "InitializerArgument",
    "LinkInitializersTestCase",
    "LinkTestCase",
    "LinkTestError",
]

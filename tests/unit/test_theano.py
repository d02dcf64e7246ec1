"""Theano's functions are refused, with what to use instead."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

import chainer_compat
import chainer_compat.links as L
from chainer_compat.errors import NotSupportedError


@pytest.fixture(autouse=True)
def _alias() -> Iterator[None]:
    chainer_compat.install()
    yield
    chainer_compat.uninstall()


def test_links_of_theano_say_what_to_use_instead() -> None:
    with pytest.raises(NotSupportedError, match=r"TorchModule") as caught:
        L.TheanoFunction(inputs=[], outputs=[])
    assert isinstance(caught.value, NotImplementedError)
    deep = importlib.import_module("chainer.links.theano.theano_function")
    assert deep.TheanoFunction is L.TheanoFunction


@pytest.mark.parametrize("name", ["TheanoFunction", "theano_function"])
def test_functions_of_theano_say_what_to_use_instead(name: str) -> None:
    deep = importlib.import_module("chainer.functions.theano.theano_function")
    with pytest.raises(NotSupportedError, match=r"chainer\.FunctionNode"):
        getattr(deep, name)(None, None)
